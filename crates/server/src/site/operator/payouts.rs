//! Payouts: what was asked for, and each step until the money is there.

use axum::extract::Path;
use axum::http::StatusCode;
use whocpa_domain::input::RawParams;
use whocpa_domain::payout::PayoutStatus;
use whocpa_domain::wallet::WalletKind;
use whocpa_domain::{Method, Resource, Result};
use whocpa_engine::payout::{PayoutUpdate, PayoutView};
use whocpa_engine::wallet::WalletView;

use super::named::Named;
use super::parts::{
    Act, Block, Cell, Line, Screen, Sentback, Sheet, Table, any_currency, known, listed, moment, tone,
};
use crate::i18n::Value;
use crate::site::answer::{Shown, done};
use crate::site::form::{Form, Sent};
use crate::site::frame::Frame;
use crate::site::names::{Names, codes};
use crate::site::once;
use crate::site::reader::Operator;

/// What the form filters by.
const FILTERS: [&str; 6] =
    ["status", "webmaster_id", "wallet_kind", "currency_id", "d_created_from", "d_created_to"];

pub(super) async fn list(reader: Operator) -> Shown {
    let (engine, caller) = (reader.engine(), reader.caller());
    let ask = |asked: RawParams| async move { engine.payout_list(caller, asked.read()?).await };
    let found = listed(&reader, &FILTERS, &[("status", "0")], ask).await?;
    let (f, n) = (Frame::own(&reader, reader.lang.t("menu-own-payouts")), Names::load(&reader).await?);
    let named = Named::load(&reader, found.rows.iter().filter_map(|row| row.webmaster_id), []).await?;
    let may_decide = caller.may(Resource::Payout, Method::Update).is_ok();
    let line = |row: &PayoutView| {
        let is_mine = row.approved_by.iter().flatten().any(|id| *id == caller.user_id);
        let asks = row.status == PayoutStatus::Requested && may_decide && !is_mine;
        let act = asks.then(|| Act {
            url: format!("/operator/payouts/{}", row.id),
            hidden: vec![
                ("status", PayoutStatus::Approved.code().to_string()),
                ("mark", reader.state.next_request_id()),
                ("back", "list".to_owned()),
            ],
            label: f.t("op-approve"),
            confirm: with_amount(&f, "op-payout-ask", &n.money(&row.amount, &row.currency_id), row.id),
        });
        Line { act, ..Line::new(cells(&f, (&n, &named), row)) }
    };
    let lines = found.rows.iter().map(line).collect();
    let form = &found.form;
    let mut kinds = codes(reader.lang, WalletKind::CODES);
    kinds[0].1 = f.t("any");
    let currencies = any_currency(&f, &n);
    let filters = vec![
        form.input("status").choice(codes(reader.lang, PayoutStatus::CODES)),
        form.input("webmaster_id").mode("numeric"),
        form.input("wallet_kind").choice(kinds),
        form.input("currency_id").choice(currencies),
        form.input("d_created_from").kind("date").label("field-made-from"),
        form.input("d_created_to").kind("date").label("field-made-to"),
    ];
    let heads = [
        "lead-id",
        "op-webmaster",
        "op-status",
        "wallet-way",
        "holds-sum",
        "payout-fee",
        "payout-arrives",
        "op-made",
    ];
    let links = if caller.may(Resource::Batch, Method::List).is_ok() {
        vec![(f.t("menu-own-batches"), "/operator/batches".to_owned())]
    } else {
        Vec::new()
    };
    let screen = Screen {
        links,
        filters,
        count: f.count("op-found", &found.pages.total),
        table: Some(Table::new(&f, &heads, lines, "op-queue-none")),
        pages: Some(found.pages),
        ..Screen::new(f)
    };
    screen.send(found.status)
}

fn cells(f: &Frame, (n, named): (&Names, &Named), row: &PayoutView) -> Vec<Cell> {
    vec![
        Cell::when(row.id.to_string()).link(format!("/operator/payouts/{}", row.id)),
        named.person(row.webmaster_id.unwrap_or_default()),
        status(f, row),
        Cell::text(f.say(row.wallet_kind.word())),
        Cell::num(n.money(&row.amount, &row.currency_id)),
        Cell::num(n.money(&row.fee, &row.currency_id)),
        Cell::num(n.money(&row.amount_paid, &row.currency_paid_id)),
        Cell::when(f.time(&row.date_created)),
    ]
}

fn status(f: &Frame, row: &PayoutView) -> Cell {
    let is_bad = matches!(row.status, PayoutStatus::Rejected | PayoutStatus::Cancelled);
    let approvals = row.approved_by.as_ref().map_or(0, Vec::len);
    let first = row.status == PayoutStatus::Requested && approvals > 0;
    let cell = Cell::tag(f.say(row.status.word()), tone(row.status == PayoutStatus::Paid, is_bad));
    if first { cell.small(f.t("op-second-waits")) } else { cell }
}

/// A text about an amount and the payout's number.
fn with_amount(f: &Frame, key: &str, amount: &str, id: i64) -> String {
    let values = [("amount", Value::Text(amount.to_owned())), ("id", Value::Text(id.to_string()))];
    f.lang.with_all(key, values)
}

pub(super) async fn view(reader: Operator, Path(id): Path<i64>) -> Shown {
    screen(&reader, id, Sentback::none()).await?.send(StatusCode::OK)
}

