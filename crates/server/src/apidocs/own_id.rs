//! Ids in the samples: those of the example network are nobody's elsewhere, so a mark stands for one of the reader's own. With
//! his key the page reads one from a list, but never for what would be changed or removed: that he names himself.

use whocpa_domain::{Access, Level, Method, Resource};

use crate::api::Registry;

/// A place for an id of the reader's own.
pub(super) struct OwnId {
    /// What stands in the samples, `YOUR_AREA_ID`.
    pub mark: String,
    /// Whose list tells it.
    pub resource: Resource,
    /// A request whose first row has one; empty where none is put in.
    pub from: String,
}

impl OwnId {
    /// What stands for the id in the path. Regions and currencies have the same ids in every network.
    pub fn of_path(
        registry: &Registry,
        level: Level,
        (resource, method): (Resource, Method),
    ) -> Option<Self> {
        if matches!(resource, Resource::Geo | Resource::Currency) {
            return None;
        }
        let id = Self::of(registry, level, resource, "")?;
        let reads = method == Method::View;
        Some(if reads { id } else { Self { from: String::new(), ..id } })
    }

    /// What stands for the id in a parameter, if it is one.
    pub fn of_param(
        registry: &Registry,
        level: Level,
        own: Resource,
        (name, value): (&str, &str),
    ) -> Option<Self> {
        let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        if name == "tid" && own != Resource::Simulate {
            let mark = "YOUR_TID".to_owned();
            // Advertisers read tids in their leads, which have ids of their own.
            let in_leads = Self { mark: mark.clone(), resource: Resource::Lead, from: String::new() };
            let in_clicks = Self::of(registry, level, Resource::Click, "").map(|id| Self { mark, ..id });
            return Some(in_clicks.unwrap_or(in_leads));
        }
        let (resource, filter) = match name {
            _ if !is_number => return None,
            "id" => (own, ""),
            "categories" => (Resource::Category, ""),
            "webmaster_id" => (Resource::User, "level=1"),
            "advertiser_id" => (Resource::User, "level=2"),
            "manager_id" | "operator_id" => (Resource::User, "level=3"),
            "user_id" | "owner_id" | "referrer_id" => (Resource::User, ""),
            "offer_id" if level == Level::Webmaster => (Resource::Offer, "is_approved=1"),
            "prelanding_id" => (Resource::Landing, "kind=2"),
            "to_postback_id" => (Resource::Postback, ""),
            "goal_version_id" => {
                let mark = "YOUR_GOAL_VERSION_ID".to_owned();
                return Some(Self { mark, resource: Resource::Goal, from: String::new() });
            }
            _ => (Resource::by_name(name.strip_suffix("_id")?)?, ""),
        };
        let id = Self::of(registry, level, resource, filter)?;
        let mark = match name {
            "id" | "categories" => id.mark,
            _ => format!("YOUR_{}", name.to_ascii_uppercase()),
        };
        (resource != Resource::Currency).then_some(Self { mark, ..id })
    }

    fn of(registry: &Registry, level: Level, resource: Resource, filter: &str) -> Option<Self> {
        if resource.access(Method::List, level) == Access::None {
            return None;
        }
        let list = registry.declaration(resource)?.method(Method::List)?;
        let query: Vec<&str> = [filter, if list.is_paged { "per_page=10" } else { "" }]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect();
        let from = format!("/api/{}/?{}", resource.name(), query.join("&"));
        let from = if list.is_soon() { String::new() } else { from.trim_end_matches('?').to_owned() };
        let mark = format!("YOUR_{}_ID", resource.name().to_ascii_uppercase());
        Some(Self { mark, resource, from })
    }
}
