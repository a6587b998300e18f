//! OpenCode: a database since 1.2, a tree of small JSON files before.
//!
//! Source for layout and meaning: OpenCode's code (`session.sql.ts`, `processor.ts`, `@opencode-ai/sdk` 1.19.3),
//! checked against files of 1.0.107 and 1.18.33. Both layouts have the same records with the same ids, and the old
//! files remain after the migration, so a response is found twice and counts once.
//!
//! OpenCode 2 adds its own tables, `session_v2` and `session_message` (`packages/core/src/session/sql.ts` and
//! `projector.ts`, `packages/schema/src/session-message.ts`, read 2026-11-30; its betas had `session_message` with
//! `session`). A migrated message keeps its id. Both generations are read, whichever tables exist.

mod config;
mod database;
mod documents;
mod emit;
pub(crate) mod id;
mod opencode2_message;
mod records;

use std::path::{Path, PathBuf};

use agtop_model::ClientId;

#[cfg(test)]
pub(crate) use self::config::MAX_CONFIG_BYTES;
pub(crate) use self::emit::STOP_ERRORS;
use self::id::ID;
use self::records::ReasoningCount;
use crate::signature::ProcessSignature;
use crate::store::{file_name, has_extension};
use crate::{
    Client, ClientInfo, Decoder, Env, Format, Knowledge, Known, Presence, ProcFacts, Source, Store, Table, TableContent,
};

/// OpenCode.
pub(crate) struct OpenCode;

static INFO: ClientInfo = ClientInfo {
    id: ID,
    name: "OpenCode",
    aliases: &[],
    danger_flags: &["--auto", "--dangerously-skip-permissions"], // the latter in old releases
    knowledge: Knowledge {
        tokens: Known::Yes,
        cost: Known::Yes,
        cache: Known::Yes,
        context: Known::Yes,
        tools: Known::Yes,
        subagents: Known::Yes,
        ..Knowledge::NONE
    },
    blind_spots: &[
        "A response is written down when its step ends: one whose tool was killed or still runs has no usage yet.",
        "Titles are made by a small model, and that response is written down nowhere.",
        "A permission prompt leaves no trace on disk: the tool looks as if it ran.",
        "In the JSON files of releases before 1.2, a forked session's copies of responses count again.",
        "Windows of models that a project's own opencode.json defines are not read, those of the user's own one are.",
        "Old files with several steps in one message name the model in the message alone.",
    ],
};

/// Sessions come first, because parts and messages need their session; then parts, which wait for the message with
/// their model. The filter leaves out the text of conversations. It searches the text, because `json_extract` would
/// fail the whole query on one broken row; quotes within text are escaped, so text cannot match. The messages of
/// OpenCode 2 come last, when it is known which of them were migrated.
pub(crate) static TABLES: &[Table] = &tables(TableContent::Records);

/// The tables of databases next to a configured one: they may be any databases, and need not have these tables.
pub(crate) static NEIGHBOUR_TABLES: &[Table] = &tables(TableContent::Context);

const fn tables(messages: TableContent) -> [Table; 5] {
    let context = TableContent::Context;
    let part = r#"instr(data, '"type":"step-finish"') > 0 OR instr(data, '"type":"tool"') > 0"#;
    [
        Table { name: "session", columns: database::SESSION_COLUMNS, filter: None, holds: context },
        Table { name: "session_v2", columns: database::SESSION_COLUMNS, filter: None, holds: context },
        Table { name: "part", columns: database::PART_COLUMNS, filter: Some(part), holds: context },
        Table { name: "message", columns: database::MESSAGE_COLUMNS, filter: None, holds: messages },
        Table { name: "session_message", columns: database::SESSION_MESSAGE_COLUMNS, filter: None, holds: messages },
    ]
}

