//! Signals that this program receives, and a reader of its output that goes away.

use std::io;

/// Which signals are caught.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignalSet {
    /// Those that end a program that prints lines: interrupt, terminate and hang-up.
    End,
    /// Those, quit, and the terminal's request to stop: a full-screen program restores the terminal first.
    EndOrSuspend,
}

/// A signal that was caught.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaughtSignal {
    /// Whether the program is to stop until it is continued. Otherwise it is to end.
    pub is_suspend: bool,
    number: i32,
}

impl CaughtSignal {
    /// Does what the signal does to a program that does not catch it. Returns if that is nothing.
    pub fn apply_default(self) {
        platform::apply_default(self.number);
    }
}

/// Catches these signals and returns them one by one; the iterator waits for the next one.
///
/// # Errors
/// The system's error; [`io::ErrorKind::Unsupported`] where there are no such signals.
pub fn caught_signals(set: SignalSet) -> io::Result<impl Iterator<Item = CaughtSignal> + Send> {
    platform::caught_signals(set)
}

/// Stops this process until it is continued. Does nothing where the platform cannot.
pub fn stop_self() {
    platform::stop_self();
}

/// Waits until nobody reads standard output any more. Returns `false` at once if that cannot be found out.
pub fn wait_for_closed_stdout() -> bool {
    platform::wait_for_closed_stdout()
}

#[cfg(unix)]
mod platform {
    use std::io;

    use rustix::event::{PollFd, PollFlags, poll};
    use rustix::io::Errno;
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGSTOP, SIGTERM, SIGTSTP};
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::{emulate_default_handler, raise};

    use super::{CaughtSignal, SignalSet};

    pub(super) fn caught_signals(set: SignalSet) -> io::Result<impl Iterator<Item = CaughtSignal> + Send> {
        let numbers: &[i32] = match set {
            SignalSet::End => &[SIGINT, SIGTERM, SIGHUP],
            SignalSet::EndOrSuspend => &[SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGTSTP],
        };
        let mut signals = Signals::new(numbers)?;
        let caught = |number| CaughtSignal { is_suspend: number == SIGTSTP, number };
        Ok(std::iter::from_fn(move || signals.forever().next().map(caught)))
    }

    pub(super) fn apply_default(number: i32) {
        // It fails for signals that have no default. agtop catches none of those.
        drop(emulate_default_handler(number));
    }

    pub(super) fn stop_self() {
        drop(raise(SIGSTOP));
    }

    pub(super) fn wait_for_closed_stdout() -> bool {
        let stdout = io::stdout();
        loop {
            // The system reports a closed other end even if nothing is requested.
            let mut watched = [PollFd::new(&stdout, PollFlags::empty())];
            match poll(&mut watched, None) {
                Ok(_) => {}
                Err(Errno::INTR) => continue,
                Err(_) => return false,
            }
            let [stdout] = &watched;
            if stdout.revents().contains(PollFlags::NVAL) {
                return false;
            }
            if stdout.revents().intersects(PollFlags::ERR | PollFlags::HUP) {
                return true;
            }
        }
    }
}

#[cfg(not(unix))]
mod platform {
    use std::io;

    use super::{CaughtSignal, SignalSet};

    pub(super) fn caught_signals(_: SignalSet) -> io::Result<impl Iterator<Item = CaughtSignal> + Send> {
        Err::<std::iter::Empty<CaughtSignal>, _>(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn apply_default(_: i32) {}

    pub(super) fn stop_self() {}

    pub(super) fn wait_for_closed_stdout() -> bool {
        false
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use signal_hook::consts::SIGTSTP;
    use signal_hook::low_level::raise;

    use super::*;

    #[test]
    fn a_caught_signal_does_not_stop_the_program() {
        let mut signals = caught_signals(SignalSet::EndOrSuspend).unwrap();
        raise(SIGTSTP).unwrap();
        assert!(signals.next().unwrap().is_suspend);
    }
}
