//! One person: his card, money, what he did; and what an operator does with the account.

use axum::extract::Path;
use axum::http::StatusCode;
use whocpa_domain::money::Amount;
use whocpa_domain::role::Role;
use whocpa_domain::user::{Trust, UserLevel, UserStatus};
use whocpa_domain::{Error, Method, Resource, Result};
use whocpa_engine::balance::BalanceView;
use whocpa_engine::user::{UserUpdate, UserView};

use super::audit;
use super::named::Named;
use super::parts::{Block, Cell, Line, Screen, Sentback, Sheet, Table};
use super::users::{managers, role_name, status};
use crate::site::answer::{Shown, done};
use crate::site::form::{Form, Sent};
use crate::site::frame::Frame;
use crate::site::list::with;
use crate::site::names::{Names, codes};
use crate::site::reader::Operator;

/// Characters of the note about an account.
const NOTE: usize = 20_000;
/// Fields of the card.
const CARD: [&str; 7] = ["name", "email", "telegram", "manager_id", "trust", "rank", "comment"];

pub(super) async fn view(reader: Operator, Path(id): Path<i64>) -> Shown {
    screen(&reader, id, Sentback::none()).await?.send(StatusCode::OK)
}

async fn screen(reader: &Operator, id: i64, mut back: Sentback) -> Result<Screen> {
    let (engine, caller) = (reader.engine(), reader.caller());
    let user = engine.user_view(caller, id).await?;
    let f = Frame::own(reader, user.name.clone());
    let named = Named::load(reader, user.manager_id, []).await?;
    let mut blocks = Vec::new();
    if let Some(balances) = user.balances.as_ref().filter(|balances| !balances.is_empty()) {
        blocks.push(Block::table(
            f.t("money-balances"),
            balance_table(&f, &Names::load(reader).await?, balances),
        ));
    }
    if !user.comment.is_empty() {
        blocks.push(Block::words(f.t("field-note"), user.comment.clone()));
    }
    if caller.may(Resource::User, Method::Update).is_ok() {
        let stands = standing(&f, &user, &mut back);
        let card = card(reader, &f, &user, &mut back).await?;
        // Whoever waits is decided about first.
        if user.status == UserStatus::Waiting {
            blocks.extend(stands);
            blocks.push(card);
        } else {
            blocks.push(card);
            blocks.extend(stands);
        }
        blocks.push(password(&f, &user, &mut back));
    }
    if caller.may(Resource::Audit, Method::List).is_ok() {
        let his = with([("user_id", id.to_string()), ("per_page", "10".to_owned())]);
        blocks.push(Block::table(
            f.t("op-audit-by"),
            audit::table(&f, &engine.audit_list(caller, his.read()?).await?.rows),
        ));
        let about = with([
            ("resource", Resource::User.name().to_owned()),
            ("object_id", id.to_string()),
            ("per_page", "10".to_owned()),
        ]);
        blocks.push(Block::table(
            f.t("op-audit-of"),
            audit::table(&f, &engine.audit_list(caller, about.read()?).await?.rows),
        ));
    }
    Ok(Screen {
        crumbs: vec![(f.t("op-users-title"), "/operator/users")],
        tag: Some(status(&f, &user)),
        facts: facts(&f, &named, &user),
        links: links(reader, &f, &user),
        blocks,
        ..Screen::new(f)
    })
}

fn facts(f: &Frame, named: &Named, user: &UserView) -> Vec<(String, Cell)> {
    let role = user.role.map_or("", |role| role_name(f.lang, role));
    let mut facts = vec![
        (f.t("op-account"), Cell::text(f.say(user.level.word())).small(role)),
        (f.t("account-id"), Cell::text(user.id.to_string())),
        (f.t("field-login"), Cell::text(user.login.as_str())),
        (f.t("field-trust"), Cell::text(f.say(user.trust.word()))),
        (f.t("account-since"), Cell::text(f.time(&user.date_created))),
        (f.t("field-language"), Cell::text(format!("{}, {}", user.language, user.time_zone))),
    ];
    if user.manager_id.is_some() {
        facts.push((f.t("field-manager-id"), named.person(user.manager_id.unwrap_or_default())));
    }
    let texts = [
        ("field-email", user.email.clone()),
        ("field-telegram", user.telegram.clone()),
        ("field-phone", user.phone.clone()),
        ("field-site", user.site.clone()),
        ("account-aff", user.aff_id.map_or_else(String::new, |aff| aff.number().to_string())),
        ("op-key", user.key_prefix.as_ref().map_or_else(String::new, |prefix| format!("{prefix}…"))),
    ];
    facts.extend(
        texts
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(key, text)| (f.t(key), Cell::text(text))),
    );
    facts
}

