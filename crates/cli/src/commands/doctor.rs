//! `agtop doctor`: how well the files of agents can be read.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use agtop_clients::{HookDialect, client};
use agtop_collect::{Collector, LedgerMode};
use agtop_format::sink::plain;
use agtop_format::units;
use agtop_hooks::{RefusedCounts, SpoolAccess};
use agtop_model::{ClientHealth, ClientId, Snapshot, StoreHealth};
use anyhow::Result;

use super::hooks::installed_clients;
use crate::plan::{DoctorPlan, DoctorScope, HooksPlan};
use crate::source_issues::issue_line;
use crate::{collector_setup, progress};

/// The other issues of a client are only counted.
const MAX_SHOWN_ISSUES: usize = 20;

/// Prints a summary, then how well the files of each client could be read. The exit code is 1 if records were lost.
pub(super) fn run(plan: DoctorPlan, out: &mut dyn Write) -> Result<ExitCode> {
    let book = plan.prices.load()?;
    let prices = book.describe();
    let ledger = ledger_summary(&plan.settings.ledger);
    let work_dirs = plan.settings.env.work_dirs.clone();
    let mut collector = Collector::new(plan.settings, agtop_os::native(), book);
    // Before the listener is attached, which restricts access to a directory that others can write to.
    let unusable = plan.hooks.unusable();
    collector_setup::attach_hooks(&mut collector, &plan.hooks, SpoolAccess::Peek);
    let snapshot = progress::with_progress(collector.progress_reporter(), || collector.refresh());
    let clients = &snapshot.health.clients;
    let (present, absent): (Vec<_>, Vec<_>) =
        clients.iter().partition(|health| is_present(health, &snapshot, &work_dirs));
    writeln!(out, "agtop {}, prices: {prices}", env!("CARGO_PKG_VERSION"))?;
    writeln!(out, "agents: {}", agents_summary(&present, &snapshot))?;
    writeln!(out, "read: {}; ledger: {ledger}", read_summary(&present))?;
    writeln!(out, "hooks: {}", hooks_summary(plan.installed_hooks.as_ref()))?;
    let is_degraded = snapshot.health.is_degraded();
    writeln!(out, "health: {}", if is_degraded { DEGRADED } else { HEALTHY })?;
    for health in present {
        print_client(health, &snapshot, plan.scope, out)?;
    }
    if plan.scope == DoctorScope::All {
        absent.into_iter().try_for_each(|health| print_client(health, &snapshot, plan.scope, out))?;
    } else if !absent.is_empty() {
        let noun = if absent.len() < clients.len() { "other agent" } else { "agent" };
        let others = units::counted(absent.len() as u64, noun);
        writeln!(out, "\n{others} without files here: agtop doctor --all lists them, and where agtop looks")?;
    }
    for issue in &snapshot.health.ledger {
        writeln!(out, "\nledger: {}", issue_line(issue))?;
    }
    for problem in unusable.iter().map(ToString::to_string) {
        let repair = if snapshot.health.hooks.contains(&problem) { "" } else { "; only you can write to it now" };
        writeln!(out, "\nhooks: {}{repair}", plain(&problem))?;
    }
    if let Some(refused) = collector.refused().filter(|refused| *refused != RefusedCounts::default()) {
        writeln!(out, "\nhooks: refused events: {}", refusal_counts(refused))?;
    }
    Ok(if is_degraded { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

const HEALTHY: &str = "healthy";
const DEGRADED: &str = "degraded: some records are missing from the figures";

/// Whether the client runs here or has left something. A working directory is there in any case.
fn is_present(health: &ClientHealth, snapshot: &Snapshot, work_dirs: &[PathBuf]) -> bool {
    health.sessions > 0
        || health.issues_total > 0
        || snapshot.agents.iter().any(|agent| agent.client == health.client)
        || health.stores.iter().any(|store| store.files > 0 || (store.exists && !work_dirs.contains(&store.root)))
}

/// `3 running; files of 2 of the 24 that agtop reads: claude, codex`.
fn agents_summary(present: &[&ClientHealth], snapshot: &Snapshot) -> String {
    let known = snapshot.health.clients.len();
    let names: Vec<&str> = present.iter().map(|health| health.client.as_str()).collect();
    let running = format!("{} running", units::grouped(snapshot.agents.len() as u64));
    if names.is_empty() {
        return format!("{running}; none of the {known} that agtop reads has files here");
    }
    format!("{running}; {} of the {known} that agtop reads: {}", names.len(), names.join(", "))
}

/// `101 files (2.3M), 9 sessions, 420 records`.
fn read_summary(present: &[&ClientHealth]) -> String {
    let stores = || present.iter().flat_map(|health| &health.stores);
    let (files, bytes) = (stores().map(|store| store.files).sum(), stores().map(|store| store.bytes).sum());
    let sessions = present.iter().map(|health| health.sessions).sum();
    let records = present.iter().map(|health| health.records).sum();
    format!(
        "{} ({}), {}, {}",
        units::counted(files, "file"),
        units::bytes(bytes),
        units::counted(sessions, "session"),
        units::counted(records, "record")
    )
}

fn ledger_summary(mode: &LedgerMode) -> String {
    match mode {
        LedgerMode::Off => "off".to_owned(),
        LedgerMode::ReadWrite(path) | LedgerMode::DeletedFilesOnly(path) => plain(&path.to_string_lossy()).into_owned(),
    }
}

fn hooks_summary(plan: Option<&HooksPlan>) -> String {
    match plan.map(installed_clients) {
        Some(clients) if !clients.is_empty() => format!("installed for {}", clients.join(", ")),
        Some(_) | None => "none installed; agtop hooks install tells agtop at once who waits for you".to_owned(),
    }
}

fn print_client(health: &ClientHealth, snapshot: &Snapshot, scope: DoctorScope, out: &mut dyn Write) -> Result<()> {
    let info = client(health.client.as_str()).map(agtop_clients::Client::info);
    let agents = snapshot.agents.iter().filter(|agent| agent.client == health.client).count();
    writeln!(out, "\n{} ({})", info.map_or("", |info| info.name), health.client)?;
    print_stores(&health.stores, scope, out)?;
    writeln!(
        out,
        "  {} live, {}, {}, {} counted once",
        agents,
        units::counted(health.sessions, "session"),
        units::counted(health.records, "record"),
        units::counted(health.duplicates, "repeated response")
    )?;
    if !health.versions.is_empty() {
        writeln!(out, "  versions: {}", plain(&health.versions.join(", ")))?;
    }
    let unpriced = unpriced_models(health, snapshot);
    if !unpriced.is_empty() {
        writeln!(out, "  without a price: {}", plain(&unpriced.into_iter().collect::<Vec<_>>().join(", ")))?;
    }
    for issue in health.issues.iter().take(MAX_SHOWN_ISSUES) {
        writeln!(out, "  {}", issue_line(issue))?;
    }
    let more = health.issues_total.saturating_sub(health.issues.len().min(MAX_SHOWN_ISSUES) as u64);
    if more > 0 {
        writeln!(out, "  … and {more} more")?;
    }
    if health.stores.iter().any(|store| store.exists) {
        for note in hook_notes(health.client) {
            writeln!(out, "  hooks: {note}")?;
        }
    }
    // Blind spots such as data on a vendor's servers matter even if there are no files.
    if health.sessions > 0 || agents > 0 || health.stores.iter().any(|store| store.exists) {
        for blind_spot in info.map_or(&[][..], |info| info.blind_spots) {
            writeln!(out, "  not available: {blind_spot}")?;
        }
    }
    Ok(())
}

/// Prints a line for each directory with files, and one for all directories of a kind without any: a client that keeps
/// its files in the working directory has one such directory per agent.
fn print_stores(stores: &[StoreHealth], scope: DoctorScope, out: &mut dyn Write) -> Result<()> {
    let mut kinds: Vec<(&str, Vec<&StoreHealth>)> = Vec::new();
    for store in stores.iter().filter(|store| store.exists || scope == DoctorScope::All) {
        match kinds.iter_mut().find(|(layout, _)| *layout == store.layout) {
            Some((_, places)) if places.iter().any(|place| place.root == store.root) => {}
            Some((_, places)) => places.push(store),
            None => kinds.push((store.layout, vec![store])),
        }
    }
    for (layout, places) in kinds {
        let (used, empty): (Vec<_>, Vec<_>) = places.into_iter().partition(|place| place.files > 0);
        let shown_empty = if empty.len() == 1 { &empty[..] } else { &[] };
        for place in used.iter().chain(shown_empty) {
            writeln!(out, "  {layout:<24} {}: {}", plain(&place.root.to_string_lossy()), store_summary(place))?;
        }
        if empty.len() > 1 {
            writeln!(
                out,
                "  {layout:<24} none in {} {}directories",
                empty.len(),
                if used.is_empty() { "" } else { "more " }
            )?;
        }
    }
    Ok(())
}

fn store_summary(store: &StoreHealth) -> String {
    if store.exists {
        format!("{}, {}", units::counted(store.files, "file"), units::bytes(store.bytes))
    } else {
        "does not exist".to_owned()
    }
}

/// Notes about a client's hooks.
fn hook_notes(id: ClientId) -> Vec<&'static str> {
    let dialect = client(id.as_str()).and_then(agtop_clients::Client::hooks);
    let unconfirmed = agtop_clients::UNCONFIRMED.iter().filter(|(name, _)| *name == id.as_str());
    let notes = dialect.map_or(&[][..], HookDialect::notes).iter().copied();
    notes.chain(unconfirmed.map(|(_, reason)| *reason)).collect()
}

/// The number of refused events for each reason.
fn refusal_counts(refused: RefusedCounts) -> String {
    let counts = [
        (refused.damaged, "damaged or unknown"),
        (refused.too_long, "too long: agtop kept the fields that it uses"),
        (refused.too_many, "beyond the rate limit"),
        (refused.duplicates, "received before"),
        (refused.foreign, "from other users"),
        (refused.planted, "written to the spool by other users, and removed"),
    ];
    let refused = counts.into_iter().filter(|(count, _)| *count > 0);
    refused.map(|(count, reason)| format!("{} {reason}", units::grouped(count))).collect::<Vec<_>>().join(", ")
}

/// The models in use that have no price.
fn unpriced_models(health: &ClientHealth, snapshot: &Snapshot) -> BTreeSet<String> {
    let of_client = snapshot.totals.by_day.iter().filter(|cell| cell.client == health.client);
    let unpriced = of_client.filter(|cell| cell.spend.spend.unknown_turns > 0);
    unpriced.map(|cell| cell.spend.model.as_deref().unwrap_or("(unnamed)").to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Aider's history was listed once for each of 14 directories with agents, and two of these twice.
    #[test]
    fn directories_without_files_share_a_line_and_none_is_listed_twice() {
        let store = |layout, root: &str, files| StoreHealth {
            layout,
            root: root.into(),
            exists: true,
            files,
            bytes: files * 9,
        };
        let mut all: Vec<StoreHealth> = (0..12).map(|n| store("history", &format!("/p/{n}"), 0)).collect();
        all.extend([store("history", "/shop", 1), store("history", "/shop", 1), store("history", "/p/3", 0)]);
        all.push(store("log", "/logs", 0));
        let mut out = Vec::new();
        print_stores(&all, DoctorScope::Present, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        let [shop, none, log] = &lines[..] else { panic!("{text}") };
        assert_eq!(shop[..4], ["history", "/shop:", "1", "file,"]);
        assert_eq!(none.join(" "), "history none in 12 more directories");
        assert_eq!(log[..4], ["log", "/logs:", "0", "files,"]);
    }

    #[test]
    fn a_place_that_is_not_there_is_listed_only_on_request() {
        let store = StoreHealth { layout: "chats", root: "/none".into(), exists: false, files: 0, bytes: 0 };
        let listed = |scope| {
            let mut out = Vec::new();
            print_stores(std::slice::from_ref(&store), scope, &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(listed(DoctorScope::Present), "");
        assert!(listed(DoctorScope::All).contains("/none: does not exist"));
    }
}
