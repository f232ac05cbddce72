//! Webmasters of the demo contest some refusals: one protest waits, one was dismissed, one was upheld.

use whocpa_domain::{Level, Result};
use whocpa_engine::lead::LeadList;
use whocpa_engine::ticket::{TicketCreate, TicketUpdate};
use whocpa_engine::{Caller, Engine};

use super::world::{World, caller, sent};

/// Parameters of an answer.
type Answer = &'static [(&'static str, &'static str)];

/// What the webmaster says, and what the network answers.
const PROTESTS: [(&str, &str, Answer); 3] = [
    ("The buyer was at home", "The buyer writes that he was at home all day and nobody called him.", &[]),
    (
        "Not a repeated client",
        "I asked him: he has never bought there before.",
        &[("contest", "3"), ("message", "The advertiser has an order of the same person from March.")],
    ),
    (
        "The order was paid",
        "The buyer sent me the receipt, the number is in your panel.",
        &[
            ("contest", "2"),
            ("message", "You are right: the order was paid two days later. The lead is approved."),
        ],
    ),
];

/// Contests the newest refusals, as far as there are some.
pub async fn make(engine: &Engine, world: &World) -> Result<()> {
    let operator = caller(Level::Operator, &world.operator);
    let refused = sent::<LeadList>(&[("status", "2".to_owned()), ("closed", "0".to_owned())])?;
    let refused = engine.lead_list(operator, refused).await?;
    for (lead, (subject, message, answer)) in refused.rows.iter().zip(PROTESTS) {
        let webmaster = Caller::new(Level::Webmaster, lead.webmaster_id.unwrap_or_default());
        let protest = [
            ("subject", subject.to_owned()),
            ("message", message.to_owned()),
            ("lead_id", lead.id.to_string()),
            ("is_contest", "1".to_owned()),
        ];
        let ticket = engine.ticket_create(webmaster, sent::<TicketCreate>(&protest)?).await?;
        if !answer.is_empty() {
            let answer: Vec<(&str, String)> =
                answer.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
            engine.ticket_update(operator, ticket, sent::<TicketUpdate>(&answer)?).await?;
        }
    }
    Ok(())
}
