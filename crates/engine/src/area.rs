//! Areas: the traffic sources of webmasters, moderated by operators.

use whocpa_domain::area::{AreaKind, AreaStatus};
use whocpa_domain::input::{Until, limits};
use whocpa_domain::letter::LetterKind;
use whocpa_domain::sort::{NamedSort, Sort};
use whocpa_domain::{Error, FieldErrors, Level, Method, Page, PerPage, Resource, Result, Time, params, view};
use whocpa_store::Db;
use whocpa_store::area::{self, Area, AreaFilter};

use crate::audit::Changes;
use crate::mail::Draft;
use crate::{Caller, Engine, Paging, Rows, check};

params! {
    /// Which areas are wanted.
    pub struct AreaList {
        /// Only these.
        id: Option<Vec<i64>>,
        /// Only of these kinds.
        kind: Option<Vec<AreaKind>>,
        /// Only in these states.
        status: Option<Vec<AreaStatus>>,
        /// Only of these webmasters; for operators.
        webmaster_id: Option<Vec<i64>>,
        /// Part of the name or of the address, in any case of letters.
        search: Option<String> where limits::LINE,
        /// Added from here on.
        d_created_from: Option<Time>,
        /// Added until here, inclusive: a date takes its whole day in.
        d_created_to: Option<Until>,
        /// Order of the list, a minus in front for the other direction; `id` unless told.
        sort: Option<Sort<NamedSort>>,
        /// Number of the page.
        page: Page,
        /// Rows on a page.
        per_page: PerPage,
    }
}

params! {
    /// A new area.
    pub struct AreaCreate {
        /// Kind of the traffic source.
        kind: AreaKind,
        /// What you call it.
        name: String where limits::NAME,
        /// Its address; required for web sites, social networks, messenger channels and video channels.
        url: Option<String> where check::URL,
        /// What the moderator should know.
        comment: Option<String> where limits::TEXT,
    }
}

params! {
    /// Changes of an area. Its owner changes what it is, an operator decides about it.
    pub struct AreaUpdate {
        /// Kind of the traffic source; for the owner. Another kind puts the area back on review.
        kind: Option<AreaKind>,
        /// What you call it; for the owner.
        name: Option<String> where limits::NAME,
        /// Its address; for the owner. Another address puts the area back on review.
        url: Option<String> where check::URL,
        /// What the moderator should know; for the owner.
        comment: Option<String> where limits::TEXT,
        /// The decision; for operators.
        status: Option<AreaStatus>,
        /// Why the area was rejected; for operators, required with a rejection.
        reason: Option<String> where limits::TEXT,
    }
}

view! {
    /// A traffic source of a webmaster.
    pub struct AreaView {
        /// Area id.
        id: i64,
        /// Whose it is.
        webmaster_id: i64,
        /// Kind of the traffic source.
        kind: AreaKind,
        /// What its owner calls it.
        name: String,
        /// Its address, empty where there is none.
        url: String,
        /// Moderation.
        status: AreaStatus,
        /// Why it was rejected, empty otherwise.
        reason: String,
        /// The owner's words to the moderator.
        comment: String,
        /// When it was added.
        date_created: Time,
    }
}

impl From<Area> for AreaView {
    fn from(row: Area) -> Self {
        Self {
            id: row.id,
            webmaster_id: row.webmaster_id,
            kind: AreaKind::from_code(row.kind).unwrap_or(AreaKind::Other),
            name: row.name,
            url: row.url,
            status: AreaStatus::from_code(row.status).unwrap_or(AreaStatus::Review),
            reason: row.reason,
            comment: row.comment,
            date_created: Time(row.date_created),
        }
    }
}

impl Engine {
    /// One page of areas.
    pub async fn area_list(&self, caller: Caller, input: AreaList) -> Result<Rows<AreaView>> {
        let scope = caller.may(Resource::Area, Method::List)?;
        let mut errors = FieldErrors::default();
        check::for_operators(&mut errors, caller, &[("webmaster_id", input.webmaster_id.is_some())]);
        let created = check::period(&mut errors, "created", (input.d_created_from, input.d_created_to));
        errors.finish()?;
        let filter = AreaFilter {
            ids: input.id,
            webmaster_ids: input.webmaster_id,
            kinds: input.kind,
            status: input.status,
            search: input.search,
            created,
            sort: input.sort,
        };
        let paging = Paging::new(input.page, input.per_page);
        let rows = area::list(&self.store().read(), scope, &filter, paging).await?;
        Ok(rows.map(AreaView::from))
    }

    /// One area.
    pub async fn area_view(&self, caller: Caller, id: i64) -> Result<AreaView> {
        let scope = caller.may(Resource::Area, Method::View)?;
        let row = area::view(&self.store().read(), scope, id).await?;
        row.map(AreaView::from).ok_or(Error::NotFound)
    }

    /// Changes an area, or decides about it; absent fields keep their value.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the owner changes an archived area.
    pub async fn area_update(&self, caller: Caller, id: i64, input: AreaUpdate) -> Result<()> {
        let scope = caller.may(Resource::Area, Method::Update)?;
        check_rights(caller, &input)?;
        let input = &input;
        self.store()
            .write(move |db| async move {
                let found = area::view_for_update(&db, scope, id).await?;
                let row = found.ok_or(Error::NotFound)?;
                let changed = if caller.level == Level::Operator {
                    decided(row.clone(), input)?
                } else {
                    described(&row, input)?
                };
                let changes = Changes::updated(&row, &changed);
                if changed.status != row.status {
                    self.area_letters(&db, &changed).await?;
                }
                area::update(&db, changed).await?;
                self.note(&db, caller, Resource::Area, id, changes).await
            })
            .await
    }

