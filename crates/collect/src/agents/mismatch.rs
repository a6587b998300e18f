//! Whether a process and a session can belong together, by directory and time.

use std::path::Path;
use std::time::Duration;

use agtop_model::{Agent, Session, Timestamp};

/// A process may have started this long after the last activity of its session, at most.
pub(crate) const START_SLACK: Duration = Duration::from_secs(5);

/// Why a process and a session cannot belong together, if only directory and time connect them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mismatch {
    /// It is not known when the process started.
    UnknownStart,
    /// It is not known in which directory the process works.
    UnknownDirectory,
    /// The session is another client's.
    OtherClient,
    /// The session has no directory.
    SessionWithoutDirectory,
    /// The session has another directory.
    OtherDirectory,
    /// Nothing was written to the session since the process started.
    QuietSinceStart,
}

/// Why they cannot belong together; `None` if they can.
pub(crate) fn mismatch(agent: &Agent, session: &Session) -> Option<Mismatch> {
    let Ok(started) = agent.process.started_at else { return Some(Mismatch::UnknownStart) };
    let Ok(cwd) = agent.process.cwd.as_deref() else { return Some(Mismatch::UnknownDirectory) };
    if session.client() != agent.client {
        return Some(Mismatch::OtherClient);
    }
    let Some(directory) = session.cwd.as_deref() else { return Some(Mismatch::SessionWithoutDirectory) };
    if !is_same_directory(directory, cwd) {
        return Some(Mismatch::OtherDirectory);
    }
    let is_active_since = session.last_active.is_some_and(|last| started.minus(START_SLACK) <= last);
    (!is_active_since).then_some(Mismatch::QuietSinceStart)
}

/// The time between the starts of a process and of a session in the same directory; `None` if they cannot belong
/// together.
pub(crate) fn start_distance(agent: &Agent, session: &Session) -> Option<Duration> {
    let started = agent.process.started_at.ok().filter(|_| mismatch(agent, session).is_none())?;
    Some(distance(started, session.started.unwrap_or(started)))
}

fn distance(a: Timestamp, b: Timestamp) -> Duration {
    a.since(b).max(b.since(a))
}

fn is_same_directory(a: &Path, b: &Path) -> bool {
    a.components().eq(b.components())
}
