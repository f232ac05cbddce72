//! Making a postback of what was sent, and changing one.

use whocpa_domain::lead::LeadStatus;
use whocpa_domain::postback::{
    AnswerRules, BodyTemplate, PostbackEvent, PostbackFormat, PostbackKind, PostbackStatus, PostbackTemplate,
    PostbackUrl, Value, convert, ids_text, masked, tracker_url,
};
use whocpa_domain::user::UserLevel;
use whocpa_domain::{FieldErrors, Result};
use whocpa_store::postback::Postback;

use super::{OVERLAP_HOURS, PostbackCreate, PostbackUpdate, may_buyer, set_status};
use crate::delivery::{header_lines, secret_new};
use crate::outbound::is_header;
use crate::{Caller, Engine};

/// Headers that may be added.
const HEADERS: usize = 10;

/// What is sent, in the open.
struct Open {
    url: String,
    format: PostbackFormat,
    body: String,
    headers: String,
}

impl Engine {
    /// A postback as it was sent, its secret and its address.
    pub(super) fn postback_new(
        &self,
        caller: Caller,
        input: PostbackCreate,
    ) -> Result<(Postback, String, String)> {
        let mut errors = FieldErrors::default();
        let template = input.template.unwrap_or(PostbackTemplate::Own);
        let level = UserLevel::ALL.iter().find(|level| level.level() == caller.level);
        let level = level.copied().unwrap_or(UserLevel::Webmaster).code();
        let open = Open {
            url: address(&mut errors, template, &input),
            headers: check_headers(&mut errors, input.headers.as_deref().unwrap_or_default()),
            format: input.format.unwrap_or(PostbackFormat::Json),
            body: input.body.unwrap_or_default(),
        };
        self.check_receiver(&mut errors, &open.url, caller.user_id);
        if input.kind == PostbackKind::Post {
            if open.body.trim().is_empty() {
                errors.add("body", "This parameter is required");
            }
        } else {
            not_here(&mut errors, !open.body.is_empty(), input.format.is_some());
        }
        check_macros(&mut errors, (level, input.kind), &open);
        check_events(&mut errors, input.kind, input.events.as_deref());
        errors.finish()?;
        let events = match (&input.events, template.is_sales_only()) {
            (None, true) => PostbackEvent::bits(&[PostbackEvent::Approved]),
            (events, _) => PostbackEvent::bits(events.as_deref().unwrap_or_default()),
        };
        let heard = heard(
            input.answer_id,
            input.answer_status,
            input.answer_words,
            input.poll_url,
            input.poll_minutes,
        );
        let secret = input.secret.unwrap_or_else(|| secret_new(self.rng()));
        let ids = |ids: &Option<Vec<i64>>| ids_text(ids.as_deref().unwrap_or_default());
        let row = Postback {
            user_id: caller.user_id,
            level,
            kind: input.kind.code(),
            template: template.code(),
            name: input.name.unwrap_or_default(),
            events,
            offer_ids: ids(&input.offer_id),
            goal_ids: ids(&input.goal_id),
            area_ids: ids(&input.area_id),
            link_ids: ids(&input.link_id),
            is_zero_sent: input.is_zero_sent.unwrap_or(false),
            secret_sealed: self.postback_seal(&secret)?,
            date_created: self.now().0,
            ..self.postback_sealed(blank(), &open)?
        };
        let row = self.postback_heard(caller, row, &heard)?;
        Ok((row, secret, open.url))
    }

    /// A postback with what is sent in it.
    fn postback_sealed(&self, row: Postback, open: &Open) -> Result<Postback> {
        Ok(Postback {
            url_masked: masked(&open.url),
            url_sealed: self.postback_seal(&open.url)?,
            format: if open.body.is_empty() { 0 } else { open.format.code() },
            body_sealed: self.postback_seal(&open.body)?,
            header_names: names(&open.headers),
            headers_sealed: self.postback_seal(&open.headers)?,
            ..row
        })
    }

