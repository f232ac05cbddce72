//! The cells: what is sent, what must come back, and what must not stand in it.

use std::collections::BTreeSet;

use serde_json::Value;
use whocpa::api::{Declaration, Declared, REGISTRY};
use whocpa_domain::view::flat_fields;
use whocpa_domain::{Access, Level, Method, Resource};

use crate::audit::Audit;
use crate::network::{AUDIT_FILTER, Actor, Network, Object};
use crate::support::Answer;

/// An id that no object has.
const MISSING: &str = "999999999";
/// Texts that are no id of anything.
const ODD_IDS: [&str; 5] = ["0", "-1", "01", "abc", "9223372036854775808"];
/// Names that stand in no answer, and that others' products have.
const SUSPECTS: [&str; 10] = [
    "undeclared",
    "owner_id",
    "balance",
    "payout",
    "postback_token",
    "password_hash",
    "hash",
    "level",
    "is_admin",
    "date_deleted",
];

/// Every field of every entity, and the usual suspects: none may be set where it is not declared (trust A3).
fn every_field() -> BTreeSet<&'static str> {
    let methods = REGISTRY.declarations().iter().flat_map(Declaration::methods);
    let fields = methods.flat_map(|(_, declared)| flat_fields(declared.fields));
    fields.map(|field| field.name).chain(SUSPECTS).collect()
}

pub struct Matrix<'a> {
    pub network: &'a Network,
    pub cells: usize,
    pub fields: usize,
    pub violations: Vec<String>,
    audit: Audit,
}

/// The status that a caller must get before anything is looked at; `None` when he may.
fn refusal(resource: Resource, method: Method, actor: Actor) -> Option<u16> {
    let Some(level) = actor.level() else { return Some(401) };
    if !resource.has(method) {
        return Some(405);
    }
    if REGISTRY.method(resource, method).is_none() {
        return Some(501);
    }
    match (actor.access(resource, method), level) {
        (Access::None, Level::Guest) => Some(401),
        (Access::None, _) => Some(403),
        (Access::Own | Access::All, _) => None,
    }
}

/// Every way to ask for a method.
fn requests(resource: Resource, method: Method, id: &str) -> Vec<(&'static str, String)> {
    let name = resource.name();
    let item = format!("/api/{name}/{id}");
    match method {
        Method::List => vec![("GET", format!("/api/{name}/"))],
        Method::View => vec![("GET", item)],
        Method::Update => vec![("POST", item.clone()), ("PUT", item)],
        Method::Create => vec![("POST", format!("/api/{name}/"))],
        Method::Delete => vec![("DELETE", item), ("POST", format!("/api/{name}/del/{id}"))],
    }
}

/// The whole of an answer that two refusals must have in common.
pub fn outside(answer: &Answer) -> String {
    // What is the request's own, or tells how many there were.
    let is_own = |name: &str| name == "x-request-id" || name.starts_with("ratelimit-");
    let headers = answer.headers.iter().filter(|(name, _)| !is_own(name.as_str()));
    let mut headers: Vec<String> = headers.map(|(name, value)| format!("{name}: {value:?}")).collect();
    headers.sort();
    format!("{answer} {}", headers.join(", "))
}

impl<'a> Matrix<'a> {
    pub async fn new(network: &'a Network) -> Self {
        let audit = Audit::begin(network).await;
        Self { network, cells: 0, fields: 0, violations: Vec::new(), audit }
    }

    /// Counts a check; notes it when it failed.
    pub fn check(&mut self, is_right: bool, what: impl FnOnce() -> String) {
        self.cells += 1;
        if !is_right {
            self.violations.push(what());
        }
    }

