//! What landings, promos and stocks share: whose offer it is, how they are moderated, what others see of them.

use whocpa_domain::input::limits;
use whocpa_domain::moderation::{Moderation, ModerationStatus, Party};
use whocpa_domain::offer::new_since;
use whocpa_domain::{Error, FieldErrors, Level, Result, Scope, Time};
use whocpa_store::Db;
use whocpa_store::offer::{self, Offer};

use crate::Caller;

/// On which side the caller stands.
pub(crate) fn party(caller: Caller) -> Party {
    if caller.level == Level::Operator { Party::Operator } else { Party::Owner }
}

/// Whether the caller sees moderation and the whole of addresses.
pub(crate) fn sees_all(caller: Caller) -> bool {
    matches!(caller.level, Level::Advertiser | Level::Operator)
}

/// Refuses a filter that is not for everybody.
pub(crate) fn filter_by_insiders(caller: Caller, field: &str, is_sent: bool) -> Result<()> {
    if is_sent && !sees_all(caller) {
        return Err(Error::field(field, "Only advertisers and operators may use this"));
    }
    Ok(())
}

/// Refuses what only an operator may set.
pub(crate) fn operators_only(errors: &mut FieldErrors, caller: Caller, fields: &[(&str, bool)]) {
    for (field, is_sent) in fields {
        if *is_sent && caller.level != Level::Operator {
            errors.add(*field, "Only an operator may set this");
        }
    }
}

/// Refuses offers in a filter of which one is unknown or not visible: to the caller both are the same.
pub(crate) async fn offers_check(db: &Db, scope: Scope, ids: Option<&[i64]>) -> Result<()> {
    let Some(ids) = ids else { return Ok(()) };
    let known = offer::known(db, scope, ids).await?;
    if ids.is_empty() || ids.iter().any(|id| !known.contains(id)) {
        return Err(Error::field("offer_id", "Offers not found"));
    }
    Ok(())
}

/// The offer that something new is for, kept from being deleted until the transaction ends.
pub(crate) async fn offer_for(db: &Db, scope: Scope, id: i64) -> Result<Offer> {
    let found = offer::view_for_update(db, scope, id).await?;
    let offer = found.ok_or_else(|| Error::field("offer_id", "Offers not found"))?;
    if offer.status == ModerationStatus::Archived.code() {
        return Err(Error::field("offer_id", "This offer is archived"));
    }
    Ok(offer)
}

/// Refuses an offer that is not there for the caller, before anything is stored for it.
pub(crate) async fn offer_for_reading(db: &Db, scope: Scope, id: i64) -> Result<()> {
    let found = offer::view(db, scope, id).await?;
    found.map(drop).ok_or_else(|| Error::field("offer_id", "Offers not found"))
}

/// What an update asks for beside its other changes.
pub(crate) struct Asked<'a> {
    /// The wanted state.
    pub status: Option<ModerationStatus>,
    /// The operator's reason.
    pub reason: Option<&'a str>,
}

/// The moderation of an object after an update: first what the change itself causes, then what is asked for.
///
/// `is_edited` when anything was changed, `is_content` when it was what an operator approves.
pub(crate) fn moderated(
    caller: Caller,
    present: &Moderation,
    is_edited: bool,
    is_content: bool,
    asked: &Asked<'_>,
) -> Result<Moderation> {
    let party = party(caller);
    let edited = if is_edited { present.edited(party, is_content)? } else { present.clone() };
    let mut errors = FieldErrors::default();
    if let Some(reason) = asked.reason {
        crate::check::text(&mut errors, "reason", reason);
    }
    errors.finish()?;
    edited.moved(party, asked.status, asked.reason)
}

/// When it was first shown: now, if this is the moment.
pub(crate) fn published(present: Option<i64>, status: ModerationStatus, now: Time) -> Option<i64> {
    present.or_else(|| (status == ModerationStatus::Live).then_some(now.0))
}

/// What was published since this moment counts as new.
pub(crate) fn new_from(now: Time) -> Time {
    new_since(now)
}

/// Whether it was published in the last days.
pub(crate) fn is_new(date_published: Option<i64>, now: Time) -> bool {
    date_published.is_some_and(|at| Time(at) >= new_from(now))
}

/// A language, or none.
pub(crate) fn language(errors: &mut FieldErrors, code: &str) {
    limits::LANGUAGE.check(errors, "language", code);
}

/// An address as others than its advertiser and operators see it: its query may hold keys between the advertiser and
/// the network.
pub(crate) fn address(caller: Caller, url: String) -> String {
    if sees_all(caller) { url } else { url.split(['?', '#']).next().unwrap_or_default().to_owned() }
}