    /// A postback after its owner's changes.
    pub(super) fn postback_changed(
        &self,
        caller: Caller,
        row: Postback,
        input: &PostbackUpdate,
    ) -> Result<Postback> {
        let row = self.postback_resent(caller, row, input)?;
        let heard = heard(
            input.answer_id.clone(),
            input.answer_status.clone(),
            input.answer_words.clone(),
            input.poll_url.clone(),
            input.poll_minutes,
        );
        let mut row = self.postback_heard(caller, row, &heard)?;
        for (column, ids) in [
            (&mut row.offer_ids, &input.offer_id),
            (&mut row.goal_ids, &input.goal_id),
            (&mut row.area_ids, &input.area_id),
            (&mut row.link_ids, &input.link_id),
        ] {
            if let Some(ids) = ids {
                *column = ids_text(ids);
            }
        }
        if let Some(events) = &input.events {
            row.events = PostbackEvent::bits(events);
        }
        row.name = input.name.clone().unwrap_or(row.name);
        row.is_zero_sent = input.is_zero_sent.unwrap_or(row.is_zero_sent);
        if let Some(secret) = &input.secret {
            let hours = input.secret_overlap_hours.unwrap_or(OVERLAP_HOURS);
            row.secret_old_sealed =
                if hours > 0 { std::mem::take(&mut row.secret_sealed) } else { String::new() };
            row.date_secret_old = (hours > 0).then_some(self.now().plus(hours * 3600).0);
            row.secret_sealed = self.postback_seal(secret)?;
        }
        match input.status {
            Some(status) if status.code() != row.status => Ok(set_status(row, status, self.now().0)),
            _ => Ok(row),
        }
    }

    /// A postback with what is sent as its owner wants it now; looks at all that he wants.
    fn postback_resent(&self, caller: Caller, row: Postback, input: &PostbackUpdate) -> Result<Postback> {
        let mut errors = FieldErrors::default();
        let kind = PostbackKind::from_code(row.kind).unwrap_or(PostbackKind::Get);
        let present = |sealed: &str| self.postback_open(row.id, sealed);
        let open = Open {
            url: input.url.as_deref().map_or_else(|| present(&row.url_sealed), |url| Ok(convert(url)))?,
            format: input.format.or(PostbackFormat::from_code(row.format)).unwrap_or(PostbackFormat::Json),
            body: input.body.clone().map_or_else(|| present(&row.body_sealed), Ok)?,
            headers: match &input.headers {
                Some(headers) => check_headers(&mut errors, headers),
                None => present(&row.headers_sealed)?,
            },
        };
        if input.url.is_some() {
            self.check_receiver(&mut errors, &open.url, caller.user_id);
        }
        if kind != PostbackKind::Post {
            not_here(&mut errors, input.body.is_some(), input.format.is_some());
        } else if open.body.trim().is_empty() {
            errors.add("body", "Must not be empty");
        }
        check_macros(&mut errors, (row.level, kind), &open);
        check_events(&mut errors, kind, input.events.as_deref());
        if input.status == Some(PostbackStatus::Failing) {
            errors.add("status", "Must be 1 or 2");
        }
        if input.secret_overlap_hours.is_some() && input.secret.is_none() {
            errors.add("secret_overlap_hours", "Only with a new secret");
        }
        errors.finish()?;
        let is_resent =
            input.url.is_some() || input.body.is_some() || input.headers.is_some() || input.format.is_some();
        if is_resent { self.postback_sealed(row, &open) } else { Ok(row) }
    }

    /// An address that may be reached: judged with harmless values in the places of its macros, and again whenever something is
    /// sent.
    fn check_receiver(&self, errors: &mut FieldErrors, url: &str, user_id: i64) {
        self.check_named(errors, "url", url, user_id);
    }

