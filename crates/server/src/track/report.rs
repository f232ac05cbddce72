//! What an advertiser's system reports, read by the spelling of its platform.

use whocpa_domain::buyer::Buyer;
use whocpa_domain::input::{Decimal, RawParams, RawValue, Single};
use whocpa_domain::lead::{LeadReason, LeadStatus};
use whocpa_domain::money::AMOUNT_LIMIT;
use whocpa_domain::way::Intent;
use whocpa_domain::{Error, FieldErrors, Result};
use whocpa_engine::lead::Conversion;

use super::shape::{Shape, Slot};

/// Longest `sale_id`, tid or goal, in characters.
const NAME_LIMIT: usize = 255;
/// Longest `comment`, in characters.
const COMMENT_LIMIT: usize = 1000;
/// Further words of one status, in characters.
const LIST_LIMIT: usize = 1000;

/// The parameters of one report, under the names of its platform.
pub struct Report {
    shape: &'static Shape,
    raw: RawParams,
}

impl Report {
    /// These parameters in this spelling.
    pub fn new(shape: &'static Shape, raw: RawParams) -> Self {
        Self { shape, raw }
    }

    /// The advertiser's token: required, and the first thing that is looked at.
    ///
    /// # Errors
    /// [`Error::Invalid`] under the platform's own name of it.
    pub fn token(&mut self) -> Result<String> {
        let mut errors = FieldErrors::default();
        let token = self.take(Slot::Token, &mut errors);
        errors.finish()?;
        token.map(|(_, token)| token).ok_or_else(|| self.missing(Slot::Token))
    }

    /// The conversion; `tid` is the cookie's, for those who send none.
    ///
    /// # Errors
    /// [`Error::Invalid`] with a message for every bad parameter, under the name that was sent.
    pub fn conversion(
        &mut self,
        path: &str,
        cookie_tid: impl Fn(Option<i64>) -> Option<String>,
    ) -> Result<Conversion> {
        let mut errors = FieldErrors::default();
        let offer_id = self.number(Slot::Offer, &mut errors);
        let goal_id = self.number(Slot::GoalId, &mut errors);
        let mut sent = Conversion {
            way: self.shape.way,
            intent: self.intent(path),
            offer_id: offer_id.unwrap_or(0),
            goal_id,
            goal_alias: self.text(Slot::Goal, NAME_LIMIT, &mut errors),
            sale_id: self.text(Slot::SaleId, NAME_LIMIT, &mut errors),
            amount: self.amount(&mut errors),
            currency: self.text(Slot::Currency, NAME_LIMIT, &mut errors),
            status: self.status(&mut errors),
            comment: self.text(Slot::Comment, COMMENT_LIMIT, &mut errors),
            tid: self.text(Slot::Tid, NAME_LIMIT, &mut errors),
            buyer: self.buyer(&mut errors),
            ..Conversion::default()
        };
        let reason = self.text(Slot::Reason, COMMENT_LIMIT, &mut errors);
        (sent.reason, sent.comment) = LeadReason::heard(sent.status, &reason, &sent.comment);
        errors.finish()?;
        if sent.tid.is_empty() {
            match cookie_tid(offer_id) {
                Some(tid) => {
                    sent.tid = tid;
                    sent.attribution = whocpa_domain::way::Attribution::Cookie;
                }
                // The offer may track by telephone.
                None if offer_id.is_some() && !sent.buyer.phone.is_empty() => {}
                None => return Err(self.missing(Slot::Tid)),
            }
        }
        Ok(sent)
    }

    /// Whether it names its click or its sale itself.
    pub fn is_named(&self) -> bool {
        let names = || [Slot::Tid, Slot::SaleId].into_iter().flat_map(|slot| self.shape.names(slot));
        let has_value = |value: &RawValue| text_of(value).is_some_and(|text| !text.trim().is_empty());
        self.raw.values().any(|(sent, value)| has_value(value) && names().any(|name| *name == sent))
    }

    /// Names that were not used: unknown ones, and further names of what was read under an earlier one.
    pub fn ignored(mut self) -> Vec<String> {
        let shape = self.shape;
        let is_known = |name: &str| {
            shape.names.iter().any(|(_, names)| names.contains(&name))
                || shape.lists.iter().any(|(known, _)| *known == name)
                || shape.auto == Some(name)
        };
        // A known name without a value is a macro that had none.
        let mut ignored: Vec<String> = self.raw.retain(is_known).into_iter().collect();
        let used_lists =
            |name: &str| shape.lists.iter().any(|(known, _)| *known == name) || shape.auto == Some(name);
        ignored.extend(self.raw.names().filter(|name| !used_lists(name)).map(str::to_owned));
        ignored.sort_unstable();
        ignored.dedup();
        ignored
    }

    fn intent(&mut self, path: &str) -> Intent {
        let intent = self.shape.intent(path);
        let is_on = |value: &RawValue| matches!(value, RawValue::Text(text) if text == "1");
        let is_auto = self.raw.values().any(|(name, value)| Some(name) == self.shape.auto && is_on(value));
        if is_auto { Intent::Any } else { intent }
    }

