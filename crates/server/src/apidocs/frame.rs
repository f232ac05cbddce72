//! What stands around every page: levels, languages, menu.

use whocpa_domain::{Access, Level, Method, Resource};

use super::text::{Html, rich};
use crate::api::Registry;
use crate::i18n::Lang;

/// What stands around a page.
pub(super) struct Frame {
    pub lang: Lang,
    pub level: Level,
    pub title: String,
    /// Address of the page without its language.
    pub path: String,
    /// The profile key of a reader who is signed in, else empty.
    pub own_key: String,
    pub base_url: String,
    pub levels: Vec<Link>,
    pub languages: Vec<Language>,
    pub menu: Vec<Group>,
}

pub(super) struct Link {
    pub title: String,
    pub url: String,
    pub is_here: bool,
}

/// This page in a language.
pub(super) struct Language {
    pub tag: &'static str,
    pub short: &'static str,
    pub title: &'static str,
    pub url: String,
    pub is_here: bool,
}

/// Resources that belong together.
pub(super) struct Group {
    pub title: String,
    pub sections: Vec<Section>,
}

/// A resource of the menu.
pub(super) struct Section {
    pub name: &'static str,
    pub about: &'static str,
    pub is_here: bool,
    pub is_soon: bool,
    pub methods: Vec<MenuMethod>,
}

pub(super) struct MenuMethod {
    pub name: &'static str,
    pub verb: &'static str,
    pub url: String,
    pub is_here: bool,
    pub is_soon: bool,
}

/// Where the reader is.
pub(super) struct Place {
    pub lang: Lang,
    pub level: Level,
    pub method: Option<(Resource, Method)>,
    /// Address of the page without its language.
    pub path: String,
    /// The profile key of a reader who is signed in, else empty.
    pub own_key: String,
}

impl Frame {
    pub fn new(registry: &Registry, base_url: &str, place: Place, title: String) -> Self {
        let levels = Level::ALL.into_iter().map(|level| Link {
            title: place.lang.t(&format!("level-{}", level.name())),
            url: level_url(&place, level),
            is_here: level == place.level,
        });
        let languages = Lang::ALL.into_iter().map(|lang| Language {
            tag: lang.tag(),
            short: lang.short(),
            title: lang.title(),
            url: format!("{}{}", lang.prefix(), place.path),
            is_here: lang == place.lang,
        });
        Self {
            title,
            levels: levels.collect(),
            languages: languages.collect(),
            menu: menu(registry, &place),
            lang: place.lang,
            level: place.level,
            path: place.path,
            own_key: place.own_key,
            base_url: base_url.to_owned(),
        }
    }

    /// A text of the interface.
    pub fn t(&self, key: &str) -> String {
        self.lang.t(key)
    }

    /// A text of the interface with code and links in it.
    pub fn r(&self, key: &str) -> Html {
        rich(self.lang, &self.lang.t(key))
    }

    /// The same with words in it.
    pub fn r_text(&self, key: &str, name: &str, words: &str) -> Html {
        rich(self.lang, &self.lang.with(key, name, words))
    }

    /// The same with a number in it.
    pub fn r_count(&self, key: &str, name: &str, count: usize) -> Html {
        rich(self.lang, &self.lang.with(key, name, count))
    }

    /// The level's name.
    pub fn level_title(&self) -> String {
        self.lang.t(&format!("level-{}", self.level.name()))
    }

    /// The address of a page in the reader's language.
    pub fn to(&self, path: &str) -> String {
        format!("{}{path}", self.lang.prefix())
    }
}

/// The address of a level's first page, without the language.
pub(super) fn overview_path(level: Level) -> String {
    format!("/apidocs/{}/overview/about", level.segment())
}

/// The address of a method's page, without the language.
pub(super) fn method_path(level: Level, resource: Resource, method: Method) -> String {
    format!("/apidocs/{}/reference/{}/{}", level.segment(), resource.name(), method.name())
}

/// HTTP method of a method, as its badge says it.
pub(super) fn verb(method: Method) -> &'static str {
    match method {
        Method::List | Method::View => "GET",
        Method::Update | Method::Create => "POST",
        Method::Delete => "DELETE",
    }
}

/// The same page for another level, where that one has it.
fn level_url(place: &Place, level: Level) -> String {
    let path = match place.method {
        Some((resource, method)) if resource.access(method, level) != Access::None => {
            method_path(level, resource, method)
        }
        _ => overview_path(level),
    };
    format!("{}{path}", place.lang.prefix())
}

/// The menu's groups, in order; what no group names stands in the last one.
const GROUPS: &[(&str, &[Resource])] = {
    use Resource as R;
    &[
        (
            "menu-catalogue",
            &[
                R::Offer,
                R::Goal,
                R::Category,
                R::Currency,
                R::Geo,
                R::Promo,
                R::Landing,
                R::Stock,
                R::Product,
                R::Feed,
                R::News,
            ],
        ),
        ("menu-traffic", &[R::Area, R::Connection, R::Link, R::Deeplink, R::Domain, R::Click]),
        (
            "menu-leads",
            &[
                R::Lead,
                R::Decision,
                R::Orphan,
                R::Rule,
                R::Finding,
                R::Stat,
                R::Export,
                R::Simulate,
                R::Proof,
            ],
        ),
        ("menu-postbacks", &[R::Postback, R::Delivery]),
        (
            "menu-money",
            &[
                R::Balance,
                R::Transfer,
                R::Wallet,
                R::Payout,
                R::Batch,
                R::Advance,
                R::Deposit,
                R::Cover,
                R::Condition,
                R::Referral,
                R::Document,
            ],
        ),
        ("menu-account", &[]),
    ]
};

fn menu(registry: &Registry, place: &Place) -> Vec<Group> {
    let named = |resource: &Resource| GROUPS.iter().any(|(_, group)| group.contains(resource));
    let rest: Vec<Resource> = Resource::ALL.iter().copied().filter(|resource| !named(resource)).collect();
    let groups = GROUPS.iter().map(|(key, group)| {
        let members = if group.is_empty() { rest.as_slice() } else { group };
        let sections = members.iter().filter_map(|resource| section(registry, place, *resource));
        Group { title: place.lang.t(key), sections: sections.collect() }
    });
    groups.filter(|group| !group.sections.is_empty()).collect()
}

fn section(registry: &Registry, place: &Place, resource: Resource) -> Option<Section> {
    let can = |method: &Method| resource.access(*method, place.level) != Access::None;
    let methods: Vec<MenuMethod> = Method::ALL
        .into_iter()
        .filter(can)
        .map(|method| MenuMethod {
            name: method.name(),
            verb: verb(method),
            url: format!("{}{}", place.lang.prefix(), method_path(place.level, resource, method)),
            is_here: place.method == Some((resource, method)),
            is_soon: registry.method(resource, method).is_none(),
        })
        .collect();
    (!methods.is_empty()).then(|| Section {
        name: resource.name(),
        about: place.lang.say(resource.title()),
        is_here: place.method.is_some_and(|(here, _)| here == resource),
        is_soon: methods.iter().all(|method| method.is_soon),
        methods,
    })
}
