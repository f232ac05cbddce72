//! Statistics beside a model: any report is what a plain look at every click and every lead counts, whatever sums it was read
//! from, in every zone, as of any moment; and nobody's numbers depend on what others do.

use std::collections::BTreeMap;

use whocpa_db_test::db_test;
use whocpa_domain::click::Click;
use whocpa_domain::stat::{Calendar, Dimension, Key, Period, Source};
use whocpa_domain::tid::{click_id, click_ms};
use whocpa_domain::time::DAY;
use whocpa_domain::user::UserLevel;
use whocpa_domain::{Scope, Time};
use whocpa_store::click::ClickMark;
use whocpa_store::goal::{self, Goal};
use whocpa_store::lead::{self, Lead, Record};
use whocpa_store::person::{self, User};
use whocpa_store::stats::{LeadMoney, StatQuery, Sums};
use whocpa_store::testing::TestDb;
use whocpa_store::{Store, offer};

use crate::rows;

/// Two days before clocks go back in Europe.
pub const START: i64 = 1_729_814_400;
pub const DAYS: i64 = 40;
const CLICKS: i64 = 1_500;
const LEADS: i64 = 300;
const QUERIES: u64 = 250;
const ZONES: [&str; 7] = [
    "UTC",
    "Europe/Kyiv",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "America/New_York",
];

/// Numbers that look thrown, the same in every run.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let thrown = (self.0 >> 33) % sides.unsigned_abs().max(1);
        i64::try_from(thrown).expect("small")
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.throw(i64::try_from(of.len()).expect("few"))).expect("small")].clone()
    }
}

/// What became of a lead: when it was recorded, status, closing, reason, charge, payout.
type State = (i64, i64, i64, i64, i64, i64);

pub struct World {
    pub clicks: Vec<Click>,
    leads: Vec<(Lead, Vec<State>)>,
    webmasters: Vec<i64>,
    advertisers: Vec<i64>,
    managers: BTreeMap<i64, i64>,
    /// Offers and their advertisers.
    offers: BTreeMap<i64, i64>,
    manager: i64,
}

impl World {
    /// The same people and offers in every database, with the clicks and leads of those who are wanted.
    pub async fn new(store: &Store, is_wanted: impl Fn(i64) -> bool) -> Self {
        let mut people = Vec::new();
        for (at, level) in [UserLevel::Operator; 1]
            .into_iter()
            .chain([UserLevel::Webmaster; 4])
            .chain([UserLevel::Advertiser; 2])
            .enumerate()
        {
            people.push(rows::person(store, level, &format!("p{at}")).await);
        }
        let (manager, webmasters, advertisers) = (people[0], people[1..5].to_vec(), people[5..].to_vec());
        let managed = [webmasters[1], webmasters[2], advertisers[0]];
        let done = store.write(move |db| async move {
            for id in managed {
                let row = person::view(&db, Scope::All, id).await?.expect("a person");
                person::update(&db, User { manager_id: Some(manager), ..row }).await?;
            }
            Ok(())
        });
        done.await.expect("a manager");
        let (mut offers, mut goals) = (BTreeMap::new(), Vec::new());
        for at in 0..4 {
            let advertiser_id = advertisers[at % 2];
            let made = store.write(move |db| async move {
                let offer_id = offer::create(&db, rows::offer_row(advertiser_id)).await?;
                let goal_id = goal::create(&db, Goal { offer_id, ..rows::goal_row() }).await?;
                Ok((offer_id, goal_id, goal::version_create(&db, rows::version_row(goal_id)).await?))
            });
            let made = made.await.expect("an offer");
            offers.insert(made.0, advertiser_id);
            goals.push(made);
        }
        let managers = managed[..2].iter().map(|id| (*id, manager)).collect();
        let mut world = Self {
            clicks: Vec::new(),
            leads: Vec::new(),
            webmasters,
            advertisers,
            managers,
            offers,
            manager,
        };
        world.fill(&goals);
        world.clicks.retain(|click| is_wanted(click.webmaster_id));
        world.leads.retain(|(lead, _)| is_wanted(lead.webmaster_id));
        world.store(store).await;
        world
    }

