//! Every write there is, sent twice with one `Idempotency-Key`: one effect, noted once, and the same answer (trust M5).

use whocpa::api::REGISTRY;
use whocpa_db_test::db_test;
use whocpa_domain::{Access, Method, Resource};
use whocpa_store::testing::TestDb;

use crate::network::{Actor, Network};
use crate::support::Answer;

struct Repeats {
    network: Network,
    writes: usize,
    wrong: Vec<String>,
}

impl Repeats {
    async fn send(&self, actor: Actor, (verb, path): (&str, &str), name: &str, form: &str) -> Answer {
        let key = &self.network.keys[&actor];
        let headers = [("x-api-key", key.as_str()), ("idempotency-key", name)];
        self.network.app.call(verb, path, &headers, form).await
    }

    async fn twice(&mut self, actor: Actor, way: (&str, &str), form: &str) {
        self.writes += 1;
        let name = self.network.word();
        let before = self.entries().await;
        let first = self.send(actor, way, &name, form).await;
        let noted = self.entries().await - before;
        let again = self.send(actor, way, &name, form).await;
        let is_replayed = again.header("idempotent-replayed") == "true";
        let is_same = first.status.is_success() && first.to_string() == again.to_string();
        // What is only tried is no write, and not in the audit.
        let wanted = i64::from(!way.1.starts_with("/api/simulate"));
        let noted_again = self.entries().await - before - noted;
        if !is_same || !is_replayed || noted != wanted || noted_again != 0 {
            self.wrong.push(format!(
                "{actor:?} {way:?} {form}: {first}, {noted} audit entries; again {again}, {noted_again} more"
            ));
        }
    }

    async fn entries(&self) -> i64 {
        let list = self.network.send(Actor::Operator, "GET", "/api/audit/?per_page=10", "").await;
        list.json()["total_count"].as_i64().expect("how many entries there are")
    }

    async fn cell(&mut self, resource: Resource, method: Method, actor: Actor) {
        let name = resource.name();
        match method {
            Method::List | Method::View => {}
            Method::Create => {
                let form = self.network.create_body(resource, actor).await;
                self.twice(actor, ("POST", &format!("/api/{name}/")), &form).await;
            }
            Method::Update => {
                let mut objects = self.network.objects.iter();
                let own =
                    objects.find(|object| object.resource == resource && object.seen_by.contains(&actor));
                let Some(id) = own.map(|object| &object.id) else { return };
                let form = Network::update_body(resource, actor);
                self.twice(actor, ("POST", &format!("/api/{name}/{id}")), form).await;
            }
            Method::Delete => {
                let id = self.network.throwaway(resource, actor).await;
                self.twice(actor, ("DELETE", &format!("/api/{name}/{id}")), "").await;
            }
        }
    }
}

#[db_test]
async fn every_write_can_be_repeated(db: TestDb) {
    let mut repeats = Repeats { network: Network::new(db).await, writes: 0, wrong: Vec::new() };
    for declaration in REGISTRY.declarations() {
        for (method, _) in declaration.methods().filter(|(_, declared)| !declared.is_soon()) {
            for actor in [Actor::WebmasterA, Actor::AdvertiserA, Actor::Operator] {
                if actor.access(declaration.resource, method) != Access::None {
                    repeats.cell(declaration.resource, method, actor).await;
                }
            }
        }
    }
    println!("repeated writes: {}, of which wrong {}", repeats.writes, repeats.wrong.len());
    assert!(repeats.wrong.is_empty(), "\n{}", repeats.wrong.join("\n"));
}
