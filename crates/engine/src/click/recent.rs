//! What was seen a short while ago, in memory of a fixed size: a table of fingerprints with the time of the first sight
//! and a count. No lock, two lines of the processor's cache for each question.
//!
//! A key may stand in either of two buckets of eight places. A place is free when it is empty or its time is over;
//! when both buckets are full, what was seen first gives way. So there are two errors, and only these:
//!
//! * another key is taken for this one when 32 bits of both are equal and they share a bucket: at most 16 of 2^32 for
//!   a new key, 4 in a thousand million;
//! * a key is forgotten too early when the table is nearly full. Measured below: none at half of its places, 1 of
//!   49 000 keys at three quarters, 0.9 % at nine tenths, 7 % when there are as many keys as places.

use std::sync::atomic::{AtomicU64, Ordering};

/// Places in a bucket: one line of the cache.
const WAYS: usize = 8;
const STAMP_BITS: u32 = 20;
const COUNT_BITS: u32 = 12;
/// Counts go up to here and stay.
pub(super) const COUNT_LIMIT: u32 = (1 << COUNT_BITS) - 1;
const STAMP_MASK: u32 = (1 << STAMP_BITS) - 1;
/// Others may take the place in between; then it is tried again this often, and then the key goes uncounted.
const TRIES: usize = 4;

/// The table.
pub(super) struct Recent {
    slots: Box<[AtomicU64]>,
    bucket_mask: u64,
    life: u32,
}

/// What a place holds: 32 bits of fingerprint (0 for an empty place), 20 of time, 12 of count.
#[derive(Clone, Copy)]
struct Slot {
    mark: u32,
    stamp: u32,
    count: u32,
}

impl Slot {
    fn read(bits: u64) -> Self {
        let low = u32::try_from(bits & u64::from(u32::MAX)).unwrap_or(0);
        Self {
            mark: u32::try_from(bits >> 32).unwrap_or(0),
            stamp: low >> COUNT_BITS,
            count: low & COUNT_LIMIT,
        }
    }

    fn bits(self) -> u64 {
        (u64::from(self.mark) << 32) | u64::from((self.stamp << COUNT_BITS) | self.count)
    }
}

impl Recent {
    /// A table for about this many keys at a time, each remembered for `life` units of time. Eight bytes for each,
    /// rounded up to a power of two; the operating system gives them when they are used.
    pub fn new(keys: usize, life: u32) -> Self {
        let buckets = keys.div_ceil(WAYS).max(1).next_power_of_two();
        let slots = std::iter::repeat_with(AtomicU64::default).take(buckets * WAYS).collect();
        let bucket_mask = u64::try_from(buckets - 1).unwrap_or(0);
        Self { slots, bucket_mask, life }
    }

    /// Counts a sight of this key at this time; gives how often it was seen since its first sight, which is at most
    /// the table's life ago. 1 is the first sight.
    pub fn touch(&self, key: u64, stamp: u32) -> u32 {
        let mark = u32::try_from(key >> 32).unwrap_or(0).max(1);
        let stamp = stamp & STAMP_MASK;
        for _ in 0..TRIES {
            let (place, bits) = self.place(key, mark, stamp);
            let known = Slot::read(bits);
            let is_known = known.mark == mark && self.is_fresh(known, stamp);
            let next = if is_known {
                Slot { count: (known.count + 1).min(COUNT_LIMIT), ..known }
            } else {
                Slot { mark, stamp, count: 1 }
            };
            let Some(slot) = self.slots.get(place) else { break };
            if slot.compare_exchange(bits, next.bits(), Ordering::AcqRel, Ordering::Acquire).is_ok() {
                return next.count;
            }
        }
        1
    }

