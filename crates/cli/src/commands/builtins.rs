use std::io::Write;

use agtop_clients::{CLIENTS, Client, PROCESS_ONLY, ProcessSignature};
use agtop_model::FIELDS;
use anyhow::Result;

/// How names are compared, for users who miss a process.
const RULE: &str = "
A process is an agent by the name of its executable, else the name that it was called by (argv[0]), else the script
or package that a runtime runs, never by other words on its command line. To a name may be added: .exe, a platform
(codex-linux-x64), a version (codex-0.60.1), and what Nix and Guix make of it (.codex-wrapped, .codex-real).
A wrapper (sudo, npx, a shell) is not an agent; the program it starts is checked separately. agtop itself and its
children are never shown. Add your own with -m LABEL=REGEX, AGTOP_MATCH, or 'match' in the configuration.";

/// What is said of a client that no process is recognised by.
const NO_PROCESS: &str = "editor extension: no process of its own; its sessions are read from files";

/// Prints the agent programs that are recognised, and by what.
pub(super) fn list(out: &mut dyn Write) -> Result<()> {
    CLIENTS.iter().try_for_each(|&client| line(client, out))?;
    writeln!(out, "\nOf these only processes are seen, and no files are read:")?;
    PROCESS_ONLY.iter().try_for_each(|client| line(client, out))?;
    writeln!(out, "{RULE}")?;
    Ok(())
}

fn line(client: &dyn Client, out: &mut dyn Write) -> Result<()> {
    let info = client.info();
    write!(out, "{:<13} {}", info.id, info.name)?;
    if !info.aliases.is_empty() {
        write!(out, ", also called {}", info.aliases.join(", "))?;
    }
    writeln!(out)?;
    let mut matched = matched(client.signature()).peekable();
    if matched.peek().is_none() {
        writeln!(out, "{:<13}   {NO_PROCESS}", "")?;
    }
    for (what, names) in matched {
        writeln!(out, "{:<13}   {what}: {}", "", names.join(", "))?;
    }
    Ok(())
}

/// What a process is told by, and what of it gets no row of its own.
fn matched(signature: &ProcessSignature) -> impl Iterator<Item = (&'static str, Vec<String>)> {
    let installed = signature.installed_in.iter().map(|(directory, name)| format!("{name} below {directory}"));
    let versions = signature.version_directories.iter().map(|directory| format!("a version in {directory}"));
    let scripts = signature.node_commands.iter().map(ToString::to_string);
    let ends = signature.script_ends.iter().map(|end| format!("*{end}"));
    let parts = signature.helper_prefixes.iter().map(|part| format!("{part}*"));
    let own = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    [
        ("executable or argv[0]", own(signature.programs)),
        ("executable", installed.chain(versions).collect()),
        ("title", own(signature.titles)),
        ("run by Node.js, Bun, Deno", scripts.chain(ends).collect()),
        ("npm package", own(signature.npm_packages)),
        ("run by Python", own(signature.python_commands)),
        ("serves sessions to others", own(signature.host_subcommands)),
        (
            "helpers without a row, when this agent started them",
            [parts.collect(), own(signature.tool_names), own(signature.service_titles)].concat(),
        ),
        ("no row, when called with", [own(signature.helper_subcommands), own(signature.server_flags)].concat()),
    ]
    .into_iter()
    .filter(|(_, names): &(_, Vec<String>)| !names.is_empty())
}

/// Prints the columns there are.
pub(super) fn list_fields(out: &mut dyn Write) -> Result<()> {
    for field in FIELDS {
        writeln!(out, "{:<14} {}", field.id, field.help)?;
    }
    Ok(())
}
