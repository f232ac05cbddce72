//! Claims against the simplest model there is, under random interleavings of requests that run, fail, die and wake
//! up too late (trust §5).

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};
use whocpa_db_test::db_test;
use whocpa_domain::access::Claim;
use whocpa_domain::{Error, Time};
use whocpa_store::Store;
use whocpa_store::claim::{self, Request, Standing};
use whocpa_store::testing::TestDb;

use crate::rows::NOW;

const LEASE: i64 = 10;
const CASES: u32 = 150;

#[derive(Debug, Clone)]
enum Step {
    /// A request with this key and these parameters comes.
    Come(usize, usize),
    /// One of those that were let through ends its work; its effect and answer are committed together.
    End(usize),
    /// It fails after it settled, so that its transaction is rolled back.
    Fail(usize),
    /// It gives its claim back.
    Release(usize),
    /// Time passes.
    Wait(i64),
    /// The job forgets what is older than this.
    Forget(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..2_usize, 0..2_usize).prop_map(|(key, hash)| Step::Come(key, hash)),
        4 => (0..8_usize).prop_map(Step::End),
        1 => (0..8_usize).prop_map(Step::Fail),
        2 => (0..8_usize).prop_map(Step::Release),
        3 => (1..8_i64).prop_map(Step::Wait),
        1 => (0..40_i64).prop_map(Step::Forget),
    ]
}

/// What the model knows of one key.
#[derive(Debug, Clone)]
struct Known {
    hash: usize,
    fence: i64,
    created: i64,
    until: i64,
    answer: Option<String>,
}

struct World<'a> {
    store: &'a Store,
    /// This case's own keys.
    case: String,
    now: Time,
    known: BTreeMap<usize, Known>,
    fences: i64,
    /// Requests that were let through: their key and their claim.
    running: Vec<(usize, Claim)>,
}

impl World<'_> {
    async fn step(&mut self, step: Step) -> Result<(), TestCaseError> {
        match step {
            Step::Come(key, hash) => self.come(key, hash).await,
            Step::End(who) => self.end(who, true).await,
            Step::Fail(who) => self.end(who, false).await,
            Step::Release(who) => self.release(who).await,
            Step::Wait(seconds) => {
                self.now = self.now.plus(seconds);
                Ok(())
            }
            Step::Forget(age) => self.forget(age).await,
        }
    }

    async fn come(&mut self, key: usize, hash: usize) -> Result<(), TestCaseError> {
        let now = self.now;
        let until = now.plus(LEASE);
        let (place, name, sent) = (format!("POST /{}", self.case), key.to_string(), hash.to_string());
        let request = Request { user_id: 1, place: &place, name: &name, hash: &sent };
        let looked = claim::view(&self.store.read(), request, now).await?;
        self.fences += 1;
        let fence = self.fences;
        let take = move |db| async move { claim::take(&db, request, fence, (now, until)).await };
        let taken = self.store.write(take).await?;
        let expected = match self.known.get(&key) {
            Some(known) if known.hash != hash => Some(Standing::OtherRequest),
            Some(Known { answer: Some(answer), .. }) => Some(Standing::Done(answer.clone())),
            Some(known) if known.until > now.0 => Some(Standing::Running(known.until - now.0)),
            _ => None,
        };
        prop_assert_eq!(&looked, &expected);
        let Some(expected) = expected else {
            let Standing::Ours(claim) = taken else {
                return Err(TestCaseError::fail(format!("{taken:?} instead of the claim")));
            };
            let fresh = Known { hash, fence, created: now.0, until: 0, answer: None };
            let known = self.known.entry(key).or_insert(fresh);
            (known.fence, known.until) = (fence, until.0);
            prop_assert_eq!(claim.fence, fence);
            self.running.push((key, claim));
            return Ok(());
        };
        prop_assert_eq!(taken, expected);
        Ok(())
    }

    /// Whether the request still holds its key: nobody overtook it, and it was neither released nor forgotten.
    fn holds(&self, (key, claim): (usize, Claim)) -> bool {
        self.known.get(&key).is_some_and(|known| known.fence == claim.fence && known.answer.is_none())
    }

    async fn end(&mut self, who: usize, succeeds: bool) -> Result<(), TestCaseError> {
        let Some(running) = self.running.get(who).copied() else { return Ok(()) };
        let claim = running.1;
        let answer = &format!("{}:{}", running.0, claim.fence);
        let ended = self.store.write(move |db| async move {
            if !claim::settle(&db, claim, answer).await? {
                return Err(Error::Conflict(String::new()));
            }
            if succeeds { Ok(()) } else { Err(Error::NotFound) }
        });
        let ended = ended.await;
        if !self.holds(running) {
            prop_assert!(matches!(ended, Err(Error::Conflict(_))), "a second effect: {ended:?}");
        } else if succeeds {
            prop_assert!(ended.is_ok(), "{ended:?}");
            if let Some(known) = self.known.get_mut(&running.0) {
                known.answer = Some(answer.clone());
            }
        } else {
            prop_assert!(matches!(ended, Err(Error::NotFound)), "{ended:?}");
        }
        Ok(())
    }

    async fn release(&mut self, who: usize) -> Result<(), TestCaseError> {
        let Some(running) = self.running.get(who).copied() else { return Ok(()) };
        let claim = running.1;
        self.store.write(move |db| async move { claim::release(&db, claim).await }).await?;
        if self.holds(running) {
            self.known.remove(&running.0);
        }
        Ok(())
    }

    async fn forget(&mut self, age: i64) -> Result<(), TestCaseError> {
        let before = self.now.plus(-age);
        self.store.write(move |db| async move { claim::delete_old(&db, before, 1000).await }).await?;
        self.known.retain(|_, known| known.created >= before.0);
        Ok(())
    }
}

/// Runs one random sequence on keys of its own.
async fn run(store: &Store, case: u32, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let (known, running) = (BTreeMap::new(), Vec::new());
    let mut world = World { store, case: case.to_string(), now: NOW, known, fences: 0, running };
    for step in steps {
        world.step(step).await?;
    }
    Ok(())
}

#[db_test]
async fn claims_are_what_the_model_says(db: TestDb) {
    // Strategies draw synchronously, so each sequence is drawn here and run afterwards.
    let steps = prop::collection::vec(step(), 1..60);
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    for case in 0..CASES {
        let drawn = steps.new_tree(&mut runner).expect("a sequence").current();
        let told = format!("{drawn:?}");
        if let Err(error) = run(&db.store, case, drawn).await {
            panic!("{error}\n{told}");
        }
    }
}
