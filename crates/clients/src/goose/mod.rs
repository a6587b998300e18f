//! Goose: a database with a ledger of requests since schema 15, with running totals before, and JSON lines before that.
//!
//! Source for layout and meaning: Goose's code (`session_manager.rs`, `legacy.rs`), checked against a database of
//! schema 5.

mod content;
mod counts;
mod database;
mod id;
mod legacy;
mod outside_ledger;

use std::path::{Path, PathBuf};

use self::id::ID;
use crate::signature::ProcessSignature;
use crate::store::{file_name, has_extension};
use crate::{
    Client, ClientInfo, Decoder, Env, Format, Knowledge, Known, Presence, ProcFacts, Source, Store, Table, TableContent,
};

/// Goose.
pub(crate) struct Goose;

static INFO: ClientInfo = ClientInfo {
    id: ID,
    name: "Goose",
    aliases: &["block-goose"],
    danger_flags: &[],
    knowledge: Knowledge {
        tokens: Known::Yes,
        cost: Known::Yes,
        cache: Known::Partly("since schema 15"),
        context: Known::Yes,
        tools: Known::Yes,
        subagents: Known::Yes,
        ..Knowledge::NONE
    },
    blind_spots: &[
        "Before schema 15 a session has one running total: all it used falls on the day it began.",
        "Files of before the database name no model, so that their cost is unknown.",
        "Whether cached tokens are part of the input is not written down: they are taken to be, unless the total objects.",
        "A forked session copies messages without a word of it: its prompts and tools count again, its usage does not.",
    ],
};

/// The ledger comes first: usage of a session beyond its ledger counts as one more response.
static TABLES: &[Table] = &[
    Table { name: "usage_ledger", columns: database::LEDGER, filter: None, holds: TableContent::Records },
    Table { name: "sessions", columns: database::SESSIONS, filter: None, holds: TableContent::Records },
    Table { name: "messages", columns: database::MESSAGES, filter: None, holds: TableContent::Records },
];

static SIGNATURE: ProcessSignature = ProcessSignature {
    programs: &["goose", "block-goose"],
    helper_prefixes: &["goosed"],
    // Servers for other front ends, and commands without a conversation.
    helper_subcommands: &[
        "web",
        "acp",
        "serve",
        "mcp",
        "configure",
        "info",
        "recipe",
        "schedule",
        "sched",
        "gateway",
        "update",
        "doctor",
        "bench",
        "completion",
        "local-models",
    ],
    valued_options: &[],
    is_other_product: is_about_migrations,
    ..ProcessSignature::NONE
};

/// Subcommands with a conversation.
const CONVERSATION_SUBCOMMANDS: &[&str] = &["session", "s", "run", "project", "p", "projects", "ps", "tui"];

/// Pressly's tool for database migrations has the same name. It is always called with a driver or a verb such as `up`,
/// which are not subcommands of Goose.
fn is_about_migrations(process: &ProcFacts<'_>) -> bool {
    let word = SIGNATURE.subcommand(process);
    word.is_some_and(|word| !CONVERSATION_SUBCOMMANDS.contains(&word) && !SIGNATURE.helper_subcommands.contains(&word))
}

impl Client for Goose {
    fn info(&self) -> &'static ClientInfo {
        &INFO
    }

    fn signature(&self) -> &'static ProcessSignature {
        &SIGNATURE
    }

    fn stores(&self, env: &Env) -> Vec<Store> {
        let named = env.dir("GOOSE_PATH_ROOT").map(|root| (root.join("data"), Presence::Named));
        let roaming = env.dir("APPDATA").unwrap_or_else(|| env.home.join("AppData/Roaming"));
        let support = env.home.join("Library/Application Support");
        let usual = [
            env.data_home().join("goose"),
            env.data_home().join("Block/goose"),
            support.join("goose"),
            support.join("Block/goose"),
            roaming.join("Block/goose/data"),
            env.config_home().join("goose"),
        ];
        let usual = usual.into_iter().map(|data| (data, Presence::Usual));
        named.into_iter().chain(usual).flat_map(|(data, presence)| stores_below(&data, presence)).collect()
    }

    fn decoder(&self, store: &Store, source: &Source<'_>) -> Box<dyn Decoder> {
        match store.format {
            Format::Sqlite(_) => Box::new(database::Database::new(source)),
            Format::Lines | Format::Document => Box::new(legacy::Lines::new(source)),
        }
    }

    /// `--name` takes any name; only one with the shape of an id is used.
    fn session_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        let given = [&["--session-id", "--id"], &["--name", "-n"]];
        given.iter().find_map(|names| process.option(*names).filter(|value| is_session_id(value))).map(str::to_owned)
    }
}

