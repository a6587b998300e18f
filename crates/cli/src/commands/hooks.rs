use std::io::Write;
use std::process::ExitCode;

use agtop_clients::{HookCommand, HookStatus};
use agtop_format::sink::escaped;
use agtop_hooks::settings::{self, SettingsChange, SettingsFileError};
use anyhow::Result;

use crate::plan::{Hooks, HooksTask, Target};
use crate::stderr;

/// Looks after the hooks in agents' settings. Exit 1 if a file could not be dealt with; the others are all the same.
pub(super) fn run(hooks: &Hooks, out: &mut dyn Write) -> Result<ExitCode> {
    let mut code = ExitCode::SUCCESS;
    for target in &hooks.files {
        if let Err(trouble) = one(hooks.task, target, &hooks.command, out)? {
            let error = anyhow::Error::new(trouble);
            stderr::say(format_args!("{}: {error:#}", target.client.info().id));
            code = ExitCode::FAILURE;
        }
    }
    if hooks.task == HooksTask::Status {
        for (client, why) in agtop_clients::UNCONFIRMED {
            writeln!(out, "{client}: not supported: {why}")?;
        }
    }
    Ok(code)
}

/// Whether any of the files has agtop's hooks in it, of this agtop or of another.
pub(super) fn is_any_installed(hooks: &Hooks) -> bool {
    let status = |target: &Target| settings::status(&target.file, &hooks.command);
    hooks.files.iter().any(|target| matches!(status(target), Ok(HookStatus::Installed | HookStatus::Outdated)))
}

fn one(
    task: HooksTask,
    target: &Target,
    command: &HookCommand,
    out: &mut dyn Write,
) -> Result<Result<(), SettingsFileError>> {
    let change = match task {
        HooksTask::Status => return status(target, command, out),
        HooksTask::Print | HooksTask::TryInstall | HooksTask::Install => settings::install(&target.file, command),
        HooksTask::TryUninstall | HooksTask::Uninstall => settings::uninstall(&target.file),
    };
    let change = match change {
        Ok(change) => change,
        Err(trouble) => return Ok(Err(trouble)),
    };
    match task {
        HooksTask::Print => {
            // What is printed can be piped into a file, or into a program that reads JSON.
            stderr::line(format_args!("{}:", change.path.display()));
            write!(out, "{}", escaped(change.after.as_deref().unwrap_or_default()))?;
        }
        HooksTask::TryInstall | HooksTask::TryUninstall => differences(&change, out)?,
        HooksTask::Install | HooksTask::Uninstall | HooksTask::Status => {
            if let Err(trouble) = change.apply() {
                return Ok(Err(trouble));
            }
            let deed = if change.is_none() { "unchanged" } else { deed(&change) };
            writeln!(out, "{}: {deed} {}", target.client.info().id, change.path.display())?;
        }
    }
    let is_install = matches!(task, HooksTask::Install | HooksTask::TryInstall);
    if is_install && !change.is_none() {
        notes(target, out)?;
    }
    Ok(Ok(()))
}

fn status(target: &Target, command: &HookCommand, out: &mut dyn Write) -> Result<Result<(), SettingsFileError>> {
    let status = match settings::status(&target.file, command) {
        Ok(status) => status,
        Err(trouble) => return Ok(Err(trouble)),
    };
    let status = match status {
        HookStatus::Absent => "not installed",
        HookStatus::Installed => "installed",
        HookStatus::Outdated => "installed, but not as this agtop would: install again",
        HookStatus::Hindered(why) => why,
    };
    writeln!(out, "{}: {}: {status}", target.client.info().id, target.file.path.display())?;
    notes(target, out)?;
    Ok(Ok(()))
}

fn notes(target: &Target, out: &mut dyn Write) -> Result<()> {
    for note in target.client.hooks().map_or(&[][..], |hooks| hooks.notes()) {
        writeln!(out, "  {note}")?;
    }
    Ok(())
}

fn deed(change: &SettingsChange) -> &'static str {
    match (&change.before, &change.after) {
        (None, _) => "created",
        (_, None) => "removed",
        _ => "changed",
    }
}

/// The lines between the first and the last that differ.
fn differences(change: &SettingsChange, out: &mut dyn Write) -> Result<()> {
    if change.is_none() {
        writeln!(out, "{}: no change", change.path.display())?;
        return Ok(());
    }
    let lines = |text: &Option<String>| text.as_deref().unwrap_or_default().lines().map(str::to_owned).collect();
    let (before, after): (Vec<String>, Vec<String>) = (lines(&change.before), lines(&change.after));
    let same = before.iter().zip(&after).take_while(|(old, new)| old == new).count();
    let (old, new) = (before.get(same..).unwrap_or_default(), after.get(same..).unwrap_or_default());
    let tail = old.iter().rev().zip(new.iter().rev()).take_while(|(old, new)| old == new).count();
    writeln!(out, "{}: would be {}, from line {}", change.path.display(), deed(change), same + 1)?;
    for line in old.iter().take(old.len() - tail) {
        writeln!(out, "-{line}")?;
    }
    for line in new.iter().take(new.len() - tail) {
        writeln!(out, "+{line}")?;
    }
    Ok(())
}
