//! `agtop watch-alerts`: alerts without a screen.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use agtop_alerts::{Alert, AlertAction, AlertEngine};
use agtop_collect::Collector;
use agtop_format::sink::plain;
use agtop_format::units;
use agtop_hooks::SpoolAccess;
use agtop_model::Timestamp;
use agtop_os::{SignalSet, caught_signals, wait_for_closed_stdout};
use agtop_output::alert::{json, notification};
use anyhow::Result;
use crossbeam_channel::{Sender, bounded};
use jiff::tz::TimeZone;

use crate::alert_actions::ActionRunner;
use crate::plan::{AlertOutput, BellTarget, RunLength, TextOrJson, WatchAlertsPlan};
use crate::threads::spawn;
use crate::{collector_setup, progress, stderr};

/// Prints new alerts, and runs the actions of their rules.
pub(super) fn run(plan: WatchAlertsPlan, out: &mut dyn Write) -> Result<ExitCode> {
    let WatchAlertsPlan { settings, prices, rules, hooks, interval, length, output } = plan;
    let mut collector = Collector::new(settings, agtop_os::native(), prices.load()?);
    let spool = if length == RunLength::Once { SpoolAccess::Peek } else { SpoolAccess::Take };
    collector_setup::attach_hooks(&mut collector, &hooks, spool);
    let (wake, wakeups) = bounded(1);
    let end = EndRequest { is_requested: Arc::default(), wake };
    end.listen();
    let mut engine = AlertEngine::new(rules);
    let mut printer = AlertPrinter { actions: ActionRunner::new(stderr::print_message), output, out };
    let mut snapshot = progress::with_progress(collector.progress_reporter(), || collector.refresh());
    let result = loop {
        let result = printer.print(snapshot.now, engine.update(&snapshot).new);
        if result.is_err() || length == RunLength::Once || end.is_requested() {
            break result;
        }
        snapshot = collector.next(interval, &wakeups);
    };
    printer.actions.finish();
    collector_setup::finish(&mut collector);
    result.map(|()| ExitCode::SUCCESS)
}

/// Prints alerts, and runs the actions of their rules.
struct AlertPrinter<'a> {
    actions: ActionRunner,
    output: AlertOutput,
    out: &'a mut dyn Write,
}

impl AlertPrinter<'_> {
    fn print(&mut self, now: Timestamp, alerts: Vec<Alert>) -> Result<()> {
        for alert in alerts {
            match self.output.format {
                TextOrJson::Json => writeln!(self.out, "{}", json(&alert, now))?,
                TextOrJson::Text => writeln!(self.out, "{}", line(&alert, now, &self.output.zone))?,
            }
            match self.output.bell {
                BellTarget::Stdout(terminal) => write!(self.out, "{}", notification(&alert, terminal))?,
                // That terminal may have been closed.
                BellTarget::Stderr(terminal) => drop(write!(std::io::stderr(), "{}", notification(&alert, terminal))),
                BellTarget::None if wants_terminal_only(&alert) => self.actions.show_on_desktop(&alert, now),
                BellTarget::None => {}
            }
            self.actions.run(alert, now);
        }
        Ok(self.out.flush()?)
    }
}

/// Whether the alert's rule wants a notification by the terminal, and none by the desktop.
fn wants_terminal_only(alert: &Alert) -> bool {
    alert.actions.shown.contains(&AlertAction::Notify) && !alert.actions.shown.contains(&AlertAction::Desktop)
}

/// Time, rule, agent and values.
fn line(alert: &Alert, now: Timestamp, zone: &TimeZone) -> String {
    let content = alert.content.as_ref().map(|content| format!(" — {}", content.raw())).unwrap_or_default();
    plain(&format!("{} {}: {}{content}", units::second(now, zone), alert.name, alert.text())).into_owned()
}

/// A request to end the program, from a signal or because nobody reads the output any more.
#[derive(Clone)]
struct EndRequest {
    is_requested: Arc<AtomicBool>,
    /// Ends the collector's wait for the next change.
    wake: Sender<()>,
}

impl EndRequest {
    fn is_requested(&self) -> bool {
        self.is_requested.load(Ordering::Relaxed)
    }

    fn request(&self) {
        self.is_requested.store(true, Ordering::Relaxed);
        // A full channel wakes the collector already.
        let _ = self.wake.try_send(());
    }

    /// Starts the threads that wait for a reason to end. A second signal ends the program at once, without waiting for
    /// the end of a scan.
    fn listen(&self) {
        let end = self.clone();
        if let Ok(signals) = caught_signals(SignalSet::End) {
            spawn("signals", move || {
                for signal in signals {
                    if end.is_requested() {
                        signal.apply_default();
                    }
                    end.request();
                }
            });
        }
        let end = self.clone();
        spawn("reader", move || {
            if wait_for_closed_stdout() {
                end.request();
            }
        });
    }
}
