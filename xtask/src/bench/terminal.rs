//! A program on a terminal of its own, and when it wrote what.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::context::BenchContext;
use super::measure::OwnedProcess;

/// What every monitor is given.
const SIZE: Winsize = Winsize { ws_row: 50, ws_col: 200, ws_xpixel: 0, ws_ypixel: 0 };
/// What a synchronised frame ends with.
const END_OF_FRAME: &[u8] = b"\x1b[?2026l";
/// Nothing that is measured takes longer.
const SCREEN_TIMEOUT: Duration = Duration::from_secs(20);

pub(super) struct Terminal {
    program: OwnedProcess,
    keys: File,
    /// What the program wrote, as it came.
    written: Receiver<(Instant, Vec<u8>)>,
    screen: Screen,
    pub(super) started: Instant,
}

impl Terminal {
    /// Starts a program on a terminal of 200 columns and 50 rows.
    pub(super) fn start(context: &BenchContext, line: &[String], home: &Path, data: &Path) -> Result<Self> {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&ours)?;
        unlockpt(&ours)?;
        tcsetwinsize(&ours, SIZE)?;
        let theirs = rustix::fs::open(
            ptsname(&ours, Vec::new())?.as_c_str(),
            OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC,
            Mode::empty(),
        )?;
        let mut output = File::from(ours.try_clone()?);
        // util-linux's setsid makes the terminal the program's own, and becomes the program.
        let mut command = Command::new("setsid");
        command.arg("--ctty").args(line);
        context.set_environment(&mut command, home, data);
        command.env("TERM", "xterm-256color").env("COLORTERM", "truecolor");
        let end = |end: &OwnedFd| end.try_clone();
        command.stdin(end(&theirs)?).stdout(end(&theirs)?).stderr(theirs);
        let started = Instant::now();
        // It makes a session of its own, and so a group.
        let program = OwnedProcess::own(&mut command, &context.reaper)?;
        let (sender, written) = mpsc::channel();
        std::thread::spawn(move || {
            let mut block = vec![0; 1 << 16];
            while let Ok(length @ 1..) = output.read(&mut block) {
                let bytes = block.get(..length).unwrap_or_default().to_vec();
                if sender.send((Instant::now(), bytes)).is_err() {
                    return;
                }
            }
        });
        Ok(Self { program, keys: File::from(ours), written, screen: Screen::default(), started })
    }

    /// Takes in what was written until now.
    pub(super) fn catch_up(&mut self) {
        while let Ok((_, bytes)) = self.written.try_recv() {
            self.screen.write(&bytes);
        }
    }

    /// Presses keys.
    pub(super) fn press(&mut self, keys: &str) -> Result<()> {
        Ok(self.keys.write_all(keys.as_bytes())?)
    }

    /// Waits until the screen shows this text, and returns when it did.
    pub(super) fn wait_for(&mut self, text: &str) -> Result<Instant> {
        self.wait(text, |screen, _| screen.shows(text))
    }

    /// Waits for the end of a frame.
    pub(super) fn wait_for_frame(&mut self) -> Result<Instant> {
        self.wait("a frame", |_, bytes| bytes.windows(END_OF_FRAME.len()).any(|window| window == END_OF_FRAME))
    }

    fn wait(&mut self, what: &str, has_come: impl Fn(&Screen, &[u8]) -> bool) -> Result<Instant> {
        let until = Instant::now() + SCREEN_TIMEOUT;
        loop {
            match self.written.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok((at, bytes)) => {
                    self.screen.write(&bytes);
                    if has_come(&self.screen, &bytes) {
                        return Ok(at);
                    }
                }
                Err(RecvTimeoutError::Disconnected | RecvTimeoutError::Timeout) => {
                    bail!("{what:?} does not come")
                }
            }
        }
    }

    /// Has the program end in good order, so that it keeps what it keeps.
    pub(super) fn quit(mut self) -> Result<()> {
        self.press("q")?;
        self.program.wait_for_end(SCREEN_TIMEOUT)
    }

    /// Processor time of the program, its ended threads, and the children that it waited for.
    pub(super) fn cpu(&mut self) -> Result<Duration> {
        ensure!(self.program.is_running(), "the program has ended");
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.program.id())).context("the program has ended")?;
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        // Fields 14 to 17 of proc(5); the kernel reports a tick as a hundredth of a second.
        let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
        let [own, of_children] = [ticks(11) + ticks(12), ticks(13) + ticks(14)].map(|t| Duration::from_millis(t * 10));
        // Threads that ended are in the coarse figure alone.
        Ok(self.cpu_of_threads()?.max(own) + of_children)
    }

    /// Processor time of all its threads that still run. The kernel counts it in nanoseconds here (sched-stats.rst).
    fn cpu_of_threads(&self) -> Result<Duration> {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.program.id())).context("the program has ended")?;
        let of_task = |path: &Path| {
            let text = fs::read_to_string(path.join("schedstat")).ok()?;
            text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
        };
        let used: Duration = tasks.filter_map(|task| of_task(&task.ok()?.path())).sum();
        ensure!(!used.is_zero(), "this kernel does not report the processor time of threads");
        Ok(used)
    }

    /// Resident memory in MB (1024 × 1024 bytes).
    pub(super) fn memory(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.program.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
    }
}

/// What is on the screen, as far as texts are concerned: letters, and jumps to a place.
#[derive(Default)]
struct Screen {
    rows: BTreeMap<u16, BTreeMap<u16, char>>,
    /// Row and column of the next letter, from 1 on.
    next: (u16, u16),
    /// The sequence that has begun, without its introducer.
    sequence: Option<String>,
    /// A letter that has begun.
    letter: Vec<u8>,
}

impl Screen {
    fn shows(&self, text: &str) -> bool {
        self.rows.values().any(|row| row.values().collect::<String>().contains(text))
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            match (&mut self.sequence, byte) {
                (None, 0x1b) => self.sequence = Some(String::new()),
                (None, b' '..) => self.put(byte),
                (None, _) => {}
                (Some(sequence), b'0'..=b'?' | b'[' | b'(') => sequence.push(char::from(byte)),
                (Some(_), b'H') => self.jump(),
                (Some(_), _) => self.sequence = None,
            }
        }
    }

    fn put(&mut self, byte: u8) {
        self.letter.push(byte);
        if let Ok(text) = std::str::from_utf8(&self.letter) {
            let row = self.rows.entry(self.next.0).or_default();
            row.extend(text.chars().map(|letter| (self.next.1, letter)));
            self.next.1 += 1;
            self.letter.clear();
        }
    }

    fn jump(&mut self) {
        let sequence = self.sequence.take().unwrap_or_default();
        let mut numbers = sequence.trim_start_matches('[').split(';').map(|number| number.parse().unwrap_or(1));
        self.next = (numbers.next().unwrap_or(1), numbers.next().unwrap_or(1));
    }
}
