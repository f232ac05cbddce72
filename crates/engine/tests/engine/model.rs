//! The engine beside a model of all money in plain integers, which knows nothing of transfers: the same random steps for
//! both, compared after every step (trust M1).
//!
//! `WHOCPA_MODEL_STEPS` says how many steps (300 unless told), `WHOCPA_MODEL_SEED` which ones.

mod book;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::IpAddr;

use whocpa_db_test::db_test;
use whocpa_domain::lead::LeadStatus;
use whocpa_domain::offer::OfferStatus;
use whocpa_domain::payout::{PayoutRules, PayoutTerms};
use whocpa_domain::time::DAY;
use whocpa_domain::user::UserLevel;
use whocpa_domain::wallet::WalletKind;
use whocpa_domain::{Error, Result, Scope};
use whocpa_engine::Caller;
use whocpa_engine::click::Visit;
use whocpa_engine::lead::{Conversion, Verdict};
use whocpa_store::balance;
use whocpa_store::testing::TestDb;

use self::book::{Book, CENT, DOLLAR, Deposit, Dice, Lead, Model, Out, Payout, TWO_EYES};
use crate::world::{START, USD, World, branch, person, read};

struct Run {
    world: World,
    model: Model,
    dice: Dice,
    second: Caller,
    /// Code of the link, by webmaster and advertiser.
    codes: [[String; 2]; 3],
    /// A fixed goal and one of a percentage, by advertiser.
    goals: [[i64; 2]; 2],
    /// The last report of a lead with its id, to be sent again.
    last: Option<(Conversion, i64)>,
    next: u64,
}

/// Whether it was done; what is not a lawful refusal fails the test.
fn done<T>(result: Result<T>) -> bool {
    match result {
        Ok(_) => true,
        Err(Error::Invalid(_) | Error::Conflict(_)) => false,
        Err(other) => panic!("{other:?}"),
    }
}

/// Three webmasters: the first one has brought the second one.
async fn webmasters(world: &World) -> [Caller; 3] {
    let first = world.webmaster;
    let id = first.user_id.to_string();
    let mut brought = Vec::new();
    for (login, referrer) in [("brought", Some(("referrer_id", id.as_str()))), ("alone", None)] {
        let mut form = vec![("level", "1"), ("login", login), ("name", login), ("password", "correct horse")];
        form.extend(referrer);
        let id = world.engine.user_create(Caller::SYSTEM, read(&form)).await.expect("a webmaster");
        brought.push(Caller::new(whocpa_domain::Level::Webmaster, id));
    }
    [first, brought[0], brought[1]]
}

impl Run {
    async fn new(test: TestDb, seed: u64) -> Self {
        let mut world = World::of(test, |config| {
            (config.click.flood_visitor, config.click.flood_address) = (0, 0);
            let mut rules = PayoutRules::default();
            rules.second_approval = TWO_EYES;
            rules.set(
                WalletKind::Capitalist,
                PayoutTerms { amount_min: DOLLAR, fee: 50 * CENT, fee_ppm: 10_000 },
            );
            config.payout = rules;
        })
        .await;
        let second = person(&world.test, UserLevel::Operator, "second").await;
        let webmasters = webmasters(&world).await;
        let advertisers = [world.advertiser, world.rival];
        let geo = branch(&world.engine.geo_list(world.operator).await.expect("regions"))[1];
        let (mut goals, mut offers) = ([[0; 2]; 2], [0; 2]);
        for (at, advertiser) in advertisers.into_iter().enumerate() {
            world.advertiser = advertiser;
            offers[at] = world.offer(geo, OfferStatus::Live, &[]).await;
            let fixed = world.goal(offers[at], "10.01").await;
            let offer = offers[at].to_string();
            let form = [
                ("offer_id", offer.as_str()),
                ("description", "Share"),
                ("currency_id", "840"),
                ("hold_period", "10"),
                ("money_type", "2"),
                ("charge", "16.5"),
            ];
            let percent = world.engine.goal_create(advertiser, read(&form)).await.expect("a goal");
            goals[at] = [fixed, percent];
        }
        world.advertiser = advertisers[0];
        let mut codes: [[String; 2]; 3] = Default::default();
        for (of, webmaster) in webmasters.into_iter().enumerate() {
            for (at, offer) in offers.iter().enumerate() {
                let (offer, whose) = (offer.to_string(), webmaster.user_id.to_string());
                let form = [("offer_id", offer.as_str()), ("webmaster_id", &whose)];
                world.engine.connection_create(world.operator, read(&form)).await.expect("connect");
                let link = world.engine.link_create(webmaster, read(&form[..1])).await.expect("a link");
                codes[of][at] = world.engine.link_view(webmaster, link).await.expect("the link").code;
            }
            let account = format!("U010000{of}");
            let form = [("kind", "1"), ("account", account.as_str()), ("currency_id", "840")];
            let wallet = world.engine.wallet_create(webmaster, read(&form)).await.expect("a wallet");
            world
                .engine
                .wallet_update(world.operator, wallet, read(&[("status", "1")]))
                .await
                .expect("approve");
        }
        world.clock.advance(3 * DAY);
        world.engine.catalogue_refresh().await.expect("refresh");
        let model = Model {
            base: Book::new(),
            leads: Vec::new(),
            payouts: Vec::new(),
            deposits: Vec::new(),
            webmasters,
            advertisers,
        };
        Self { world, model, dice: Dice(seed), second, codes, goals, last: None, next: 0 }
    }

