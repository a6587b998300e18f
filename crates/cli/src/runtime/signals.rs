//! Signals, as input of the screen.

use agtop_os::{SignalSet, caught_signals};
use agtop_tui::{Input, Message};
use crossbeam_channel::Sender;

use crate::threads::spawn;

/// Forwards signals from a thread of its own: each ends or suspends the screen, which restores the terminal first.
pub(super) fn forward_signals(input: Sender<Input>) {
    let Ok(signals) = caught_signals(SignalSet::EndOrSuspend) else { return };
    spawn("signals", move || {
        for signal in signals {
            let event = if signal.is_suspend { Input::Message(Message::Suspend) } else { Input::Stop };
            if input.send(event).is_err() {
                return;
            }
        }
    });
}
