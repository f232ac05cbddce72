//! Leads sent by programs: an advertiser or operator reports an action of a click, a webmaster sends his buyer's order.
//!
//! An order without a visit makes a click of its own kind (`ClickWay::Server`), which is decided like any other: a
//! stopped offer, a missing connection or a spent cap refuses it, and its webmaster is told why.

use std::net::{IpAddr, Ipv4Addr};

use url::form_urlencoded;
use whocpa_domain::buyer::{self, Buyer};
use whocpa_domain::click::{ClickReason, SUBID_LIMIT};
use whocpa_domain::facts::{ClickWay, Entry};
use whocpa_domain::input::{Decimal, Limits};
use whocpa_domain::lead::{LeadStatus, order_key};
use whocpa_domain::money::AMOUNT_LIMIT;
use whocpa_domain::way::{Attribution, LeadWay};
use whocpa_domain::{Error, FieldErrors, Level, Method, Resource, Result, Scope, params, view};
use whocpa_store::lead::{self, Lead};
use whocpa_store::link::LinkKind;
use whocpa_store::{area, goal, link, offer, person};

use super::goal::pick;
use super::receive::{Conversion, Order, Verdict};
use super::resolve::NO_TERMS;
use crate::click::Visit;
use crate::{Caller, Engine};

/// An id of an action or a click.
const ID: Limits = Limits::Text(0, 255);
/// A label.
const SUBID: Limits = Limits::Text(0, SUBID_LIMIT);

params! {
    /// A new lead. An advertiser names the click that he was sent; a webmaster names offer, name and phone of his buyer.
    pub struct LeadCreate {
        /// The click that brought the action; required from advertisers. From webmasters one of their own clicks on the
        /// offer, absent when the buyer filled a form on their own page without a visit of a link.
        tid: Option<String> where ID,
        /// The offer; required without `tid`. Webmasters must be connected to it.
        offer_id: Option<i64>,
        /// The webmaster whose order it is; for operators who send one.
        webmaster_id: Option<i64>,
        /// The goal; needed when the offer has several.
        goal_id: Option<i64>,
        /// The sender's id of the action: the same one again is the same lead.
        sale_id: Option<String> where ID,
        /// Amount of the sale, in the goal's currency; for advertisers and operators.
        amount: Option<Decimal>,
        /// The decision; pending unless told; for advertisers and operators.
        status: Option<LeadStatus>,
        /// Buyer's name; required from webmasters.
        name: Option<String> where buyer::NAME,
        /// Buyer's phone as he typed it; required from webmasters, and read by the numbering plans of the offer's countries.
        phone: Option<String> where buyer::PHONE,
        /// Buyer's e-mail address.
        email: Option<String> where buyer::NAME,
        /// Where to deliver.
        address: Option<String> where buyer::TEXT,
        /// Pieces, 1 to 1000.
        quantity: Option<i64> where buyer::QUANTITY,
        /// Price that the buyer was told.
        price: Option<Decimal>,
        /// Buyer's address in the Internet.
        ip: Option<String>,
        /// Buyer's user agent.
        ua: Option<String>,
        /// Your own link that the buyer came by.
        link_id: Option<i64>,
        /// Your area where the form stands.
        area_id: Option<i64>,
        /// Your label.
        subid1: Option<String> where SUBID,
        /// Your label.
        subid2: Option<String> where SUBID,
        /// Your label.
        subid3: Option<String> where SUBID,
        /// Your label.
        subid4: Option<String> where SUBID,
        /// Your label.
        subid5: Option<String> where SUBID,
        /// What the advertiser should know of the order.
        comment: Option<String> where buyer::TEXT,
    }
}

view! {
    /// What became of a lead that was sent: told after it is durable.
    pub struct LeadCreated {
        /// Lead id; `null` for a parked one.
        id: Option<i64>,
        /// Orphan id of a parked one; absent for all others.
        #[serde(skip_serializing_if = "Option::is_none")]
        orphan_id: Option<i64>,
        /// `accepted`, `updated`, `duplicate` or `parked`.
        verdict: String,
        /// Why it is parked, empty otherwise.
        reason: String,
        /// Its status; `null` for a parked one.
        status: Option<LeadStatus>,
        /// The lead that a double repeats.
        first_lead_id: Option<i64>,
    }
}