    /// Sends a request and looks for what the caller must not read, whatever the answer is.
    pub async fn send(&mut self, actor: Actor, verb: &str, path: &str, form: &str) -> Answer {
        let answer = self.network.send(actor, verb, path, form).await;
        let json: Value = serde_json::from_str(&answer.text).unwrap_or_default();
        let mut leaks = Vec::new();
        self.leaks(actor, &json, &mut leaks);
        // What a guest may see is no secret.
        let secrets = self.network.objects.iter().filter(|object| {
            !object.seen_by.contains(&Actor::Guest) && !object.is_seen_by(actor) && !object.canary.is_empty()
        });
        for object in secrets.filter(|object| answer.text.contains(&object.canary)) {
            leaks.push(format!("a text of {} {}", object.resource.name(), object.id));
        }
        if !actor.is_operator()
            && !matches!(actor, Actor::AdvertiserA | Actor::AdvertiserB)
            && answer.text.contains("secretquery")
        {
            leaks.push("the query of a destination".to_owned());
        }
        if !actor.is_operator() && self.network.notes.iter().any(|note| answer.text.contains(note)) {
            leaks.push("a note among operators".to_owned());
        }
        let other_token = |token: &String| {
            let is_own = self.network.tokens.get(&actor) == Some(token);
            answer.text.contains(token) && !is_own && !actor.is_operator()
        };
        if self.network.tokens.values().any(other_token) {
            leaks.push("another advertiser's postback token".to_owned());
        }
        for leak in leaks {
            self.violations.push(format!("{actor:?} {verb} {path}: leaks {leak}"));
        }
        if verb != "GET" {
            let wrong = self.audit.after(self.network, actor, path, &answer).await;
            self.check(wrong.is_none(), || format!("{actor:?} {verb} {path}: {}", wrong.unwrap_or_default()));
        }
        answer
    }

    fn leaks(&self, actor: Actor, json: &Value, leaks: &mut Vec<String>) {
        match json {
            Value::Array(values) => values.iter().for_each(|value| self.leaks(actor, value, leaks)),
            Value::Object(fields) => {
                for (name, value) in fields {
                    let own = self.network.users.get(&actor).copied();
                    let is_own = value.as_i64().is_some() && value.as_i64() == own;
                    let is_leak = match (name.as_str(), actor.level()) {
                        ("password_hash" | "password" | "hash" | "cipher", _) => true,
                        (_, Some(Level::Operator)) => false,
                        ("margin" | "margin_hold", _) => true,
                        ("postback_token" | "charge", level) => level != Some(Level::Advertiser),
                        ("advertiser_id" | "owner_id" | "user_id", _) => !is_own,
                        ("webmaster_id", level) => level != Some(Level::Advertiser) && !is_own,
                        _ => false,
                    };
                    // A refusal names the parameter, its value is a list of words.
                    if is_leak && !value.is_array() {
                        leaks.push(format!("{name} {value}"));
                    }
                    self.leaks(actor, value, leaks);
                }
            }
            _ => {}
        }
    }

    /// One field of the table for one caller, in all ways to ask.
    pub async fn cell(&mut self, resource: Resource, method: Method, actor: Actor) {
        let network = self.network;
        if let Some(status) = refusal(resource, method, actor) {
            return self.refused(resource, method, actor, status).await;
        }
        let declared = REGISTRY.method(resource, method).expect("refused otherwise");
        let is_own = |object: &&Object| object.resource == resource && object.reached_by(actor, method);
        match method {
            Method::List => self.list(resource, actor, declared).await,
            Method::Create => self.create(resource, actor, declared).await,
            Method::View => {
                for object in network.objects.iter().filter(is_own) {
                    let path = format!("/api/{}/{}", resource.name(), object.id);
                    let answer = self.send(actor, "GET", &path, "").await;
                    let is_it =
                        answer.status.as_u16() == 200 && text_of(&answer.json()["object"]["id"]) == object.id;
                    self.check(is_it, || format!("{actor:?} views {path}: {answer}"));
                }
            }
            Method::Update => {
                let form = Network::update_body(resource, actor);
                for object in network.objects.iter().filter(is_own) {
                    for (verb, path) in requests(resource, method, &object.id) {
                        let answer = self.send(actor, verb, &path, form).await;
                        let is_done = answer.to_string() == format!("200 {{\"updated\":{}}}", object.id);
                        self.check(is_done, || format!("{actor:?} {verb} {path} {form}: {answer}"));
                        self.undeclared(actor, (verb, &path), form, declared).await;
                    }
                }
            }
            Method::Delete => {
                for way in 0..2 {
                    let id = network.throwaway(resource, actor).await;
                    self.audit = Audit::begin(network).await;
                    let (verb, path) = &requests(resource, method, &id.to_string())[way];
                    let answer = self.send(actor, verb, path, "").await;
                    let is_done = answer.to_string() == format!("200 {{\"deleted\":{id}}}");
                    self.check(is_done, || format!("{actor:?} {verb} {path}: {answer}"));
                }
            }
        }
        if !matches!(method, Method::List | Method::Create) {
            self.foreign(resource, method, actor).await;
        }
    }

