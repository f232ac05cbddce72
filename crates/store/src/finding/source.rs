//! What sources of traffic brought to offers.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ConnectionTrait, DbErr, QueryResult, Value};
use whocpa_domain::click::ClickReason;
use whocpa_domain::lead::LeadStatus;
use whocpa_domain::quality::{RuleKind, RuleSource, SourceCounts};
use whocpa_domain::tid::click_id;
use whocpa_domain::{Result, Time};

use crate::db::{self, Db};
use crate::migrate::statement;
use crate::rule::Rule;
use crate::wallet;

/// What tells one source of a webmaster from his others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// An area; 0 for clicks without one.
    Area(i64),
    /// The first label.
    Subid(String),
    /// All that he has.
    Webmaster,
}

/// Offer, webmaster, source, and the counts of leads; the clicks are not counted yet.
pub type SourceLeads = ((i64, i64, Source), SourceCounts);

/// The sources whose clicks since this moment brought enough leads for a rule, in order, at most so many.
pub async fn sources(db: &Db, rule: &Rule, since: Time, limit: i64) -> Result<Vec<SourceLeads>> {
    let source = RuleSource::from_code(rule.source).unwrap_or(RuleSource::Area);
    let is_about_wallets = rule.kind == RuleKind::SharedWallet.code();
    let (column, some) = match source {
        RuleSource::Area => ("COALESCE(area_id, 0)", String::new()),
        RuleSource::Subid => ("subid1", " AND subid1 <> ''".to_owned()),
        RuleSource::Webmaster if is_about_wallets => {
            ("webmaster_id", format!(" AND webmaster_id IN ({})", sharers()))
        }
        RuleSource::Webmaster => ("webmaster_id", String::new()),
    };
    // Leads of those who share a wallet are added up afterwards: one of each is enough here.
    let min_leads = if is_about_wallets { 1 } else { rule.min_leads };
    // The first condition is that of the index: a lead is no older than its click.
    let sql = format!(
        "SELECT offer_id, webmaster_id, {column}, COUNT(*), \
         CAST(SUM(CASE WHEN date_created - date_redirect < $1 THEN 1 ELSE 0 END) AS BIGINT), \
         CAST(SUM(CASE WHEN status <> $2 THEN 1 ELSE 0 END) AS BIGINT), \
         CAST(SUM(CASE WHEN status = $3 OR status = $4 THEN 1 ELSE 0 END) AS BIGINT) \
         FROM lead WHERE date_created >= $5 AND date_redirect >= $5 AND status <> $6{}{} \
         GROUP BY offer_id, webmaster_id, {column} HAVING COUNT(*) >= $7 ORDER BY 1, 2, 3 LIMIT $8",
        some,
        if rule.offer_id.is_some() { " AND offer_id = $9" } else { "" },
    );
    let mut values: Vec<Value> = vec![
        rule.seconds.into(),
        LeadStatus::Pending.code().into(),
        LeadStatus::Rejected.code().into(),
        LeadStatus::Spam.code().into(),
        since.0.into(),
        LeadStatus::Double.code().into(),
        min_leads.into(),
        limit.into(),
    ];
    values.extend(rule.offer_id.map(Value::from));
    let rows = db.conn().query_all_raw(statement(db, &sql, values)).await.map_err(db::error)?;
    let read = |row: &QueryResult| -> Result<SourceLeads, DbErr> {
        let source = match source {
            RuleSource::Area => Source::Area(row.try_get_by(2)?),
            RuleSource::Subid => Source::Subid(row.try_get_by(2)?),
            RuleSource::Webmaster => Source::Webmaster,
        };
        let counts = SourceCounts {
            clicks: 0,
            leads: row.try_get_by(3)?,
            fast: row.try_get_by(4)?,
            decided: row.try_get_by(5)?,
            refused: row.try_get_by(6)?,
            shared: 0,
        };
        Ok(((row.try_get_by(0)?, row.try_get_by(1)?, source), counts))
    };
    let mut found: Vec<SourceLeads> =
        rows.iter().map(read).collect::<Result<_, DbErr>>().map_err(db::error)?;
    if is_about_wallets {
        add_shared(&mut found, &sharing(db).await?);
    }
    Ok(found)
}

/// Wallets that an operator approved: anybody can enter an account that is somebody else's. Each is found in an index alone.
fn shared_wallets(columns: &str) -> String {
    format!(
        "SELECT {columns} FROM wallet mine WHERE {} AND EXISTS (SELECT 1 FROM wallet other \
         WHERE other.account_hash = mine.account_hash AND other.webmaster_id <> mine.webmaster_id AND {})",
        wallet::is_paid_to("mine"),
        wallet::is_paid_to("other"),
    )
}

/// The webmasters who are paid to an account to which others are paid too.
fn sharers() -> String {
    shared_wallets("mine.webmaster_id")
}

/// With whom each webmaster shares an account.
async fn sharing(db: &Db) -> Result<BTreeMap<i64, BTreeSet<i64>>> {
    let sql = shared_wallets("mine.account_hash, mine.webmaster_id");
    let rows = db.conn().query_all_raw(statement(db, &sql, [])).await.map_err(db::error)?;
    let mut of_account: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
    for row in &rows {
        let account = row.try_get_by(0).map_err(db::error)?;
        of_account.entry(account).or_default().insert(row.try_get_by(1).map_err(db::error)?);
    }
    let mut with: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
    for people in of_account.values() {
        for one in people {
            with.entry(*one).or_default().extend(people.iter().filter(|other| *other != one));
        }
    }
    Ok(with)
}

/// Adds to each webmaster's leads of an offer how many those brought who share an account with him.
fn add_shared(found: &mut [SourceLeads], with: &BTreeMap<i64, BTreeSet<i64>>) {
    let leads: BTreeMap<(i64, i64), i64> =
        found.iter().map(|((offer, webmaster, _), counts)| ((*offer, *webmaster), counts.leads)).collect();
    for ((offer, webmaster, _), counts) in found {
        let others = with.get(webmaster).into_iter().flatten();
        counts.shared = others.filter_map(|other| leads.get(&(*offer, *other))).sum();
    }
}

/// How many visitors of a source were sent to an offer since this moment. `db` is where clicks are.
pub async fn clicks(
    db: &Db,
    (offer_id, webmaster_id, source): (i64, i64, &Source),
    since: Time,
) -> Result<i64> {
    let (column, value): (&str, Value) = match source {
        Source::Area(id) => ("area_id", (*id).into()),
        Source::Subid(text) => ("subid1", text.as_str().into()),
        Source::Webmaster => ("webmaster_id", webmaster_id.into()),
    };
    let sql = format!(
        "SELECT COUNT(*) FROM click WHERE webmaster_id = $1 AND id >= $2 AND offer_id = $3 AND reason = $4 AND {column} = $5"
    );
    let first = click_id(since.0 * 1000, 0, 0);
    let values = [webmaster_id.into(), first.into(), offer_id.into(), ClickReason::Sent.code().into(), value];
    let row = db.conn().query_one_raw(statement(db, &sql, values)).await.map_err(db::error)?;
    row.map_or(Ok(0), |row| row.try_get_by(0).map_err(db::error))
}
