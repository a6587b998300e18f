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

use crate::commands::hooks::is_any_installed;
use crate::plan::{EventForm, Events, Span};
use crate::stderr;

/// How often the spool is looked at, for hooks that could not reach the socket.
const BEAT: Duration = Duration::from_millis(500);

/// How long another agtop is waited for that tells what it knows.
const PATIENCE: Duration = Duration::from_secs(1);
/// What waits comes in two steps: what an agtop that was ended has left, and the spool.
const ROUNDS: usize = 2;

/// Prints what agents push. Events that waited have been told, then, and are gone; another agtop that listens has them,
/// and tells them every agtop that comes.
pub(super) fn run(events: &Events, out: &mut dyn Write) -> Result<ExitCode> {
    let (sender, news) = sync_channel::<()>(1);
    let wake = move || {
        // A full channel says it already.
        let _ = sender.try_send(());
    };
    let options =
        ListenerOptions { payloads: events.content, wake: Some(Arc::new(wake)), ..ListenerOptions::default() };
    let mut listener = Listener::bind(&events.places, options)?;
    for setback in listener.unusable_dirs() {
        stderr::say(setback);
    }
    if events.span == Span::Waiting {
        let begun = Instant::now();
        while !listener.is_caught_up() && begun.elapsed() < PATIENCE {
            let _ = news.recv_timeout(PATIENCE.saturating_sub(begun.elapsed()));
        }
        let mut told = 0;
        for _ in 0..ROUNDS {
            told += tell(&mut listener, events.form, out)?;
        }
        say_if_none_can_come(told, events);
        let is_deaf = listener.role() == ListenerRole::Unavailable;
        return Ok(if is_deaf { ExitCode::FAILURE } else { ExitCode::SUCCESS });
    }
    let told = tell(&mut listener, events.form, out)?;
    say_if_none_can_come(told, events);
    loop {
        tell(&mut listener, events.form, out)?;
        match news.recv_timeout(BEAT) {
            Ok(()) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => std::thread::sleep(BEAT),
        }
    }
}

/// Says why there is no event, if it is for want of hooks.
fn say_if_none_can_come(told: usize, events: &Events) {
    if told == 0 && events.hooks.as_ref().is_some_and(|hooks| !is_any_installed(hooks)) {
        stderr::say("no events; install hooks first: agtop hooks install");
    }
}

/// Prints what has come in, and says how many events that were. Once it is out, it need not be kept.
fn tell(listener: &mut Listener, form: EventForm, out: &mut dyn Write) -> Result<usize> {
    let mut told = 0;
    for received in listener.poll().iter().filter(|received| received.dedup == DedupStatus::New) {
        print(received, form, out)?;
        told += 1;
    }
    out.flush()?;
    listener.acknowledge();
    Ok(told)
}

fn print(received: &ReceivedEvent, form: EventForm, out: &mut dyn Write) -> Result<()> {
    match form {
        EventForm::Text => {
            writeln!(out, "{}", line(received))?;
            if let Some(payload) = &received.payload {
                writeln!(out, "  {}", plain(&String::from_utf8_lossy(payload)))?;
            }
        }
        EventForm::Json => writeln!(out, "{}", sink::json(&Wire::of(received)))?,
    }
    Ok(())
}

fn line(received: &ReceivedEvent) -> String {
    let told = &received.told;
    let time = jiff::Timestamp::from_millisecond(told.at.as_millis()).map(|at| at.to_zoned(TimeZone::system()));
    let time = time.map_or_else(|_| "?".to_owned(), |at| at.strftime("%H:%M:%S%.3f").to_string());
    let tool = told.tool.as_deref().map(|tool| format!(" {}", plain(tool))).unwrap_or_default();
    let tag = received.tag.as_ref().map(|tag| format!(" [{}]", tag.for_terminal())).unwrap_or_default();
    let error = error(told).map(|error| format!(" {}", error.for_terminal())).unwrap_or_default();
    format!("{time} {} {} {}{tool}{error}{tag}", received.client, plain(&told.session.id), plain(&told.hook))
}

/// Why a request failed, if the event says that one did.
fn error(told: &HookEvent) -> Option<&Untrusted> {
    told.events.iter().find_map(|event| if let EventKind::Error(reason) = &event.kind { Some(reason) } else { None })
}

/// An event in JSON.
#[derive(Serialize)]
struct Wire<'a> {
    /// When, in milliseconds since 1970.
    at_ms: i64,
    client: &'static str,
    session: &'a str,
    hook: &'a str,
    meaning: &'static str,
    tool: Option<&'a str>,
    /// Why a request failed.
    error: Option<&'a str>,
    tag: Option<&'a str>,
    pid: u32,
    /// Whether the kernel says that it was this process, and not the event alone.
    is_verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<serde_json::Value>,
}

impl<'a> Wire<'a> {
    fn of(received: &'a ReceivedEvent) -> Self {
        let told = &received.told;
        Self {
            at_ms: told.at.as_millis(),
            client: received.client.as_str(),
            session: &told.session.id,
            hook: &told.hook,
            meaning: told.meaning.as_str(),
            tool: told.tool.as_deref(),
            error: error(told).map(Untrusted::raw),
            tag: received.tag.as_ref().map(Untrusted::raw),
            pid: received.sender.pid,
            is_verified: received.sender.proof.is_verified(),
            payload: received.payload.as_deref().and_then(|payload| serde_json::from_slice(payload).ok()),
        }
    }
}
