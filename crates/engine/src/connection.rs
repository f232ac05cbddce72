//! Connections: which webmaster may work with which offer.

use whocpa_domain::connection::ConnectionStatus;
use whocpa_domain::input::{Until, limits};
use whocpa_domain::letter::LetterKind;
use whocpa_domain::sort::{ConnectionSort, Sort};
use whocpa_domain::text::fold;
use whocpa_domain::user::UserLevel;
use whocpa_domain::{
    Error, FieldErrors, Level, Method, Page, PerPage, Resource, Result, Scope, Time, params, view,
};
use whocpa_store::change::{self, ChangeKind};
use whocpa_store::connection::{self, Connection, ConnectionFilter};
use whocpa_store::{Db, offer, person};

use crate::audit::Changes;
use crate::mail::Draft;
use crate::{Caller, Engine, Paging, Rows, check};

params! {
    /// Which connections are wanted.
    pub struct ConnectionList {
        /// These connections.
        id: Option<Vec<i64>>,
        /// Only with these offers.
        offer_id: Option<Vec<i64>>,
        /// Only in these states.
        status: Option<Vec<ConnectionStatus>>,
        /// Only of these webmasters; for advertisers and operators.
        webmaster_id: Option<Vec<i64>>,
        /// Only with offers of these advertisers; for operators.
        advertiser_id: Option<Vec<i64>>,
        /// Part of the offer's name, in any case of letters.
        search: Option<String> where limits::LINE,
        /// Asked for on or after this date or moment.
        d_created_from: Option<Time>,
        /// Asked for on or before this date or moment.
        d_created_to: Option<Until>,
        /// Decided from here on.
        d_decided_from: Option<Time>,
        /// Decided until here, inclusive: a date takes its whole day in.
        d_decided_to: Option<Until>,
        /// Order of the list, a minus in front for the other direction; `id` unless told.
        sort: Option<Sort<ConnectionSort>>,
        /// Number of the page.
        page: Page,
        /// Rows on a page.
        per_page: PerPage,
    }
}

params! {
    /// A wish to work with an offer.
    pub struct ConnectionCreate {
        /// The offer. A stopped one may be asked for too.
        offer_id: i64,
        /// Who is connected; for operators, and required from them. Such a connection is approved at once, and it is
        /// the way into private offers.
        webmaster_id: Option<i64>,
        /// What the advertiser should know, for example how you will bring visitors.
        comment: Option<String> where limits::TEXT,
    }
}

params! {
    /// A decision about a connection.
    pub struct ConnectionUpdate {
        /// The decision: approved or refused.
        status: Option<ConnectionStatus>,
        /// Why it is refused; required with a refusal.
        reason: Option<String> where limits::TEXT,
    }
}

view! {
    /// A webmaster's work with an offer.
    pub struct ConnectionView {
        /// Connection id.
        id: i64,
        /// Who.
        webmaster_id: i64,
        /// With what.
        offer_id: i64,
        /// Whether he may send visitors.
        status: ConnectionStatus,
        /// The webmaster's words.
        comment: String,
        /// Why it was refused, empty otherwise.
        reason: String,
        /// When it was asked for.
        date_created: Time,
        /// When it was decided; `null` while it waits.
        date_decided: Option<Time>,
    }
}

impl From<Connection> for ConnectionView {
    fn from(row: Connection) -> Self {
        Self {
            id: row.id,
            webmaster_id: row.webmaster_id,
            offer_id: row.offer_id,
            status: ConnectionStatus::from_code(row.status).unwrap_or(ConnectionStatus::Requested),
            comment: row.comment,
            reason: row.reason,
            date_created: Time(row.date_created),
            date_decided: row.date_decided.map(Time),
        }
    }
}

impl Engine {
    /// One page of connections: a webmaster's own, or those with an advertiser's own offers.
    pub async fn connection_list(
        &self,
        caller: Caller,
        input: ConnectionList,
    ) -> Result<Rows<ConnectionView>> {
        let scope = caller.may(Resource::Connection, Method::List)?;
        let mut errors = FieldErrors::default();
        if input.webmaster_id.is_some() && caller.level == Level::Webmaster {
            errors.add("webmaster_id", "Only advertisers and operators may use this");
        }
        check::for_operators(&mut errors, caller, &[("advertiser_id", input.advertiser_id.is_some())]);
        let created = check::period(&mut errors, "created", (input.d_created_from, input.d_created_to));
        let decided = check::period(&mut errors, "decided", (input.d_decided_from, input.d_decided_to));
        errors.finish()?;
        let filter = ConnectionFilter {
            offer_ids: input.offer_id,
            webmaster_ids: input.webmaster_id,
            advertiser_ids: input.advertiser_id,
            status: input.status,
            ids: input.id,
            search: input.search.as_deref().map(fold),
            created,
            decided,
            sort: input.sort,
        };
        let paging = Paging::new(input.page, input.per_page);
        let rows = connection::list(&self.store().read(), scope, &filter, paging).await?;
        Ok(rows.map(ConnectionView::from))
    }

