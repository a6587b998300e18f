//! `OpenClaw`, formerly Moltbot, Moldbot and Clawdbot: Pi's agent behind a gateway to chat programs.
//!
//! Sessions: `<state>/agents/<agent>/sessions/<id>.jsonl`, entries as Pi writes them. A session that was reset or
//! deleted remains as `<id>.jsonl.reset.<time>` or `<id>.jsonl.deleted.<time>`: its usage was billed too. Directories
//! and file names are derived from its sources, see `docs/formats/openclaw.md`; the rest is Pi's.

use std::path::{Path, PathBuf};

use agtop_model::{ClientId, ProcessRole};

use crate::pi::entries::SessionEntries;
use crate::signature::ProcessSignature;
use crate::store::file_name;
use crate::{Client, ClientInfo, Decoder, Env, Format, Knowledge, Known, Presence, ProcFacts, Source, Store};

/// `OpenClaw`.
pub(crate) struct OpenClaw;

const ID: ClientId = ClientId::new("openclaw");

static INFO: ClientInfo = ClientInfo {
    id: ID,
    name: "OpenClaw",
    aliases: &[],
    danger_flags: &[], // the configuration decides what it may do
    knowledge: Knowledge {
        tokens: Known::Yes,
        cost: Known::Yes,
        cache: Known::Yes,
        context: Known::Yes,
        tools: Known::Yes,
        ..Knowledge::NONE
    },
    blind_spots: &[
        "Releases of before the end of 2026 do not write down what summaries of compactions used.",
        "One gateway works on many sessions at once: its process is joined with one of them at most.",
        "Profiles other than the default keep their sessions elsewhere: name the place with OPENCLAW_STATE_DIR.",
    ],
};

/// Its current and former names: of the program, the npm package, and after a dot the directory in the home.
const PROGRAM_NAMES: &[&str] = &["openclaw", "clawdbot", "moltbot", "moldbot"];

/// Variables that name the state directory; the last is unconfirmed.
const STATE_VARS: &[&str] = &["OPENCLAW_STATE_DIR", "CLAWDBOT_STATE_DIR", "MOLTBOT_STATE_DIR"];

static SIGNATURE: ProcessSignature = ProcessSignature {
    programs: PROGRAM_NAMES,
    node_commands: PROGRAM_NAMES,
    npm_packages: PROGRAM_NAMES,
    valued_options: &["--profile", "--log-level"],
    ..ProcessSignature::NONE
};

/// Titles that the gateway sets for its process. Other processes set only the name, so their subcommand is lost; they
/// had one, because without a subcommand the program only prints its help.
const GATEWAY_TITLES: &[&str] = &["openclaw-gateway", "clawdbot-gateway", "moltbot-gateway", "moldbot-gateway"];

/// Subcommands whose process calls models; unconfirmed. All others are clients of the gateway, or have no
/// conversation.
const AGENT_SUBCOMMANDS: &[&str] = &["gateway", "agent"];

impl Client for OpenClaw {
    fn info(&self) -> &'static ClientInfo {
        &INFO
    }

    fn signature(&self) -> &'static ProcessSignature {
        &SIGNATURE
    }

    fn recognise(&self, process: &ProcFacts<'_>) -> Option<ProcessRole> {
        if GATEWAY_TITLES.iter().any(|name| process.is_program(name) || process.is_node_command(name)) {
            return Some(ProcessRole::Agent);
        }
        let is_agent = SIGNATURE.subcommand(process).is_none_or(|word| AGENT_SUBCOMMANDS.contains(&word));
        SIGNATURE.is(process).then_some(if is_agent { ProcessRole::Agent } else { ProcessRole::Helper })
    }

    fn stores(&self, env: &Env) -> Vec<Store> {
        let named = STATE_VARS.iter().find_map(|name| env.dir(name)).map(|state| store(&state, Presence::Named));
        let usual = PROGRAM_NAMES.iter().map(|name| store(&env.home.join(format!(".{name}")), Presence::Usual));
        named.into_iter().chain(usual).collect()
    }

    fn decoder(&self, _store: &Store, source: &Source<'_>) -> Box<dyn Decoder> {
        let name = file_name(source.path);
        let id = name.split_once(".jsonl").map_or(name, |(id, _)| id);
        let id = id.split_once(".checkpoint.").map_or(id, |(id, _)| id);
        Box::new(SessionEntries::new(ID, id, source))
    }

    fn session_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        process.option(&["--session-id"]).map(str::to_owned)
    }
}

