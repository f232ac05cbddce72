//! What the network announces by itself: each thing once, whichever node comes first and however often it starts.

use whocpa_domain::news::NewsType;
use whocpa_domain::offer::OfferStatus;
use whocpa_domain::postback::PostbackEvent;
use whocpa_domain::{FieldErrors, Resource, Result, Scope, Time};
use whocpa_store::news::{self, News};
use whocpa_store::{Db, offer};

use super::html;
use crate::audit::Changes;
use crate::delivery::{Own, Readers, tell_own};
use crate::{Caller, Engine, check};

/// News of which readers are told in one round.
const TOLD_AT_ONCE: u64 = 20;

/// Something that the network announces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Names what happened, for ever: the same name is announced once, for example `api:2026-11-23:lead-sorting`.
    pub name: String,
    /// Headline.
    pub header: String,
    /// HTML, sanitised like everybody's.
    pub body: String,
    /// Whether it must be read.
    pub is_important: bool,
    /// Published from here; a moment that has gone by keeps its place among older news.
    pub date_start: Time,
}

impl Engine {
    /// Publishes system news unless a notice of this name was published before; gives the id of new ones. News that
    /// an operator changed or removed stay as he left them.
    pub async fn news_publish_system(&self, notice: Notice) -> Result<Option<i64>> {
        let body = html::from_input(&notice.body, self.base_url());
        let mut errors = FieldErrors::default();
        check::name(&mut errors, "name", &notice.name);
        check::name(&mut errors, "header", &notice.header);
        check::text(&mut errors, "body", &notice.body);
        errors.finish()?;
        let now = self.now();
        let row = &News {
            id: 0,
            r#type: NewsType::System.code(),
            offer_id: None,
            stock_id: None,
            header: notice.header,
            plain: html::plain(&body),
            body,
            img: String::new(),
            is_important: notice.is_important,
            date_created: now.0,
            date_start: notice.date_start.0,
            date_end: None,
        };
        let name = notice.name.as_str();
        self.store()
            .write(move |db| async move {
                // Another node that announces it at this moment waits here, then sees the name.
                if !news::notice_create(&db, name, now).await? {
                    return Ok(None);
                }
                let id = news::create(&db, row.clone()).await?;
                self.note(&db, Caller::SYSTEM, Resource::News, id, Changes::created(row)).await?;
                Ok(Some(id))
            })
            .await
    }

    /// Tells readers outside of news that are shown by now; gives of how many. A job.
    pub async fn news_tell(&self) -> Result<usize> {
        let now = self.now();
        let untold = news::untold(&self.store().read(), now, TOLD_AT_ONCE).await?;
        let count = untold.len();
        for row in &untold {
            let write = self.store().write(move |db| async move {
                if told(&db, row, now).await? {
                    self.letter_news(&db, row).await?;
                }
                Ok(())
            });
            write.await?;
        }
        Ok(count)
    }
}

/// Tells of one, once: those who may see it. Gives whether it was told now.
async fn told(db: &Db, row: &News, now: Time) -> Result<bool> {
    if !news::set_told(db, row.id, now).await? {
        return Ok(false);
    }
    let Some(readers) = readers_of(db, row).await? else { return Ok(false) };
    let data = serde_json::json!({
        "id": row.id,
        "type": row.r#type,
        "offer_id": row.offer_id,
        "header": row.header,
        "is_important": row.is_important,
        "date_start": Time(row.date_start).to_string(),
    });
    let own = Own::new(PostbackEvent::News, "news.published", &data)?;
    tell_own(db, readers, &own.of_offer(row.offer_id), now).await?;
    Ok(true)
}

/// Who may see news; `None` for nobody.
pub(crate) async fn readers_of(db: &Db, row: &News) -> Result<Option<Readers>> {
    let Some(id) = row.offer_id else { return Ok(Some(Readers::everybody())) };
    Ok(match offer::view(db, Scope::All, id).await? {
        Some(offer) if OfferStatus::from_code(offer.status).is_some_and(OfferStatus::is_public) => {
            Some(Readers::of_offer(db, &offer).await?)
        }
        Some(offer) => Some(Readers::advertiser(offer.advertiser_id)),
        None => None,
    })
}
