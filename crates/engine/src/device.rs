//! Device marks: by one of them a browser is known in which somebody signed in before. It has tries of its own, so that
//! strangers who use up those of the account or of an address do not keep its owner out (trust T1).

use whocpa_domain::Result;
use whocpa_store::{person, second_factor};

use crate::Engine;

/// Letters that tell one browser's device mark from another's.
const DEVICE_LETTERS: usize = 16;
/// Letters of a device mark's check: 128 bits.
const DEVICE_CHECK: usize = 32;

impl Engine {
    /// A mark by which a browser is known to have signed in to this account; `since` when codes were asked for, too.
    pub(crate) fn device_mark(&self, user_id: i64, since: Option<i64>) -> String {
        let name = self.rng().letters(DEVICE_LETTERS);
        format!("{user_id}.{name}.{}", self.device_check(user_id, &name, since))
    }

    /// The device mark that was brought, when it is one of this login's account.
    pub(crate) async fn device_of(&self, login: &str, brought: &str) -> Result<Option<String>> {
        let mut parts = brought.splitn(3, '.');
        let (Some(Ok(user_id)), Some(name), Some(check)) =
            (parts.next().map(str::parse::<i64>), parts.next(), parts.next())
        else {
            return Ok(None);
        };
        // Read before the login is looked up, so that time does not tell whose number this is.
        let since = self.factor_since(user_id).await?;
        if self.device_check(user_id, name, since) != check {
            return Ok(None);
        }
        let person = person::by_login(&self.store().read(), login).await?;
        Ok(person.filter(|person| person.id == user_id).map(|_| brought.to_owned()))
    }

    /// Since when codes are asked for. A mark from before proves nothing: whoever knew the password could have collected
    /// many, each with tries of its own.
    pub(crate) async fn factor_since(&self, user_id: i64) -> Result<Option<i64>> {
        let factor = second_factor::view(&self.store().read(), user_id).await?;
        Ok(factor.and_then(|factor| factor.date_confirmed))
    }

    fn device_check(&self, user_id: i64, name: &str, since: Option<i64>) -> String {
        let text = match since {
            None => format!("device {user_id} {name}"),
            Some(since) => format!("device {user_id} {name} {since}"),
        };
        let mut check = self.vault().mac(text.as_bytes());
        check.truncate(DEVICE_CHECK);
        check
    }
}
