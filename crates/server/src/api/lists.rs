//! The lists of the API, for exports: parameters are read by the rules of requests, and the same operations answer.

use std::future::ready;

use whocpa_domain::input::RawValue;
use whocpa_domain::view::Field;
use whocpa_domain::{Error, Method, Resource};
use whocpa_engine::export::lists::{Asked, Lists, Reading};
use whocpa_engine::{Caller, Engine};

use super::resource::{Call, Declared};
use super::resources::REGISTRY;
use super::{ApiError, query};

/// Lists that leave as no file: they hold keys or files themselves, or are read on from a mark of their own. What a postback
/// shows depends on the key that asks, and a file is fetched with any key of the account.
const NOT_EXPORTED: [Resource; 6] = [
    Resource::Profile,
    Resource::Key,
    Resource::Document,
    Resource::Event,
    Resource::Export,
    Resource::Postback,
];

/// All lists of the API that may leave as files.
pub struct ExportLists;

fn declared(resource: Resource) -> Option<&'static Declared> {
    let found = REGISTRY.method(resource, Method::List).filter(|declared| declared.is_list());
    found.filter(|_| !NOT_EXPORTED.contains(&resource))
}

impl Lists for ExportLists {
    fn fields(&self, resource: Resource) -> Option<&'static [Field]> {
        declared(resource).map(|declared| declared.fields)
    }

    fn names(&self) -> Vec<&'static str> {
        let all = Resource::ALL.iter().copied();
        all.filter(|resource| declared(*resource).is_some()).map(Resource::name).collect()
    }

    fn piece(&self, engine: Engine, caller: Caller, asked: Asked) -> Reading {
        let Some(declared) = declared(asked.resource) else { return Box::pin(ready(Err(Error::NotFound))) };
        let mut params = match query::read(asked.query.as_bytes(), "query") {
            Ok(params) => params,
            Err(ApiError::Domain(error)) => return Box::pin(ready(Err(error))),
            Err(ApiError::Malformed(words)) => return Box::pin(ready(Err(Error::field("query", words)))),
            Err(_) => return Box::pin(ready(Err(Error::field("query", "Cannot be read")))),
        };
        if declared.is_paged {
            params.push(
                "page",
                match asked.walk {
                    Some((number, walk)) => RawValue::Walk(number, walk),
                    None => RawValue::Text("1".to_owned()),
                },
            );
            params.push("per_page", RawValue::Text("10".to_owned()));
        }
        declared.piece(Call { engine, caller, id: String::new(), params })
    }
}