    fn check_named(&self, errors: &mut FieldErrors, field: &str, url: &str, user_id: i64) {
        let Ok(template) = PostbackUrl::parse(url) else { return };
        let filled = template.fill(LeadStatus::Approved, |_| "x".into());
        if let Err(why) = self.outbound().check(&filled) {
            errors.add(field, why.to_string());
        }
        self.check_away(errors, field, &filled, user_id);
    }
}

/// What was sent about answers.
struct Heard {
    id: Option<String>,
    status: Option<String>,
    words: Option<String>,
    poll_url: Option<String>,
    poll_minutes: Option<i64>,
}

fn heard(
    id: Option<String>,
    status: Option<String>,
    words: Option<String>,
    poll_url: Option<String>,
    poll_minutes: Option<i64>,
) -> Heard {
    Heard { id, status, words, poll_url, poll_minutes }
}

impl Engine {
    /// A postback with what is read of its answers.
    fn postback_heard(&self, caller: Caller, row: Postback, heard: &Heard) -> Result<Postback> {
        let is_new = heard.id.is_some()
            || heard.status.is_some()
            || heard.words.is_some()
            || heard.poll_url.is_some()
            || heard.poll_minutes.is_some();
        if !is_new {
            return Ok(row);
        }
        let mut errors = FieldErrors::default();
        if row.kind != PostbackKind::Post.code() || row.level != UserLevel::Advertiser.code() {
            errors.add("answer_id", "Answers are read of kind 3 of advertisers only");
        }
        let known: AnswerRules = serde_json::from_str(&row.answer).unwrap_or_default();
        let rules = AnswerRules {
            id: heard.id.clone().unwrap_or(known.id),
            status: heard.status.clone().unwrap_or(known.status),
            words: heard.words.clone().unwrap_or(known.words),
        };
        if let Err(words) = AnswerRules::check_words(&rules.words) {
            errors.add("answer_words", words);
        }
        let poll_url = match &heard.poll_url {
            Some(url) => convert(url),
            None => self.postback_open(row.id, &row.poll_url_sealed)?,
        };
        let poll_minutes = heard.poll_minutes.unwrap_or(row.poll_minutes);
        if !poll_url.is_empty() {
            self.check_named(&mut errors, "poll_url", &poll_url, caller.user_id);
            let is_buyers = PostbackUrl::parse(&poll_url).is_ok_and(|url| url.values().any(Value::is_buyer));
            if is_buyers {
                errors.add("poll_url", "Must not hold what is the buyer's");
            }
            if rules.status.is_empty() {
                errors.add("answer_status", "Must be given with poll_url");
            }
        }
        if (poll_minutes > 0) == poll_url.is_empty() {
            errors.add("poll_minutes", "poll_url and poll_minutes belong together");
        }
        errors.finish()?;
        let written = |e| whocpa_domain::Error::Internal(format!("writing rules: {e}"));
        Ok(Postback {
            answer: if rules.is_empty() {
                String::new()
            } else {
                serde_json::to_string(&rules).map_err(written)?
            },
            poll_url_sealed: self.postback_seal(&poll_url)?,
            poll_minutes,
            ..row
        })
    }
}

/// The address that was given, or a tracker's.
fn address(errors: &mut FieldErrors, template: PostbackTemplate, input: &PostbackCreate) -> String {
    if template == PostbackTemplate::Own {
        for (field, is_sent) in
            [("tracker_domain", input.tracker_domain.is_some()), ("tracker_key", input.tracker_key.is_some())]
        {
            if is_sent {
                errors.add(field, "Only with a tracker's template");
            }
        }
        match &input.url {
            Some(url) => return convert(url),
            None => errors.add("url", "This parameter is required"),
        }
        return String::new();
    }
    let key = input.tracker_key.as_deref().unwrap_or_default();
    for (field, is_wrong, words) in [
        ("url", input.url.is_some(), "The tracker's address is known: give tracker_domain"),
        ("tracker_domain", input.tracker_domain.is_none(), "This parameter is required"),
        ("tracker_key", template.has_key() && key.is_empty(), "This parameter is required"),
        ("tracker_key", !template.has_key() && !key.is_empty(), "This tracker's address has no key"),
        ("kind", input.kind != PostbackKind::Get, "Trackers are called with kind 1"),
    ] {
        if is_wrong {
            errors.add(field, words);
        }
    }
    tracker_url(template, input.tracker_domain.as_deref().unwrap_or_default(), key).unwrap_or_default()
}