impl LeadCreated {
    /// What is told; nothing of a refusal.
    pub(super) fn of(verdict: &Verdict) -> Option<Self> {
        let told = |id: i64, verdict: &str, status: LeadStatus, first_lead_id| Self {
            id: Some(id),
            orphan_id: None,
            verdict: verdict.to_owned(),
            reason: String::new(),
            status: Some(status),
            first_lead_id,
        };
        match verdict {
            Verdict::Accepted { lead_id, status, first_lead_id } => {
                Some(told(*lead_id, "accepted", *status, *first_lead_id))
            }
            Verdict::Updated { lead_id, status } => Some(told(*lead_id, "updated", *status, None)),
            Verdict::Duplicate { lead_id, status } => Some(told(*lead_id, "duplicate", *status, None)),
            Verdict::Parked { id, reason, .. } => Some(Self {
                id: None,
                orphan_id: Some(*id),
                verdict: "parked".to_owned(),
                reason: reason.clone(),
                status: None,
                first_lead_id: None,
            }),
            Verdict::Rejected { .. } => None,
        }
    }

    /// A decision about a lead that was named by its number.
    pub(super) fn updated(id: i64, status: Option<LeadStatus>) -> Self {
        let verdict = "updated".to_owned();
        Self { id: Some(id), orphan_id: None, verdict, reason: String::new(), status, first_lead_id: None }
    }

    /// What was only tried made nothing that has a number.
    pub(super) fn without_new_id(self) -> Self {
        let is_new = self.verdict == "accepted";
        Self { id: self.id.filter(|_| !is_new), orphan_id: None, ..self }
    }
}

/// What a request to the API is.
pub(super) enum Sent {
    /// Of an advertiser, or of an operator for him.
    Report(Box<Conversion>),
    /// Of a webmaster's buyer.
    Order(Box<OrderSent>),
}

/// An order of a webmaster's buyer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderSent {
    /// The door.
    pub way: Option<LeadWay>,
    /// Whose it is.
    pub webmaster_id: i64,
    /// Of which offer.
    pub offer_id: i64,
    /// For which goal; the offer's only one unless told.
    pub goal_id: Option<i64>,
    /// The webmaster's click that brought it, empty for none.
    pub tid: String,
    /// The webmaster's own id of it, empty for none.
    pub id: String,
    /// One of the webmaster's links.
    pub link_id: Option<i64>,
    /// One of his areas.
    pub area_id: Option<i64>,
    /// His labels.
    pub subid: [String; 5],
    /// Buyer's address in the Internet, empty for unknown.
    pub ip: String,
    /// Buyer's user agent.
    pub ua: String,
    /// The buyer.
    pub buyer: Buyer,
}

impl Engine {
    /// Takes a lead in that a program sends.
    ///
    /// # Errors
    /// [`Error::Invalid`] by field when it cannot be a lead.
    pub async fn lead_create(&self, caller: Caller, input: LeadCreate) -> Result<LeadCreated> {
        match self.lead_sent(caller, input).await? {
            Sent::Order(sent) => told(self.order_receive(Some(caller), *sent).await?),
            Sent::Report(conversion) => told(self.lead_receive_by(*conversion, Some(caller)).await?),
        }
    }

    /// What a request is: a report, or an order.
    pub(super) async fn lead_sent(&self, caller: Caller, input: LeadCreate) -> Result<Sent> {
        let scope = caller.may(Resource::Lead, Method::Create)?;
        check_level(caller, &input)?;
        if caller.level != Level::Webmaster && input.webmaster_id.is_none() {
            return Ok(Sent::Report(Box::new(self.report_of(caller, scope, input).await?)));
        }
        let sent = order_of(caller, input)?;
        if caller.level == Level::Operator {
            let found = person::view(&self.store().read(), scope, sent.webmaster_id).await?;
            found.ok_or_else(|| Error::field("webmaster_id", "Webmasters not found"))?;
        }
        Ok(Sent::Order(Box::new(sent)))
    }

