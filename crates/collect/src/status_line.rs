//! Usage for a status line, which is drawn many times a minute and has no time to read files.

use std::path::Path;
use std::time::Duration;

use agtop_clients::clients;
use agtop_ledger::{Ledger, LedgerAccess, LedgerOptions};
use agtop_model::{ClientId, FileId, RateLimit, RateLimitReading, TimeGranularity, Timestamp, UsageTable};

use crate::cache::cached_file::{CacheVerdict, CachedFileRef};
use crate::state::{PricingContext, World};

/// The ledger, opened without waiting long.
pub struct StatusLineLedger(Ledger);

/// How long to wait for another agtop that writes the ledger.
const LOCK_TIMEOUT: Duration = Duration::from_millis(20);
/// A ledger that was not written for longer does not contain the usage of the day.
const MAX_LEDGER_AGE: Duration = Duration::from_mins(10);

impl StatusLineLedger {
    /// Opens the ledger; `None` if there is none or it cannot be opened.
    pub fn open(path: &Path, now: Timestamp) -> Option<Self> {
        let ids: Vec<ClientId> = clients().map(|client| client.info().id).collect();
        let opening = LedgerOptions { path, clients: &ids, now, busy_timeout: LOCK_TIMEOUT };
        let opened = path.exists().then(|| Ledger::open(&opening).ok()).flatten()?;
        Some(Self(opened.ledger))
    }

    /// Every response in the ledger since this time; `None` if the ledger was not written recently, so that responses may
    /// be missing.
    pub fn usage_since(&self, since: Timestamp, pricing: PricingContext, now: Timestamp) -> Option<UsageTable> {
        let written = self.0.written_at().ok()??;
        if now.since(written) > MAX_LEDGER_AGE {
            return None;
        }
        let mut world = World::new(now, pricing);
        let mut files = (0..).map(FileId);
        self.0
            .for_each_summary_since(since, |summary, modified| {
                if let Some(file) = files.next() {
                    world.load(CachedFileRef { file, modified, verdict: CacheVerdict::Deleted }, &summary);
                }
            })
            .ok()?;
        Some(world.usage_table(now, TimeGranularity::Response))
    }

    /// Writes readings of the rate limits of a client into the ledger.
    pub fn note_limits(&mut self, client: ClientId, limits: Vec<RateLimit>, at: Timestamp) {
        if limits.is_empty() || self.0.access() != LedgerAccess::Write {
            return;
        }
        let readings: Vec<RateLimitReading> =
            limits.into_iter().map(|limit| RateLimitReading { client, at, limit }).collect();
        // If it fails, the next status line writes them again.
        let _ = self.0.batch().and_then(|mut batch| {
            batch.append_limits(&readings)?;
            batch.commit()
        });
    }
}
