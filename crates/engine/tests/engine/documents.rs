//! Documents: who gets which, and that they are PDFs with what they must say.

use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use whocpa_db_test::db_test;
use whocpa_engine::Caller;
use whocpa_store::testing::TestDb;

use crate::leads::{Running, running_with};
use crate::world::{read, refusal};

async fn document(run: &Running, caller: Caller, form: &[(&str, &str)]) -> (String, Vec<u8>) {
    let mut all = run.world.engine.document_list(caller, read(form)).await.expect("documents");
    let one = all.pop().expect("a document");
    assert_eq!((all.len(), one.media_type.as_str()), (0, "application/pdf"));
    let bytes = STANDARD.decode(one.content).expect("base64");
    assert_eq!(i64::try_from(bytes.len()), Ok(one.size));
    assert!(bytes.starts_with(b"%PDF-") && bytes.ends_with(b"%%EOF"), "{}", one.id);
    (one.id, bytes)
}

/// The letters that a document's map from glyphs to letters knows.
fn letters(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut found = String::new();
    for line in text.lines().filter(|line| line.starts_with('<') && line.ends_with('>')) {
        let code = line.rsplit('<').next().and_then(|part| part.strip_suffix('>')).unwrap_or_default();
        found.extend(u32::from_str_radix(code, 16).ok().and_then(char::from_u32));
    }
    found
}

/// How many streams can be unpacked.
fn streams(bytes: &[u8]) -> usize {
    let mut count = 0;
    let mut rest = bytes;
    while let Some(at) = rest.windows(7).position(|window| window == b"stream\n") {
        rest = &rest[at + 7..];
        let mut out = Vec::new();
        count += usize::from(
            flate2::read::ZlibDecoder::new(rest).read_to_end(&mut out).is_ok() && !out.is_empty(),
        );
    }
    count
}

#[db_test]
async fn each_side_has_its_documents(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, world) = (&run.world.engine, &run.world);
    let form = [("amount", "250.50"), ("currency_id", "840"), ("method", "1")];
    let deposit = engine.deposit_create(world.advertiser, read(&form)).await.expect("a deposit").to_string();
    let russian = read(&[("name", "Чайная лавка «Їжак»"), ("language", "ru")]);
    engine.user_update(Caller::SYSTEM, world.advertiser.user_id, russian).await.expect("rename");
    let (name, bytes) = document(&run, world.advertiser, &[("deposit_id", &deposit)]).await;
    assert_eq!(name, format!("invoice-D-{:06}.pdf", deposit.parse::<i64>().expect("a number")));
    let known = letters(&bytes);
    assert!("ЧайнаялавкЇжСёт25".chars().all(|letter| known.contains(letter)), "{known}");
    assert_eq!(streams(&bytes), 2, "a page and the font");

    let tid = run.click("").await.tid;
    let lead = run.accepted(&tid, "one").await;
    engine.lead_update(world.advertiser, lead, read(&[("status", "1")])).await.expect("approve");
    for caller in [world.advertiser, world.webmaster] {
        document(&run, caller, &[("currency_id", "840")]).await;
    }
    let owner = world.webmaster.user_id.to_string();
    let (name, _) = document(&run, world.operator, &[("currency_id", "840"), ("owner_id", &owner)]).await;
    assert_eq!(name, format!("statement-{owner}-USD-2023-11-14.pdf"));

    let ask = async |caller: Caller, form: &[(&str, &str)]| engine.document_list(caller, read(form)).await;
    let foreign = ask(world.rival, &[("deposit_id", &deposit)]).await;
    assert_eq!(refusal(foreign), ["deposit_id: Deposits not found"]);
    let other = ask(world.webmaster, &[("currency_id", "840"), ("owner_id", "1")]).await;
    assert_eq!(refusal(other), ["owner_id: Only operators may use this"]);
    let long = ask(world.webmaster, &[("currency_id", "840"), ("d_from", "2020-01-01")]).await;
    assert_eq!(refusal(long), ["d_from: Must be before d_to, and at most 366 days"]);
    assert!(ask(world.webmaster, &[]).await.expect("nothing").is_empty());
}
