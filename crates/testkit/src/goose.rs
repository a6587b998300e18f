//! Goose: `.local/share/goose/sessions/sessions.db`.

use std::io;

use rusqlite::{Connection, params};

use crate::sqlite::integer;
use crate::{Clock, ExpectedUsage, Home, Stamp, Tokens, sqlite};

/// The client's name in the expected usage.
pub const CLIENT: &str = "goose";

const DATABASE: &str = ".local/share/goose/sessions/sessions.db";

/// Which release made the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// Version 10: a session knows its totals only.
    V10,
    /// Version 15: cached tokens, cost, and a ledger with a row a response.
    V15,
}

const V10: &str = "
CREATE TABLE schema_version (version INTEGER PRIMARY KEY, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE sessions (id TEXT PRIMARY KEY, name TEXT NOT NULL DEFAULT '', description TEXT NOT NULL DEFAULT '',
  user_set_name BOOLEAN DEFAULT FALSE, session_type TEXT NOT NULL DEFAULT 'user', working_dir TEXT NOT NULL,
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  extension_data TEXT DEFAULT '{}', total_tokens INTEGER, input_tokens INTEGER, output_tokens INTEGER,
  accumulated_total_tokens INTEGER, accumulated_input_tokens INTEGER, accumulated_output_tokens INTEGER,
  schedule_id TEXT, recipe_json TEXT, user_recipe_values_json TEXT, provider_name TEXT, model_config_json TEXT);
CREATE TABLE messages (id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT NOT NULL REFERENCES sessions(id),
  role TEXT NOT NULL, content_json TEXT NOT NULL, created_timestamp INTEGER NOT NULL,
  timestamp TIMESTAMP DEFAULT CURRENT_TIMESTAMP, tokens INTEGER, metadata_json TEXT, message_id TEXT);
CREATE INDEX idx_messages_session ON messages(session_id);
CREATE INDEX idx_sessions_updated ON sessions(updated_at DESC);
";

const V15: &str = "
ALTER TABLE sessions ADD COLUMN cache_read_tokens INTEGER;
ALTER TABLE sessions ADD COLUMN cache_write_tokens INTEGER;
ALTER TABLE sessions ADD COLUMN accumulated_cache_read_tokens INTEGER;
ALTER TABLE sessions ADD COLUMN accumulated_cache_write_tokens INTEGER;
ALTER TABLE sessions ADD COLUMN accumulated_cost REAL;
ALTER TABLE sessions ADD COLUMN archived_at TIMESTAMP;
ALTER TABLE sessions ADD COLUMN project_id TEXT;
ALTER TABLE sessions ADD COLUMN parent_session_id TEXT;
CREATE TABLE usage_ledger (id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT NOT NULL, created_timestamp INTEGER
  NOT NULL, model TEXT, input_tokens INTEGER, output_tokens INTEGER, total_tokens INTEGER, cache_read_tokens INTEGER,
  cache_write_tokens INTEGER, cost REAL, cost_source TEXT, is_compaction BOOLEAN DEFAULT FALSE);
CREATE INDEX idx_usage_ledger_session ON usage_ledger(session_id);
";

/// A database under construction.
#[derive(Debug)]
pub struct Database {
    connection: Connection,
    schema: Schema,
    expected: ExpectedUsage,
}

/// Whether a session's responses are in the ledger one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Each is.
    Ledger,
    /// None is: the session is older than the ledger, and only its totals are known.
    Totals,
}

/// A session and its responses.
#[derive(Clone, Copy, Debug)]
pub struct Session<'a> {
    /// Such as `20260401_1`.
    pub id: &'a str,
    /// What it is called.
    pub name: &'a str,
    /// The working directory.
    pub cwd: &'a str,
    /// The session that called for it, if it is a sub-agent.
    pub parent: Option<&'a str>,
    /// The model.
    pub model: &'a str,
    /// What is known of its responses.
    pub detail: Detail,
    /// What it was asked, each time.
    pub prompt: &'a str,
    /// What each response used, a minute apart; cache writes are of the five-minute kind.
    pub responses: &'a [Tokens],
}

