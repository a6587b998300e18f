//! Threads that nobody waits for.

/// Starts a thread. Where the system allows no more threads, the work is not done.
pub(crate) fn spawn(name: &str, work: impl FnOnce() + Send + 'static) {
    drop(std::thread::Builder::new().name(name.to_owned()).spawn(work));
}