    /// One connection.
    pub async fn connection_view(&self, caller: Caller, id: i64) -> Result<ConnectionView> {
        let scope = caller.may(Resource::Connection, Method::View)?;
        let row = connection::view(&self.store().read(), scope, id).await?;
        row.map(ConnectionView::from).ok_or(Error::NotFound)
    }

    /// Approves or refuses a connection. An approved one may be refused later, and the other way round.
    pub async fn connection_update(&self, caller: Caller, id: i64, input: ConnectionUpdate) -> Result<()> {
        let scope = caller.may(Resource::Connection, Method::Update)?;
        let input = &input;
        self.change(move |db| async move {
            let found = connection::view_for_update(&db, scope, id).await?;
            let before = found.ok_or(Error::NotFound)?;
            let mut row = decided(before.clone(), input)?;
            if row.status != before.status {
                row.date_decided = Some(self.now().0);
                self.connection_changed(&db, &row, before.status).await?;
                self.connection_letter(&db, row.webmaster_id, &row).await?;
            }
            let changes = Changes::updated(&before, &row);
            connection::update(&db, row).await?;
            self.note(&db, caller, Resource::Connection, id, changes).await
        })
        .await
    }

    /// Asks to work with an offer, or as an operator connects a webmaster; gives the connection's id. It waits for a
    /// decision unless the offer connects everybody or an operator made it.
    pub async fn connection_create(&self, caller: Caller, input: ConnectionCreate) -> Result<i64> {
        let scope = caller.may(Resource::Connection, Method::Create)?;
        let is_operator = caller.level == Level::Operator;
        let webmaster_id = match (is_operator, input.webmaster_id) {
            (true, Some(id)) => id,
            (true, None) => return Err(Error::field("webmaster_id", "This parameter is required")),
            (false, None) => caller.user_id,
            (false, Some(_)) => return Err(Error::field("webmaster_id", "Only operators may use this")),
        };
        let comment = input.comment.unwrap_or_default();
        let mut errors = FieldErrors::default();
        check::text(&mut errors, "comment", &comment);
        errors.finish()?;
        let (comment, offer_id) = (&comment, input.offer_id);
        // A manager also brings his webmasters to offers of advertisers whom others look after.
        let readable = match scope {
            Scope::Manager(_) => caller.may(Resource::Offer, Method::View)?,
            other => other,
        };
        self.change(move |db| async move {
            check_webmaster(&db, webmaster_id).await?;
            let offer = offer::view(&db, readable, offer_id).await?;
            let offer = offer.ok_or_else(|| Error::field("offer_id", "Offers not found"))?;
            check_managed(&db, scope, [webmaster_id, offer.advertiser_id]).await?;
            if let Some(present) = connection::of_pair(&db, webmaster_id, offer_id).await? {
                return Err(Error::field("offer_id", repeated(&present)));
            }
            let is_approved = is_operator || offer.is_auto_connect;
            let now = self.now();
            let status = if is_approved { ConnectionStatus::Approved } else { ConnectionStatus::Requested };
            let row = Connection {
                id: 0,
                webmaster_id,
                offer_id,
                status: status.code(),
                comment: comment.clone(),
                reason: String::new(),
                date_created: now.0,
                date_decided: is_approved.then_some(now.0),
            };
            self.connection_changed(&db, &row, ConnectionStatus::Requested.code()).await?;
            let id = connection::create(&db, row.clone()).await?;
            if is_operator {
                self.connection_letter(&db, webmaster_id, &row).await?;
            } else if !is_approved {
                self.connection_letter(&db, offer.advertiser_id, &row).await?;
            }
            let changes = Changes::created(&Connection { id, ..row });
            self.note(&db, caller, Resource::Connection, id, changes).await?;
            Ok(id)
        })
        .await
    }