    fn fill(&mut self, goals: &[(i64, i64, i64)]) {
        let dice = &mut Dice(7);
        for n in 0..CLICKS {
            // Half of them around the change of clocks.
            let span = if n % 2 == 0 { 4 * DAY } else { DAYS * DAY };
            let ms = (START + dice.throw(span)) * 1000 + dice.throw(1000);
            let offer_id = if dice.throw(12) == 0 { 0 } else { dice.one(goals).0 };
            self.clicks.push(Click {
                id: click_id(ms, n % 3, n),
                offer_id,
                webmaster_id: if offer_id == 0 { 0 } else { dice.one(&self.webmasters) },
                reason: if dice.throw(5) == 0 { 3 } else { 0 },
                bot_mark: if dice.throw(6) == 0 { 2 } else { 0 },
                is_unique: dice.throw(3) > 0,
                device: dice.throw(3),
                link_id: dice.throw(3),
                area_id: dice.throw(2),
                landing_id: dice.throw(2),
                country: dice.one(&["UA", "IN", "", "US"]).to_owned(),
                os: dice.one(&["Android", "iOS"]).to_owned(),
                browser: dice.one(&["Chrome", ""]).to_owned(),
                language: dice.one(&["uk", "en"]).to_owned(),
                keyword: dice.one(&["", "tea"]).to_owned(),
                subid: [dice.one(&["a", "b", "c\"\\'"]), dice.one(&["", "x"]), "", "", ""].map(str::to_owned),
                ..Click::default()
            });
        }
        for n in 1..=LEADS {
            let (offer_id, goal_id, version) = dice.one(goals);
            let people = (self.offers[&offer_id], dice.one(&self.webmasters));
            let span = if n % 2 == 0 { 4 * DAY } else { DAYS * DAY };
            let date_created = START + dice.throw(span);
            let given = |id: i64| Some(id).filter(|id| *id != 0);
            let lead = Lead {
                click_id: n,
                otol_click_id: None,
                natural_key: format!("k{n}"),
                currency_id: dice.one(&[840, 978]),
                charge: 1_000_001 * dice.throw(9),
                payout: 700_003 * dice.throw(9),
                hold_period: dice.throw(15),
                date_created,
                link_id: dice.throw(3),
                area_id: given(dice.throw(2)),
                landing_id: given(dice.throw(2)),
                device: dice.throw(3),
                country: dice.one(&["UA", "IN", "", "US"]).to_owned(),
                os: dice.one(&["Android", "iOS"]).to_owned(),
                browser: dice.one(&["Chrome", ""]).to_owned(),
                language: dice.one(&["uk", "en"]).to_owned(),
                keyword: dice.one(&["", "tea"]).to_owned(),
                subid1: dice.one(&["a", "b", "c\"\\'"]).to_owned(),
                subid2: dice.one(&["", "x"]).to_owned(),
                date_recorded: date_created + dice.throw(DAY),
                ..rows::lead_row(n, people, (offer_id, goal_id, version))
            };
            let mut states = vec![(lead.date_recorded, 0, 0, 0, lead.charge, lead.payout)];
            for _ in 0..dice.throw(4) {
                let last = states[states.len() - 1];
                let at = last.0 + dice.throw(3 * DAY);
                states.push((at, dice.throw(5), dice.throw(2), dice.throw(3), lead.charge, lead.payout));
            }
            self.leads.push((lead, states));
        }
    }

    async fn store(&self, store: &Store) {
        for (at, batch) in self.clicks.chunks(137).enumerate() {
            let mark = ClickMark { segment: 1, place: i64::try_from(at).expect("few") };
            store.click_write("log", mark, batch).await.expect("clicks");
        }
        let leads: Vec<Lead> = self.leads.iter().map(|(lead, _)| lead.clone()).collect();
        for new in leads.chunks(100) {
            let record = move || Record { new, buyers: &[], events: &[], told: &[], postings: &[] };
            let stored = store.write(move |db| async move { lead::create(&db, record(), rows::NOW).await });
            stored.await.expect("leads");
        }
        for (lead, states) in &self.leads {
            let done = store.write(move |db| async move {
                for (number, (at, status, is_closed, reason_code, charge, payout)) in (1..).zip(&states[1..])
                {
                    let row = Lead {
                        event_count: number + 1,
                        status: *status,
                        is_closed: *is_closed,
                        reason_code: *reason_code,
                        charge: *charge,
                        payout: *payout,
                        date_recorded: *at,
                        ..lead.clone()
                    };
                    lead::update(&db, row, number).await?;
                }
                Ok(())
            });
            done.await.expect("decisions");
        }
    }

