//! Kilo CLI, a fork of OpenCode: `~/.local/share/kilo/kilo.db` has OpenCode's tables. Derived from its sources, see
//! `docs/formats/kilo.md`.

use std::path::Path;

use agtop_model::ClientId;

use crate::signature::{MODEL_OPTIONS, ProcessSignature};
use crate::store::{file_name, has_extension};
use crate::{Client, ClientInfo, Decoder, Env, Format, Knowledge, Known, Presence, ProcFacts, Source, Store, opencode};

/// Kilo CLI.
pub(crate) struct Kilo;

const ID: ClientId = ClientId::new("kilo");

static INFO: ClientInfo = ClientInfo {
    id: ID,
    name: "Kilo CLI",
    aliases: &["kilocode"],
    danger_flags: &["--auto", "--yolo"],
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
        "Its database is read as OpenCode's, which it was made from; that was not checked against a live one.",
        "A response is written down when its step ends: one whose tool was killed or still runs has no usage yet.",
        "Releases before 1.0 kept files of another kind, which are not read.",
    ],
};

static SIGNATURE: ProcessSignature = ProcessSignature {
    programs: &["kilo", "kilocode"],
    installed_in: &[("@kilocode", "kilo"), (".kilo", "kilo")],
    node_commands: &["kilo", "kilocode"],
    npm_packages: &["@kilocode/cli"],
    helper_subcommands: &["serve", "web", "acp", "auth", "models", "mcp", "upgrade", "uninstall", "stats", "help"],
    model: MODEL_OPTIONS,
    is_other_product: is_editor,
    ..ProcessSignature::NONE
};

/// Subcommands with a conversation, and short commands without one.
const OTHER_SUBCOMMANDS: &[&str] =
    &["run", "attach", "session", "agent", "export", "import", "github", "pr", "remote", "config", "debug", "db"];

/// A text editor has the shorter name too; it is always started with a file.
fn is_editor(process: &ProcFacts<'_>) -> bool {
    let is_command = |word: &str| OTHER_SUBCOMMANDS.contains(&word) || SIGNATURE.helper_subcommands.contains(&word);
    !process.is_program("kilocode") && SIGNATURE.subcommand(process).is_some_and(|word| !is_command(word))
}

impl Client for Kilo {
    fn info(&self) -> &'static ClientInfo {
        &INFO
    }

    fn signature(&self) -> &'static ProcessSignature {
        &SIGNATURE
    }

    fn stores(&self, env: &Env) -> Vec<Store> {
        let data = env.data_home().join("kilo");
        let named = env.dir("KILO_DB").filter(|named| *named != *":memory:").map(|named| data.join(named));
        let named_root = named.as_deref().and_then(Path::parent).filter(|root| *root != data);
        let store = |root: &Path, accepts: fn(&Path) -> bool| {
            Store::usual("database", root.to_owned(), 1, accepts, Format::Sqlite(opencode::TABLES))
        };
        let named = named_root.map(|root| {
            let format = Format::Sqlite(opencode::NEIGHBOUR_TABLES);
            Store { presence: Presence::Named, format, ..store(root, is_database) }
        });
        let config = opencode::config_store(env.config_home().join("kilo"));
        named.into_iter().chain([store(&data, is_channel_database), config]).collect()
    }

    fn decoder(&self, store: &Store, source: &Source<'_>) -> Box<dyn Decoder> {
        opencode::fork_decoder(ID, store, source)
    }

    fn session_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        process.option(&["-s", "--session"]).filter(|id| id.starts_with("ses_")).map(str::to_owned)
    }

    fn model_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        SIGNATURE.model(process)
    }
}

/// `kilo.db`, or `kilo-CHANNEL.db` of preview releases.
fn is_channel_database(path: &Path) -> bool {
    is_database(path) && file_name(path).starts_with("kilo")
}

fn is_database(path: &Path) -> bool {
    has_extension(path, "db")
}

#[cfg(test)]
mod tests {
    use agtop_model::{Event, EventKind, PicoUsd, Timestamp, Usage};

    use super::*;
    use crate::testing::{Tally, decode_rows, fixture_rows, home};

    const ROWS: &str = include_str!("../../../fixtures/kilo/2026-11/rows.json");
    const PATH: &str = "/home/u/.local/share/kilo/kilo.db";

    fn events() -> Vec<Event> {
        decode_rows(&Kilo, PATH, &fixture_rows(&Kilo, PATH, ROWS))
    }

    #[test]
    fn its_rows_are_read_as_opencodes_with_its_own_client_id() {
        let events = events();
        assert!(events.iter().all(|event| event.session.client == ID));
        let tally = Tally::of(&events);
        let expected = Usage { input: 110, cache_read: 2_000, output: 60, reasoning: 10, ..Usage::default() };
        assert_eq!(tally.usage(), expected);
        assert_eq!(tally.responses.values().next().unwrap().1.embedded_cost, PicoUsd::from_usd(0.02));
    }

    /// Kilo CLI follows OpenCode, so the tables of OpenCode 2 are read too, in case it adopts them.
    #[test]
    fn tables_of_opencode_2_count_with_the_old_ones() {
        let rows = include_str!("../../../fixtures/kilo/v2/migrated.json");
        let tally = Tally::of(&decode_rows(&Kilo, PATH, &fixture_rows(&Kilo, PATH, rows)));
        let cost: PicoUsd = tally.responses.values().filter_map(|(_, response)| response.embedded_cost).sum();
        assert_eq!((tally.usage().total(), cost), (12_100, PicoUsd::from_usd(0.11).unwrap()));
    }

    #[test]
    fn preview_channels_have_separate_databases_and_a_variable_names_another() {
        assert!(is_channel_database(Path::new("kilo.db")) && is_channel_database(Path::new("kilo-dev.db")));
        assert!(!is_channel_database(Path::new("kilo.db-wal")) && !is_channel_database(Path::new("auth.db")));
        let mut env = home();
        env.vars.insert("KILO_DB".into(), "/srv/k/tasks.db".into());
        let stores: Vec<_> = Kilo.stores(&env).into_iter().map(|store| (store.root, store.presence)).collect();
        let usual = ("/home/u/.local/share/kilo".into(), Presence::Usual);
        let config = ("/home/u/.config/kilo".into(), Presence::Usual);
        assert_eq!(stores, [("/srv/k".into(), Presence::Named), usual, config]);
    }

    #[test]
    fn times_are_seconds_or_milliseconds() {
        let started: Vec<_> = events()
            .iter()
            .filter_map(|event| if let EventKind::Facts(facts) = &event.kind { facts.started } else { None })
            .collect();
        assert_eq!(started, [Timestamp::from_millis(1_795_000_000_000), Timestamp::from_millis(1_795_000_100_000)]);
    }

    #[test]
    fn a_subagent_is_a_session_with_a_parent() {
        let parent = events().into_iter().find_map(|event| match event.kind {
            EventKind::Facts(facts) => facts.parent,
            _ => None,
        });
        assert_eq!(&*parent.unwrap().id, "ses_main");
    }
}
