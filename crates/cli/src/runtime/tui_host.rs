//! What is around the screen: it waits for input, and carries out what the screen asks for.

use std::io::Write;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use agtop_alerts::AlertEngine;
use agtop_collect::{Collector, LedgerMode, RunMode, Settings};
use agtop_demo::Demo;
use agtop_hooks::SpoolAccess;
use agtop_model::SessionKey;
use agtop_os::Os;
use agtop_prices::PriceBook;
use agtop_tui::{Command, Export, Host, Input, Message, Reply, SavedChoices, Signal, TerminalGraphics};
use anyhow::Result;
use crossbeam_channel::{Receiver, Sender, select, unbounded};

use super::choices::save_choices;
use super::clock::{ScreenClock, now};
use super::collector_thread::{CollectorHandle, CollectorRequest, start_collector};
use super::demo_thread::start_demo;
use super::self_stats::SelfStatsMeter;
use super::signals::forward_signals;
use super::snapshot_slot::{SnapshotReader, SnapshotUpdate, snapshot_slot};
use super::terminals;
use crate::alert_actions::ActionRunner;
use crate::collector_setup::attach_hooks;
use crate::explanation::{self, ExplainRequest};
use crate::logos;
use crate::plan::{DEMO_AGE, ScreenPlan};
use crate::threads::spawn;

/// Connects the screen with the threads that collect and wait, with processes, files and other terminals.
pub(crate) struct TuiHost {
    snapshots: SnapshotReader,
    inputs: Receiver<Input>,
    input: Sender<Input>,
    collector: CollectorHandle,
    /// The fake agents, and when they started.
    demo: Option<(Demo, Instant)>,
    clock: ScreenClock,
    self_stats: SelfStatsMeter,
    os: Box<dyn Os>,
    actions: ActionRunner,
    plan: ScreenPlan,
    book: Arc<PriceBook>,
}

impl TuiHost {
    /// Starts the threads.
    pub(crate) fn start(plan: ScreenPlan, book: Arc<PriceBook>) -> Self {
        let (publisher, snapshots) = snapshot_slot(AlertEngine::new(plan.rules.clone()));
        let interval = plan.options.interval;
        let demo = plan.demo.then(|| {
            let demo = Demo::usual(now().minus(DEMO_AGE), plan.options.zone.clone());
            (Demo { plan: plan.settings.scope.plan, ..demo }, Instant::now())
        });
        let (collector, clock) = if let Some((demo, started)) = demo.clone() {
            (start_demo(demo, started, publisher, interval), ScreenClock::without_progress())
        } else {
            let mut collector = Collector::new(plan.settings.clone(), agtop_os::native(), Arc::clone(&book));
            attach_hooks(&mut collector, &plan.hooks, SpoolAccess::Take);
            let clock = ScreenClock::with_progress(collector.progress_reporter());
            (start_collector(collector, publisher, interval), clock)
        };
        let (input, inputs) = unbounded();
        forward_keys(input.clone());
        forward_signals(input.clone());
        let errors = input.clone();
        let actions =
            ActionRunner::new(move |error| drop(errors.send(Input::Message(Message::Reply(Reply::Failed(error))))));
        let (os, self_stats) = (agtop_os::native(), SelfStatsMeter::default());
        Self { snapshots, inputs, input, collector, demo, clock, self_stats, os, actions, plan, book }
    }

    /// Loads the logos on a thread of its own: the first frame does not wait for them.
    pub(crate) fn load_logos(&self, graphics: TerminalGraphics) {
        let (input, directory) = (self.input.clone(), self.plan.logos.clone());
        spawn("logos", move || {
            let logos = Arc::new(logos::load(&directory, graphics));
            // The screen may have ended.
            drop(input.send(Input::Message(Message::Logos(logos))));
        });
    }

    /// Ends the collector.
    ///
    /// # Errors
    /// If it has panicked.
    pub(crate) fn finish(self) -> Result<()> {
        self.collector.finish()
    }

    fn newest_snapshot(&mut self) -> Option<Input> {
        let SnapshotUpdate { snapshot, alerts } = self.snapshots.take()?;
        self.clock.note_snapshot();
        Some(Input::Message(Message::Snapshot(snapshot, alerts)))
    }

    /// Reading a session again may take long: the answer comes as a message.
    fn explain(&self, session: SessionKey) {
        if let Some(demo) = &self.demo {
            self.explain_demo(demo, &session);
            return;
        }
        let settings = &self.plan.settings;
        let request = ExplainRequest {
            settings: Settings {
                clients: vec![session.client],
                run_mode: RunMode::Once,
                ledger: deleted_files_only(&settings.ledger),
                ..settings.clone()
            },
            book: Arc::clone(&self.book),
            session: session.id.to_string(),
            zone: self.plan.options.zone.clone(),
        };
        let input = self.input.clone();
        spawn("explain", move || {
            let mut text = Vec::new();
            let reply = match explanation::write(request, &mut text, Collector::refresh) {
                Ok(()) => Reply::Text {
                    title: format!("Explain {}", session.id),
                    lines: String::from_utf8_lossy(&text).lines().map(str::to_owned).collect(),
                },
                Err(error) => Reply::Failed(format!("{error:#}")),
            };
            drop(input.send(Input::Message(Message::Reply(reply))));
        });
    }

