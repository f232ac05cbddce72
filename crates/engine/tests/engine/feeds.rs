//! Imports of product feeds: what they do to goods, what they refuse, and how they survive stops, crashes and bad hosts.

use std::fmt::Write as _;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use whocpa_db_test::db_test;
use whocpa_domain::feed::FeedStatus;
use whocpa_domain::input::{FileBytes, RawParams, RawValue};
use whocpa_domain::offer::OfferStatus;
use whocpa_domain::{Error, Scope};
use whocpa_engine::Caller;
use whocpa_engine::feed::{FeedCreate, FeedUpdate, FeedView};
use whocpa_engine::outbound::OutboundConfig;
use whocpa_store::feed::{self, Feed};
use whocpa_store::testing::TestDb;

use crate::world::{World, read, refusal};

/// A good CSV of these rows: id, name, price.
fn csv(rows: &[(&str, &str, &str)]) -> String {
    let row =
        |(id, name, price): &(&str, &str, &str)| format!("{id};{name};{price};https://shop.example/{id}\n");
    "id;name;price;url\n".to_owned() + &rows.iter().map(row).collect::<String>()
}

fn sent(pairs: &[(&str, &str)], file: Option<&[u8]>) -> RawParams {
    let mut raw = RawParams::default();
    for (name, value) in pairs {
        raw.push(name, RawValue::Text((*value).to_owned()));
    }
    if let Some(file) = file {
        raw.push("file", RawValue::File(FileBytes::new(file)));
    }
    raw
}

async fn upload(world: &World, offer_id: i64, content: &[u8], more: &[(&str, &str)]) -> i64 {
    let offer_id = offer_id.to_string();
    let pairs = [&[("offer_id", offer_id.as_str()), ("currency_id", "840")], more].concat();
    let input: FeedCreate = sent(&pairs, Some(content)).read().expect("read");
    world.engine.feed_create(world.advertiser, input).await.expect("create a feed")
}

async fn import(world: &World, offer_id: i64, content: &[u8], more: &[(&str, &str)]) -> FeedView {
    let id = upload(world, offer_id, content, more).await;
    assert_eq!(world.engine.feed_import_due().await.expect("import"), 1);
    view(world, id).await
}

async fn view(world: &World, id: i64) -> FeedView {
    world.engine.feed_view(world.advertiser, id).await.expect("view")
}

/// Created, updated, unchanged, failed, missing.
fn counts(feed: &FeedView) -> [i64; 5] {
    [feed.rows_created, feed.rows_updated, feed.rows_unchanged, feed.rows_failed, feed.rows_missing]
}

/// Ids and whether they can be bought.
async fn goods(world: &World, offer_id: i64) -> Vec<(String, bool)> {
    let input = read(&[("offer_id", &offer_id.to_string())]);
    let found = world.engine.product_list(Caller::GUEST, input).await.expect("list");
    found.rows.into_iter().map(|row| (row.external_id, row.is_available)).collect()
}

fn on(ids: &[(&str, bool)]) -> Vec<(String, bool)> {
    ids.iter().map(|(id, is_on)| ((*id).to_owned(), *is_on)).collect()
}

#[db_test]
async fn a_full_feed_adds_changes_and_takes_off_sale(test: TestDb) {
    let world = World::new(test).await;
    let offer = world.offer(1, OfferStatus::Live, &[]).await;
    let other = world.offer(1, OfferStatus::Live, &[]).await;
    let first = import(
        &world,
        offer,
        csv(&[("a", "Tea", "1"), ("b", "Pot", "2"), ("c", "Cup", "3")]).as_bytes(),
        &[],
    )
    .await;
    assert_eq!((first.status, counts(&first)), (FeedStatus::Finished, [3, 0, 0, 0, 0]));
    import(&world, other, csv(&[("a", "Other tea", "1")]).as_bytes(), &[]).await;

    let second = import(
        &world,
        offer,
        csv(&[("a", "Tea", "1"), ("b", "Pot", "2.50"), ("d", "Can", "4")]).as_bytes(),
        &[],
    )
    .await;
    assert_eq!((second.rows_read, counts(&second)), (3, [1, 1, 1, 0, 1]));
    assert_eq!(goods(&world, offer).await, on(&[("a", true), ("b", true), ("c", false), ("d", true)]));
    assert_eq!(
        goods(&world, other).await,
        on(&[("a", true)]),
        "goods of another offer are nobody's business"
    );

    let part = import(&world, offer, csv(&[("c", "Cup", "3")]).as_bytes(), &[("is_full", "0")]).await;
    assert_eq!(counts(&part), [0, 1, 0, 0, 0], "it is back on sale");
    assert!(goods(&world, offer).await.iter().all(|(_, is_on)| *is_on), "the others are not touched");
    for (content, why) in [
        ("id;name;price;url\n", "The feed has no goods"),
        ("id;name\n1;x\n", "url, price not found"),
        ("<yml_catalog><shop><offers>", "breaks off"),
    ] {
        let failed = import(&world, offer, content.as_bytes(), &[]).await;
        assert_eq!(failed.status, FeedStatus::Failed);
        assert!(failed.message.contains(why) || failed.message.contains("Line"), "{}", failed.message);
        assert_eq!(failed.rows_missing, 0);
    }
    assert!(
        goods(&world, offer).await.iter().all(|(_, is_on)| *is_on),
        "a run that fails takes nothing off sale"
    );
}

