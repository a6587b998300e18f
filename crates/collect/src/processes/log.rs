//! What the log says about processes: which were recognised, by which rule, and which have a row.
//!
//! No command line is logged, since it may hold a prompt: only what clients are recognised by.

use std::borrow::Cow;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

use agtop_clients::ProcFacts;
use agtop_model::{ClientId, Gap, ProcId, Process, Reading};
use tracing::{debug, trace, warn};

use super::process_tree::ClientRole;
use crate::change_log::{ChangeLog, is_debug_enabled};

/// Logs what a process was recognised as. Called once for each program that a process runs.
pub(crate) fn log_role(process: &Process, role: Option<ClientRole>) {
    if !is_debug_enabled() {
        return;
    }
    let pid = process.id.pid;
    if process.argv.is_empty() && process.exe == Err(Gap::NotReported) {
        return trace!(pid, name = ?process.name, "process: not an agent; no program: a kernel thread or a zombie");
    }
    let facts = ProcFacts::new(process);
    let (program, executable) = (first_word(facts.program()), path_text(&process.exe));
    let script = facts.script();
    match role {
        Some((client, role)) => {
            let (decided_by, cwd) = (rule_of(process, script), path_text(&process.cwd));
            debug!(pid, %client, ?role, rule = decided_by, ?program, %executable, ?script, %cwd, "process: identified as an agent");
        }
        None if process.argv.is_empty() => {
            debug!(pid, %executable, "process: not an agent; its command line cannot be read, or it has exited");
        }
        None => debug!(
            pid,
            ?program,
            %executable,
            ?script,
            "process: not an agent; no known program or script name and no user pattern matches"
        ),
    }
}

/// The first word: a process may put what it works on into its own name.
fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
}

/// The rule by which a process was recognised.
fn rule_of(process: &Process, script: Option<&str>) -> &'static str {
    let is_known = |process: &Process| agtop_clients::recognise(process).is_some();
    let without_executable = || Process { exe: Err(Gap::NotReported), ..process.clone() };
    match script {
        _ if !is_known(process) => "pattern",
        Some(_) => "script",
        None if is_known(&without_executable()) && !is_called_as_its_executable(process) => "argv0",
        None => "executable",
    }
}

fn is_called_as_its_executable(process: &Process) -> bool {
    let called = process.argv.first().and_then(|called| Path::new(called.raw()).file_name());
    process.exe.as_ref().is_ok_and(|executable| executable.file_name() == called)
}

/// A path for the log, escaped since its name may be hostile; or why it is not known.
pub(crate) fn path_text(reading: &Reading<PathBuf>) -> Cow<'static, str> {
    match reading {
        Ok(path) => format!("{:?}", path.to_string_lossy()).into(),
        Err(gap) => gap.to_string().into(),
    }
}

/// Why a process that belongs to a client has no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoRow {
    /// agtop started it, or it is a new copy of its parent.
    Hidden,
    /// Its child is the same agent.
    Wrapper,
    /// It works for an agent.
    Helper,
}

/// What was logged last about processes.
#[derive(Debug, Default)]
pub(crate) struct ProcessLog {
    rows: ChangeLog<ProcId, Option<NoRow>>,
    table: ChangeLog<(), String>,
}

impl ProcessLog {
    /// Logs which of the clients' processes have a row, and why the others have none.
    pub(crate) fn note<'a>(&mut self, processes: impl Iterator<Item = (&'a Process, ClientId, Option<NoRow>)>) {
        if !is_debug_enabled() {
            return;
        }
        let mut seen = HashSet::new();
        for (process, client, no_row) in processes {
            let pid = process.id.pid;
            seen.insert(process.id);
            if self.rows.is_changed(process.id, &no_row) {
                match no_row {
                    None => debug!(pid, %client, "agent: has a row, or one for each of its sessions"),
                    Some(NoRow::Hidden) => {
                        debug!(pid, %client, "agent: no row, agtop started it, or it is a new copy of its parent");
                    }
                    Some(NoRow::Wrapper) => debug!(pid, %client, "agent: no row, its child is the same agent"),
                    Some(NoRow::Helper) => debug!(pid, %client, "agent: no row, it works for an agent"),
                }
            }
        }
        self.rows.retain(|id| {
            let exists = seen.contains(id);
            if !exists {
                debug!(pid = id.pid, "agent: its process has exited, or runs another program");
            }
            exists
        });
    }

    /// Logs that the process table could not be read.
    pub(crate) fn note_table_error(&mut self, error: &agtop_os::OsError) {
        if self.table.is_changed((), &error.to_string()) {
            warn!(%error, "processes: the process table cannot be read");
        }
    }
}
