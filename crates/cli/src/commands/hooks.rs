//! `agtop hooks` and `agtop install`: hooks in the settings files of agents.

use std::io::Write;
use std::process::ExitCode;

use agtop_clients::{HookCommand, HookStatus};
use agtop_format::sink::escaped;
use agtop_hooks::settings::{self, SettingsChange, SettingsFileError};
use anyhow::Result;

use crate::plan::{HookTarget, HooksPlan, HooksTask};
use crate::stderr;

/// Works on every settings file of the plan. The exit code is 1 if one of them could not be read or written.
pub(super) fn run(plan: &HooksPlan, out: &mut dyn Write) -> Result<ExitCode> {
    let mut code = ExitCode::SUCCESS;
    for target in &plan.targets {
        if let Err(error) = run_one(plan.task, target, &plan.command, out)? {
            let error = anyhow::Error::new(error);
            stderr::print_message(format_args!("{}: {error:#}", target.client.info().id));
            code = ExitCode::FAILURE;
        }
    }
    if plan.task == HooksTask::Status {
        for (client, reason) in agtop_clients::UNCONFIRMED {
            writeln!(out, "{client}: not supported: {reason}")?;
        }
    }
    Ok(code)
}

/// The clients with a file that has hooks of agtop, of this version or of another one.
pub(super) fn installed_clients(plan: &HooksPlan) -> Vec<&'static str> {
    let status = |target: &HookTarget| settings::status(&target.file, &plan.command);
    let has_hooks = |target: &&HookTarget| matches!(status(target), Ok(HookStatus::Installed | HookStatus::Outdated));
    let mut names: Vec<&str> =
        plan.targets.iter().filter(has_hooks).map(|target| target.client.info().id.as_str()).collect();
    names.dedup();
    names
}

/// Whether any of the files has hooks of agtop, of this version or of another one.
pub(super) fn is_any_installed(plan: &HooksPlan) -> bool {
    !installed_clients(plan).is_empty()
}

/// An error of the outer result ends the command; one of the inner result concerns this file only.
fn run_one(
    task: HooksTask,
    target: &HookTarget,
    command: &HookCommand,
    out: &mut dyn Write,
) -> Result<Result<(), SettingsFileError>> {
    let change = match task {
        HooksTask::Status => return print_status(target, command, out),
        HooksTask::Print | HooksTask::InstallDryRun | HooksTask::Install => settings::install(&target.file, command),
        HooksTask::UninstallDryRun | HooksTask::Uninstall => settings::uninstall(&target.file),
    };
    let change = match change {
        Ok(change) => change,
        Err(error) => return Ok(Err(error)),
    };
    match task {
        HooksTask::Print => {
            // Standard output has only the file, so that it can be redirected or parsed.
            stderr::print_line(format_args!("{}:", change.path.display()));
            write!(out, "{}", escaped(change.after.as_deref().unwrap_or_default()))?;
        }
        HooksTask::InstallDryRun | HooksTask::UninstallDryRun => print_differences(&change, out)?,
        HooksTask::Install | HooksTask::Uninstall | HooksTask::Status => {
            if let Err(error) = change.apply() {
                return Ok(Err(error));
            }
            let verb = if change.is_none() { "unchanged" } else { past_participle(&change) };
            writeln!(out, "{}: {verb} {}", target.client.info().id, change.path.display())?;
        }
    }
    let is_install = matches!(task, HooksTask::Install | HooksTask::InstallDryRun);
    if is_install && !change.is_none() {
        print_notes(target, out)?;
    }
    Ok(Ok(()))
}

fn print_status(
    target: &HookTarget,
    command: &HookCommand,
    out: &mut dyn Write,
) -> Result<Result<(), SettingsFileError>> {
    let status = match settings::status(&target.file, command) {
        Ok(status) => status,
        Err(error) => return Ok(Err(error)),
    };
    let status = match status {
        HookStatus::Absent => "not installed",
        HookStatus::Installed => "installed",
        HookStatus::Outdated => "installed, but outdated: run agtop hooks install",
        HookStatus::Hindered(reason) => reason,
    };
    writeln!(out, "{}: {}: {status}", target.client.info().id, target.file.path.display())?;
    print_notes(target, out)?;
    Ok(Ok(()))
}

/// What the user must know about the hooks of this client.
fn print_notes(target: &HookTarget, out: &mut dyn Write) -> Result<()> {
    for note in target.client.hooks().map_or(&[][..], |hooks| hooks.notes()) {
        writeln!(out, "  {note}")?;
    }
    Ok(())
}

fn past_participle(change: &SettingsChange) -> &'static str {
    match (&change.before, &change.after) {
        (None, _) => "created",
        (_, None) => "removed",
        _ => "changed",
    }
}

/// Prints the lines from the first to the last that differ.
fn print_differences(change: &SettingsChange, out: &mut dyn Write) -> Result<()> {
    if change.is_none() {
        writeln!(out, "{}: no change", change.path.display())?;
        return Ok(());
    }
    let lines = |text: &Option<String>| text.as_deref().unwrap_or_default().lines().map(str::to_owned).collect();
    let (before, after): (Vec<String>, Vec<String>) = (lines(&change.before), lines(&change.after));
    let same = before.iter().zip(&after).take_while(|(old, new)| old == new).count();
    let (old, new) = (before.get(same..).unwrap_or_default(), after.get(same..).unwrap_or_default());
    let tail = old.iter().rev().zip(new.iter().rev()).take_while(|(old, new)| old == new).count();
    writeln!(out, "{}: would be {}, from line {}", change.path.display(), past_participle(change), same + 1)?;
    for line in old.iter().take(old.len() - tail) {
        writeln!(out, "-{line}")?;
    }
    for line in new.iter().take(new.len() - tail) {
        writeln!(out, "+{line}")?;
    }
    Ok(())
}
