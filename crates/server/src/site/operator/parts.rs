//! What pages of the console are made of. A screen is a list with its conditions, or one object with its facts and what
//! may be done to it; one template shows all of them, so that they look and behave alike.

use askama::Template;
use axum::http::StatusCode;
use whocpa_domain::input::RawParams;
use whocpa_domain::{Result, Time};
use whocpa_engine::{Paging, Rows};

use crate::i18n::Lang;
use crate::site::answer::{Shown, wrong};
use crate::site::form::{Field, Form};
use crate::site::frame::Frame;
use crate::site::list::{Pages, params, params_of};
use crate::site::names::{Choice, Names};
use crate::site::reader::Reader;

/// Rows on a page.
pub(super) const PER_PAGE: i64 = 50;

/// What stands in a cell of a table, or beside the name of a fact.
#[derive(Default)]
pub(super) struct Cell {
    pub text: String,
    /// Where it leads inside the site, empty for nowhere.
    pub url: String,
    /// `num`, `when`, `agent`, or empty.
    pub class: &'static str,
    /// A coloured label: `good`, `warn`, `bad`, or empty for a plain one.
    pub tone: Option<&'static str>,
    /// What stands below it.
    pub small: String,
}

impl Cell {
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// A number or an amount.
    pub fn num(text: impl Into<String>) -> Self {
        Self { class: "num", ..Self::text(text) }
    }

    /// What must stay on one line.
    pub fn when(text: impl Into<String>) -> Self {
        Self { class: "when", ..Self::text(text) }
    }

    /// What may be long.
    pub fn long(text: impl Into<String>) -> Self {
        Self { class: "agent", ..Self::text(text) }
    }

    pub fn tag(text: impl Into<String>, tone: &'static str) -> Self {
        Self { tone: Some(tone), ..Self::text(text) }
    }

    pub fn link(self, url: impl Into<String>) -> Self {
        Self { url: url.into(), ..self }
    }

    pub fn small(self, text: impl Into<String>) -> Self {
        Self { small: text.into(), ..self }
    }
}

/// How the state of something is coloured.
pub(super) fn tone(is_good: bool, is_bad: bool) -> &'static str {
    match (is_good, is_bad) {
        (true, _) => "good",
        (_, true) => "bad",
        _ => "warn",
    }
}

/// A moment that may not have come.
pub(super) fn moment(f: &Frame, time: Option<Time>) -> String {
    time.map_or_else(String::new, |time| f.time(&time))
}

