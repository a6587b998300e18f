//! Hermes Agent: one database, `state.db` in `$HERMES_HOME` or `~/.hermes`, with a row of counts for each session.
//!
//! The columns of counts and costs are those that ccusage reads; which tell what a session is about is unconfirmed,
//! see `docs/formats/hermes.md`. A column that is not there tells nothing.

use std::path::Path;

use agtop_model::{
    ClientId, Event, EventKind, Extent, FileId, MessageKey, PicoUsd, Place, Role, SessionFacts, SessionKey, Timestamp,
    TitleRank, Turn, Usage,
};

use crate::decode::{Record, response};
use crate::looks::{Looks, MODEL};
use crate::parse::Count;
use crate::{
    Cell, Client, ClientInfo, DecodeError, Decoder, Env, Format, Input, Knowledge, Known, Presence, ProcFacts, Source,
    Store, Table,
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
        ..Knowledge::NONE
    },
    blind_spots: &[
        "A session has one running total for all its days: it falls on the moment the session began.",
        "Whether its output includes reasoning is unconfirmed: it is taken to.",
        "Its messages are not read: prompts, tools and sub-agents are unknown, and so is its directory.",
    ],
};

const LOOKS: Looks = Looks {
    // A JavaScript engine has the name, too, as a program.
    python: &["hermes", "hermes_cli.main"],
    chores: &["auth", "config", "doctor", "login", "logout", "model", "setup", "status", "update", "version"],
    model: MODEL,
    ..Looks::NONE
};

static TABLES: &[Table] = &[Table {
    name: "sessions",
    columns: &[
        "id",
        "model",
        "title",
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
}];

impl Client for Hermes {
    fn info(&self) -> &'static ClientInfo {
        &INFO
    }

    fn recognise(&self, process: &ProcFacts<'_>) -> Option<Role> {
        LOOKS.role(process)
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
        Box::new(Database { file: source.file, modified: source.modified })
    }

    fn session_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        process.option(&["-r", "--resume"]).map(str::to_owned)
    }

    fn model_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        LOOKS.model(process)
    }

    fn tells_turn_ends(&self) -> bool {
        false
    }
}

/// Decodes rows of sessions.
struct Database {
    file: FileId,
    modified: Timestamp,
}

impl Database {
    fn session(&self, cells: &[Cell<'_>], mut record: Record<'_>) -> Result<(), DecodeError> {
        let &[id, model, title, started, ended, estimated, actual, ref counts @ ..] = cells else {
            return Err(other_columns());
        };
        let id = id.text().ok_or_else(|| DecodeError::malformed("a session without id"))?;
        let usage = usage(counts)?;
        let cost = cost(actual)?.or(cost(estimated)?);
        let session = SessionKey::new(ID, id);
        let started = moment(started);
        record.at = started;
        let model = model.text().map(Into::into);
        record.facts(&session, SessionFacts { started, model: model.clone(), ..SessionFacts::default() });
        if let Some(title) = title.text() {
            record.title(&session, TitleRank::FirstPrompt, title);
        }
        if !usage.is_zero() || cost.is_some() {
            let key = MessageKey::in_session(&session, "total");
            let turn = Turn {
                model,
                extent: Extent::Sum,
                embedded_cost: cost,
                context_used: Some(0),
                ..response(key, usage, started.unwrap_or(self.modified))
            };
            record.emit(&session, EventKind::Turn(Box::new(turn)));
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
        let Input::Row { table, rowid, cells } = input else {
            return Err(DecodeError::malformed("a database that is read as text"));
        };
        self.session(cells, Record::new(self.file, Place::Row { table, rowid }, None, out))
    }
}

fn usage(counts: &[Cell<'_>]) -> Result<Usage, DecodeError> {
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

fn count(cell: Cell<'_>) -> Result<u64, DecodeError> {
    let count = cell.integer().map_or(Some(Count(0)), Count::from_integer);
    count.map(|count| count.0).ok_or_else(|| DecodeError::out_of_range("a count is negative or impossibly large"))
}

/// A cost in dollars; none at all is no known cost.
fn cost(cell: Cell<'_>) -> Result<Option<PicoUsd>, DecodeError> {
    let Some(usd) = cell.real().filter(|&usd| usd != 0.0) else { return Ok(None) };
    let cost = PicoUsd::from_usd(usd).filter(|&cost| cost >= PicoUsd::ZERO);
    cost.map(Some).ok_or_else(|| DecodeError::out_of_range("a cost is negative or impossibly large"))
}

/// Seconds, with a fraction.
fn moment(cell: Cell<'_>) -> Option<Timestamp> {
    cell.real().and_then(Timestamp::from_float_seconds)
}

fn other_columns() -> DecodeError {
    DecodeError::malformed("a row of other columns than were asked for")
}

#[cfg(test)]
mod tests {
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
        assert!(tally.turns.values().all(|(_, turn)| turn.extent == Extent::Sum));
    }

    #[test]
    fn what_was_billed_goes_before_what_was_estimated() {
        let tally = Tally::of(&events());
        let costs: Vec<_> = tally.turns.values().map(|(session, turn)| (&*session.id, turn.embedded_cost)).collect();
        assert!(costs.contains(&("20261118_100000_aa", PicoUsd::from_usd(0.5))));
        assert!(costs.contains(&("20261118_110000_bb", PicoUsd::from_usd(0.25))));
        assert!(costs.contains(&("20261118_120000_cc", None)), "nothing is no price");
    }

    #[test]
    fn a_negative_count_costs_its_session_alone() {
        let rows = fixture_rows(&Hermes, PATH, r#"{"sessions":[{"id":"x","input_tokens":-1}]}"#);
        let (_, mut decoder) = crate::testing::open(&Hermes, &home(), PATH);
        let mut out = Vec::new();
        let (table, rowid, cells) = &rows[0];
        assert!(decoder.feed(Input::Row { table, rowid: *rowid, cells }, &mut out).is_err());
        assert!(out.is_empty());
    }

    #[test]
    fn a_session_that_ended_says_when() {
        let ended: Vec<_> =
            events().iter().filter(|event| matches!(event.kind, EventKind::Ended)).map(|event| event.at).collect();
        assert_eq!(ended, [Some(Timestamp::from_millis(1_795_000_600_500))]);
    }

    #[test]
    fn a_home_that_was_named_has_to_be_there() {
        let mut env = home();
        env.vars.insert("HERMES_HOME".into(), "/srv/hermes".into());
        let store = &Hermes.stores(&env)[0];
        assert_eq!((&*store.root, store.presence), (Path::new("/srv/hermes"), Presence::Named));
    }
}
