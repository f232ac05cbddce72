//! What the demo's advertisers give to webmasters: landings, promos, stocks, and the goods of online shops by a feed.

use std::fmt::Write as _;

use whocpa_domain::input::{FileBytes, Input, RawParams, RawValue};
use whocpa_domain::{Level, Result, Time};
use whocpa_engine::Caller;

use super::offers::{COMPANIES, Plan};
use super::world::{Account, Builder, DemoOffer, caller, missing, sent};

/// A picture for banners, 300 x 250.
const BANNER: &[u8] = include_bytes!("banner.png");
/// Index of online shops in `CATEGORIES`.
const SHOPS: usize = 7;
/// Goods of a shop: group, maker, what there is of it.
const GOODS: [(&str, &str, [&str; 4]); 5] = [
    (
        "Home / Kitchen",
        "Tarnholm",
        ["Steel kettle 1.7 l", "Cast-iron pan 26 cm", "Knife set of five", "Bread box"],
    ),
    (
        "Home / Textiles",
        "Weavera",
        ["Linen bed set", "Bath towel 70 x 140", "Wool blanket", "Blackout curtain"],
    ),
    (
        "Electronics / Audio",
        "Brisoon",
        ["Wireless earphones", "Desk speaker", "Travel headset", "Vinyl player"],
    ),
    ("Electronics / Light", "Lumeka", ["Reading lamp", "Garland 10 m", "Night light", "Camping lantern"]),
    ("Garden", "Verdano", ["Pruning shears", "Hose 20 m", "Raised bed", "Seed set"]),
];

/// Parameters with a file among them, read as a request's are.
fn with_file<T: Input>(pairs: &[(&str, String)], name: &str, file: &[u8]) -> Result<T> {
    let mut raw = RawParams::default();
    for (name, value) in pairs {
        raw.push(name, RawValue::Text(value.clone()));
    }
    raw.push(name, RawValue::File(FileBytes::new(file)));
    raw.read()
}

impl Builder<'_> {
    /// Materials of every live offer: written by its advertiser, approved by the operator. Gives how many.
    pub async fn materials(
        &self,
        operator: Caller,
        advertisers: &[Account],
        offers: &[DemoOffer],
    ) -> Result<usize> {
        let mut count = 0;
        for (index, offer) in offers.iter().enumerate().filter(|(_, offer)| offer.is_live) {
            let account = advertisers.get(offer.plan.company).ok_or_else(|| missing("an advertiser"))?;
            let advertiser = caller(Level::Advertiser, account);
            self.clock.set(Time(offer.start_ms / 1000).plus(-3600));
            count += self.landings(operator, advertiser, offer).await?;
            count += self.promos(operator, advertiser, offer).await?;
            if index.is_multiple_of(4) {
                count += self.stock(operator, advertiser, offer).await?;
            }
            if offer.plan.category == SHOPS {
                count += self.goods(advertiser, offer).await?;
            }
        }
        self.engine.feed_import_due().await?;
        Ok(count)
    }

    async fn landings(&self, operator: Caller, advertiser: Caller, offer: &DemoOffer) -> Result<usize> {
        let page = |name: &str, kind: &str, path: &str| {
            [
                ("offer_id", offer.id.to_string()),
                ("name", format!("{}: {name}", offer.plan.name)),
                ("kind", kind.to_owned()),
                ("language", "en".to_owned()),
                (
                    "url",
                    format!("https://go.{}/{}/{path}?click={{tid}}", host(&offer.plan), offer.plan.slug()),
                ),
                ("is_mobile_optimised", "1".to_owned()),
            ]
        };
        let pages = [page("order page", "1", "order"), page("readers' letters", "2", "letters")];
        for pairs in &pages {
            let id = self.engine.landing_create(advertiser, sent(pairs)?).await?;
            self.engine.landing_update(operator, id, approved()?).await?;
        }
        // One more waits for the moderator.
        self.engine.landing_create(advertiser, sent(&page("short page", "1", "short"))?).await?;
        Ok(pages.len() + 1)
    }

    async fn promos(&self, operator: Caller, advertiser: Caller, offer: &DemoOffer) -> Result<usize> {
        let (plan, name) = (&offer.plan, offer.plan.name);
        let all = [
            ("2", format!("{name}: short text"), format!("{} Order here: {{link}}", plan.short())),
            (
                "4",
                format!("{name}: block for articles"),
                format!("<p>{}</p><p><a href=\"{{link}}\">{name}</a></p>", plan.short()),
            ),
            ("3", format!("{name}: letter"), format!("Hello!\n\n{}\n\n{{link}}\n", plan.long())),
        ];
        for (kind, name, template) in &all {
            let pairs = [
                ("offer_id", offer.id.to_string()),
                ("kind", (*kind).to_owned()),
                ("name", name.clone()),
                ("language", "en".to_owned()),
                ("template", template.clone()),
            ];
            let id = self.engine.promo_create(advertiser, sent(&pairs)?).await?;
            self.engine.promo_update(operator, id, approved()?).await?;
        }
        let banner = [
            ("offer_id", offer.id.to_string()),
            ("kind", "1".to_owned()),
            ("name", format!("{name}: banner 300 x 250")),
            ("width", "300".to_owned()),
            ("height", "250".to_owned()),
        ];
        let id = self.engine.promo_create(advertiser, with_file(&banner, "image", BANNER)?).await?;
        self.engine.promo_update(operator, id, approved()?).await?;
        Ok(all.len() + 1)
    }

    async fn stock(&self, operator: Caller, advertiser: Caller, offer: &DemoOffer) -> Result<usize> {
        let days = [("Ten percent off", -10, 20, "TEN"), ("Free delivery", -40, -20, "")];
        for (name, from, to, code) in days {
            let pairs = [
                ("offer_id", offer.id.to_string()),
                ("name", format!("{}: {name}", offer.plan.name)),
                ("description", format!("{name} for everybody who orders in these days.")),
                ("date_start", self.end.plus_days(from).to_string()),
                ("date_end", self.end.plus_days(to).to_string()),
                ("promo_code", code.to_owned()),
            ];
            let id = self.engine.stock_create(advertiser, sent(&pairs)?).await?;
            self.engine.stock_update(operator, id, approved()?).await?;
        }
        Ok(days.len())
    }

    /// The goods of a shop, as it sends them.
    async fn goods(&self, advertiser: Caller, offer: &DemoOffer) -> Result<usize> {
        let mut feed = String::from("id;name;url;price;oldprice;currency;category;vendor;available\n");
        let mut count = 0;
        for (group, maker, names) in GOODS {
            for (number, name) in names.into_iter().enumerate() {
                count += 1;
                let price = 9 + (count * 7 + usize::try_from(offer.id).unwrap_or_default() * 3) % 90;
                let old = if count % 3 == 0 { (price + 8).to_string() } else { String::new() };
                let url = format!("https://{}/{}/goods/{count}", host(&offer.plan), offer.plan.slug());
                // Writing to a String cannot fail.
                let _ = writeln!(
                    feed,
                    "G{count:03};{name};{url};{price}.90;{old};EUR;{group};{maker};{}",
                    number != 3
                );
            }
        }
        let pairs = [("offer_id", offer.id.to_string()), ("name", "All goods".to_owned())];
        self.engine.feed_create(advertiser, with_file(&pairs, "file", feed.as_bytes())?).await?;
        Ok(count)
    }
}

fn approved<T: Input>() -> Result<T> {
    sent(&[("status", "2".to_owned())])
}

fn host(plan: &Plan) -> &'static str {
    COMPANIES.get(plan.company).map_or("", |(_, _, host)| host)
}
