//! Hermes Agent: one database, `state.db` in `$HERMES_HOME` or `~/.hermes`, with a row of counts for each session.
//!
//! Derived from its sources, see `docs/formats/hermes.md`. A column that a release lacks is read as NULL.

use std::path::Path;

use agtop_model::{
    ClientId, Event, EventKind, MessageKey, ResponseCopy, SessionFacts, SessionKey, SourcePosition, Timestamp,
    TitleRank, Usage,
};
use serde::Deserialize;

use crate::cost::stored_cost;
use crate::decode::{Record, SourceFile};
use crate::parse::{Count, LooseText};
use crate::paths::directory;
use crate::signature::{MODEL_OPTIONS, ProcessSignature};
use crate::store::has_extension;
use crate::{
    Client, ClientInfo, DecodeError, Decoder, Env, Format, Input, Knowledge, Known, Presence, ProcFacts, Source,
    SqlValue, Store, Table, TableContent,
};

/// Hermes Agent.
pub(crate) struct Hermes;

const ID: ClientId = ClientId::new("hermes");

static INFO: ClientInfo = ClientInfo {
    id: ID,
    name: "Hermes Agent",
    aliases: &[],
    danger_flags: &["--yolo"],
    knowledge: Knowledge {
        tokens: Known::Partly("one running total a session"),
        cost: Known::Yes,
        cache: Known::Partly("with the total"),
        subagents: Known::Yes,
        ..Knowledge::NONE
    },
    blind_spots: &[
        "A session has one running total. What it had come to when agtop first saw it falls on the moment the session \
         began, and what it grew by later on when agtop saw that.",
        "Requests beside the conversation, such as for titles and summaries, are in no session's total.",
        "Its messages are not read: prompts and tools are unknown.",
    ],
};

static SIGNATURE: ProcessSignature = ProcessSignature {
    programs: &["hermes"],
    python_commands: &["hermes", "hermes_cli.main"],
    helper_subcommands: &[
        "auth", "config", "doctor", "login", "logout", "model", "setup", "status", "update", "version",
    ],
    model: MODEL_OPTIONS,
    is_other_product: is_engine,
    ..ProcessSignature::NONE
};

/// A JavaScript engine has the same name: it is started with scripts, and options of several letters after one dash.
fn is_engine(process: &ProcFacts<'_>) -> bool {
    let is_option = |arg: &str| arg == "-O" || arg.len() > 2 && arg.starts_with('-') && !arg.starts_with("--");
    let is_script = |arg: &str| ["js", "hbc"].iter().any(|extension| has_extension(Path::new(arg), extension));
    process.args().any(|arg| is_option(arg) || is_script(arg))
}

static TABLES: &[Table] = &[Table {
    name: "sessions",
    columns: &[
        "id",
        "model",
        "title",
        "title_source",
        "parent_session_id",
        "model_config",
        "source",
        "cwd",
        "git_branch",
        "started_at",
        "ended_at",
        "estimated_cost_usd",
        "actual_cost_usd",
        "input_tokens",
        "cache_read_tokens",
        "cache_write_tokens",
        "output_tokens",
        "reasoning_tokens",
    ],
    filter: None,
    holds: TableContent::Records,
}];

impl Client for Hermes {
    fn info(&self) -> &'static ClientInfo {
        &INFO
    }

    fn signature(&self) -> &'static ProcessSignature {
        &SIGNATURE
    }

    fn stores(&self, env: &Env) -> Vec<Store> {
        let (root, presence) = match env.dir("HERMES_HOME") {
            Some(root) => (root, Presence::Named),
            None => (env.home.join(".hermes"), Presence::Usual),
        };
        let store = Store::usual("database", root, 1, |path| path == Path::new("state.db"), Format::Sqlite(TABLES));
        vec![Store { presence, ..store }]
    }

    fn decoder(&self, _: &Store, source: &Source<'_>) -> Box<dyn Decoder> {
        Box::new(Database { file: source.file(), modified: source.modified })
    }

    fn session_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        process.option(&["-r", "--resume"]).map(str::to_owned)
    }

    fn model_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        SIGNATURE.model(process)
    }

    fn records_turn_ends(&self) -> bool {
        false
    }
}

