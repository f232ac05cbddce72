//! Reading what the messages of one turn need, by a few questions for all of them.

use std::collections::{BTreeMap, BTreeSet};

use whocpa_domain::click::Click;
use whocpa_domain::lead::LeadEventKind;
use whocpa_domain::postback::{PostbackEvent, Value};
use whocpa_domain::{Error, Level, Result, Scope};
use whocpa_store::buyer::Buyer as BuyerRow;
use whocpa_store::delivery::Delivery;
use whocpa_store::event::{self, Event};
use whocpa_store::lead::{self, Lead};
use whocpa_store::lead_event::{self, LeadEvent};
use whocpa_store::{Db, buyer, click, currency, forward, goal, offer};

use super::facts::Facts;
use super::message::Form;
use crate::{Caller, Engine};

/// What is known of these deliveries.
pub(crate) struct Loaded {
    leads: BTreeMap<i64, Lead>,
    events: BTreeMap<(i64, i64), LeadEvent>,
    clicks: BTreeMap<i64, Click>,
    buyers: BTreeMap<i64, BuyerRow>,
    crm_ids: BTreeMap<i64, String>,
    /// Events that are not of a lead.
    own: BTreeMap<i64, Event>,
    names: Names,
}

/// What one message says.
pub(super) enum Said {
    /// Of a lead.
    Lead(Box<Facts>),
    /// Of something else.
    Own(Event),
}

/// Names and currencies.
#[derive(Default)]
pub(super) struct Names {
    offers: BTreeMap<i64, String>,
    goals: BTreeMap<i64, String>,
    currencies: BTreeMap<i64, (String, u8)>,
}

impl Names {
    /// What a postback needs to call these offers and goals by.
    pub async fn read(engine: &Engine, form: &Form, offers: &[i64], goals: &[i64]) -> Result<Self> {
        let db = engine.store().read();
        let mut names = Self::default();
        if form.needs(|value| value == Value::OfferName) {
            for id in BTreeSet::from_iter(offers) {
                let row = offer::view(&db, Scope::All, *id).await?;
                names.offers.insert(*id, row.map(|row| row.name).unwrap_or_default());
            }
        }
        if form.needs(|value| value == Value::GoalName) {
            for id in BTreeSet::from_iter(goals) {
                let row = goal::view(&db, Scope::All, *id).await?;
                names.goals.insert(*id, row.map(|row| row.description).unwrap_or_default());
            }
        }
        names.currencies = Self::currencies(engine).await?.currencies;
        Ok(names)
    }

    /// What currencies are called, and nothing else.
    async fn currencies(engine: &Engine) -> Result<Self> {
        let all = currency::list(&engine.store().read(), Scope::All).await?.into_iter();
        let digits = |row: &currency::Currency| u8::try_from(row.digits).unwrap_or(2);
        let currencies = all.map(|row| (row.id, (row.code.clone(), digits(&row)))).collect();
        Ok(Self { currencies, ..Self::default() })
    }
}

impl Loaded {
    /// Reads what a postback's deliveries need.
    pub(super) async fn read(engine: &Engine, form: &Form, deliveries: &[Delivery]) -> Result<Self> {
        let db = engine.store().read();
        let ids: Vec<i64> = deliveries.iter().filter_map(|row| row.lead_id).collect();
        let leads: BTreeMap<i64, Lead> =
            lead::told(&db, &ids).await?.into_iter().map(|lead| (lead.id, lead)).collect();
        let clicks = if form.needs(Value::is_of_click) {
            let ids: Vec<i64> = leads.values().map(|lead| lead.click_id).collect();
            engine.delivery_clicks(&ids).await?
        } else {
            BTreeMap::new()
        };
        let buyers = if form.needs(Value::is_buyer) {
            buyer::list(&db, Scope::Advertiser(form.postback.user_id), &ids).await?
        } else {
            BTreeMap::new()
        };
        let mut crm_ids = BTreeMap::new();
        if form.needs(|value| value == Value::CrmId) {
            let known = forward::known(&db, form.postback.id, &ids).await?;
            crm_ids.extend(known.into_iter().map(|row| (row.lead_id, row.crm_id)));
        }
        let own: Vec<i64> = deliveries
            .iter()
            .filter(|row| row.lead_id.is_none() && !row.is_test)
            .map(|row| row.event_number)
            .collect();
        let own = event::told(&db, &own).await?;
        let (offers, goals): (Vec<i64>, Vec<i64>) =
            leads.values().map(|lead| (lead.offer_id, lead.goal_id)).unzip();
        Ok(Self {
            names: Names::read(engine, form, &offers, &goals).await?,
            events: events(&db, &ids).await?,
            leads,
            clicks,
            buyers,
            crm_ids,
            own: own.into_iter().map(|row| (row.id, row)).collect(),
        })
    }

    /// Reads what those are told who fetch these events.
    pub async fn of_events(engine: &Engine, rows: &[Event]) -> Result<Self> {
        let db = engine.store().read();
        let ids: Vec<i64> = rows.iter().filter_map(|row| row.lead_id).collect();
        let leads = lead::told(&db, &ids).await?.into_iter();
        Ok(Self {
            leads: leads.map(|lead| (lead.id, lead)).collect(),
            events: events(&db, &ids).await?,
            clicks: BTreeMap::new(),
            buyers: BTreeMap::new(),
            crm_ids: BTreeMap::new(),
            own: BTreeMap::new(),
            names: Names::currencies(engine).await?,
        })
    }