static SIGNATURE: ProcessSignature = ProcessSignature {
    programs: &["opencode"],
    node_commands: &["opencode"],
    npm_packages: &["opencode-ai"],
    host_subcommands: &["serve", "web", "acp"],
    helper_subcommands: &[
        "mcp",
        "auth",
        "providers",
        "models",
        "stats",
        "export",
        "import",
        "upgrade",
        "uninstall",
        "completion",
        "agent",
        "session",
        "db",
        "debug",
        "plugin",
        "plug",
    ],
    valued_options: &[
        "-m",
        "--model",
        "-s",
        "--session",
        "-p",
        "--prompt",
        "--agent",
        "--port",
        "--hostname",
        "--log-level",
        "--attach",
        "--dir",
    ],
    ..ProcessSignature::NONE
};

impl Client for OpenCode {
    fn info(&self) -> &'static ClientInfo {
        &INFO
    }

    fn hooks(&self) -> Option<&'static dyn crate::HookDialect> {
        Some(&crate::hooks::OpenCodeHooks)
    }

    fn signature(&self) -> &'static ProcessSignature {
        &SIGNATURE
    }

    fn stores(&self, env: &Env) -> Vec<Store> {
        let data = env.data_home().join("opencode");
        let named = named_database(env, &data);
        let named_root = named.as_deref().and_then(Path::parent);
        let mut stores = Vec::new();
        if let Some(root) = named_root {
            let store = database_store(root.to_owned(), is_database, Presence::Named);
            stores.push(Store { format: Format::Sqlite(NEIGHBOUR_TABLES), ..store });
        }
        if named_root != Some(&*data) {
            stores.push(database_store(data.clone(), is_channel_database, Presence::Usual));
        }
        stores.push(Store {
            root: data.join("storage"),
            layout: STORAGE_LAYOUT,
            depth: 5,
            accepts: documents::is_record,
            format: Format::Document,
            presence: Presence::Usual,
        });
        stores.push(config_store(env.config_home().join("opencode")));
        stores
    }

    fn is_write_once(&self, store: &Store, directory: &Path) -> bool {
        store.layout == STORAGE_LAYOUT && documents::is_write_once(directory)
    }

    fn decoder(&self, store: &Store, source: &Source<'_>) -> Box<dyn Decoder> {
        match store.format {
            Format::Sqlite(_) => Box::new(database::Database::new(ID, ReasoningCount::of_release, source)),
            _ if store.layout == CONFIG_LAYOUT => Box::new(config::Reader::new(ID, source)),
            Format::Lines | Format::Document => Box::new(documents::Document::new(source)),
        }
    }

    fn session_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        let is_fork = process.has_arg("--fork");
        process.option(&["-s", "--session"]).filter(|id| !is_fork && id.starts_with("ses_")).map(str::to_owned)
    }
}

/// The layout of the JSON files of releases before 1.2.
const STORAGE_LAYOUT: &str = "storage";
/// The layout of configurations.
const CONFIG_LAYOUT: &str = "configuration";

/// The user's configuration directory. Those of projects are not read: they would add one store per project.
pub(crate) fn config_store(root: PathBuf) -> Store {
    Store::usual(CONFIG_LAYOUT, root, 1, config::is_config, Format::Document)
}

/// A decoder for a file of a fork of OpenCode, whose version numbers do not show how it counts reasoning.
pub(crate) fn fork_decoder(client: ClientId, store: &Store, source: &Source<'_>) -> Box<dyn Decoder> {
    if store.layout == CONFIG_LAYOUT {
        return Box::new(config::Reader::new(client, source));
    }
    Box::new(database::Database::new(client, |_| ReasoningCount::default(), source))
}

/// The file that `$OPENCODE_DB` names, relative to the data directory; none for a database in memory.
fn named_database(env: &Env, data: &Path) -> Option<PathBuf> {
    env.dir("OPENCODE_DB").filter(|named| *named != *":memory:").map(|named| data.join(named))
}

fn database_store(root: PathBuf, accepts: fn(&Path) -> bool, presence: Presence) -> Store {
    Store { root, layout: "database", depth: 1, accepts, format: Format::Sqlite(TABLES), presence }
}

