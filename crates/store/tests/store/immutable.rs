//! The ledger and the history are written once: the database itself refuses everything else (trust M2).

use sea_orm::ConnectionTrait;
use whocpa_db_test::db_test;
use whocpa_store::testing::TestDb;

use crate::direct::{Direct, query, tell};
use crate::rows::{self, Ids};

/// Statements that must fail, each with what it tries.
fn attacks(ids: &Ids, is_postgres: bool) -> Vec<(String, String)> {
    let mut list = changes(ids);
    list.extend(bad_transfers());
    let all = ["transfer", "lead_event", "goal_version", "account"];
    let extra: Vec<(String, String)> = if is_postgres {
        let truncate = |table: &str| (format!("truncate {table}"), format!("TRUNCATE {table} CASCADE"));
        all.into_iter().map(truncate).collect()
    } else {
        // SQLite removes the rows in the way of a REPLACE; it asks delete triggers only if it is told to.
        let replace = |table: &str| {
            let sql = format!("INSERT OR REPLACE INTO {table} SELECT * FROM {table}");
            (format!("replace {table}"), sql)
        };
        all.into_iter().map(replace).collect()
    };
    list.extend(extra);
    list
}

fn changes(ids: &Ids) -> Vec<(String, String)> {
    let Ids { lead, goal, unused_account } = ids;
    let list = [
        ("change an amount", "UPDATE transfer SET amount = amount + 1".to_owned()),
        ("change a transfer's date", "UPDATE transfer SET date_created = 0 WHERE id = 1".to_owned()),
        (
            "turn a transfer round",
            "UPDATE transfer SET debit_id = credit_id, credit_id = debit_id".to_owned(),
        ),
        ("a change that changes nothing", "UPDATE transfer SET amount = amount".to_owned()),
        ("delete transfers", "DELETE FROM transfer".to_owned()),
        ("delete one transfer", "DELETE FROM transfer WHERE id = 1".to_owned()),
        ("change a reason", format!("UPDATE lead_event SET reason = 'x' WHERE lead_id = {lead}")),
        ("renumber events", "UPDATE lead_event SET number = number + 1".to_owned()),
        ("delete events", format!("DELETE FROM lead_event WHERE lead_id = {lead}")),
        ("change terms", format!("UPDATE goal_version SET payment = 0 WHERE goal_id = {goal}")),
        ("change when terms begin", "UPDATE goal_version SET date_from = date_from + 1".to_owned()),
        ("delete terms", format!("DELETE FROM goal_version WHERE goal_id = {goal}")),
        ("give an account away", "UPDATE account SET owner_id = owner_id + 1".to_owned()),
        ("change a currency", format!("UPDATE account SET currency_id = 978 WHERE id = {unused_account}")),
        ("delete accounts", "DELETE FROM account".to_owned()),
        ("delete an unused account", format!("DELETE FROM account WHERE id = {unused_account}")),
        (
            "change by upsert",
            "INSERT INTO transfer SELECT * FROM transfer WHERE id = 1 \
             ON CONFLICT (id) DO UPDATE SET amount = 1"
                .to_owned(),
        ),
        ("delete the lead below its events", format!("DELETE FROM lead WHERE id = {lead}")),
        ("delete the goal below its terms", format!("DELETE FROM goal WHERE id = {goal}")),
    ];
    list.map(|(name, sql)| (name.to_owned(), sql)).to_vec()
}

