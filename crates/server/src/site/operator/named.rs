//! Names of the people and offers that a page speaks of.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;

use whocpa_domain::{Method, Resource, Result};

use super::parts::Cell;
use crate::site::list::with;
use crate::site::reader::Reader;

/// Ids that one question names.
const AT_ONCE: usize = 100;

/// Names by number; what the operator may not see keeps its number.
#[derive(Default)]
pub(super) struct Named {
    people: BTreeMap<i64, String>,
    offers: BTreeMap<i64, String>,
}

impl Named {
    /// Those of these people and offers that he may see.
    pub fn load<'a>(
        reader: &'a Reader,
        people: impl IntoIterator<Item = i64>,
        offers: impl IntoIterator<Item = i64>,
    ) -> Pin<Box<dyn Future<Output = Result<Self>> + Send + 'a>> {
        // The numbers are taken out of the rows before anything is waited for.
        Box::pin(Self::asked(reader, chunks(people), chunks(offers)))
    }

    async fn asked(reader: &Reader, people: Vec<String>, offers: Vec<String>) -> Result<Self> {
        let (engine, caller) = (reader.engine(), reader.caller());
        let mut named = Self::default();
        if caller.may(Resource::User, Method::List).is_ok() {
            for ids in people {
                let asked = with([("id", ids), ("per_page", "100".to_owned())]);
                let found = engine.user_list(caller, asked.read()?).await?.rows;
                named.people.extend(found.into_iter().map(|row| (row.id, row.name)));
            }
        }
        for ids in offers {
            let all = ("show_stopped", "1".to_owned());
            let asked = with([("id", ids), all, ("per_page", "100".to_owned())]);
            let found = engine.offer_list(caller, asked.read()?).await?.rows;
            named.offers.extend(found.into_iter().map(|row| (row.id, row.name)));
        }
        Ok(named)
    }

    /// Somebody, with a way to his page; nobody for 0.
    pub fn person(&self, id: i64) -> Cell {
        if id == 0 {
            return Cell::default();
        }
        match self.people.get(&id) {
            Some(name) => Cell::text(name).link(format!("/operator/users/{id}")),
            None => Cell::text(format!("#{id}")),
        }
    }

    /// An offer, with a way to its page.
    pub fn offer(&self, id: i64) -> Cell {
        match self.offers.get(&id) {
            Some(name) => Cell::text(name).link(format!("/operator/offers/{id}")),
            None => Cell::text(format!("#{id}")),
        }
    }
}

fn chunks(ids: impl IntoIterator<Item = i64>) -> Vec<String> {
    let unique: BTreeSet<i64> = ids.into_iter().filter(|id| *id > 0).collect();
    let unique: Vec<String> = unique.into_iter().map(|id| id.to_string()).collect();
    unique.chunks(AT_ONCE).map(|some| some.join(",")).collect()
}