    async fn step(&mut self) -> &'static str {
        match self.dice.below(100) {
            0..28 => self.lead().await,
            28..33 => self.again().await,
            33..58 => self.decide().await,
            58..63 => self.pass().await,
            63..69 => self.reopen().await,
            69..76 => self.deposit().await,
            76..85 => self.ask().await,
            85..96 => self.handle().await,
            _ => {
                self.world.engine.balance_fold().await.expect("fold");
                "fold"
            }
        }
    }

    async fn click(&self, webmaster: usize, advertiser: usize) -> String {
        let visit = Visit {
            ip: IpAddr::from([8, 8, 8, 8]),
            ua: "Mozilla/5.0",
            ..Visit::to(&self.codes[webmaster][advertiser])
        };
        self.world.engine.click_track(visit).await.tid
    }

    async fn lead(&mut self) -> &'static str {
        let (webmaster, advertiser) = (self.dice.of(&[0, 1, 2]), self.dice.of(&[0, 1]));
        let kind = self.dice.of(&[0, 1]);
        let sale = self.dice.below(2_000 * DOLLAR) + 1;
        let (charge, payout) = match kind {
            0 => (10_010_000, 8_000_000),
            // 16.5 % to the nearer micro-unit; four fifths of it, 13.2 %, rounded down.
            _ => ((sale * 165 + 500) / 1_000, sale * 132 / 1_000),
        };
        let now = self.world.engine.now();
        let is_referred = webmaster == 1 && now.0 < START.0 + 365 * DAY;
        let referral = if is_referred { (payout / 20).min(charge - payout) } else { 0 };
        let tid = self.click(webmaster, advertiser).await;
        self.next += 1;
        let conversion = Conversion {
            advertiser_id: self.model.advertisers[advertiser].user_id,
            tid,
            goal_id: Some(self.goals[advertiser][kind]),
            sale_id: format!("sale-{}", self.next),
            amount: (kind == 1).then_some(sale),
            ..Conversion::default()
        };
        let verdict = self.world.engine.lead_receive(conversion.clone()).await.expect("a verdict");
        let Verdict::Accepted { lead_id: id, status: LeadStatus::Pending, .. } = verdict else {
            panic!("a new lead: {verdict:?}")
        };
        self.last = Some((conversion, id));
        let hold_end = now.0 + 10 * DAY;
        let lead = Lead {
            id,
            advertiser,
            webmaster,
            status: LeadStatus::Pending,
            is_closed: false,
            charge,
            payout,
            referral,
            hold_end,
            decisions: 0,
        };
        self.model.leads.push(lead);
        "lead"
    }

    /// The same report, or another action of the same click.
    async fn again(&mut self) -> &'static str {
        let Some((conversion, first)) = self.last.clone() else { return "nothing" };
        if self.dice.below(2) == 0 {
            let verdict = self.world.engine.lead_receive(conversion).await.expect("a verdict");
            assert!(matches!(verdict, Verdict::Duplicate { lead_id, .. } if lead_id == first), "{verdict:?}");
            return "repeat";
        }
        self.next += 1;
        let other = Conversion { sale_id: format!("sale-{}", self.next), ..conversion };
        let verdict = self.world.engine.lead_receive(other).await.expect("a verdict");
        let Verdict::Accepted { lead_id: id, status: LeadStatus::Double, .. } = verdict else {
            panic!("a double: {verdict:?}")
        };
        let Some(of) = self.model.leads.iter().find(|lead| lead.id == first).cloned() else {
            panic!("the newest lead is retired")
        };
        let now = self.world.engine.now();
        let is_referred = of.webmaster == 1 && now.0 < START.0 + 365 * DAY;
        let referral = if is_referred { (of.payout / 20).min(of.charge - of.payout) } else { 0 };
        let hold_end = now.0 + 10 * DAY;
        let lead =
            Lead { id, status: LeadStatus::Double, is_closed: false, hold_end, decisions: 0, referral, ..of };
        self.model.leads.push(lead);
        "double"
    }

    fn any_lead(&mut self) -> Option<usize> {
        let few: Vec<usize> =
            (0..self.model.leads.len()).filter(|at| self.model.leads[*at].decisions < 40).collect();
        (!few.is_empty()).then(|| self.dice.of(&few))
    }

    async fn decide(&mut self) -> &'static str {
        let Some(at) = self.any_lead() else { return "nothing" };
        let to = self.dice.of(&[
            LeadStatus::Approved,
            LeadStatus::Approved,
            LeadStatus::Rejected,
            LeadStatus::Spam,
        ]);
        let is_operator = self.dice.below(4) == 0;
        let lead = &self.model.leads[at];
        let caller = if is_operator { self.world.operator } else { self.model.advertisers[lead.advertiser] };
        let may =
            lead.status == to || (!lead.is_closed && (is_operator || lead.status != LeadStatus::Double));
        let code = to.code().to_string();
        let form = read(&[("status", code.as_str()), ("reason", "50")]);
        let is_done = done(self.world.engine.lead_update(caller, lead.id, form).await);
        assert_eq!(is_done, may, "{lead:?} to {to:?}");
        let lead = &mut self.model.leads[at];
        if may {
            lead.status = to;
            lead.decisions += 1;
        }
        "decide"
    }

    /// Time goes by, and holds end.
    async fn pass(&mut self) -> &'static str {
        let hours = self.dice.below(72);
        self.world.clock.advance(hours * 3600);
        self.world.engine.lead_close_due().await.expect("close");
        let now = self.world.engine.now().0;
        for lead in &mut self.model.leads {
            if lead.status != LeadStatus::Pending && lead.hold_end <= now {
                lead.is_closed = true;
            }
        }
        self.model.retire();
        "time"
    }

    /// A chargeback, or an approval after all.
    async fn reopen(&mut self) -> &'static str {
        let Some(at) = self.any_lead() else { return "nothing" };
        let lead = self.model.leads[at].clone();
        let to = self.dice.of(&[LeadStatus::Approved, LeadStatus::Rejected]);
        let code = to.code().to_string();
        let form =
            [("is_closed", "0"), ("status", code.as_str()), ("reason", "50"), ("comment", "looked again")];
        let is_done = done(self.world.engine.lead_update(self.world.operator, lead.id, read(&form)).await);
        assert_eq!(is_done, lead.is_closed, "{lead:?} to {to:?}");
        if is_done {
            let decisions = lead.decisions + 2;
            self.model.leads[at] = Lead { status: to, is_closed: false, decisions, ..lead };
        }
        "reopen"
    }

    async fn deposit(&mut self) -> &'static str {
        let engine = &self.world.engine;
        if self.dice.below(2) == 0 || self.model.deposits.is_empty() {
            let (advertiser, amount) = (self.dice.of(&[0, 1]), (self.dice.below(50_000) + 1) * CENT);
            let text = cents(amount);
            let form = [("amount", text.as_str()), ("currency_id", "840"), ("method", "1")];
            let id = engine
                .deposit_create(self.model.advertisers[advertiser], read(&form))
                .await
                .expect("a deposit");
            self.model.deposits.push(Deposit { id, advertiser, amount, state: 0 });
            return "deposit";
        }
        let newest = self.model.deposits.len().saturating_sub(5);
        let at = newest
            + usize::try_from(self.dice.below(5)).expect("small") % (self.model.deposits.len() - newest);
        let to = self.dice.of(&[1, 1, 2]);
        let deposit = self.model.deposits[at].clone();
        let code = to.to_string();
        let form = read(&[("status", code.as_str()), ("reference", "statement")]);
        let is_done = done(engine.deposit_update(self.world.operator, deposit.id, form).await);
        assert_eq!(is_done, deposit.state == 0 || deposit.state == to, "{deposit:?} to {to}");
        if is_done {
            self.model.deposits[at].state = to;
        }
        "deposit step"
    }

    /// Somebody wants to be paid.
    async fn ask(&mut self) -> &'static str {
        let webmaster = self.dice.of(&[0, 1, 2]);
        let available = self.model.available(webmaster);
        let wanted = match self.dice.below(4) {
            0 => None,
            1 => Some(self.dice.below(available.max(DOLLAR)) + 1),
            _ => Some((self.dice.below(available.max(0) / CENT + 100) + 1) * CENT),
        };
        let amount = wanted.unwrap_or(available.max(0) / CENT * CENT);
        // Fifty cents and one percent, up to the next cent.
        let share = (i128::from(amount) * 10_000 + 500_000) / 1_000_000;
        let fee = (i64::try_from(share).expect("small") + 50 * CENT + CENT - 1) / CENT * CENT;
        let may = amount % CENT == 0 && amount <= available && amount >= DOLLAR && fee < amount;
        let text = wanted.map(micros);
        let mut form = vec![("currency_id", "840")];
        form.extend(text.as_deref().map(|text| ("amount", text)));
        let made = self.world.engine.payout_create(self.model.webmasters[webmaster], read(&form)).await;
        assert_eq!(made.is_ok(), may, "{wanted:?} of {available}: {made:?}");
        if let Ok(id) = made {
            self.model.payouts.push(Payout { id, webmaster, amount, state: Out::Requested, approver: None });
        } else {
            done(made);
        }
        "payout"
    }

    /// Somebody does something with a payout.
    async fn handle(&mut self) -> &'static str {
        if self.model.payouts.is_empty() {
            return "nothing";
        }
        let newest = self.model.payouts.len().saturating_sub(8);
        let at = newest
            + usize::try_from(self.dice.below(8)).expect("small") % (self.model.payouts.len() - newest);
        let before = self.model.payouts[at].clone();
        let is_open = !matches!(before.state, Out::Paid | Out::Back);
        let engine = &self.world.engine;
        if self.dice.below(6) == 0 {
            let owner = self.model.webmasters[before.webmaster];
            let may = before.state == Out::Requested && before.approver.is_none();
            assert_eq!(done(engine.payout_delete(owner, before.id).await), may, "cancel {before:?}");
            if may {
                self.model.payouts[at].state = Out::Back;
            }
            return "cancel";
        }
        let by = self.dice.of(&[0, 1]);
        let caller = [self.world.operator, self.second][by];
        let (form, may, after) = match self.dice.below(7) {
            0..3 => {
                let after = match before.approver {
                    None if before.amount <= TWO_EYES => {
                        Payout { state: Out::Approved, approver: Some(by), ..before.clone() }
                    }
                    None => Payout { approver: Some(by), ..before.clone() },
                    Some(_) => Payout { state: Out::Approved, ..before.clone() },
                };
                let is_again = before.state == Out::Approved;
                let may = is_again || (before.state == Out::Requested && before.approver != Some(by));
                (vec![("status", "1")], may, if is_again { before.clone() } else { after })
            }
            3 => {
                let may = matches!(before.state, Out::Approved | Out::Sending);
                (vec![("status", "2")], may, Payout { state: Out::Sending, ..before.clone() })
            }
            4 | 5 => {
                let may = matches!(before.state, Out::Approved | Out::Sending | Out::Paid);
                (
                    vec![("status", "3"), ("reference", "bank 17")],
                    may,
                    Payout { state: Out::Paid, ..before.clone() },
                )
            }
            _ => (
                vec![("status", "4"), ("reason", "closed account")],
                is_open,
                Payout { state: Out::Back, ..before.clone() },
            ),
        };
        let is_done = done(engine.payout_update(caller, before.id, read(&form)).await);
        assert_eq!(is_done, may, "{form:?} of {before:?} by {by}");
        if may {
            self.model.payouts[at] = after;
        }
        "payout step"
    }

    /// What the engine says is in every account.
    async fn found(&self) -> Book {
        let all = balance::list(&self.world.test.store.read(), Scope::All).await.expect("balances");
        let row = |row: balance::Balance| {
            assert_eq!(row.account.currency_id, USD);
            ((row.account.kind, row.account.owner_id), row.micros)
        };
        all.into_iter().map(row).filter(|(_, micros)| *micros != 0).collect()
    }
}