/// `opencode.db`, or `opencode-CHANNEL.db` of preview releases.
fn is_channel_database(path: &Path) -> bool {
    is_database(path) && file_name(path).starts_with("opencode")
}

/// A user may give the database any name; other databases next to it lack OpenCode's tables and yield no events.
fn is_database(path: &Path) -> bool {
    ["db", "sqlite", "sqlite3"].iter().any(|extension| has_extension(path, extension))
}

#[cfg(test)]
mod tests {
    use agtop_model::ProcessRole;

    use super::*;
    use crate::testing::{home, process};

    fn role(exe: &str, argv: &[&str]) -> Option<ProcessRole> {
        OpenCode.recognise(&ProcFacts::new(&process("x", argv, exe)))
    }

    #[test]
    fn the_program_is_opencode_exe_on_linux_too() {
        let exe = "/usr/lib/node_modules/opencode-ai/bin/opencode.exe";
        assert_eq!(role(exe, &["/usr/bin/opencode", "run", "serve me"]), Some(ProcessRole::Agent));
        assert_eq!(role(exe, &[]), Some(ProcessRole::Agent));
        assert_eq!(role("/usr/bin/node", &["node", "/x/node_modules/opencode-ai/bin/cli"]), Some(ProcessRole::Agent));
    }

    #[test]
    fn a_subcommand_that_serves_is_a_host_and_no_agent() {
        assert_eq!(role("/bin/opencode", &["opencode", "serve", "--port", "1"]), Some(ProcessRole::Host));
        assert_eq!(role("/bin/opencode", &["opencode", "--port", "1", "web"]), Some(ProcessRole::Host));
        assert_eq!(role("/bin/opencode", &["opencode", "-m", "serve", "run", "acp"]), Some(ProcessRole::Agent));
        assert_eq!(role("/usr/bin/node", &["node", "/usr/bin/opencode", "acp"]), Some(ProcessRole::Host));
    }

    #[test]
    fn a_process_that_only_mentions_opencode_is_not_opencode() {
        assert_eq!(role("/usr/bin/vim", &["vim", "opencode"]), None);
        assert_eq!(role("/usr/bin/bash", &["bash", "-c", "opencode run"]), None);
        assert_eq!(role("/usr/bin/node", &["node", "/x/node_modules/opencode-ai-helper/cli.js"]), None);
    }

    #[test]
    fn a_session_on_the_command_line_is_one_with_an_id() {
        let named = |argv: &[&str]| OpenCode.session_argument(&ProcFacts::new(&process("x", argv, "/bin/opencode")));
        assert_eq!(named(&["opencode", "-s", "ses_1"]).as_deref(), Some("ses_1"));
        assert_eq!(named(&["opencode", "run", "--session=ses_1", "x"]).as_deref(), Some("ses_1"));
        assert_eq!(named(&["opencode", "run", "-s", "last"]), None);
    }

    #[test]
    fn a_configured_database_must_exist() {
        let named = |value: &str| {
            let mut env = home();
            env.vars.insert("OPENCODE_DB".into(), value.into());
            OpenCode.stores(&env).into_iter().find(|store| store.presence == Presence::Named).map(|store| store.root)
        };
        assert_eq!(named("/data/mine.db"), Some(PathBuf::from("/data")));
        assert_eq!(named("sub/mine.db"), Some(PathBuf::from("/home/u/.local/share/opencode/sub")));
        assert_eq!(named("mine.db"), Some(PathBuf::from("/home/u/.local/share/opencode")));
        assert_eq!(named(":memory:"), None);
    }

    #[test]
    fn preview_channels_have_separate_databases() {
        assert!(is_channel_database(Path::new("opencode.db")) && is_channel_database(Path::new("opencode-dev.db")));
        assert!(!is_channel_database(Path::new("opencode.db-wal")) && !is_channel_database(Path::new("auth.db")));
    }
}
