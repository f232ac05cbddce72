//! Click ids and their public form, the `tid`.
//!
//! A click id is a time-ordered 63-bit number: milliseconds since 2020 (41 bits, until 2089), node (10 bits),
//! sequence (12 bits). A `tid` is that number plus a 40-bit keyed check, in 21 letters and digits of one case, so
//! that a tracker that changes the case does no harm, and a guessed, cut or mistyped one is told from a late one
//! (design §3).

use std::hash::Hasher;

use siphasher::sip::SipHasher24;

use crate::Time;

/// Milliseconds between 1970 and 2020 UTC: where click time begins.
const EPOCH_MS: i64 = 1_577_836_800_000;
const NODE_BITS: u32 = 10;
/// Bits of a click id below the node's number.
pub const SEQUENCE_BITS: u32 = 12;
const CHECK_BITS: u32 = 40;
/// Letters of a `tid`: 13 for the id (65 bits), 8 for the check (40 bits).
pub const TID_LENGTH: usize = 21;
const ID_LETTERS: usize = 13;
/// Letters of the check that a cut tid must still have: 20 bits, beside a click that must exist.
const CHECK_LETTERS_MIN: usize = 4;
/// Node numbers are below this.
pub const NODES: i64 = 1 << NODE_BITS;
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Number of a click: time-ordered, unique over all nodes.
pub type ClickId = i64;

/// Builds the id of the `sequence`-th click of `node` in the millisecond `ms`.
pub fn click_id(ms: i64, node: i64, sequence: i64) -> ClickId {
    (((ms - EPOCH_MS).max(0)) << (NODE_BITS + SEQUENCE_BITS))
        | ((node & (NODES - 1)) << SEQUENCE_BITS)
        | (sequence & ((1 << SEQUENCE_BITS) - 1))
}

/// The number of the node that gave a click its id.
pub fn click_node(id: ClickId) -> i64 {
    (id >> SEQUENCE_BITS) & (NODES - 1)
}

/// The millisecond (since 1970 UTC) in a click id.
pub fn click_ms(id: ClickId) -> i64 {
    (id >> (NODE_BITS + SEQUENCE_BITS)) + EPOCH_MS
}

/// The lowest id of a click at or after this moment; the highest number for one that no click id can hold.
pub fn first_click_id(time: Time) -> ClickId {
    let ms = time.0.saturating_mul(1000);
    if ms.saturating_sub(EPOCH_MS) < (1 << 41) { click_id(ms, 0, 0) } else { ClickId::MAX }
}

/// Gives click ids out in strictly rising order, whatever the clock does.
#[derive(Debug)]
pub struct ClickIds {
    node: i64,
    last: i64,
}

impl ClickIds {
    /// Ids of `node`, all later than the millisecond `after_ms` (the last time this number issued one).
    pub fn new(node: i64, after_ms: i64) -> Self {
        Self { node, last: (after_ms + 1) << SEQUENCE_BITS }
    }

    /// The next id at the clock's `now_ms`. A clock that stands or runs back only makes the ids run ahead of it.
    pub fn next(&mut self, now_ms: i64) -> ClickId {
        self.last = (now_ms << SEQUENCE_BITS).max(self.last + 1);
        click_id(self.last >> SEQUENCE_BITS, self.node, self.last)
    }

    /// The millisecond of the newest id: what must be remembered before the number is reused.
    pub fn last_ms(&self) -> i64 {
        self.last >> SEQUENCE_BITS
    }
}

/// The keys behind the check; the first writes, all are accepted (old keys stay valid, nodes share them).
#[derive(Debug, Clone)]
pub struct TidKeys(Vec<[u8; 16]>);

/// What is wrong with a string that should be a `tid`; the words go to the sender of a postback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TidError {
    /// Not replaced by the sender's system: `{tid}`, `[tid]`, `%tid%`.
    #[error("a macro that was not replaced")]
    Macro,
    /// Shorter or longer than a tid.
    #[error("not a tid of this network: wrong length")]
    Length,
    /// A letter that no tid contains.
    #[error("not a tid of this network: wrong letters")]
    Letters,
    /// The check does not fit: mistyped or guessed.
    #[error("not a tid of this network: mistyped or made up")]
    Check,
}

impl TidKeys {
    /// Keys with the writing one first. An empty list refuses and cannot write: the store always holds one.
    pub fn new(keys: Vec<[u8; 16]>) -> Self {
        Self(keys)
    }

    /// The public form of a click id.
    pub fn write(&self, id: ClickId) -> String {
        let check = self.0.first().map_or(0, |key| check(key, id));
        let mut text = [0u8; TID_LENGTH];
        let mut bits = (u128::from(id.unsigned_abs()) << CHECK_BITS) | u128::from(check);
        for slot in text.iter_mut().rev() {
            *slot = ALPHABET[usize::try_from(bits & 31).unwrap_or(0)];
            bits >>= 5;
        }
        String::from_utf8_lossy(&text).into_owned()
    }

