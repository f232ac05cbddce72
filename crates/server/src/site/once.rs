//! Forms that move money are sent once: a second click, or a page that is sent again, has no second effect.

use whocpa_domain::access::Origin;
use whocpa_domain::{Error, Result};
use whocpa_engine::Caller;
use whocpa_engine::claim::{Taken, Told};
use whocpa_engine::payout::PayoutCreate;

use super::reader::Reader;

/// Asks for a payout under the form's mark.
pub(super) async fn payout(reader: &Reader, mark: &str, input: PayoutCreate) -> Result<()> {
    let asked = format!("{input:?}");
    let made = run(reader, ("form payout", mark, &asked), |caller| async move {
        reader.engine().payout_create(caller, input).await
    });
    made.await.map(drop)
}

/// Does something under a form's mark, which stands for exactly what the form `asked` for in this `place`; gives the id
/// that the operation told, also where it was done before.
pub(super) async fn run<F, W>(
    reader: &Reader,
    (place, mark, asked): (&str, &str, &str),
    work: F,
) -> Result<i64>
where
    F: FnOnce(Caller) -> W,
    W: Future<Output = Result<i64>>,
{
    let sent_already = || Error::Conflict("This form was sent already: load the page again".to_owned());
    if mark.is_empty() {
        return Err(sent_already());
    }
    let (engine, caller) = (reader.engine(), reader.caller());
    let seconds = reader.state.config.limits.claim_seconds;
    match engine.claim_take(caller, place, mark, asked.as_bytes(), seconds).await? {
        Taken::Ours(claim) => {
            let claimed = Caller { origin: Origin { claim: Some(claim), ..caller.origin }, ..caller };
            let made = work(claimed).await;
            if made.is_err() {
                engine.claim_release(claim).await?;
            }
            made
        }
        Taken::Done(Told::Id(id)) => Ok(id),
        Taken::Done(_) => Ok(0),
        Taken::Running(_) | Taken::OtherRequest => Err(sent_already()),
    }
}
