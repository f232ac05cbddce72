//! The menu of the console: only what the operator's role, and the rights of his session, open.

use whocpa_domain::{Method, Resource};
use whocpa_engine::Caller;

/// A line: name of its text, address, what he must be allowed to list.
type Line = (&'static str, &'static str, Resource);

const WORK: &[Line] = &[
    ("users", "/operator/users", Resource::User),
    ("offers", "/operator/offers", Resource::Offer),
    ("leads", "/operator/leads", Resource::Lead),
    ("decisions", "/operator/decisions", Resource::Decision),
    ("stats", "/operator/stats", Resource::Stat),
    ("tickets", "/operator/tickets", Resource::Ticket),
    ("news", "/operator/news", Resource::News),
];
const CHECKED: &[Line] = &[
    ("connections", "/operator/connections", Resource::Connection),
    ("areas", "/operator/areas", Resource::Area),
    ("landings", "/operator/landings", Resource::Landing),
    ("promos", "/operator/promos", Resource::Promo),
    ("domains", "/operator/domains", Resource::Domain),
    ("findings", "/operator/findings", Resource::Finding),
    ("rules", "/operator/rules", Resource::Rule),
    ("orphans", "/operator/orphans", Resource::Orphan),
    ("postbacks", "/operator/postbacks", Resource::Postback),
];
const MONEY: &[Line] = &[
    ("payouts", "/operator/payouts", Resource::Payout),
    ("batches", "/operator/batches", Resource::Batch),
    ("deposits", "/operator/deposits", Resource::Deposit),
    ("wallets", "/operator/wallets", Resource::Wallet),
    ("balances", "/operator/balances", Resource::Balance),
    ("transfers", "/operator/transfers", Resource::Transfer),
    ("advances", "/operator/advances", Resource::Advance),
    ("conditions", "/operator/conditions", Resource::Condition),
    ("currencies", "/operator/currencies", Resource::Currency),
];
const NETWORK: &[Line] = &[("audit", "/operator/audit", Resource::Audit)];

/// Groups with their lines, both by the names of their texts.
pub(in crate::site) fn menu(caller: Caller) -> Vec<(&'static str, Vec<(&'static str, &'static str)>)> {
    let open = |lines: &[Line]| -> Vec<(&'static str, &'static str)> {
        let may = |line: &&Line| caller.may(line.2, Method::List).is_ok();
        lines.iter().filter(may).map(|(key, url, _)| (*key, *url)).collect()
    };
    let mut work = vec![("console", "/operator")];
    work.extend(open(WORK));
    let groups = [
        ("menu-own-work", work),
        ("menu-own-checked", open(CHECKED)),
        ("menu-own-finance", open(MONEY)),
        ("menu-own-network", open(NETWORK)),
    ];
    groups.into_iter().filter(|(_, lines)| !lines.is_empty()).collect()
}
