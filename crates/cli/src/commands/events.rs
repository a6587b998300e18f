//! `agtop events`: the events of hooks.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use agtop_clients::HookEvent;
use agtop_format::sink;
use agtop_format::sink::plain;
use agtop_hooks::{DedupStatus, Listener, ListenerOptions, ListenerRole, ReceivedEvent};
use agtop_model::{EventKind, Untrusted};
use anyhow::Result;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::hooks::is_any_installed;
use crate::plan::{EventsPlan, OutputFormat, RunLength};
use crate::stderr;

/// How often the spool is checked, for hooks that could not reach the socket.
const SPOOL_INTERVAL: Duration = Duration::from_millis(500);
/// How long this process waits for another agtop to send the events that it has.
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(1);
/// Waiting events come in two steps: those that an agtop which has ended had taken, and those in the spool.
const SPOOL_STEPS: usize = 2;

/// Prints events. Those that waited in the spool are removed from it; another agtop that listens has them, and sends
/// them to every agtop that starts later.
pub(super) fn run(plan: &EventsPlan, out: &mut dyn Write) -> Result<ExitCode> {
    let (sender, wakeups) = sync_channel::<()>(1);
    let wake = move || {
        // A full channel wakes this thread already.
        let _ = sender.try_send(());
    };
    let options = ListenerOptions { payloads: plan.payloads, wake: Some(Arc::new(wake)), ..ListenerOptions::default() };
    let mut listener = Listener::bind(&plan.dirs, options)?;
    for unusable in listener.unusable_dirs() {
        stderr::print_message(unusable);
    }
    if plan.length == RunLength::Once {
        let started = Instant::now();
        while !listener.is_caught_up() && started.elapsed() < CATCH_UP_TIMEOUT {
            let _ = wakeups.recv_timeout(CATCH_UP_TIMEOUT.saturating_sub(started.elapsed()));
        }
        let mut printed = 0;
        for _ in 0..SPOOL_STEPS {
            printed += print_new(&mut listener, plan.format, out)?;
        }
        report_missing_hooks(printed, plan);
        let is_unavailable = listener.role() == ListenerRole::Unavailable;
        return Ok(if is_unavailable { ExitCode::FAILURE } else { ExitCode::SUCCESS });
    }
    let printed = print_new(&mut listener, plan.format, out)?;
    report_missing_hooks(printed, plan);
    loop {
        print_new(&mut listener, plan.format, out)?;
        match wakeups.recv_timeout(SPOOL_INTERVAL) {
            Ok(()) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => std::thread::sleep(SPOOL_INTERVAL),
        }
    }
}

/// Reports that no hooks are installed, if that is why there are no events.
fn report_missing_hooks(printed: usize, plan: &EventsPlan) {
    if printed == 0 && plan.hooks.as_ref().is_some_and(|hooks| !is_any_installed(hooks)) {
        stderr::print_message("no events; install hooks first: agtop hooks install");
    }
}

/// Prints the new events and returns their number. Then they need not be kept any longer.
fn print_new(listener: &mut Listener, format: OutputFormat, out: &mut dyn Write) -> Result<usize> {
    let mut printed = 0;
    for received in listener.poll().iter().filter(|received| received.dedup == DedupStatus::New) {
        print(received, format, out)?;
        printed += 1;
    }
    out.flush()?;
    listener.acknowledge();
    Ok(printed)
}

fn print(received: &ReceivedEvent, format: OutputFormat, out: &mut dyn Write) -> Result<()> {
    match format {
        OutputFormat::Text => {
            writeln!(out, "{}", line(received))?;
            if let Some(payload) = &received.payload {
                writeln!(out, "  {}", plain(&String::from_utf8_lossy(payload)))?;
            }
        }
        OutputFormat::Json => writeln!(out, "{}", sink::json(&EventJson::new(received)))?,
    }
    Ok(())
}

fn line(received: &ReceivedEvent) -> String {
    let decoded = &received.event;
    let time = jiff::Timestamp::from_millisecond(decoded.at.as_millis()).map(|at| at.to_zoned(TimeZone::system()));
    let time = time.map_or_else(|_| "?".to_owned(), |at| at.strftime("%H:%M:%S%.3f").to_string());
    let tool = decoded.tool.as_deref().map(|tool| format!(" {}", plain(tool))).unwrap_or_default();
    let tag = received.tag.as_ref().map(|tag| format!(" [{}]", tag.for_terminal())).unwrap_or_default();
    let error = error(decoded).map(|error| format!(" {}", error.for_terminal())).unwrap_or_default();
    format!("{time} {} {} {}{tool}{error}{tag}", received.client, plain(&decoded.session.id), plain(&decoded.hook))
}

/// The reason of a failed request, if the event reports one.
fn error(decoded: &HookEvent) -> Option<&Untrusted> {
    decoded.events.iter().find_map(|event| if let EventKind::Error(reason) = &event.kind { Some(reason) } else { None })
}

/// An event in JSON.
#[derive(Serialize)]
struct EventJson<'a> {
    /// In milliseconds since 1970.
    at_ms: i64,
    client: &'static str,
    session: &'a str,
    hook: &'a str,
    meaning: &'static str,
    tool: Option<&'a str>,
    /// The reason of a failed request.
    error: Option<&'a str>,
    tag: Option<&'a str>,
    pid: u32,
    /// Whether the kernel confirms the process id, which otherwise only the event states.
    is_verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<serde_json::Value>,
}

impl<'a> EventJson<'a> {
    fn new(received: &'a ReceivedEvent) -> Self {
        let decoded = &received.event;
        Self {
            at_ms: decoded.at.as_millis(),
            client: received.client.as_str(),
            session: &decoded.session.id,
            hook: &decoded.hook,
            meaning: decoded.meaning.as_str(),
            tool: decoded.tool.as_deref(),
            error: error(decoded).map(Untrusted::raw),
            tag: received.tag.as_ref().map(Untrusted::raw),
            pid: received.sender.pid,
            is_verified: received.sender.proof.is_verified(),
            payload: received.payload.as_deref().and_then(|payload| serde_json::from_slice(payload).ok()),
        }
    }
}