    /// The value of a dimension, of a click or of a lead in a state.
    fn of_click(&self, click: &Click, dimension: Dimension, period: &Period) -> Key {
        let [subid1, subid2, subid3, subid4, subid5] = &click.subid;
        let number = |number: i64| Key::Number(number);
        let text = |text: &String| Key::Text(text.clone());
        match dimension {
            Dimension::Offer => number(click.offer_id),
            Dimension::Advertiser => number(self.offers.get(&click.offer_id).copied().unwrap_or(0)),
            Dimension::Webmaster => number(click.webmaster_id),
            Dimension::Manager => number(self.managers.get(&click.webmaster_id).copied().unwrap_or(0)),
            Dimension::Area => number(click.area_id),
            Dimension::Link => number(click.link_id),
            Dimension::Landing => number(click.landing_id),
            Dimension::Promo | Dimension::Stock | Dimension::Deeplink => number(0),
            Dimension::Device => number(click.device),
            Dimension::ClickReason => number(click.reason),
            Dimension::Country => text(&click.country),
            Dimension::Os => text(&click.os),
            Dimension::Browser => text(&click.browser),
            Dimension::Language => text(&click.language),
            Dimension::Keyword => text(&click.keyword),
            Dimension::Subid1 => text(subid1),
            Dimension::Subid2 => text(subid2),
            Dimension::Subid3 => text(subid3),
            Dimension::Subid4 => text(subid4),
            Dimension::Subid5 => text(subid5),
            time => period.key(time, Time(click_ms(click.id).div_euclid(1000))).expect("a dimension of time"),
        }
    }

    fn of_lead(&self, (lead, state): (&Lead, &State), dimension: Dimension, period: &Period) -> Key {
        let number = |number: i64| Key::Number(number);
        match dimension {
            Dimension::Goal => number(lead.goal_id),
            Dimension::Advertiser => number(lead.advertiser_id),
            Dimension::Status => number(state.1),
            Dimension::Reason => number(state.3),
            Dimension::Currency => number(lead.currency_id),
            time if time.is_time() => period.key(time, Time(lead.date_created)).expect("a dimension of time"),
            same => {
                let click = Click {
                    offer_id: lead.offer_id,
                    webmaster_id: lead.webmaster_id,
                    area_id: lead.area_id.unwrap_or(0),
                    link_id: lead.link_id,
                    landing_id: lead.landing_id.unwrap_or(0),
                    device: lead.device,
                    country: lead.country.clone(),
                    os: lead.os.clone(),
                    browser: lead.browser.clone(),
                    language: lead.language.clone(),
                    keyword: lead.keyword.clone(),
                    subid: [
                        lead.subid1.clone(),
                        lead.subid2.clone(),
                        String::new(),
                        String::new(),
                        String::new(),
                    ],
                    ..Click::default()
                };
                self.of_click(&click, same, period)
            }
        }
    }

    fn naive(&self, scope: Scope, query: &StatQuery) -> BTreeMap<Vec<Key>, Sums> {
        let mut rows: BTreeMap<Vec<Key>, Sums> = BTreeMap::new();
        let is_in = |at: i64| query.period.from.0 <= at && at < query.period.until.0;
        let fits = |value: &dyn Fn(Dimension) -> Key| {
            query.only.iter().all(|(dimension, keys)| keys.contains(&value(*dimension)))
                && !query.not.iter().any(|(dimension, keys)| keys.contains(&value(*dimension)))
        };
        for click in self.clicks.iter().filter(|_| query.is_of(Source::Clicks)) {
            let is_seen = match scope {
                Scope::Webmaster(id) => click.webmaster_id == id,
                Scope::Advertiser(id) => self.offers.get(&click.offer_id) == Some(&id),
                Scope::Manager(_) => self.managers.contains_key(&click.webmaster_id),
                Scope::All => true,
                Scope::Public => false,
            };
            let value = |dimension| self.of_click(click, dimension, &query.period);
            if !is_seen || !is_in(click_ms(click.id).div_euclid(1000)) || !fits(&value) {
                continue;
            }
            let row =
                rows.entry(query.group.iter().map(|dimension| value(*dimension)).collect()).or_default();
            if click.bot_mark != 0 {
                row.bots += 1;
                continue;
            }
            row.clicks += 1;
            row.uniques += i64::from(click.is_unique);
            row.unsent += i64::from(click.reason != 0);
        }
        let managed = |lead: &Lead| {
            self.managers.contains_key(&lead.webmaster_id) || lead.advertiser_id == self.advertisers[0]
        };
        for (lead, states) in self.leads.iter().filter(|_| query.is_of(Source::Leads)) {
            let is_seen = match scope {
                Scope::Webmaster(id) => lead.webmaster_id == id,
                Scope::Advertiser(id) => lead.advertiser_id == id,
                Scope::Manager(_) => managed(lead),
                Scope::All => true,
                Scope::Public => false,
            };
            let is_known = |state: &&State| query.as_of.is_none_or(|at| state.0 <= at.0);
            let Some(state) = states.iter().rfind(is_known) else { continue };
            let value = |dimension| self.of_lead((lead, state), dimension, &query.period);
            if !is_seen || !is_in(lead.date_created) || !fits(&value) {
                continue;
            }
            let row =
                rows.entry(query.group.iter().map(|dimension| value(*dimension)).collect()).or_default();
            let [status, closed] = [state.1, state.2].map(|code| usize::try_from(code).expect("small"));
            row.leads[status][closed] += 1;
            row.hold_days += lead.hold_period;
            let money: &mut LeadMoney = row.money.entry(lead.currency_id).or_default();
            money.charge[status][closed] += state.4;
            money.payout[status][closed] += state.5;
        }
        rows
    }

