use crate::{Clock, Rng};

/// What is known when a session of a client with several releases opens.
#[derive(Clone, Debug)]
pub struct SessionOpening<'a, E> {
    /// The working directory.
    pub cwd: &'a str,
    /// The release.
    pub edition: E,
    /// The time.
    pub clock: Clock,
    /// The seed of everything else.
    pub rng: Rng,
}