/// Looks at headers; gives them one a line.
fn check_headers(errors: &mut FieldErrors, text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let read = header_lines(&lines.join("\n"));
    if lines.len() > HEADERS {
        errors.add("headers", format!("At most {HEADERS} headers"));
    }
    if read.len() != lines.len() {
        errors.add("headers", "Must be lines such as Authorization: Bearer abc");
    }
    for (name, value) in &read {
        if !is_header(name, value) {
            errors.add("headers", format!("{name}: this header may not be set, or not to this value"));
        }
    }
    read.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<String>>().join("\n")
}

fn names(headers: &str) -> String {
    let names: Vec<String> = header_lines(headers).into_iter().map(|(name, _)| name).collect();
    names.join(",")
}

/// Looks at the macros of address and body: what is the buyer's goes to advertisers' systems only, and never in an address.
fn check_macros(errors: &mut FieldErrors, (level, kind): (i64, PostbackKind), open: &Open) {
    let (url, body) = (open.url.as_str(), open.body.as_str());
    let of_url: Vec<Value> = match PostbackUrl::parse(url) {
        Ok(url) => url.values().collect(),
        Err(words) => {
            if !url.is_empty() {
                errors.add("url", words);
            }
            Vec::new()
        }
    };
    if of_url.into_iter().any(Value::is_buyer) {
        errors.add(
            "url",
            "{name} and {phone} of a buyer may stand in a body only: addresses are written into logs",
        );
    }
    match BodyTemplate::parse(open.format, body) {
        _ if body.is_empty() => {}
        Err(words) => errors.add("body", words),
        Ok(read) if read.values().any(Value::is_buyer) && !may_buyer(level, kind) => {
            errors.add("body", "Only advertisers are told {name} and {phone} of a buyer");
        }
        Ok(_) => {}
    }
}

/// What is not about a lead has no macros.
fn check_events(errors: &mut FieldErrors, kind: PostbackKind, events: Option<&[PostbackEvent]>) {
    let mut all = events.unwrap_or_default().iter();
    if kind != PostbackKind::Webhook && all.any(|event| !event.is_of_lead()) {
        errors.add("events", "20 to 23 are not about leads: only for kind 2");
    }
}

/// A body and its format belong to one kind.
fn not_here(errors: &mut FieldErrors, has_body: bool, has_format: bool) {
    for (field, is_sent) in [("body", has_body), ("format", has_format)] {
        if is_sent {
            errors.add(field, "Only for kind 3");
        }
    }
}

/// A postback that nothing is said of.
fn blank() -> Postback {
    Postback {
        id: 0,
        user_id: 0,
        level: 0,
        kind: 0,
        template: 0,
        name: String::new(),
        url_sealed: String::new(),
        url_masked: String::new(),
        format: 0,
        answer: String::new(),
        poll_url_sealed: String::new(),
        poll_minutes: 0,
        body_sealed: String::new(),
        headers_sealed: String::new(),
        header_names: String::new(),
        events: 0,
        offer_ids: String::new(),
        goal_ids: String::new(),
        area_ids: String::new(),
        link_ids: String::new(),
        is_zero_sent: false,
        secret_sealed: String::new(),
        secret_old_sealed: String::new(),
        date_secret_old: None,
        status: PostbackStatus::Active.code(),
        reason: String::new(),
        is_active: true,
        failure_count: 0,
        down_count: 0,
        date_failing: None,
        date_delivered: None,
        date_paused: None,
        date_retry: 0,
        date_turn: 0,
        date_until: 0,
        fence: 0,
        date_created: 0,
    }
}
