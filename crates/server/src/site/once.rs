//! Forms that move money are sent once: a second click, or a page that is sent again, has no second effect.

use whocpa_domain::access::Origin;
use whocpa_domain::{Error, Result};
use whocpa_engine::Caller;
use whocpa_engine::claim::Taken;
use whocpa_engine::payout::PayoutCreate;

use super::reader::Reader;

/// Asks for a payout under the form's mark.
pub(super) async fn payout(reader: &Reader, mark: &str, input: PayoutCreate) -> Result<()> {
    let (engine, caller) = (reader.engine(), reader.caller());
    let seconds = reader.state.config.limits.claim_seconds;
    let asked = format!("{input:?}");
    match engine.claim_take(caller, "form payout", mark, asked.as_bytes(), seconds).await? {
        Taken::Ours(claim) => {
            let claimed = Caller { origin: Origin { claim: Some(claim), ..caller.origin }, ..caller };
            let made = engine.payout_create(claimed, input).await;
            if made.is_err() {
                engine.claim_release(claim).await?;
            }
            made.map(drop)
        }
        Taken::Done(_) => Ok(()),
        Taken::Running(_) | Taken::OtherRequest => {
            Err(Error::Conflict("This form was sent already: load the page again".to_owned()))
        }
    }
}
