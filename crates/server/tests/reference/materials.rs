//! What belongs to an offer: stocks, landings, promo materials, products.

use whocpa_domain::Level::{self, Advertiser, Operator};
use whocpa_domain::Resource as R;

use crate::story::Story;

/// An advertiser adds them, an operator approves them, everybody reads them.
pub async fn tell(story: &mut Story, offer: &str) {
    let mut ids = Vec::new();
    // What the advertiser adds first is what everybody reads.
    for level in [Advertiser, Advertiser, Operator] {
        ids.push(add(story, level, offer).await);
    }
    let [stock, landing, promo, product] = &ids[0];
    for (resource, id) in [(R::Stock, stock), (R::Landing, landing), (R::Promo, promo)] {
        story.update(Operator, resource, id, &[("status", "2")]).await;
    }
    story.update(Advertiser, R::Stock, stock, &[("date_end", "2024-05-31")]).await;
    story.update(Advertiser, R::Landing, landing, &[("is_desktop_optimised", "1")]).await;
    story.update(Advertiser, R::Promo, promo, &[("language", "en")]).await;
    for level in [Advertiser, Operator] {
        story.update(level, R::Product, product, &[("price", "79.90"), ("price_old", "99.00")]).await;
    }
    for level in Level::ALL {
        for (resource, id) in
            [(R::Stock, stock), (R::Landing, landing), (R::Promo, promo), (R::Product, product)]
        {
            story.list(level, resource, &[("offer_id", offer), ("per_page", "10")]).await;
            story.view(level, resource, id).await;
        }
    }
    feeds(story, offer).await;
    for (level, own) in [(Advertiser, &ids[1]), (Operator, &ids[2])] {
        for (resource, id) in [R::Stock, R::Landing, R::Promo, R::Product].into_iter().zip(own) {
            story.delete(level, resource, id).await;
        }
    }
}

/// Files with goods.
async fn feeds(story: &mut Story, offer: &str) {
    for level in [Advertiser, Operator] {
        let form = [
            ("offer_id", offer),
            ("url", "https://boots.example/goods.xml"),
            ("currency_id", "840"),
            ("refresh_hours", "24"),
        ];
        let feed = story.create(level, R::Feed, &form).await;
        story.list(level, R::Feed, &[("offer_id", offer)]).await;
        story.view(level, R::Feed, &feed).await;
        story.update(level, R::Feed, &feed, &[("refresh_hours", "12")]).await;
        story.delete(level, R::Feed, &feed).await;
    }
}

/// One of each; gives their ids.
async fn add(story: &mut Story, level: Level, offer: &str) -> [String; 4] {
    let number = story.count();
    let form = [
        ("offer_id", offer),
        ("name", "Two pairs for one"),
        ("description", "The second pair is free until the end of May"),
        ("date_start", "2024-04-20"),
        ("date_end", "2024-05-20"),
        ("promo_code", "SPRING"),
    ];
    let stock = story.create(level, R::Stock, &form).await;
    let form = [
        ("offer_id", offer),
        ("kind", "1"),
        ("name", "Order page"),
        ("language", "en"),
        ("url", "https://boots.example/order?click={tid}"),
    ];
    let landing = story.create(level, R::Landing, &form).await;
    let form = [
        ("offer_id", offer),
        ("kind", "2"),
        ("name", "Post for a blog"),
        ("template", "Warm boots for the whole family: {link}"),
    ];
    let promo = story.create(level, R::Promo, &form).await;
    let external_id = format!("BOOT-{number}");
    let form = [
        ("offer_id", offer),
        ("external_id", &external_id),
        ("name", "Boots Arctic, brown"),
        ("url", "https://boots.example/arctic"),
        ("price", "89.90"),
        ("currency_id", "840"),
        ("category", "Shoes / Winter"),
        ("vendor", "Boots & Co"),
    ];
    let product = story.create(level, R::Product, &form).await;
    [stock, landing, promo, product]
}
