//! What the operating system says about processes: which are agents, how fast they run, and where they work.

pub(crate) mod child_history;
pub(crate) mod detector;
pub(crate) mod git;
pub(crate) mod log;
pub(crate) mod matcher;
pub(crate) mod probes;
pub(crate) mod process_tree;
pub(crate) mod rates;
pub(crate) mod skills;

pub use matcher::Matcher;
