//! The trait that every client implements.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use agtop_model::{ClientId, ProcessRole};

use crate::decode::{DecodeError, Decoder, Source};
use crate::env::Env;
use crate::facts::ProcFacts;
use crate::hooks::HookDialect;
use crate::knowledge::Knowledge;
use crate::signature::ProcessSignature;
use crate::store::Store;

/// An agent program: where it writes, what it writes, and how its processes are recognised.
pub trait Client: Sync {
    /// Its names and capabilities.
    fn info(&self) -> &'static ClientInfo;

    /// The signature of its processes.
    fn signature(&self) -> &'static ProcessSignature;

    /// The role of a process, identified by its executable, script or package, never by words on its command line.
    fn recognise(&self, process: &ProcFacts<'_>) -> Option<ProcessRole> {
        self.signature().role(process)
    }

    /// The stores where its files may be, most trusted first. They need not exist.
    fn stores(&self, env: &Env) -> Vec<Store>;

    /// Files that list further stores. They need not exist.
    fn indexes(&self, _: &Env) -> Vec<PathBuf> {
        Vec::new()
    }

    /// The stores in the text of one of its [`indexes`](Self::indexes).
    ///
    /// # Errors
    /// If the text is not such a list.
    fn listed_stores(&self, _index: &[u8]) -> Result<Vec<Store>, DecodeError> {
        Ok(Vec::new())
    }

    /// Whether the files directly in a directory, relative to the store's root, are write-once documents: the client writes
    /// each for the last time soon after its creation, and never again in a way that changes a figure.
    fn is_write_once(&self, _store: &Store, _directory: &Path) -> bool {
        false
    }

    /// A decoder for one file of one of its stores.
    fn decoder(&self, store: &Store, source: &Source<'_>) -> Box<dyn Decoder>;

    /// The client's name for a directory in the paths of its files; `None` if the client has no such name. The name
    /// depends on the directory alone, and the client may record nowhere which directory it is.
    fn project_name(&self, _directory: &Path) -> Option<Arc<str>> {
        None
    }

    /// The session id on the command line, as in `--resume ID`.
    fn session_argument(&self, process: &ProcFacts<'_>) -> Option<String>;

    /// The model on the command line, for clients that record it nowhere else.
    fn model_argument(&self, _: &ProcFacts<'_>) -> Option<String> {
        None
    }

    /// Whether transcripts show when a turn is over, and record a tool call before it has ended.
    fn records_turn_ends(&self) -> bool {
        true
    }

    /// The id of the session whose lock file this is: only the process that works on that session holds the file open.
    fn session_of_lock(&self, _: &Path) -> Option<String> {
        None
    }

    /// The client's hooks, if it has any.
    fn hooks(&self) -> Option<&'static dyn HookDialect> {
        None
    }
}

/// A client's names and what can be known about it.
#[derive(Debug)]
pub struct ClientInfo {
    /// Its id in `--client`, JSON and configuration.
    pub id: ClientId,
    /// Its display name.
    pub name: &'static str,
    /// Other names, including former ones.
    pub aliases: &'static [&'static str],
    /// Flags that let it act without permission. `--option value` is an option with that value, in any spelling.
    pub danger_flags: &'static [&'static str],
    /// What its files contain, by aspect.
    pub knowledge: Knowledge,
    /// What its files do not contain, for `agtop doctor`.
    pub blind_spots: &'static [&'static str],
}