    fn query(&self, dice: &mut Dice) -> (Scope, StatQuery) {
        let calendar = Calendar::new(dice.one(&ZONES)).expect("a zone");
        let mut ends = [0, 1].map(|_| {
            let at = Time(START - DAY + dice.throw((DAYS + 2) * DAY));
            match dice.throw(4) {
                0 => at,
                1 => Time(at.0 - at.0 % 900),
                _ => calendar.begin(calendar.date(at)),
            }
        });
        ends.sort_unstable();
        let period = calendar.period(ends[0], Time(ends[1].0.max(ends[0].0 + 1)));
        let mut group = Vec::new();
        for _ in 0..=dice.throw(4).min(3) {
            let next = dice.one(Dimension::ALL);
            if !group.contains(&next) {
                group.push(next);
            }
        }
        let (mut only, mut not) = (BTreeMap::new(), BTreeMap::new());
        for _ in 0..dice.throw(3) {
            let dimension = dice.one(Dimension::ALL);
            let keys: Vec<Key> = (0..=dice.throw(2))
                .map(|_| {
                    let (click, (lead, states)) = (dice.one(&self.clicks), dice.one(&self.leads));
                    if dimension.is_of(Source::Clicks) {
                        self.of_click(&click, dimension, &period)
                    } else {
                        self.of_lead((&lead, &states[0]), dimension, &period)
                    }
                })
                .collect();
            if dice.throw(2) == 0 { &mut only } else { &mut not }.insert(dimension, keys);
        }
        let as_of = (dice.throw(3) == 0).then(|| Time(START + dice.throw((DAYS + 10) * DAY)));
        let scope = match dice.throw(5) {
            0 => Scope::Advertiser(dice.one(&self.advertisers)),
            1 => Scope::Manager(self.manager),
            2 => Scope::All,
            _ => Scope::Webmaster(dice.one(&self.webmasters)),
        };
        (scope, StatQuery { period, group, only, not, as_of })
    }
}

#[db_test]
async fn any_report_is_what_a_plain_look_counts(db: TestDb) {
    let world = World::new(&db.store, |_| true).await;
    let (mut rows, mut tables) = (0, BTreeMap::<String, usize>::new());
    for seed in 0..QUERIES {
        let (scope, query) = world.query(&mut Dice(seed * 977 + 5));
        let report = db.store.stat_report(scope, &query).await.expect("a report");
        let naive = world.naive(scope, &query);
        assert_eq!(report.rows, naive, "{seed}: {scope:?} {query:?}\n{:?}", report.plan);
        rows += naive.len();
        for part in report.plan {
            *tables.entry(part.rsplit(' ').next().unwrap_or_default().to_owned()).or_default() += 1;
        }
    }
    assert!(rows > 2_000, "only {rows} rows were compared");
    for table in ["click", "stat_webmaster", "stat_country", "stat_day"] {
        assert!(tables.contains_key(table), "{table} was never read: {tables:?}");
    }
}

#[db_test]
async fn a_webmasters_numbers_do_not_depend_on_others(db: TestDb) {
    let world = World::new(&db.store, |_| true).await;
    let own = world.webmasters[1];
    let alone =
        if db.config.database_url.is_some() { TestDb::postgres().await } else { TestDb::sqlite().await };
    World::new(&alone.store, |id| id == own).await;
    for seed in 0..60 {
        let (_, query) = world.query(&mut Dice(seed * 31 + 3));
        let scope = Scope::Webmaster(own);
        let with_all = db.store.stat_report(scope, &query).await.expect("a report");
        let with_own = alone.store.stat_report(scope, &query).await.expect("a report");
        assert_eq!(with_all, with_own, "{query:?}");
    }
}
