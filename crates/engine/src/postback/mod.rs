//! Postbacks: calls of a webmaster's tracker or an advertiser's system about each event of a lead. `crate::delivery` sends them.

mod build;
mod input;
mod shown;

use whocpa_domain::postback::{PostbackKind, PostbackStatus};
use whocpa_domain::user::UserLevel;
use whocpa_domain::{Error, Level, Method, Resource, Result};
use whocpa_store::postback::{self, Postback, PostbackFilter};
use whocpa_store::{Db, Paging, Rows, delivery, person};

use crate::audit::Changes;
use crate::{Caller, Engine};

pub use input::{PostbackCreate, PostbackList, PostbackUpdate};
pub use shown::{PostbackCreated, PostbackView};

/// Postbacks that one person may have.
const LIMIT: u64 = 50;
/// Hours for which a replaced secret signs beside the new one, unless told.
const OVERLAP_HOURS: i64 = 72;

impl Engine {
    /// One page of postbacks.
    pub async fn postback_list(&self, caller: Caller, input: PostbackList) -> Result<Rows<PostbackView>> {
        let scope = caller.may(Resource::Postback, Method::List)?;
        if input.user_id.is_some() && caller.level != Level::Operator {
            return Err(Error::field("user_id", "Only operators may use this"));
        }
        let filter = PostbackFilter {
            ids: input.id,
            user_ids: input.user_id,
            search: input.search,
            sort: input.sort,
            status: input.status,
            offer_id: input.offer_id,
        };
        let db = self.store().read();
        let rows = postback::list(&db, scope, &filter, Paging::new(input.page, input.per_page)).await?;
        let ids: Vec<i64> = rows.rows.iter().map(|row| row.id).collect();
        let waiting = delivery::waiting(&db, &ids).await?;
        let mut shown = Vec::with_capacity(ids.len());
        for row in rows.rows {
            let count = waiting.get(&row.id).copied().unwrap_or(0);
            shown.push(self.postback_shown(caller, row, count)?);
        }
        Ok(Rows { rows: shown, total_count: rows.total_count, paging: rows.paging })
    }

    /// One postback.
    pub async fn postback_view(&self, caller: Caller, id: i64) -> Result<PostbackView> {
        let scope = caller.may(Resource::Postback, Method::View)?;
        let db = self.store().read();
        let row = postback::view(&db, scope, id).await?.ok_or(Error::NotFound)?;
        let count = delivery::waiting(&db, &[id]).await?.remove(&id).unwrap_or(0);
        self.postback_shown(caller, row, count)
    }

    /// Changes a postback; absent fields keep their value.
    pub async fn postback_update(&self, caller: Caller, id: i64, input: PostbackUpdate) -> Result<()> {
        let scope = caller.may(Resource::Postback, Method::Update)?;
        input::check_lists(self, scope, caller, &input.lists()).await?;
        let input = &input;
        self.store()
            .write(move |db| async move {
                let before = postback::view_for_update(&db, scope, id).await?.ok_or(Error::NotFound)?;
                let after = self.postback_changed(caller, before.clone(), input)?;
                let mut changes = Changes::updated(&before, &after);
                if before.secret_sealed != after.secret_sealed {
                    changes = changes.also("secret", "replaced".into());
                }
                let sealed = |row: &Postback| {
                    let of = |sealed: &str| self.postback_open(id, sealed);
                    Ok::<_, Error>([
                        ("url", of(&row.url_sealed)?),
                        ("body", of(&row.body_sealed)?),
                        ("headers", of(&row.headers_sealed)?),
                        ("poll_url", of(&row.poll_url_sealed)?),
                    ])
                };
                for ((field, old), (_, new)) in sealed(&before)?.into_iter().zip(sealed(&after)?) {
                    if old != new {
                        changes = changes.also(field, "changed".into());
                    }
                }
                let is_resumed =
                    before.status != after.status && after.status == PostbackStatus::Active.code();
                postback::update(&db, after).await?;
                if is_resumed {
                    delivery::hasten(&db, id, self.now()).await?;
                }
                self.note(&db, caller, Resource::Postback, id, changes).await
            })
            .await
    }

    /// Adds a postback; its secret is told this once.
    pub async fn postback_create(&self, caller: Caller, input: PostbackCreate) -> Result<PostbackCreated> {
        let scope = caller.may(Resource::Postback, Method::Create)?;
        input::check_lists(self, scope, caller, &input.lists()).await?;
        let (row, secret, url) = self.postback_new(caller, input)?;
        let (row, secret, url) = (&row, &secret, &url);
        self.store()
            .write(move |db| async move {
                // One after the other, so that the count holds.
                person::view_for_update(&db, whocpa_store::Scope::All, caller.user_id).await?;
                if postback::count(&db, caller.user_id).await? >= LIMIT {
                    return Err(Error::Conflict(format!("You have {LIMIT} postbacks: remove one first")));
                }
                let id = postback::create(&db, row.clone()).await?;
                let created = PostbackCreated { id, secret: secret.clone(), url: url.clone() };
                let changes = Changes::created(&Postback { id, ..row.clone() });
                self.note_object(&db, caller, Resource::Postback, (id, &created), changes).await?;
                Ok(created)
            })
            .await
    }

    /// Removes a postback: nothing more is sent to it. Its deliveries stay to be read.
    pub async fn postback_delete(&self, caller: Caller, id: i64) -> Result<()> {
        let scope = caller.may(Resource::Postback, Method::Delete)?;
        self.store()
            .write(move |db: Db| async move {
                let row = postback::view_for_update(&db, scope, id).await?.ok_or(Error::NotFound)?;
                let gone = Postback { is_active: false, ..row.clone() };
                let changes = Changes::archived(&row, &gone);
                postback::update(&db, gone).await?;
                self.note(&db, caller, Resource::Postback, id, changes).await
            })
            .await
    }

    /// Opens something sealed of a postback; what is empty was empty.
    pub(crate) fn postback_open(&self, id: i64, sealed: &str) -> Result<String> {
        if sealed.is_empty() {
            return Ok(String::new());
        }
        let lost = || {
            Error::Internal(format!(
                "postback {id} cannot be decrypted: is secret.key that of this database?"
            ))
        };
        self.vault().open_text(sealed).ok_or_else(lost)
    }

    /// Seals something of a postback.
    fn postback_seal(&self, text: &str) -> Result<String> {
        if text.is_empty() { Ok(String::new()) } else { self.vault().seal(self.rng(), text) }
    }
}

/// A postback that its owner lets go on, or lets wait.
fn set_status(row: Postback, status: PostbackStatus, now: i64) -> Postback {
    let is_paused = status == PostbackStatus::Paused;
    Postback {
        status: status.code(),
        reason: String::new(),
        date_paused: is_paused.then_some(row.date_paused.unwrap_or(now)),
        // What failed before is forgotten: the next five days count.
        failure_count: 0,
        down_count: 0,
        date_failing: None,
        date_retry: 0,
        ..row
    }
}

/// Whether a kind's owner and kind may be told the buyer's name and number.
fn may_buyer(level: i64, kind: PostbackKind) -> bool {
    level == UserLevel::Advertiser.code() && kind == PostbackKind::Post
}