    /// A lead's event as its reader may know it.
    pub fn fetched(&self, engine: &Engine, reader: Caller, row: &Event) -> Result<Facts> {
        let gone = || Error::Internal(format!("event {} tells of nothing that is there", row.id));
        let (lead, about) = self.at(row.lead_id, row.number, row.event).ok_or_else(gone)?;
        let voice = Voice { is_webmaster: reader.level == Level::Webmaster, is_zero_sent: false };
        Ok(facts(engine, voice, &self.names, (lead, None), about))
    }

    /// A lead as it was after one of its events.
    fn at(&self, lead_id: Option<i64>, number: i64, event: i64) -> Option<(Lead, About)> {
        let lead = self.leads.get(&lead_id?)?;
        let known = self.events.get(&(lead.id, number))?;
        // What it was worth then: the last event up to this one that says it.
        let rated = self.events.range((lead.id, 1)..=(lead.id, number)).rev();
        let rated = rated.map(|(_, event)| event).find(|event| event.payout.is_some());
        // Why it has its status; the end of its hold changes nothing of that.
        let decided = self.events.range((lead.id, 1)..=(lead.id, number)).rev().map(|(_, event)| event);
        let kinds = [LeadEventKind::Created, LeadEventKind::Decided].map(LeadEventKind::code);
        let decided = decided.into_iter().find(|event| kinds.contains(&event.kind));
        let until = |date: Option<i64>| date.filter(|date| *date <= known.date_created);
        let lead = Lead {
            status: known.status,
            is_closed: known.is_closed,
            reason_code: decided.map_or(known.reason_code, |event| event.reason_code),
            date_approved: until(lead.date_approved),
            date_decided: until(lead.date_decided),
            date_closed: until(lead.date_closed),
            // The first one that changes no money is not told by an event; none is ever taken away.
            amount: rated.and_then(|event| event.amount).or(lead.amount),
            charge: rated.and_then(|event| event.charge).unwrap_or(lead.charge),
            payout: rated.and_then(|event| event.payout).unwrap_or(lead.payout),
            ..lead.clone()
        };
        let about = About {
            event: PostbackEvent::from_code(event)?,
            event_id: lead_event_id(lead.id, number),
            number,
            date: known.date_created,
            words: known.reason.clone(),
            is_test: false,
        };
        Some((lead, about))
    }

    /// What one delivery says.
    pub(super) fn told(&self, engine: &Engine, form: &Form, row: &Delivery) -> Result<Said> {
        if row.lead_id.is_some() {
            return self.facts(engine, form, row).map(|facts| Said::Lead(Box::new(facts)));
        }
        let gone = || Error::Internal(format!("delivery {} tells of nothing that is there", row.id));
        self.own.get(&row.event_number).cloned().map(Said::Own).ok_or_else(gone)
    }

    /// One delivery's event, with the lead as it was after it.
    pub(super) fn facts(&self, engine: &Engine, form: &Form, row: &Delivery) -> Result<Facts> {
        let gone = || Error::Internal(format!("delivery {} tells of nothing that is there", row.id));
        let (lead, about) = self.at(row.lead_id, row.event_number, row.event).ok_or_else(gone)?;
        let buyer = self.buyers.get(&lead.id).and_then(|row| engine.buyer_open(&row.sealed));
        let click = self.clicks.get(&lead.click_id).cloned();
        let crm_id = self.crm_ids.get(&lead.id).cloned().unwrap_or_default();
        Ok(Facts { crm_id, buyer, ..facts(engine, form.voice(), &self.names, (lead, click), about) })
    }
}

/// The events of these leads, by lead and number.
async fn events(db: &Db, lead_ids: &[i64]) -> Result<BTreeMap<(i64, i64), LeadEvent>> {
    let events = lead_event::of_leads(db, lead_ids).await?;
    Ok(events.into_iter().map(|event| ((event.lead_id, event.number), event)).collect())
}

/// The id of a lead's event.
pub(super) fn lead_event_id(lead_id: i64, number: i64) -> String {
    format!("lead_{lead_id}_{number}")
}

/// To whom it is told.
#[derive(Clone, Copy)]
pub(super) struct Voice {
    pub is_webmaster: bool,
    pub is_zero_sent: bool,
}

/// What an event is besides its lead.
pub(super) struct About {
    pub event: PostbackEvent,
    pub event_id: String,
    pub number: i64,
    pub date: i64,
    pub words: String,
    pub is_test: bool,
}

/// Puts together what is known.
pub(super) fn facts(
    engine: &Engine,
    voice: Voice,
    names: &Names,
    (lead, click): (Lead, Option<Click>),
    about: About,
) -> Facts {
    Facts {
        tid: engine.tid_keys().write(lead.click_id),
        offer_name: names.offers.get(&lead.offer_id).cloned().unwrap_or_default(),
        goal_name: names.goals.get(&lead.goal_id).cloned().unwrap_or_default(),
        currency: names.currencies.get(&lead.currency_id).cloned().unwrap_or_else(|| (String::new(), 2)),
        buyer: None,
        crm_id: String::new(),
        is_webmaster: voice.is_webmaster,
        is_zero_sent: voice.is_zero_sent,
        event: about.event,
        event_id: about.event_id,
        number: about.number,
        date: about.date,
        words: about.words,
        is_test: about.is_test,
        lead,
        click,
    }
}

impl Engine {
    /// Clicks by their ids, from the log or the store.
    async fn delivery_clicks(&self, ids: &[i64]) -> Result<BTreeMap<i64, Click>> {
        let mut clicks = click::find(&self.store().clicks(), ids).await?;
        for id in ids.iter().filter(|id| !clicks.contains_key(id)).copied().collect::<Vec<i64>>() {
            let found = self.click_log().find(id).map_err(|e| Error::Unavailable(e.to_string()))?;
            clicks.extend(found.as_deref().and_then(crate::click::stored_form).map(|click| (id, click)));
        }
        Ok(clicks)
    }
}
