use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use agtop_alerts::{Alert, AlertAction, CoolDownTracker};
use agtop_collect::Collector;
use agtop_format::sink::plain;
use agtop_format::units;
use agtop_hooks::SpoolAccess;
use agtop_model::Timestamp;
use agtop_output::alert::{json, notification};
use anyhow::Result;
use crossbeam_channel::{Sender, bounded};
use jiff::tz::TimeZone;

use super::Hands;
#[cfg(unix)]
use crate::commands::start_thread;
use crate::plan::{Bell, EventForm, Span, Voice, WatchAlerts};
use crate::{progress, stderr};

/// Prints what newly begins to deserve a person's eye, and does what its rules ask for.
pub(crate) fn run(watch: WatchAlerts, out: &mut dyn Write) -> Result<ExitCode> {
    let WatchAlerts { settings, book, rules, hooks, interval, span, voice } = watch;
    let mut collector = Collector::new(settings, agtop_os::native(), book);
    let reading = if span == Span::Waiting { SpoolAccess::Peek } else { SpoolAccess::Take };
    crate::commands::hear(&mut collector, &hooks, reading);
    let (rouse, roused) = bounded(1);
    let end = End { is_asked_for: Arc::default(), rouse };
    end.listen();
    let mut teller = Teller { watch: CoolDownTracker::default(), hands: Hands::new(stderr::say), voice, out };
    let mut snapshot = progress::shown(collector.progress_reporter(), || collector.refresh());
    let told = loop {
        let told = teller.tell(snapshot.now, &rules.evaluate(&snapshot));
        if told.is_err() || span == Span::Waiting || end.is_asked_for() {
            break told;
        }
        snapshot = collector.next(interval, &roused);
    };
    teller.hands.finish();
    crate::commands::remember(&mut collector);
    told.map(|()| ExitCode::SUCCESS)
}

/// Tells each alert once, by all the ways that its rule names.
struct Teller<'a> {
    watch: CoolDownTracker,
    hands: Hands,
    voice: Voice,
    out: &'a mut dyn Write,
}

impl Teller<'_> {
    fn tell(&mut self, now: Timestamp, alerts: &[Alert]) -> Result<()> {
        for alert in self.watch.new_alerts(now, alerts) {
            match self.voice.form {
                EventForm::Json => writeln!(self.out, "{}", json(&alert, now))?,
                EventForm::Text => writeln!(self.out, "{}", line(&alert, now, &self.voice.zone))?,
            }
            match self.voice.bell {
                Bell::Output(terminal) => write!(self.out, "{}", notification(&alert, terminal))?,
                // Where that terminal is gone, nobody is there to be called.
                Bell::Errors(terminal) => drop(write!(std::io::stderr(), "{}", notification(&alert, terminal))),
                Bell::Absent if is_for_a_terminal_alone(&alert) => self.hands.show(&alert, now),
                Bell::Absent => {}
            }
            self.hands.take(alert, now);
        }
        Ok(self.out.flush()?)
    }
}

/// Whether its rule wants a notification, and not from the desktop in any case.
fn is_for_a_terminal_alone(alert: &Alert) -> bool {
    alert.actions.shown.contains(&AlertAction::Notify) && !alert.actions.shown.contains(&AlertAction::Desktop)
}

/// When, by which rule, who and what.
fn line(alert: &Alert, now: Timestamp, zone: &TimeZone) -> String {
    let content = alert.content.as_ref().map(|content| format!(" — {}", content.raw())).unwrap_or_default();
    plain(&format!("{} {}: {}{content}", units::second(now, zone), alert.name, alert.text())).into_owned()
}

/// That the program is to end.
#[derive(Clone)]
struct End {
    is_asked_for: Arc<AtomicBool>,
    /// Ends the collector's sleep.
    rouse: Sender<()>,
}

impl End {
    fn is_asked_for(&self) -> bool {
        self.is_asked_for.load(Ordering::Relaxed)
    }

    fn ask(&self) {
        self.is_asked_for.store(true, Ordering::Relaxed);
        // A full channel says it already.
        let _ = self.rouse.try_send(());
    }

    /// Signals ask for it, and so does a reader of ours who is gone. Who asks twice does not wait for a scan's end.
    #[cfg(unix)]
    fn listen(&self) {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
        let end = self.clone();
        if let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP]) {
            start_thread("signals", move || {
                for signal in signals.forever() {
                    if end.is_asked_for() {
                        drop(signal_hook::low_level::emulate_default_handler(signal));
                    }
                    end.ask();
                }
            });
        }
        let end = self.clone();
        start_thread("reader", move || {
            if is_abandoned() {
                end.ask();
            }
        });
    }

    #[cfg(not(unix))]
    fn listen(&self) {}
}

/// Waits until nobody reads standard output any more; `false` if that cannot be told of it.
#[cfg(unix)]
fn is_abandoned() -> bool {
    use rustix::event::{PollFd, PollFlags, poll};
    let out = std::io::stdout();
    loop {
        // Nothing is asked for: that the other end is gone is told in any case.
        let mut watched = [PollFd::new(&out, PollFlags::empty())];
        match poll(&mut watched, None) {
            Ok(_) if watched.iter().any(|fd| fd.revents().contains(PollFlags::NVAL)) => return false,
            Ok(_) if watched.iter().any(|fd| fd.revents().intersects(PollFlags::ERR | PollFlags::HUP)) => return true,
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return false,
        }
    }
}
