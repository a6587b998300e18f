use std::io::{IsTerminal, Read, Write};

use agtop_model::Timestamp;
use agtop_render::report::statusline::{Bench, StatuslineInput, line};
use anyhow::{Result, bail};

use crate::plan::Statusline;

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
    line(StatuslineInput::parse(&sent).as_ref(), None, &bench, out)?;
    Ok(())
}
