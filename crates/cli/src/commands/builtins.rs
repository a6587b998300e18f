use std::io::Write;

use agtop_clients::{CLIENTS, Client, PROCESS_ONLY};
use agtop_model::FIELDS;
use anyhow::Result;

/// Prints the agent programs that are recognised.
pub(super) fn list(out: &mut dyn Write) -> Result<()> {
    CLIENTS.iter().try_for_each(|&client| line(client, out))?;
    writeln!(out, "\nOf these only processes are seen, and no files are read:")?;
    PROCESS_ONLY.iter().try_for_each(|client| line(client, out))?;
    writeln!(
        out,
        "\nProcesses are recognised by what they are (executable, script, package), not by words on their\ncommand line. Add your own with -m LABEL=REGEX, AGTOP_MATCH, or 'match' in the configuration."
    )?;
    Ok(())
}

fn line(client: &dyn Client, out: &mut dyn Write) -> Result<()> {
    let info = client.info();
    write!(out, "{:<13} {}", info.id, info.name)?;
    if !info.aliases.is_empty() {
        write!(out, ", also called {}", info.aliases.join(", "))?;
    }
    writeln!(out)?;
    Ok(())
}

/// Prints the columns there are.
pub(super) fn list_fields(out: &mut dyn Write) -> Result<()> {
    for field in FIELDS {
        writeln!(out, "{:<14} {}", field.id, field.help)?;
    }
    Ok(())
}
