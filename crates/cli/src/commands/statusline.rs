//! `agtop statusline`: the line below Claude Code's prompt.

use std::io::{IsTerminal, Read, Write};
use std::process::Stdio;
use std::time::Duration;

use agtop_collect::{PricingContext, Scope, StatusLineLedger};
use agtop_model::{ClientId, Timestamp};
use agtop_output::statusline::{self, StatuslineContext, StatuslineInput, observed_limits};
use anyhow::{Result, bail};

use super::hook::send_to_listener;
use crate::plan::StatuslinePlan;
use crate::stderr;

/// The only client with this status line.
const CLAUDE: ClientId = ClientId::new("claude");
/// The usage that is read: a day, and the five-hour block that began before it.
const RECENT_USAGE: Duration = Duration::from_hours(36);

/// Prints one line for any input: Claude Code must not lose its status line.
pub(super) fn run(plan: &StatuslinePlan, out: &mut dyn Write) -> Result<()> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        bail!(
            "this command reads JSON from standard input; set it as the statusLine command in Claude Code's settings"
        );
    }
    let mut input_json = Vec::new();
    let max_bytes = u64::try_from(StatuslineInput::MAX_INPUT_BYTES).unwrap_or(u64::MAX);
    // After an error, the part that was read is used.
    drop(stdin.lock().take(max_bytes).read_to_end(&mut input_json));
    let now = Timestamp::from_millis(jiff::Timestamp::now().as_millisecond());
    let input = StatuslineInput::parse(&input_json);
    let mut ledger = plan.ledger.as_deref().and_then(|path| StatusLineLedger::open(path, now));
    let wrapped = plan.wrap.as_deref().and_then(|command| wrapped_output(command, &input_json));
    match wrapped {
        Some(output) => out.write_all(&output)?,
        None => write_line(plan, input.as_ref(), ledger.as_ref(), now, out)?,
    }
    out.flush()?;
    if let (Some(ledger), Some(input)) = (&mut ledger, &input) {
        ledger.note_limits(CLAUDE, observed_limits(input, now), now);
    }
    if let Some(event) = input.as_ref().and_then(context_event) {
        send_to_listener(CLAUDE, &event);
    }
    Ok(())
}

/// The use of the session's context window, in the form of a hook event.
fn context_event(input: &StatuslineInput) -> Option<serde_json::Value> {
    let (session, size, percent) = (input.session.as_ref()?, input.context_size?, input.context_percent?);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a percentage is never negative")]
    let used = (size as f64 * percent / 100.0).round() as u64;
    let window = serde_json::json!({"size": size, "used": used});
    Some(serde_json::json!({"session_id": session.raw(), "hook_event_name": "Statusline", "context_window": window}))
}

fn write_line(
    plan: &StatuslinePlan,
    input: Option<&StatuslineInput>,
    ledger: Option<&StatusLineLedger>,
    now: Timestamp,
    out: &mut dyn Write,
) -> Result<()> {
    let context = StatuslineContext { now, zone: plan.zone.clone(), colour: plan.colour };
    let usage = ledger.and_then(|ledger| {
        let pricing =
            PricingContext { prices: plan.book.clone().into(), scope: Scope::default(), zone: plan.zone.clone() };
        ledger.usage_since(now.minus(RECENT_USAGE), pricing, now)
    });
    Ok(statusline::write_line(input, usage.as_ref(), &context, out)?)
}

/// The output of the user's own status line for this input; `None` if it cannot be run. A shell runs the command, as
/// Claude Code does.
fn wrapped_output(command: &str, input: &[u8]) -> Option<Vec<u8>> {
    let mut child = agtop_os::shell_command(command)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .inspect_err(|error| stderr::print_message(format_args!("--wrap: {command:?} cannot be run: {error}")))
        .ok()?;
    let stdin = child.stdin.take();
    std::thread::scope(|scope| {
        // The command may end without reading its input.
        scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(input)));
        child.wait_with_output().ok().map(|output| output.stdout)
    })
}
