//! Events to fetch: what webhooks tell, in one order for each reader, from the first event on. A program that keeps the number
//! of the last one it read misses nothing, also when it was away, and needs no address of its own.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use whocpa_domain::input::limits::Limits;
use whocpa_domain::postback::PostbackEvent;
use whocpa_domain::view::{FieldKind, FieldType};
use whocpa_domain::{Error, Method, Resource, Result, Time, codes, params, view};
use whocpa_store::event::{self, Event};

use crate::delivery::{Loaded, own_event_id, words};
use crate::{Caller, Engine};

/// Events of one answer, unless told.
const LIMIT: i64 = 100;

codes! {
    /// How events are written.
    pub enum EventFormat {
        Json = 1 "one JSON object with the list `objects`",
        Lines = 2 "NDJSON: one event a line, as `application/x-ndjson`",
    }
}

params! {
    /// Which events are wanted.
    pub struct EventList {
        /// Only events behind this one: the `id` of the last one that you read, 0 from the first on.
        after: Option<i64> where Limits::Range(0, (1 << 53) - 1),
        /// At most so many; 100 unless told.
        limit: Option<i64> where Limits::Range(1, 1000),
        /// How they are written; JSON unless told.
        format: Option<EventFormat>,
    }
}

/// What an event says, as its webhook has it.
#[derive(Debug, Clone)]
pub struct EventData(Map<String, Value>);

impl Serialize for EventData {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl FieldType for EventData {
    const KIND: FieldKind = FieldKind::Map;
}

view! {
    /// Something that happened.
    pub struct EventView {
        /// Number of the event: give the last one as `after` to read on. Later ones have higher numbers; there are gaps.
        id: i64,
        /// Id of what happened, the same that a webhook about it has.
        event_id: String,
        /// What happened, as a webhook says it: `lead.approved`, `payout.paid`.
        r#type: String,
        /// When.
        timestamp: Time,
        /// What a webhook would say of it: of a lead what its view shows you, as it was after the event.
        data: EventData,
    }
}

/// The next events.
#[derive(Debug, Clone)]
pub struct EventPage {
    /// In their order.
    pub rows: Vec<EventView>,
    /// How they are written.
    pub format: EventFormat,
}

impl Engine {
    /// The caller's events behind one that he has, in order. No event with a lower number follows later: what is still being
    /// written holds up what was written after it.
    pub async fn event_list(&self, caller: Caller, input: EventList) -> Result<EventPage> {
        let scope = caller.may(Resource::Event, Method::List)?;
        let limit = u64::try_from(input.limit.unwrap_or(LIMIT)).unwrap_or(1);
        let (db, after) = (self.store().read(), input.after.unwrap_or(0));
        let found = event::list(&db, scope, after, limit).await?;
        // From another network, or lost with a database that was restored: waiting would pass over what comes.
        if found.is_empty() && after > 0 && !event::reaches(&db, after).await? {
            return Err(Error::field("after", "No event has this number"));
        }
        let loaded = Loaded::of_events(self, &found).await?;
        let rows = found.iter().map(|row| self.event_shown(caller, &loaded, row)).collect::<Result<_>>()?;
        Ok(EventPage { rows, format: input.format.unwrap_or(EventFormat::Json) })
    }

    fn event_shown(&self, caller: Caller, loaded: &Loaded, row: &Event) -> Result<EventView> {
        if row.lead_id.is_none() {
            let (kind, data) = words(row)?;
            return Ok(EventView {
                id: row.id,
                event_id: own_event_id(row),
                r#type: kind,
                timestamp: Time(row.date_created),
                data: EventData(data.as_object().cloned().unwrap_or_default()),
            });
        }
        let facts = loaded.fetched(self, caller, row)?;
        let event = PostbackEvent::from_code(row.event).map(PostbackEvent::full_name);
        Ok(EventView {
            id: row.id,
            event_id: facts.event_id.clone(),
            r#type: event.unwrap_or_default(),
            timestamp: Time(row.date_created),
            data: EventData(facts.data(self, caller)?),
        })
    }
}
