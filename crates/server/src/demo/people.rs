//! The demo's webmasters: their traffic sources, their connections with offers, their links.

use whocpa_domain::area::AreaKind;
use whocpa_domain::time::DAY;
use whocpa_domain::user::UserLevel;
use whocpa_domain::{Clock, Level, Result};
use whocpa_engine::Caller;
use whocpa_engine::area::{AreaCreate, AreaUpdate};
use whocpa_engine::connection::{ConnectionCreate, ConnectionUpdate};
use whocpa_engine::link::LinkCreate;
use whocpa_engine::user::UserCreate;

use super::dice::Dice;
use super::offers::special;
use super::world::{Account, Builder, DemoOffer, caller, sent};

/// Webmasters of the demo.
const WEBMASTERS: usize = 64;

/// A link of the demo and who comes by it.
#[derive(Debug)]
pub struct DemoLink {
    /// The word in its address.
    pub code: String,
    /// Whose it is, a user id.
    pub webmaster_id: i64,
    /// Where it leads, an index in `World::offers`.
    pub offer: usize,
    /// Where it is placed.
    pub kind: AreaKind,
    /// The address of that place, empty for none.
    pub site: String,
    /// How many visitors it has, beside the other links.
    pub weight: u64,
}

struct Area {
    id: i64,
    kind: AreaKind,
    site: String,
}

const FIRST: [&str; 16] = [
    "Amber", "Silent", "Copper", "Velvet", "Northern", "Crimson", "Lunar", "Rapid", "Golden", "Misty",
    "Cobalt", "Bright", "Urban", "Wild", "Sunny", "Iron",
];
const SECOND: [&str; 16] = [
    "Fox", "Harbour", "Otter", "Lantern", "Pine", "Falcon", "Meadow", "Comet", "Badger", "River", "Anchor",
    "Sparrow", "Canyon", "Maple", "Beacon", "Heron",
];
const THIRD: [&str; 4] = ["Media", "Traffic", "Leads", "Ads"];

const KINDS: [AreaKind; 9] = [
    AreaKind::Site,
    AreaKind::Context,
    AreaKind::Social,
    AreaKind::Teaser,
    AreaKind::Messenger,
    AreaKind::Push,
    AreaKind::Video,
    AreaKind::Email,
    AreaKind::App,
];

const CAMPAIGNS: [&str; 8] = [
    "autumn test",
    "lookalike 2 %",
    "retargeting",
    "broad",
    "morning feed",
    "pre-lander B",
    "top creatives",
    "night bids",
];

