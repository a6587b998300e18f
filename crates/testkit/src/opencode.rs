//! `OpenCode`: the tree of JSON files that releases before 1.2 kept in `.local/share/opencode/storage`, and the database
//! `.local/share/opencode/opencode.db` that came after it.

use std::io;

use rusqlite::{Connection, params};

use crate::sqlite::integer;
use crate::{Clock, ExpectedUsage, Home, Rng, Stamp, Tokens, json, sqlite};

/// The client's name in the expected usage.
pub const CLIENT: &str = "opencode";

const ROOT: &str = ".local/share/opencode";

/// The tables that hold sessions, as release 1.18 makes them.
const SCHEMA: &str = "
CREATE TABLE `project` (`id` text PRIMARY KEY, `worktree` text NOT NULL, `vcs` text, `name` text, `icon_url` text,
  `icon_url_override` text, `icon_color` text, `time_created` integer NOT NULL, `time_updated` integer NOT NULL,
  `time_initialized` integer, `sandboxes` text NOT NULL, `commands` text);
CREATE TABLE `session` (`id` text PRIMARY KEY, `project_id` text NOT NULL, `workspace_id` text, `parent_id` text,
  `slug` text NOT NULL, `directory` text NOT NULL, `path` text, `title` text NOT NULL, `version` text NOT NULL,
  `share_url` text, `summary_additions` integer, `summary_deletions` integer, `summary_files` integer,
  `summary_diffs` text, `metadata` text, `cost` real DEFAULT 0 NOT NULL, `tokens_input` integer DEFAULT 0 NOT NULL,
  `tokens_output` integer DEFAULT 0 NOT NULL, `tokens_reasoning` integer DEFAULT 0 NOT NULL,
  `tokens_cache_read` integer DEFAULT 0 NOT NULL, `tokens_cache_write` integer DEFAULT 0 NOT NULL, `revert` text,
  `permission` text, `agent` text, `model` text, `time_created` integer NOT NULL, `time_updated` integer NOT NULL,
  `time_compacting` integer, `time_archived` integer);
CREATE TABLE `message` (`id` text PRIMARY KEY, `session_id` text NOT NULL, `time_created` integer NOT NULL,
  `time_updated` integer NOT NULL, `data` text NOT NULL);
CREATE TABLE `part` (`id` text PRIMARY KEY, `message_id` text NOT NULL, `session_id` text NOT NULL,
  `time_created` integer NOT NULL, `time_updated` integer NOT NULL, `data` text NOT NULL);
CREATE TABLE `todo` (`session_id` text NOT NULL, `content` text NOT NULL, `status` text NOT NULL,
  `priority` text NOT NULL, `position` integer NOT NULL, `time_created` integer NOT NULL,
  `time_updated` integer NOT NULL, CONSTRAINT `todo_pk` PRIMARY KEY(`session_id`, `position`));
CREATE INDEX `message_session_time_created_id_idx` ON `message` (`session_id`,`time_created`,`id`);
CREATE INDEX `part_message_id_id_idx` ON `part` (`message_id`,`id`);
CREATE INDEX `part_session_idx` ON `part` (`session_id`);
";

/// The places where `OpenCode` keeps sessions.
#[derive(Debug)]
pub struct Stores<'h> {
    home: &'h Home,
    database: Connection,
}

impl<'h> Stores<'h> {
    /// Both the tree and the database, the latter empty.
    pub fn create(home: &'h Home) -> io::Result<Self> {
        home.write(format!("{ROOT}/storage/migration"), "2")?;
        Ok(Self { home, database: sqlite::create(home, &format!("{ROOT}/opencode.db"), SCHEMA)? })
    }
}

/// Which of the stores a session is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The tree of an old release.
    Files,
    /// The tree, and after the move to a new release the database too.
    Both,
    /// The database.
    Database,
}

/// What is known when a session opens.
#[derive(Clone, Debug)]
pub struct Opening<'a> {
    /// Where it is kept.
    pub place: Place,
    /// The working directory.
    pub cwd: &'a str,
    /// The session that called for it, if it is a sub-agent.
    pub parent: Option<&'a str>,
    /// The time.
    pub clock: Clock,
    /// The seed of everything else.
    pub rng: Rng,
}

/// One step of an answer: a call of the model. Texts are given as they stand between the quotes of a JSON string.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// What the model used; cache writes are of the five-minute kind.
    pub tokens: Tokens,
    /// What `OpenCode` says it cost, in USD.
    pub cost: f64,
    /// The model's words.
    pub text: &'a str,
    /// What a shell command printed, if one was run.
    pub output: Option<&'a str>,
}

