//! Promos, products and stocks that visitors' addresses name: they count where they belong to the click's offer.

use std::collections::BTreeSet;

use sea_orm::entity::prelude::*;
use sea_orm::{QuerySelect, Select};
use whocpa_domain::Result;
use whocpa_domain::click::Click;

use crate::db::{self, Db};
use crate::{product, promo, stock};

/// An object and its offer.
type Pair = (i64, i64);

/// Takes out of clicks what is not of their offer. Reads nothing when none names anything.
pub async fn keep_own(db: &Db, clicks: impl Iterator<Item = &mut Click>) -> Result<()> {
    let names = |click: &&mut Click| [click.promo_id, click.product_id, click.stock_id] != [0; 3];
    let mut clicks: Vec<&mut Click> = clicks.filter(names).collect();
    if clicks.is_empty() {
        return Ok(());
    }
    let ids = |of: fn(&Click) -> i64| -> Vec<i64> {
        let ids: BTreeSet<i64> = clicks.iter().map(|click| of(click)).filter(|id| *id != 0).collect();
        ids.into_iter().collect()
    };
    let (promos, products, stocks) =
        (ids(|click| click.promo_id), ids(|click| click.product_id), ids(|click| click.stock_id));
    let promos =
        pairs(db, promo::Entity::find(), (promo::Column::Id, promo::Column::OfferId), promos).await?;
    let products =
        pairs(db, product::Entity::find(), (product::Column::Id, product::Column::OfferId), products).await?;
    let stocks =
        pairs(db, stock::Entity::find(), (stock::Column::Id, stock::Column::OfferId), stocks).await?;
    for click in &mut clicks {
        let offer_id = click.offer_id;
        for (slot, own) in [
            (&mut click.promo_id, &promos),
            (&mut click.product_id, &products),
            (&mut click.stock_id, &stocks),
        ] {
            if !own.contains(&(*slot, offer_id)) {
                *slot = 0;
            }
        }
    }
    Ok(())
}

async fn pairs<E: EntityTrait>(
    db: &Db,
    select: Select<E>,
    (id, offer_id): (E::Column, E::Column),
    wanted: Vec<i64>,
) -> Result<BTreeSet<Pair>> {
    if wanted.is_empty() {
        return Ok(BTreeSet::new());
    }
    let select = select.select_only().column(id).column(offer_id).filter(id.is_in(wanted));
    let found: Vec<Pair> = select.into_tuple().all(&db.conn()).await.map_err(db::error)?;
    Ok(found.into_iter().collect())
}
