//! Forms: what was sent, what is wrong with it, and fields that show both.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use whocpa_domain::Error;
use whocpa_domain::input::{RawParams, RawValue};

use super::names::plain_amount;
use crate::api;
use crate::i18n::Lang;
use crate::state::AppState;

/// What a form sent.
pub(super) struct Sent(pub RawParams);

impl FromRequest<AppState> for Sent {
    type Rejection = Response;
    async fn from_request(request: Request, state: &AppState) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        parts.uri = axum::http::Uri::from_static("/");
        let read = api::parameters(&state.config.limits, &parts, body).await;
        read.map(Self).map_err(IntoResponse::into_response)
    }
}

impl Sent {
    /// One value as text, without the spaces around it; empty where it was not sent.
    pub fn take(&mut self, name: &str) -> String {
        self.0.take_text(name).unwrap_or_default().trim().to_owned()
    }

    /// One value exactly as it was typed: passwords.
    pub fn take_exact(&mut self, name: &str) -> String {
        self.0.take_text(name).unwrap_or_default()
    }

    /// Leaves one parameter out when it was left empty.
    pub fn without_empty(mut self, name: &str) -> Self {
        let value = self.take_exact(name);
        if !value.is_empty() {
            self.0.push(name, RawValue::Text(value));
        }
        self
    }

    /// Leaves out a file that was not chosen: a browser sends an empty one.
    pub fn without_empty_file(mut self, name: &str) -> Self {
        for value in self.0.take(name) {
            let is_none = match &value {
                RawValue::File(file) => file.bytes().is_empty(),
                RawValue::Text(text) => text.is_empty(),
                _ => false,
            };
            if !is_none {
                self.0.push(name, value);
            }
        }
        self
    }

    /// Says what a browser leaves out: boxes that are not ticked, and lists of which nothing is.
    pub fn ticked(mut self, flags: &[&str], lists: &[&str]) -> Self {
        for (names, value) in [(flags, "0"), (lists, "")] {
            for name in names {
                if !self.0.names().any(|known| known == *name) {
                    self.0.push(name, RawValue::Text(value.to_owned()));
                }
            }
        }
        self
    }

    /// Reads amounts as people of this language write them; what is no amount stays as it is, to be refused.
    pub fn amounts(mut self, lang: Lang, names: &[&str]) -> Self {
        for name in names {
            for value in self.0.take(name) {
                let value = match value {
                    RawValue::Text(text) => RawValue::Text(plain_amount(lang, &text)),
                    other => other,
                };
                self.0.push(name, value);
            }
        }
        self
    }

    /// Leaves out what was left empty, for parameters that have no empty value.
    pub fn given(mut self) -> Self {
        self.0.retain(|_| true);
        self
    }
}

/// A form as it is shown.
pub(super) struct Form {
    lang: Lang,
    values: BTreeMap<String, String>,
    wrong: BTreeMap<String, Vec<String>>,
    /// What is wrong with the whole, without [`Self::general`]'s further messages.
    pub general: Vec<String>,
    /// The fields that the page has shown while it was rendered: see [`Self::general`].
    shown: Mutex<BTreeSet<String>>,
}

