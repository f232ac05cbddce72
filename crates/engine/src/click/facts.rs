//! Gathering the facts of a visit: everything in memory, nothing that waits.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use whocpa_domain::facts::{Agent, BotMark, ConnectionType, Entry, Facts};
use whocpa_domain::geo::GeoType;
use whocpa_domain::tid::ClickId;
use whocpa_domain::{Result, Scope, Time};
use whocpa_store::{Store, geo};

use super::query::Sent;
use super::track::Visit;

/// Where facts come from.
pub(crate) struct FactSource {
    /// Country code to the country's region and all that it lies in.
    places: HashMap<String, Arc<[i64]>>,
}

impl FactSource {
    /// Reads what does not change while the program runs.
    pub async fn open(store: &Store) -> Result<Self> {
        let rows = geo::list(&store.read(), Scope::All).await?;
        let parents: HashMap<i64, Option<i64>> = rows.iter().map(|row| (row.id, row.parent_id)).collect();
        let countries = rows.iter().filter(|row| row.r#type == GeoType::Country.code());
        let around = |id: i64| {
            let up = |id: &i64| parents.get(id).copied().flatten();
            // The tree is a few levels deep; a circle in it must not be walked for ever.
            std::iter::successors(Some(id), up).take(parents.len()).collect()
        };
        let places = countries.map(|row| (row.code.clone(), around(row.id))).collect();
        Ok(Self { places })
    }

    /// The facts of a visit.
    pub fn gather(&self, visit: &Visit<'_>, sent: Sent, id: ClickId, now: Time) -> Facts {
        let named = Entry::Pair { offer_id: sent.offer_id, webmaster_id: sent.webmaster_id };
        let entry = visit.entry.clone().unwrap_or(named);
        let country = iptocc::country_code(visit.ip).unwrap_or_default();
        Facts {
            ip: visit.ip,
            country: country.to_owned(),
            geo_ids: self.geo_ids(country),
            agent: Arc::new(Agent::default()),
            language: language(visit.languages),
            referer: visit.referer.to_owned(),
            connection: Self::connection(visit.ip),
            subid: sent.subid,
            keyword: sent.keyword,
            asked: sent.asked,
            is_returning: visit.is_returning,
            bot_mark: BotMark::None,
            ..Facts::new(now, id, entry)
        }
    }

    /// A country's region and all that it lies in, from the inside out.
    pub fn geo_ids(&self, country: &str) -> Arc<[i64]> {
        self.places.get(country).map(Arc::clone).unwrap_or_default()
    }

    fn connection(_ip: IpAddr) -> ConnectionType {
        ConnectionType::Unknown
    }
}

/// The first language of `Accept-Language`: `ru-RU,ru;q=0.9` -> `ru`.
fn language(header: &str) -> String {
    let first = header.split([',', ';', '-']).next().unwrap_or_default().trim();
    if first.len() <= 8 && first.bytes().all(|b| b.is_ascii_alphabetic()) {
        first.to_ascii_lowercase()
    } else {
        String::new()
    }
}