#[db_test]
async fn refused_rows_are_told_by_line_and_their_goods_stay(test: TestDb) {
    let world = World::new(test).await;
    let offer = world.offer(1, OfferStatus::Live, &[]).await;
    let many: Vec<(String, String)> = (0..30).map(|n| (format!("g{n}"), format!("Good {n}"))).collect();
    let rows: Vec<(&str, &str, &str)> =
        many.iter().map(|(id, name)| (id.as_str(), name.as_str(), "1")).collect();
    import(&world, offer, csv(&rows).as_bytes(), &[]).await;
    let mut bad = csv(&rows[..29]);
    bad = bad
        .replace("g3;Good 3;1;", "g3;Good 3;1,000;")
        .replace("https://shop.example/g5", "https://evil.example/g5");
    let feed = import(&world, offer, (bad + "g1;Again;1;https://shop.example/g1\n").as_bytes(), &[]).await;
    assert_eq!((feed.status, feed.rows_read, counts(&feed)), (FeedStatus::Finished, 30, [0, 0, 27, 3, 1]));
    let told: Vec<String> = feed
        .errors
        .iter()
        .map(|error| format!("{} {} {}: {}", error.line, error.external_id, error.field, error.message))
        .collect();
    assert_eq!(
        told,
        [
            "5 g3 price: Must be a plain decimal such as 12.50",
            "7 g5 url: Must be on a host of the offer: shop.example",
            "31  external_id: Stands in the feed more than once: the first one counts",
        ]
    );
    let goods = goods(&world, offer).await;
    assert!(goods.contains(&("g3".to_owned(), true)) && goods.contains(&("g29".to_owned(), false)));

    let half = csv(&rows[..2]).replace("g1;Good 1;1;", "g1;Good 1;x;");
    let feed = import(&world, offer, half.as_bytes(), &[]).await;
    assert_eq!((feed.status, counts(&feed)), (FeedStatus::Finished, [0, 0, 1, 1, 0]));
    assert!(feed.message.starts_with("Goods that are missing in it stay as they are"));
}

#[db_test]
async fn many_rows_and_many_errors(test: TestDb) {
    let world = World::new(test).await;
    let offer = world.offer(1, OfferStatus::Live, &[]).await;
    let mut text = csv(&[]);
    for n in 0..1700 {
        let price = if n % 5 == 0 { "?" } else { "1" };
        let _ = writeln!(text, "g{n};Good {n};{price};https://shop.example/{n}");
    }
    // The same good in another chunk.
    text += "g1;Again;1;https://shop.example/1\n";
    let feed = import(&world, offer, text.as_bytes(), &[]).await;
    assert_eq!((feed.rows_read, counts(&feed)), (1701, [1360, 0, 0, 341, 0]));
    assert_eq!(feed.errors.len(), 200, "the first are kept, all are counted");
    assert!(feed.errors.iter().map(|error| error.line).is_sorted());
}

#[db_test]
async fn encodings_compression_and_yml(test: TestDb) {
    let world = World::new(test).await;
    let offer = world.offer(1, OfferStatus::Live, &[]).await;
    let name = async |id: &str| {
        let offer = offer.to_string();
        let input = read(&[("external_id", id), ("offer_id", offer.as_str())]);
        let found = world.engine.product_list(Caller::GUEST, input).await.expect("list");
        found
            .rows
            .first()
            .map(|row| format!("{} {} {}", row.name, row.price, row.category))
            .unwrap_or_default()
    };
    let part = [("is_full", "0")];
    let cyrillic = b"id;name;price;url\n1;\xd7\xe0\xe9;12,5;https://shop.example/1\n";
    let feed = import(&world, offer, cyrillic, &part).await;
    assert_eq!(
        (feed.status, name("1").await),
        (FeedStatus::Finished, "Чай 12.50 ".to_owned()),
        "{}",
        feed.message
    );
    let marked = ["\u{feff}".as_bytes(), csv(&[("2", "Кружка", "3")]).as_bytes()].concat();
    import(&world, offer, &marked, &part).await;
    assert_eq!(name("2").await, "Кружка 3.00 ");
    let yml = b"<?xml version=\"1.0\" encoding=\"windows-1251\"?><yml_catalog><shop><categories><category id=\"7\">\xd7\xe0\xe9</category></categories>\
        <offers><offer id=\"3\"><name>\xd7\xe0\xe9</name><price>5</price><currencyId>RUR</currencyId><categoryId>7</categoryId>\
        <url>https://shop.example/3</url></offer></offers></shop></yml_catalog>";
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(yml).expect("pack");
    let feed = import(&world, offer, &packed.finish().expect("pack"), &part).await;
    assert_eq!(
        (feed.status, name("3").await),
        (FeedStatus::Finished, "Чай 5.00 Чай".to_owned()),
        "{}",
        feed.message
    );
    let lie = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?><yml_catalog>\xd7</yml_catalog>";
    let feed = import(&world, offer, lie, &part).await;
    assert_eq!(
        (feed.status, feed.message.as_str()),
        (FeedStatus::Failed, "The file says that it is UTF-8, and is not")
    );
}

