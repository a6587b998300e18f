use std::collections::BTreeSet;
use std::io::Write;
use std::process::ExitCode;

use agtop_clients::{HookDialect, client};
use agtop_collect::Collector;
use agtop_format::sink::plain;
use agtop_format::units;
use agtop_hooks::{RefusedCounts, SpoolAccess};
use agtop_model::{ClientHealth, ClientId, Issue, Snapshot, SourcePosition, StoreHealth};
use anyhow::Result;

use crate::plan::Doctor;
use crate::progress;

/// More issues than this a person does not read.
const SHOWN_ISSUES: usize = 20;

/// Prints how well each client's files could be read. Exit 1 if something was lost.
pub(super) fn run(doctor: Doctor, out: &mut dyn Write) -> Result<ExitCode> {
    writeln!(out, "agtop {}, prices: {}", env!("CARGO_PKG_VERSION"), doctor.book.describe())?;
    let mut collector = Collector::new(doctor.settings, agtop_os::native(), doctor.book);
    // As a hook would find them: who listens closes a directory that is open.
    let setbacks = doctor.hooks.unusable();
    super::hear(&mut collector, &doctor.hooks, SpoolAccess::Peek);
    let snapshot = progress::shown(collector.progress_reporter(), || collector.refresh());
    for health in &snapshot.health.clients {
        report(health, &snapshot, out)?;
    }
    for issue in &snapshot.health.ledger {
        writeln!(out, "\nledger: {}", line(issue))?;
    }
    for setback in setbacks.iter().map(ToString::to_string) {
        let now = if snapshot.health.hooks.contains(&setback) { "" } else { "; it is closed to others now" };
        writeln!(out, "\nhooks: {}{now}", plain(&setback))?;
    }
    if let Some(refused) = collector.refused().filter(|refused| *refused != RefusedCounts::default()) {
        writeln!(out, "\nhooks: of what agents pushed was refused: {}", refusals(refused))?;
    }
    let is_degraded = snapshot.health.is_degraded();
    writeln!(out, "\n{}", if is_degraded { "degraded: some records are missing from the figures" } else { "healthy" })?;
    Ok(if is_degraded { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn report(health: &ClientHealth, snapshot: &Snapshot, out: &mut dyn Write) -> Result<()> {
    let info = client(health.client.as_str()).map(agtop_clients::Client::info);
    let agents = snapshot.agents.iter().filter(|agent| agent.client == health.client).count();
    writeln!(out, "\n{} ({})", info.map_or("", |info| info.name), health.client)?;
    stores(&health.stores, out)?;
    writeln!(
        out,
        "  {} live, {}, {}, {} counted once",
        agents,
        number(health.sessions, "session"),
        number(health.records, "record"),
        number(health.duplicates, "repeated response")
    )?;
    if !health.versions.is_empty() {
        writeln!(out, "  versions: {}", plain(&health.versions.join(", ")))?;
    }
    let unpriced = unpriced_models(health, snapshot);
    if !unpriced.is_empty() {
        writeln!(out, "  without a price: {}", plain(&unpriced.into_iter().collect::<Vec<_>>().join(", ")))?;
    }
    for issue in health.issues.iter().take(SHOWN_ISSUES) {
        writeln!(out, "  {}", line(issue))?;
    }
    let more = health.issues_total.saturating_sub(health.issues.len().min(SHOWN_ISSUES) as u64);
    if more > 0 {
        writeln!(out, "  … and {more} more")?;
    }
    if health.stores.iter().any(|store| store.exists) {
        for note in hook_notes(health.client) {
            writeln!(out, "  hooks: {note}")?;
        }
    }
    // What lies on a vendor's servers is missed most where nothing of it lies here.
    if health.sessions > 0 || agents > 0 || health.stores.iter().any(|store| store.exists) {
        for blind_spot in info.map_or(&[][..], |info| info.blind_spots) {
            writeln!(out, "  cannot be known: {blind_spot}")?;
        }
    }
    Ok(())
}

/// A line for each place, and one for all those of a kind in which there is nothing: of clients that keep their files
/// where they are used, every directory of an agent is such a place.
fn stores(stores: &[StoreHealth], out: &mut dyn Write) -> Result<()> {
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
        let are_told = if empty.len() == 1 { &empty[..] } else { &[] };
        for place in used.iter().chain(are_told) {
            writeln!(out, "  {layout:<24} {}: {}", plain(&place.root.to_string_lossy()), found(place))?;
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

/// `1 file`, `2,000 files`.
fn number(n: u64, what: &str) -> String {
    format!("{} {}", units::grouped(n), units::noun(n, what))
}

fn found(store: &StoreHealth) -> String {
    if store.exists {
        format!("{}, {}", number(store.files, "file"), units::bytes(store.bytes))
    } else {
        "not there".to_owned()
    }
}

/// What is to be known of a client's hooks, and what of them is not confirmed.
fn hook_notes(id: ClientId) -> Vec<&'static str> {
    let dialect = client(id.as_str()).and_then(agtop_clients::Client::hooks);
    let unconfirmed = agtop_clients::UNCONFIRMED.iter().filter(|(name, _)| *name == id.as_str());
    let notes = dialect.map_or(&[][..], HookDialect::notes).iter().copied();
    notes.chain(unconfirmed.map(|(_, why)| *why)).collect()
}

/// What was refused, and why; what was not is not told.
fn refusals(refused: RefusedCounts) -> String {
    let counts = [
        (refused.damaged, "damaged or without meaning"),
        (refused.too_long, "too long, but for what agtop uses"),
        (refused.too_many, "too many at a time"),
        (refused.duplicates, "told before"),
        (refused.foreign, "of other users"),
        (refused.planted, "put there by other users, and removed"),
    ];
    let told = counts.into_iter().filter(|(count, _)| *count > 0);
    told.map(|(count, why)| format!("{} {why}", units::grouped(count))).collect::<Vec<_>>().join(", ")
}

/// Models that were used and have no price.
fn unpriced_models(health: &ClientHealth, snapshot: &Snapshot) -> BTreeSet<String> {
    let of_client = snapshot.totals.by_day.iter().filter(|cell| cell.client == health.client);
    let unpriced = of_client.filter(|cell| cell.spend.spend.unknown_turns > 0);
    unpriced.map(|cell| cell.spend.model.as_deref().unwrap_or("(not named)").to_owned()).collect()
}

/// An issue in one line: kind, file with place, reason.
pub(super) fn line(issue: &Issue) -> String {
    let place = match issue.place {
        None => String::new(),
        Some(SourcePosition::Byte(offset)) => format!(", byte {offset}"),
        Some(SourcePosition::Entry(entry)) => format!(", entry {entry}"),
        Some(SourcePosition::Row { table, rowid }) => format!(", {table} row {rowid}"),
    };
    format!("{}: {}{place}: {}", issue.kind.as_str(), plain(&issue.path.to_string_lossy()), plain(&issue.detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Aider's history was listed once for each of 14 directories in which agents were at work, two of them twice.
    #[test]
    fn directories_without_a_history_are_one_line_and_no_place_is_listed_twice() {
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
        stores(&all, &mut out).unwrap();
        let told = String::from_utf8(out).unwrap();
        let lines: Vec<Vec<&str>> = told.lines().map(|line| line.split_whitespace().collect()).collect();
        let [shop, none, log] = &lines[..] else { panic!("{told}") };
        assert_eq!(shop[..4], ["history", "/shop:", "1", "file,"]);
        assert_eq!(none.join(" "), "history none in 12 more directories");
        assert_eq!(log[..4], ["log", "/logs:", "0", "files,"]);
    }
}