impl Database {
    /// A new database.
    pub fn create(home: &Home, schema: Schema) -> io::Result<Self> {
        let connection = sqlite::create(home, DATABASE, V10)?;
        let version = match schema {
            Schema::V10 => 10,
            Schema::V15 => {
                connection.execute_batch(V15).map_err(io::Error::other)?;
                15
            }
        };
        sqlite::insert(&connection, "INSERT INTO schema_version VALUES (?1, '2026-01-01 00:00:00')", [version])?;
        Ok(Self { connection, schema, expected: ExpectedUsage::default() })
    }

    /// Adds a session, all of it on one day.
    pub fn session(&mut self, session: &Session<'_>, mut clock: Clock) -> io::Result<()> {
        if session.parent.is_none() {
            self.expected.session(CLIENT);
        }
        sqlite::begin(&self.connection)?;
        let began = clock.now();
        let mut sum = Tokens::default();
        for &tokens in session.responses {
            sum += tokens;
            clock.advance(crate::MINUTE);
        }
        let last = session.responses.last().copied().unwrap_or_default();
        self.row(session, [began, clock.now()], [last, sum])?;
        let is_in_ledger = self.schema == Schema::V15 && session.detail == Detail::Ledger;
        for (minute, &tokens) in (0..).zip(session.responses) {
            let at = Stamp(began.0 + minute * crate::MINUTE);
            self.messages(session, at)?;
            if is_in_ledger {
                self.ledger(session, at, tokens)?;
                self.expected.response(CLIENT, session.model, at, self.written(tokens));
            }
        }
        if !is_in_ledger {
            let responses = session.responses.len() as u64;
            self.expected.responses_at_once(CLIENT, session.model, began, (responses, self.written(sum)));
        }
        sqlite::commit(&self.connection)
    }

    /// Ends the database and returns its usage.
    pub fn finish(self) -> ExpectedUsage {
        self.expected
    }

    /// What the tables can say of these tokens.
    const fn written(&self, tokens: Tokens) -> Tokens {
        let Tokens { input, cache_read, cache_write_5m, output, .. } = tokens;
        match self.schema {
            Schema::V10 => Tokens {
                input: input + cache_read + cache_write_5m,
                cache_read: 0,
                cache_write_5m: 0,
                cache_write_1h: 0,
                output,
                reasoning_output: 0,
            },
            Schema::V15 => Tokens { input, cache_read, cache_write_5m, cache_write_1h: 0, output, reasoning_output: 0 },
        }
    }

