//! Aider: one chat history per project, and one analytics log if the user enabled it.
//!
//! **If both record the same response, the log counts**: its numbers are exact and have a time, while the history
//! prints them rounded. No id identifies a response in both files, but Aider prints a report and logs the same numbers
//! together, so the log's numbers, rounded as Aider rounds them, are the printed figures. If a log is configured, the
//! n-th report of the same two figures in a history is therefore the coarse record of the n-th such entry of the log
//! ([`ResponseCopy::part_of`](agtop_model::ResponseCopy)). This never counts a response twice and keeps what the history records from
//! before the log existed. It loses only reports that two histories print with the same figures and that the log does
//! not have.

mod analytics;
mod figures;
mod history;
mod id;
#[cfg(test)]
mod tests;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use self::history::HISTORY_FILE;
use self::id::ID;
use crate::signature::ProcessSignature;
use crate::store::{file_name, has_extension};
use crate::{Client, ClientInfo, Decoder, Env, Format, Knowledge, Known, Presence, ProcFacts, Source, Store};

/// Aider.
pub(crate) struct Aider;

static INFO: ClientInfo = ClientInfo {
    id: ID,
    name: "Aider",
    aliases: &[],
    danger_flags: &["--yes-always", "--yes"],
    knowledge: Knowledge {
        tokens: Known::Partly("rounded, and estimates where it streams"),
        cost: Known::Yes,
        cache: Known::Partly("rounded"),
        context: Known::Partly("rounded"),
        ..Knowledge::NONE
    },
    blind_spots: &[
        "with streaming, which is the default, the counts are Aider's own estimates: a large output may be printed as \
         a few tokens; --no-stream is right, but rounded",
        "only the start of a chat has a time: its responses are dated so",
        "times are local: a chat of a machine in another zone is off by as much",
        "there is no index of projects: directories are known from live processes and the configuration",
        "an editor model's responses are booked on the main model, whose report they end up in",
        "a response that hits the token limit is not reported",
        "an analytics log names no directory: the responses in it belong to no project, and those of concurrent \
         programs are not told apart",
    ],
};

/// Chat histories without an analytics log.
const HISTORY_LAYOUT: &str = "chat_history";
/// Chat histories next to an analytics log.
const LOGGED_HISTORY_LAYOUT: &str = "chat_history_beside_analytics";
const ANALYTICS_LAYOUT: &str = "analytics";

static SIGNATURE: ProcessSignature =
    ProcessSignature { programs: &["aider"], python_commands: &["aider", "aider.main"], ..ProcessSignature::NONE };

impl Client for Aider {
    fn info(&self) -> &'static ClientInfo {
        &INFO
    }

    fn signature(&self) -> &'static ProcessSignature {
        &SIGNATURE
    }

    fn stores(&self, env: &Env) -> Vec<Store> {
        let logs = named_files(env, "AIDER_ANALYTICS_LOG");
        let layout = if logs.is_empty() { HISTORY_LAYOUT } else { LOGGED_HISTORY_LAYOUT };
        let history = |root: PathBuf, accepts, presence| store(root, layout, accepts, presence);
        let mut stores: Vec<Store> = parents(&logs)
            .map(|root| store(root, ANALYTICS_LAYOUT, is_log as fn(&Path) -> bool, Presence::Named))
            .chain(
                parents(&named_files(env, "AIDER_CHAT_HISTORY_FILE"))
                    .map(|root| history(root, is_named_history as fn(&Path) -> bool, Presence::Named)),
            )
            .collect();
        stores.extend(env.work_dirs.iter().map(|dir| history(dir.clone(), is_history, Presence::Usual)));
        stores
    }

    fn decoder(&self, store: &Store, source: &Source<'_>) -> Box<dyn Decoder> {
        match store.layout {
            ANALYTICS_LAYOUT => Box::new(analytics::AnalyticsLog::new(source)),
            LOGGED_HISTORY_LAYOUT => Box::new(history::ChatHistory::beside_log(source)),
            _ => Box::new(history::ChatHistory::new(source)),
        }
    }

    /// Aider's chats have no ids.
    fn session_argument(&self, _process: &ProcFacts<'_>) -> Option<String> {
        None
    }
}

fn store(root: PathBuf, layout: &'static str, accepts: fn(&Path) -> bool, presence: Presence) -> Store {
    Store { root, layout, depth: 1, accepts, format: Format::Lines, presence }
}

/// The files that a variable names: one, or for a relative path one in each work directory.
fn named_files(env: &Env, variable: &str) -> Vec<PathBuf> {
    match env.dir(variable) {
        Some(path) if path.is_absolute() => vec![path],
        Some(path) => env.work_dirs.iter().map(|dir| dir.join(&path)).collect(),
        None => Vec::new(),
    }
}

fn parents(files: &[PathBuf]) -> impl Iterator<Item = PathBuf> {
    files.iter().filter_map(|file| file.parent()).map(Path::to_owned)
}

fn is_history(relative: &Path) -> bool {
    relative.as_os_str() == OsStr::new(HISTORY_FILE)
}

/// A store does not know the configured name; a file that is not a chat history yields no events.
fn is_named_history(relative: &Path) -> bool {
    has_extension(relative, "md") || file_name(relative).contains("aider")
}

/// The same for logs: lines that Aider did not write are skipped.
fn is_log(relative: &Path) -> bool {
    ["json", "jsonl", "log", "txt"].iter().any(|extension| has_extension(relative, extension))
        || file_name(relative).contains("analytics")
}