    /// Takes an order of the caller's own buyer in: what `/lead/add` does.
    ///
    /// # Errors
    /// As [`Engine::lead_create`]; [`Error::Forbidden`] for others than webmasters.
    pub async fn order_create(&self, caller: Caller, sent: OrderSent) -> Result<LeadCreated> {
        caller.may(Resource::Lead, Method::Create)?;
        if caller.level != Level::Webmaster {
            return Err(Error::Forbidden);
        }
        let sent = OrderSent { webmaster_id: caller.user_id, ..sent };
        told(self.order_receive(Some(caller), sent).await?)
    }

    /// A report by the API. An operator speaks for the advertiser whose offer the click is of.
    async fn report_of(&self, caller: Caller, scope: Scope, input: LeadCreate) -> Result<Conversion> {
        let tid = input.tid.clone().unwrap_or_default();
        let mut conversion = Conversion {
            tid,
            offer_id: input.offer_id.unwrap_or(0),
            goal_id: input.goal_id,
            sale_id: input.sale_id.clone().unwrap_or_default(),
            amount: input.amount.map(|amount| amount.0),
            status: input.status.unwrap_or(LeadStatus::Pending),
            comment: input.comment.clone().unwrap_or_default(),
            way: LeadWay::Api,
            buyer: buyer_of(&input),
            ..Conversion::default()
        };
        check_report(&conversion)?;
        conversion.advertiser_id = caller.user_id;
        let click = self.click_of_tid(&conversion.tid).await;
        let offer_id = click.as_ref().ok().map(|click| click.offer_id);
        if input.offer_id.is_some_and(|named| offer_id.is_some_and(|offer_id| offer_id != named)) {
            return Err(Error::field("offer_id", "The visit was to another offer"));
        }
        if caller.level == Level::Operator {
            let click = click?;
            let offer = offer::view(&self.store().read(), scope, click.offer_id).await?;
            let offer = offer.ok_or_else(|| Error::field("tid", "Clicks not found"))?;
            conversion.advertiser_id = offer.advertiser_id;
        }
        Ok(conversion)
    }

    /// Takes an order in; `by` is whose request to the API it is.
    pub(super) async fn order_receive(&self, by: Option<Caller>, mut sent: OrderSent) -> Result<Verdict> {
        let (advertiser_id, code, ip) = self.order_check(&mut sent).await?;
        let (tid, attribution) = self.order_click(&sent, code, ip).await?;
        let conversion = Conversion {
            advertiser_id,
            tid,
            offer_id: sent.offer_id,
            goal_id: sent.goal_id,
            way: sent.way.unwrap_or(LeadWay::Order),
            attribution,
            buyer: sent.buyer,
            order: Some(Order { webmaster_id: sent.webmaster_id, id: sent.id, area_id: sent.area_id }),
            ..Conversion::default()
        };
        self.lead_receive_by(conversion, by).await
    }

    /// Looks at all of an order and reads its telephone number; gives who pays, the code of its link and the buyer's
    /// address in the Internet.
    pub(super) async fn order_check(&self, sent: &mut OrderSent) -> Result<(i64, Option<String>, IpAddr)> {
        let ip = check_order(sent)?;
        let scope = Scope::Webmaster(sent.webmaster_id);
        let db = self.store().read();
        let unknown = || Error::field("offer_id", "Offers not found");
        offer::view(&db, scope, sent.offer_id).await?.ok_or_else(unknown)?;
        let code = self.order_link(sent).await?;
        if let Some(id) = sent.area_id {
            let found = area::view(&db, scope, id).await?;
            found.ok_or_else(|| Error::field("area_id", "Areas not found"))?;
        }
        let own = iptocc::country_code(ip).unwrap_or_default();
        sent.buyer.e164 = self.phone_read(sent.offer_id, &sent.buyer.phone, own).await?;
        let catalogue = self.catalogue().now_owned();
        let offer = catalogue.offers.get(&sent.offer_id).ok_or_else(unknown)?;
        Ok((offer.advertiser_id, code, ip))
    }

    /// The code of the webmaster's link that an order names.
    async fn order_link(&self, sent: &OrderSent) -> Result<Option<String>> {
        let Some(id) = sent.link_id else { return Ok(None) };
        let found =
            link::view(&self.store().read(), Scope::Webmaster(sent.webmaster_id), LinkKind::Link, id).await?;
        let found = found.filter(|link| link.offer_id == sent.offer_id);
        found.map(|link| Some(link.code)).ok_or_else(|| Error::field("link_id", "Links not found"))
    }

