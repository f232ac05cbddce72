//! What an export reads: any list of the API, through one door that the API opens at its start.

use std::pin::Pin;

use serde_json::{Map, Value};
use whocpa_domain::view::Field;
use whocpa_domain::{Resource, Result, Walk};

use crate::{Caller, Engine};

/// The lists of the API: they are declared where requests are read, so that an export means by a parameter what a request
/// means by it.
pub trait Lists: Send + Sync {
    /// Fields of the objects of this resource's list; `None` where it has none, or none that may leave as a file.
    fn fields(&self, resource: Resource) -> Option<&'static [Field]>;

    /// Names of all resources that have such a list.
    fn names(&self) -> Vec<&'static str>;

    /// Reads a piece of a list, as this caller.
    ///
    /// # Errors
    /// What the list itself refuses.
    fn piece(&self, engine: Engine, caller: Caller, asked: Asked) -> Reading;
}

/// A piece of a list that is being read.
pub type Reading = Pin<Box<dyn Future<Output = Result<Piece>> + Send>>;

/// Which piece of which list is wanted.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Whose list.
    pub resource: Resource,
    /// Its parameters as in the query of a request.
    pub query: String,
    /// The place, and the page for a list that is not read by keys; without it the first rows, to see what there is.
    pub walk: Option<(i64, Walk)>,
}

/// A piece of a list.
#[derive(Debug, Clone)]
pub struct Piece {
    /// Its objects.
    pub rows: Vec<Map<String, Value>>,
    /// Where the next piece begins; `None` for a list that comes whole.
    pub walk: Option<Walk>,
    /// How many objects there are in all, where the list tells.
    pub total_count: Option<i64>,
    /// Lists within its objects that are told apart by a member.
    pub pivots: Vec<Pivot>,
    /// Fields that this question leaves empty.
    pub without: Vec<&'static str>,
}

/// A field that is a list of objects, each known by the value of one of its members: a table has columns for each.
#[derive(Debug, Clone)]
pub struct Pivot {
    /// Name of the field.
    pub field: &'static str,
    /// Name of the member that tells the objects apart.
    pub key: &'static str,
    /// Its values, as texts.
    pub values: Vec<String>,
}