    /// A caller who may not: the same refusal for every object, there or not, his or not, whatever he sends.
    async fn refused(&mut self, resource: Resource, method: Method, actor: Actor, status: u16) {
        let of_resource = self.network.objects.iter().filter(|object| object.resource == resource);
        let mut ids: Vec<String> = of_resource.map(|object| object.id.clone()).collect();
        if matches!(method, Method::List | Method::Create) {
            ids.clear();
        }
        ids.push(MISSING.to_owned());
        for way in 0..requests(resource, method, MISSING).len() {
            let mut first: Option<String> = None;
            for id in &ids {
                for form in ["", "name=x&undeclared=1"] {
                    let (verb, path) = &requests(resource, method, id)[way];
                    if *verb == "GET" && !form.is_empty() {
                        continue;
                    }
                    let answer = self.send(actor, verb, path, form).await;
                    let told = outside(&answer);
                    let is_right =
                        answer.status.as_u16() == status && first.get_or_insert(told.clone()) == &told;
                    self.check(is_right, || {
                        format!("{actor:?} {verb} {path}: expected {status}, got {told}")
                    });
                }
            }
        }
    }

    /// Objects that the caller does not reach answer as objects that do not exist, and stay as they are.
    async fn foreign(&mut self, resource: Resource, method: Method, actor: Actor) {
        let network = self.network;
        let form = if method == Method::Update { Network::update_body(resource, actor) } else { "" };
        for way in 0..requests(resource, method, MISSING).len() {
            let (verb, path) = &requests(resource, method, MISSING)[way];
            let missing = self.send(actor, verb, path, form).await;
            let expected = outside(&missing);
            self.check(missing.status.as_u16() == 404, || format!("{actor:?} {verb} {path}: {missing}"));
            for id in ODD_IDS {
                let (verb, path) = &requests(resource, method, id)[way];
                let told = outside(&self.send(actor, verb, path, form).await);
                self.check(told == expected, || format!("{actor:?} {verb} {path}: {told} is not {expected}"));
            }
            let is_foreign =
                |object: &&Object| object.resource == resource && !object.reached_by(actor, method);
            for object in network.objects.iter().filter(is_foreign) {
                let view = format!("/api/{}/{}", resource.name(), object.id);
                let before = network.send(object.seen_by[0], "GET", &view, "").await.to_string();
                let (verb, path) = &requests(resource, method, &object.id)[way];
                let told = outside(&self.send(actor, verb, path, form).await);
                self.check(told == expected, || format!("{actor:?} {verb} {path}: {told} is not {expected}"));
                let after = network.send(object.seen_by[0], "GET", &view, "").await.to_string();
                self.check(before == after, || format!("{actor:?} {verb} {path}: {before} became {after}"));
            }
        }
    }

