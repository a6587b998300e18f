//! Cline, and what was made from it: Roo Code and the extension of Kilo Code. All three live in VS Code and its like, and
//! keep a task as `globalStorage/<extension>/tasks/<milliseconds>/ui_messages.json`, rewritten as a whole.
//!
//! Unconfirmed as a whole, see `docs/formats/cline.md`.

use std::path::{Path, PathBuf};

use agtop_model::{
    ClientId, Event, EventKind, Extent, FileId, MessageKey, PicoUsd, Place, Role, SessionFacts, SessionKey, Timestamp,
    TitleRank, ToolKey, Turn, Usage,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::decode::{KEPT, Record, response, sound};
use crate::looks::{Looks, MODEL};
use crate::names::Names;
use crate::parse::{Count, Loose, Moment, shortened};
use crate::store::file_name;
use crate::{Client, ClientInfo, DecodeError, Decoder, Env, Format, Input, Knowledge, Known, ProcFacts, Source, Store};

/// An extension of this family.
pub(crate) struct Extension {
    info: &'static ClientInfo,
    /// Its id in the marketplace, which names its directory.
    directory: &'static str,
    /// Its command-line program.
    looks: Looks,
    /// Where that one keeps tasks, below home.
    program_home: Option<&'static str>,
}

/// Cline.
pub(crate) static CLINE: Extension = Extension {
    info: &ClientInfo { danger_flags: &["--yolo", "-y"], ..info("cline", "Cline") },
    directory: "saoudrizwan.claude-dev",
    looks: Looks {
        programs: &["cline"],
        commands: &["cline"],
        packages: &["cline"],
        parts: &["cline-core", "cline-host"],
        chores: &["auth", "config", "history", "update", "version", "help"],
        model: MODEL,
        ..Looks::NONE
    },
    program_home: Some(".cline/data"),
};

/// Roo Code.
pub(crate) static ROO: Extension = Extension {
    info: &info("roo", "Roo Code"),
    directory: "rooveterinaryinc.roo-cline",
    looks: Looks::NONE,
    program_home: None,
};

/// The extension of Kilo Code; its CLI is [another program](crate::kilo).
pub(crate) static KILO_CODE: Extension = Extension {
    info: &info("kilo-code", "Kilo Code"),
    directory: "kilocode.kilo-code",
    looks: Looks::NONE,
    program_home: None,
};

const fn info(id: &'static str, name: &'static str) -> ClientInfo {
    ClientInfo {
        id: ClientId::new(id),
        name,
        aliases: &[],
        danger_flags: &[],
        knowledge: Knowledge {
            tokens: Known::Yes,
            cost: Known::Yes,
            cache: Known::Yes,
            context: Known::Partly("the last prompt; the window is not told"),
            tools: Known::Partly("how they ended is not told"),
            permission: Known::Yes,
            ..Knowledge::NONE
        },
        blind_spots: &[
            "Models are named by newer releases alone; costs are those that the extension computed.",
            "Whether its input includes what was read from a cache is unconfirmed: it is taken not to.",
            "The directory of a task is not read, and an extension has no process of its own: tasks are joined with none.",
        ],
    }
}

/// Editors that have VS Code's extensions, by the names of their directories.
const EDITORS: &[&str] = &["Code", "Code - Insiders", "VSCodium", "Cursor", "Windsurf"];

/// VS Code's other half, on a machine that is worked on from elsewhere.
const SERVERS: &[&str] = &[".vscode-server/data", ".vscode-server-insiders/data", ".cursor-server/data"];

impl Client for Extension {
    fn info(&self) -> &'static ClientInfo {
        self.info
    }

    fn recognise(&self, process: &ProcFacts<'_>) -> Option<Role> {
        self.looks.role(process)
    }

    fn stores(&self, env: &Env) -> Vec<Store> {
        let desktop = env.desktop_homes();
        let of_editors = desktop.iter().flat_map(|home| EDITORS.iter().map(|editor| home.join(editor)));
        let of_servers = SERVERS.iter().map(|server| env.home.join(server));
        let users = of_editors.chain(of_servers).map(|data| data.join("User/globalStorage").join(self.directory));
        let own = self.program_home.map(|home| env.home.join(home));
        let store = |root: PathBuf| Store::usual("tasks", root.join("tasks"), 2, is_task, Format::Document);
        own.into_iter().chain(users).map(store).collect()
    }

    fn decoder(&self, _: &Store, source: &Source<'_>) -> Box<dyn Decoder> {
        let id = source.path.parent().map(file_name).unwrap_or_default();
        Box::new(Task {
            file: source.file,
            session: SessionKey::new(self.info.id, id),
            opened: source.modified,
            names: Names::default(),
        })
    }

    fn session_argument(&self, _: &ProcFacts<'_>) -> Option<String> {
        None
    }

    fn model_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        self.looks.model(process)
    }
}

