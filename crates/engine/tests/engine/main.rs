//! The engine's operations on both databases: one program, so that it is linked once.

mod leads;
mod offers;
mod people;
mod people_world;
mod world;
