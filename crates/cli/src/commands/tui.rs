//! The screen's world: threads that collect, listen and wait for signals, and the hands that carry its commands out.

use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use agtop_collect::{Collector, LedgerMode, ScanProgress};
use agtop_demo::Demo;
use agtop_hooks::SpoolAccess;
use agtop_model::{SessionKey, Snapshot, Timestamp};
use agtop_os::Os;
use agtop_tui::{
    App, Command, Export, Host, Input, Message, Reply, SavedChoices, Screen as _, SelfStats, Signal, TerminalGraphics,
    Tty,
};
use anyhow::{Context, Result, bail};
use arc_swap::ArcSwapOption;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError, bounded, select, unbounded};

use crate::commands::alerts::Hands;
use crate::commands::{explain, start_thread, terminals};
use crate::logos;
use crate::plan::{Explain, Screen};

/// Shows the screen until the person has had enough.
pub(super) fn run(screen: Screen) -> Result<ExitCode> {
    let mut tty = Tty::take(screen.mouse).context("the terminal cannot be used")?;
    let mut app = App::new(screen.options.clone());
    let (columns, rows) = tty.size()?;
    app.update(Message::Resize(columns, rows));
    let easel = screen.graphics.and_then(|graphics| tty.graphics(graphics));
    let mut world = World::start(screen);
    if let Some(easel) = easel {
        world.draw_logos(easel);
    }
    let result = agtop_tui::run(&mut tty, &mut app, &mut world);
    // As long as keys are ours: what is typed after the screen is gone is the shell's.
    let ended = world.end();
    tty.leave()?;
    result?;
    ended?;
    Ok(ExitCode::SUCCESS)
}

/// What the collecting thread is told.
enum Order {
    Refresh,
    Interval(Duration),
}

/// A place for the newest snapshot. Whoever reads is woken, and finds what is newest then.
struct Slot {
    newest: ArcSwapOption<Snapshot>,
    wake: Sender<()>,
}

impl Slot {
    fn publish(&self, snapshot: Snapshot) {
        self.newest.store(Some(Arc::new(snapshot)));
        // A reader that is still to wake needs no second call.
        let _ = self.wake.try_send(());
    }
}

struct World {
    slot: Arc<Slot>,
    woken: Receiver<()>,
    inputs: Receiver<Input>,
    input: Sender<Input>,
    orders: Sender<Order>,
    /// Ends the collector's sleep.
    rouse: Sender<()>,
    progress: Box<dyn Fn() -> ScanProgress + Send>,
    /// How collecting came to its end, once what was read is written down.
    finished: Receiver<std::thread::Result<()>>,
    ticks: Ticks,
    meter: Meter,
    os: Box<dyn Os>,
    hands: Hands,
    screen: Screen,
}

/// A scan that has not come to its end by then is given up: what it read is read again another time.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often the clock is drawn, and how often the progress of a scan.
const SECOND: Duration = Duration::from_secs(1);
const SCAN_BEAT: Duration = Duration::from_millis(100);

/// When the next message is due that nobody sends.
struct Ticks {
    next: Instant,
    is_scanning: bool,
    /// Snapshots that came: live agents, then what they do, then all that the scan told.
    snapshots: u64,
}