fn is_task(relative: &Path) -> bool {
    file_name(relative) == "ui_messages.json"
}

/// Reads one task.
struct Task {
    file: FileId,
    session: SessionKey,
    opened: Timestamp,
    names: Names,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    #[serde(default)]
    ts: Moment,
    /// What the agent says; a message that asks says nothing.
    #[serde(borrow, default)]
    say: Loose<'a>,
    /// What the agent asks.
    #[serde(borrow, default)]
    ask: Loose<'a>,
    #[serde(borrow, default)]
    text: Loose<'a>,
    #[serde(borrow, default)]
    model_info: Option<ModelInfo<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ModelInfo<'a> {
    #[serde(borrow, default)]
    model_id: Loose<'a>,
}

/// What a request used: JSON within the text of its message. Without counts it is still under way, or was cut off.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Request<'a> {
    tokens_in: Count,
    tokens_out: Count,
    cache_reads: Count,
    cache_writes: Count,
    cost: Option<f64>,
    #[serde(borrow)]
    streaming_failed_message: Loose<'a>,
}

/// Which tool: JSON within the text, too.
#[derive(Deserialize)]
struct Tool<'a> {
    #[serde(borrow, default)]
    tool: Loose<'a>,
}

/// Questions whether something may be done.
const PERMISSIONS: &[&str] = &["tool", "command", "use_mcp_server", "browser_action_launch"];

/// Questions that leave the next word to the person.
const OVER: &[&str] = &["completion_result", "followup", "plan_mode_respond", "resume_task", "resume_completed_task"];

impl Task {
    fn message(&mut self, message: &Message<'_>, is_last: bool, record: &mut Record<'_>) -> Result<(), DecodeError> {
        match (message.say.text(), message.ask.text()) {
            (Some("api_req_started"), _) => return self.request(message, Extent::Response, record),
            (Some("deleted_api_reqs"), _) => return self.request(message, Extent::Sum, record),
            (Some("user_feedback"), _) => self.prompt(TitleRank::LastPrompt, message, record),
            (Some("completion_result"), _) => record.emit(&self.session, EventKind::TurnEnded),
            (Some("error"), _) | (_, Some("api_req_failed")) => {
                record.emit(&self.session, EventKind::Error("unknown".into()));
            }
            (Some(said @ ("tool" | "command")), _) => self.tool(said, message, record),
            (_, Some(asked)) if PERMISSIONS.contains(&asked) && is_last => {
                record.emit(&self.session, EventKind::Waiting);
            }
            (_, Some(asked)) if PERMISSIONS.contains(&asked) => self.tool(asked, message, record),
            (_, Some(asked)) if OVER.contains(&asked) => record.emit(&self.session, EventKind::TurnEnded),
            _ => {}
        }
        Ok(())
    }

    fn prompt(&self, rank: TitleRank, message: &Message<'_>, record: &mut Record<'_>) {
        record.emit(&self.session, EventKind::Prompt);
        record.title(&self.session, rank, message.text.text().unwrap_or_default());
    }

