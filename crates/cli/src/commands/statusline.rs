use std::io::{IsTerminal, Read, Write};
use std::process::Stdio;
use std::time::Duration;

use agtop_collect::{PricingContext, Scope, StatusLineLedger};
use agtop_model::{ClientId, Timestamp};
use agtop_output::statusline::{StatuslineContext, StatuslineInput, observed_limits, write_line};
use anyhow::{Result, bail};

use crate::plan::Statusline;
use crate::stderr;

/// The status line is Claude Code's.
const CLAUDE: ClientId = ClientId::new("claude");
/// A day, and the block that reaches into it.
const LATELY: Duration = Duration::from_hours(36);

/// Prints one line, whatever was sent: a status line must not break its host.
pub(super) fn run(plan: &Statusline, out: &mut dyn Write) -> Result<()> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        bail!("Claude Code runs this as its statusLine command and sends it JSON; nobody does here");
    }
    let mut sent = Vec::new();
    let most = u64::try_from(StatuslineInput::MAX_INPUT_BYTES).unwrap_or(u64::MAX);
    // What could be read is used.
    drop(stdin.lock().take(most).read_to_end(&mut sent));
    let now = Timestamp::from_millis(jiff::Timestamp::now().as_millisecond());
    let input = StatuslineInput::parse(&sent);
    let mut glimpse = plan.ledger.as_deref().and_then(|path| StatusLineLedger::open(path, now));
    let theirs = plan.wrap.as_deref().and_then(|command| wrapped(command, &sent));
    match theirs {
        Some(line) => out.write_all(&line)?,
        None => ours(plan, input.as_ref(), glimpse.as_ref(), now, out)?,
    }
    out.flush()?;
    if let (Some(glimpse), Some(input)) = (&mut glimpse, &input) {
        glimpse.note_limits(CLAUDE, observed_limits(input, now), now);
    }
    if let Some(context) = input.as_ref().and_then(context) {
        super::hook::tell_now(CLAUDE, &context);
    }
    Ok(())
}

/// How full the session's context is, as a hook would tell it.
fn context(input: &StatuslineInput) -> Option<serde_json::Value> {
    let (session, size, percent) = (input.session.as_ref()?, input.context_size?, input.context_percent?);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a percentage is never negative")]
    let used = (size as f64 * percent / 100.0).round() as u64;
    let window = serde_json::json!({"size": size, "used": used});
    Some(serde_json::json!({"session_id": session.raw(), "hook_event_name": "Statusline", "context_window": window}))
}

fn ours(
    plan: &Statusline,
    input: Option<&StatuslineInput>,
    glimpse: Option<&StatusLineLedger>,
    now: Timestamp,
    out: &mut dyn Write,
) -> Result<()> {
    let bench = StatuslineContext { now, zone: plan.zone.clone(), colour: plan.colour };
    let usage = glimpse.and_then(|glimpse| {
        let lens =
            PricingContext { prices: plan.book.clone().into(), scope: Scope::default(), zone: plan.zone.clone() };
        glimpse.usage_since(now.minus(LATELY), lens, now)
    });
    Ok(write_line(input, usage.as_ref(), &bench, out)?)
}

/// What the user's own status line prints, given what was sent to us; `None` if it cannot be run. It is a command line of
/// a shell, as it was in Claude Code's settings.
fn wrapped(command: &str, sent: &[u8]) -> Option<Vec<u8>> {
    let mut child = agtop_os::shell_command(command)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .inspect_err(|error| stderr::say(format_args!("the status line {command:?} cannot be run: {error}")))
        .ok()?;
    let stdin = child.stdin.take();
    std::thread::scope(|scope| {
        // It need not read what it is sent.
        scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(sent)));
        child.wait_with_output().ok().map(|output| output.stdout)
    })
}
