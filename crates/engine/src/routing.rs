//! Checks of targeting and caps, shared by the resources that have them.

use whocpa_domain::cap::{Cap, check_caps};
use whocpa_domain::geo::GeoType;
use whocpa_domain::input::{Json, Patch};
use whocpa_domain::targeting::Targeting;
use whocpa_domain::user::UserLevel;
use whocpa_domain::{FieldErrors, Result, Scope};
use whocpa_store::{Db, currency, goal, person};

use crate::geo::GeoTree;

/// The text of a targeting after a change.
pub(crate) fn targeting_text(sent: &Patch<Json<Targeting>>, present: &str) -> String {
    match sent {
        Patch::Keep => present.to_owned(),
        Patch::Clear => String::new(),
        Patch::Set(Json(targeting)) => targeting.to_text(),
    }
}

/// A targeting: right in itself, and only with regions that the caller may name and that a visitor can be known to be in.
pub(crate) fn check_targeting(
    errors: &mut FieldErrors,
    (field, place): (&str, &str),
    targeting: &Targeting,
    (tree, scope): (&GeoTree, Scope),
) {
    if let Err(wrong) = targeting.check() {
        errors.add(field, format!("{place}{wrong}"));
    }
    for (list, ids) in [("allow", &targeting.geo.allow), ("deny", &targeting.geo.deny)] {
        for id in ids {
            match tree.kind(*id).filter(|_| tree.knows(scope, *id)) {
                None => errors.add(field, format!("{place}geo.{list}: Region {id} not found")),
                Some(GeoType::CountryGroup | GeoType::Country) => {}
                Some(GeoType::RegionGroup | GeoType::Region | GeoType::City) => errors.add(
                    field,
                    format!("{place}geo.{list}: Region {id} is a part of a country, and only the country of a visitor is known"),
                ),
            }
        }
    }
}

/// A targeting in its stored text; an unchanged one is not checked again, because a region may have been hidden since.
pub(crate) fn check_targeting_text(
    errors: &mut FieldErrors,
    (before, text): (Option<&str>, &str),
    around: (&GeoTree, Scope),
) {
    if text.is_empty() || before == Some(text) {
        return;
    }
    match Targeting::read(text) {
        Ok(targeting) => check_targeting(errors, ("targeting", ""), &targeting, around),
        Err(wrong) => errors.add("targeting", wrong),
    }
}

/// Caps: right in themselves, and about goals of the offer, webmasters and currencies that there are.
pub(crate) async fn caps_check(errors: &mut FieldErrors, db: &Db, offer_id: i64, caps: &[Cap]) -> Result<()> {
    if let Err(wrong) = check_caps(caps) {
        errors.add("caps", wrong);
        return Ok(());
    }
    for (at, cap) in caps.iter().enumerate() {
        let mut refuse =
            |member: &str, what: &str| errors.add("caps", format!("[{at}].{member}: {what} not found"));
        if let Some(id) = cap.goal_id
            && goal::view(db, Scope::All, id).await?.is_none_or(|goal| goal.offer_id != offer_id)
        {
            refuse("goal_id", "Goals");
        }
        if let Some(id) = cap.currency_id
            && currency::view(db, Scope::All, id).await?.is_none()
        {
            refuse("currency_id", "Currencies");
        }
        if let Some(id) = cap.webmaster_id
            && person::view(db, Scope::All, id)
                .await?
                .is_none_or(|person| person.level() != UserLevel::Webmaster)
        {
            refuse("webmaster_id", "Webmasters");
        }
    }
    Ok(())
}