    /// The click id in a `tid`, in either case of letters.
    pub fn read(&self, tid: &str) -> Result<ClickId, TidError> {
        if tid.starts_with(['{', '[', '%', '#', '<', '$']) {
            return Err(TidError::Macro);
        }
        if tid.len() != TID_LENGTH {
            return Err(TidError::Length);
        }
        let bits = letters(tid).ok_or(TidError::Letters)?;
        let id = i64::try_from(bits >> CHECK_BITS).map_err(|_| TidError::Check)?;
        let sent = u64::try_from(bits & ((1 << CHECK_BITS) - 1)).unwrap_or(u64::MAX);
        if self.0.iter().any(|key| check(key, id) == sent) { Ok(id) } else { Err(TidError::Check) }
    }

    /// The click id in a `tid` whose end was cut off, when enough of it is left to be sure.
    pub fn read_cut(&self, tid: &str) -> Option<ClickId> {
        if !(ID_LETTERS + CHECK_LETTERS_MIN..TID_LENGTH).contains(&tid.len()) || !tid.is_ascii() {
            return None;
        }
        let (number, rest) = tid.split_at(ID_LETTERS);
        let number = letters(number)?;
        let left = letters(rest)?;
        let id = i64::try_from(number).ok()?;
        let cut = 5 * (TID_LENGTH - tid.len());
        self.0.iter().any(|key| u128::from(check(key, id) >> cut) == left).then_some(id)
    }
}

/// The bits that letters stand for.
fn letters(text: &str) -> Option<u128> {
    let mut bits = 0u128;
    for byte in text.bytes() {
        let letter = byte.to_ascii_lowercase();
        let value = ALPHABET.iter().position(|known| *known == letter)?;
        bits = (bits << 5) | u128::try_from(value).ok()?;
    }
    Some(bits)
}

fn check(key: &[u8; 16], id: ClickId) -> u64 {
    let mut hasher = SipHasher24::new_with_key(key);
    hasher.write_i64(id.to_le());
    hasher.finish() >> (64 - CHECK_BITS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keys() -> TidKeys {
        TidKeys::new(vec![[7; 16]])
    }

    #[test]
    fn a_tid_reads_back_in_either_case_and_under_old_keys() {
        let tid = keys().write(click_id(1_700_000_000_000, 3, 9));
        assert_eq!(tid.len(), TID_LENGTH);
        let id = keys().read(&tid);
        assert_eq!(id, keys().read(&tid.to_uppercase()));
        assert_eq!(id.map(click_ms), Ok(1_700_000_000_000));
        assert_eq!(id, TidKeys::new(vec![[8; 16], [7; 16]]).read(&tid));
        assert_eq!(TidKeys::new(vec![[8; 16]]).read(&tid), Err(TidError::Check));
    }

    #[test]
    fn ids_of_a_time_are_in_order() {
        let at = Time(1_700_000_000);
        assert!(first_click_id(at) <= click_id(1_700_000_000_000, 0, 0));
        assert!(first_click_id(at.plus(1)) > click_id(1_700_000_000_999, NODES - 1, 4095));
        assert_eq!((first_click_id(Time(0)), first_click_id(Time(i64::MAX))), (0, ClickId::MAX));
    }

    #[test]
    fn what_is_wrong_is_told_apart() {
        let tid = keys().write(1);
        assert_eq!(keys().read("{tid}"), Err(TidError::Macro));
        assert_eq!(keys().read(&tid[1..]), Err(TidError::Length));
        assert_eq!(keys().read("uuuuuuuuuuuuuuuuuuuuu"), Err(TidError::Letters));
    }

    #[test]
    fn ids_rise_when_the_clock_runs_back() {
        let mut ids = ClickIds::new(5, 1_700_000_000_000);
        let mut last = 0;
        for now in [1_600_000_000_000, 1_700_000_000_005, 1_700_000_000_001, 1_700_000_000_005] {
            for _ in 0..5000 {
                let id = ids.next(now);
                assert!(id > last);
                last = id;
            }
        }
        assert!(click_ms(last) >= 1_700_000_000_005);
    }

    proptest! {
        #[test]
        fn a_cut_tid_still_names_its_click_and_no_other(id in 0i64..i64::MAX, left in 0usize..TID_LENGTH, place in 0usize..TID_LENGTH) {
            let tid = keys().write(id);
            let read = keys().read_cut(&tid[..left]);
            prop_assert_eq!(read, (left >= ID_LETTERS + CHECK_LETTERS_MIN).then_some(id));
            prop_assert_eq!(keys().read_cut(&tid), None, "a whole one is read as a whole");
            if place < left {
                let mut wrong = tid.into_bytes();
                wrong.truncate(left);
                wrong[place] = if wrong[place] == b'0' { b'1' } else { b'0' };
                let wrong = String::from_utf8(wrong).unwrap_or_default();
                prop_assert_ne!(keys().read_cut(&wrong), Some(id));
            }
        }

        #[test]
        fn one_wrong_letter_is_seen(id in 0i64..i64::MAX, place in 0usize..TID_LENGTH, letter in 0usize..32) {
            let tid = keys().write(id);
            prop_assert_eq!(keys().read(&tid), Ok(id));
            let mut wrong = tid.clone().into_bytes();
            wrong[place] = ALPHABET[letter];
            let wrong = String::from_utf8(wrong).unwrap_or_default();
            prop_assert!(wrong == tid || keys().read(&wrong).is_err());
        }
    }
}
