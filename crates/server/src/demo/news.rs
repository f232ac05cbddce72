//! News of the demo's network.

use whocpa_domain::Result;
use whocpa_engine::Caller;
use whocpa_engine::news::NewsCreate;

use super::offers::special;
use super::world::{Builder, DemoOffer, sent};

/// Days before the end of the history, headline, text, whether it must be read.
const SYSTEM: [(i64, &str, &str, bool); 4] = [
    (
        28,
        "Welcome to the network",
        "Connect with offers, make a link, send visitors.\nEvery lead explains itself.",
        false,
    ),
    (
        17,
        "Payout days",
        "Payouts are made every Tuesday and Friday.\nThe minimum is 25 USD or its equivalent.",
        true,
    ),
    (
        9,
        "Maintenance on Sunday night",
        "Pages may be slow for some minutes. Clicks and postbacks are not affected.",
        false,
    ),
    (
        2,
        "How traffic sources are moderated",
        "Write in the comment where visitors come from: it saves a day.",
        false,
    ),
];

impl Builder<'_> {
    /// News of the network, of new offers and of those that stopped.
    pub async fn news(&self, operator: Caller, offers: &[DemoOffer]) -> Result<()> {
        for (days, header, body, is_important) in SYSTEM {
            self.clock.set(self.end.plus_days(-days));
            let important = u8::from(is_important).to_string();
            self.tell(operator, header, body, &[("is_important", important)]).await?;
        }
        for index in special::NEW {
            let Some(offer) = offers.get(index) else { continue };
            self.clock.set_ms(offer.start_ms);
            let body =
                format!("{}\nCountries: {}.", offer.plan.long(), offer.plan.countries.replace(' ', ", "));
            self.tell(operator, &format!("New offer: {}", offer.plan.name), &body, &about(offer)).await?;
        }
        for index in special::STOPPED {
            let Some((offer, stop_ms)) = offers.get(index).and_then(|offer| Some((offer, offer.stop_ms?)))
            else {
                continue;
            };
            self.clock.set_ms(stop_ms);
            let header = format!("{} is paused", offer.plan.name);
            self.tell(
                operator,
                &header,
                "Please send visitors elsewhere. Leads already made are decided.",
                &about(offer),
            )
            .await?;
        }
        Ok(())
    }

    async fn tell(&self, operator: Caller, header: &str, body: &str, more: &[(&str, String)]) -> Result<()> {
        let mut pairs = vec![("header", header.to_owned()), ("body", body.to_owned())];
        pairs.extend(more.iter().cloned());
        self.engine.news_create(operator, sent::<NewsCreate>(&pairs)?).await.map(drop)
    }
}

fn about(offer: &DemoOffer) -> [(&'static str, String); 1] {
    [("offer_id", offer.id.to_string())]
}
