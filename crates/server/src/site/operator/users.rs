//! People: the list, registrations that wait, a new account.

use axum::http::StatusCode;
use whocpa_domain::role::Role;
use whocpa_domain::user::{Trust, UserLevel, UserStatus};
use whocpa_domain::{Method, Resource, Result};
use whocpa_engine::user::{UserCreate, UserView};

use super::named::Named;
use super::parts::{Act, Block, Cell, Line, Screen, Sentback, Sheet, Table, listed, tone};
use crate::i18n::Lang;
use crate::site::answer::{Shown, done};
use crate::site::form::{Form, Sent};
use crate::site::frame::Frame;
use crate::site::list::with;
use crate::site::names::{Choice, codes};
use crate::site::reader::Operator;

/// What the form filters by.
const FILTERS: [&str; 7] =
    ["search", "level", "status", "trust", "manager_id", "d_created_from", "d_created_to"];
/// Fields of a new account.
const FIELDS: [&str; 9] =
    ["level", "role", "login", "name", "password", "email", "telegram", "language", "comment"];

pub(super) async fn list(reader: Operator) -> Shown {
    let (engine, caller) = (reader.engine(), reader.caller());
    let ask =
        |asked: whocpa_domain::input::RawParams| async move { engine.user_list(caller, asked.read()?).await };
    let found = listed(&reader, &FILTERS, &[("sort", "-date_created")], ask).await?;
    let f = Frame::own(&reader, reader.lang.t("op-users-title"));
    let named = Named::load(&reader, found.rows.iter().filter_map(|row| row.manager_id), []).await?;
    let may_decide = caller.may(Resource::User, Method::Update).is_ok();
    let lines = found.rows.iter().map(|row| line(&f, &named, row, may_decide)).collect();
    let form = &found.form;
    let filters = vec![
        form.input("search").label("field-user-search"),
        form.input("level").label("field-account-kind").choice(codes(reader.lang, UserLevel::CODES)),
        form.input("status").choice(codes(reader.lang, UserStatus::CODES)),
        form.input("trust").choice(codes(reader.lang, Trust::CODES)),
        form.input("manager_id").choice(managers(&reader).await?),
        form.input("d_created_from").kind("date").label("field-made-from"),
        form.input("d_created_to").kind("date").label("field-made-to"),
    ];
    let heads = ["op-name", "op-account", "op-status", "field-trust", "field-manager-id", "op-made"];
    let links = if caller.may(Resource::User, Method::Create).is_ok() {
        vec![(f.t("op-user-new"), "/operator/users/new".to_owned())]
    } else {
        Vec::new()
    };
    let screen = Screen {
        filters,
        links,
        count: f.count("op-found", &found.pages.total),
        table: Some(Table::new(&f, &heads, lines, "op-users-none")),
        pages: Some(found.pages),
        ..Screen::new(f)
    };
    screen.send(found.status)
}

fn line(f: &Frame, named: &Named, row: &UserView, may_decide: bool) -> Line {
    let is_waiting = row.status == UserStatus::Waiting;
    let cells = vec![
        Cell::text(row.name.as_str())
            .link(format!("/operator/users/{}", row.id))
            .small(format!("{} · {}", row.id, row.login)),
        Cell::text(f.say(row.level.word())).small(row.role.map_or("", |role| role_name(f.lang, role))),
        status(f, row),
        Cell::text(f.say(row.trust.word())),
        named.person(row.manager_id.unwrap_or_default()),
        Cell::when(f.date(&row.date_created)),
    ];
    let act = (is_waiting && may_decide).then(|| Act {
        url: format!("/operator/users/{}/status", row.id),
        hidden: vec![("status", UserStatus::Active.code().to_string()), ("back", "list".to_owned())],
        label: f.t("op-let-in"),
        confirm: f.with("op-let-in-ask", "name", &row.name),
    });
    Line { act, ..Line::new(cells) }
}

/// State of an account.
pub(super) fn status(f: &Frame, row: &UserView) -> Cell {
    let tone = tone(row.status == UserStatus::Active, row.status == UserStatus::Blocked);
    Cell::tag(f.say(row.status.word()), tone)
}

/// The first word of what a role is there for.
pub(super) fn role_name(lang: Lang, role: Role) -> &'static str {
    let words = lang.say(role.word());
    words.split(':').next().unwrap_or(words)
}

/// Operators who may look after people, after a line for all of them.
pub(super) async fn managers(reader: &Operator) -> Result<Vec<Choice>> {
    let asked = with([
        ("level", UserLevel::Operator.code().to_string()),
        ("role", format!("{},{}", Role::Owner.code(), Role::Manager.code())),
        ("sort", "name".to_owned()),
    ]);
    let found = reader.engine().user_list(reader.caller(), asked.read()?).await?.rows;
    let mut all = vec![(String::new(), reader.lang.t("any"))];
    all.extend(found.into_iter().map(|row| (row.id.to_string(), row.name)));
    Ok(all)
}

fn new_page(reader: &Operator, mut back: Sentback) -> Screen {
    let lang = reader.lang;
    let form = back.form(lang, "new", []);
    let mut levels = codes(lang, UserLevel::CODES);
    levels.remove(0);
    if reader.caller().role != Role::Owner {
        levels.retain(|(code, _)| *code != UserLevel::Operator.code().to_string());
    }
    let mut roles: Vec<Choice> =
        Role::ALL.iter().map(|role| (role.code().to_string(), lang.say(role.word()).to_owned())).collect();
    roles.insert(0, (String::new(), lang.t("op-role-none")));
    let mut fields = vec![
        form.input("level").label("field-account-kind").choice(levels).required(),
        form.input("login").required(),
        form.input("name").required(),
        form.input("password").kind("password").auto("new-password").hint("password-hint").required(),
        form.input("email").kind("email"),
        form.input("telegram"),
    ];
    if reader.caller().role == Role::Owner {
        fields.push(form.input("role").hint("op-role-hint").choice(roles));
    }
    fields.push(form.input("comment").label("field-note").kind("area").hint("op-note-hint"));
    let f = Frame::own(reader, lang.t("op-user-new"));
    let sheet = Sheet {
        url: "/operator/users/new".to_owned(),
        fields,
        general: form.general,
        button: f.t("op-user-make"),
        class: "is-main",
        ..Sheet::default()
    };
    Screen {
        crumbs: vec![(f.t("op-users-title"), "/operator/users")],
        blocks: vec![Block::form(String::new(), String::new(), sheet)],
        ..Screen::new(f)
    }
}

pub(super) async fn new(reader: Operator) -> Shown {
    reader.caller().may(Resource::User, Method::Create)?;
    new_page(&reader, Sentback::none()).send(StatusCode::OK)
}

pub(super) async fn create(reader: Operator, sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let made = async {
        let input: UserCreate = sent.given().0.read()?;
        reader.engine().user_create(reader.caller(), input).await
    };
    match made.await {
        Ok(id) => Ok(done(&reader, &format!("/operator/users/{id}"), "op-made")),
        Err(error) => {
            let back = Sentback::new("new", form.refused_on(error, &FIELDS)?);
            new_page(&reader, back).send(StatusCode::BAD_REQUEST)
        }
    }
}
