//! What requests about offers may carry, and how it becomes a row.

use whocpa_domain::buyer::FormField;
use whocpa_domain::cap::{Cap, CapMeasure, caps_text};
use whocpa_domain::deeplink::DeeplinkHosts;
use whocpa_domain::input::limits::{self, Form, Limits};
use whocpa_domain::input::{Decimal, Json, Patch};
use whocpa_domain::moderation::{Moderation, Party};
use whocpa_domain::money::AMOUNT_LIMIT;
use whocpa_domain::offer::{OfferStatus, TrafficKind, UrlTemplate, with_mask};
use whocpa_domain::targeting::Targeting;
use whocpa_domain::terms::LateRule;
use whocpa_domain::text::fold;
use whocpa_domain::user::TimeZone;
use whocpa_domain::way::AttributionRule;
use whocpa_domain::{Error, FieldErrors, Level, Result, Time, params};
use whocpa_store::offer::Offer;

use crate::image::ImageFile;
use crate::{Caller, check, routing};

/// A UTM mask, or none.
const MASK: Limits = Limits::Form(&Form {
    format: "utm",
    pattern: r"^([^&?#\s\u0000-\u001f\u007f-\u009f][^?#\s\u0000-\u001f\u007f-\u009f]*)?$",
    longest: 500,
    wrong: |mask| {
        let is_query = !mask.starts_with('&') && !mask.contains(['?', '#']) && mask.contains('=');
        let is_right = is_query && UrlTemplate::parse(&with_mask("https://a.example/", mask)).is_ok();
        (!mask.is_empty() && !is_right)
            .then(|| "Must be a query such as utm_source=whocpa, with known macros".to_owned())
    },
});
/// A host, or all names below it.
const HOST: Limits = Limits::Form(&Form {
    format: "link-host",
    pattern: r"^(\*\.)?[^\s/?#@\\]+$",
    longest: 255,
    wrong: |host| DeeplinkHosts::parse([host]).err(),
});
/// Days that the cookie with the tid lives.
const COOKIE: Limits = Limits::Range(1, 365);
/// Days for which one telephone number is one lead; 0 for no such rule.
const PHONE_DOUBLE: Limits = Limits::Range(0, 365);
/// Days in which leads are decided; 0 agrees on none.
const DECISION: Limits = Limits::Range(0, 90);
/// Days for which a late lead is paid.
const LATE: Limits = Limits::Range(1, 365);