    /// Adds an area, which goes on review; gives its id.
    pub async fn area_create(&self, caller: Caller, input: AreaCreate) -> Result<i64> {
        caller.may(Resource::Area, Method::Create)?;
        let row = Area {
            id: 0,
            webmaster_id: caller.user_id,
            kind: input.kind.code(),
            name: input.name,
            url: input.url.unwrap_or_default(),
            status: AreaStatus::Review.code(),
            reason: String::new(),
            comment: input.comment.unwrap_or_default(),
            date_created: self.now().0,
        };
        check(&row)?;
        let row = &row;
        self.store()
            .write(move |db| async move {
                let id = area::create(&db, row.clone()).await?;
                self.area_letters(&db, &Area { id, ..row.clone() }).await?;
                self.note(&db, caller, Resource::Area, id, Changes::created(row)).await?;
                Ok(id)
            })
            .await
    }

    /// Archives an area: new links cannot use it, what came through it stays.
    pub async fn area_delete(&self, caller: Caller, id: i64) -> Result<()> {
        let scope = caller.may(Resource::Area, Method::Delete)?;
        self.store()
            .write(move |db| async move {
                let found = area::view_for_update(&db, scope, id).await?;
                let row = found.ok_or(Error::NotFound)?;
                let archived = Area { status: AreaStatus::Archived.code(), ..row.clone() };
                let changes = Changes::archived(&row, &archived);
                area::update(&db, archived).await?;
                self.note(&db, caller, Resource::Area, id, changes).await
            })
            .await
    }
}

impl Engine {
    /// Writes to its owner what was decided about an area, and to those who decide that it waits for them.
    async fn area_letters(&self, db: &Db, row: &Area) -> Result<()> {
        let word = match AreaStatus::from_code(row.status).unwrap_or(AreaStatus::Review) {
            AreaStatus::Review => {
                return self.letter_queue(db, Resource::Area, row.webmaster_id, ("area", row.id)).await;
            }
            AreaStatus::Approved => "approved",
            AreaStatus::Rejected => "rejected",
            AreaStatus::Archived => "archived",
        };
        let draft = Draft::new(LetterKind::Area).with("area_id", row.id).with("area", &row.name);
        let draft = draft.word("status", "area", word).with("reason", &row.reason);
        self.letter_tell(db, row.webmaster_id, &draft).await
    }
}

/// Each side may send its own parameters only: a decision by the owner or a rewording by the moderator is refused
/// aloud, not ignored.
fn check_rights(caller: Caller, input: &AreaUpdate) -> Result<()> {
    let is_operator = caller.level == Level::Operator;
    let mut errors = FieldErrors::default();
    for (field, is_sent, is_allowed) in [
        ("kind", input.kind.is_some(), !is_operator),
        ("name", input.name.is_some(), !is_operator),
        ("url", input.url.is_some(), !is_operator),
        ("comment", input.comment.is_some(), !is_operator),
        ("status", input.status.is_some(), is_operator),
        ("reason", input.reason.is_some(), is_operator),
    ] {
        if is_sent && !is_allowed {
            let who = if is_operator { "its owner" } else { "an operator" };
            errors.add(field, format!("Only {who} may change this"));
        }
    }
    errors.finish()
}

/// The area after its owner's changes.
fn described(row: &Area, input: &AreaUpdate) -> Result<Area> {
    if row.status == AreaStatus::Archived.code() {
        return Err(Error::Conflict("An archived area cannot be changed".to_owned()));
    }
    let mut changed = Area {
        kind: input.kind.map_or(row.kind, AreaKind::code),
        name: input.name.clone().unwrap_or_else(|| row.name.clone()),
        url: input.url.clone().unwrap_or_else(|| row.url.clone()),
        comment: input.comment.clone().unwrap_or_else(|| row.comment.clone()),
        ..row.clone()
    };
    // What was approved was this address with this kind of traffic, and nothing else.
    if (changed.kind, &changed.url) != (row.kind, &row.url) {
        changed.status = AreaStatus::Review.code();
        changed.reason = String::new();
    }
    check(&changed).map(|()| changed)
}

/// The area after an operator's decision.
fn decided(row: Area, input: &AreaUpdate) -> Result<Area> {
    let status = input.status.map_or(row.status, AreaStatus::code);
    let is_rejected = status == AreaStatus::Rejected.code();
    // An old reason does not explain a new refusal.
    let present = if status == row.status { row.reason.clone() } else { String::new() };
    let reason = input.reason.clone().unwrap_or(present);
    let mut errors = FieldErrors::default();
    check::text(&mut errors, "reason", &reason);
    if is_rejected && reason.trim().is_empty() {
        errors.add("reason", "Must be given with a rejection");
    }
    if !is_rejected && input.reason.as_deref().is_some_and(|reason| !reason.is_empty()) {
        errors.add("reason", "Only a rejection has a reason");
    }
    errors.finish()?;
    Ok(Area { status, reason, ..row })
}

fn check(row: &Area) -> Result<()> {
    let mut errors = FieldErrors::default();
    check::name(&mut errors, "name", &row.name);
    check::url(&mut errors, "url", &row.url);
    check::text(&mut errors, "comment", &row.comment);
    let needs_url = matches!(
        AreaKind::from_code(row.kind),
        Some(AreaKind::Site | AreaKind::Social | AreaKind::Messenger | AreaKind::Video)
    );
    if needs_url && row.url.is_empty() {
        errors.add("url", "Must be given for this kind of area");
    }
    errors.finish()
}