impl World {
    fn start(screen: Screen) -> Self {
        let (wake, woken) = bounded(1);
        let (input, inputs) = unbounded();
        let (orders, orders_out) = unbounded();
        let (rouse, roused) = bounded(1);
        let (finish, finished) = bounded(1);
        let slot = Arc::new(Slot { newest: ArcSwapOption::empty(), wake });
        let interval = screen.options.interval;
        let progress: Box<dyn Fn() -> ScanProgress + Send> = if screen.demo {
            let demo = Demo { plan: screen.settings.scope.plan, ..Demo::usual(now(), screen.options.zone.clone()) };
            start_thread("demo", play(demo, Arc::clone(&slot), orders_out, interval));
            Box::new(ScanProgress::default)
        } else {
            let mut collector = Collector::new(screen.settings.clone(), agtop_os::native(), Arc::clone(&screen.book));
            super::hear(&mut collector, &screen.hooks, SpoolAccess::Take);
            let progress = collector.progress_reporter();
            let collect = collect(collector, Arc::clone(&slot), orders_out, roused, interval);
            start_thread("collect", move || {
                let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(collect));
                drop(finish.send(outcome));
            });
            Box::new(progress)
        };
        listen(input.clone());
        signals::listen(input.clone());
        let ticks = Ticks { next: Instant::now(), is_scanning: !screen.demo, snapshots: 0 };
        let (os, meter) = (agtop_os::native(), Meter::default());
        let notes = input.clone();
        let hands = Hands::new(move |note| drop(notes.send(Input::Message(Message::Reply(Reply::Failed(note))))));
        Self { slot, woken, inputs, input, orders, rouse, progress, finished, ticks, meter, os, hands, screen }
    }

    /// Pictures are made while the first frame is shown already.
    fn draw_logos(&self, easel: TerminalGraphics) {
        let (input, directory) = (self.input.clone(), self.screen.logos.clone());
        start_thread("logos", move || {
            let logos = Arc::new(logos::load(&directory, easel));
            // Where the screen is gone, nobody wants them.
            drop(input.send(Input::Message(Message::Logos(logos))));
        });
    }

    /// Has the collector write down what it read: without orders it comes to its end.
    fn end(self) -> Result<()> {
        let Self { finished, orders, rouse, .. } = self;
        drop((orders, rouse));
        match finished.recv_timeout(PATIENCE) {
            Ok(Err(panic)) => bail!("collecting failed, which is a fault of agtop: {}", message(&*panic)),
            // The demo's has nothing to write down, and a scan may be given up.
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }

    fn newest(&mut self) -> Option<Input> {
        let snapshot = self.slot.newest.swap(None)?;
        self.ticks.snapshots += 1;
        Some(Input::Message(Message::Snapshot(snapshot)))
    }

    /// What is due by the clock: the scan's progress while it runs, the time, and what agtop itself uses.
    fn tick(&mut self) -> Message {
        let started = Instant::now();
        if self.ticks.is_scanning {
            self.ticks.next = started + SCAN_BEAT;
            let ScanProgress { bytes, bytes_total, .. } = (self.progress)();
            self.ticks.is_scanning = self.ticks.snapshots < 3;
            let progress = agtop_tui::Progress { done: bytes, total: bytes_total };
            return Message::Progress(if self.ticks.is_scanning { progress } else { agtop_tui::Progress::default() });
        }
        let time = now();
        let into_second = u64::try_from(time.as_millis().rem_euclid(1000)).unwrap_or(0);
        self.ticks.next = started + SECOND.saturating_sub(Duration::from_millis(into_second));
        Message::Clock(time)
    }
}

impl Host for World {
    fn wait(&mut self) -> Input {
        loop {
            if let Some(own) = self.meter.read() {
                return Input::Message(Message::SelfStats(own));
            }
            let due = self.ticks.next.saturating_duration_since(Instant::now());
            select! {
                recv(self.inputs) -> input => return input.unwrap_or(Input::Stop),
                recv(self.woken) -> woken => match (woken, self.newest()) {
                    (Ok(()), Some(input)) => return input,
                    (Ok(()), None) => {}
                    // Nobody collects any more: there is nothing left to show.
                    (Err(_), _) => return Input::Stop,
                },
                default(due) => return Input::Message(self.tick()),
            }
        }
    }

    fn ready(&mut self) -> Option<Input> {
        self.inputs.try_recv().ok().or_else(|| self.newest())
    }

    fn carry_out(&mut self, command: Command) -> Option<Reply> {
        match command {
            Command::Refresh => self.order(Order::Refresh),
            Command::SetInterval(interval) => self.order(Order::Interval(interval)),
            Command::Signal { process, signal } => {
                let told = self.os.signal(process, native(signal));
                tracing::debug!(pid = process.pid, signal = %native(signal), ?told, "signal: sent as the user asked");
                self.order(Order::Refresh);
                return Some(match told {
                    Ok(()) => Reply::Done(format!("told {} to {}", process.pid, native(signal))),
                    Err(error) => Reply::Failed(error.to_string()),
                });
            }
            Command::GoTo(place) => {
                let gone = terminals::go_to(&place);
                return Some(gone.map_or_else(|error| Reply::Failed(format!("{error:#}")), Reply::Done));
            }
            Command::Explain(session) => self.explain(session),
            Command::Export(file) => return Some(export(&file)),
            Command::Save(choices) => return Some(self.save(&choices)),
            Command::Suspend => signals::stop_ourselves(),
            Command::RunAlertActions(alert) => self.hands.take(*alert, now()),
            Command::Quit | Command::Copy(_) | Command::Ring(_) | Command::Redraw => {}
        }
        None
    }
}

impl World {
    /// The collector may have ended, and then nobody needs orders.
    fn order(&self, order: Order) {
        drop(self.orders.send(order));
        let _ = self.rouse.try_send(());
    }