#[db_test]
async fn a_run_that_is_broken_off_goes_on_and_counts_once(test: TestDb) {
    let world = World::new(test).await;
    let offer = world.offer(1, OfferStatus::Live, &[]).await;
    let mut text = csv(&[]);
    for n in 0..3000 {
        let _ = writeln!(text, "g{n};Good {n};1;https://shop.example/{n}");
    }
    let id = upload(&world, offer, text.as_bytes(), &[]).await;
    // The worker dies in the middle: nothing tells the feed.
    for _ in 0..200 {
        tokio::select! {
            _ = world.engine.feed_import_due() => break,
            () = tokio::time::sleep(std::time::Duration::from_millis(40)) => {}
        }
        world.clock.advance(61);
    }
    world.clock.advance(61);
    world.engine.feed_import_due().await.expect("import");
    let feed = view(&world, id).await;
    assert_eq!(
        (feed.status, feed.rows_read, counts(&feed)),
        (FeedStatus::Finished, 3000, [3000, 0, 0, 0, 0])
    );
}

#[db_test]
async fn its_owner_stops_changes_and_removes_it(test: TestDb) {
    let world = World::new(test).await;
    let engine = &world.engine;
    let offer = world.offer(1, OfferStatus::Live, &[]).await;
    let id = upload(&world, offer, csv(&[("a", "Tea", "1")]).as_bytes(), &[]).await;
    let set = async |caller: Caller, pairs: &[(&str, &str)], file: Option<&[u8]>| {
        let input: FeedUpdate = sent(pairs, file).read().expect("read");
        engine.feed_update(caller, id, input).await
    };
    assert!(matches!(set(world.rival, &[("is_full", "0")], None).await, Err(Error::NotFound)));
    assert!(matches!(engine.feed_view(world.webmaster, id).await, Err(Error::Forbidden)));
    set(world.advertiser, &[("is_stopped", "1")], None).await.expect("stop");
    assert_eq!(engine.feed_import_due().await.expect("nothing"), 0);
    assert_eq!(view(&world, id).await.status, FeedStatus::Stopped);
    set(world.advertiser, &[("is_stopped", "0")], None).await.expect("go on");
    assert_eq!(engine.feed_import_due().await.expect("import"), 1);
    let again = set(world.advertiser, &[("is_stopped", "0")], None).await;
    assert!(matches!(again, Err(Error::Conflict(_))), "its file is imported and gone");
    let more = csv(&[("b", "Pot", "2")]);
    set(world.advertiser, &[], Some(more.as_bytes())).await.expect("another file");
    engine.feed_import_due().await.expect("import");
    assert_eq!(goods(&world, offer).await, on(&[("a", false), ("b", true)]));
    let refused = refusal(set(world.advertiser, &[("refresh_hours", "5")], None).await);
    assert_eq!(refused, ["refresh_hours: Only a feed with an address can be fetched again"]);
    engine.feed_delete(world.advertiser, id).await.expect("delete");
    assert_eq!(goods(&world, offer).await.len(), 2, "products stay");

    let offer_id = offer.to_string();
    let create = async |pairs: &[(&str, &str)], file: Option<&[u8]>| {
        let pairs = [&[("offer_id", offer_id.as_str())], pairs].concat();
        let input: FeedCreate = sent(&pairs, file).read()?;
        engine.feed_create(world.advertiser, input).await
    };
    assert_eq!(refusal(create(&[], None).await), ["url: Either url or file must be given"]);
    let both = create(&[("url", "https://feeds.example/")], Some(b"x")).await;
    assert_eq!(refusal(both), ["file: Must not be sent together with url"]);
    for inner in [
        "http://127.0.0.1/",
        "http://localhost/",
        "http://[::1]/",
        "http://169.254.169.254/",
        "file:///etc/passwd",
    ] {
        assert_eq!(refusal(create(&[("url", inner)], None).await).len(), 1, "{inner}");
    }
}

