//! Crush: one database per project.
//!
//! `crush.db` is in the nearest `.crush` directory above the directory in which Crush runs, or in a configured
//! directory; `projects.json` lists them (`internal/projects`). Source for layout and meaning: Crush's code
//! (`internal/db`, `internal/session`, `internal/agent`). It does not store the usage of each response: a session has
//! the tokens of its last step, which show how full the context is, and its whole cost.

mod database;
mod id;
mod parts;
mod projects;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use self::id::ID;
use crate::facts::is_uuid;
use crate::signature::ProcessSignature;
use crate::store::file_name;
use crate::{
    Client, ClientInfo, DecodeError, Decoder, Env, Format, Knowledge, Known, Presence, ProcFacts, Source, Store, Table,
    TableContent,
};

/// Crush.
pub(crate) struct Crush;

static INFO: ClientInfo = ClientInfo {
    id: ID,
    name: "Crush",
    aliases: &[],
    danger_flags: &["--yolo", "-y"],
    knowledge: Knowledge {
        cost: Known::Partly("one sum a session"),
        context: Known::Yes,
        tools: Known::Yes,
        subagents: Known::Yes,
        ..Knowledge::NONE
    },
    blind_spots: &[
        "What responses used is written down nowhere: a session's tokens are those of its last step, its context.",
        "A session has one cost for all its models and days: it falls on the day the session began.",
        "A session that cost nothing was covered by a subscription or had no known price: its cost is unknown.",
        "Projects whose database Crush's list of projects does not name are found only while an agent runs there.",
        "A database outside its project's directory does not say which project it belongs to.",
    ],
};

/// Sessions come first: they show which messages belong to sub-agents.
static TABLES: &[Table] = &[
    Table { name: "sessions", columns: database::SESSIONS, filter: None, holds: TableContent::Records },
    Table { name: "messages", columns: database::MESSAGES, filter: None, holds: TableContent::Records },
];

/// The npm package is a script that starts the program and waits for it, so it is not the agent.
static SIGNATURE: ProcessSignature = ProcessSignature {
    programs: &["crush"],
    // They have no conversation.
    helper_subcommands: &[
        "completion",
        "dirs",
        "help",
        "login",
        "logout",
        "logs",
        "models",
        "projects",
        "schema",
        "server",
        "serve",
        "session",
        "stats",
        "update-providers",
    ],
    valued_options: &["-c", "--cwd", "-D", "--data-dir", "-H", "--host", "-s", "--session", "-m", "--model"],
    ..ProcessSignature::NONE
};

impl Client for Crush {
    fn info(&self) -> &'static ClientInfo {
        &INFO
    }

    fn signature(&self) -> &'static ProcessSignature {
        &SIGNATURE
    }

    fn stores(&self, env: &Env) -> Vec<Store> {
        let named = env.dir("CRUSH_GLOBAL_DATA").map(|root| store(root, Presence::Named));
        let projects: BTreeSet<PathBuf> = env
            .work_dirs
            .iter()
            .flat_map(|directory| directory.ancestors())
            .map(|above| above.join(".crush"))
            .collect();
        let usual = usual_homes(env).chain(projects).map(|root| store(root, Presence::Usual));
        named.into_iter().chain(usual).collect()
    }

    fn indexes(&self, env: &Env) -> Vec<PathBuf> {
        let homes = env.dir("CRUSH_GLOBAL_DATA").into_iter().chain(usual_homes(env));
        homes.map(|home| home.join(projects::INDEX)).collect()
    }

    fn listed_stores(&self, index: &[u8]) -> Result<Vec<Store>, DecodeError> {
        let directories = projects::data_directories(index)?;
        Ok(directories.into_iter().map(|root| store(root, Presence::Listed)).collect())
    }

    fn decoder(&self, _store: &Store, source: &Source<'_>) -> Box<dyn Decoder> {
        Box::new(database::Database::new(source))
    }

    /// `--session` also accepts parts of ids, which do not identify a session.
    fn session_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        process.option(&["-s", "--session"]).filter(|id| is_uuid(id)).map(str::to_ascii_lowercase)
    }
}

/// Where Crush keeps data outside projects.
fn usual_homes(env: &Env) -> impl Iterator<Item = PathBuf> {
    let local = env.dir("LOCALAPPDATA").map(|data| data.join("crush"));
    [Some(env.data_home().join("crush")), local].into_iter().flatten()
}

fn store(root: PathBuf, presence: Presence) -> Store {
    let accepts = |path: &Path| file_name(path) == "crush.db";
    Store { root, layout: "database", depth: 1, accepts, format: Format::Sqlite(TABLES), presence }
}