    /// The lead of the same order sent before, by the webmaster's own id of it.
    pub(super) async fn order_known(&self, sent: &OrderSent) -> Result<Option<Lead>> {
        if sent.id.is_empty() {
            return Ok(None);
        }
        let key = order_key(sent.webmaster_id, &sent.id);
        let scope = Scope::Webmaster(sent.webmaster_id);
        lead::of_key(&self.store().read(), scope, sent.offer_id, &key).await
    }

    /// The click of an order: the one that it names, that of the same order sent before, or a new one of its own kind.
    async fn order_click(
        &self,
        sent: &OrderSent,
        code: Option<String>,
        ip: IpAddr,
    ) -> Result<(String, Attribution)> {
        if !sent.tid.is_empty() {
            match self.click_of_tid(&sent.tid).await {
                Ok(click) if (click.webmaster_id, click.offer_id) != (sent.webmaster_id, sent.offer_id) => {
                    return Err(Error::field("tid", "Clicks not found"));
                }
                // A tid of ours whose click another node has not stored yet: the order waits for it.
                Err(Error::Invalid(_)) if self.tid_keys().read(sent.tid.trim()).is_ok() => {}
                Ok(_) => {}
                Err(other) => return Err(other),
            }
            return Ok((sent.tid.clone(), Attribution::Tid));
        }
        if let Some(known) = self.order_known(sent).await? {
            return Ok((self.tid_keys().write(known.click_id), Attribution::Order));
        }
        let labels = ["subid1", "subid2", "subid3", "subid4", "subid5"].into_iter().zip(&sent.subid);
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(labels.filter(|(_, value)| !value.is_empty()))
            .finish();
        let pair = Entry::Pair { offer_id: sent.offer_id, webmaster_id: sent.webmaster_id };
        let entry = code.map_or(pair, Entry::Code);
        let visit = Visit {
            entry: Some(entry),
            query: &query,
            ip,
            ua: &sent.ua,
            way: ClickWay::Server,
            ..Visit::to("")
        };
        self.order_terms(sent).await?;
        let tracked = self.click_track(visit).await;
        if tracked.reason != ClickReason::Sent || tracked.offer_id != sent.offer_id {
            return Err(Error::field("offer_id", format!("No orders are taken: {}", tracked.reason.word())));
        }
        // An order without its click could not be a lead: it must be sent again.
        if !tracked.is_durable {
            return Err(Error::Unavailable("the click of an order could not be made durable".to_owned()));
        }
        Ok((tracked.tid, Attribution::Order))
    }

    /// Looks whether a goal can rate an order, before a click is made for it.
    async fn order_terms(&self, sent: &OrderSent) -> Result<()> {
        let db = self.store().read();
        let goals = goal::of_offers(&db, &[sent.offer_id]).await?;
        let unknown = |words: &str| Error::field("goal_id", words);
        let goal = pick(goals.iter().filter(|goal| goal.is_active), sent.goal_id, "").map_err(unknown)?;
        let versions = goal::versions_at(&db, &[goal.id], self.now()).await?;
        let terms = versions.get(&goal.id).ok_or_else(|| unknown(NO_TERMS))?.terms();
        // Every line of a goal is stated alike.
        terms.rate(None).map(drop).map_err(|words| Error::field("amount", words))
    }
}

/// The answer of the API; a rejection is an error on its field.
pub(super) fn told(verdict: Verdict) -> Result<LeadCreated> {
    match LeadCreated::of(&verdict) {
        Some(told) => Ok(told),
        None => match verdict {
            Verdict::Rejected { field, reason } => Err(Error::field(field, reason)),
            other => Err(Error::Internal(format!("a verdict without an answer: {other:?}"))),
        },
    }
}

