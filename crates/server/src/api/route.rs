//! What a path under `/api` and an HTTP method mean.

use whocpa_domain::{Method, Resource};

/// A path that leads to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Route<'a> {
    pub resource: Resource,
    pub place: Place,
    /// The id as it stands in the path, empty for the collection.
    pub id: &'a str,
}

/// The three forms of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// `/api/resource/`
    Collection,
    /// `/api/resource/id`
    Item,
    /// `/api/resource/del/id`, for proxies that block DELETE
    Deletion,
}

impl<'a> Route<'a> {
    /// Reads a path, with or without a slash at its end; `None` when it leads nowhere.
    pub fn parse(path: &'a str) -> Option<Self> {
        let path = path.strip_prefix("/api/")?;
        let path = path.strip_suffix('/').unwrap_or(path);
        let mut parts = path.splitn(4, '/');
        let resource = Resource::by_name(parts.next()?)?;
        let (place, id) = match (parts.next(), parts.next(), parts.next()) {
            (None, ..) => (Place::Collection, ""),
            (Some(id), None, _) => (Place::Item, id),
            (Some("del"), Some(id), None) => (Place::Deletion, id),
            _ => return None,
        };
        Some(Self { resource, place, id })
    }

    /// The method of the resource that an HTTP method means here.
    pub fn method(&self, http: &axum::http::Method) -> Option<Method> {
        let found = self.place.verbs().iter().find(|(name, _)| *name == http.as_str());
        found.map(|(_, method)| *method).filter(|method| self.resource.has(*method))
    }

    /// The value of the `Allow` header.
    pub fn allow(&self) -> String {
        let verbs = self.place.verbs().iter();
        let names: Vec<&str> =
            verbs.filter(|(_, method)| self.resource.has(*method)).map(|(name, _)| *name).collect();
        names.join(", ")
    }
}

impl Place {
    fn verbs(self) -> &'static [(&'static str, Method)] {
        match self {
            Self::Collection => &[("GET", Method::List), ("HEAD", Method::List), ("POST", Method::Create)],
            Self::Item => &[
                ("GET", Method::View),
                ("HEAD", Method::View),
                ("POST", Method::Update),
                ("PUT", Method::Update),
                ("DELETE", Method::Delete),
            ],
            Self::Deletion => &[("POST", Method::Delete)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(path: &str) -> Option<(Place, &str)> {
        Route::parse(path).map(|route| (route.place, route.id))
    }

    #[test]
    fn the_three_forms_are_read_with_and_without_a_last_slash() {
        for slash in ["", "/"] {
            let place = |path: &str| Route::parse(&format!("{path}{slash}")).map(|route| route.place);
            assert_eq!(place("/api/offer"), Some(Place::Collection));
            assert_eq!(place("/api/offer/7"), Some(Place::Item));
            assert_eq!(place("/api/offer/del/7"), Some(Place::Deletion));
        }
        assert_eq!(parsed("/api/offer/del"), Some((Place::Item, "del")));
    }

    #[test]
    fn other_paths_lead_nowhere() {
        for path in ["/api", "/api/", "/api//offer", "/api/offers", "/api/offer/7/goal", "/api/offer/del/7/8"]
        {
            assert_eq!(parsed(path), None, "{path}");
        }
        assert_eq!(parsed("/api/offer//"), Some((Place::Item, "")));
    }

    #[test]
    fn what_is_allowed_follows_from_the_access_table() {
        let allow = |path| Route::parse(path).map(|route| route.allow()).unwrap_or_default();
        assert_eq!(allow("/api/offer"), "GET, HEAD, POST");
        assert_eq!(allow("/api/offer/7"), "GET, HEAD, POST, PUT, DELETE");
        assert_eq!(allow("/api/geo/7"), "POST, PUT");
        assert_eq!(allow("/api/geo/del/7"), "");
    }
}
