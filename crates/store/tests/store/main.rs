//! The store on both databases: one program, so that it is linked once.

#[cfg(test)]
mod balance;
#[cfg(test)]
mod claim;
#[cfg(test)]
mod click;
#[cfg(test)]
mod direct;
#[cfg(test)]
mod ids;
#[cfg(test)]
mod immutable;
#[cfg(test)]
mod lead;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod migrate;
#[cfg(test)]
mod parity;
#[cfg(test)]
mod rows;
#[cfg(test)]
mod stat_sums;
#[cfg(test)]
mod stats;
#[cfg(test)]
mod write;
