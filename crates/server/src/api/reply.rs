//! How an operation's result is written: the envelopes of design §3.
//!
//! Results are written straight to text, so that fields stand in the order in which they are declared.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::Bytes;
use serde::Serialize;
use whocpa_domain::view::{Field, FieldKind, View};
use whocpa_domain::{Error, Result, Walk};
use whocpa_engine::Rows;
use whocpa_engine::event::{EventFormat, EventPage, EventView};
use whocpa_engine::export::lists::{Piece, Pivot};
use whocpa_engine::kept::{Kept, Written};
use whocpa_engine::news::{NewsPage, NewsView};
use whocpa_engine::stat::{StatBeside, StatPage, StatRow};

use super::kept;

/// The body of an answer.
pub enum Body {
    /// Written for this request.
    Own(Bytes),
    /// Kept ready for all callers.
    Kept(Arc<Written>),
    /// Written for this request, an object a line.
    Lines(Bytes),
}

impl Body {
    /// Its text.
    pub fn text(&self) -> Bytes {
        match self {
            Self::Own(text) | Self::Lines(text) => text.clone(),
            Self::Kept(written) => Bytes::from_owner(Arc::clone(&written.plain)),
        }
    }
}

/// A result of `list`.
pub trait ListReply: Send + 'static {
    /// Whether it comes page by page.
    const PAGED: bool;
    /// Fields of one object.
    fn fields() -> &'static [Field];
    /// What stands beside the objects, besides the numbers of the page.
    fn beside() -> &'static [Field] {
        &[]
    }
    /// Whether it may also be had as NDJSON.
    fn has_lines() -> bool {
        false
    }
    /// The body of the answer.
    fn body(&self) -> Result<Body>;
    /// The same for an export.
    fn piece(self) -> Result<Piece>;
}

impl<V: View + Send + 'static> ListReply for Vec<V> {
    const PAGED: bool = false;

    fn fields() -> &'static [Field] {
        V::fields()
    }

    fn body(&self) -> Result<Body> {
        #[derive(Serialize)]
        struct Body<'a, V> {
            objects: &'a [V],
        }
        text(&Body { objects: self })
    }

    fn piece(self) -> Result<Piece> {
        piece(&self, None)
    }
}

impl<V: View + Send + 'static> ListReply for Rows<V> {
    const PAGED: bool = true;

    fn fields() -> &'static [Field] {
        V::fields()
    }

    fn body(&self) -> Result<Body> {
        text(&PageBody::new(self))
    }

    fn piece(self) -> Result<Piece> {
        paged(&self)
    }
}

/// A page of objects with its numbers.
#[derive(Serialize)]
struct PageBody<'a, V> {
    objects: &'a [V],
    total_count: i64,
    per_page: i64,
    page: i64,
}

impl<'a, V> PageBody<'a, V> {
    fn new(rows: &'a Rows<V>) -> Self {
        Self {
            objects: &rows.rows,
            total_count: rows.total_count,
            per_page: rows.paging.per_page,
            page: rows.paging.page,
        }
    }
}

impl ListReply for NewsPage {
    const PAGED: bool = true;

    fn fields() -> &'static [Field] {
        NewsView::fields()
    }

    fn beside() -> &'static [Field] {
        const UNREAD: Field = Field {
            name: "unread_count",
            kind: FieldKind::Int,
            doc: "Active news that you have not read, whatever the filter says; 0 for guests.",
            is_flat: false,
        };
        &[UNREAD]
    }

    fn body(&self) -> Result<Body> {
        #[derive(Serialize)]
        struct Body<'a> {
            #[serde(flatten)]
            page: PageBody<'a, NewsView>,
            unread_count: i64,
        }
        text(&Body { page: PageBody::new(&self.rows), unread_count: self.unread_count })
    }

    fn piece(self) -> Result<Piece> {
        paged(&self.rows)
    }
}

impl ListReply for StatPage {
    const PAGED: bool = true;

    fn fields() -> &'static [Field] {
        StatRow::fields()
    }

    fn beside() -> &'static [Field] {
        StatBeside::fields()
    }

    fn body(&self) -> Result<Body> {
        #[derive(Serialize)]
        struct Body<'a> {
            #[serde(flatten)]
            page: PageBody<'a, StatRow>,
            #[serde(flatten)]
            beside: &'a StatBeside,
        }
        text(&Body { page: PageBody::new(&self.rows), beside: &self.beside })
    }

    /// A table has columns for each dimension and each currency.
    fn piece(self) -> Result<Piece> {
        let Self { rows, beside } = self;
        let money =
            beside.totals.money.iter().chain(beside.totals_before.iter().flat_map(|then| &then.money));
        let currencies: BTreeSet<i64> = money.map(|sums| sums.currency_id).collect();
        let of_first = rows.rows.first().map(|row| row.group.as_slice()).unwrap_or_default();
        let pivot = |field, key, values| Pivot { field, key, values };
        let pivots = vec![
            pivot("group", "dimension", of_first.iter().map(|key| key.dimension.clone()).collect()),
            pivot("money", "currency_id", currencies.iter().map(ToString::to_string).collect()),
        ];
        let without = if beside.totals_before.is_some() { Vec::new() } else { vec!["before"] };
        Ok(Piece { pivots, without, ..paged(&rows)? })
    }
}

