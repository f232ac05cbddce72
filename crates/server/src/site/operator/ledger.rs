//! What everybody has, and every movement of money.

use axum::http::StatusCode;
use whocpa_domain::input::RawParams;
use whocpa_domain::ledger::{AccountKind, TransferKind};
use whocpa_domain::money::Amount;
use whocpa_domain::user::UserLevel;
use whocpa_engine::balance::BalanceView;
use whocpa_engine::transfer::TransferView;

use super::named::Named;
use super::parts::{Block, Cell, Line, Screen, Table, any_currency, listed};
use crate::site::answer::Shown;
use crate::site::frame::Frame;
use crate::site::names::{Names, codes};
use crate::site::reader::Operator;

/// What the form filters by.
const FILTERS: [&str; 9] = [
    "owner_id",
    "kind",
    "account",
    "currency_id",
    "lead_id",
    "payout_id",
    "deposit_id",
    "d_created_from",
    "d_created_to",
];
/// Owners of a table; more are found by their own page.
const SHOWN: usize = 50;

pub(super) async fn transfers(reader: Operator) -> Shown {
    let (engine, caller) = (reader.engine(), reader.caller());
    let ask = |asked: RawParams| async move { engine.transfer_list(caller, asked.read()?).await };
    let found = listed(&reader, &FILTERS, &[], ask).await?;
    let (f, n) = (Frame::own(&reader, reader.lang.t("menu-own-transfers")), Names::load(&reader).await?);
    let owners = found.rows.iter().flat_map(|row| [row.debit_owner_id, row.credit_owner_id]).flatten();
    let named = Named::load(&reader, owners, []).await?;
    let lines = found.rows.iter().map(|row| line(&f, (&n, &named), row)).collect();
    let form = &found.form;
    let currencies = any_currency(&f, &n);
    let filters = vec![
        form.input("owner_id").mode("numeric"),
        form.input("kind").label("money-why").choice(codes(reader.lang, TransferKind::CODES)),
        form.input("account").label("money-account").choice(codes(reader.lang, AccountKind::CODES)),
        form.input("currency_id").choice(currencies),
        form.input("lead_id").mode("numeric"),
        form.input("payout_id").mode("numeric"),
        form.input("deposit_id").mode("numeric"),
        form.input("d_created_from").kind("date").label("field-made-from"),
        form.input("d_created_to").kind("date").label("field-made-to"),
    ];
    let heads = ["money-when", "money-why", "money-out", "money-in", "money-cause", "holds-sum"];
    let screen = Screen {
        about: f.t("op-transfers-about"),
        filters,
        count: f.count("op-found", &found.pages.total),
        table: Some(Table::new(&f, &heads, lines, "money-no-statement")),
        pages: Some(found.pages),
        ..Screen::new(f)
    };
    screen.send(found.status)
}

fn line(f: &Frame, (n, named): (&Names, &Named), row: &TransferView) -> Line {
    let account = |kind: Option<AccountKind>, owner: Option<i64>| {
        let owner = named.person(owner.unwrap_or_default());
        let kind = kind.map_or("", |kind| f.say(kind.word()));
        if owner.text.is_empty() { Cell::text(kind) } else { owner.small(kind) }
    };
    let cause = |id: Option<i64>, key: &str, path: &str| {
        id.map(|id| Cell::text(format!("{} {id}", f.t(key))).link(format!("/operator/{path}/{id}")))
    };
    let cause = cause(row.lead_id, "money-lead", "leads")
        .or_else(|| cause(row.payout_id, "op-payout", "payouts"))
        .or_else(|| cause(row.deposit_id, "op-deposit", "deposits"));
    Line::new([
        Cell::when(f.time(&row.date_created)).small(row.id.to_string()),
        Cell::text(f.say(row.kind.word())).small(row.rate_source.clone().unwrap_or_default()),
        account(row.debit_account, row.debit_owner_id),
        account(row.credit_account, row.credit_owner_id),
        cause.unwrap_or_default(),
        Cell::num(n.money(&row.amount, &row.currency_id)),
    ])
}

pub(super) async fn balances(reader: Operator) -> Shown {
    let all = reader.engine().balance_list(reader.caller()).await?;
    let (f, n) = (Frame::own(&reader, reader.lang.t("menu-own-balances")), Names::load(&reader).await?);
    let owes = |row: &&BalanceView| row.available.is_some_and(|amount| amount.micros < 0);
    let mut owing: Vec<&BalanceView> = all.iter().filter(owes).collect();
    owing.sort_by_key(|row| row.available.map_or(0, |amount| amount.micros));
    let people = |level: UserLevel| {
        let mut rows: Vec<&BalanceView> = all.iter().filter(|row| row.level == Some(level)).collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.available.map_or(0, |amount| amount.micros)));
        rows.truncate(SHOWN);
        rows
    };
    let (webmasters, advertisers) = (people(UserLevel::Webmaster), people(UserLevel::Advertiser));
    let shown = |rows: &[&BalanceView]| rows.iter().filter_map(|row| row.owner_id).collect::<Vec<_>>();
    let ids = [shown(&owing), shown(&webmasters), shown(&advertisers)].concat();
    let named = Named::load(&reader, ids, []).await?;
    let mut blocks = Vec::new();
    if !owing.is_empty() {
        blocks.push(Block::table(f.t("op-owing"), owners(&f, (&n, &named), &owing)));
    }
    blocks.push(Block::table(f.t("op-webmasters"), owners(&f, (&n, &named), &webmasters)));
    blocks.push(Block::table(f.t("op-advertisers"), owners(&f, (&n, &named), &advertisers)));
    let house = house(&f, &n, &all);
    let table = (!house.lines.is_empty()).then_some(house);
    let screen = Screen { about: f.t("op-balances-about"), table, blocks, ..Screen::new(f) };
    screen.send(StatusCode::OK)
}

/// The network's own accounts.
fn house(f: &Frame, n: &Names, all: &[BalanceView]) -> Table {
    let own = all.iter().filter(|row| row.level.is_none());
    let lines = own.map(|row| {
        let amount = |amount: Option<Amount>| {
            Cell::num(amount.map_or_else(String::new, |amount| n.money(&amount, &row.currency_id)))
        };
        Line::new([
            Cell::text(row.currency.as_str()),
            amount(row.margin),
            amount(row.margin_hold),
            amount(row.referral),
            amount(row.chargeback),
            amount(row.fx),
            amount(row.rounding),
            amount(row.external),
        ])
    });
    let heads = [
        "field-currency-id",
        "op-house-margin",
        "op-house-hold",
        "op-house-referral",
        "op-house-back",
        "op-house-fx",
        "op-house-rest",
        "op-house-out",
    ];
    Table::new(f, &heads, lines.collect(), "op-nothing")
}

fn owners(f: &Frame, (n, named): (&Names, &Named), rows: &[&BalanceView]) -> Table {
    let lines = rows.iter().map(|row| {
        let amount = |amount: Option<Amount>| {
            Cell::num(amount.map_or_else(String::new, |amount| n.money(&amount, &row.currency_id)))
        };
        Line::new([
            named.person(row.owner_id.unwrap_or_default()),
            amount(row.available),
            amount(row.hold.or(row.committed)),
            amount(row.reserved),
            amount(row.advance),
        ])
    });
    let heads = ["op-who", "money-available", "op-tied", "money-reserved", "op-advance"];
    Table::new(f, &heads, lines.collect(), "op-nothing")
}
