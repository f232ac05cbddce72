//! Data that ships with the program: regions (GeoNames, ISO 3166) and currencies (ISO 4217 and USDT).
//!
//! Sources and licences are in `data/geo/README.md`. A load adds and renames; it never removes a region that offers
//! may use, and it keeps what an operator changed (`is_displayed`, `is_active`).

use sea_orm::sea_query::OnConflict;
use sea_orm::{EntityTrait, Set};
use sha2::{Digest, Sha256};
use whocpa_domain::hex::hex;
use whocpa_domain::{Error, Result, Time};

use crate::db::{self, Db};
use crate::{currency, geo, secret};

const GEO: &str = include_str!("../../../data/geo/geo.tsv");
const CURRENCY: &str = include_str!("../../../data/currency.tsv");
/// Rows of one insert: below the smallest limit of bound values (SQLite 32 766, PostgreSQL 65 535).
const CHUNK: usize = 2000;
/// Kind under which the checksum of the loaded data is remembered.
const MARK: &str = "seed_checksum";

/// Loads the data unless exactly this data is there already.
pub(crate) async fn load(db: &Db) -> Result<()> {
    let checksum = hex(&Sha256::digest(format!("{GEO}{CURRENCY}")));
    if secret::newest(db, MARK).await? == Some(checksum.clone()) {
        return Ok(());
    }
    load_currencies(db).await?;
    load_geo(db).await?;
    secret::add(db, MARK, &checksum, Time(0)).await
}

async fn load_currencies(db: &Db) -> Result<()> {
    let mut rows = Vec::new();
    for [id, code, digits, name_en, name_ru] in table(CURRENCY)? {
        rows.push(currency::ActiveModel {
            id: Set(number(id)?),
            code: Set(code.to_owned()),
            digits: Set(number(digits)?),
            name_en: Set(name_en.to_owned()),
            name_ru: Set(name_ru.to_owned()),
            is_active: Set(true),
        });
    }
    let names = [currency::Column::NameEn, currency::Column::NameRu];
    let same = OnConflict::column(currency::Column::Id).update_columns(names).to_owned();
    currency::Entity::insert_many(rows).on_conflict(same).exec(&db.conn()).await.map(drop).map_err(db::error)
}

async fn load_geo(db: &Db) -> Result<()> {
    let mut rows = Vec::new();
    for [id, parent_id, kind, code, name_en, name_ru, population] in table(GEO)? {
        let optional = |text: &str| {
            if text.is_empty() { Ok(None) } else { number(text).map(Some) }
        };
        rows.push((
            number(kind)?,
            geo::ActiveModel {
                id: Set(number(id)?),
                parent_id: Set(optional(parent_id)?),
                r#type: Set(number(kind)?),
                code: Set(code.to_owned()),
                name_en: Set(name_en.to_owned()),
                name_ru: Set(name_ru.to_owned()),
                population: Set(optional(population)?),
                is_displayed: Set(true),
            },
        ));
    }
    // Parents before children: the type codes rise with depth, and a group's parent group has the smaller id.
    rows.sort_by_key(|(kind, row)| (*kind, row.parent_id.clone().take().flatten(), row.id.clone().take()));
    let rows: Vec<geo::ActiveModel> = rows.into_iter().map(|(_, row)| row).collect();
    for chunk in rows.chunks(CHUNK) {
        let columns =
            [geo::Column::ParentId, geo::Column::NameEn, geo::Column::NameRu, geo::Column::Population];
        let same = OnConflict::column(geo::Column::Id).update_columns(columns).to_owned();
        geo::Entity::insert_many(chunk.to_vec())
            .on_conflict(same)
            .exec(&db.conn())
            .await
            .map_err(db::error)?;
    }
    Ok(())
}

fn table<const N: usize>(text: &'static str) -> Result<Vec<[&'static str; N]>> {
    text.lines()
        .skip(1)
        .map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            columns.try_into().map_err(|_| Error::Internal(format!("shipped data has a bad line: {line}")))
        })
        .collect()
}

fn number(text: &str) -> Result<i64> {
    text.parse().map_err(|_| Error::Internal(format!("shipped data has a bad number: {text}")))
}