impl ListReply for EventPage {
    const PAGED: bool = false;

    fn fields() -> &'static [Field] {
        EventView::fields()
    }

    fn has_lines() -> bool {
        true
    }

    fn body(&self) -> Result<Body> {
        if self.format == EventFormat::Json {
            return ListReply::body(&self.rows);
        }
        let mut lines = Vec::new();
        for row in &self.rows {
            serde_json::to_writer(&mut lines, row).map_err(|e| unwritable(&e))?;
            lines.push(b'\n');
        }
        Ok(Body::Lines(lines.into()))
    }

    fn piece(self) -> Result<Piece> {
        piece(&self.rows, None)
    }
}

/// A list that is kept ready for all callers.
impl<V: View + Send + Sync + 'static> ListReply for Arc<Kept<Vec<V>>> {
    const PAGED: bool = false;

    fn fields() -> &'static [Field] {
        V::fields()
    }

    fn body(&self) -> Result<Body> {
        self.written(|list| Ok(kept::written(&ListReply::body(list)?.text()))).map(Body::Kept)
    }

    fn piece(self) -> Result<Piece> {
        piece(&self, None)
    }
}

fn paged(rows: &Rows<impl View>) -> Result<Piece> {
    let total_count = rows.paging.walk.is_none().then_some(rows.total_count);
    Ok(Piece { total_count, ..piece(&rows.rows, rows.paging.walk)? })
}

fn piece(rows: &[impl View], walk: Option<Walk>) -> Result<Piece> {
    let object = |row| match serde_json::to_value(row) {
        Ok(serde_json::Value::Object(object)) => Ok(object),
        Ok(_) => Err(Error::Internal("an object of a list is no JSON object".to_owned())),
        Err(error) => Err(unwritable(&error)),
    };
    let total_count = i64::try_from(rows.len()).ok();
    let rows = rows.iter().map(object).collect::<Result<_>>()?;
    Ok(Piece { rows, walk, total_count, pivots: Vec::new(), without: Vec::new() })
}

/// The body of `view`.
pub(super) fn object(object: &impl View) -> Result<Body> {
    #[derive(Serialize)]
    struct Body<'a, V> {
        object: &'a V,
    }
    text(&Body { object })
}

/// The body of `update`.
pub(super) fn updated(id: &impl Serialize) -> Result<Body> {
    #[derive(Serialize)]
    struct Body<'a, K> {
        updated: &'a K,
    }
    text(&Body { updated: id })
}

/// The body of `delete`.
pub(super) fn deleted(id: &impl Serialize) -> Result<Body> {
    #[derive(Serialize)]
    struct Body<'a, K> {
        deleted: &'a K,
    }
    text(&Body { deleted: id })
}

/// The body of `create`.
pub(super) fn created(id: i64) -> Result<Body> {
    #[derive(Serialize)]
    struct Body {
        created: i64,
    }
    text(&Body { created: id })
}

/// The body of a `create` that tells more than the id: the object's `id` becomes `created`, its other fields follow.
pub(super) fn created_view(object: &impl View) -> Result<Body> {
    created_object(serde_json::to_value(object).map_err(|e| unwritable(&e))?)
}

/// The same for an object that is written already.
pub(super) fn created_object(object: serde_json::Value) -> Result<Body> {
    #[derive(Serialize)]
    struct Body {
        created: serde_json::Value,
        #[serde(flatten)]
        rest: serde_json::Map<String, serde_json::Value>,
    }
    match object {
        serde_json::Value::Object(mut rest) => {
            let created = rest.remove("id").unwrap_or_default();
            text(&Body { created, rest })
        }
        _ => Err(Error::Internal("a created object is no JSON object".to_owned())),
    }
}

fn text(body: &impl Serialize) -> Result<Body> {
    serde_json::to_vec(body).map(|text| Body::Own(text.into())).map_err(|e| unwritable(&e))
}

fn unwritable(error: &serde_json::Error) -> Error {
    Error::Internal(format!("writing an answer: {error}"))
}