    fn request(&mut self, message: &Message<'_>, extent: Extent, record: &mut Record<'_>) -> Result<(), DecodeError> {
        let request: Request<'_> = message.text.text().map_or_else(|| Ok(Request::default()), serde_json::from_str)?;
        let usage = Usage {
            input: request.tokens_in.0,
            cache_read: request.cache_reads.0,
            cache_write_5m: request.cache_writes.0,
            output: request.tokens_out.0,
            ..Usage::default()
        };
        if !usage.is_zero() {
            let id = message.ts.0.map_or(0, Timestamp::as_millis).to_string();
            let model = message.model_info.as_ref().and_then(|info| info.model_id.text());
            let turn = Turn {
                model: model.map(|model| self.names.get(model)),
                extent,
                embedded_cost: request.cost.filter(|&usd| usd > 0.0).and_then(PicoUsd::from_usd),
                ..response(MessageKey::in_session(&self.session, &id), usage, self.opened)
            };
            record.emit(&self.session, EventKind::Turn(Box::new(turn)));
        }
        if request.streaming_failed_message.text().is_some() {
            record.emit(&self.session, EventKind::Error("unknown".into()));
        }
        Ok(())
    }

    /// A tool that was allowed. That it ran to its end is all that is known of the end.
    fn tool(&mut self, kind: &str, message: &Message<'_>, record: &mut Record<'_>) {
        let told = message.text.text().and_then(|text| serde_json::from_str::<Tool<'_>>(text).ok());
        let name = told.as_ref().and_then(|tool| tool.tool.text()).unwrap_or(kind);
        let millis = message.ts.0.map_or(0, Timestamp::as_millis);
        let tool = ToolKey::new(self.session.client, &format!("{} {millis}", self.session.id));
        let name = self.names.get(shortened(name, KEPT));
        record.emit(&self.session, EventKind::ToolStarted { tool, name, target: None });
        record.emit(&self.session, EventKind::ToolEnded { tool, outcome: Ok(()) });
    }
}

impl Decoder for Task {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let Input::Document(bytes) = input else { return Err(DecodeError::malformed("is not read as a whole")) };
        let raw: Vec<&RawValue> = serde_json::from_slice(bytes)?;
        let (messages, mut verdict) = sound::<Message<'_>>(&raw, "messages");
        // A task is called by the moment it began.
        let begun = self.session.id.parse().ok().map(Timestamp::from_seconds_or_millis);
        self.opened = begun.unwrap_or(self.opened);
        let record = &mut Record::new(self.file, Place::Entry(0), begun, out);
        record.facts(&self.session, SessionFacts { started: begun, ..SessionFacts::default() });
        for (n, message) in messages.iter().enumerate() {
            record.at = message.ts.0.or(begun);
            record.source.place = Place::Entry(u32::try_from(n).unwrap_or(u32::MAX));
            if n == 0 && message.say.text() == Some("text") {
                self.prompt(TitleRank::FirstPrompt, message, record);
            } else {
                verdict = verdict.and(self.message(message, n + 1 == messages.len(), record));
            }
        }
        verdict
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{Tally, decode_document, home};

    const TASK: &[u8] = include_bytes!("../../../fixtures/cline/2026-11/ui_messages.json");
    const ROO_TASK: &[u8] = include_bytes!("../../../fixtures/roo/2026-11/ui_messages.json");
    const KILO_TASK: &[u8] = include_bytes!("../../../fixtures/kilo-code/2026-11/ui_messages.json");

    fn path(extension: &str) -> String {
        format!("/home/u/.config/Code/User/globalStorage/{extension}/tasks/1795000000000/ui_messages.json")
    }

    fn events(extension: &Extension, task: &[u8]) -> Vec<Event> {
        decode_document(extension, &path(extension.directory), task).unwrap()
    }

