//! Both databases have the same schema, and the entities describe it.
//!
//! A schema is read as a set of sentences, so that a difference reads as what it is. `TRUNCATE` triggers are left out
//! (SQLite has no such statement), and so is who gives out ids (SQLite gives one wherever none is sent). References that
//! PostgreSQL does without are listed.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::entity::prelude::*;
use sea_orm::{ColumnType, EntityName, IdenStatic, Iterable, QuerySelect};
use whocpa_db_test::db_test;
use whocpa_domain::user::UserLevel;
use whocpa_domain::{Scope, Time};
use whocpa_store::testing::TestDb;
use whocpa_store::{
    account, advance, api_key, area, audit, balance, buyer, category, change, claim, click, condition,
    connection, cover, currency, decision, delivery, deposit, domain, event, export, feed, finding, forward,
    geo, goal, image, impression, landing, lead, lead_event, letter, letter_chat, letter_digest,
    letter_token, link, news, offer, offer_figure, offer_terms, parked_lead, payout, payout_batch, person,
    phone_claim, postback, product, promo, rate, referral, rerating, rule, second_factor, secret, session,
    stock, ticket, transfer, wallet,
};

use crate::direct::{Direct, tell, texts};
use crate::rows::{self, NOW};

/// Tables that have no public entity: read by statements, or through functions that are called below.
const WITHOUT_ENTITY: &[&str] = &[
    "cap_click",
    "click_mark",
    "lead_count",
    "lead_count_change",
    "lead_delta",
    "lease",
    "migration",
    "news_notice",
    "news_read",
    "node",
    "offer_category",
    "offer_day_mark",
    "offer_geo",
    "offer_language",
    "offer_traffic",
    "person_category",
    "sequence",
    "stat_country",
    "stat_country_day",
    "stat_day",
    "stat_kept",
    "stat_offer",
    "stat_offer_day",
    "stat_webmaster",
];

/// References that only SQLite checks: 0009_references says what holds them on PostgreSQL.
const CHECKED_BY_SQLITE: [&str; 7] = [
    "reference lead.advertiser_id to person.id",
    "reference lead.currency_id to currency.id",
    "reference lead.goal_id to goal.id",
    "reference lead.offer_id to offer.id",
    "reference transfer.credit_id to account.id",
    "reference transfer.currency_id to currency.id",
    "reference transfer.debit_id to account.id",
];

/// What only PostgreSQL has: 0028_balance says why.
const ON_POSTGRES: &str = "trigger transfer_share_lock on transfer before insert";

const SQLITE: [&str; 7] = [
    "SELECT 'table ' || name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
    "SELECT 'column ' || m.name || '.' || c.name || ' ' || CASE c.type WHEN 'INTEGER' THEN 'integer' \
     WHEN 'BIGINT' THEN 'integer' WHEN 'TEXT' THEN 'text' WHEN 'BOOLEAN' THEN 'boolean' WHEN 'BLOB' THEN 'bytes' \
     ELSE c.type END \
     || CASE WHEN c.\"notnull\" = 1 OR c.pk > 0 THEN '' ELSE ' null' END \
     FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'",
    "SELECT 'primary key ' || name || ' (' || columns || ')' FROM (SELECT m.name AS name, \
     (SELECT group_concat(c.name, ', ' ORDER BY c.pk) FROM pragma_table_info(m.name) c WHERE c.pk > 0) AS columns \
     FROM sqlite_master m WHERE m.type = 'table') WHERE columns IS NOT NULL",
    "SELECT CASE i.\"unique\" WHEN 1 THEN 'unique ' ELSE '' END || 'index on ' || m.name || ' (' || \
     (SELECT group_concat(COALESCE(c.name, 'an expression'), ', ' ORDER BY c.seqno) FROM pragma_index_info(i.name) c) || ')' \
     || CASE i.partial WHEN 1 THEN ' of some rows' ELSE '' END || ' named ' || i.name \
     FROM sqlite_master m, pragma_index_list(m.name) i WHERE m.type = 'table' AND i.origin <> 'pk'",
    "SELECT 'reference ' || m.name || '.' || f.\"from\" || ' to ' || f.\"table\" || '.' || f.\"to\" \
     FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'",
    "SELECT 'trigger ' || name || ' on ' || tbl_name || CASE WHEN sql LIKE '% BEFORE %' THEN ' before ' ELSE ' after ' END \
     || CASE WHEN sql LIKE '% UPDATE ON %' THEN 'update' WHEN sql LIKE '% DELETE ON %' THEN 'delete' \
     WHEN sql LIKE '% INSERT ON %' THEN 'insert' ELSE 'something else' END FROM sqlite_master WHERE type = 'trigger'",
    "SELECT 'checks on ' || name || ': ' || ((length(sql) - length(replace(sql, 'CHECK (', ''))) / 7) \
     FROM sqlite_master WHERE type = 'table' AND sql LIKE '%CHECK (%'",
];

