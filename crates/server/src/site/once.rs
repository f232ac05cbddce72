//! Forms that make something are sent once: a second click, or a page that is sent again, has no second effect.

use std::future::Future;

use whocpa_domain::access::Origin;
use whocpa_domain::{Error, Result};
use whocpa_engine::Caller;
use whocpa_engine::claim::{Taken, Told};

use super::reader::Reader;

/// Longest mark: as of an `Idempotency-Key`.
const MARK_MAX: usize = 255;

/// What came of a form that is sent once.
pub(super) enum Once<T> {
    /// It was done now.
    Now(T),
    /// It was done before, and told this.
    Before(Told),
}

/// A mark for a form.
pub(super) fn mark(reader: &Reader) -> String {
    reader.state.next_request_id()
}

/// Does it once under the form's mark: `what` names the form, `asked` is what it asks.
///
/// # Errors
/// Those of the operation; and a conflict where it is under way, where the mark was used for something else, and where
/// it is no mark.
pub(super) async fn only<T, F: Future<Output = Result<T>>>(
    reader: &Reader,
    (what, mark): (&str, &str),
    asked: &str,
    make: impl FnOnce(Caller) -> F,
) -> Result<Once<T>> {
    // Without its mark the form would pass for another one of the same wish.
    let is_mark = (1..=MARK_MAX).contains(&mark.len()) && mark.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_mark {
        return Err(Error::Conflict("This form came without its mark: load the page again".to_owned()));
    }
    let (engine, caller) = (reader.engine(), reader.caller());
    let seconds = reader.state.config.limits.claim_seconds;
    match engine.claim_take(caller, what, mark, asked.as_bytes(), seconds).await? {
        Taken::Ours(claim) => {
            let claimed = Caller { origin: Origin { claim: Some(claim), ..caller.origin }, ..caller };
            let made = make(claimed).await;
            if made.is_err() {
                engine.claim_release(claim).await?;
            }
            made.map(Once::Now)
        }
        Taken::Done(told) => Ok(Once::Before(told)),
        Taken::Running(_) | Taken::OtherRequest => {
            Err(Error::Conflict("This form was sent already: load the page again".to_owned()))
        }
    }
}

/// The same for what tells an id: gives it also where it was done before.
///
/// # Errors
/// Those of [`only`].
pub(super) async fn run<F: Future<Output = Result<i64>>>(
    reader: &Reader,
    (what, mark, asked): (&str, &str, &str),
    make: impl FnOnce(Caller) -> F,
) -> Result<i64> {
    Ok(match only(reader, (what, mark), asked, make).await? {
        Once::Now(id) | Once::Before(Told::Id(id)) => id,
        Once::Before(_) => 0,
    })
}
