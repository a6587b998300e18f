//! `agtop doctor`: how well the files of agents can be read.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::ExitCode;

use agtop_clients::{HookDialect, client};
use agtop_collect::Collector;
use agtop_format::sink::plain;
use agtop_format::units;
use agtop_hooks::{RefusedCounts, SpoolAccess};
use agtop_model::{ClientHealth, ClientId, Snapshot, StoreHealth};
use anyhow::Result;

use crate::plan::DoctorPlan;
use crate::source_issues::issue_line;
use crate::{collector_setup, progress};

/// The other issues of a client are only counted.
const MAX_SHOWN_ISSUES: usize = 20;

/// Prints how well the files of each client could be read. The exit code is 1 if records were lost.
pub(super) fn run(plan: DoctorPlan, out: &mut dyn Write) -> Result<ExitCode> {
    let book = plan.prices.load()?;
    writeln!(out, "agtop {}, prices: {}", env!("CARGO_PKG_VERSION"), book.describe())?;
    let mut collector = Collector::new(plan.settings, agtop_os::native(), book);
    // Before the listener is attached, which restricts access to a directory that others can write to.
    let unusable = plan.hooks.unusable();
    collector_setup::attach_hooks(&mut collector, &plan.hooks, SpoolAccess::Peek);
    let snapshot = progress::with_progress(collector.progress_reporter(), || collector.refresh());
    for health in &snapshot.health.clients {
        print_client(health, &snapshot, out)?;
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
    let is_degraded = snapshot.health.is_degraded();
    writeln!(out, "\n{}", if is_degraded { "degraded: some records are missing from the figures" } else { "healthy" })?;
    Ok(if is_degraded { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn print_client(health: &ClientHealth, snapshot: &Snapshot, out: &mut dyn Write) -> Result<()> {
    let info = client(health.client.as_str()).map(agtop_clients::Client::info);
    let agents = snapshot.agents.iter().filter(|agent| agent.client == health.client).count();
    writeln!(out, "\n{} ({})", info.map_or("", |info| info.name), health.client)?;
    print_stores(&health.stores, out)?;
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
fn print_stores(stores: &[StoreHealth], out: &mut dyn Write) -> Result<()> {
    let mut kinds: Vec<(&str, Vec<&StoreHealth>)> = Vec::new();
    for store in stores {
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
        print_stores(&all, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        let [shop, none, log] = &lines[..] else { panic!("{text}") };
        assert_eq!(shop[..4], ["history", "/shop:", "1", "file,"]);
        assert_eq!(none.join(" "), "history none in 12 more directories");
        assert_eq!(log[..4], ["log", "/logs:", "0", "files,"]);
    }
}
