//! A network made for the examples: each step is a request as a program sends it, and its answer is shown as it came.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;
use whocpa_domain::user::UserLevel;
use whocpa_domain::{Level, Method, Resource};
use whocpa_engine::Caller;
use whocpa_engine::user::UserCreate;

use crate::json;
use crate::support::TestApp;

/// The network and what it was asked so far.
pub struct Story {
    pub app: TestApp,
    keys: BTreeMap<Level, String>,
    next: u32,
    /// By level and name: the first answer to each method is its example.
    sections: BTreeMap<(Level, String), String>,
}

/// Parameters of a request.
pub type Params<'a> = &'a [(&'a str, &'a str)];

impl Story {
    /// A network with one account of each level, and nothing else.
    pub async fn begin(app: TestApp) -> Self {
        let mut keys = BTreeMap::new();
        for (level, user, login, name) in [
            (Level::Operator, UserLevel::Operator, "manager@cpa.example", "Network manager"),
            (Level::Advertiser, UserLevel::Advertiser, "sales@boots.example", "Boots & Co"),
            (Level::Webmaster, UserLevel::Webmaster, "hello@travel-blog.example", "Travel blog"),
        ] {
            let input = UserCreate::new(user, login, name, "correct horse battery");
            let engine = &app.state.engine;
            let id = engine.user_create(Caller::SYSTEM, input).await.expect("an account");
            keys.insert(level, engine.profile_key(id).await.expect("its key"));
        }
        Self { app, keys, next: 100, sections: BTreeMap::new() }
    }

    /// A number that was not given before.
    pub fn count(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    /// A list, as an example.
    pub async fn list(&mut self, level: Level, resource: Resource, params: Params<'_>) -> Value {
        self.ask(level, resource, Method::List, "", params).await["objects"].clone()
    }

    /// A view, as an example.
    pub async fn view(&mut self, level: Level, resource: Resource, id: &str) -> Value {
        self.ask(level, resource, Method::View, id, &[]).await["object"].clone()
    }

    /// An update, as an example.
    pub async fn update(&mut self, level: Level, resource: Resource, id: &str, params: Params<'_>) {
        self.ask(level, resource, Method::Update, id, params).await;
    }

    /// A create, as an example; gives the id.
    pub async fn create(&mut self, level: Level, resource: Resource, params: Params<'_>) -> String {
        self.ask(level, resource, Method::Create, "", params).await["created"].to_string()
    }

    /// A delete, as an example.
    pub async fn delete(&mut self, level: Level, resource: Resource, id: &str) {
        self.ask(level, resource, Method::Delete, id, &[]).await;
    }

    async fn ask(
        &mut self,
        level: Level,
        resource: Resource,
        method: Method,
        id: &str,
        params: Params<'_>,
    ) -> Value {
        let (verb, expected) = match method {
            Method::List | Method::View => ("GET", 200),
            Method::Update => ("POST", 200),
            Method::Create => ("POST", 201),
            Method::Delete => ("DELETE", 200),
        };
        let path = format!("/api/{}/{id}", resource.name());
        let form = encoded(params);
        let (target, body) = match verb {
            "GET" if !form.is_empty() => (format!("{path}?{form}"), ""),
            _ => (path.clone(), form.as_str()),
        };
        let name = format!("example-{}", self.count());
        let key = self.keys.get(&level).map(String::as_str);
        let mut headers: Vec<(&str, &str)> = key.map(|key| ("x-api-key", key)).into_iter().collect();
        if resource.requires_idempotency_key(method) {
            headers.push(("idempotency-key", &name));
        }
        let answer = self.app.call(verb, &target, &headers, body).await;
        assert_eq!(answer.status.as_u16(), expected, "{level:?} {verb} {target} {form}: {answer}");
        let name = format!("{}/{}", resource.name(), method.name());
        let mut section = format!("### {name}\n{verb} {path}\n");
        for (name, value) in params {
            writeln!(section, "{name}={value}").expect("text grows");
        }
        let (body, is_cut) = json::example(&answer.text);
        let cut = if is_cut { " cut" } else { "" };
        write!(section, "\n{expected}{cut}\n{body}\n\n").expect("text grows");
        self.sections.entry((level, name)).or_insert(section);
        answer.json()
    }

    /// The examples of a level as one file.
    pub fn file(&self, level: Level) -> String {
        let own = self.sections.iter().filter(|((of, _), _)| *of == level);
        let text: String = own.map(|(_, section)| section.as_str()).collect();
        text.trim_end().to_owned() + "\n"
    }

    /// Whether there is an example.
    pub fn has(&self, level: Level, name: &str) -> bool {
        self.sections.contains_key(&(level, name.to_owned()))
    }
}

fn encoded(params: Params<'_>) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, value) in params {
        form.append_pair(name, value);
    }
    form.finish()
}
