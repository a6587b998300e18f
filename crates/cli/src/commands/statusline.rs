use std::io::{IsTerminal, Read, Write};
use std::time::Duration;

use agtop_collect::{Glimpse, Lens, Scope};
use agtop_model::{ClientId, Timestamp};
use agtop_render::report::statusline::{Bench, StatuslineInput, line, observed_limits};
use anyhow::{Result, bail};

use crate::plan::Statusline;

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
    let most = u64::try_from(StatuslineInput::MOST_BYTES).unwrap_or(u64::MAX);
    // What could be read is used.
    drop(stdin.lock().take(most).read_to_end(&mut sent));
    let now = Timestamp::from_millis(jiff::Timestamp::now().as_millisecond());
    let bench = Bench { now, zone: plan.zone.clone(), colour: plan.colour };
    let input = StatuslineInput::parse(&sent);
    let mut glimpse = plan.ledger.as_deref().and_then(|path| Glimpse::open(path, now));
    let usage = glimpse.as_ref().and_then(|glimpse| {
        let lens = Lens { prices: plan.book.clone().into(), scope: Scope::default(), zone: plan.zone.clone() };
        glimpse.usage_since(now.minus(LATELY), lens, now)
    });
    line(input.as_ref(), usage.as_ref(), &bench, out)?;
    out.flush()?;
    if let (Some(glimpse), Some(input)) = (&mut glimpse, &input) {
        glimpse.note_limits(CLAUDE, observed_limits(input), now);
    }
    Ok(())
}