/// Declares both sets of parameters at once: what they share is written and documented once.
macro_rules! writing {
    (
        $(#[doc = $create_about:literal])* create { $($create:tt)* }
        $(#[doc = $update_about:literal])* update { $($update:tt)* }
        shared { $( $(#[doc = $doc:literal])* $field:ident : $ty:ty $(where $limits:expr)? ),* $(,)? }
    ) => {
        params! {
            $(#[doc = $create_about])*
            pub struct OfferCreate { $($create)* $( $(#[doc = $doc])* $field: $ty $(where $limits)? ),* }
        }
        params! {
            $(#[doc = $update_about])*
            pub struct OfferUpdate { $($update)* $( $(#[doc = $doc])* $field: $ty $(where $limits)? ),* }
        }
        impl From<OfferCreate> for OfferUpdate {
            fn from(input: OfferCreate) -> Self {
                Self {
                    name: Some(input.name),
                    url_redirect: Some(input.url_redirect),
                    is_stopped: None,
                    $( $field: input.$field ),*
                }
            }
        }
    };
}

writing! {
    /// A new offer. At least one category and one region must be named.
    create {
        /// Whose offer it is: an advertiser's user id. Operators only, who must name it.
        advertiser_id: Option<i64>,
        /// Name.
        name: String where limits::NAME,
        /// Where visitors are sent: an http or https address, which may hold the macros {tid}, {subid1} to {subid5},
        /// {keyword}, {offer_id}, {webmaster_id}, {area_id}, {link_id}, {landing_id}, {promo_id}, {country}, {device}, {os},
        /// {os_version}, {browser}, {browser_version}, {language}, {ip}, {ua}, {timestamp}, click ids of ad networks such as
        /// {gclid}, and other networks' names of these. Without {tid}, tid is added to its query.
        url_redirect: String where check::URL_TEMPLATE_GIVEN,
    }
    /// Changes of an offer.
    update {
        /// Name.
        name: Option<String> where limits::NAME,
        /// Where visitors are sent: an http or https address, which may hold the macros {tid}, {subid1} to {subid5},
        /// {keyword}, {offer_id}, {webmaster_id}, {area_id}, {link_id}, {landing_id}, {promo_id}, {country}, {device}, {os},
        /// {os_version}, {browser}, {browser_version}, {language}, {ip}, {ua}, {timestamp}, click ids of ad networks such as
        /// {gclid}, and other networks' names of these. Without {tid}, tid is added to its query.
        url_redirect: Option<String> where check::URL_TEMPLATE_GIVEN,
        /// 1 stops a live offer, 0 lets a stopped one go on.
        is_stopped: Option<bool>,
    }
    shared {
        /// 1 keeps the offer out of moderation as a draft, 0 sends it there. Not for offers that went live.
        is_draft: Option<bool>,
        /// State of the offer. An operator moderates with it. An advertiser sends his offer on review (1), takes it back
        /// (0), stops it (3) and lets it go on (2), or archives it (4); in a new offer only operators may send it.
        status: Option<OfferStatus>,
        /// Why it is sent back, stopped or archived; operators only, who owe it when they send a live or reviewed offer
        /// back or stop it.
        reason: Option<String> where limits::TEXT,
        /// Whether only connected webmasters see it.
        is_private: Option<bool>,
        /// Whether webmasters are connected without a decision.
        is_auto_connect: Option<bool>,
        /// Full description.
        description: Option<String> where limits::TEXT,
        /// Short description.
        description_short: Option<String> where limits::TEXT,
        /// The advertiser's rules.
        rules_full: Option<String> where limits::TEXT,
        /// The advertiser's rules in short.
        rules_short: Option<String> where limits::TEXT,
        /// Ids of the offer's categories; they replace the present ones.
        categories: Option<Vec<i64>>,
        /// Ids of the regions where it is available; they replace the present ones.
        geo: Option<Vec<i64>>,
        /// Kinds of traffic that are allowed; they replace the present ones. About kinds that are neither allowed nor
        /// forbidden a webmaster should ask.
        traffic_allowed: Option<Vec<TrafficKind>>,
        /// Kinds of traffic that are forbidden; they replace the present ones.
        traffic_forbidden: Option<Vec<TrafficKind>>,
        /// Languages of its pages and of its call centre, ISO 639-1; they replace the present ones.
        languages: Option<Vec<String>> where limits::LANGUAGE,
        /// Whether deeplinks are allowed.
        is_deeplink: Option<bool>,
        /// Hosts that deeplinks may lead to, such as `shop.example` or `*.shop.example`; they replace the present ones. The
        /// host of `url_redirect` unless told.
        deeplink_hosts: Option<Vec<String>> where HOST,
        /// Whether only this network has it. Operators only.
        is_exclusive: Option<bool>,
        /// Whether leads are tracked by phone: an action that is reported with a telephone number and no tid belongs to
        /// the click of that number's order within `cookie_ttl_days`.
        is_phone_tracking: Option<bool>,
        /// Days for which orders with one telephone number, from different clicks, are one lead: later ones are stored as
        /// Double. A refused lead holds its number no more. 0 to 365, 0 for no such rule.
        phone_double_days: Option<i64> where PHONE_DOUBLE,
        /// Whether actions that a visitor's browser reports (`/px/<goal>.gif`, `/t.js`) are taken without a signature.
        /// Anybody can send them, so each click has one, nothing approves it by itself, and amounts are not listened to.
        is_pixel: Option<bool>,
        /// Whether it has an order form, at `/form/<code>`: for webmasters without a site of their own.
        is_form: Option<bool>,
        /// What the form asks besides name and telephone; they replace the present ones.
        form_fields: Option<Vec<FormField>>,
        /// Whose a lead is that only a cookie or a telephone number names the visitor of: his last click's (1) or his
        /// first one's (2) within `cookie_ttl_days`. A tid that is sent always counts.
        attribution: Option<AttributionRule>,
        /// Whether it is a mobile product: a game, an application.
        is_mobile: Option<bool>,
        /// Whether its pages suit mobile visitors.
        is_mobile_optimised: Option<bool>,
        /// Note of the network's people. Operators only.
        comment: Option<String> where limits::TEXT,
        /// Home page; empty for none.
        url_homepage: Option<String> where check::URL,
        /// Title of the page where visitors are sent.
        url_name: Option<String> where limits::LINE,
        /// Query that is added to `url_redirect`, for example utm_source=whocpa&utm_content={webmaster_id}, with the same
        /// macros; empty for none.
        utm_mask: Option<String> where MASK,
        /// When the call centre works, in words; empty for none.
        call_hours: Option<String> where limits::LINE,
        /// Days in which you decide about a lead, 1 to 90; 0 agrees on none. Webmasters see it. Leads that are there
        /// already keep what was agreed when they came.
        decision_days: Option<i64> where DECISION,
        /// Whether a lead that nobody decided about in `decision_days` is approved by itself; never one whose click is
        /// marked as a bot's, and an order or a browser's unsigned report only from your own report of it on. Webmasters see
        /// it. Leads that are there already keep what was agreed when they came.
        is_silence_approval: Option<bool>,
        /// What you pay of the leads that come after the offer stopped or a cap of its leads was reached: all (0), none (1), or
        /// those that come within `late_days` of their click (2). Webmasters see it. Each click keeps what held when it was
        /// sent.
        late_rule: Option<LateRule>,
        /// Days of `late_rule` 2, 1 to 365.
        late_days: Option<i64> where LATE,
        /// Price of the product for a buyer, the lowest one; empty for none.
        price_from: Patch<Decimal>,
        /// The highest price; the same as the lowest one unless told.
        price_to: Patch<Decimal>,
        /// Currency of these prices; required with them.
        price_currency_id: Patch<i64>,
        /// Visitors are sent from this moment on; empty for at once.
        date_start: Patch<Time>,
        /// Visitors are sent until this moment; empty for no end.
        date_stop: Patch<Time>,
        /// Its picture: a file in PNG, JPEG or WebP, of at most 5 MiB and 16 million pixels. It is made anew in three
        /// sizes, see `images`. Sent empty, the present one goes.
        image: Patch<ImageFile>,
        /// Days that the cookie with the tid lives, 1 to 365; 30 unless told.
        cookie_ttl_days: Option<i64> where COOKIE,
        /// Which visitors it takes; empty for all. The others go to traffic-back.
        targeting: Patch<Json<Targeting>>,
        /// How much it takes; the list replaces the present one, empty for no caps. When a cap is reached, visitors go to
        /// traffic-back; leads of visitors who were sent before are accepted, and `late_rule` says what is paid of them.
        caps: Patch<Json<Vec<Cap>>>,
        /// Time zone of the days of its caps, for example `Europe/Kyiv`; UTC unless told.
        time_zone: Option<TimeZone>,
        /// Where visitors go whom it does not take and for whom the webmaster named no address; empty for none.
        url_traffback: Option<String> where check::URL,
    }
}

/// Refuses every field that only an operator may set.
pub(super) fn operator_only(
    caller: Caller,
    input: &OfferUpdate,
    advertiser_id: Option<i64>,
    is_new: bool,
) -> Result<()> {
    let mut errors = FieldErrors::default();
    if caller.level != Level::Operator {
        for (field, is_sent) in [
            ("advertiser_id", advertiser_id.is_some()),
            ("status", input.status.is_some() && is_new),
            ("comment", input.comment.is_some()),
            ("is_exclusive", input.is_exclusive.is_some()),
        ] {
            if is_sent {
                errors.add(field, "Only an operator may set this");
            }
        }
    }
    for (field, is_sent) in
        [("is_draft", input.is_draft.is_some()), ("is_stopped", input.is_stopped.is_some())]
    {
        if is_sent && input.status.is_some() {
            errors.add(field, "Must not be sent together with status");
        }
    }
    errors.finish()
}

/// Puts what was sent into the row, except the state, which [`next_status`] decides.
pub(super) fn apply(row: &mut Offer, input: &OfferUpdate) {
    for (place, sent) in [
        (&mut row.name, &input.name),
        (&mut row.description, &input.description),
        (&mut row.description_short, &input.description_short),
        (&mut row.rules_full, &input.rules_full),
        (&mut row.rules_short, &input.rules_short),
        (&mut row.url_homepage, &input.url_homepage),
        (&mut row.url_redirect, &input.url_redirect),
        (&mut row.url_name, &input.url_name),
        (&mut row.utm_mask, &input.utm_mask),
        (&mut row.call_hours, &input.call_hours),
        (&mut row.comment, &input.comment),
        (&mut row.url_traffback, &input.url_traffback),
    ] {
        if let Some(sent) = sent {
            place.clone_from(sent);
        }
    }
    for (place, sent) in [
        (&mut row.is_private, input.is_private),
        (&mut row.is_auto_connect, input.is_auto_connect),
        (&mut row.is_deeplink, input.is_deeplink),
        (&mut row.is_exclusive, input.is_exclusive),
        (&mut row.is_phone_tracking, input.is_phone_tracking),
        (&mut row.is_pixel, input.is_pixel),
        (&mut row.is_form, input.is_form),
        (&mut row.is_mobile, input.is_mobile),
        (&mut row.is_mobile_optimised, input.is_mobile_optimised),
        (&mut row.is_silence_approval, input.is_silence_approval),
    ] {
        *place = sent.unwrap_or(*place);
    }
    let micros = |sent: Patch<Decimal>, present: Option<i64>| sent.map(|price| price.0).or(present);
    row.price_from = micros(input.price_from, row.price_from);
    row.price_to = micros(input.price_to, row.price_to);
    row.price_currency_id = input.price_currency_id.or(row.price_currency_id);
    row.date_start = input.date_start.map(|time| time.0).or(row.date_start);
    row.date_stop = input.date_stop.map(|time| time.0).or(row.date_stop);
    row.phone_double_days = input.phone_double_days.unwrap_or(row.phone_double_days);
    if let Some(fields) = &input.form_fields {
        row.form_fields = fields_text(fields);
    }
    row.targeting = routing::targeting_text(&input.targeting, &row.targeting);
    match &input.caps {
        Patch::Keep => {}
        Patch::Clear => (row.caps, row.counts_leads) = (String::new(), false),
        Patch::Set(Json(caps)) => {
            row.caps = caps_text(caps);
            row.counts_leads = caps.iter().any(|cap| cap.measure != Some(CapMeasure::Clicks));
        }
    }
    if let Some(zone) = &input.time_zone {
        zone.name().clone_into(&mut row.time_zone);
    }
    row.attribution = input.attribution.map_or(row.attribution, AttributionRule::code);
    if let Some(hosts) = &input.deeplink_hosts {
        row.deeplink_hosts = hosts.join(",").to_ascii_lowercase();
    }
    row.name_folded = fold(&row.name);
    row.cookie_ttl_days = input.cookie_ttl_days.unwrap_or(row.cookie_ttl_days);
    row.decision_days = input.decision_days.unwrap_or(row.decision_days);
    row.late_rule = input.late_rule.map_or(row.late_rule, LateRule::code);
    row.late_days = input.late_days.unwrap_or(row.late_days);
    if row.late_rule != LateRule::Young.code() && input.late_days.is_none() {
        row.late_days = 0;
    }
}

/// What a form asks, as it is stored.
fn fields_text(fields: &[FormField]) -> String {
    let known = FormField::ALL.iter().filter(|field| fields.contains(field));
    known.map(|field| field.code().to_string()).collect::<Vec<_>>().join(",")
}

/// What a form asks, as it was stored.
pub(crate) fn fields_of(text: &str) -> Vec<FormField> {
    text.split(',').filter_map(|code| FormField::from_code(code.parse().ok()?)).collect()
}

/// The state that a request asks for; none when it asks for none.
///
/// # Errors
/// [`Error::Conflict`] when an archived offer is told to go on.
pub(super) fn wanted_status(present: OfferStatus, input: &OfferUpdate) -> Result<Option<OfferStatus>> {
    if input.status.is_some() {
        return Ok(input.status);
    }
    let drafted = match (input.is_draft, present) {
        (Some(true), _) => Some(OfferStatus::Draft),
        (Some(false), OfferStatus::Draft) => Some(OfferStatus::Review),
        (Some(false) | None, _) => None,
    };
    match (input.is_stopped, present) {
        (Some(true), _) => Ok(Some(OfferStatus::Stopped)),
        (Some(false), OfferStatus::Stopped) => Ok(Some(OfferStatus::Live)),
        (Some(false), OfferStatus::Archived) => {
            Err(Error::Conflict("An archived offer cannot go on".to_owned()))
        }
        (Some(false) | None, _) => Ok(drafted),
    }
}

/// Gives the row its state after what a request asks for; `edit` is there when it changes anything else, and true when
/// that is what an operator approves.
pub(super) fn moderate(
    row: &mut Offer,
    caller: Caller,
    input: &OfferUpdate,
    edit: Option<bool>,
    now: Time,
) -> Result<()> {
    let party = if caller.level == Level::Operator { Party::Operator } else { Party::Owner };
    let present = Moderation::stored(row.status, &row.reason);
    let wanted = wanted_status(present.status, input)?;
    let mut moved = present.moved(party, wanted, input.reason.as_deref())?;
    if let Some(is_content) = edit {
        moved = moved.edited(party, is_content)?;
    }
    row.status = moved.status.code();
    row.reason = moved.reason;
    if moved.status == OfferStatus::Live {
        row.date_live.get_or_insert(now.0);
    }
    if matches!(moved.status, OfferStatus::Stopped | OfferStatus::Archived) {
        row.date_stopped.get_or_insert(now.0);
    } else {
        row.date_stopped = None;
    }
    Ok(())
}

/// Whether two rows differ in what an operator approves: what visitors and webmasters read, see and are led to.
pub(super) fn is_content(before: &Offer, after: &Offer) -> bool {
    let content = |row: &Offer| {
        let texts = [
            &row.name,
            &row.description,
            &row.description_short,
            &row.rules_full,
            &row.rules_short,
            &row.url_homepage,
            &row.url_redirect,
            &row.url_name,
            &row.utm_mask,
            &row.url_traffback,
            &row.deeplink_hosts,
        ];
        (texts.map(Clone::clone), row.image.clone(), row.is_mobile, row.is_mobile_optimised)
    };
    content(before) != content(after)
}

/// Checks a row before it is written.
pub(super) fn check(errors: &mut FieldErrors, row: &Offer) {
    check::name(errors, "name", &row.name);
    for (field, value) in [
        ("description", &row.description),
        ("description_short", &row.description_short),
        ("rules_full", &row.rules_full),
        ("rules_short", &row.rules_short),
    ] {
        check::text(errors, field, value);
    }
    check::URL_TEMPLATE_GIVEN.check(errors, "url_redirect", &row.url_redirect);
    MASK.check(errors, "utm_mask", &row.utm_mask);
    check::line(errors, "call_hours", &row.call_hours);
    if !row.deeplink_hosts.is_empty()
        && let Err(message) = DeeplinkHosts::parse(row.deeplink_hosts.split(','))
    {
        errors.add("deeplink_hosts", message);
    }
    check::text(errors, "comment", &row.comment);
    check_price(errors, row);
    if row.date_start.zip(row.date_stop).is_some_and(|(start, stop)| stop <= start) {
        errors.add("date_stop", "Must be after date_start");
    }
    check::line(errors, "url_name", &row.url_name);
    check::url(errors, "url_homepage", &row.url_homepage);
    COOKIE.check_number(errors, "cookie_ttl_days", row.cookie_ttl_days);
    DECISION.check_number(errors, "decision_days", row.decision_days);
    if row.is_silence_approval && row.decision_days == 0 {
        errors.add("is_silence_approval", "Only with decision_days");
    }
    let is_young = row.late_rule == LateRule::Young.code();
    if is_young && row.late_days == 0 {
        errors.add("late_days", "Must be given with late_rule 2");
    } else if !is_young && row.late_days != 0 {
        errors.add("late_days", "Only with late_rule 2");
    }
    PHONE_DOUBLE.check_number(errors, "phone_double_days", row.phone_double_days);
}

fn check_price(errors: &mut FieldErrors, row: &Offer) {
    for (field, price) in [("price_from", row.price_from), ("price_to", row.price_to)] {
        if price.is_some_and(|price| price > AMOUNT_LIMIT) {
            errors.add(field, "Must be at most 1000000000");
        }
    }
    if row.price_to.is_some() && row.price_from.is_none() {
        errors.add("price_from", "Must be given with price_to");
    }
    if row.price_from.zip(row.price_to).is_some_and(|(from, to)| to < from) {
        errors.add("price_to", "Must not be below price_from");
    }
    if row.price_from.is_some() && row.price_currency_id.is_none() {
        errors.add("price_currency_id", "Must be given with a price");
    }
}
