//! The last things before the demo's present: a capped offer, a landing page for phones, a link with two offers and a
//! smart one.

use whocpa_domain::{Level, Result};
use whocpa_engine::Caller;
use whocpa_engine::connection::ConnectionList;
use whocpa_engine::landing::{LandingList, LandingUpdate};
use whocpa_engine::link::{LinkList, LinkUpdate};
use whocpa_engine::offer::OfferUpdate;

use super::world::{Builder, World, caller, sent};

/// More than a day of the demo brings, so that nothing stops.
const CAPS: &str =
    r#"[{"measure":1,"period":1,"limit":"20000"},{"measure":2,"period":3,"limit":"30000","is_each":true}]"#;

impl Builder<'_> {
    /// Makes them.
    pub async fn routing(&self, world: &World) -> Result<()> {
        let operator = caller(Level::Operator, &world.operator);
        let Some(offer) = world.offers.iter().find(|offer| offer.is_live) else { return Ok(()) };
        let caps = [("caps", CAPS.to_owned()), ("time_zone", "Europe/Kyiv".to_owned())];
        self.engine.offer_update(operator, offer.id, sent::<OfferUpdate>(&caps)?).await?;
        self.phone_page(operator, offer.id).await?;
        let webmasters = world.webmasters.iter().take(3);
        for (webmaster, is_smart) in webmasters.zip([false, true, true]) {
            self.chooser(caller(Level::Webmaster, webmaster), is_smart).await?;
        }
        Ok(())
    }

    /// Phones are sent to a landing page of their own.
    async fn phone_page(&self, operator: Caller, offer_id: i64) -> Result<()> {
        let wanted = [("offer_id", offer_id.to_string()), ("kind", "1".to_owned())];
        let pages = self.engine.landing_list(operator, sent::<LandingList>(&wanted)?).await?;
        let Some(page) = pages.rows.iter().find(|page| page.is_approved) else { return Ok(()) };
        let changes = [("targeting", r#"{"devices":[2,3]}"#.to_owned()), ("weight", "10".to_owned())];
        self.engine.landing_update(operator, page.id, sent::<LandingUpdate>(&changes)?).await
    }

    /// A webmaster's first link gets a second offer: for one language, or as a smart link.
    async fn chooser(&self, webmaster: Caller, is_smart: bool) -> Result<()> {
        let links = self.engine.link_list(webmaster, sent::<LinkList>(&[])?).await?;
        let approved = [("status", "1".to_owned())];
        let with = self.engine.connection_list(webmaster, sent::<ConnectionList>(&approved)?).await?;
        let Some(link) = links.rows.first() else { return Ok(()) };
        let Some(other) = with.rows.iter().find(|row| row.offer_id != link.offer_id) else { return Ok(()) };
        let routes = if is_smart {
            format!(r#"[{{"offer_id":{}}}]"#, other.offer_id)
        } else {
            format!(r#"[{{"offer_id":{},"targeting":{{"languages":["de","fr"]}}}}]"#, other.offer_id)
        };
        let rotation = if is_smart { "2" } else { "1" };
        let changes = [("routes", routes), ("rotation", rotation.to_owned())];
        self.engine.link_update(webmaster, link.id, sent::<LinkUpdate>(&changes)?).await
    }
}