/// Decodes session rows.
struct Database {
    file: SourceFile,
    modified: Timestamp,
}

impl Database {
    fn session(&self, cells: &[SqlValue<'_>], mut record: Record<'_>) -> Result<(), DecodeError> {
        let &[id, model, title, titled_by, parent, config, source, cwd, branch, ref rest @ ..] = cells else {
            return Err(other_columns());
        };
        let &[started, ended, estimated, actual, ref counts @ ..] = rest else { return Err(other_columns()) };
        let id = id.text().ok_or_else(|| DecodeError::malformed("a session without id"))?;
        let usage = usage(counts)?;
        let cost = stored_cost(ID, actual)?.or(stored_cost(ID, estimated)?);
        let session = SessionKey::new(ID, id);
        let started = moment(started);
        record.at = started;
        let model = model.text().map(Into::into);
        let facts = SessionFacts {
            parent: parent.text().filter(|parent| is_delegate(config, parent)).map(|id| SessionKey::new(ID, id)),
            started,
            cwd: cwd.text().and_then(directory),
            branch: branch.text().map(Into::into),
            model: model.clone(),
            origin: source.text().map(Into::into),
            ..SessionFacts::default()
        };
        record.facts(&session, facts);
        if let Some(title) = title.text() {
            record.title(&session, rank(titled_by), title);
        }
        if !usage.is_zero() || cost.is_some() {
            let key = MessageKey::in_session(&session, "total");
            let response = ResponseCopy {
                model,
                embedded_cost: cost,
                context_used: Some(0),
                ..ResponseCopy::new(key, usage, started.unwrap_or(self.modified))
            }
            .running();
            record.emit(&session, EventKind::Response(Box::new(response)));
        }
        if let Some(ended) = moment(ended) {
            record.at = Some(ended);
            record.emit(&session, EventKind::Ended);
        }
        Ok(())
    }
}

impl Decoder for Database {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let (table, rowid, cells) = input.row()?;
        self.session(cells, Record::new(self.file, SourcePosition::Row { table, rowid }, None, out))
    }
}

/// Whether the session is a sub-agent of `parent`. A session names an earlier one for several reasons: it is a
/// sub-agent, a branch, or the continuation of one that became too long. Only a sub-agent's configuration names the
/// parent too.
fn is_delegate(config: SqlValue<'_>, parent: &str) -> bool {
    #[derive(Deserialize)]
    struct Config<'a> {
        #[serde(borrow, default, rename = "_delegate_from")]
        delegate_from: LooseText<'a>,
    }
    let config = config.text().and_then(|json| serde_json::from_str::<Config<'_>>(json).ok());
    config.is_some_and(|config| config.delegate_from.text() == Some(parent))
}

/// Who wrote the title: the user, a model, or nobody (then it is the beginning of a message).
fn rank(titled_by: SqlValue<'_>) -> TitleRank {
    match titled_by.text() {
        Some("user") => TitleRank::Given,
        Some("llm") => TitleRank::Generated,
        _ => TitleRank::FirstPrompt,
    }
}