    /// Reading a session again takes as long as it takes: the answer comes as a message.
    fn explain(&self, session: SessionKey) {
        let explain = Explain {
            settings: agtop_collect::Settings {
                clients: vec![session.client],
                run_mode: agtop_collect::RunMode::Once,
                ledger: gone_only(&self.screen.settings.ledger),
                ..self.screen.settings.clone()
            },
            book: Arc::clone(&self.screen.book),
            session: session.id.to_string(),
            zone: self.screen.options.zone.clone(),
        };
        let input = self.input.clone();
        start_thread("explain", move || {
            let mut text = Vec::new();
            let reply = match explain::quietly(explain, &mut text) {
                Ok(()) => Reply::Text {
                    title: format!("Explain {}", session.id),
                    lines: String::from_utf8_lossy(&text).lines().map(str::to_owned).collect(),
                },
                Err(error) => Reply::Failed(format!("{error:#}")),
            };
            drop(input.send(Input::Message(Message::Reply(reply))));
        });
    }

    fn save(&self, choices: &SavedChoices) -> Reply {
        if self.screen.demo {
            return Reply::Done("nothing is kept of a demo".to_owned());
        }
        match write_choices(&self.screen.config_file, choices) {
            Ok(()) => Reply::Done(format!("kept in {}", self.screen.config_file.display())),
            Err(error) => Reply::Failed(format!("{error:#}")),
        }
    }
}

/// What a panic says.
fn message(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("it does not say why")
}

/// Sets what was chosen in the `[tui]` table, and leaves everything else in the file as its owner wrote it.
fn write_choices(path: &Path, choices: &SavedChoices) -> Result<()> {
    let text = match agtop_os::read_user_text(path, crate::config::LARGEST) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error).with_context(|| path.display().to_string()),
    };
    let mut document: toml_edit::DocumentMut = text.parse().with_context(|| path.display().to_string())?;
    let array =
        |columns: &[agtop_tui::ColumnChoice]| -> toml_edit::Array { columns.iter().map(ToString::to_string).collect() };
    let table = document.entry("tui").or_insert_with(toml_edit::table);
    table["theme"] = toml_edit::value(choices.theme.as_str());
    table["columns"] = toml_edit::value(array(&choices.columns));
    table["session_columns"] = toml_edit::value(array(&choices.session_columns));
    agtop_os::replace_user_file(path, document.to_string().as_bytes()).with_context(|| path.display().to_string())
}

/// Writes into the working directory, and over nothing that is there.
fn export(file: &Export) -> Reply {
    let written = std::fs::File::create_new(&file.name).and_then(|mut created| created.write_all(&file.bytes));
    match written {
        Ok(()) => Reply::Done(format!("wrote {}", file.name)),
        Err(error) => Reply::Failed(format!("{}: {error}", file.name)),
    }
}

const fn native(signal: Signal) -> agtop_os::Signal {
    match signal {
        Signal::Terminate => agtop_os::Signal::Terminate,
        Signal::Kill => agtop_os::Signal::Kill,
        Signal::Stop => agtop_os::Signal::Stop,
        Signal::Continue => agtop_os::Signal::Continue,
    }
}

/// Live agents at once, then everything, then again and again.
fn collect(
    mut collector: Collector,
    slot: Arc<Slot>,
    orders: Receiver<Order>,
    wake: Receiver<()>,
    mut interval: Duration,
) -> impl FnOnce() + Send {
    move || {
        slot.publish(collector.process_snapshot());
        slot.publish(collector.quick_scan());
        slot.publish(collector.refresh());
        let mut breath = Breath::default();
        loop {
            // Whoever has an order does not wait until we have taken breath.
            if wake.recv_timeout(breath.rest().min(interval)) == Err(RecvTimeoutError::Timeout) {
                slot.publish(collector.next(interval, &wake));
                breath.published(Instant::now());
            }
            match orders.try_recv() {
                Ok(Order::Interval(other)) => interval = other,
                Ok(Order::Refresh) => {
                    collector.request_full_sweep();
                    slot.publish(collector.refresh());
                }
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Disconnected) => break,
            }
        }
        collector.finish();
    }
}

/// Between snapshots there is the more time the more of them there were lately: what comes alone is shown at once, and
/// what comes without end a few times a second, which is as much as anybody can follow.
#[derive(Debug, Default)]
struct Breath {
    before: Option<Instant>,
    rest: Duration,
}

impl Breath {
    const LONGEST: Duration = Duration::from_millis(175);
    /// One that follows the one before this soon after it could have come came without a pause.
    const PAUSE: Duration = Duration::from_millis(150);

    fn published(&mut self, now: Instant) {
        let since = self.before.replace(now).map_or(Duration::MAX, |before| now.duration_since(before));
        let is_without_pause = since.saturating_sub(self.rest) < Self::PAUSE;
        self.rest =
            if is_without_pause { (self.rest + Duration::from_millis(25)).min(Self::LONGEST) } else { self.rest / 2 };
    }

    const fn rest(&self) -> Duration {
        self.rest
    }
}

