//! Scoped keys: a key with one right does what this right covers, on every resource that its owner may use, and nothing
//! else.

use whocpa::api::REGISTRY;
use whocpa_db_test::db_test;
use whocpa_domain::{Access, Method};
use whocpa_store::testing::TestDb;

use crate::network::{Actor, Network};

/// What moves money, says where to, or sets the rates of single people; told here once more, not asked of the program.
const MONEY: [&str; 14] = [
    "advance",
    "balance",
    "batch",
    "condition",
    "cover",
    "currency",
    "deposit",
    "document",
    "payout",
    "rate",
    "referral",
    "rerating",
    "transfer",
    "wallet",
];

#[db_test]
async fn a_key_with_one_right_does_nothing_else(db: TestDb) {
    let network = Network::new(db).await;
    let (mut asked, mut wrong) = (0, Vec::new());
    for actor in [Actor::WebmasterA, Actor::AdvertiserA, Actor::Operator] {
        for right in ["read", "write", "money"] {
            let form = format!("name={right}&rights={right}");
            let made = network.send(actor, "POST", "/api/key/", &form).await.json();
            let key = made["key"].as_str().expect("a key").to_owned();
            for declaration in REGISTRY.declarations() {
                let (resource, name) = (declaration.resource, declaration.resource.name());
                for (method, declared) in declaration.methods() {
                    if declared.is_soon() || actor.access(resource, method) == Access::None {
                        continue;
                    }
                    let (verb, path) = match method {
                        Method::List => ("GET", format!("/api/{name}/")),
                        Method::View => ("GET", format!("/api/{name}/999999999")),
                        Method::Create => ("POST", format!("/api/{name}/")),
                        Method::Update => ("POST", format!("/api/{name}/999999999")),
                        Method::Delete => ("DELETE", format!("/api/{name}/999999999")),
                    };
                    let needed = match method {
                        Method::List | Method::View => "read",
                        _ if MONEY.contains(&name) => "money",
                        _ => "write",
                    };
                    let answer = network.app.call(verb, &path, &[("x-api-key", &key)], "").await;
                    asked += 1;
                    if (answer.status.as_u16() == 403) == (needed == right) {
                        wrong.push(format!("{actor:?} with {right}: {verb} {path}: {answer}"));
                    }
                }
            }
        }
    }
    println!("keys with one right: {asked} requests, {} wrong", wrong.len());
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
