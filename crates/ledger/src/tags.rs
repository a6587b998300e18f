//! The user's names for sessions. Only hooks report them, so they are kept for later reports.

use agtop_model::{SessionKey, Timestamp, Untrusted};
use rusqlite::Connection;

use crate::error::{LedgerError, LedgerErrorKind};
use crate::store::Ledger;

/// The user's name for a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionTag {
    /// The session.
    pub session: SessionKey,
    /// Its name, as the agent's environment had it.
    pub text: Untrusted,
    /// When it was reported.
    pub at: Timestamp,
}

impl Ledger {
    /// The newest tags, newest first, at most `most`.
    ///
    /// # Errors
    ///
    /// Where the database cannot be read.
    pub fn tags(&self, most: usize) -> Result<Vec<SessionTag>, LedgerError> {
        let read = || {
            let sql = "SELECT client, session, tag, at FROM tags ORDER BY at DESC, client, session LIMIT ?1";
            let mut statement = self.database.prepare_cached(sql)?;
            let mut rows = statement.query([i64::try_from(most).unwrap_or(i64::MAX)])?;
            let mut tags = Vec::new();
            while let Some(row) = rows.next()? {
                let name: String = row.get(0)?;
                let Some(client) = self.clients.iter().copied().find(|client| client.as_str() == name) else {
                    continue;
                };
                let (session, text): (String, String) = (row.get(1)?, row.get(2)?);
                let at = Timestamp::from_millis(row.get(3)?);
                tags.push(SessionTag { session: SessionKey::new(client, session), text: text.into(), at });
            }
            Ok(tags)
        };
        read().map_err(|kind: LedgerErrorKind| self.fail(kind))
    }
}

/// Keeps a tag, unless a later one is known. The order of writing does not matter.
pub(crate) fn put(database: &Connection, tag: &SessionTag) -> rusqlite::Result<()> {
    let sql = "INSERT INTO tags (client, session, tag, at) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (client, session) DO UPDATE SET tag = excluded.tag, at = excluded.at WHERE excluded.at >= at";
    let parameters = (tag.session.client.as_str(), &*tag.session.id, tag.text.raw(), tag.at.as_millis());
    database.prepare_cached(sql)?.execute(parameters).map(drop)
}

/// Deletes a session's tag.
pub(crate) fn forget(database: &Connection, session: &SessionKey) -> rusqlite::Result<()> {
    let sql = "DELETE FROM tags WHERE client = ?1 AND session = ?2";
    database.prepare_cached(sql)?.execute((session.client.as_str(), &*session.id)).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{CLIENT, minute, opened, record, summary};
    use crate::upkeep::FileSelector;

    fn tag(session: &str, text: &str, at: i64) -> SessionTag {
        SessionTag { session: SessionKey::new(CLIENT, session), text: text.into(), at: minute(at) }
    }

    fn put_all(ledger: &mut Ledger, tags: &[SessionTag]) {
        let mut batch = ledger.batch().unwrap();
        batch.put_tags(tags).unwrap();
        batch.commit().unwrap();
    }

    #[test]
    fn the_newest_tag_is_kept_in_any_order_of_writing() {
        let home = tempfile::tempdir().unwrap();
        let mut ledger = opened(&home.path().join("ledger.db"));
        put_all(&mut ledger, &[tag("a", "new", 5), tag("b", "other", 6), tag("a", "old", 1)]);
        assert_eq!(ledger.tags(9).unwrap(), [tag("b", "other", 6), tag("a", "new", 5)]);
        put_all(&mut ledger, &[tag("a", "newest", 7)]);
        assert_eq!(ledger.tags(1).unwrap(), [tag("a", "newest", 7)]);
    }

    #[test]
    fn a_session_that_is_forgotten_loses_its_tag() {
        let home = tempfile::tempdir().unwrap();
        let mut ledger = opened(&home.path().join("ledger.db"));
        let mut batch = ledger.batch().unwrap();
        batch.put(&record("/a", summary("a", [1]))).unwrap();
        batch.put(&record("/b", summary("b", [2]))).unwrap();
        batch.put_tags(&[tag("a", "gone", 1), tag("b", "kept", 2)]).unwrap();
        batch.commit().unwrap();
        let selector = FileSelector { below: Some("/a".into()), ..FileSelector::default() };
        assert_eq!(ledger.forget(&selector).unwrap(), 1);
        assert_eq!(ledger.tags(9).unwrap(), [tag("b", "kept", 2)]);
    }
}