    fn messages(&self, session: &Session<'_>, at: Stamp) -> io::Result<()> {
        let sql = "INSERT INTO messages (session_id, role, content_json, created_timestamp, timestamp, metadata_json) \
                   VALUES (?1, ?2, ?3, ?4, ?5, '{\"userVisible\":true,\"agentVisible\":true}')";
        let prompt = session.prompt;
        for (role, text) in [("user", prompt), ("assistant", "Done.")] {
            let content = format!(r#"[{{"type":"text","text":"{text}"}}]"#);
            let values = params![session.id, role, content, at.seconds(), at.format("%Y-%m-%d %H:%M:%S")];
            sqlite::insert(&self.connection, sql, values)?;
        }
        Ok(())
    }

    /// Input includes cached tokens in Goose, as total = input + output shows.
    fn ledger(&self, session: &Session<'_>, at: Stamp, tokens: Tokens) -> io::Result<()> {
        let (input, output) = (integer(tokens.prompt()), integer(tokens.output));
        let values = params![
            session.id,
            at.seconds(),
            session.model,
            input,
            output,
            input + output,
            integer(tokens.cache_read),
            integer(tokens.cache_write_5m),
        ];
        let sql = "INSERT INTO usage_ledger (session_id, created_timestamp, model, input_tokens, output_tokens, \
                   total_tokens, cache_read_tokens, cache_write_tokens, cost, cost_source) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0.0125, 'estimated')";
        sqlite::insert(&self.connection, sql, values)
    }

    fn row(&self, session: &Session<'_>, [began, ended]: [Stamp; 2], [last, sum]: [Tokens; 2]) -> io::Result<()> {
        let time = |stamp: Stamp| stamp.format("%Y-%m-%d %H:%M:%S");
        let kind = if session.parent.is_some() { "sub_agent" } else { "user" };
        let sql = "INSERT INTO sessions (id, name, session_type, working_dir, created_at, updated_at, total_tokens, \
                   input_tokens, output_tokens, accumulated_total_tokens, accumulated_input_tokens, \
                   accumulated_output_tokens, provider_name, model_config_json) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 'anthropic', ?13)";
        let values = params![
            session.id,
            session.name,
            kind,
            session.cwd,
            time(began),
            time(ended),
            integer(last.prompt() + last.output),
            integer(last.prompt()),
            integer(last.output),
            integer(sum.prompt() + sum.output),
            integer(sum.prompt()),
            integer(sum.output),
            format!(r#"{{"model_name":"{}","context_limit":200000}}"#, session.model),
        ];
        sqlite::insert(&self.connection, sql, values)?;
        if self.schema == Schema::V10 {
            return Ok(());
        }
        let sql = "UPDATE sessions SET cache_read_tokens = ?2, cache_write_tokens = ?3, \
                   accumulated_cache_read_tokens = ?4, accumulated_cache_write_tokens = ?5, \
                   accumulated_cost = ?6, parent_session_id = ?7 WHERE id = ?1";
        let values = params![
            session.id,
            integer(last.cache_read),
            integer(last.cache_write_5m),
            integer(sum.cache_read),
            integer(sum.cache_write_5m),
            0.0125 * session.responses.len() as f64,
            session.parent,
        ];
        sqlite::insert(&self.connection, sql, values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKENS: Tokens =
        Tokens { input: 3, cache_read: 900, cache_write_5m: 40, cache_write_1h: 0, output: 50, reasoning_output: 0 };

    fn database(home: &Home, schema: Schema, detail: Detail) -> Database {
        let mut database = Database::create(home, schema).unwrap();
        let (id, name, cwd, model) = ("20260401_1", "A name", "/home/dev/p", "claude-sonnet-4-6");
        let session =
            Session { id, name, cwd, parent: None, model, detail, prompt: "hi", responses: &[TOKENS, TOKENS] };
        database.session(&session, Clock::at(Stamp(1_775_044_800_000))).unwrap();
        database
    }

    fn number(database: &Database, sql: &str) -> i64 {
        database.connection.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn the_ledger_adds_up_to_the_session() {
        let home = Home::temporary().unwrap();
        let database = database(&home, Schema::V15, Detail::Ledger);
        assert_eq!(number(&database, "SELECT sum(input_tokens) FROM usage_ledger"), 1886);
        assert_eq!(number(&database, "SELECT accumulated_input_tokens FROM sessions"), 1886);
        let expected = database.finish().client(CLIENT);
        assert_eq!(
            (expected.sessions, expected.turns, expected.tokens.input, expected.tokens.cache_read),
            (1, 2, 6, 1800)
        );
    }

    #[test]
    fn version_10_does_not_record_what_was_cached() {
        let home = Home::temporary().unwrap();
        let database = database(&home, Schema::V10, Detail::Ledger);
        assert_eq!(number(&database, "SELECT count(*) FROM sqlite_master WHERE name = 'usage_ledger'"), 0);
        let expected = database.finish().client(CLIENT);
        assert_eq!((expected.turns, expected.tokens.input, expected.tokens.cache_read), (2, 1886, 0));
    }

    #[test]
    fn a_session_older_than_the_ledger_has_no_rows_in_it() {
        let home = Home::temporary().unwrap();
        let database = database(&home, Schema::V15, Detail::Totals);
        assert_eq!(number(&database, "SELECT count(*) FROM usage_ledger"), 0);
        assert_eq!(database.finish().client(CLIENT).tokens.cache_write_5m, 80);
    }
}
