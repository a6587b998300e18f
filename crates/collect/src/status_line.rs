//! A glimpse at the ledger for those who have no time to look at files: a status line is drawn many times a minute.

use std::path::Path;
use std::time::Duration;

use agtop_clients::clients;
use agtop_ledger::{Ledger, LedgerAccess, LedgerOptions, RateLimitReading};
use agtop_model::{ClientId, FileId, RateLimit, TimeGranularity, Timestamp, UsageTable};

use crate::cache::ledger_cache::{Cached, Worth};
use crate::state::{Lens, World};

/// The ledger, opened in a hurry.
pub struct Glimpse(Ledger);

/// How long to wait for another agtop.
const PATIENCE: Duration = Duration::from_millis(20);
/// A ledger that nobody has written for longer does not know the day.
const FRESH: Duration = Duration::from_mins(10);

impl Glimpse {
    /// Opens the ledger, if there is one and nothing is wrong with it.
    pub fn open(path: &Path, now: Timestamp) -> Option<Self> {
        let ids: Vec<ClientId> = clients().map(|client| client.info().id).collect();
        let opening = LedgerOptions { path, clients: &ids, now, busy_timeout: PATIENCE };
        let opened = path.exists().then(|| Ledger::open(&opening).ok()).flatten()?;
        Some(Self(opened.ledger))
    }

    /// Every response since then that is remembered; `None` where nobody has written lately, so that what is remembered
    /// may be far from all.
    pub fn usage_since(&self, since: Timestamp, lens: Lens, now: Timestamp) -> Option<UsageTable> {
        let written = self.0.written_at().ok()??;
        if now.since(written) > FRESH {
            return None;
        }
        let mut world = World::new(now, lens);
        let mut files = (0..).map(FileId);
        self.0
            .for_each_summary_since(since, |memory, modified| {
                if let Some(file) = files.next() {
                    world.recall(Cached { file, modified, worth: Worth::Gone }, &memory);
                }
            })
            .ok()?;
        Some(world.usage_table(now, TimeGranularity::Response))
    }

    /// Writes down how much of a client's allowances is used.
    pub fn note_limits(&mut self, client: ClientId, limits: Vec<RateLimit>, at: Timestamp) {
        if limits.is_empty() || self.0.access() != LedgerAccess::Write {
            return;
        }
        let readings: Vec<RateLimitReading> =
            limits.into_iter().map(|limit| RateLimitReading { client, at, limit }).collect();
        // The next status line says it again.
        let _ = self.0.batch().and_then(|mut batch| {
            batch.append_limits(&readings)?;
            batch.commit()
        });
    }
}