/// Input and cached tokens are disjoint; reasoning is a part of the output.
fn usage(counts: &[SqlValue<'_>]) -> Result<Usage, DecodeError> {
    let &[input, cache_read, cache_write, output, reasoning] = counts else { return Err(other_columns()) };
    let output = count(output)?;
    Ok(Usage {
        input: count(input)?,
        cache_read: count(cache_read)?,
        cache_write_5m: count(cache_write)?,
        output,
        reasoning: count(reasoning)?.min(output),
        ..Usage::default()
    })
}

fn count(cell: SqlValue<'_>) -> Result<u64, DecodeError> {
    let count = cell.integer().map_or(Some(Count(0)), Count::from_integer);
    count.map(|count| count.0).ok_or_else(|| DecodeError::out_of_range("a count is negative or impossibly large"))
}

/// A time in seconds, with a fraction.
fn moment(cell: SqlValue<'_>) -> Option<Timestamp> {
    cell.real().and_then(Timestamp::from_float_seconds)
}

fn other_columns() -> DecodeError {
    DecodeError::malformed("a row of other columns than were asked for")
}

#[cfg(test)]
mod tests {
    use agtop_model::PicoUsd;

    use super::*;
    use crate::testing::{Tally, decode_rows, fixture_rows, home};

    const ROWS: &str = include_str!("../../../fixtures/hermes/2026-11/rows.json");
    const PATH: &str = "/home/u/.hermes/state.db";

    fn events() -> Vec<Event> {
        decode_rows(&Hermes, PATH, &fixture_rows(&Hermes, PATH, ROWS))
    }

    #[test]
    fn a_session_is_one_running_total() {
        let tally = Tally::of(&events());
        let expected =
            Usage { input: 1_000, cache_read: 500, cache_write_5m: 20, output: 300, reasoning: 80, ..Usage::default() };
        assert_eq!(tally.by_session()["20261118_100000_aa"], expected);
        assert!(tally.responses.values().all(|(_, response)| response.running_total().is_some()));
    }

    #[test]
    fn the_billed_cost_takes_precedence_over_the_estimate() {
        let tally = Tally::of(&events());
        let costs: Vec<_> =
            tally.responses.values().map(|(session, response)| (&*session.id, response.embedded_cost)).collect();
        assert!(costs.contains(&("20261118_100000_aa", PicoUsd::from_usd(0.5))));
        assert!(costs.contains(&("20261118_110000_bb", PicoUsd::from_usd(0.25))));
        assert!(costs.contains(&("20261118_120000_cc", None)), "nothing is no price");
    }

    #[test]
    fn output_includes_reasoning_and_input_excludes_caches() {
        let tally = Tally::of(&events());
        let usage = tally.by_session()["20261118_100000_aa"];
        assert_eq!((usage.prompt(), usage.total(), usage.reasoning), (1_520, 1_820, 80));
    }

    #[test]
    fn directory_branch_and_origin_are_emitted() {
        let events = events();
        let of = |id: &str| {
            events
                .iter()
                .find_map(|event| match &event.kind {
                    EventKind::Facts(facts) if &*event.session.id == id => Some((**facts).clone()),
                    _ => None,
                })
                .unwrap()
        };
        let told = of("20261118_100000_aa");
        assert_eq!(
            (told.cwd.as_deref(), told.branch, told.origin),
            (Some(Path::new("/home/u/shop")), Some("main".into()), Some("cli".into()))
        );
        assert_eq!(told.parent, None);
        let delegate = of("20261118_110000_bb").parent.unwrap();
        assert_eq!(&*delegate.id, "20261118_100000_aa");
        assert_eq!(of("20261118_120000_cc").parent, None, "one that goes on with another is no sub-agent of it");
    }

    #[test]
    fn a_title_is_given_generated_or_message_text() {
        let ranks: Vec<_> = events()
            .iter()
            .filter_map(|event| if let EventKind::Title(title) = &event.kind { Some(title.rank) } else { None })
            .collect();
        assert_eq!(ranks, [TitleRank::FirstPrompt, TitleRank::Given, TitleRank::Generated]);
    }

    #[test]
    fn a_negative_count_loses_only_its_session() {
        let rows = fixture_rows(&Hermes, PATH, r#"{"sessions":[{"id":"x","input_tokens":-1}]}"#);
        let (_, mut decoder) = crate::testing::open(&Hermes, &home(), PATH);
        let mut out = Vec::new();
        let (table, rowid, cells) = &rows[0];
        assert!(decoder.feed(Input::Row { table, rowid: *rowid, cells }, &mut out).is_err());
        assert!(out.is_empty());
    }

    #[test]
    fn an_ended_session_has_an_end_time() {
        let ended: Vec<_> =
            events().iter().filter(|event| matches!(event.kind, EventKind::Ended)).map(|event| event.at).collect();
        assert_eq!(ended, [Some(Timestamp::from_millis(1_795_000_600_500))]);
    }

    #[test]
    fn a_configured_home_must_exist() {
        let mut env = home();
        env.vars.insert("HERMES_HOME".into(), "/srv/hermes".into());
        let store = &Hermes.stores(&env)[0];
        assert_eq!((&*store.root, store.presence), (Path::new("/srv/hermes"), Presence::Named));
    }
}
