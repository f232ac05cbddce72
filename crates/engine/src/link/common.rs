//! What links and deeplinks have in common: their checks, and how they are written.

use whocpa_domain::area::AreaStatus;
use whocpa_domain::connection::ConnectionStatus;
use whocpa_domain::input::Patch;
use whocpa_domain::{Error, FieldErrors, Method, Resource, Result, Scope};
use whocpa_store::change::{self, ChangeKind};
use whocpa_store::link::{self, Link, LinkKind};
use whocpa_store::{Db, area, connection, offer, promo};

use super::SUBID;
use crate::audit::Changes;
use crate::domain::check_domain;
use crate::{Caller, Engine, check};

/// Letters of a link's code: 10 of 5 bits, so that codes cannot be found by trying.
const CODE_LETTERS: usize = 10;

impl Engine {
    /// Checks what needs no store.
    pub(crate) fn link_check(&self, row: &Link) -> Result<()> {
        let mut errors = FieldErrors::default();
        check::line(&mut errors, "name", &row.name);
        for (field, value) in [
            ("subid1", &row.subid1),
            ("subid2", &row.subid2),
            ("subid3", &row.subid3),
            ("subid4", &row.subid4),
            ("subid5", &row.subid5),
        ] {
            SUBID.check(&mut errors, field, value);
        }
        self.check_traffback(&mut errors, &row.url_traffback, row.webmaster_id);
        errors.finish()
    }

    /// Stores a new row under a code of its own; gives its id.
    pub(crate) async fn link_insert(
        &self,
        db: &Db,
        caller: Caller,
        resource: Resource,
        row: &Link,
    ) -> Result<i64> {
        // Drawn in the transaction: a taken code makes the store run this again.
        let row = Link { code: self.rng().letters(CODE_LETTERS), ..row.clone() };
        let id = link::create(db, row.clone()).await?;
        change::create(db, ChangeKind::Link, id, self.now()).await?;
        self.note(db, caller, resource, id, Changes::created(&Link { id, ..row })).await?;
        Ok(id)
    }

    /// Stores a changed row.
    pub(crate) async fn link_save(
        &self,
        db: &Db,
        caller: Caller,
        resource: Resource,
        (before, row): (&Link, Link),
    ) -> Result<()> {
        let (id, changes) = (row.id, Changes::updated(before, &row));
        link::update(db, row).await?;
        change::create(db, ChangeKind::Link, id, self.now()).await?;
        self.note(db, caller, resource, id, changes).await
    }

    /// Marks a row deleted: clicks and leads name it, and its code must never be used again.
    pub(crate) async fn link_remove(
        &self,
        caller: Caller,
        resource: Resource,
        kind: LinkKind,
        id: i64,
    ) -> Result<()> {
        let scope = caller.may(resource, Method::Delete)?;
        self.change(move |db| async move {
            let before = link::view_for_update(&db, scope, kind, id).await?.ok_or(Error::NotFound)?;
            let row = Link { date_deleted: Some(self.now().0), ..before.clone() };
            let changes = Changes::archived(&before, &row);
            link::update(&db, row).await?;
            change::create(&db, ChangeKind::Link, id, self.now()).await?;
            self.note(&db, caller, resource, id, changes).await
        })
        .await
    }
}

/// An offer that the webmaster may see and is connected to.
pub(crate) async fn check_offer(db: &Db, scope: Scope, webmaster_id: i64, offer_id: i64) -> Result<()> {
    if offer::view(db, scope, offer_id).await?.is_none() {
        return Err(Error::field("offer_id", "Offers not found"));
    }
    let pair = connection::of_pair(db, webmaster_id, offer_id).await?;
    if pair.is_some_and(|pair| pair.status == ConnectionStatus::Approved.code()) {
        Ok(())
    } else {
        Err(Error::field("offer_id", "You are not connected to this offer"))
    }
}

/// Area and parked domain. Only what is newly named is checked: an old one may have been archived since.
pub(crate) async fn check_places(db: &Db, scope: Scope, area: Patch<i64>, domain: Patch<i64>) -> Result<()> {
    if let Patch::Set(id) = area {
        check_area(db, scope, id).await?;
    }
    if let Patch::Set(id) = domain {
        check_domain(db, scope, id).await?;
    }
    Ok(())
}

/// What a new row names, for [`check_places`].
pub(crate) fn named(id: Option<i64>) -> Patch<i64> {
    id.map_or(Patch::Keep, Patch::Set)
}

/// A promo of the link's offer that its owner may see.
pub(crate) async fn check_promo(db: &Db, scope: Scope, (id, offer_id): (i64, i64)) -> Result<()> {
    let found = promo::view(db, scope, id).await?;
    if found.is_some_and(|promo| promo.offer_id == offer_id) {
        Ok(())
    } else {
        Err(Error::field("promo_id", "Promos not found"))
    }
}

/// An own area that is neither rejected nor archived.
async fn check_area(db: &Db, scope: Scope, id: i64) -> Result<()> {
    let found = area::view(db, scope, id).await?;
    let usable = [AreaStatus::Review.code(), AreaStatus::Approved.code()];
    if found.is_some_and(|area| usable.contains(&area.status)) {
        Ok(())
    } else {
        Err(Error::field("area_id", "Areas not found"))
    }
}