    /// The place of this key; one that it may take when it has none. Gives also what stands there.
    fn place(&self, key: u64, mark: u32, stamp: u32) -> (usize, u64) {
        let first = key & self.bucket_mask;
        let second = (first ^ u64::from(mark.wrapping_mul(0x9e37_79b1) >> 3)) & self.bucket_mask;
        let mut victim = (u64::MAX, 0, 0);
        for bucket in [first, second] {
            let start = usize::try_from(bucket).unwrap_or(0) * WAYS;
            // The emptier bucket takes a new key; of places in use the oldest one.
            let mut free = (u64::MAX, 0, 0);
            let mut used = 0;
            for (place, slot) in self.slots.iter().enumerate().skip(start).take(WAYS) {
                let bits = slot.load(Ordering::Acquire);
                let known = Slot::read(bits);
                let is_fresh = known.mark != 0 && self.is_fresh(known, stamp);
                if known.mark == mark && is_fresh {
                    return (place, bits);
                }
                used += u64::from(is_fresh);
                // Free places come first, then those that were seen longest ago.
                let rank = if is_fresh { (1 << 32) + u64::from(STAMP_MASK - age(known, stamp)) } else { 0 };
                if rank < free.0 {
                    free = (rank, place, bits);
                }
            }
            let rank = if free.0 == 0 { used } else { free.0 };
            if rank < victim.0 {
                victim = (rank, free.1, free.2);
            }
        }
        (victim.1, victim.2)
    }

    fn is_fresh(&self, slot: Slot, stamp: u32) -> bool {
        age(slot, stamp) < self.life
    }
}

/// Units of time between a sight and now, whichever is earlier: a clock that is set back makes nothing new.
fn age(slot: Slot, stamp: u32) -> u32 {
    let forth = stamp.wrapping_sub(slot.stamp) & STAMP_MASK;
    let back = slot.stamp.wrapping_sub(stamp) & STAMP_MASK;
    forth.min(back)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scrambles a number (the finaliser of SplitMix64), so that keys are as random as hashes.
    fn key(number: u64) -> u64 {
        let mut bits = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    #[test]
    fn a_key_is_new_once_in_its_life() {
        let recent = Recent::new(64, 1440);
        assert_eq!([0, 1, 1439].map(|stamp| recent.touch(key(1), stamp)), [1, 2, 3]);
        assert_eq!([1440, 1441].map(|stamp| recent.touch(key(1), stamp)), [1, 2], "its day is over");
        assert_eq!(recent.touch(key(1), 1000), 3, "a clock that is set back makes nothing new");
        assert_eq!(recent.touch(key(2), 1000), 1);
    }

    #[test]
    fn counts_stay_at_their_limit() {
        let recent = Recent::new(8, 1);
        for _ in 0..COUNT_LIMIT + 10 {
            recent.touch(key(1), 7);
        }
        assert_eq!(recent.touch(key(1), 7), COUNT_LIMIT);
    }

    /// The stated errors: none of these keys is taken for another, and up to three quarters almost none is forgotten.
    #[test]
    fn errors_are_as_stated() {
        let places = 1 << 16;
        for (load, forgotten_limit) in [(50, 0), (75, 10), (90, 1_000), (100, 6_000)] {
            let recent = Recent::new(places, 1440);
            let keys = u64::try_from(places * load / 100).expect("few");
            let mistaken = (0..keys).filter(|number| recent.touch(key(*number), 1) != 1).count();
            let forgotten = (0..keys).filter(|number| recent.touch(key(*number), 2) == 1).count();
            assert_eq!(mistaken, 0, "at {load} %");
            assert!(forgotten <= forgotten_limit, "{forgotten} of {keys} forgotten at {load} %");
        }
    }

    /// Two who ask for the same new key in the same instant may be told different buckets by a third one's insertion:
    /// both are then first. It hardly ever happens.
    #[test]
    fn one_of_many_who_ask_at_once_is_first() {
        let recent = &Recent::new(1024, 1440);
        let firsts: usize = std::thread::scope(|scope| {
            let ask = || (0..500u64).filter(|number| recent.touch(key(*number), 1) == 1).count();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
        });
        assert!((500..=505).contains(&firsts), "{firsts} firsts of 500 keys");
    }
}