impl Form {
    /// With these values in its fields.
    pub fn new<'a>(lang: Lang, values: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        let values = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self::of(lang, values)
    }

    fn of(lang: Lang, values: BTreeMap<String, String>) -> Self {
        Self { lang, values, wrong: BTreeMap::new(), general: Vec::new(), shown: Mutex::default() }
    }

    /// With this value in a field.
    pub fn with(mut self, name: &str, value: String) -> Self {
        self.values.insert(name.to_owned(), value);
        self
    }

    /// With what was sent.
    pub fn sent(lang: Lang, sent: &RawParams) -> Self {
        let text = |value: &RawValue| match value {
            RawValue::Text(text) | RawValue::Element(text) => Some(text.clone()),
            _ => None,
        };
        let mut values: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in sent.values() {
            let Some(text) = text(value) else { continue };
            // What a browser hides while it is typed is not sent back.
            if !name.contains("password") {
                let known = values.entry(name.to_owned()).or_default();
                known.push_str(if known.is_empty() { "" } else { "," });
                known.push_str(&text);
            }
        }
        Self::of(lang, values)
    }

    /// With what an operation said of it; other refusals are given back.
    pub fn refused(mut self, error: Error) -> Result<Self, Error> {
        match error {
            Error::Invalid(errors) => {
                for (name, messages) in errors.messages() {
                    let messages = messages.iter().map(|text| self.lang.message(text)).collect();
                    self.wrong.insert(name.clone(), messages);
                }
                Ok(self)
            }
            Error::Conflict(text) => {
                self.general.push(self.lang.message(&text));
                Ok(self)
            }
            other => Err(other),
        }
    }

    /// What is wrong with the whole, and with what the page has no field for: a refusal that nobody reads helps nobody.
    ///
    /// Which fields the page has is known once it was rendered, so a page with a refusal is rendered twice
    /// ([`super::answer::wrong`]); the first time this says too much.
    pub fn general(&self) -> Vec<String> {
        let shown = self.shown.lock().map(|shown| shown.clone()).unwrap_or_default();
        let unseen = self.wrong.iter().filter(|(name, _)| !shown.contains(*name));
        let said = unseen.flat_map(|(name, texts)| {
            let label = self.label(name);
            texts.iter().map(move |text| format!("{label}: {text}"))
        });
        self.general.iter().cloned().chain(said).collect()
    }

    /// What a field is called; by its parameter where it has no other name.
    fn label(&self, name: &str) -> String {
        let key = format!("field-{}", name.replace('_', "-"));
        if self.lang.has(&key) { self.lang.t(&key) } else { name.to_owned() }
    }

    /// The same of a page that has these fields only and no place for the rest: what is wrong elsewhere is given back too.
    pub fn refused_in(self, error: Error, shown: &[&str]) -> Result<Self, Error> {
        match error {
            Error::Invalid(errors)
                if errors.messages().keys().any(|name| !shown.contains(&name.as_str())) =>
            {
                Err(Error::Invalid(errors))
            }
            error => self.refused(error),
        }
    }

    /// The same of a form that shows these fields only: what is wrong elsewhere stands over the whole.
    pub fn refused_on(self, error: Error, shown: &[&str]) -> Result<Self, Error> {
        let mut form = self.refused(error)?;
        let (here, elsewhere) = form.wrong.into_iter().partition(|(name, _)| shown.contains(&name.as_str()));
        form.wrong = here;
        let elsewhere: BTreeMap<String, Vec<String>> = elsewhere;
        let said = elsewhere.into_iter().map(|(name, texts)| format!("{name}: {}", texts.join(" ")));
        form.general.extend(said);
        Ok(form)
    }

    /// Whether this is among the values of a field of several.
    pub fn has(&self, name: &str, value: &str) -> bool {
        self.values.get(name).is_some_and(|known| known.split(',').any(|one| one.trim() == value))
    }

    /// With what is wrong in a field that is not shown said of the whole form.
    pub fn gathered(mut self, name: &str) -> Self {
        self.general.extend(self.wrong.remove(name).unwrap_or_default());
        self
    }

    /// The value of a field.
    pub fn value(&self, name: &str) -> String {
        self.values.get(name).cloned().unwrap_or_default()
    }

    /// A field that stands on a page twice: it has a name of its own there, and is sent as another one.
    pub fn input_as(&self, name: &str, sent_as: &str) -> Field {
        Field { sent_as: sent_as.to_owned(), ..self.input(name) }
    }

    /// Whether something is wrong with it.
    pub fn is_refused(&self) -> bool {
        !self.wrong.is_empty() || !self.general.is_empty()
    }

    /// A field of one line; its label is the text `field-<name>`.
    pub fn input(&self, name: &str) -> Field {
        if let Ok(mut shown) = self.shown.lock() {
            shown.insert(name.to_owned());
        }
        let label = self.lang.t(&format!("field-{}", name.replace('_', "-")));
        Field {
            name: name.to_owned(),
            sent_as: name.to_owned(),
            label,
            value: self.value(name),
            wrong: self.wrong.get(name).cloned().unwrap_or_default(),
            hint: String::new(),
            kind: "text",
            auto: "",
            mode: "",
            is_required: false,
            options: Vec::new(),
            lang: self.lang,
        }
    }
}

/// One field with its label, hint and messages.
#[derive(Template)]
#[template(path = "site/field.html")]
pub(super) struct Field {
    name: String,
    sent_as: String,
    label: String,
    value: String,
    wrong: Vec<String>,
    hint: String,
    kind: &'static str,
    auto: &'static str,
    mode: &'static str,
    is_required: bool,
    options: Vec<(String, String)>,
    lang: Lang,
}

/// Its template escapes what people wrote.
impl HtmlSafe for Field {}

impl Field {
    /// Whether this choice of several is taken.
    fn is_taken(&self, code: &str) -> bool {
        self.value.split(',').any(|one| one.trim() == code)
    }
}

impl Field {
    /// `text`, `password`, `email`, `number`, `area`, `choice` …
    pub fn kind(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    /// What a browser may fill in.
    pub fn auto(mut self, auto: &'static str) -> Self {
        self.auto = auto;
        self
    }

    /// Which keyboard a telephone shows.
    pub fn mode(mut self, mode: &'static str) -> Self {
        self.mode = mode;
        self
    }

    pub fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    /// Another label than the usual one.
    pub fn label(mut self, key: &str) -> Self {
        self.label = self.lang.t(key);
        self
    }

    pub fn hint(mut self, key: &str) -> Self {
        self.hint = self.lang.t(key);
        self
    }

    /// A mark of its own on a page where another form has a field of this name.
    pub fn apart(mut self, mark: &str) -> Self {
        mark.clone_into(&mut self.name);
        self
    }

    /// Only what is wrong with it, for what buttons send.
    pub fn said(mut self) -> Self {
        self.kind = "said";
        self
    }

    /// A box to tick.
    pub fn tick(mut self) -> Self {
        self.kind = "tick";
        self
    }

    /// Several of these: value and words; those that are taken stand first.
    pub fn several(mut self, options: impl AsRef<[(String, String)]>) -> Self {
        self.kind = "several";
        let (taken, others): (Vec<_>, Vec<_>) =
            options.as_ref().iter().cloned().partition(|(code, _)| self.is_taken(code));
        self.options = taken.into_iter().chain(others).collect();
        self
    }

    /// A choice of these: value and words.
    pub fn choice(mut self, options: impl AsRef<[(String, String)]>) -> Self {
        self.kind = "choice";
        self.options = options.as_ref().to_vec();
        self
    }
}