    fn explain_demo(&self, (demo, started): &(Demo, Instant), session: &SessionKey) {
        let snapshot = demo.snapshot(DEMO_AGE + started.elapsed());
        let mut text = Vec::new();
        let found = snapshot.sessions.iter().find(|known| known.key == *session);
        let written = found.map(|found| explanation::write_demo(found, &self.plan.options.zone, &mut text));
        let reply = match written {
            Some(Ok(())) => Reply::Text {
                title: format!("Explain {}", session.id),
                lines: String::from_utf8_lossy(&text).lines().map(str::to_owned).collect(),
            },
            Some(Err(error)) => Reply::Failed(format!("{error:#}")),
            None => Reply::Failed(format!("the demo has no session {}", session.id)),
        };
        drop(self.input.send(Input::Message(Message::Reply(reply))));
    }

    fn save(&self, choices: &SavedChoices) -> Reply {
        if self.plan.demo {
            return Reply::Done("the demo saves nothing".to_owned());
        }
        match save_choices(&self.plan.config_file, choices) {
            Ok(()) => Reply::Done(format!("saved in {}", self.plan.config_file.display())),
            Err(error) => Reply::Failed(format!("{error:#}")),
        }
    }
}

impl Host for TuiHost {
    fn wait(&mut self) -> Input {
        loop {
            if let Some(stats) = self.self_stats.measure() {
                return Input::Message(Message::SelfStats(stats));
            }
            select! {
                recv(self.inputs) -> input => return input.unwrap_or(Input::Stop),
                recv(self.snapshots.wakeups) -> woken => match (woken, self.newest_snapshot()) {
                    (_, Some(input)) => return input,
                    (Ok(()), None) => {}
                    // The collector has ended: no snapshot will come.
                    (Err(_), None) => return Input::Stop,
                },
                default(self.clock.time_left()) => return Input::Message(self.clock.message()),
            }
        }
    }

    fn ready(&mut self) -> Option<Input> {
        self.inputs.try_recv().ok().or_else(|| self.newest_snapshot())
    }

    fn carry_out(&mut self, command: Command) -> Option<Reply> {
        match command {
            Command::Refresh => self.collector.request(CollectorRequest::Refresh),
            Command::SetInterval(interval) => self.collector.request(CollectorRequest::SetInterval(interval)),
            Command::Signal { process, signal } => {
                let signal = native_signal(signal);
                let sent = self.os.signal(process, signal);
                tracing::debug!(pid = process.pid, %signal, ?sent, "signal: sent as the user asked");
                self.collector.request(CollectorRequest::Refresh);
                return Some(match sent {
                    Ok(()) => Reply::Done(format!("sent {signal} to {}", process.pid)),
                    Err(error) => Reply::Failed(error.to_string()),
                });
            }
            Command::GoTo(target) => {
                let shown = terminals::show(&target);
                return Some(shown.map_or_else(|error| Reply::Failed(format!("{error:#}")), Reply::Done));
            }
            Command::Explain(session) => self.explain(session),
            Command::Export(file) => return Some(export(&file)),
            Command::Save(choices) => return Some(self.save(&choices)),
            Command::Suspend => agtop_os::stop_self(),
            Command::RunAlertActions(alert) => self.actions.run(*alert, now()),
            Command::Quit | Command::Copy(_) | Command::Ring(_) | Command::Redraw => {}
        }
        None
    }
}

fn forward_keys(input: Sender<Input>) {
    let started = Instant::now();
    let send = move |event| if input.send(event).is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
    spawn("keys", move || agtop_tui::listen(|| started.elapsed(), send));
}

/// Writes into the working directory. A file that exists is not overwritten.
fn export(file: &Export) -> Reply {
    let written = std::fs::File::create_new(&file.name).and_then(|mut created| created.write_all(&file.bytes));
    match written {
        Ok(()) => Reply::Done(format!("wrote {}", file.name)),
        Err(error) => Reply::Failed(format!("{}: {error}", file.name)),
    }
}

const fn native_signal(signal: Signal) -> agtop_os::Signal {
    match signal {
        Signal::Terminate => agtop_os::Signal::Terminate,
        Signal::Kill => agtop_os::Signal::Kill,
        Signal::Stop => agtop_os::Signal::Stop,
        Signal::Continue => agtop_os::Signal::Continue,
    }
}

/// An explanation reads transcripts; the ledger adds those that were deleted.
fn deleted_files_only(remembering: &LedgerMode) -> LedgerMode {
    match remembering {
        LedgerMode::ReadWrite(path) | LedgerMode::DeletedFilesOnly(path) => LedgerMode::DeletedFilesOnly(path.clone()),
        LedgerMode::Off => LedgerMode::Off,
    }
}
