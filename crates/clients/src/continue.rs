//! Continue, in editors and as `cn`: `~/.continue/sessions/<uuid>.json`, rewritten as a whole, next to a list of them.
//!
//! `$CONTINUE_GLOBAL_DIR` names another directory. Sessions of `cn` have one running total of their usage; the usage of
//! editors is in `dev_data`, one line per request. Derived from Continue's sources, see `docs/formats/continue.md`.

mod dev_data;
mod id;
mod list;
mod session;
#[cfg(test)]
mod tests;

use std::path::Path;

use agtop_model::SessionKey;

use self::dev_data::EditorRequests;
use self::id::ID;
use self::list::SessionIndex;
use self::session::SessionDocument;
use crate::facts::is_uuid;
use crate::signature::{ModelArgument, ProcessSignature};
use crate::store::{file_name, file_stem, has_extension};
use crate::{Client, ClientInfo, Decoder, Env, Format, Knowledge, Known, Presence, ProcFacts, Source, Store};

/// Continue.
pub(crate) struct Continue;

static INFO: ClientInfo = ClientInfo {
    id: ID,
    name: "Continue",
    aliases: &[],
    danger_flags: &["--auto"],
    knowledge: Knowledge {
        tokens: Known::Partly("a total a session of cn; editors' own estimates"),
        cost: Known::Partly("of editors' requests, by the price list"),
        cache: Known::Partly("with the total"),
        context: Known::Partly("of editors' requests"),
        ..Knowledge::NONE
    },
    blind_spots: &[
        "Sessions of cn have one running total, estimated where a provider reports no usage, and name no model.",
        "What editors use is not written down by session: requests are one session for all, with Continue's own estimates.",
        "Costs are not read: for models that it does not know, Continue writes down an invented price.",
        "Messages have no time of their own: a session is dated by when it was created.",
        "Which tools were called, and whether a turn is over, is not read.",
    ],
};

static SIGNATURE: ProcessSignature = ProcessSignature {
    programs: &["cn", "continue"],
    node_commands: &["cn"],
    npm_packages: &["@continuedev/cli"],
    helper_prefixes: &["continue-binary"],
    helper_subcommands: &["login", "logout", "ls", "help"],
    model: ModelArgument::Option(&["--model"]),
    ..ProcessSignature::NONE
};

impl Client for Continue {
    fn info(&self) -> &'static ClientInfo {
        &INFO
    }

    fn signature(&self) -> &'static ProcessSignature {
        &SIGNATURE
    }

    fn stores(&self, env: &Env) -> Vec<Store> {
        let (home, presence) = match env.dir("CONTINUE_GLOBAL_DIR") {
            Some(home) => (home, Presence::Named),
            None => (env.home.join(".continue"), Presence::Usual),
        };
        let sessions = home.join("sessions");
        let list: fn(&Path) -> bool = |relative| relative == Path::new("sessions.json");
        let requests: fn(&Path) -> bool = |relative| file_name(relative) == "tokensGenerated.jsonl";
        vec![
            Store { presence, ..Store::usual("sessions", sessions.clone(), 1, is_session, Format::Document) },
            Store::usual(INDEX_LAYOUT, sessions, 1, list, Format::Document),
            Store::usual("dev_data", home.join("dev_data"), 2, requests, Format::Lines),
        ]
    }

    fn decoder(&self, store: &Store, source: &Source<'_>) -> Box<dyn Decoder> {
        match store.format {
            Format::Document if store.layout == INDEX_LAYOUT => Box::new(SessionIndex { file: source.file() }),
            Format::Lines => Box::new(EditorRequests::new(source)),
            Format::Document | Format::Sqlite(_) => {
                let session = SessionKey::new(ID, file_stem(source.path));
                Box::new(SessionDocument { file: source.file(), session, modified: source.modified })
            }
        }
    }

    fn session_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        let id = process.option(&["--fork", "--session"])?;
        is_uuid(id).then(|| id.to_owned())
    }

    fn model_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        SIGNATURE.model(process)
    }

    fn records_turn_ends(&self) -> bool {
        false
    }
}

/// The layout of the list of sessions.
const INDEX_LAYOUT: &str = "list of sessions";

/// A session, not the list of them (`sessions.json`).
fn is_session(relative: &Path) -> bool {
    has_extension(relative, "json") && is_uuid(file_stem(relative))
}
