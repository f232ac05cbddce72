//! `Idempotency-Key`: a retried write has its effect once, and is answered as the first time (trust §5).
//!
//! [`Engine::claim_take`] comes before the operation, in a transaction of its own. The operation settles the claim by
//! `Engine::note`, in the transaction of its effect: a crash leaves both or neither. A request that did nothing gives
//! the claim back.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use whocpa_domain::access::Claim;
use whocpa_domain::{Error, Result};
use whocpa_store::claim::{self, Request, Standing};
use whocpa_store::{Db, Store};

use crate::{Caller, Engine};

/// How long a finished write can be repeated and is answered from what was stored.
pub const CLAIM_KEEP_HOURS: i64 = 72;

/// Old claims that one transaction removes.
const DELETE_AT_ONCE: i64 = 500;

/// What a request finds under its key.
#[derive(Debug, Clone, PartialEq)]
pub enum Taken {
    /// It may run, with this claim in [`whocpa_domain::access::Origin::claim`].
    Ours(Claim),
    /// A twin runs, and may do so for so many seconds.
    Running(i64),
    /// A twin is done and was told this.
    Done(Told),
    /// The key was used for a request with other parameters.
    OtherRequest,
}

/// What a finished write told its caller.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Told {
    /// The id of what it changed.
    Id(i64),
    /// An object; it may hold what is shown only once, so it is stored encrypted.
    Object(Value),
    /// A whole answer, of a write that changed nothing.
    Text(String),
}

/// How [`Told`] stands in the store.
#[derive(Serialize, Deserialize)]
enum Stored {
    Plain(Told),
    Sealed(String),
}

impl Engine {
    /// Takes the claim that a request names, for `seconds`, or says what stands in its way. `request` is the canonical
    /// form of its parameters.
    pub async fn claim_take(
        &self,
        caller: Caller,
        place: &str,
        name: &str,
        request: &[u8],
        seconds: i64,
    ) -> Result<Taken> {
        let (hash, now) = (self.vault().mac(request), self.now());
        let request = Request { user_id: caller.user_id, place, name, hash: &hash };
        // Most that is found is done, and reading it needs no transaction.
        let found = claim::view(&self.store().read(), request, now).await?;
        let standing = if let Some(found) = found {
            found
        } else {
            let times = (now, now.plus(seconds));
            let fence = self.rng().number().cast_signed();
            let take = move |db| async move { claim::take(&db, request, fence, times).await };
            self.store().write(take).await?
        };
        Ok(match standing {
            Standing::Ours(claim) => Taken::Ours(claim),
            Standing::Running(seconds) => Taken::Running(seconds),
            Standing::Done(answer) => Taken::Done(self.told_open(&answer)?),
            Standing::OtherRequest => Taken::OtherRequest,
        })
    }

    /// Gives the claim of a request that failed back. What it did all the same, because only its answer was lost,
    /// stays settled.
    pub async fn claim_release(&self, claim: Claim) -> Result<()> {
        self.store().write(move |db| async move { claim::release(&db, claim).await }).await
    }

    /// Settles the claim of a request that succeeded without changing anything, and so without noting anything.
    pub async fn claim_close(&self, claim: Claim, answer: &str) -> Result<()> {
        if claim::is_done(&self.store().read(), claim).await? {
            return Ok(());
        }
        let told = Told::Text(answer.to_owned());
        let told = &told;
        self.store().write(move |db| async move { self.claim_settle(&db, claim, told).await }).await
    }

    /// Settles a claim in the transaction of its effect.
    pub(crate) async fn claim_settle(&self, db: &Db, claim: Claim, told: &Told) -> Result<()> {
        if claim::settle(db, claim, &self.told_seal(told)?).await? {
            return Ok(());
        }
        Err(Error::Conflict("This request took too long, and a repeated one took its place".to_owned()))
    }

    /// Forgets claims that are older than [`CLAIM_KEEP_HOURS`]; gives how many there were.
    pub async fn claim_delete_old(&self) -> Result<u64> {
        let before = self.now().plus(-CLAIM_KEEP_HOURS * 3600);
        let mut count = 0;
        loop {
            let deleted = delete_some(self.store(), before).await?;
            count += deleted;
            if deleted == 0 {
                return Ok(count);
            }
        }
    }

    fn told_seal(&self, told: &Told) -> Result<String> {
        let written = |error| Error::Internal(format!("writing the answer of a claim: {error}"));
        let stored = match told {
            Told::Id(id) => Stored::Plain(Told::Id(*id)),
            Told::Object(_) | Told::Text(_) => {
                let text = serde_json::to_string(told).map_err(written)?;
                Stored::Sealed(self.vault().seal(self.rng(), &text)?)
            }
        };
        serde_json::to_string(&stored).map_err(written)
    }

    fn told_open(&self, answer: &str) -> Result<Told> {
        let unreadable = || {
            let text = "the answer of a claim cannot be read: is secret.key that of this database?";
            Error::Internal(text.to_owned())
        };
        match serde_json::from_str(answer).map_err(|_| unreadable())? {
            Stored::Plain(told) => Ok(told),
            Stored::Sealed(text) => {
                let text = self.vault().open_text(&text).ok_or_else(unreadable)?;
                serde_json::from_str(&text).map_err(|_| unreadable())
            }
        }
    }
}

async fn delete_some(store: &Store, before: whocpa_domain::Time) -> Result<u64> {
    store.write(move |db| async move { claim::delete_old(&db, before, DELETE_AT_ONCE).await }).await
}