/// Facts with their names, without what is empty.
pub(super) fn known(f: &Frame, facts: impl IntoIterator<Item = (&'static str, Cell)>) -> Vec<(String, Cell)> {
    let known = facts.into_iter().filter(|(_, cell)| !cell.text.is_empty());
    known.map(|(key, cell)| (f.t(key), cell)).collect()
}

/// Any, yes, no: for a condition.
pub(super) fn yes_no(f: &Frame) -> Vec<Choice> {
    let lines = [("", "any"), ("1", "op-yes"), ("0", "op-no")];
    lines.map(|(code, key)| (code.to_owned(), f.t(key))).to_vec()
}

/// Any currency, or one of them: for a condition.
pub(super) fn any_currency(f: &Frame, n: &Names) -> Vec<Choice> {
    let mut choices = n.currency_choices();
    choices[0].1 = f.t("any");
    choices
}

/// A row of a table.
#[derive(Default)]
pub(super) struct Line {
    pub cells: Vec<Cell>,
    /// Its number where rows may be chosen, and whether it is.
    pub pick: Option<(i64, bool)>,
    /// What may be done to it at once.
    pub act: Option<Act>,
}

impl Line {
    pub fn new(cells: impl Into<Vec<Cell>>) -> Self {
        Self { cells: cells.into(), ..Self::default() }
    }
}

/// A button that does something to a row at once.
pub(super) struct Act {
    pub url: String,
    pub hidden: Vec<(&'static str, String)>,
    pub label: String,
    pub confirm: String,
}

/// A table.
pub(super) struct Table {
    pub heads: Vec<String>,
    pub lines: Vec<Line>,
    /// What to say, and to do, where it has no rows.
    pub empty: String,
}

impl Table {
    /// With the texts of these names as headings.
    pub fn new(f: &Frame, heads: &[&str], lines: Vec<Line>, empty: &str) -> Self {
        Self { heads: heads.iter().map(|key| f.t(key)).collect(), lines, empty: f.t(empty) }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates give references")]
    fn is_num(&self, column: &usize) -> bool {
        let cell = self.lines.first().and_then(|line| line.cells.get(*column));
        cell.is_some_and(|cell| cell.class == "num")
    }

    fn has_picks(&self) -> bool {
        self.lines.iter().any(|line| line.pick.is_some())
    }

    fn has_acts(&self) -> bool {
        self.lines.iter().any(|line| line.act.is_some())
    }
}

/// A form that does something.
#[derive(Default)]
pub(super) struct Sheet {
    pub url: String,
    /// Mark of the form, by which checkboxes of a table belong to it.
    pub id: &'static str,
    pub hidden: Vec<(&'static str, String)>,
    pub fields: Vec<Field>,
    /// What is wrong with the whole.
    pub general: Vec<String>,
    pub button: String,
    /// `is-main`, `danger`, or empty.
    pub class: &'static str,
    /// What a browser asks before it sends it.
    pub confirm: String,
}

/// A part of a page under a heading.
pub(super) struct Block {
    pub head: String,
    /// What to know before: of money, the consequence.
    pub about: String,
    pub body: Body,
}

/// What a part of a page is.
pub(super) enum Body {
    Table(Table),
    Facts(Vec<(String, Cell)>),
    /// Plain text.
    Words(String),
    /// What somebody said.
    Said(Said),
    Form(Sheet),
}

/// A message.
pub(super) struct Said {
    /// Who, and when.
    pub by: String,
    pub words: String,
    /// Whether the reader's side said it.
    pub is_own: bool,
}

impl Block {
    pub fn table(head: String, table: Table) -> Self {
        Self { head, about: String::new(), body: Body::Table(table) }
    }

    pub fn facts(head: String, facts: Vec<(String, Cell)>) -> Self {
        Self { head, about: String::new(), body: Body::Facts(facts) }
    }

    pub fn words(head: String, words: String) -> Self {
        Self { head, about: String::new(), body: Body::Words(words) }
    }

    pub fn form(head: String, about: String, sheet: Sheet) -> Self {
        Self { head, about, body: Body::Form(sheet) }
    }
}

/// A page of the console.
#[derive(Template)]
#[template(path = "site/operator/screen.html")]
pub(super) struct Screen {
    pub f: Frame,
    /// Where one comes from.
    pub crumbs: Vec<(String, &'static str)>,
    pub tag: Option<Cell>,
    pub about: String,
    /// Other pages that belong to it.
    pub links: Vec<(String, String)>,
    /// Conditions of the list.
    pub filters: Vec<Field>,
    /// How many rows there are, in words.
    pub count: String,
    pub table: Option<Table>,
    pub pages: Option<Pages>,
    pub facts: Vec<(String, Cell)>,
    pub blocks: Vec<Block>,
}

impl Screen {
    pub fn new(f: Frame) -> Self {
        Self {
            f,
            crumbs: Vec::new(),
            tag: None,
            about: String::new(),
            links: Vec::new(),
            filters: Vec::new(),
            count: String::new(),
            table: None,
            pages: None,
            facts: Vec::new(),
            blocks: Vec::new(),
        }
    }

    /// As an answer.
    pub fn send(&self, status: StatusCode) -> Shown {
        wrong(status, self)
    }
}

/// What a list found, and the form that asked for it.
pub(super) struct Listed<T> {
    pub status: StatusCode,
    pub form: Form,
    pub rows: Vec<T>,
    pub pages: Pages,
}

/// Reads a list as its address asks; what is wrong with a condition stands next to its field. `defaults` count where the
/// address does not name them.
pub(super) async fn listed<T, L>(
    reader: &Reader,
    filters: &[&str],
    defaults: &[(&str, &str)],
    list: impl FnOnce(RawParams) -> L,
) -> Result<Listed<T>>
where
    L: Future<Output = Result<Rows<T>>>,
{
    let defaults = defaults.iter().filter(|(name, _)| reader.asked(name).is_none());
    let defaults =
        || crate::site::list::with(defaults.clone().map(|(name, value)| (*name, (*value).to_owned())));
    let (mut shown, mut asked) = (params(reader), params_of(reader, PER_PAGE));
    shown.append(defaults());
    asked.append(defaults());
    let form = Form::sent(reader.lang, &shown);
    match list(asked).await {
        Ok(found) => Ok(Listed {
            status: StatusCode::OK,
            form,
            pages: Pages::new(reader, found.total_count, found.paging),
            rows: found.rows,
        }),
        Err(error) => Ok(Listed {
            status: StatusCode::BAD_REQUEST,
            form: form.refused_in(error, filters)?,
            pages: Pages::new(reader, 0, Paging::first(PER_PAGE)),
            rows: Vec::new(),
        }),
    }
}

/// The form of a page that was refused: it stands in its place, with what was typed.
pub(super) struct Sentback(Option<(&'static str, Form)>);

impl Sentback {
    pub fn none() -> Self {
        Self(None)
    }

    pub fn new(name: &'static str, form: Form) -> Self {
        Self(Some((name, form)))
    }

    /// The form of this name: the refused one, or a new one with these values.
    pub fn form<'a>(
        &mut self,
        lang: Lang,
        name: &str,
        values: impl IntoIterator<Item = (&'a str, String)>,
    ) -> Form {
        match self.0.take() {
            Some((known, form)) if known == name => form,
            other => {
                self.0 = other;
                Form::new(lang, values)
            }
        }
    }
}