const POSTGRES: [&str; 7] = [
    "SELECT 'table ' || tablename::text FROM pg_tables WHERE schemaname = 'public'",
    "SELECT 'column ' || table_name::text || '.' || column_name::text || ' ' || CASE data_type::text \
     WHEN 'bigint' THEN 'integer' WHEN 'bytea' THEN 'bytes' ELSE data_type::text END || CASE is_nullable::text WHEN 'YES' THEN ' null' ELSE '' END \
     FROM information_schema.columns WHERE table_schema = 'public'",
    "SELECT 'primary key ' || conrelid::regclass::text || ' (' || (SELECT string_agg(a.attname::text, ', ' ORDER BY k.n) \
     FROM unnest(conkey) WITH ORDINALITY k(attnum, n) JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = k.attnum) \
     || ')' FROM pg_constraint WHERE contype = 'p' AND connamespace = 'public'::regnamespace",
    "SELECT CASE WHEN i.indisunique THEN 'unique ' ELSE '' END || 'index on ' || i.indrelid::regclass::text || ' (' || \
     (SELECT string_agg(COALESCE(a.attname::text, 'an expression'), ', ' ORDER BY k.n) \
     FROM unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, n) LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum) || ')' \
     || CASE WHEN i.indpred IS NULL THEN '' ELSE ' of some rows' END || ' named ' || c.relname::text FROM pg_index i \
     JOIN pg_class c ON c.oid = i.indexrelid WHERE NOT i.indisprimary AND c.relnamespace = 'public'::regnamespace",
    "SELECT 'reference ' || conrelid::regclass::text || '.' || f.attname::text || ' to ' || confrelid::regclass::text \
     || '.' || t.attname::text FROM pg_constraint JOIN pg_attribute f ON f.attrelid = conrelid AND f.attnum = conkey[1] \
     JOIN pg_attribute t ON t.attrelid = confrelid AND t.attnum = confkey[1] \
     WHERE contype = 'f' AND connamespace = 'public'::regnamespace",
    "SELECT 'trigger ' || trigger_name::text || ' on ' || event_object_table::text || ' ' || lower(action_timing::text) \
     || ' ' || lower(event_manipulation::text) FROM information_schema.triggers WHERE trigger_schema = 'public'",
    "SELECT 'checks on ' || conrelid::regclass::text || ': ' || count(*) FROM pg_constraint \
     WHERE contype = 'c' AND connamespace = 'public'::regnamespace GROUP BY conrelid",
];