/// A session under construction.
#[derive(Debug)]
pub struct Session<'s, 'h> {
    stores: &'s Stores<'h>,
    place: Place,
    id: String,
    project: String,
    cwd: String,
    parent: Option<String>,
    prompt: String,
    /// When it began, what it cost and what it used.
    began: Stamp,
    cost: f64,
    spent: Tokens,
    model: String,
    expected: ExpectedUsage,
    /// The time, to be moved between calls.
    pub clock: Clock,
    /// What ids are made from.
    pub rng: Rng,
}

impl<'s, 'h> Session<'s, 'h> {
    /// A new session.
    pub fn start(stores: &'s Stores<'h>, opening: Opening<'_>) -> Self {
        let Opening { place, cwd, parent, clock, mut rng } = opening;
        let mut expected = ExpectedUsage::default();
        if parent.is_none() {
            expected.session(CLIENT);
        }
        Self {
            stores,
            place,
            id: identifier("ses", clock, &mut rng),
            project: rng.hex(40),
            cwd: json::escaped(cwd),
            parent: parent.map(str::to_owned),
            prompt: String::new(),
            began: clock.now(),
            cost: 0.0,
            spent: Tokens::default(),
            model: String::new(),
            expected,
            clock,
            rng,
        }
    }

    /// The session's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// A prompt of the user.
    pub fn prompt(&mut self, text: &str) -> io::Result<()> {
        self.prompt = self.identifier("msg");
        let (message, at) = (self.prompt.clone(), self.clock.now().0);
        self.message(&message, &format!(r#""role":"user","time":{{"created":{at}}},"agent":"build""#))?;
        self.part(&message, &format!(r#""type":"text","text":"{text}""#))
    }

    /// An answer of one or more steps. Its message shows the tokens of the last step but the cost of all.
    pub fn answer(&mut self, model: &str, steps: &[Step<'_>]) -> io::Result<()> {
        self.clock.skip_midnight();
        model.clone_into(&mut self.model);
        let (message, created) = (self.identifier("msg"), self.clock.now());
        let (mut shown, mut cost, mut finish) = (String::new(), 0.0, "stop");
        for step in steps {
            self.expected.response(CLIENT, model, created, step.tokens);
            self.spent += step.tokens;
            cost += step.cost;
            (shown, finish) = (self.counts(step.tokens), if step.output.is_some() { "tool-calls" } else { "stop" });
            self.step(&message, step, &format!(r#""reason":"{finish}","cost":{:.6},"tokens":{shown}"#, step.cost))?;
        }
        self.cost += cost;
        let (cwd, prompt, completed) = (&self.cwd, &self.prompt, self.clock.now().0);
        let provider = if model.starts_with("claude") { "anthropic" } else { "openai" };
        let created = created.0;
        let body = format!(
            r#""role":"assistant","time":{{"created":{created},"completed":{completed}}},"parentID":"{prompt}","modelID":"{model}","providerID":"{provider}","mode":"build","path":{{"cwd":"{cwd}","root":"{cwd}"}},"cost":{cost:.6},"tokens":{shown},"finish":"{finish}""#
        );
        self.message(&message, &body)
    }

    /// An answer that was never finished: its usage is not known.
    pub fn abandoned(&mut self, model: &str) -> io::Result<()> {
        let (message, at, counts) = (self.identifier("msg"), self.clock.now().0, self.counts(Tokens::default()));
        let (cwd, prompt) = (&self.cwd, &self.prompt);
        let body = format!(
            r#""role":"assistant","time":{{"created":{at}}},"parentID":"{prompt}","modelID":"{model}","providerID":"anthropic","mode":"build","path":{{"cwd":"{cwd}","root":"{cwd}"}},"cost":0,"tokens":{counts}"#
        );
        self.message(&message, &body)
    }

    /// An entry of the session's plan.
    pub fn todo(&mut self, position: u32, content: &str, status: &str) -> io::Result<()> {
        let (id, at) = (&self.id, self.clock.now().0);
        sqlite::insert(
            &self.stores.database,
            "INSERT INTO todo VALUES (?1, ?2, ?3, 'medium', ?4, ?5, ?5)",
            params![id, content, status, position, at],
        )
    }

    /// Ends the session and returns its usage.
    pub fn finish(mut self, title: &str) -> io::Result<ExpectedUsage> {
        let (id, project, cwd) = (&self.id, &self.project, &self.cwd);
        let (began, now) = (self.began.0, self.clock.now().0);
        if self.place != Place::Database {
            let parent = self.parent.as_ref().map_or_else(String::new, |parent| format!(r#""parentID":"{parent}","#));
            self.file(
                &format!("project/{project}"),
                &format!(r#"{{"id":"{project}","worktree":"{cwd}","vcs":"git","time":{{"created":{began}}}}}"#),
            )?;
            self.file(
                &format!("session/{project}/{id}"),
                &format!(
                    r#"{{"id":"{id}","version":"1.0.107","projectID":"{project}","directory":"{cwd}",{parent}"title":"{title}","time":{{"created":{began},"updated":{now}}}}}"#
                ),
            )?;
        }
        if self.place != Place::Files {
            self.rows(title)?;
        }
        Ok(std::mem::take(&mut self.expected))
    }

    fn rows(&self, title: &str) -> io::Result<()> {
        let database = &self.stores.database;
        let (began, now) = (self.began.0, self.clock.now().0);
        sqlite::insert(
            database,
            "INSERT INTO project (id, worktree, vcs, time_created, time_updated, sandboxes) \
             VALUES (?1, ?2, 'git', ?3, ?4, '[]')",
            params![self.project, self.cwd, began, now],
        )?;
        let Tokens { input, cache_read, cache_write_5m, output, reasoning_output, .. } = self.spent;
        let model = format!(r#"{{"id":"{}","providerID":"anthropic","variant":"default"}}"#, self.model);
        sqlite::insert(
            database,
            "INSERT INTO session (id, project_id, parent_id, slug, directory, title, version, cost, tokens_input, \
             tokens_output, tokens_reasoning, tokens_cache_read, tokens_cache_write, agent, model, time_created, \
             time_updated) VALUES (?1, ?2, ?3, 'nimble-wolf', ?4, ?5, '1.18.33', ?6, ?7, ?8, ?9, ?10, ?11, 'build', \
             ?12, ?13, ?14)",
            params![
                self.id,
                self.project,
                self.parent,
                self.cwd,
                title,
                self.cost,
                integer(input),
                integer(output - reasoning_output),
                integer(reasoning_output),
                integer(cache_read),
                integer(cache_write_5m),
                model,
                began,
                now
            ],
        )
    }

    fn step(&mut self, message: &str, step: &Step<'_>, finish: &str) -> io::Result<()> {
        let snapshot = self.rng.hex(40);
        self.part(message, &format!(r#""type":"step-start","snapshot":"{snapshot}""#))?;
        let (started, text) = (self.clock.now().0, step.text);
        self.part(message, &format!(r#""type":"text","text":"{text}","time":{{"start":{started},"end":{started}}}"#))?;
        self.clock.advance(900);
        let ended = self.clock.now().0;
        if let Some(output) = step.output {
            let call = self.rng.letters(24);
            self.part(message, &format!(
                r#""type":"tool","callID":"toolu_01{call}","tool":"bash","state":{{"status":"completed","input":{{"command":"ls"}},"output":"{output}","title":"ls","metadata":{{"exit":0}},"time":{{"start":{started},"end":{ended}}}}}"#
            ))?;
        }
        self.part(message, &format!(r#""type":"step-finish","snapshot":"{snapshot}",{finish}"#))
    }

    /// Usage in `OpenCode`'s notation; only databases have the total, which shows that reasoning is not part of output.
    fn counts(&self, tokens: Tokens) -> String {
        let Tokens { input, cache_read, cache_write_5m, output, reasoning_output, .. } = tokens;
        let (said, total) = (output - reasoning_output, tokens.prompt() + output);
        let total = if self.place == Place::Database { format!(r#""total":{total},"#) } else { String::new() };
        format!(
            r#"{{{total}"input":{input},"output":{said},"reasoning":{reasoning_output},"cache":{{"read":{cache_read},"write":{cache_write_5m}}}}}"#
        )
    }

    fn message(&self, id: &str, body: &str) -> io::Result<()> {
        let (session, at) = (&self.id, self.clock.now().0);
        if self.place != Place::Database {
            let json = format!(r#"{{"id":"{id}","sessionID":"{session}",{body}}}"#);
            self.file(&format!("message/{session}/{id}"), &json)?;
        }
        if self.place != Place::Files {
            let sql = "INSERT INTO message VALUES (?1, ?2, ?3, ?3, ?4)";
            sqlite::insert(&self.stores.database, sql, params![id, session, at, format!("{{{body}}}")])?;
        }
        Ok(())
    }

    fn part(&mut self, message: &str, body: &str) -> io::Result<()> {
        self.clock.advance(2);
        let id = self.identifier("prt");
        let (session, at) = (&self.id, self.clock.now().0);
        if self.place != Place::Database {
            let json = format!(r#"{{"id":"{id}","sessionID":"{session}","messageID":"{message}",{body}}}"#);
            self.file(&format!("part/{message}/{id}"), &json)?;
        }
        if self.place != Place::Files {
            let sql = "INSERT INTO part VALUES (?1, ?2, ?3, ?4, ?4, ?5)";
            sqlite::insert(&self.stores.database, sql, params![id, message, session, at, format!("{{{body}}}")])?;
        }
        Ok(())
    }

    fn file(&self, name: &str, json: &str) -> io::Result<()> {
        self.stores.home.write(format!("{ROOT}/storage/{name}.json"), json::pretty(json)).map(drop)
    }

    fn identifier(&mut self, kind: &str) -> String {
        identifier(kind, self.clock, &mut self.rng)
    }
}

impl Stores<'_> {
    /// Starts to write many rows at once.
    pub fn begin(&self) -> io::Result<()> {
        sqlite::begin(&self.database)
    }

    /// Ends what [`begin`](Self::begin) started.
    pub fn commit(&self) -> io::Result<()> {
        sqlite::commit(&self.database)
    }
}

/// An id as `OpenCode` makes them: the time, then letters.
fn identifier(kind: &str, clock: Clock, rng: &mut Rng) -> String {
    format!("{kind}_{:012x}{}", (clock.now().0 * 0x1000).unsigned_abs() & 0xffff_ffff_ffff, rng.letters(14))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::fs;

    const TOKENS: Tokens =
        Tokens { input: 3, cache_read: 900, cache_write_5m: 40, cache_write_1h: 0, output: 50, reasoning_output: 20 };

    fn session(home: &Home, place: Place) -> (Stores<'_>, ExpectedUsage) {
        let stores = Stores::create(home).unwrap();
        let clock = Clock::at(Stamp(1_775_044_800_000));
        let opening = Opening { place, cwd: "/home/dev/p", parent: None, clock, rng: Rng::new(1) };
        let mut session = Session::start(&stores, opening);
        let step = Step { tokens: TOKENS, cost: 0.25, text: "ok", output: Some("a") };
        session.prompt("hi").unwrap();
        session.answer("claude-sonnet-4-6", &[step, step]).unwrap();
        session.todo(0, "write", "pending").unwrap();
        let expected = session.finish("A title").unwrap();
        (stores, expected)
    }

    fn messages(stores: &Stores<'_>) -> Vec<Value> {
        let mut query = stores.database.prepare("SELECT data FROM message ORDER BY time_created").unwrap();
        let rows = query.query_map([], |row| row.get::<_, String>(0)).unwrap();
        rows.map(|data| serde_json::from_str(&data.unwrap()).unwrap()).collect()
    }

    #[test]
    fn a_message_shows_its_last_step_and_the_truth_has_all() {
        let home = Home::temporary().unwrap();
        let (stores, expected) = session(&home, Place::Database);
        let answer = messages(&stores).remove(1);
        assert_eq!(answer["tokens"]["total"], 993);
        assert_eq!(answer["tokens"]["output"], 30);
        assert_eq!(answer["cost"], 0.5);
        let expected = expected.client(CLIENT);
        assert_eq!((expected.sessions, expected.turns, expected.tokens.cache_write_5m), (1, 2, 80));
    }

    #[test]
    fn a_moved_session_is_in_both_places_under_the_same_ids() {
        let home = Home::temporary().unwrap();
        let (stores, _) = session(&home, Place::Both);
        let id: String = stores.database.query_row("SELECT id FROM session", [], |row| row.get(0)).unwrap();
        let tree = home.path(format!("{ROOT}/storage/message/{id}"));
        assert_eq!(fs::read_dir(tree).unwrap().count(), messages(&stores).len());
    }

    #[test]
    fn the_database_is_in_wal_mode_with_its_log_beside_it_while_open() {
        let home = Home::temporary().unwrap();
        let (stores, _) = session(&home, Place::Database);
        let log = home.path(format!("{ROOT}/opencode.db-wal"));
        assert!(log.exists());
        drop(stores);
        assert!(!log.exists());
        assert_eq!(fs::read(home.path(format!("{ROOT}/opencode.db"))).unwrap()[18], 2);
    }
}