fn store(state: &Path, presence: Presence) -> Store {
    let root: PathBuf = state.join("agents");
    Store { root, layout: "agents", depth: 3, accepts: is_session, format: Format::Lines, presence }
}

/// `<agent>/sessions/<id>.jsonl`, or its remains after a reset, a deletion or before a summary
/// (`<id>.checkpoint.<uuid>.jsonl`, a copy). A trajectory next to it is a different log.
fn is_session(path: &Path) -> bool {
    let is_kept = |(_, ending): (&str, &str)| {
        ending.is_empty() || [".reset.", ".deleted."].iter().any(|set_aside| ending.starts_with(set_aside))
    };
    let directory = path.parent().map(file_name).unwrap_or_default();
    let is_trajectory = file_name(path).contains(".trajectory.jsonl");
    directory == "sessions" && !is_trajectory && file_name(path).split_once(".jsonl").is_some_and(is_kept)
}

#[cfg(test)]
mod tests {
    use agtop_model::{Event, EventKind, Usage};
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{Tally, count, decode_lines, home, process};

    const SESSION: &[u8] = include_bytes!("../../../fixtures/openclaw/v3/session.jsonl");
    const RESET: &[u8] = include_bytes!("../../../fixtures/openclaw/v3/reset.jsonl");
    const PATH: &str = "/home/u/.openclaw/agents/main/sessions/1aaaaaaa-0000-4000-8000-000000000001.jsonl";

    fn decode(path: &str, text: &[u8]) -> Vec<Event> {
        let (events, errors) = decode_lines(&OpenClaw, path, text);
        assert_eq!(errors, []);
        events
    }

    #[test]
    fn entries_are_read_as_pis_with_their_own_client_id() {
        let events = decode(PATH, SESSION);
        assert!(events.iter().all(|event| event.session.client == ID));
        let expected = Usage { input: 40, output: 90, cache_read: 700, cache_write_5m: 80, ..Usage::default() };
        assert_eq!(Tally::of(&events).usage(), expected);
        assert!(events.iter().any(|event| match &event.kind {
            EventKind::Facts(facts) => facts.cwd.as_deref() == Some(Path::new("C:\\Users\\u\\vault")),
            _ => false,
        }));
    }

    #[test]
    fn a_message_that_the_gateway_sent_is_no_answer_of_a_model() {
        let events = decode(PATH, SESSION);
        assert!(!Tally::of(&events).by_model().keys().any(|model| model.contains("mirror")));
        assert_eq!(Tally::of(&events).responses.len(), 1);
    }

    #[test]
    fn a_refused_request_is_an_error_and_no_answer() {
        let events = decode(PATH, SESSION);
        assert_eq!(count(&events, |kind| matches!(kind, EventKind::Error(text) if text.raw() == "404")), 1);
    }

    #[test]
    fn reset_and_deleted_sessions_count_once_even_if_found_twice() {
        let mut events = decode(PATH, SESSION);
        events.extend(decode(&format!("{PATH}.reset.2026-11-20T10-00-00.000Z"), RESET));
        assert_eq!(Tally::of(&events).usage().input, 40 + 5);
        events.extend(decode(&format!("{PATH}.deleted.2026-11-21T10-00-00.000Z"), SESSION));
        assert_eq!(Tally::of(&events).usage().input, 40 + 5);
    }

    #[test]
    fn a_file_set_aside_without_header_has_the_id_in_its_name() {
        let headless: Vec<u8> = SESSION.split_inclusive(|&b| b == b'\n').skip(1).flatten().copied().collect();
        let events = decode(&format!("{PATH}.deleted.2026-11-21T10-00-00.000Z"), &headless);
        assert_eq!(&*events[0].session.id, "1aaaaaaa-0000-4000-8000-000000000001");
    }