fn check_level(caller: Caller, input: &LeadCreate) -> Result<()> {
    let mut errors = FieldErrors::default();
    let is_webmaster = caller.level == Level::Webmaster;
    for (name, is_sent) in [("amount", input.amount.is_some()), ("status", input.status.is_some())] {
        if is_sent && (is_webmaster || input.webmaster_id.is_some()) {
            errors.add(name, "Only a report of an advertiser or operator may have this");
        }
    }
    if input.webmaster_id.is_some() && caller.level != Level::Operator {
        errors.add("webmaster_id", "Only operators may use this");
    }
    // The click of a report has all of these.
    for (name, is_sent) in [
        ("link_id", input.link_id.is_some()),
        ("area_id", input.area_id.is_some()),
        ("ip", input.ip.is_some()),
        ("ua", input.ua.is_some()),
        ("subid1", input.subid1.is_some()),
        ("subid2", input.subid2.is_some()),
        ("subid3", input.subid3.is_some()),
        ("subid4", input.subid4.is_some()),
        ("subid5", input.subid5.is_some()),
    ] {
        if is_sent && !is_webmaster && input.webmaster_id.is_none() {
            errors.add(name, "Only a webmaster's order may have this");
        }
    }
    if input.status == Some(LeadStatus::Double) {
        errors.add("status", "Double is set by the duplicate rule only");
    }
    errors.finish()
}

fn buyer_of(input: &LeadCreate) -> Buyer {
    let text = |text: &Option<String>| text.as_deref().unwrap_or_default().trim().to_owned();
    Buyer {
        name: text(&input.name),
        phone: text(&input.phone),
        email: text(&input.email),
        address: text(&input.address),
        quantity: input.quantity.unwrap_or(0),
        price: input
            .price
            .map(|price| whocpa_domain::money::Amount { micros: price.0, digits: 2 }.to_string())
            .unwrap_or_default(),
        ..Buyer::default()
    }
}

fn order_of(caller: Caller, input: LeadCreate) -> Result<OrderSent> {
    let buyer = Buyer { comment: input.comment.clone().unwrap_or_default(), ..buyer_of(&input) };
    let offer_id = input.offer_id.ok_or_else(|| Error::field("offer_id", "This parameter is required"))?;
    let subid = [input.subid1, input.subid2, input.subid3, input.subid4, input.subid5];
    Ok(OrderSent {
        way: Some(LeadWay::Order),
        webmaster_id: input.webmaster_id.unwrap_or(caller.user_id),
        offer_id,
        goal_id: input.goal_id,
        tid: input.tid.unwrap_or_default(),
        id: input.sale_id.unwrap_or_default(),
        link_id: input.link_id,
        area_id: input.area_id,
        subid: subid.map(Option::unwrap_or_default),
        ip: input.ip.unwrap_or_default(),
        ua: input.ua.unwrap_or_default(),
        buyer,
    })
}

fn check_report(sent: &Conversion) -> Result<()> {
    let mut errors = FieldErrors::default();
    if sent.tid.is_empty() {
        errors.add("tid", "This parameter is required");
    }
    ID.check(&mut errors, "tid", &sent.tid);
    ID.check(&mut errors, "sale_id", &sent.sale_id);
    buyer::TEXT.check(&mut errors, "comment", &sent.comment);
    if sent.amount.is_some_and(|amount| amount > AMOUNT_LIMIT) {
        errors.add("amount", "Must be at most 1000000000");
    }
    sent.buyer.check(&mut errors);
    errors.finish()
}

/// Looks at an order; gives the buyer's address in the Internet.
fn check_order(sent: &OrderSent) -> Result<IpAddr> {
    let mut errors = FieldErrors::default();
    for (name, text) in [("name", &sent.buyer.name), ("phone", &sent.buyer.phone)] {
        if text.is_empty() {
            errors.add(name, "This parameter is required");
        }
    }
    ID.check(&mut errors, "sale_id", &sent.id);
    for (at, text) in sent.subid.iter().enumerate() {
        SUBID.check(&mut errors, &format!("subid{}", at + 1), text);
    }
    let mut ip = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    if !sent.ip.trim().is_empty() {
        if let Ok(told) = sent.ip.trim().parse::<IpAddr>() {
            ip = told.to_canonical();
        } else {
            errors.add("ip", "Must be an address such as 203.0.113.7");
        }
    }
    sent.buyer.check(&mut errors);
    errors.finish()?;
    Ok(ip)
}