/// One good transfer, spoilt in one place each.
fn bad_transfers() -> Vec<(String, String)> {
    let (debit, credit) = ("(SELECT min(debit_id) FROM transfer)", "(SELECT max(credit_id) FROM transfer)");
    let insert = |cause: i64, debit: &str, credit: &str, currency: i64, amount: &str| {
        format!(
            "INSERT INTO transfer (cause, cause_id, cause_number, leg, kind, debit_id, credit_id, currency_id, \
             amount, date_created) VALUES (1, {cause}, 1, 1, 1, {debit}, {credit}, {currency}, {amount}, 0)"
        )
    };
    let list = [
        ("nothing is moved", insert(2, debit, credit, 840, "0")),
        ("less than nothing is moved", insert(2, debit, credit, 840, "-5")),
        ("no amount", insert(2, debit, credit, 840, "NULL")),
        ("to itself", insert(2, debit, debit, 840, "5")),
        ("another currency than both accounts", insert(2, debit, credit, 978, "5")),
        ("from one currency to another", insert(2, debit, "(SELECT max(id) FROM account)", 840, "5")),
        ("the other way round", insert(2, "(SELECT max(id) FROM account)", credit, 840, "5")),
        ("into an unknown account", insert(2, debit, "999999", 840, "5")),
        ("out of an unknown account", insert(2, "999999", credit, 840, "5")),
        ("the same leg of the same cause", insert(1, debit, credit, 840, "5")),
        (
            "a twin account",
            "INSERT INTO account (kind, owner_id, currency_id) \
          SELECT kind, owner_id, currency_id FROM account WHERE id = (SELECT min(id) FROM account)"
                .to_owned(),
        ),
        (
            "an account in no currency",
            "INSERT INTO account (kind, owner_id, currency_id) VALUES (10, 1, 999999)".to_owned(),
        ),
        ("an event number twice", "INSERT INTO lead_event SELECT * FROM lead_event".to_owned()),
    ];
    list.map(|(name, sql)| (name.to_owned(), sql)).to_vec()
}

/// All rows that must not change, as text.
async fn picture(direct: &Direct) -> Vec<String> {
    let mut picture = Vec::new();
    for (table, columns) in [
        (
            "transfer",
            "id, cause, cause_id, cause_number, leg, kind, debit_id, credit_id, currency_id, amount, date_created",
        ),
        ("lead_event", "lead_id, number, kind, status, is_closed, level, user_id, date_created"),
        ("goal_version", "id, goal_id, date_from, date_recorded, money_type, payment, charge, hold_period"),
        ("account", "id, kind, owner_id, currency_id"),
    ] {
        let count = columns.split(", ").count();
        for row in query(&direct.main, &format!("SELECT {columns} FROM {table} ORDER BY 1, 2")).await {
            let values: Vec<i64> = (0..count).map(|at| row.try_get_by(at).expect("a number")).collect();
            picture.push(format!("{table} {values:?}"));
        }
    }
    picture
}

#[db_test]
async fn what_is_written_stays(db: TestDb) {
    let ids = rows::network(&db.store).await;
    let direct = Direct::open(&db.config).await;
    // An account in another currency, for transfers between two; it gets the highest number.
    let other = "INSERT INTO account (kind, owner_id, currency_id) VALUES (35, 0, 978)";
    direct.run(other).await.expect("an account in euro");
    let before = picture(&direct).await;
    assert!(
        ["transfer", "lead_event", "goal_version", "account"]
            .iter()
            .all(|table| before.iter().any(|row| row.starts_with(table)))
    );
    let attacks = attacks(&ids, direct.is_postgres());
    let mut accepted = Vec::new();
    for (name, sql) in &attacks {
        if direct.main.execute_unprepared(sql).await.is_ok() {
            accepted.push(format!("{name}: {sql}"));
        }
    }
    let database = if direct.is_postgres() { "PostgreSQL" } else { "SQLite" };
    let refused = attacks.len() - accepted.len();
    tell(&format!("immutable, {database}: {refused} of {} refused", attacks.len()));
    assert!(accepted.is_empty(), "accepted:\n{}", accepted.join("\n"));
    assert_eq!(picture(&direct).await, before);
}

/// The spoilt transfers above fail for their faults: the same one without a fault is taken.
#[db_test]
async fn a_good_transfer_is_taken(db: TestDb) {
    rows::network(&db.store).await;
    let direct = Direct::open(&db.config).await;
    let good = "INSERT INTO transfer (cause, cause_id, cause_number, leg, kind, debit_id, credit_id, currency_id, \
                amount, date_created) VALUES (1, 2, 1, 1, 1, (SELECT min(debit_id) FROM transfer), \
                (SELECT max(credit_id) FROM transfer), 840, 5, 0)";
    direct.run(good).await.expect("a good transfer");
}
