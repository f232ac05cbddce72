//! The engine's operations on both databases: one program, so that it is linked once.

#[cfg(test)]
mod accounts;
#[cfg(test)]
mod books;
#[cfg(test)]
mod caps;
#[cfg(test)]
mod clicks;
#[cfg(test)]
mod conditions;
#[cfg(test)]
mod contests;
#[cfg(test)]
mod corrections;
#[cfg(test)]
mod covers;
#[cfg(test)]
mod decisions;
#[cfg(test)]
mod deliveries;
#[cfg(test)]
mod desk;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod events;
#[cfg(test)]
mod feeds;
#[cfg(test)]
mod forwards;
#[cfg(test)]
mod kinds;
#[cfg(test)]
mod leads;
#[cfg(test)]
mod letters;
#[cfg(test)]
mod letters_safety;
#[cfg(test)]
mod materials;
#[cfg(test)]
mod model;
#[cfg(test)]
mod nodes;
#[cfg(test)]
mod offer_lists;
#[cfg(test)]
mod offer_moderation;
#[cfg(test)]
mod offers;
#[cfg(test)]
mod paydays;
#[cfg(test)]
mod payouts;
#[cfg(test)]
mod people;
#[cfg(test)]
mod people_world;
#[cfg(test)]
mod post;
#[cfg(test)]
mod quality;
#[cfg(test)]
mod races;
#[cfg(test)]
mod receiver;
#[cfg(test)]
mod referrals;
#[cfg(test)]
mod reratings;
#[cfg(test)]
mod retries;
#[cfg(test)]
mod rivals;
#[cfg(test)]
mod routing;
#[cfg(test)]
mod stats;
#[cfg(test)]
mod telegram;
#[cfg(test)]
mod terms;
#[cfg(test)]
mod tickets;
#[cfg(test)]
mod transfers;
#[cfg(test)]
mod world;