fn play(demo: Demo, slot: Arc<Slot>, orders: Receiver<Order>, mut interval: Duration) -> impl FnOnce() + Send {
    move || {
        let started = Instant::now();
        loop {
            slot.publish(demo.snapshot(started.elapsed()));
            if pause(&orders, &mut interval).is_break() {
                return;
            }
        }
    }
}

/// An explanation reads files; of those that are gone the ledger tells.
fn gone_only(remembering: &LedgerMode) -> LedgerMode {
    match remembering {
        LedgerMode::ReadWrite(path) | LedgerMode::DeletedFilesOnly(path) => LedgerMode::DeletedFilesOnly(path.clone()),
        LedgerMode::Off => LedgerMode::Off,
    }
}

/// Waits for the next turn; breaks when nobody wants one.
fn pause(orders: &Receiver<Order>, interval: &mut Duration) -> ControlFlow<()> {
    match orders.recv_timeout(*interval) {
        Ok(Order::Interval(other)) => *interval = other,
        Ok(Order::Refresh) | Err(RecvTimeoutError::Timeout) => {}
        Err(RecvTimeoutError::Disconnected) => return ControlFlow::Break(()),
    }
    ControlFlow::Continue(())
}

fn listen(input: Sender<Input>) {
    let started = Instant::now();
    let send = move |event| if input.send(event).is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
    start_thread("keys", move || agtop_tui::listen(|| started.elapsed(), send));
}

fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}

/// Measures agtop itself, every few seconds.
#[derive(Default)]
struct Meter {
    before: Option<(Instant, Duration)>,
}

const METER_BEAT: Duration = Duration::from_secs(3);

impl Meter {
    fn read(&mut self) -> Option<SelfStats> {
        let now = Instant::now();
        if self.before.is_some_and(|(at, _)| now.duration_since(at) < METER_BEAT) {
            return None;
        }
        let used = processor_time();
        let before = self.before.replace((now, used));
        let cpu_percent = before.map(|(at, earlier)| {
            used.saturating_sub(earlier).as_secs_f64() / now.duration_since(at).as_secs_f64() * 100.0
        });
        Some(SelfStats { cpu_percent, memory: resident() })
    }
}

#[cfg(unix)]
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let nanos = u32::try_from(time.tv_nsec).unwrap_or(0);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), nanos)
}

#[cfg(not(unix))]
fn processor_time() -> Duration {
    Duration::ZERO
}

#[cfg(unix)]
fn page_size() -> u64 {
    rustix::param::page_size() as u64
}

#[cfg(not(unix))]
fn page_size() -> u64 {
    0
}

/// Resident memory, where the system tells it in a file (proc(5): the second number of statm, in pages).
fn resident() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
    Some(pages.saturating_mul(page_size()))
}

#[cfg(unix)]
mod signals {
    use agtop_tui::{Input, Message};
    use crossbeam_channel::Sender;
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGSTOP, SIGTERM, SIGTSTP};
    use signal_hook::iterator::Signals;

    /// Signals that end the program end it in good order.
    pub(super) fn listen(input: Sender<Input>) {
        let Ok(mut signals) = Signals::new([SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGTSTP]) else { return };
        crate::commands::start_thread("signals", move || {
            for signal in &mut signals {
                let event = if signal == SIGTSTP { Input::Message(Message::Suspend) } else { Input::Stop };
                if input.send(event).is_err() {
                    return;
                }
            }
        });
    }

    /// Until the shell lets us go on.
    pub(super) fn stop_ourselves() {
        drop(signal_hook::low_level::raise(SIGSTOP));
    }
}

#[cfg(not(unix))]
mod signals {
    pub(super) fn listen(_: crossbeam_channel::Sender<agtop_tui::Input>) {}

    pub(super) fn stop_ourselves() {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_the_collector_is_told() {
        for (panic, text) in [
            (std::panic::catch_unwind(|| panic!("no such cell")), "no such cell"),
            (std::panic::catch_unwind(|| panic!("no cell {}", 3)), "no cell 3"),
        ] {
            assert_eq!(message(&*panic.unwrap_err()), text);
        }
    }

    #[test]
    fn a_storm_of_records_is_shown_a_few_times_a_second_and_a_lone_one_at_once() {
        let mut breath = Breath::default();
        let mut now = Instant::now();
        for _ in 0..30 {
            now += breath.rest() + Duration::from_millis(60);
            breath.published(now);
        }
        assert_eq!(breath.rest(), Breath::LONGEST);
        for _ in 0..12 {
            now += Duration::from_secs(1);
            breath.published(now);
        }
        assert!(breath.rest() < Duration::from_millis(1), "{breath:?}");
    }
}
