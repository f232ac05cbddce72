//! A rehearsal: a test lead is told to a receiver, and what arrived empty is shown. The lead is made up here and stored
//! nowhere, so it is in no statistics and moves no money.

use whocpa_domain::click::Click;
use whocpa_domain::lead::{Closing, LeadStatus, LeadType};
use whocpa_domain::money::MICRO;
use whocpa_domain::postback::{DeliveryStatus, PostbackEvent};
use whocpa_domain::tid::click_ms;
use whocpa_domain::user::UserLevel;
use whocpa_domain::{Error, Resource, Result, Scope};
use whocpa_store::delivery::{self, Delivery};
use whocpa_store::lead::Lead;
use whocpa_store::postback::{self, Postback};
use whocpa_store::{Db, goal, link};

use super::load::{About, Names, facts};
use super::message::Form;
use super::settle::attempt;
use super::turn::Tried;
use super::{DeliveryCreate, DeliveryCreated};
use crate::audit::Changes;
use crate::{Caller, Engine};

/// What the test lead is worth.
const WORTH: i64 = 10 * MICRO;
/// US dollar.
const CURRENCY: i64 = 840;

impl Engine {
    /// Sends a test lead to a receiver, at once; tells what it called and what arrived empty.
    pub(super) async fn delivery_rehearse(
        &self,
        caller: Caller,
        scope: Scope,
        input: DeliveryCreate,
    ) -> Result<DeliveryCreated> {
        let db = self.store().read();
        let row = postback::view(&db, scope, input.postback_id).await?;
        let row = row.ok_or_else(|| Error::field("postback_id", "Postbacks not found"))?;
        let click = match &input.tid {
            Some(tid) => Some(self.rehearsed_click(&row, tid).await?),
            None => None,
        };
        let event = input.event.unwrap_or(PostbackEvent::Created);
        if !event.is_of_lead() {
            return Err(Error::field("event", "Only events of leads are rehearsed"));
        }
        let lead = self.test_lead(&row, click.as_ref(), event).await?;
        let form = Form::open(self, row)?;
        let names = Names::read(self, &form, &[lead.offer_id], &[lead.goal_id]).await?;
        let now = self.now();
        let delivery = self.test_delivery(&form.postback, event);
        let about = About {
            event,
            // Named by its moment: its row is written once it was sent.
            event_id: format!("test_{}_{}", form.postback.id, self.rng().letters(8)),
            number: 1,
            date: now.0,
            words: "test".to_owned(),
            is_test: true,
        };
        let facts = facts(self, form.voice(), &names, (lead, click), about);
        let message = form.message(self, &facts, now)?;
        let (url, empty) = (message.shown.clone(), message.empty.clone());
        let told = |id, url, empty: &str| {
            let empty = empty.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
            DeliveryCreated { id, count: 1, url, empty }
        };
        let tried = match input.is_dry_run {
            Some(true) => None,
            _ => Some(self.delivery_try(delivery, Ok(message), None).await),
        };
        let (tried, url, empty) = (&tried, &url, empty.as_str());
        self.store()
            .write(move |db| async move {
                let id = match tried {
                    Some(tried) => keep(&db, tried).await?,
                    None => 0,
                };
                let told = told(id, url.clone(), empty);
                let changes = Changes::created(&serde_json::json!({
                    "postback_id": input.postback_id, "is_test": true, "url": url,
                }));
                self.note_object(&db, caller, Resource::Delivery, (id, &told), changes).await?;
                Ok(told)
            })
            .await
    }

    /// A click of the postback's owner, or one on an offer of his.
    async fn rehearsed_click(&self, row: &Postback, tid: &str) -> Result<Click> {
        let click = self.click_of_tid(tid).await?;
        let is_own = if row.level == UserLevel::Webmaster.code() {
            click.webmaster_id == row.user_id
        } else {
            self.catalogue()
                .now_owned()
                .offers
                .get(&click.offer_id)
                .is_some_and(|offer| offer.advertiser_id == row.user_id)
        };
        if is_own { Ok(click) } else { Err(Error::field("tid", "Clicks not found")) }
    }

    fn test_delivery(&self, row: &Postback, event: PostbackEvent) -> Delivery {
        let now = self.now().0;
        Delivery {
            id: 0,
            postback_id: row.id,
            user_id: row.user_id,
            event: event.code(),
            lead_id: None,
            event_number: 1,
            is_test: true,
            status: DeliveryStatus::Failed.code(),
            attempt_count: 0,
            try_count: 1,
            http_status: None,
            empty: String::new(),
            date_created: now,
            date_next: now,
            date_delivered: None,
        }
    }