impl Builder<'_> {
    /// The webmasters with all that is theirs.
    pub async fn webmasters(
        &self,
        operator: Caller,
        advertisers: &[Account],
        offers: &[DemoOffer],
        dice: &mut Dice,
        progress: impl Fn(),
    ) -> Result<(Vec<Account>, Vec<DemoLink>)> {
        let (mut accounts, mut links) = (Vec::new(), Vec::new());
        for number in 0..WEBMASTERS {
            let days = i64::try_from(number).unwrap_or_default() % 18;
            let came = self.start.plus_days(days - 20).plus(dice.between(0, DAY / 2));
            self.clock.set(came);
            let (first, second) = (FIRST[number % 16], SECOND[(number * 7 + number / 16) % 16]);
            let name = format!("{first} {second} {}", THIRD[number / 16 % 4]);
            let login = format!("{first}-{second}{}", number + 1).to_ascii_lowercase();
            // Every fifth was brought by somebody who came long before.
            let referrer: Option<&Account> = accounts.get(number / 2).filter(|_| number % 5 == 4);
            let referrer_id = referrer.map(|account| account.id);
            let input =
                UserCreate { referrer_id, ..UserCreate::new(UserLevel::Webmaster, &login, &name, "") };
            let account = self.account_of(input).await?;
            let webmaster = caller(Level::Webmaster, &account);
            let areas = self.areas(operator, webmaster, &login, dice).await?;
            let connected =
                self.connections(operator, webmaster, advertisers, (number, offers), dice).await?;
            self.clock.set(came.plus(DAY));
            // Few webmasters have most of the traffic.
            let size = 100_000 / u64::try_from(number + 3).unwrap_or(1);
            self.links(webmaster, offers, (&areas, &connected, size), dice, &mut links).await?;
            accounts.push(account);
            progress();
        }
        Ok((accounts, links))
    }

    async fn areas(
        &self,
        operator: Caller,
        webmaster: Caller,
        login: &str,
        dice: &mut Dice,
    ) -> Result<Vec<Area>> {
        let mut areas = Vec::new();
        for number in 1..=dice.between(1, 3) {
            let kind = KINDS[dice.index(KINDS.len())];
            let site = match kind {
                AreaKind::Site => format!("https://{login}-blog{number}.example/"),
                AreaKind::Social => format!("https://circles.example/{login}"),
                AreaKind::Messenger => format!("https://channels.example/{login}"),
                AreaKind::Video => format!("https://clips.example/@{login}"),
                _ => String::new(),
            };
            let input = AreaCreate {
                kind,
                name: format!("{} {number}", kind.word()),
                url: Some(site.clone()),
                comment: Some("Statistics are shown on request".to_owned()),
            };
            let id = self.engine.area_create(webmaster, input).await?;
            // The first is always good, so that everybody can work; of the others some wait and some are refused.
            match if number == 1 { 0 } else { dice.index(10) } {
                9 => self.area_decide(operator, id, "2", Some("The address cannot be opened")).await?,
                8 => areas.push(Area { id, kind, site }),
                _ => {
                    self.area_decide(operator, id, "1", None).await?;
                    areas.push(Area { id, kind, site });
                }
            }
        }
        Ok(areas)
    }

    async fn area_decide(&self, operator: Caller, id: i64, status: &str, reason: Option<&str>) -> Result<()> {
        let mut pairs = vec![("status", status.to_owned())];
        pairs.extend(reason.map(|reason| ("reason", reason.to_owned())));
        self.engine.area_update(operator, id, sent::<AreaUpdate>(&pairs)?).await
    }

    /// Connects a webmaster with some offers; gives those that he may work with.
    async fn connections(
        &self,
        operator: Caller,
        webmaster: Caller,
        advertisers: &[Account],
        (number, offers): (usize, &[DemoOffer]),
        dice: &mut Dice,
    ) -> Result<Vec<usize>> {
        // One offer by turns, so that none is without webmasters; the others where most go: to the first ones.
        let mut wanted = vec![number % offers.len()];
        for _ in 0..dice.between(3, 7) {
            let offer = dice.index(offers.len()).min(dice.index(offers.len()));
            if !wanted.contains(&offer) {
                wanted.push(offer);
            }
        }
        // New offers last, because time goes on.
        wanted[1..].sort_by_key(|index| offers[*index].start_ms);
        let mut approved = Vec::new();
        for (place, index) in wanted.into_iter().enumerate() {
            let Some(offer) = offers.get(index).filter(|offer| offer.is_live) else { continue };
            self.go_on(offer.start_ms, dice);
            let is_private = index == special::PRIVATE;
            let input = ConnectionCreate {
                offer_id: offer.id,
                webmaster_id: is_private.then_some(webmaster.user_id),
                comment: Some("Own sources, tested on similar offers".to_owned()),
            };
            if is_private {
                self.engine.connection_create(operator, input).await?;
                approved.push(index);
                continue;
            }
            let id = self.engine.connection_create(webmaster, input).await?;
            if special::OPEN_TO_ALL.contains(&index) {
                approved.push(index);
                continue;
            }
            let Some(advertiser) = advertisers.get(offer.plan.company) else { continue };
            let (status, reason) = match if place == 0 { 0 } else { dice.index(100) } {
                0..85 => ("1", None),
                85..93 => ("2", Some("This kind of traffic did not convert for us")),
                _ => continue,
            };
            let mut pairs = vec![("status", status.to_owned())];
            pairs.extend(reason.map(|reason: &str| ("reason", reason.to_owned())));
            let decision = sent::<ConnectionUpdate>(&pairs)?;
            self.engine.connection_update(caller(Level::Advertiser, advertiser), id, decision).await?;
            if reason.is_none() {
                approved.push(index);
            }
        }
        Ok(approved)
    }

    /// Some minutes later, or when the offer began. Steps are short where they can be: after a long one the engine
    /// reads its whole catalogue anew.
    fn go_on(&self, offer_start_ms: i64, dice: &mut Dice) {
        self.clock.advance(dice.between(30, 900));
        if offer_start_ms > self.clock.now_ms() {
            self.clock.set_ms(offer_start_ms - dice.between(600, 20 * 3600) * 1000);
        }
    }

    async fn links(
        &self,
        webmaster: Caller,
        offers: &[DemoOffer],
        (areas, connected, size): (&[Area], &[usize], u64),
        dice: &mut Dice,
        links: &mut Vec<DemoLink>,
    ) -> Result<()> {
        let Some(first) = connected.first() else { return Ok(()) };
        let count = dice.between(3, 6);
        // The first link leads to the first offer, the others to any; to new offers last, because time goes on.
        let mut wanted = vec![*first];
        wanted.extend((1..count).map(|_| connected[dice.index(connected.len())]));
        wanted.sort_by_key(|index| offers[*index].start_ms);
        for (number, index) in wanted.into_iter().enumerate() {
            let (Some(offer), Some(area)) = (offers.get(index), areas.get(dice.index(areas.len()))) else {
                continue;
            };
            self.go_on(offer.start_ms, dice);
            let campaign = dice.pick(&CAMPAIGNS).unwrap_or_default();
            let mut pairs = vec![
                ("offer_id", offer.id.to_string()),
                ("area_id", area.id.to_string()),
                ("name", format!("{}: {campaign} {}", offer.plan.name, number + 1)),
            ];
            if dice.percent(30) {
                pairs.push(("subid5", format!("c{}", dice.between(1000, 9999))));
            }
            if dice.percent(20) {
                pairs.push(("url_traffback", "https://catch-all.example/".to_owned()));
            }
            let id = self.engine.link_create(webmaster, sent::<LinkCreate>(&pairs)?).await?;
            let code = self.engine.link_view(webmaster, id).await?.code;
            let appeal = 1000 / u64::try_from(index + 8).unwrap_or(1);
            links.push(DemoLink {
                code,
                webmaster_id: webmaster.user_id,
                offer: index,
                kind: area.kind,
                site: area.site.clone(),
                weight: size * appeal * u64::try_from(dice.between(2, 20)).unwrap_or(2) / 100,
            });
        }
        Ok(())
    }
}
