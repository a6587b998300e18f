use std::io::Write;
use std::time::Instant;

use agtop_collect::Collector;
use anyhow::Result;
use tracing::info;

use crate::plan::Show;
use crate::progress;

/// Prints as many snapshots as were asked for.
pub(super) fn run(show: Show, out: &mut dyn Write) -> Result<()> {
    let mut collector = Collector::new(show.settings, agtop_os::native(), show.book);
    for round in 0..show.iterations {
        if round > 0 {
            std::thread::sleep(show.interval);
            write!(out, "{}", show.divider)?;
        }
        let started = Instant::now();
        let snapshot = progress::shown(collector.watch(), || collector.refresh());
        info!(sessions = snapshot.sessions.len(), agents = snapshot.agents.len(), took = ?started.elapsed(), "snapshot");
        for (client, issue) in snapshot.health.issues() {
            tracing::warn!(%client, path = ?issue.path, place = ?issue.place, kind = issue.kind.as_str(), "{}", issue.detail);
        }
        show.surface.write(&snapshot, &show.view, out)?;
        out.flush()?;
    }
    // The operating system takes the memory back faster than we would give it back piece by piece.
    std::mem::forget(collector);
    Ok(())
}
