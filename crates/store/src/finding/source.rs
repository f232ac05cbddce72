//! What sources of traffic brought to offers.

use sea_orm::{ConnectionTrait, DbErr, QueryResult, Value};
use whocpa_domain::click::ClickReason;
use whocpa_domain::lead::LeadStatus;
use whocpa_domain::quality::{RuleSource, SourceCounts};
use whocpa_domain::tid::click_id;
use whocpa_domain::{Result, Time};

use crate::db::{self, Db};
use crate::migrate::statement;
use crate::rule::Rule;

/// What tells one source of a webmaster from his others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// An area; 0 for clicks without one.
    Area(i64),
    /// The first label.
    Subid(String),
}

/// Offer, webmaster, source, and the counts of leads; the clicks are not counted yet.
pub type SourceLeads = ((i64, i64, Source), SourceCounts);

/// The sources whose clicks since this moment brought enough leads for a rule, in order, at most so many.
pub async fn sources(db: &Db, rule: &Rule, since: Time, limit: i64) -> Result<Vec<SourceLeads>> {
    let is_area = rule.source == RuleSource::Area.code();
    let column = if is_area { "COALESCE(area_id, 0)" } else { "subid1" };
    // The first condition is that of the index: a lead is no older than its click.
    let sql = format!(
        "SELECT offer_id, webmaster_id, {column}, COUNT(*), \
         CAST(SUM(CASE WHEN date_created - date_redirect < $1 THEN 1 ELSE 0 END) AS BIGINT), \
         CAST(SUM(CASE WHEN status <> $2 THEN 1 ELSE 0 END) AS BIGINT), \
         CAST(SUM(CASE WHEN status = $3 OR status = $4 THEN 1 ELSE 0 END) AS BIGINT) \
         FROM lead WHERE date_created >= $5 AND date_redirect >= $5 AND status <> $6{}{} \
         GROUP BY offer_id, webmaster_id, {column} HAVING COUNT(*) >= $7 ORDER BY 1, 2, 3 LIMIT $8",
        if is_area { "" } else { " AND subid1 <> ''" },
        if rule.offer_id.is_some() { " AND offer_id = $9" } else { "" },
    );
    let mut values: Vec<Value> = vec![
        rule.seconds.into(),
        LeadStatus::Pending.code().into(),
        LeadStatus::Rejected.code().into(),
        LeadStatus::Spam.code().into(),
        since.0.into(),
        LeadStatus::Double.code().into(),
        rule.min_leads.into(),
        limit.into(),
    ];
    values.extend(rule.offer_id.map(Value::from));
    let rows = db.conn().query_all_raw(statement(db, &sql, values)).await.map_err(db::error)?;
    let read = |row: &QueryResult| -> Result<SourceLeads, DbErr> {
        let source =
            if is_area { Source::Area(row.try_get_by(2)?) } else { Source::Subid(row.try_get_by(2)?) };
        let counts = SourceCounts {
            clicks: 0,
            leads: row.try_get_by(3)?,
            fast: row.try_get_by(4)?,
            decided: row.try_get_by(5)?,
            refused: row.try_get_by(6)?,
        };
        Ok(((row.try_get_by(0)?, row.try_get_by(1)?, source), counts))
    };
    rows.iter().map(read).collect::<Result<_, DbErr>>().map_err(db::error)
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
    };
    let sql = format!(
        "SELECT COUNT(*) FROM click WHERE webmaster_id = $1 AND id >= $2 AND offer_id = $3 AND reason = $4 AND {column} = $5"
    );
    let first = click_id(since.0 * 1000, 0, 0);
    let values = [webmaster_id.into(), first.into(), offer_id.into(), ClickReason::Sent.code().into(), value];
    let row = db.conn().query_one_raw(statement(db, &sql, values)).await.map_err(db::error)?;
    row.map_or(Ok(0), |row| row.try_get_by(0).map_err(db::error))
}