/// Lists of what is his.
fn links(reader: &Operator, f: &Frame, user: &UserView) -> Vec<(String, String)> {
    let (caller, id) = (reader.caller(), user.id);
    let of: &[(&str, &str, Resource)] = match user.level {
        UserLevel::Webmaster => &[
            ("menu-own-leads", "leads?webmaster_id=", Resource::Lead),
            ("menu-own-connections", "connections?status=&webmaster_id=", Resource::Connection),
            ("menu-own-areas", "areas?status=&webmaster_id=", Resource::Area),
            ("menu-own-wallets", "wallets?status=&webmaster_id=", Resource::Wallet),
            ("menu-own-payouts", "payouts?status=&webmaster_id=", Resource::Payout),
            ("menu-own-conditions", "conditions?webmaster_id=", Resource::Condition),
            ("menu-own-stats", "stats?group=offer&webmaster_id=", Resource::Stat),
        ],
        UserLevel::Advertiser => &[
            ("menu-own-offers", "offers?status=&advertiser_id=", Resource::Offer),
            ("menu-own-leads", "leads?advertiser_id=", Resource::Lead),
            ("menu-own-deposits", "deposits?status=&advertiser_id=", Resource::Deposit),
            ("menu-own-stats", "stats?group=webmaster&advertiser_id=", Resource::Stat),
        ],
        UserLevel::Operator => &[],
    };
    let may = |line: &&(&str, &str, Resource)| caller.may(line.2, Method::List).is_ok();
    let mut links: Vec<(String, String)> =
        of.iter().filter(may).map(|(key, url, _)| (f.t(key), format!("/operator/{url}{id}"))).collect();
    if user.level != UserLevel::Operator {
        for (key, url, resource) in [
            ("menu-own-transfers", "transfers?owner_id=", Resource::Transfer),
            ("menu-own-tickets", "tickets?status=&user_id=", Resource::Ticket),
        ] {
            if caller.may(resource, Method::List).is_ok() {
                links.push((f.t(key), format!("/operator/{url}{id}")));
            }
        }
    }
    links
}

/// An amount of a balance, where its owner has such an account.
type Part = fn(&BalanceView) -> Option<Amount>;

/// Balances with the accounts that this kind of owner has.
pub(super) fn balance_table(f: &Frame, n: &Names, balances: &[BalanceView]) -> Table {
    let all: [(&str, Part); 5] = [
        ("money-available", |row| row.available),
        ("money-hold", |row| row.hold),
        ("money-reserved", |row| row.reserved),
        ("op-committed", |row| row.committed),
        ("op-advance", |row| row.advance),
    ];
    let used: Vec<_> = all.iter().filter(|(_, of)| balances.iter().any(|row| of(row).is_some())).collect();
    let mut heads = vec!["field-currency-id"];
    heads.extend(used.iter().map(|(key, _)| *key));
    let line = |row: &BalanceView| {
        let mut cells = vec![Cell::text(row.currency.as_str())];
        cells.extend(used.iter().map(|(_, of)| {
            Cell::num(of(row).map_or_else(String::new, |amount| n.money(&amount, &row.currency_id)))
        }));
        Line::new(cells)
    };
    Table::new(f, &heads, balances.iter().map(line).collect(), "money-nothing")
}

/// Letting in, refusing, blocking, opening again.
fn standing(f: &Frame, user: &UserView, back: &mut Sentback) -> Vec<Block> {
    let url = format!("/operator/users/{}/status", user.id);
    let sheet = |status: UserStatus, key: &str, class: &'static str| Sheet {
        url: url.clone(),
        hidden: vec![("status", status.code().to_string())],
        button: f.t(key),
        class,
        ..Sheet::default()
    };
    let form = back.form(f.lang, "status", []);
    let asks = |sheet: Sheet, is_owed: bool, form: Form| {
        let field = form.input("reason").kind("area").hint("op-note-hint");
        let field = if is_owed { field.required() } else { field };
        Sheet { fields: vec![field], general: form.general, ..sheet }
    };
    match user.status {
        UserStatus::Waiting => vec![
            Block::form(
                f.t("op-let-in-head"),
                f.t("op-let-in-about"),
                sheet(UserStatus::Active, "op-let-in", "is-main"),
            ),
            Block::form(
                f.t("op-refuse-head"),
                f.t("op-refuse-account"),
                asks(sheet(UserStatus::Blocked, "op-refuse", "danger"), true, form),
            ),
        ],
        UserStatus::Active => vec![Block::form(
            f.t("op-block-head"),
            f.t("op-block-about"),
            Sheet {
                confirm: f.with("op-block-ask", "name", &user.name),
                ..asks(sheet(UserStatus::Blocked, "op-block", "danger"), true, form)
            },
        )],
        UserStatus::Blocked => {
            let open = Sheet { general: form.general, ..sheet(UserStatus::Active, "op-unblock", "") };
            vec![Block::form(f.t("op-unblock-head"), f.t("op-unblock-about"), open)]
        }
    }
}