    /// Ends a connection; its links lead to traffic-back from then on.
    ///
    /// # Errors
    /// [`Error::Conflict`] when a webmaster removes a refused one, which would let him ask again.
    pub async fn connection_delete(&self, caller: Caller, id: i64) -> Result<()> {
        let scope = caller.may(Resource::Connection, Method::Delete)?;
        self.change(move |db| async move {
            let found = connection::view_for_update(&db, scope, id).await?;
            let row = found.ok_or(Error::NotFound)?;
            let is_refused = row.status == ConnectionStatus::Refused.code();
            if is_refused && caller.level != Level::Operator {
                let message = "A refused connection can be removed by an operator only";
                return Err(Error::Conflict(message.to_owned()));
            }
            let gone = Connection { status: ConnectionStatus::Requested.code(), ..row.clone() };
            self.connection_changed(&db, &gone, row.status).await?;
            connection::delete(&db, id).await?;
            self.note(&db, caller, Resource::Connection, id, Changes::deleted(&row)).await
        })
        .await
    }

    /// Writes to one side how a connection stands.
    async fn connection_letter(&self, db: &Db, user_id: i64, row: &Connection) -> Result<()> {
        let word = match ConnectionStatus::from_code(row.status).unwrap_or(ConnectionStatus::Requested) {
            ConnectionStatus::Requested => "requested",
            ConnectionStatus::Approved => "approved",
            ConnectionStatus::Refused => "refused",
        };
        let offer = offer::view(db, Scope::All, row.offer_id).await?.map(|offer| offer.name);
        let draft = Draft::new(LetterKind::Connection).with("offer_id", row.offer_id);
        let draft = draft.with("offer", offer.unwrap_or_default()).word("status", "connection", word);
        self.letter_tell(db, user_id, &draft.with("reason", &row.reason)).await
    }

    /// Notes that a webmaster may send visitors to an offer now, or may no longer.
    async fn connection_changed(&self, db: &Db, row: &Connection, before: i64) -> Result<()> {
        let approved = ConnectionStatus::Approved.code();
        if (row.status == approved) == (before == approved) {
            return Ok(());
        }
        change::create(db, ChangeKind::Connection, row.offer_id, self.now()).await
    }
}

async fn check_webmaster(db: &Db, id: i64) -> Result<()> {
    let found = person::view(db, Scope::All, id).await?;
    match found {
        Some(person) if person.level() == UserLevel::Webmaster && person.is_active() => Ok(()),
        _ => Err(Error::field("webmaster_id", "Webmasters not found")),
    }
}

/// A manager looks after at least one side of what he brings together.
async fn check_managed(db: &Db, scope: Scope, sides: [i64; 2]) -> Result<()> {
    let Scope::Manager(_) = scope else { return Ok(()) };
    for id in sides {
        if person::view(db, scope, id).await?.is_some() {
            return Ok(());
        }
    }
    Err(Error::field("webmaster_id", "Webmasters not found"))
}

/// Why a second connection with the same offer is refused.
fn repeated(present: &Connection) -> String {
    match ConnectionStatus::from_code(present.status) {
        Some(ConnectionStatus::Approved) => "There is a connection with this offer already".to_owned(),
        Some(ConnectionStatus::Refused) => format!("The connection was refused: {}", present.reason),
        Some(ConnectionStatus::Requested) | None => {
            "The connection was requested already and waits for a decision".to_owned()
        }
    }
}

/// The connection after a decision.
fn decided(row: Connection, input: &ConnectionUpdate) -> Result<Connection> {
    let mut errors = FieldErrors::default();
    if input.status == Some(ConnectionStatus::Requested) {
        errors.add("status", "Must be 1 (approved) or 2 (refused)");
    }
    let status = input.status.map_or(row.status, ConnectionStatus::code);
    // An old reason does not explain a new refusal.
    let present = if status == row.status { row.reason.clone() } else { String::new() };
    let reason = input.reason.clone().unwrap_or(present);
    check::text(&mut errors, "reason", &reason);
    let is_refused = status == ConnectionStatus::Refused.code();
    if is_refused && reason.trim().is_empty() {
        errors.add("reason", "Must be given with a refusal");
    }
    if !is_refused && input.reason.as_deref().is_some_and(|reason| !reason.is_empty()) {
        errors.add("reason", "Only a refusal has a reason");
    }
    errors.finish()?;
    Ok(Connection { status, reason, ..row })
}