async fn screen(reader: &Operator, id: i64, mut back: Sentback) -> Result<Screen> {
    let (engine, caller) = (reader.engine(), reader.caller());
    let row = engine.payout_view(caller, id).await?;
    let wallet = engine.wallet_view(caller, row.wallet_id).await.ok();
    let f = Frame::own(reader, reader.lang.with("op-payout-title", "id", id.to_string()));
    let n = Names::load(reader).await?;
    let approvers = row.approved_by.iter().flatten().copied();
    let named = Named::load(reader, row.webmaster_id.into_iter().chain(approvers), []).await?;
    let blocks = if caller.may(Resource::Payout, Method::Update).is_ok() {
        steps(reader, (&f, &n), &row, &mut back)
    } else {
        Vec::new()
    };
    let links = if caller.may(Resource::Transfer, Method::List).is_ok() {
        vec![(f.t("menu-own-transfers"), format!("/operator/transfers?payout_id={id}"))]
    } else {
        Vec::new()
    };
    Ok(Screen {
        crumbs: vec![(f.t("menu-own-payouts"), "/operator/payouts")],
        tag: Some(status(&f, &row)),
        facts: facts(&f, (&n, &named), &row, wallet.as_ref()),
        links,
        blocks,
        ..Screen::new(f)
    })
}

fn facts(
    f: &Frame,
    (n, named): (&Names, &Named),
    row: &PayoutView,
    wallet: Option<&WalletView>,
) -> Vec<(String, Cell)> {
    let approvers = row.approved_by.iter().flatten().map(|id| named.person(*id).text);
    let rate = row.rate.clone().unwrap_or_default();
    let to = wallet.map_or_else(Cell::default, |wallet| {
        let account = wallet.account_full.as_ref().unwrap_or(&wallet.row.account);
        Cell::text(account.as_str())
            .link(format!("/operator/wallets/{}", wallet.row.id))
            .small(format!("{} {}", wallet.row.holder, wallet.row.network).trim().to_owned())
    });
    let facts = [
        ("op-webmaster", named.person(row.webmaster_id.unwrap_or_default())),
        ("holds-sum", Cell::text(n.money(&row.amount, &row.currency_id))),
        ("payout-fee", Cell::text(n.money(&row.fee, &row.currency_id))),
        ("payout-arrives", Cell::text(n.money(&row.amount_paid, &row.currency_paid_id))),
        ("op-rate", Cell::text(rate).small(row.rate_source.as_str())),
        ("wallet-way", Cell::text(f.say(row.wallet_kind.word()))),
        ("field-account", to),
        ("field-comment", Cell::text(row.comment.as_str())),
        ("lead-reason", Cell::text(row.reason.as_str())),
        ("field-reference", Cell::text(row.reference.as_str())),
        ("op-approved-by", Cell::text(approvers.collect::<Vec<_>>().join(", "))),
        ("op-made", Cell::text(f.time(&row.date_created))),
        ("op-decided", Cell::text(moment(f, row.date_decided))),
        ("op-paid", Cell::text(moment(f, row.date_paid))),
    ];
    known(f, facts)
}

/// The steps that its state allows, each with what it does to the money.
fn steps(reader: &Operator, (f, n): (&Frame, &Names), row: &PayoutView, back: &mut Sentback) -> Vec<Block> {
    use PayoutStatus::{Approved, Paid, Rejected, Sending};
    let amount = n.money(&row.amount, &row.currency_id);
    let arrives = n.money(&row.amount_paid, &row.currency_paid_id);
    let own_id = reader.caller().user_id;
    let mut blocks = Vec::new();
    for (to, name, class) in [
        (Approved, "approve", "is-main"),
        (Sending, "send", ""),
        (Paid, "pay", "is-main"),
        (Rejected, "reject", "danger"),
    ] {
        // Who has approved it once waits for somebody else.
        let is_done = to == Approved && row.approved_by.iter().flatten().any(|id| *id == own_id);
        if is_done || !row.status.may_become(to) {
            continue;
        }
        let form = back.form(f.lang, name, []);
        let fields = match to {
            Paid => vec![form.input("reference").hint("op-reference-hint").required()],
            Rejected => vec![form.input("reason").kind("area").hint("op-reason-hint").required()],
            _ => Vec::new(),
        };
        let about = f.lang.with_all(
            &format!("op-payout-{name}-about"),
            [("amount", Value::Text(amount.clone())), ("arrives", Value::Text(arrives.clone()))],
        );
        let sheet = Sheet {
            url: format!("/operator/payouts/{}", row.id),
            hidden: vec![("status", to.code().to_string()), ("mark", reader.state.next_request_id())],
            fields,
            general: form.general,
            button: f.t(&format!("op-payout-{name}")),
            class,
            confirm: about.clone(),
            ..Sheet::default()
        };
        blocks.push(Block::form(f.t(&format!("op-payout-{name}")), about, sheet));
    }
    blocks
}

/// A step, under the form's mark.
pub(super) async fn update(reader: Operator, Path(id): Path<i64>, mut sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let (mark, is_list) = (sent.take("mark"), sent.take("back") == "list");
    let engine = reader.engine();
    let made = async {
        let input: PayoutUpdate = sent.given().0.read()?;
        let asked = format!("{id} {input:?}");
        let step = |caller| async move { engine.payout_update(caller, id, input).await.map(|()| id) };
        once::run(&reader, ("form payout step", &mark, &asked), step).await
    };
    match made.await {
        Ok(_) if is_list => Ok(done(&reader, "/operator/payouts", "op-decided")),
        Ok(_) => Ok(done(&reader, &format!("/operator/payouts/{id}"), "op-decided")),
        Err(error) => {
            let name = match form.value("status").parse().ok().and_then(PayoutStatus::from_code) {
                Some(PayoutStatus::Sending) => "send",
                Some(PayoutStatus::Paid) => "pay",
                Some(PayoutStatus::Rejected) => "reject",
                _ => "approve",
            };
            let back = Sentback::new(name, form.refused_on(error, &["reason", "reference"])?);
            screen(&reader, id, back).await?.send(StatusCode::BAD_REQUEST)
        }
    }
}