    /// The first of a parameter's names that has a value, and the value.
    fn take(&mut self, slot: Slot, errors: &mut FieldErrors) -> Option<(&'static str, String)> {
        for name in self.shape.names(slot) {
            let has_value = |value: &RawValue| match value {
                RawValue::Text(text) | RawValue::Element(text) => !text.trim().is_empty(),
                RawValue::Null | RawValue::Walk(..) => false,
                RawValue::Flag(_) | RawValue::File(_) | RawValue::Json(_) => true,
            };
            if !self.raw.values().any(|(sent, value)| sent == *name && has_value(value)) {
                continue;
            }
            let mut values: Vec<RawValue> = self.raw.take(name).into_iter().filter(has_value).collect();
            return match (values.pop(), values.is_empty()) {
                (Some(RawValue::Text(text) | RawValue::Element(text)), true) => {
                    match String::parse(text.trim()) {
                        Ok(text) => Some((name, text)),
                        Err(message) => {
                            errors.add(*name, message);
                            None
                        }
                    }
                }
                (Some(RawValue::Flag(flag)), true) => Some((name, flag.to_string())),
                (Some(RawValue::File(_)), true) => {
                    errors.add(*name, "Must be text, not a file");
                    None
                }
                _ => {
                    errors.add(*name, "Must be given once");
                    None
                }
            };
        }
        None
    }

    fn text(&mut self, slot: Slot, limit: usize, errors: &mut FieldErrors) -> String {
        let Some((name, text)) = self.take(slot, errors) else { return String::new() };
        if text.chars().count() > limit {
            errors.add(name, format!("Must be at most {limit} characters"));
        }
        text
    }

    fn number(&mut self, slot: Slot, errors: &mut FieldErrors) -> Option<i64> {
        let (name, text) = self.take(slot, errors)?;
        i64::parse(&text).map_err(|message| errors.add(name, message)).ok()
    }

    fn amount(&mut self, errors: &mut FieldErrors) -> Option<i64> {
        let (name, mut text) = self.take(Slot::Amount, errors)?;
        if self.shape.has_comma {
            text = text.replacen(',', ".", 1);
        }
        match Decimal::parse(&text) {
            Ok(Decimal(micros)) if micros <= AMOUNT_LIMIT => Some(micros),
            Ok(_) => {
                errors.add(name, "Must be at most 1000000000");
                None
            }
            Err(message) => {
                errors.add(name, message);
                None
            }
        }
    }

    fn buyer(&mut self, errors: &mut FieldErrors) -> Buyer {
        let mut text = |slot| self.take(slot, errors).map(|(_, text)| text).unwrap_or_default();
        let buyer = Buyer {
            phone: text(Slot::Phone),
            name: text(Slot::Name),
            email: text(Slot::Email),
            address: text(Slot::Address),
            ..Buyer::default()
        };
        buyer.check(errors);
        buyer
    }

    /// The decision: by the lists that the request itself brings, else by the platform's words; pending without one.
    fn status(&mut self, errors: &mut FieldErrors) -> LeadStatus {
        let Some((name, word)) = self.take(Slot::Status, errors) else { return LeadStatus::Pending };
        let listed = self.shape.lists.iter().find(|(list, _)| {
            let words = self.raw.values().filter(|(sent, _)| sent == list);
            words.filter_map(|(_, value)| text_of(value)).any(|words| {
                let words = words.chars().take(LIST_LIMIT).collect::<String>();
                words.split([',', ';']).any(|known| known.trim().eq_ignore_ascii_case(&word))
            })
        });
        let status = listed.map(|(_, status)| *status).or_else(|| self.shape.status(&word));
        status.unwrap_or_else(|| {
            errors.add(name, format!("Must be one of {}", self.shape.status_words()));
            LeadStatus::Pending
        })
    }

    fn missing(&self, slot: Slot) -> Error {
        let name = self.shape.names(slot).first().copied().unwrap_or_default();
        let words = match slot {
            Slot::Tid => "This parameter is required: no cookie names the click",
            _ => "This parameter is required",
        };
        Error::field(name, words)
    }
}

/// The canonical form that a signature covers: every parameter that has one as `name=value`, urlencoded, in the order of
/// names, then values, joined by `&`.
pub fn canonical(raw: &RawParams) -> String {
    let mut pairs: Vec<(&str, &str)> =
        raw.values().filter_map(|(name, value)| text_of(value).map(|text| (name, text))).collect();
    pairs.sort_unstable();
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn text_of(value: &RawValue) -> Option<&str> {
    match value {
        RawValue::Text(text) | RawValue::Element(text) => Some(text),
        RawValue::Flag(flag) => Some(if *flag { "true" } else { "false" }),
        RawValue::Null | RawValue::File(_) | RawValue::Json(_) | RawValue::Walk(..) => None,
    }
}
