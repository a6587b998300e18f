use std::io::Write;

use agtop_clients::CLIENTS;
use agtop_model::FIELDS;
use anyhow::Result;

/// Prints the agent programs that are recognised.
pub(super) fn list(out: &mut dyn Write) -> Result<()> {
    for client in CLIENTS {
        let info = client.info();
        writeln!(out, "{:<10} {}", info.id, info.name)?;
    }
    writeln!(
        out,
        "\nProcesses are recognised by what they are (executable, script, package), not by words on their\ncommand line. Add your own with -m LABEL=REGEX, AGTOP_MATCH, or 'match' in the configuration."
    )?;
    Ok(())
}

/// Prints the columns there are.
pub(super) fn list_fields(out: &mut dyn Write) -> Result<()> {
    for field in FIELDS {
        writeln!(out, "{:<14} {}", field.id, field.help)?;
    }
    Ok(())
}