/// The database comes first: it contains what it imported from the files.
fn stores_below(data: &Path, presence: Presence) -> [Store; 2] {
    let root: PathBuf = data.join("sessions");
    let database = Store {
        root: root.clone(),
        layout: "database",
        depth: 1,
        accepts: |path| file_name(path) == "sessions.db",
        format: Format::Sqlite(TABLES),
        presence,
    };
    let lines = Store {
        root,
        layout: "sessions",
        depth: 1,
        accepts: |path| has_extension(path, "jsonl"),
        format: Format::Lines,
        presence: Presence::Usual,
    };
    [database, lines]
}

/// Ids are a day and a number, or formerly a day and a time of day: `20250612_7`, `20250612_143022`.
fn is_session_id(text: &str) -> bool {
    text.split_once('_').is_some_and(|(day, number)| {
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        day.len() == 8 && is_number(day) && is_number(number)
    })
}

#[cfg(test)]
mod tests {
    use agtop_model::ProcessRole;

    use super::*;
    use crate::testing::{home, process};

    fn role(argv: &[&str]) -> Option<ProcessRole> {
        Goose.recognise(&ProcFacts::new(&process("goose", argv, "-")))
    }

    #[test]
    fn conversations_are_agents_and_hosts_are_helpers() {
        assert_eq!(role(&["goose"]), Some(ProcessRole::Agent));
        assert_eq!(role(&["/usr/local/bin/goose", "session", "--resume"]), Some(ProcessRole::Agent));
        assert_eq!(role(&["goose.exe", "run", "-t", "up"]), Some(ProcessRole::Agent));
        assert_eq!(role(&["goose", "acp"]), Some(ProcessRole::Helper));
        assert_eq!(role(&["goose", "mcp", "developer"]), Some(ProcessRole::Helper));
        assert_eq!(role(&["/opt/Goose/resources/bin/goosed", "agent"]), Some(ProcessRole::Helper));
    }

    #[test]
    fn the_tool_for_database_migrations_is_not_goose() {
        assert_eq!(role(&["goose", "up"]), None);
        assert_eq!(role(&["goose", "-dir", "migrations", "postgres", "user=me", "status"]), None);
        assert_eq!(role(&["goose", "sqlite3", "./my.db", "down"]), None);
        assert_eq!(role(&["goose", "create", "add_table", "sql"]), None);
    }

    #[test]
    fn a_process_that_only_mentions_goose_is_not_goose() {
        assert_eq!(role(&["vim", "goose"]), None);
        assert_eq!(role(&["mongoose", "session"]), None);
    }

    #[test]
    fn a_name_on_the_command_line_is_an_id_only_if_it_looks_like_one() {
        let named = |argv: &[&str]| Goose.session_argument(&ProcFacts::new(&process("goose", argv, "-")));
        assert_eq!(named(&["goose", "session", "-r", "--session-id", "20261120_12"]).as_deref(), Some("20261120_12"));
        assert_eq!(named(&["goose", "session", "-r", "--name=20250612_143022"]).as_deref(), Some("20250612_143022"));
        assert_eq!(named(&["goose", "session", "-n", "nest"]), None);
        assert_eq!(named(&["goose", "session", "-n", "2026112_1"]), None);
    }

    #[test]
    fn a_configured_root_must_exist() {
        let mut env = home();
        env.vars.insert("GOOSE_PATH_ROOT".into(), "/g".into());
        let stores = Goose.stores(&env);
        assert_eq!((&*stores[0].root, stores[0].presence), (Path::new("/g/data/sessions"), Presence::Named));
        assert!((stores[0].accepts)(Path::new("sessions.db")) && !(stores[0].accepts)(Path::new("sessions.db-wal")));
    }

    /// Some documents name `~/.config/goose/sessions` as a place of old sessions, but it was not searched.
    #[test]
    fn sessions_below_the_configuration_are_found() {
        let path = Path::new("/home/u/.config/goose/sessions/20250612_143022.jsonl");
        let accepts = |store: &Store| path.strip_prefix(&store.root).is_ok_and(|relative| (store.accepts)(relative));
        assert!(Goose.stores(&home()).iter().any(accepts));
    }
}
