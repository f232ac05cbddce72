//! The access matrix: every resource x method x caller, through the real router (trust A1, A2, A3; style P4).
//!
//! What must happen follows from the access table of `domain` and the order of checks that the API documents: key
//! (401), method (405 nobody has it, 501 not there yet), level (401, 403), id (404), parameters (400). A new resource
//! needs objects in `network.rs` and requests in `fixtures.rs`; without them this test fails.

#[cfg(test)]
#[path = "access_matrix/audit.rs"]
mod audit;
#[cfg(test)]
#[path = "access_matrix/cells.rs"]
mod cells;
#[cfg(test)]
#[path = "access_matrix/deliveries.rs"]
mod deliveries;
#[cfg(test)]
#[path = "access_matrix/fixtures.rs"]
mod fixtures;
#[cfg(test)]
#[path = "access_matrix/money.rs"]
mod money;
#[cfg(test)]
#[path = "access_matrix/network.rs"]
mod network;
#[cfg(test)]
#[path = "access_matrix/orders.rs"]
mod orders;
#[cfg(test)]
#[path = "access_matrix/references.rs"]
mod references;
#[cfg(test)]
#[path = "access_matrix/repeats.rs"]
mod repeats;
#[cfg(test)]
#[path = "access_matrix/rights.rs"]
mod rights;
#[cfg(test)]
#[expect(dead_code, reason = "shared with tests that use all of it")]
mod support;
#[cfg(test)]
#[path = "access_matrix/visitor.rs"]
mod visitor;

use cells::Matrix;
use network::{Actor, Network};
use whocpa::api::{Declaration, REGISTRY};
use whocpa_db_test::db_test;
use whocpa_domain::{Access, Method, Resource};
use whocpa_store::testing::TestDb;

#[db_test]
async fn nobody_reaches_more_than_the_table_says(db: TestDb) {
    let database = if db.config.database_url.is_some() { "PostgreSQL" } else { "SQLite" };
    let network = Network::new(db).await;
    let mut matrix = Matrix::new(&network).await;
    for resource in Resource::ALL {
        for method in Method::ALL {
            for actor in Actor::ALL {
                matrix.cell(*resource, method, actor).await;
            }
        }
    }
    matrix.references().await;
    matrix.foreign_wallets().await;
    let told = audit::secrets(&network).await;
    matrix.check(told.is_empty(), || told.join("\n"));
    println!(
        "access matrix, {database}: {} objects, {} undeclared fields tried",
        network.objects.len(),
        matrix.fields
    );
    println!("access matrix: {} cells, {} violations ({database})", matrix.cells, matrix.violations.len());
    assert!(matrix.violations.is_empty(), "\n{}", matrix.violations.join("\n"));
}

#[db_test]
async fn every_list_gives_what_is_asked_for_in_its_order(db: TestDb) {
    let network = Network::new(db).await;
    let (asked, wrong) = orders::told(&network).await;
    println!("lists: {asked} asked for");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// A declared resource must have objects on which the matrix can see something: one that the caller reaches and,
/// where he reaches only his own, one that he does not.
#[db_test]
async fn every_declared_resource_has_objects_here(db: TestDb) {
    let network = Network::new(db).await;
    let mut missing = Vec::new();
    // What is only announced has no objects yet.
    let is_there = |declaration: &&Declaration| declaration.methods().any(|(_, method)| !method.is_soon());
    // What is only tried, counted or told leaves no objects.
    let makes = |declaration: &&Declaration| {
        !matches!(declaration.resource, Resource::Simulate | Resource::Stat | Resource::Document)
    };
    for declaration in REGISTRY.declarations().iter().filter(is_there).filter(makes) {
        let resource = declaration.resource;
        for actor in Actor::ALL {
            let access = actor.access(resource, Method::View);
            let objects = || network.objects.iter().filter(|object| object.resource == resource);
            let name = resource.name();
            let is_reached = |object: &network::Object| object.reached_by(actor, Method::View);
            if access != Access::None && !objects().any(is_reached) {
                missing.push(format!("{name}: nothing that {actor:?} reaches"));
            }
            if access == Access::Own && objects().all(is_reached) {
                missing.push(format!("{name}: nothing that {actor:?} does not reach"));
            }
            if objects().next().is_none() {
                missing.push(format!("{name}: no object at all"));
            }
        }
    }
    assert!(missing.is_empty(), "add them to network.rs:\n{}", missing.join("\n"));
}
