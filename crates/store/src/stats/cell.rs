//! The rows behind a number: the same conditions that counted it, for the lists of clicks and of leads.

use sea_orm::Value;
use sea_orm::sea_query::Expr;
use whocpa_domain::Result;
use whocpa_domain::lead::LeadStatus;
use whocpa_domain::stat::{Dimension, Measure, Source};
use whocpa_domain::tid::first_click_id;

use super::sql::{Among, Rows, Sql};
use super::{Known, StatQuery};
use crate::db::Db;

/// A number of a report.
#[derive(Debug, Clone)]
pub struct Cell {
    /// The question, whose filters have the row's values in them; its group is not looked at.
    pub query: StatQuery,
    /// Which number; all rows of clicks, or of leads, unless told.
    pub measure: Option<Measure>,
}

/// Which rows a number counts.
#[derive(Debug, Clone)]
pub struct Behind {
    conditions: Vec<String>,
    values: Vec<Value>,
}

impl Behind {
    /// As a condition of a question to the rows' own table.
    pub(crate) fn expr(&self) -> Expr {
        Expr::cust_with_values(format!("({})", self.conditions.join(" AND ")), self.values.clone())
    }
}

impl Cell {
    /// The clicks that it counts. `db` is where people and offers are.
    pub async fn clicks(&self, db: &Db) -> Result<Behind> {
        let period = &self.query.period;
        let known = Known::read(db, whocpa_domain::Scope::All, &self.query).await?;
        let mut sql = Sql::new(db.backend());
        let (from, until) = (first_click_id(period.from), first_click_id(period.until));
        sql.conditions.push(format!("id >= {from} AND id < {until}"));
        sql.among(Rows::Clicks, period, &known.filters(&self.query, Source::Clicks));
        sql.conditions.extend(match self.measure {
            Some(Measure::Clicks) => Some("bot_mark = 0".to_owned()),
            Some(Measure::Uniques) => Some("bot_mark = 0 AND is_unique".to_owned()),
            Some(Measure::Bots) => Some("bot_mark <> 0".to_owned()),
            Some(Measure::Unsent) => Some("bot_mark = 0 AND reason <> 0".to_owned()),
            _ => None,
        });
        Ok(Behind { conditions: sql.conditions, values: sql.values })
    }

    /// The leads that it counts.
    pub async fn leads(&self, db: &Db) -> Result<Behind> {
        let period = &self.query.period;
        let known = Known::read(db, whocpa_domain::Scope::All, &self.query).await?;
        let mut sql = Sql::new(db.backend());
        let (from, until) = (period.from.0, period.until.0);
        sql.conditions.push(format!("lead.date_created >= {from} AND lead.date_created < {until}"));
        let filters = known.filters(&self.query, Source::Leads);
        let is_state = |among: &Among| {
            matches!(among.dimension, Dimension::Status | Dimension::Reason | Dimension::Currency)
        };
        let Some(at) = self.query.as_of else {
            sql.among(Rows::Leads, period, &filters);
            sql.conditions.extend(self.state("lead"));
            return Ok(Behind { conditions: sql.conditions, values: sql.values });
        };
        let (state, facts): (Vec<Among>, Vec<Among>) = filters.into_iter().partition(is_state);
        sql.among(Rows::Leads, period, &facts);
        // States are numbers, which stand in the text: the values keep their order.
        let mut then = Sql::new(db.backend());
        then.among(Rows::LeadsThen, period, &state);
        then.conditions.extend(self.state("d"));
        then.conditions.insert(0, format!("d.lead_id = lead.id AND d.date_recorded <= {}", at.0));
        sql.conditions.push(format!(
            "EXISTS (SELECT 1 FROM lead_delta d WHERE {} GROUP BY d.status, d.is_closed, d.reason_code, \
             d.currency_id, d.charge, d.payout HAVING SUM(d.count) > 0)",
            then.conditions.join(" AND ")
        ));
        Ok(Behind { conditions: sql.conditions, values: sql.values })
    }

    /// What state a lead is in that the measure counts.
    fn state(&self, table: &str) -> Option<String> {
        let is = |status: LeadStatus| format!("{table}.status = {}", status.code());
        let on = |status: LeadStatus, closed: i64| format!("{} AND {table}.is_closed = {closed}", is(status));
        match self.measure? {
            Measure::Quality => {
                let bad = [LeadStatus::Spam.code(), LeadStatus::Double.code()];
                Some(format!("{table}.status NOT IN ({}, {})", bad[0], bad[1]))
            }
            Measure::Pending => Some(is(LeadStatus::Pending)),
            Measure::ApprovedHold => Some(on(LeadStatus::Approved, 0)),
            Measure::Approved => Some(on(LeadStatus::Approved, 1)),
            Measure::RejectedHold => Some(on(LeadStatus::Rejected, 0)),
            Measure::Rejected => Some(on(LeadStatus::Rejected, 1)),
            Measure::Spam => Some(is(LeadStatus::Spam)),
            Measure::Double => Some(is(LeadStatus::Double)),
            _ => None,
        }
    }
}
