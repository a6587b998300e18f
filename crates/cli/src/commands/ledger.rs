//! `agtop ledger`: what agtop keeps of transcripts.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use agtop_clients::clients;
use agtop_collect::Collector;
use agtop_format::sink::JsonEscaper;
use agtop_format::units;
use agtop_ledger::{Ledger, LedgerOptions, LedgerStats};
use agtop_model::{ClientId, Timestamp};
use anyhow::Result;

use crate::plan::{LedgerPlan, LedgerTask};
use crate::{collector_setup, progress, stderr};

/// The exit code of `verify` for a damaged ledger.
const EXIT_DAMAGED: u8 = 1;

/// Prints, checks or changes the ledger.
pub(super) fn run(plan: LedgerPlan, out: &mut dyn Write) -> Result<ExitCode> {
    if matches!(plan.task, LedgerTask::Path) {
        writeln!(out, "{}", plan.path.display())?;
        return Ok(ExitCode::SUCCESS);
    }
    if !plan.path.exists() && !matches!(plan.task, LedgerTask::Rebuild(_)) {
        writeln!(out, "{}: no ledger yet", plan.path.display())?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut ledger = open(&plan.path)?;
    match plan.task {
        LedgerTask::Path => {}
        LedgerTask::Stats => print_stats(&plan.path, ledger.stats()?, out)?,
        LedgerTask::Verify => return verify(&ledger, out),
        LedgerTask::Export => drop(ledger.export(JsonEscaper::new(out))?),
        LedgerTask::Forget(selector) => {
            let files = ledger.forget(&selector)?;
            writeln!(out, "forgot {}", units::counted(files, "file"))?;
        }
        LedgerTask::Rebuild(rebuild) => {
            ledger.forget_present()?;
            drop(ledger);
            let mut collector = Collector::new(rebuild.settings, agtop_os::native(), rebuild.prices.load()?);
            progress::with_progress(collector.progress_reporter(), || collector.read_files());
            collector_setup::finish(&mut collector);
            print_stats(&plan.path, open(&plan.path)?.stats()?, out)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn open(path: &Path) -> Result<Ledger> {
    let ids: Vec<ClientId> = clients().map(|client| client.info().id).collect();
    let now = Timestamp::from_millis(jiff::Timestamp::now().as_millisecond());
    let opened = Ledger::open(&LedgerOptions { path, clients: &ids, now, busy_timeout: LedgerOptions::BUSY_TIMEOUT })?;
    if let Some(notice) = opened.notice {
        stderr::print_message(notice);
    }
    Ok(opened.ledger)
}

fn print_stats(path: &Path, stats: LedgerStats, out: &mut dyn Write) -> Result<()> {
    writeln!(out, "{}", path.display())?;
    for (name, value) in [
        ("files on disk", stats.live),
        ("deleted files", stats.gone),
        ("rewritten files", stats.replaced),
        ("responses", stats.responses),
        ("responses of deleted files", stats.archived_responses),
        ("readings of rate limits", stats.limits),
        ("bytes", stats.bytes),
    ] {
        writeln!(out, "{value:>12}  {name}")?;
    }
    Ok(())
}

fn verify(ledger: &Ledger, out: &mut dyn Write) -> Result<ExitCode> {
    let report = ledger.verify()?;
    for fault in &report.faults {
        writeln!(out, "{fault}")?;
    }
    let verdict =
        if report.is_clean() { "sound".to_owned() } else { units::counted(report.faults.len() as u64, "fault") };
    writeln!(
        out,
        "{}, {}: {verdict}",
        units::counted(report.files, "file"),
        units::counted(report.responses, "response")
    )?;
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::from(EXIT_DAMAGED) })
}
