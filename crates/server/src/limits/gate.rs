//! How many requests run at once, in all and from one address: overload is refused before it costs memory (trust R3).

use std::net::IpAddr;
use std::sync::Arc;

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::address::counted;

/// A door that lets so many in.
pub struct Gate {
    free: Arc<Semaphore>,
    per_address: usize,
    inside: DashMap<IpAddr, usize>,
}

/// Why a request must wait outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// Everybody together has the door full.
    All,
    /// This address alone has as many as it may.
    Address,
}

/// Leave to be inside; given back when it is dropped.
pub struct Pass {
    gate: Arc<Gate>,
    address: IpAddr,
    _permit: OwnedSemaphorePermit,
}

impl Gate {
    /// For `total` requests, of which `per_address` may be of one address.
    pub fn new(total: usize, per_address: usize) -> Arc<Self> {
        let free = Arc::new(Semaphore::new(total.min(Semaphore::MAX_PERMITS)));
        Arc::new(Self { free, per_address, inside: DashMap::new() })
    }

    /// Lets a request in, or says why not.
    pub fn enter(self: &Arc<Self>, ip: IpAddr) -> Result<Pass, Full> {
        let permit = Arc::clone(&self.free).try_acquire_owned().map_err(|_| Full::All)?;
        let address = counted(ip);
        let mut count = self.inside.entry(address).or_insert(0);
        if *count >= self.per_address {
            return Err(Full::Address);
        }
        *count += 1;
        drop(count);
        Ok(Pass { gate: Arc::clone(self), address, _permit: permit })
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if let Entry::Occupied(mut count) = self.gate.inside.entry(self.address) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_one_address_nor_all_fill_it_beyond_measure() {
        let gate = Gate::new(3, 2);
        let (one, other, third) = ([1, 1, 1, 1].into(), [2, 2, 2, 2].into(), [3, 3, 3, 3].into());
        let first = gate.enter(one).ok();
        let second = gate.enter(one).ok();
        assert_eq!(gate.enter(one).err(), Some(Full::Address));
        let foreign = gate.enter(other).ok();
        assert_eq!(gate.enter(third).err(), Some(Full::All));
        drop(first);
        assert!(gate.enter(one).is_ok(), "a place is free again");
        drop((second, foreign));
        assert!(gate.inside.is_empty(), "nothing is kept of those who left");
    }
}
