//! Writing down whom a change must be told to, in the transaction of the change: what is committed is told, and nothing else.

use std::collections::BTreeSet;

use whocpa_domain::lead::{LeadEventKind, LeadStatus};
use whocpa_domain::postback::{DeliveryStatus, PostbackEvent, ids_let};
use whocpa_domain::{Result, Time};
use whocpa_store::Db;
use whocpa_store::delivery::{self, Delivery};
use whocpa_store::event::Event;
use whocpa_store::lead::Lead;
use whocpa_store::postback::{self, Listener};

/// A step of a lead that may interest somebody outside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told {
    event: PostbackEvent,
    status: LeadStatus,
    number: i64,
    lead_id: i64,
    /// The webmaster and the advertiser.
    users: [i64; 2],
    offer_id: i64,
    goal_id: i64,
    area_id: Option<i64>,
    link_id: i64,
}

impl Told {
    /// The newest step of a lead; `is_new` says that its status is another one than before.
    pub fn of(lead: &Lead, kind: LeadEventKind, status: LeadStatus, is_new: bool) -> Option<Self> {
        Some(Self {
            event: PostbackEvent::of(kind, status, is_new)?,
            status,
            number: lead.event_count,
            lead_id: lead.id,
            users: [lead.webmaster_id, lead.advertiser_id],
            offer_id: lead.offer_id,
            goal_id: lead.goal_id,
            area_id: lead.area_id,
            link_id: lead.link_id,
        })
    }

    /// Whether a postback tells of it.
    pub fn is_for(&self, postback: &Listener) -> bool {
        self.users.contains(&postback.user_id)
            && self.event.is_wanted(self.status, postback.events)
            && ids_let(&postback.offer_ids, Some(self.offer_id))
            && ids_let(&postback.goal_ids, Some(self.goal_id))
            && ids_let(&postback.area_ids, self.area_id)
            && ids_let(&postback.link_ids, Some(self.link_id))
    }

    /// The same for those who fetch what happens.
    pub fn event(&self, now: Time) -> Event {
        let [webmaster_id, advertiser_id] = self.users;
        Event {
            id: 0,
            event: self.event.code(),
            webmaster_id: Some(webmaster_id),
            advertiser_id: Some(advertiser_id),
            lead_id: Some(self.lead_id),
            number: self.number,
            body: String::new(),
            date_created: now.0,
        }
    }

    fn delivery(&self, postback: &Listener, now: Time) -> Delivery {
        Delivery {
            id: 0,
            postback_id: postback.id,
            user_id: postback.user_id,
            event: self.event.code(),
            lead_id: Some(self.lead_id),
            event_number: self.number,
            is_test: false,
            status: DeliveryStatus::Waiting.code(),
            attempt_count: 0,
            try_count: 0,
            http_status: None,
            empty: String::new(),
            date_created: now.0,
            date_next: now.0,
            date_delivered: None,
        }
    }
}

/// Writes the deliveries of these steps, in the caller's transaction. Also for a postback that is paused: what happens
/// meanwhile waits for it.
pub(crate) async fn tell(db: &Db, told: &[Told], now: Time) -> Result<()> {
    let users: BTreeSet<i64> = told.iter().flat_map(|told| told.users).collect();
    if users.is_empty() {
        return Ok(());
    }
    let postbacks = postback::of_users(db, &Vec::from_iter(users)).await?;
    if postbacks.is_empty() {
        return Ok(());
    }
    let of = |told: &Told| -> Vec<Delivery> {
        postbacks.iter().filter(|row| told.is_for(row)).map(|row| told.delivery(row, now)).collect()
    };
    let rows: Vec<Delivery> = told.iter().flat_map(of).collect();
    delivery::create_many(db, &rows).await
}
