//! Arbitrary sequences of operations against the simplest log there is: a vector.

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    /// So many requests at once.
    Append(i64),
    /// A batch of at most so many records and bytes.
    Read(usize, u64),
    /// Everything read so far is in the store.
    Release,
    Find(i64),
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1..40_i64).prop_map(Step::Append),
        4 => (0..60_usize, 0..6000_u64).prop_map(|(records, bytes)| Step::Read(records, bytes)),
        2 => Just(Step::Release),
        2 => (0..400_i64).prop_map(Step::Find),
        1 => Just(Step::Reopen),
    ]
}

/// The model: ids 0.. in order, of which the first `read` were read and the first `released` released.
#[derive(Default)]
struct Model {
    appended: i64,
    read: i64,
    mark: Mark,
    /// A new process knows of a release only when it is told again.
    released: i64,
}

async fn run(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let dir = folder();
    let mut log = open(dir.path());
    let mut model = Model::default();
    for step in steps {
        match step {
            Step::Append(count) => {
                append_all(&log, model.appended..model.appended + count).await;
                model.appended += count;
            }
            Step::Read(records, bytes) => {
                let batch = log.read(model.mark, records, bytes)?;
                let ids: Vec<i64> = batch.iter().map(|(id, _)| id).collect();
                let end = model.read + i64::try_from(ids.len()).unwrap();
                prop_assert_eq!(ids, list(model.read..end));
                prop_assert!(end <= model.appended && batch.records.len() <= records.max(1));
                prop_assert!(end > model.read || model.read == model.appended, "records were held back");
                prop_assert!(batch.iter().all(|(id, bytes)| bytes == payload(id)));
                model.read = end;
                model.mark = batch.next;
            }
            Step::Release => {
                log.release(model.mark)?;
                model.released = model.read;
            }
            Step::Find(id) => {
                let found = log.find(id)?;
                let expected = (model.released..model.appended).contains(&id).then(|| payload(id));
                prop_assert_eq!(found, expected);
            }
            Step::Reopen => {
                drop(log);
                log = open(dir.path());
                log.release(model.mark)?;
                model.released = model.read;
            }
        }
    }
    let (rest, _) = read_all(&log, model.mark);
    prop_assert_eq!(rest, list(model.read..model.appended));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_log_behaves_like_a_vector(steps in prop::collection::vec(step(), 1..40)) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(run(steps))?;
    }
}