    async fn list(&mut self, resource: Resource, actor: Actor, declared: &Declared) {
        let network = self.network;
        let query = match resource {
            Resource::Audit => format!("?{AUDIT_FILTER}"),
            _ if declared.is_paged => "?per_page=100".to_owned(),
            _ => String::new(),
        };
        let path = format!("/api/{}/{query}", resource.name());
        let answer = self.send(actor, "GET", &path, "").await;
        self.check(answer.status.as_u16() == 200, || format!("{actor:?} lists {path}: {answer}"));
        let listed = ids(&answer.json()["objects"]);
        for object in network.objects.iter().filter(|object| object.resource == resource) {
            let (is_there, is_seen) = (listed.contains(&object.id), object.reached_by(actor, Method::List));
            self.check(is_there == is_seen, || {
                let wrong = if is_there { "must not be" } else { "is missing" };
                format!("{actor:?} {path}: {} {wrong} in {listed:?}", object.id)
            });
        }
        let hidden = network.objects.iter().filter(|object| object.resource == resource);
        let hidden = hidden.filter(|object| !object.reached_by(actor, Method::List));
        let hidden: Vec<String> = hidden.map(|object| object.id.clone()).collect();
        if declared.params.iter().any(|param| param.name == "id") && !hidden.is_empty() {
            let path = format!("/api/{}/?id={}", resource.name(), hidden.join(","));
            let answer = self.send(actor, "GET", &path, "").await;
            self.check(ids(&answer.json()["objects"]).is_empty(), || format!("{actor:?} {path}: {answer}"));
        }
    }

    async fn create(&mut self, resource: Resource, actor: Actor, declared: &Declared) {
        let path = format!("/api/{}/", resource.name());
        let answer = self.send(actor, "POST", &path, "").await;
        self.check(answer.status.as_u16() == 400, || {
            format!("{actor:?} creates {path} of nothing: {answer}")
        });
        let form = self.network.create_body(resource, actor).await;
        self.audit = Audit::begin(self.network).await;
        self.undeclared(actor, ("POST", &path), &form, declared).await;
        let answer = self.send(actor, "POST", &path, &form).await;
        let is_done = answer.status.as_u16() == 201 && answer.json()["created"].is_i64();
        self.check(is_done, || format!("{actor:?} creates {path} {form}: {answer}"));
    }

    /// A good request with every field of every entity beside what is declared: each is refused by its name, and nothing
    /// else is.
    async fn undeclared(&mut self, actor: Actor, way: (&str, &str), form: &str, declared: &Declared) {
        let (verb, path) = way;
        let is_declared = |field: &&str| declared.params.iter().any(|param| param.name == *field);
        let sent: BTreeSet<&str> = every_field().into_iter().filter(|field| !is_declared(field)).collect();
        let more: Vec<String> = sent.iter().map(|field| format!("&{field}=1")).collect();
        let answer = self.send(actor, verb, path, &format!("{form}{}", more.concat())).await;
        let told = answer.json();
        let messages = told["error"].as_object().into_iter().flatten();
        let named: BTreeSet<&str> = messages.map(|(name, _)| name.as_str()).collect();
        self.fields += sent.len();
        self.check(answer.status.as_u16() == 400 && named == sent, || {
            let accepted: Vec<_> = sent.symmetric_difference(&named).collect();
            format!("{actor:?} {verb} {path}: not as it was sent: {accepted:?}: {answer}")
        });
    }
}

/// The ids of a list, and of what stands in its objects as in a tree.
fn ids(objects: &Value) -> Vec<String> {
    let objects = objects.as_array().map(Vec::as_slice).unwrap_or_default();
    let of = |object: &Value| [vec![text_of(&object["id"])], ids(&object["descendants"])].concat();
    objects.iter().flat_map(of).collect()
}

/// An id as it stands in a path: a number, or a text as it is.
fn text_of(id: &Value) -> String {
    id.as_str().map_or_else(|| id.to_string(), str::to_owned)
}