    #[test]
    fn only_sessions_are_read() {
        let accepts = |path: &str| is_session(Path::new(path));
        assert!(accepts("main/sessions/1.jsonl") && accepts("main/sessions/1-topic-456.jsonl"));
        assert!(accepts("main/sessions/1.jsonl.deleted.2026-11-21T10-00-00.000Z"));
        for path in ["main/sessions/sessions.json", "main/sessions/1.jsonl.lock", "main/agent/1.jsonl", "1.jsonl"] {
            assert!(!accepts(path), "{path}");
        }
        assert!(!accepts("main/sessions/1.trajectory.jsonl"), "a log of another kind");
    }

    #[test]
    fn a_copy_that_was_made_before_a_summary_counts_once_with_the_session() {
        let copy = PATH.replace(".jsonl", ".checkpoint.2aaaaaaa-0000-4000-8000-000000000002.jsonl");
        let (session, copied) = (decode(PATH, SESSION), decode(&copy, SESSION));
        assert_eq!(Tally::of(session.iter().chain(&copied)).usage(), Tally::of(&session).usage());
        assert!(copied.iter().all(|event| event.session == session[0].session));
    }

    #[test]
    fn all_former_homes_are_searched_and_a_configured_one_must_exist() {
        let mut env = home();
        let roots: Vec<PathBuf> = OpenClaw.stores(&env).into_iter().map(|store| store.root).collect();
        let former = ["openclaw", "clawdbot", "moltbot", "moldbot"];
        assert_eq!(roots, former.map(|name| PathBuf::from(format!("/home/u/.{name}/agents"))));
        env.vars.insert("OPENCLAW_STATE_DIR".into(), "/srv/claw".into());
        let named = &OpenClaw.stores(&env)[0];
        assert_eq!((&*named.root, named.presence), (Path::new("/srv/claw/agents"), Presence::Named));
    }

    #[test]
    fn the_gateway_is_an_agent_and_its_clients_are_helpers() {
        let role = |argv: &[&str]| OpenClaw.recognise(&ProcFacts::new(&process("node", argv, "/usr/bin/node")));
        assert_eq!(role(&["openclaw-gateway"]), Some(ProcessRole::Agent));
        let package = "/x/node_modules/openclaw/dist/index.js";
        assert_eq!(role(&["node", package, "gateway", "--port", "18789"]), Some(ProcessRole::Agent));
        assert_eq!(role(&["node", "/usr/bin/clawdbot", "--profile", "x", "agent"]), Some(ProcessRole::Agent));
        assert_eq!(role(&["node", package, "tui"]), Some(ProcessRole::Helper));
        assert_eq!(role(&["openclaw"]), Some(ProcessRole::Agent));
        assert_eq!(role(&["node", "/x/node_modules/openclaw-extra/cli.js", "gateway"]), None);
        assert_eq!(OpenClaw.recognise(&ProcFacts::new(&process("vim", &["vim", "openclaw"], "/usr/bin/vim"))), None);
    }

    #[test]
    fn a_session_on_the_command_line_is_named_by_its_id() {
        let argv = ["openclaw", "agent", "--session-id", "1aaaaaaa-0000-4000-8000-000000000001", "-m", "hi"];
        let named = OpenClaw.session_argument(&ProcFacts::new(&process("node", &argv, "/usr/bin/node")));
        assert_eq!(named.as_deref(), Some("1aaaaaaa-0000-4000-8000-000000000001"));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(noise in prop::collection::vec(any::<u8>(), 0..200), at in 0..SESSION.len()) {
            let mut text = SESSION.to_vec();
            text.splice(at..at, noise);
            decode_lines(&OpenClaw, PATH, &text);
        }

        #[test]
        fn any_path_is_judged_without_a_panic(path in "(\\PC|/|\\.jsonl){0,20}") {
            is_session(Path::new(&path));
        }
    }
}