/// Serves these answers one after the other.
async fn serve(answers: Vec<String>) -> u16 {
    let listener = TcpListener::bind("127.0.0.2:0").await.expect("bind");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        for answer in answers {
            let (mut stream, _) = listener.accept().await.expect("accept");
            let _ = stream.read(&mut [0; 2048]).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    port
}

#[db_test]
async fn a_feed_with_an_address_is_fetched_again_and_again(test: TestDb) {
    let answer = |body: &str| {
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
    };
    let port = serve(vec![
        answer(&csv(&[("a", "Tea", "1"), ("b", "Pot", "2")])),
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            .to_owned(),
        answer(&csv(&[("b", "Pot", "2")])),
    ])
    .await;
    let outbound = OutboundConfig {
        allow: vec!["127.0.0.2/32".parse().expect("a network")],
        ports: vec![port],
        ..OutboundConfig::default()
    };
    let world = World::with(test, outbound).await;
    let offer = world.offer(1, OfferStatus::Live, &[]).await;
    let (offer_id, url) = (offer.to_string(), format!("http://127.0.0.2:{port}/goods.csv"));
    let pairs =
        [("offer_id", offer_id.as_str()), ("url", &url), ("currency_id", "840"), ("refresh_hours", "6")];
    let id = world.engine.feed_create(world.advertiser, read(&pairs)).await.expect("create");
    assert_eq!(world.engine.feed_import_due().await.expect("import"), 1);
    let first = view(&world, id).await;
    assert_eq!(
        (first.status, counts(&first), first.name.as_str()),
        (FeedStatus::Finished, [2, 0, 0, 0, 0], "127.0.0.2")
    );
    assert_eq!(world.engine.feed_import_due().await.expect("not yet"), 0);
    world.clock.advance(6 * 3600);
    assert_eq!(world.engine.feed_import_due().await.expect("import"), 1);
    let second = view(&world, id).await;
    assert_eq!(second.status, FeedStatus::Failed);
    assert_eq!(second.message, "The address answers with a redirect (302): give the final address");
    assert_eq!(goods(&world, offer).await, on(&[("a", true), ("b", true)]));
    world.clock.advance(6 * 3600);
    world.engine.feed_import_due().await.expect("import");
    assert_eq!(goods(&world, offer).await, on(&[("a", false), ("b", true)]));
    assert!(view(&world, id).await.date_next.is_some());
}

/// One advertiser's feeds run one after the other, so that a slow one keeps nobody else waiting.
#[db_test]
async fn one_feed_of_an_advertiser_runs_at_a_time(test: TestDb) {
    let world = World::new(test).await;
    let offer = world.offer(1, OfferStatus::Live, &[]).await;
    let first = upload(&world, offer, csv(&[("a", "Tea", "1")]).as_bytes(), &[]).await;
    let second = upload(&world, offer, csv(&[("b", "Pot", "2")]).as_bytes(), &[]).await;
    let (store, now) = (&world.test.store, world.engine.now());
    assert_eq!(feed::due(&store.read(), now).await.expect("due"), Some(first));
    let run = move |db| async move {
        let row = feed::view(&db, Scope::All, first).await?.expect("the feed");
        let (status, date_until) = (FeedStatus::Running.code(), now.plus(60).0);
        feed::update(&db, Feed { status, date_until, ..row }).await
    };
    store.write(run).await.expect("run it elsewhere");
    assert_eq!(feed::due(&store.read(), now).await.expect("due"), None);
    assert_eq!(feed::due(&store.read(), now.plus(61)).await.expect("due"), Some(second));
    world.clock.advance(61);
    assert_eq!(world.engine.feed_import_due().await.expect("import"), 2);
}

#[db_test]
async fn an_advertiser_has_so_many_feeds(test: TestDb) {
    let world = World::new(test).await;
    let offer = world.offer(1, OfferStatus::Live, &[]).await;
    let first = upload(&world, offer, csv(&[("a", "Tea", "1")]).as_bytes(), &[]).await;
    let fill = move |db| async move {
        let row = feed::view(&db, Scope::All, first).await?.expect("the feed");
        for _ in 1..100 {
            feed::create(&db, Feed { id: 0, upload_id: None, ..row.clone() }).await?;
        }
        Ok(())
    };
    world.test.store.write(fill).await.expect("99 more");
    let offer = offer.to_string();
    let file = csv(&[("b", "Pot", "2")]);
    let input = sent(&[("offer_id", offer.as_str()), ("name", "One more")], Some(file.as_bytes()));
    let refused = world.engine.feed_create(world.advertiser, input.read().expect("read")).await;
    assert_eq!(refusal(refused), ["offer_id: This advertiser has 100 feeds already"]);
}