    fn count(events: &[Event], is_wanted: impl Fn(&EventKind) -> bool) -> usize {
        events.iter().filter(|event| is_wanted(&event.kind)).count()
    }

    #[test]
    fn each_extension_counts_under_its_own_name() {
        for (extension, task) in [(&CLINE, TASK), (&ROO, ROO_TASK), (&KILO_CODE, KILO_TASK)] {
            let events = events(extension, task);
            assert!(events.iter().all(|event| event.session.client == extension.info.id));
            assert!(!Tally::of(&events).usage().is_zero());
        }
    }

    #[test]
    fn requests_tell_their_usage_in_json_within_text() {
        let events = events(&CLINE, TASK);
        let tally = Tally::of(&events);
        let expected = Usage { input: 130, cache_read: 2_000, cache_write_5m: 300, output: 75, ..Usage::default() };
        assert_eq!(tally.usage(), expected);
        let cost: Option<i64> = tally.turns.values().map(|(_, turn)| turn.embedded_cost.map(PicoUsd::as_pico)).sum();
        assert_eq!(cost, PicoUsd::from_usd(0.035).map(PicoUsd::as_pico));
    }

    #[test]
    fn a_request_under_way_has_no_usage_yet() {
        let json = br#"[{"ts":1795000000001,"type":"say","say":"api_req_started","text":"{\"request\":\"..\"}"}]"#;
        assert!(Tally::of(&events(&CLINE, json)).turns.is_empty());
    }

    #[test]
    fn requests_of_a_deleted_stretch_were_billed_as_a_sum() {
        let tally = Tally::of(&events(&CLINE, TASK));
        assert_eq!(tally.turns.values().filter(|(_, turn)| turn.extent == Extent::Sum).count(), 1);
    }

    #[test]
    fn a_question_waits_only_while_it_is_the_last_word() {
        assert_eq!(count(&events(&CLINE, TASK), |kind| matches!(kind, EventKind::Waiting)), 0);
        assert_eq!(count(&events(&ROO, ROO_TASK), |kind| matches!(kind, EventKind::Waiting)), 1);
    }

    #[test]
    fn tools_that_were_allowed_are_named() {
        let events = events(&CLINE, TASK);
        assert_eq!(
            count(&events, |kind| matches!(kind, EventKind::ToolStarted { name, .. } if &**name == "readFile")),
            1
        );
        assert_eq!(count(&events, |kind| matches!(kind, EventKind::TurnEnded)), 1);
        assert_eq!(count(&events, |kind| matches!(kind, EventKind::Prompt)), 2);
    }

    #[test]
    fn editors_have_their_places_on_every_system() {
        let mut env = home();
        env.vars.insert("APPDATA".into(), "/c/Roaming".into());
        let roots: Vec<_> = ROO.stores(&env).into_iter().map(|store| store.root).collect();
        for data in ["/home/u/.config/Code", "/home/u/Library/Application Support/Cursor", "/c/Roaming/VSCodium"] {
            let root = Path::new(data).join("User/globalStorage/rooveterinaryinc.roo-cline/tasks");
            assert!(roots.contains(&root), "{root:?}");
        }
    }

    #[test]
    fn a_broken_request_does_not_take_the_others_along() {
        let (_, mut decoder) = crate::testing::open(&CLINE, &home(), &path(CLINE.directory));
        let json = br#"[{"ts":1,"say":"api_req_started","text":"{"},{"ts":2,"say":"api_req_started","text":"{\"tokensIn\":5}"}]"#;
        let mut out = Vec::new();
        assert!(decoder.feed(Input::Document(json), &mut out).is_err());
        assert_eq!(Tally::of(&out).usage().input, 5);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(noise in prop::collection::vec(any::<u8>(), 0..100), at in 0..TASK.len()) {
            let mut text = TASK.to_vec();
            text.splice(at..at, noise);
            let _ = decode_document(&CLINE, &path(CLINE.directory), &text);
        }
    }
}