/// Everything about a store's schema that both databases must agree on.
pub async fn schema(direct: &Direct) -> BTreeSet<String> {
    let sentences: &[&str] = if direct.is_postgres() { &POSTGRES } else { &SQLITE };
    let mut schema = BTreeSet::new();
    for connection in direct.all() {
        for sentence in sentences {
            schema.append(&mut texts(connection, sentence).await);
        }
    }
    schema.into_iter().filter(|fact| !fact.contains("sqlite_")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn both_databases_have_the_same_schema() {
    let (sqlite, postgres) = (TestDb::sqlite().await, TestDb::postgres().await);
    let mut sqlite = schema(&Direct::open(&sqlite.config).await).await;
    let mut postgres = schema(&Direct::open(&postgres.config).await).await;
    assert!(postgres.remove(ON_POSTGRES), "PostgreSQL has no {ON_POSTGRES}");
    for reference in CHECKED_BY_SQLITE {
        assert!(sqlite.remove(reference), "SQLite has no {reference}");
    }
    for word in ["table", "column", "primary key", "unique index", "index", "reference", "trigger", "checks"]
    {
        assert!(sqlite.iter().any(|fact| fact.starts_with(word)), "no {word} was read");
    }
    let only = |of: &BTreeSet<String>, not: &BTreeSet<String>, name: &str| -> Vec<String> {
        of.difference(not).map(|fact| format!("only {name}: {fact}")).collect()
    };
    let differences = [only(&sqlite, &postgres, "SQLite"), only(&postgres, &sqlite, "PostgreSQL")].concat();
    assert!(differences.is_empty(), "\n{}", differences.join("\n"));
    tell(&format!("schema parity: {} facts, 0 differences", sqlite.len()));
}

#[test]
fn both_folders_have_the_same_migrations() {
    let names = |database: &str| -> BTreeSet<String> {
        let root = format!("{}/migrations/{database}", env!("CARGO_MANIFEST_DIR"));
        let folders = ["main", "clicks"].map(|folder| (folder, format!("{root}/{folder}")));
        let files = folders.into_iter().flat_map(|(folder, path)| {
            let files = std::fs::read_dir(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
            files.map(move |file| format!("{folder}/{}", file.expect("a file").file_name().display()))
        });
        files.collect()
    };
    let sqlite = names("sqlite");
    assert_eq!(sqlite, names("postgres"));
    assert!(
        !sqlite.is_empty() && sqlite.iter().all(|name| name.strip_suffix(".sql").is_some()),
        "{sqlite:?}"
    );
}

/// What an entity says of its table, in the words of [`schema`].
fn described<E: EntityTrait>() -> BTreeSet<String> {
    let table = E::default().table_name().to_owned();
    let columns = E::Column::iter().map(|column| {
        let def = column.def();
        let family = match def.get_column_type() {
            ColumnType::BigInteger => "integer",
            ColumnType::String(_) | ColumnType::Text => "text",
            ColumnType::Boolean => "boolean",
            ColumnType::Blob | ColumnType::VarBinary(_) => "bytes",
            _ => "of another type",
        };
        format!("column {table}.{} {family}{}", column.as_str(), if def.is_null() { " null" } else { "" })
    });
    columns.chain([format!("table {table}")]).collect()
}

macro_rules! check_entities {
    ($direct:ident, $schema:ident: $($entity:ty, $connection:ident;)*) => {{
        let mut seen: BTreeSet<String> = WITHOUT_ENTITY.iter().map(ToString::to_string).collect();
        $(
            let table = <$entity>::default().table_name().to_owned();
            let of_table = |fact: &&String| {
                **fact == format!("table {table}") || fact.starts_with(&format!("column {table}."))
            };
            let stored: BTreeSet<String> = $schema.iter().filter(of_table).cloned().collect();
            assert_eq!(described::<$entity>(), stored, "{table}");
            let rows = <$entity>::find().limit(3).all(&$direct.$connection).await;
            rows.unwrap_or_else(|error| panic!("{table}: {error}"));
            assert!(seen.insert(table.clone()), "{table} is listed twice");
        )*
        seen
    }};
}

/// The entities, in two functions: there are many.
async fn first_tables(direct: &Direct, schema: &BTreeSet<String>) -> BTreeSet<String> {
    check_entities! { direct, schema:
        account::Entity, main;
        advance::Entity, main;
        api_key::Entity, main;
        area::Entity, main;
        audit::Entity, main;
        balance::Entity, main;
        balance::mark::Entity, main;
        buyer::Entity, main;
        category::Entity, main;
        change::Entity, main;
        claim::Entity, main;
        click::Entity, clicks;
        condition::Entity, main;
        condition::version::Entity, main;
        connection::Entity, main;
        cover::Entity, main;
        currency::Entity, main;
        delivery::Entity, main;
        delivery::attempt::Entity, main;
        deposit::Entity, main;
        decision::Entity, main;
        decision::row::Entity, main;
        decision::verdict::Entity, main;
        domain::Entity, main;
        event::Entity, main;
        export::Entity, main;
        export::piece::Entity, main;
        feed::Entity, main;
        feed::fault::Entity, main;
        feed::part::Entity, main;
        finding::Entity, main;
        forward::Entity, main;
        geo::Entity, main;
        goal::Entity, main;
    }
}

async fn other_tables(direct: &Direct, schema: &BTreeSet<String>) -> BTreeSet<String> {
    check_entities! { direct, schema:
        goal::version::Entity, main;
        image::Entity, main;
        impression::Entity, main;
        landing::Entity, main;
        lead::Entity, main;
        lead_event::Entity, main;
        letter::Entity, main;
        letter::news::Entity, main;
        letter_chat::Entity, main;
        letter_digest::Entity, main;
        letter_token::Entity, main;
        link::Entity, main;
        news::Entity, main;
        offer::Entity, main;
        offer_figure::Entity, main;
        offer_figure::day::Entity, main;
        offer_terms::Entity, main;
        parked_lead::Entity, main;
        payout::Entity, main;
        payout_batch::Entity, main;
        person::Entity, main;
        phone_claim::Entity, main;
        postback::Entity, main;
        product::Entity, main;
        promo::Entity, main;
        rate::Entity, main;
        referral::Entity, main;
        rerating::Entity, main;
        rerating::row::Entity, main;
        rule::Entity, main;
        second_factor::Entity, main;
        second_factor::recovery::Entity, main;
        secret::Entity, main;
        session::Entity, main;
        stock::Entity, main;
        ticket::Entity, main;
        ticket::message::Entity, main;
        transfer::Entity, main;
        wallet::Entity, main;
    }
}

#[db_test]
async fn every_entity_describes_its_table(db: TestDb) {
    rows::network(&db.store).await;
    let direct = &Direct::open(&db.config).await;
    let schema = schema(direct).await;
    let mut seen = first_tables(direct, &schema).await;
    seen.extend(other_tables(direct, &schema).await);
    let tables: BTreeSet<String> =
        schema.iter().filter_map(|fact| fact.strip_prefix("table ")).map(str::to_owned).collect();
    assert_eq!(seen, tables, "a new table needs its entity in this list");
}

/// Tables whose entities are their module's own.
#[db_test]
async fn private_entities_work(db: TestDb) {
    let advertiser_id = rows::person(&db.store, UserLevel::Advertiser, "ada").await;
    let offer = &rows::offer_row(advertiser_id);
    let news = &news::News {
        id: 0,
        r#type: 1,
        offer_id: None,
        stock_id: None,
        header: "h".to_owned(),
        body: "b".to_owned(),
        plain: "b".to_owned(),
        img: String::new(),
        is_important: true,
        date_created: NOW.0,
        date_start: NOW.0,
        date_end: None,
    };
    let done = db.store.write(move |db| async move {
        let category = category::Category {
            id: 0,
            name_en: "Tea".to_owned(),
            name_ru: "Чай".to_owned(),
            is_active: true,
        };
        let category_id = category::create(&db, category).await?;
        let id = offer::create(&db, offer.clone()).await?;
        let geo_id = geo::list(&db, Scope::All).await?[0].id;
        offer::set_categories(&db, id, &[category_id]).await?;
        offer::set_geos(&db, id, &[geo_id]).await?;
        assert_eq!(offer::categories(&db, &[id]).await?[&id], [category_id]);
        assert_eq!(offer::geos(&db, &[id]).await?[&id], [geo_id]);
        offer::set_languages(&db, id, &["en".to_owned()]).await?;
        assert_eq!(offer::languages(&db, &[id]).await?[&id], ["en"]);
        offer::set_traffic(&db, id, &[(1, true), (8, false)]).await?;
        assert_eq!(offer::traffic(&db, &[id]).await?[&id], [(1, true), (8, false)]);
        let clicks = BTreeMap::from([(id, 7), (id + 1000, 1)]);
        assert!(
            offer_figure::day_add(&db, (0, 10), 19_000, &clicks).await?,
            "an offer that is gone is left out"
        );
        assert!(!offer_figure::day_add(&db, (0, 20), 19_000, &clicks).await?, "the mark is elsewhere");
        assert!(offer_figure::day_add(&db, (10, 20), 19_000, &clicks).await?);
        assert_eq!(offer_figure::counted_ms(&db).await?, 20);
        assert_eq!(offer_figure::counted(&db, Time(19_000 * 86_400)).await?[&id].clicks, 14);
        assert!(!offer_figure::counted(&db, Time(19_001 * 86_400)).await?.contains_key(&id));
        let news_id = news::create(&db, news.clone()).await?;
        assert_eq!(news::count_unread(&db, Scope::All, advertiser_id, NOW).await?, 1);
        news::set_read(&db, advertiser_id, news_id, true, NOW).await?;
        assert_eq!(news::count_unread(&db, Scope::All, advertiser_id, NOW).await?, 0);
        assert!(news::notice_create(&db, "one", NOW).await? && !news::notice_create(&db, "one", NOW).await?);
        assert!(news::read_by(&db, advertiser_id, &[news_id]).await?.contains(&news_id));
        Ok(())
    });
    done.await.expect("write and read");
}

/// A picture that nothing shows is removed after a week: whoever shows one must say so.
#[db_test]
async fn every_column_that_shows_pictures_keeps_them(db: TestDb) {
    let direct = &Direct::open(&db.config).await;
    let columns: BTreeSet<String> = schema(direct)
        .await
        .iter()
        .filter_map(|fact| fact.strip_prefix("column ")?.strip_suffix(" text null"))
        .filter(|column| column.split('.').nth(1) == Some("image"))
        .map(str::to_owned)
        .collect();
    let listed = image::USES.iter().map(|(table, column)| format!("{table}.{column}")).collect();
    assert_eq!(columns, listed, "a column named image must stand in `store::image::USES`");
}