fn cents(micros: i64) -> String {
    format!("{}.{:02}", micros / DOLLAR, micros % DOLLAR / CENT)
}

fn micros(micros: i64) -> String {
    format!("{}.{:06}", micros / DOLLAR, micros % DOLLAR)
}

fn told(name: &str, unless: u64) -> u64 {
    std::env::var(name).ok().map_or(unless, |text| text.parse().expect("a number"))
}

#[db_test]
async fn the_ledger_is_what_the_model_says(test: TestDb) {
    let (steps, seed) = (told("WHOCPA_MODEL_STEPS", 300), told("WHOCPA_MODEL_SEED", 17));
    let mut run = Run::new(test, seed).await;
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for step in 0..steps {
        let what = run.step().await;
        *counts.entry(what).or_default() += 1;
        let (found, expected) = (run.found().await, run.model.book());
        assert_eq!(found, expected, "step {step} ({what}) of seed {seed}");
        assert_eq!(found.values().sum::<i64>(), 0, "step {step} ({what}) of seed {seed}");
        if step % 500 == 499 || step + 1 == steps {
            assert_eq!(run.world.engine.ledger_verify().await.expect("books").differences, []);
        }
    }
    let counts: Vec<String> = counts.iter().map(|(what, count)| format!("{count} {what}")).collect();
    let figures = format!(
        "money model: {steps} steps of seed {seed}, imbalance 0, mismatches 0 ({})",
        counts.join(", ")
    );
    writeln!(std::io::stdout(), "{figures}").expect("write to the terminal");
}
