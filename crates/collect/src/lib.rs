//! From files, databases and processes to one [`World`], and from the World to snapshots.
//!
//! Data flows one way: [`discover`](mod@discover) finds files, [`read`] turns them into events with the help of each
//! client's decoder, [`World::apply`] folds events into sessions, and `World::tell` is published as an immutable
//! [`Snapshot`](agtop_model::Snapshot). The [`Collector`] runs all of that, once or again and again.

mod attendance;
mod census;
mod collector;
mod directories;
mod discover;
mod document;
mod expansion;
mod files;
mod git;
mod glimpse;
mod health;
mod hints;
mod join;
mod lines;
mod log;
mod matcher;
mod moved;
mod probes;
mod projects;
mod pushes;
mod read;
mod recent_looks;
mod record;
mod remember;
mod scan;
mod skills;
mod sqlite;
mod status;
mod status_start;
mod sweep;
mod vitals;
mod world;

pub use collector::{Collector, Runs, Sampling, Settings};
pub use files::Files;
pub use glimpse::Glimpse;
pub use matcher::Matcher;
pub use remember::Remembering;
pub use scan::Progress;
pub use world::{Audit, Counted, Entry, Lens, Scope, World};