    /// A lead as it might come of this click, or of an invented one.
    async fn test_lead(&self, row: &Postback, click: Option<&Click>, event: PostbackEvent) -> Result<Lead> {
        let db = self.store().read();
        let mut lead = lead_of(&match click {
            Some(click) => click.clone(),
            None => invented(),
        });
        if let Some(click) = click {
            let mut all = goal::of_offers(&db, &[click.offer_id]).await?;
            all.retain(|goal| goal.is_active);
            lead.goal_id = all.first().map_or(0, |goal| goal.id);
            lead.currency_id = all.first().map_or(CURRENCY, |goal| goal.currency_id);
            if let Some(link) = link::view_any(&db, Scope::All, click.link_id).await? {
                lead.area_id = lead.area_id.or(link.area_id);
            }
        }
        let status = match event {
            PostbackEvent::Created
            | PostbackEvent::Payout
            | PostbackEvent::Balance
            | PostbackEvent::Offer
            | PostbackEvent::News => LeadStatus::Pending,
            PostbackEvent::Approved
            | PostbackEvent::Closed
            | PostbackEvent::Reopened
            | PostbackEvent::Corrected
            | PostbackEvent::Rerated => LeadStatus::Approved,
            PostbackEvent::Rejected => LeadStatus::Rejected,
            PostbackEvent::Spam => LeadStatus::Spam,
            PostbackEvent::Double => LeadStatus::Double,
        };
        lead.status = status.code();
        let is_closed = event == PostbackEvent::Closed;
        lead.is_closed = if is_closed { Closing::Closed.code() } else { Closing::Hold.code() };
        if row.level == UserLevel::Webmaster.code() {
            lead.webmaster_id = row.user_id;
        } else {
            lead.advertiser_id = row.user_id;
        }
        let now = self.now().0;
        lead.date_created = now;
        lead.date_hold_end = now;
        if click.is_none() {
            lead.date_redirect = now;
        }
        Ok(lead)
    }
}

/// Writes a rehearsal into the log; gives its id.
async fn keep(db: &Db, tried: &Tried) -> Result<i64> {
    let is_taken = tried.came.is_taken();
    let status = if is_taken { DeliveryStatus::Delivered } else { DeliveryStatus::Failed };
    let row = Delivery {
        status: status.code(),
        attempt_count: 1,
        http_status: tried.came.status(),
        empty: tried.empty.clone(),
        date_delivered: is_taken.then_some(tried.date.0),
        ..tried.delivery.clone()
    };
    let id = delivery::create(db, row).await?;
    let one = delivery::Attempt { delivery_id: id, number: 1, ..attempt(tried) };
    delivery::create_attempts(db, &[one]).await?;
    Ok(id)
}

/// A click with something in every label, so that what arrives empty is the address's doing.
fn invented() -> Click {
    Click {
        subid: ["test-subid1", "test-subid2", "test-subid3", "test-subid4", "test-subid5"].map(str::to_owned),
        keyword: "test".to_owned(),
        ip: "192.0.2.1".to_owned(),
        country: "UA".to_owned(),
        ua: "whocpa rehearsal".to_owned(),
        language: "en".to_owned(),
        ..Click::default()
    }
}

fn lead_of(click: &Click) -> Lead {
    let some = |id: i64| (id != 0).then_some(id);
    let [subid1, subid2, subid3, subid4, subid5] = click.subid.clone();
    Lead {
        id: 0,
        advertiser_id: 0,
        webmaster_id: click.webmaster_id,
        offer_id: click.offer_id,
        goal_id: 0,
        goal_version_id: 0,
        condition_version_id: None,
        click_id: click.id,
        otol_click_id: None,
        natural_key: String::new(),
        sale_id: "test".to_owned(),
        r#type: LeadType::Lead.code(),
        status: 0,
        is_closed: 0,
        reason_code: 0,
        substatus: "test".to_owned(),
        contest: 0,
        first_lead_id: None,
        event_count: 1,
        hold_period: 0,
        currency_id: CURRENCY,
        amount: Some(WORTH),
        charge: WORTH,
        payout: WORTH,
        referral: 0,
        referral_ppm: 0,
        referrer_id: None,
        date_created: 0,
        date_recorded: 0,
        goal_line: 0,
        month_leads: None,
        device: click.device,
        os: click.os.clone(),
        browser: click.browser.clone(),
        date_redirect: if click.id == 0 { 0 } else { click_ms(click.id).div_euclid(1000) },
        date_approved: None,
        date_hold_end: 0,
        date_decide_until: None,
        date_auto_approve: None,
        date_decided: None,
        terms_version: 0,
        date_closed: None,
        link_id: click.link_id,
        area_id: some(click.area_id),
        promo_id: some(click.promo_id),
        product_id: some(click.product_id),
        stock_id: some(click.stock_id),
        landing_id: some(click.landing_id),
        deeplink_id: some(click.deeplink_id),
        subid1,
        subid2,
        subid3,
        subid4,
        subid5,
        keyword: click.keyword.clone(),
        ip: click.ip.clone(),
        bot_mark: 0,
        country: click.country.clone(),
        ua: click.ua.clone(),
        url_from: click.referer.clone(),
        language: click.language.clone(),
        cookie_ttl_days: click.cookie_ttl_days,
        way: 0,
        attribution: 0,
        is_signed: false,
    }
}
