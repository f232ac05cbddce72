//! The drainer's way into the store: on PostgreSQL by COPY, which costs a fraction of an INSERT (design §11 allows it
//! beneath the query layer), on SQLite by prepared inserts of many rows.

use std::fmt::Write;

use sea_orm::sqlx::query::Query;
use sea_orm::sqlx::{self, AssertSqlSafe, PgConnection, Postgres, Transaction};
use whocpa_domain::click::Click;
use whocpa_domain::{Error, Result};

use crate::click::{self, COLUMN_NAMES, ClickMark};
use crate::{Backend, Store, stats};

/// PostgreSQL's code for a broken uniqueness rule.
const UNIQUE_VIOLATION: &str = "23505";

impl Store {
    /// Stores clicks with their sums and moves the log's mark past them in one transaction; clicks that are there already
    /// stay.
    pub async fn click_write(&self, log: &str, mark: ClickMark, clicks: &[Click]) -> Result<()> {
        if self.clicks().backend() == Backend::Postgres && self.click_copy(log, mark, clicks).await? {
            return Ok(());
        }
        self.write_clicks(move |db| async move { click::create(&db, log, mark, clicks).await }).await
    }

    /// False when a click is there already: COPY cannot leave it out, the caller inserts the batch instead.
    async fn click_copy(&self, log: &str, mark: ClickMark, clicks: &[Click]) -> Result<bool> {
        #[expect(clippy::disallowed_methods, reason = "COPY needs the connection itself; nothing else does")]
        let mut transaction = self.clicks_pool().begin().await.map_err(failed)?;
        match copy(&mut transaction, clicks).await {
            Ok(()) => {}
            Err(sqlx::Error::Database(refusal)) if refusal.code().as_deref() == Some(UNIQUE_VIOLATION) => {
                return Ok(false);
            }
            Err(other) => return Err(failed(other)),
        }
        for (sql, values) in stats::statements(&clicks.iter().collect::<Vec<_>>()) {
            let query = values.into_iter().fold(sqlx::query(AssertSqlSafe(sql)), Query::bind);
            query.execute(&mut *transaction).await.map_err(failed)?;
        }
        move_mark(transaction, log, mark).await.map_err(failed)?;
        Ok(true)
    }
}

async fn copy(connection: &mut PgConnection, clicks: &[Click]) -> sqlx::Result<()> {
    let mut text = String::with_capacity(clicks.len() * 320);
    for click in clicks {
        line(&mut text, click);
    }
    let mut copy = connection.copy_in_raw(&format!("COPY click ({COLUMN_NAMES}) FROM STDIN")).await?;
    copy.send(text.as_bytes()).await?;
    copy.finish().await.map(drop)
}

async fn move_mark(
    mut transaction: Transaction<'_, Postgres>,
    log: &str,
    mark: ClickMark,
) -> sqlx::Result<()> {
    let moved = sqlx::query(click::MOVE_MARK).bind(log).bind(mark.segment).bind(mark.place);
    moved.execute(&mut *transaction).await?;
    transaction.commit().await
}

/// One row in COPY's text form.
fn line(out: &mut String, click: &Click) {
    numbers(out, &[click.id, click.link_id, click.offer_id, click.webmaster_id, click.area_id, click.reason]);
    texts(out, &[&click.code, &click.ip, &click.country, &click.ua, &click.language, &click.referer]);
    let [subid1, subid2, subid3, subid4, subid5] = &click.subid;
    texts(out, &[&click.keyword, subid1, subid2, subid3, subid4, subid5, &click.query]);
    numbers(out, &[click.cookie_ttl_days, click.way, click.device]);
    texts(out, &[&click.os, &click.os_version, &click.browser, &click.browser_version]);
    numbers(out, &[click.bot_mark]);
    out.push_str(if click.is_unique { "t\t" } else { "f\t" });
    numbers(out, &[click.landing_id, click.promo_id, click.product_id, click.stock_id]);
    numbers(out, &[click.deeplink_id, click.domain_id]);
    texts(out, &[&click.trace, &click.params]);
    out.pop();
    out.push('\n');
}

fn numbers(out: &mut String, values: &[i64]) {
    for value in values {
        // Writing to a String cannot fail.
        let _ = write!(out, "{value}\t");
    }
}

fn texts(out: &mut String, values: &[&String]) {
    for value in values {
        escape(out, value);
        out.push('\t');
    }
}

/// Backslash, tab, newline and carriage return have a meaning in COPY's text form.
fn escape(out: &mut String, text: &str) {
    if !text.contains(['\\', '\t', '\n', '\r']) {
        out.push_str(text);
        return;
    }
    for letter in text.chars() {
        match letter {
            '\\' => out.push_str("\\\\"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            other => out.push(other),
        }
    }
}

fn failed(error: sqlx::Error) -> Error {
    crate::db::error(sea_orm::DbErr::Exec(sea_orm::RuntimeErr::SqlxError(error.into())))
}