async fn card(reader: &Operator, f: &Frame, user: &UserView, back: &mut Sentback) -> Result<Block> {
    let values = [
        ("name", user.name.clone()),
        ("email", user.email.clone()),
        ("telegram", user.telegram.clone()),
        ("manager_id", user.manager_id.map_or_else(String::new, |id| id.to_string())),
        ("trust", user.trust.code().to_string()),
        ("rank", user.rank.to_string()),
        ("comment", user.comment.clone()),
    ];
    let form = back.form(reader.lang, "card", values);
    let mut trusts = codes(reader.lang, Trust::CODES);
    trusts.remove(0);
    let mut fields = vec![form.input("name").required(), form.input("trust").choice(trusts)];
    if reader.caller().role == Role::Owner && user.level != UserLevel::Operator {
        let mut choices = managers(reader).await?;
        choices[0].1 = f.t("op-nobody");
        // Who cannot be chosen any more is not lost by saving something else.
        let present = user.manager_id.map(|id| (id.to_string(), format!("#{id}")));
        choices.extend(present.filter(|(id, _)| !choices.iter().any(|(known, _)| known == id)));
        fields.push(form.input("manager_id").choice(choices));
    }
    fields.push(form.input("rank").mode("numeric"));
    fields.push(form.input("email").kind("email"));
    fields.push(form.input("telegram"));
    fields.push(form.input("comment").label("field-note").kind("area").hint("op-note-hint"));
    let sheet = Sheet {
        url: format!("/operator/users/{}", user.id),
        fields,
        general: form.general,
        button: f.t("save"),
        class: "is-main",
        ..Sheet::default()
    };
    Ok(Block::form(f.t("op-card-head"), String::new(), sheet))
}

fn password(f: &Frame, user: &UserView, back: &mut Sentback) -> Block {
    let form = back.form(f.lang, "password", []);
    let field = form.input("password").kind("password").auto("new-password").hint("password-hint").required();
    let sheet = Sheet {
        url: format!("/operator/users/{}/password", user.id),
        fields: vec![field],
        general: form.general,
        button: f.t("op-password"),
        confirm: f.with("op-password-ask", "name", &user.name),
        ..Sheet::default()
    };
    Block::form(f.t("op-password-head"), f.t("op-password-about"), sheet)
}

/// Changes the card. Empty texts clear; what has no empty value and was left so stays.
pub(super) async fn update(reader: Operator, Path(id): Path<i64>, sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let made = async {
        let input: UserUpdate = sent.without_empty("rank").without_empty("trust").0.read()?;
        reader.engine().user_update(reader.caller(), id, input).await
    };
    settled(&reader, id, ("card", &CARD), form, made.await, "saved").await
}

/// Lets somebody in, refuses or blocks him, or opens the account again.
pub(super) async fn stand(reader: Operator, Path(id): Path<i64>, mut sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let (reason, is_list) = (sent.take("reason"), sent.take("back") == "list");
    let made = async {
        let mut asked = sent.given().0;
        let blocks = form.value("status") == UserStatus::Blocked.code().to_string();
        if blocks && reason.is_empty() {
            return Err(Error::field("reason", "This parameter is required"));
        }
        if !reason.is_empty() {
            // An account has no reason of its own: it goes into the note that operators keep.
            let note = reader.engine().user_view(reader.caller(), id).await?.comment;
            let words = if note.is_empty() { reason } else { format!("{note}\n\n{reason}") };
            if words.chars().count() > NOTE {
                return Err(Error::field("reason", "The note about the account has no room for it"));
            }
            asked.append(with([("comment", words)]));
        }
        let input: UserUpdate = asked.read()?;
        reader.engine().user_update(reader.caller(), id, input).await
    };
    let made = made.await;
    if is_list && made.is_ok() {
        return Ok(done(&reader, "/operator/users?status=3", "op-decided"));
    }
    settled(&reader, id, ("status", &["reason"]), form, made, "op-decided").await
}

/// Gives the account another password, which ends its sessions.
pub(super) async fn password_update(reader: Operator, Path(id): Path<i64>, sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let made = async {
        let input: UserUpdate = sent.0.read()?;
        if input.password.as_deref().unwrap_or_default().is_empty() {
            return Err(Error::field("password", "This parameter is required"));
        }
        reader.engine().user_update(reader.caller(), id, input).await
    };
    settled(&reader, id, ("password", &["password"]), form, made.await, "op-password").await
}

async fn settled(
    reader: &Operator,
    id: i64,
    (name, fields): (&'static str, &[&str]),
    form: Form,
    made: Result<()>,
    word: &str,
) -> Shown {
    match made {
        Ok(()) => Ok(done(reader, &format!("/operator/users/{id}"), word)),
        Err(error) => {
            let back = Sentback::new(name, form.refused_on(error, fields)?);
            screen(reader, id, back).await?.send(StatusCode::BAD_REQUEST)
        }
    }
}
