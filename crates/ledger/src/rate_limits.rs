//! How much of a rate limit was used when: a series that is kept only where it changes.

use agtop_model::{ClientId, RateLimit, RateLimitReading, RateLimitWindow, Timestamp};
use rusqlite::{Connection, OptionalExtension as _};

use crate::error::LedgerError;
use crate::store::Ledger;

/// Which series of readings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateLimitSeries<'a> {
    /// The client.
    pub client: ClientId,
    /// Its name, such as `codex`.
    pub limit: &'a str,
    /// The length of its window in minutes.
    pub minutes: u32,
}

/// The names of every series: client, allowance, minutes.
pub type RateLimitSeriesId = (ClientId, String, u32);

impl Ledger {
    /// The readings of one series from `since` on, oldest first. Each holds until the next.
    ///
    /// # Errors
    ///
    /// Where the database cannot be read.
    pub fn limits(
        &self,
        series: &RateLimitSeries<'_>,
        since: Timestamp,
    ) -> Result<Vec<(Timestamp, RateLimitWindow)>, LedgerError> {
        let sql = "SELECT at, used, resets_at FROM limits \
             WHERE client = ?1 AND name = ?2 AND minutes = ?3 AND at >= ?4 ORDER BY at";
        let read = || {
            let mut statement = self.database.prepare_cached(sql)?;
            let parameters = (series.client.as_str(), series.limit, series.minutes, since.as_millis());
            let readings = statement.query_map(parameters, |row| {
                let resets_at = row.get::<_, Option<i64>>(2)?.map(Timestamp::from_millis);
                let window = RateLimitWindow { minutes: series.minutes, used_percent: row.get(1)?, resets_at };
                Ok((Timestamp::from_millis(row.get(0)?), window))
            })?;
            readings.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(|error| self.fail(error))
    }

    /// The newest reading of every series.
    ///
    /// # Errors
    ///
    /// Where the database cannot be read.
    pub fn newest_limits(&self) -> Result<Vec<RateLimitReading>, LedgerError> {
        let read = || {
            let sql =
                "SELECT client, name, minutes, used, resets_at, max(at) FROM limits GROUP BY client, name, minutes";
            let mut statement = self.database.prepare_cached(sql)?;
            let mut rows = statement.query([])?;
            let mut newest: Vec<RateLimitReading> = Vec::new();
            while let Some(row) = rows.next()? {
                let name: String = row.get(0)?;
                let Some(client) = self.clients.iter().copied().find(|client| client.as_str() == name) else {
                    continue;
                };
                let (limit, at): (String, _) = (row.get(1)?, Timestamp::from_millis(row.get(5)?));
                let resets_at = row.get::<_, Option<i64>>(4)?.map(Timestamp::from_millis);
                let window = RateLimitWindow { minutes: row.get(2)?, used_percent: row.get(3)?, resets_at };
                let is_same = |known: &&mut RateLimitReading| known.client == client && *known.limit.limit == *limit;
                match newest.iter_mut().find(is_same) {
                    Some(known) => {
                        known.at = known.at.max(at);
                        known.limit.windows.push(window);
                    }
                    None => newest.push(RateLimitReading {
                        client,
                        at,
                        limit: RateLimit { limit: limit.into(), plan: None, windows: vec![window] },
                    }),
                }
            }
            Ok(newest)
        };
        read().map_err(|error: rusqlite::Error| self.fail(error))
    }

    /// Every series that there is.
    ///
    /// # Errors
    ///
    /// Where the database cannot be read.
    pub fn series(&self) -> Result<Vec<RateLimitSeriesId>, LedgerError> {
        let read = || {
            let sql = "SELECT DISTINCT client, name, minutes FROM limits";
            let mut statement = self.database.prepare_cached(sql)?;
            let names = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?)))?;
            names.collect::<rusqlite::Result<Vec<_>>>()
        };
        let names = read().map_err(|error| self.fail(error))?;
        let client = |name: &str| self.clients.iter().copied().find(|client| client.as_str() == name);
        Ok(names.into_iter().filter_map(|(name, limit, minutes)| Some((client(&name)?, limit, minutes))).collect())
    }
}

/// Adds a reading to the series of each of its windows. The order in which readings are added does not matter.
pub(crate) fn append(database: &Connection, reading: &RateLimitReading) -> rusqlite::Result<()> {
    for window in &reading.limit.windows {
        if window.used_percent.is_finite() {
            append_window(database, reading, window)?;
        }
    }
    Ok(())
}

/// When a reading was taken, and what it said.
type StoredReading = Option<(i64, (f64, Option<i64>))>;

fn append_window(database: &Connection, reading: &RateLimitReading, window: &RateLimitWindow) -> rusqlite::Result<()> {
    let at = reading.at.as_millis();
    let value = (window.used_percent, window.resets_at.map(Timestamp::as_millis));
    let series = (reading.client.as_str(), &*reading.limit.limit, window.minutes);
    let neighbour = |sql: &str| {
        let mut statement = database.prepare_cached(sql)?;
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, (row.get(1)?, row.get(2)?)));
        statement.query_row((series.0, series.1, series.2, at), read).optional()
    };
    let before: StoredReading = neighbour(BEFORE)?;
    if before.is_some_and(|(_, before)| before == value) {
        return Ok(());
    }
    let after: StoredReading = neighbour(AFTER)?;
    if let Some((repeated, _)) = after.filter(|(_, after)| *after == value) {
        database.prepare_cached(DELETE)?.execute((series.0, series.1, series.2, repeated))?;
    }
    database.prepare_cached(INSERT)?.execute((series.0, series.1, series.2, at, value.0, value.1))?;
    Ok(())
}

const BEFORE: &str = "SELECT at, used, resets_at FROM limits \
     WHERE client = ?1 AND name = ?2 AND minutes = ?3 AND at <= ?4 ORDER BY at DESC LIMIT 1";
const AFTER: &str = "SELECT at, used, resets_at FROM limits \
     WHERE client = ?1 AND name = ?2 AND minutes = ?3 AND at > ?4 ORDER BY at LIMIT 1";
const DELETE: &str = "DELETE FROM limits WHERE client = ?1 AND name = ?2 AND minutes = ?3 AND at = ?4";
const INSERT: &str =
    "INSERT OR REPLACE INTO limits (client, name, minutes, at, used, resets_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
