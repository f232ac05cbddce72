//! Targeting is strict about what is written and exact about whom it takes.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::Time;
use crate::facts::{Agent, Entry};

static NO_SUBID: [String; 5] = [String::new(), String::new(), String::new(), String::new(), String::new()];

fn facts() -> Facts {
    let agent = Agent {
        device: DeviceKind::Phone,
        os: "Android".to_owned(),
        os_version: "14.1".to_owned(),
        browser: "Chrome".to_owned(),
        browser_version: "126.0.0.0".to_owned(),
        is_crawler: false,
    };
    Facts {
        country: "UA".to_owned(),
        geo_ids: Arc::from([804, 7, 1]),
        agent: Arc::new(agent),
        language: "uk".to_owned(),
        subid: ["a", "", "", "", ""].map(str::to_owned),
        ..Facts::new(Time(1_704_445_200), 1, Entry::Code("x".to_owned()))
    }
}

/// What refuses the visitor above.
fn refused(text: &str) -> Option<Check> {
    let rules = Targeting::read(text).unwrap_or_else(|wrong| panic!("{text}: {wrong}")).compile();
    let facts = facts();
    let visit = Visit::new(&facts, 5, &NO_SUBID);
    rules.and_then(|rules| rules.matches(&visit).err())
}

#[test]
fn every_rule_takes_and_refuses() {
    for (takes, refuses, check) in [
        (r#"{"geo":{"allow":[3,7]}}"#, r#"{"geo":{"allow":[3]}}"#, Check::Geo),
        (r#"{"geo":{"deny":[3]}}"#, r#"{"geo":{"allow":[804],"deny":[7]}}"#, Check::Geo),
        (r#"{"devices":[1,2]}"#, r#"{"devices":[1,3]}"#, Check::Device),
        (r#"{"os":[{"name":"android","min":"8"}]}"#, r#"{"os":[{"name":"ios"}]}"#, Check::Os),
        (
            r#"{"os":[{"name":"android","max":"14"}]}"#,
            r#"{"os":[{"name":"android","max":"13.9"}]}"#,
            Check::Os,
        ),
        (
            r#"{"os":[{"name":"ios"},{"name":"android"}]}"#,
            r#"{"os":[{"name":"android","min":"14.1.1"}]}"#,
            Check::Os,
        ),
        (r#"{"browsers":["chrome"]}"#, r#"{"browsers":["Firefox"]}"#, Check::Browser),
        (r#"{"languages":["ru","uk"]}"#, r#"{"languages":["en"]}"#, Check::Language),
        (r#"{"connections":[0]}"#, r#"{"connections":[1]}"#, Check::ConnectionType),
        (r#"{"visitors":1}"#, r#"{"visitors":2}"#, Check::Visitor),
        (r#"{"areas":{"allow":[5]}}"#, r#"{"areas":{"deny":[5]}}"#, Check::Area),
        (r#"{"subid1":{"allow":["a"]}}"#, r#"{"subid1":{"deny":["a"]}}"#, Check::Subid),
        (r#"{"subid2":{"deny":["a"]}}"#, r#"{"subid2":{"allow":["a"]}}"#, Check::Subid),
        (
            r#"{"schedule":{"zone":"Europe/Kyiv","hours":[{"days":[5],"from":9,"to":18}]}}"#,
            r#"{"schedule":{"hours":[{"from":18,"to":9}]}}"#,
            Check::Schedule,
        ),
    ] {
        assert_eq!(refused(takes), None, "{takes}");
        assert_eq!(refused(refuses), Some(check), "{refuses}");
    }
    assert_eq!(refused(""), None);
    assert_eq!(refused("{}"), None);
}

#[test]
fn what_is_not_known_is_in_no_list() {
    let facts = Facts::new(Time(0), 1, Entry::Code(String::new()));
    let visit = Visit::new(&facts, 0, &NO_SUBID);
    let ask = |text: &str| Targeting::read(text).expect(text).compile().expect(text).matches(&visit);
    for text in [
        r#"{"geo":{"allow":[804]}}"#,
        r#"{"os":[{"name":"android"}]}"#,
        r#"{"browsers":["chrome"]}"#,
        r#"{"languages":["en"]}"#,
        r#"{"areas":{"allow":[1]}}"#,
        r#"{"subid1":{"allow":["a"]}}"#,
    ] {
        assert!(ask(text).is_err(), "{text}");
    }
    for text in [r#"{"geo":{"deny":[804]}}"#, r#"{"areas":{"deny":[1]}}"#, r#"{"subid1":{"deny":["a"]}}"#] {
        assert!(ask(text).is_ok(), "{text}");
    }
}

#[test]
fn what_cannot_be_read_is_refused_with_its_place() {
    for (text, said) in [
        (r#"{"geos":{}}"#, "geos: unknown field `geos`"),
        (r#"{"geo":{"only":[1]}}"#, "geo.only: unknown field `only`"),
        (r#"{"geo":{"allow":["x"]}}"#, "geo.allow[0]: invalid type"),
        (r#"{"devices":[1,9]}"#, "devices[1]: Must be one of 0, 1, 2, 3, 4"),
        (r#"{"os":[{"name":"beos"}]}"#, "os[0].name: Must be one of"),
        (r#"{"os":[{"name":"ios","min":"new"}]}"#, "os[0].min: Must be a version"),
        (r#"{"languages":["en","english"]}"#, "languages[1]: Must be a code"),
        (r#"{"subid3":{"deny":["a",""]}}"#, "subid3.deny[1]: Must be 1 to 600"),
        (r#"{"schedule":{"zone":"Moon"}}"#, "schedule.zone: Unknown time zone"),
        (r#"{"schedule":{"hours":[{"from":9,"to":99}]}}"#, "schedule.hours[0].to: Must be"),
        (r"{} {}", "Must be one JSON value"),
        ("[]", "invalid type: sequence, expected an object"),
        (r#"{"geo":[[804]]}"#, "geo: invalid type: sequence, expected an object"),
        ("geo=1", "expected value"),
    ] {
        let wrong = Targeting::read(text).expect_err(text);
        assert!(wrong.starts_with(said), "{text}: {wrong}");
    }
}

fn words() -> impl Strategy<Value = TextLists> {
    let list = || proptest::collection::vec("[a-d]{1,2}", 0..3);
    (list(), list()).prop_map(|(allow, deny)| TextLists { allow, deny })
}

fn numbers() -> impl Strategy<Value = IdLists> {
    let list = || proptest::collection::vec(1..9_i64, 0..4);
    (list(), list()).prop_map(|(allow, deny)| IdLists { allow, deny })
}

fn any_targeting() -> impl Strategy<Value = Targeting> {
    let devices = proptest::sample::subsequence(DeviceKind::ALL.to_vec(), 0..=4);
    let languages = proptest::sample::subsequence(vec!["en", "ru", "uk"], 0..=3);
    let version = || proptest::option::of((0..20_u8, 0..9_u8));
    let systems = (proptest::sample::select(vec!["android", "ios", "windows"]), version(), version());
    let hours = (proptest::collection::vec(1..8_i64, 0..3), 0..24_i64, 1..25_i64)
        .prop_filter("not empty", |(_, from, to)| from != to);
    (
        numbers(),
        devices,
        languages,
        proptest::collection::vec(systems, 0..3),
        numbers(),
        words(),
        words(),
        proptest::collection::vec(hours, 0..3),
    )
        .prop_map(|(geo, devices, languages, systems, areas, subid1, subid5, hours)| {
            let text =
                |version: Option<(u8, u8)>| version.map_or_else(String::new, |(a, b)| format!("{a}.{b}"));
            let os = systems.into_iter().map(|(name, min, max)| SystemRange {
                name: name.to_owned(),
                min: text(min),
                max: text(max),
            });
            let hours = hours.into_iter().map(|(days, from, to)| crate::schedule::Hours { days, from, to });
            Targeting {
                geo,
                devices,
                languages: languages.into_iter().map(str::to_owned).collect(),
                os: os.collect(),
                areas,
                subid1,
                subid5,
                schedule: Schedule { zone: "America/New_York".to_owned(), hours: hours.collect() },
                ..Targeting::default()
            }
        })
}

fn any_facts() -> impl Strategy<Value = Facts> {
    let agent = (
        proptest::sample::select(DeviceKind::ALL.to_vec()),
        proptest::sample::select(vec!["", "Android", "iPhone", "Windows 10"]),
        "[0-9._]{0,6}",
    );
    (
        proptest::collection::vec(1..9_i64, 0..3),
        agent,
        "(en|ru|)",
        "[a-d]{0,2}",
        any::<bool>(),
        0..4_000_000_000_i64,
    )
        .prop_map(|(geo_ids, (device, os, version), language, subid1, is_returning, now)| Facts {
            geo_ids: geo_ids.into(),
            agent: Arc::new(Agent { device, os: os.to_owned(), os_version: version, ..Agent::default() }),
            language,
            subid: [subid1, String::new(), String::new(), String::new(), String::new()],
            is_returning,
            ..Facts::new(Time(now), 1, Entry::Code(String::new()))
        })
}

proptest! {
    /// What is written reads back as it was.
    #[test]
    fn the_text_keeps_everything(targeting in any_targeting()) {
        prop_assert_eq!(Targeting::read(&targeting.to_text()), Ok(targeting));
    }

    /// The compiled rules say what the words say.
    #[test]
    fn the_rules_say_what_is_written(targeting in any_targeting(), facts in any_facts(), area in 0..9_i64) {
        let visit = Visit::new(&facts, area, &NO_SUBID);
        let ids = |lists: &IdLists, of: &[i64]| {
            (lists.allow.is_empty() || of.iter().any(|id| lists.allow.contains(id)))
                && !of.iter().any(|id| lists.deny.contains(id))
        };
        let texts = |lists: &TextLists, word: &String| {
            (lists.allow.is_empty() || lists.allow.contains(word)) && !lists.deny.contains(word)
        };
        let is_taken = ids(&targeting.geo, &facts.geo_ids)
            && (targeting.devices.is_empty() || targeting.devices.contains(&facts.agent.device))
            && (targeting.languages.is_empty() || targeting.languages.contains(&facts.language))
            && ids(&targeting.areas, &[area])
            && texts(&targeting.subid1, &facts.subid[0])
            && texts(&targeting.subid5, &facts.subid[4]);
        let answer = targeting.compile().map_or(Ok(()), |rules| rules.matches(&visit));
        match answer {
            Ok(()) => prop_assert!(is_taken),
            Err(Check::Os | Check::Schedule) => {}
            Err(_) => prop_assert!(!is_taken),
        }
    }
}
