//! Reads `sessions.db`, schemas 1 to 15.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use agtop_model::{
    Event, EventKind, Lineage, MessageKey, Purpose, ResponseCopy, SessionFacts, SessionKey, SourcePosition, Timestamp,
    Title, TitleRank, Usage, UsageExtent,
};
use serde::Deserialize;

use super::content::{GooseMessage, TOOL_AND_TEXT_PARTS, TOOL_PARTS, is_shown, items};
use super::counts::{Counts, count_of};
use super::id::ID;
use super::outside_ledger::usage_outside_ledger;
use crate::cost::embedded_cost;
use crate::decode::{Record, SourceFile};
use crate::interner::Interner;
use crate::parse::{Count, LooseText, model_name, rfc3339, short_text};
use crate::{DecodeError, Decoder, Input, Source, SqlValue};

/// The columns of `usage_ledger`, added by schema 15.
pub(super) const LEDGER: &[&str] = &[
    "session_id",
    "created_timestamp",
    "model",
    "input_tokens",
    "output_tokens",
    "total_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cost",
    "is_compaction",
];

/// The columns of `sessions`; `name` was added by schema 4, providers by 6, caches, cost and parents by 15.
pub(super) const SESSIONS: &[&str] = &[
    "id",
    "name",
    "description",
    "user_set_name",
    "session_type",
    "working_dir",
    "created_at",
    "updated_at",
    "total_tokens",
    "accumulated_input_tokens",
    "accumulated_output_tokens",
    "accumulated_total_tokens",
    "accumulated_cache_read_tokens",
    "accumulated_cache_write_tokens",
    "accumulated_cost",
    "provider_name",
    "model_config_json",
    "parent_session_id",
];

/// The columns of `messages`.
pub(super) const MESSAGES: &[&str] = &["session_id", "role", "created_timestamp", "content_json", "metadata_json"];

/// Beginnings of titles of sessions that a model has not named yet.
const DEFAULT_TITLE_PREFIXES: &[&str] = &["CLI Session", "New Chat"];

/// Smaller remainders of a cost are rounding errors of adding fractions, in dollars.
const MIN_USD: f64 = 1e-9;

/// Decodes the ledger, then sessions, then messages. The rows of the ledger are emitted with their session, which names
/// the provider and shows whether it is a sub-agent.
pub(super) struct Database {
    file: SourceFile,
    modified: Timestamp,
    names: Interner,
    ledgers: HashMap<Box<str>, Ledger>,
}

/// The ledger rows of one session.
#[derive(Default)]
struct Ledger {
    /// The sum of all rows up to `counted_to`: rows are only ever appended, so none is added twice.
    sum: Counts,
    cost: f64,
    counted_to: Option<i64>,
    /// Rows that were not emitted yet.
    pending: BTreeMap<i64, LedgerRow>,
}

/// A row of the ledger: one request.
struct LedgerRow {
    counts: Counts,
    cost: Option<f64>,
    model: Option<Arc<str>>,
    at: Option<Timestamp>,
    is_compaction: bool,
}

/// The running totals of a session.
struct RunningTotals {
    counts: Counts,
    cost: Option<f64>,
}

/// The fields that a session and its responses share.
struct SessionContext {
    key: SessionKey,
    model: Option<Arc<str>>,
    provider: String,
    lineage: Lineage,
    started: Option<Timestamp>,
    opened: Timestamp,
}

impl Database {
    pub(super) fn new(source: &Source<'_>) -> Self {
        Self { file: source.file(), modified: source.modified, names: Interner::default(), ledgers: HashMap::new() }
    }

    fn ledger(&mut self, rowid: i64, cells: &[SqlValue<'_>]) -> Result<(), DecodeError> {
        let &[session, created, model, input, output, total, read, write, cost, is_compaction] = cells else {
            return Err(other_columns());
        };
        let session = session.text().ok_or_else(|| DecodeError::malformed("a request of no session"))?;
        let entry = LedgerRow {
            counts: Counts::from_cells([input, output, total, read, write])?,
            cost: cost.real().filter(|cost| cost.is_finite() && *cost > 0.0),
            model: model.text().map(|model| self.names.get(model)),
            at: moment(created),
            is_compaction: is_compaction.integer().is_some_and(|flag| flag != 0),
        };
        let ledger = self.ledgers.entry(session.into()).or_default();
        if ledger.counted_to.is_none_or(|counted| rowid > counted) {
            ledger.counted_to = Some(rowid);
            ledger.sum = ledger.sum.plus(&entry.counts);
            ledger.cost += entry.cost.unwrap_or(0.0);
        }
        ledger.pending.insert(rowid, entry);
        Ok(())
    }

    fn session(&mut self, cells: &[SqlValue<'_>], mut record: Record<'_>) -> Result<(), DecodeError> {
        let &[
            id,
            name,
            description,
            user_set_name,
            kind,
            directory,
            created,
            updated,
            context,
            input,
            output,
            total,
            read,
            write,
            cost,
            provider,
            config,
            parent,
        ] = cells
        else {
            return Err(other_columns());
        };
        let id = id.text().ok_or_else(|| DecodeError::malformed("a session without id"))?;
        let config = ModelConfig::read(config);
        let provider = provider.text().unwrap_or_default().to_owned();
        let parent = parent.text().filter(|parent| *parent != id).map(|parent| SessionKey::new(ID, parent));
        let started = moment(created);
        let owner = SessionContext {
            key: SessionKey::new(ID, id),
            model: config.name.text().map(|model| self.names.get(&model_name(&provider, model))),
            provider,
            lineage: if parent.is_some() { Lineage::Sidechain } else { Lineage::Main },
            started,
            opened: started.unwrap_or(self.modified),
        };
        let numbers =
            Counts::from_cells([input, output, total, read, write]).and_then(|sum| Ok((sum, count_of(context)?)));
        let (accumulated, context_used) = match numbers {
            Ok((counts, context)) => (RunningTotals { counts, cost: cost.real() }, context.0),
            Err(error) => {
                self.emit_ledger(&owner, record.out); // the ledger rows are valid even if their session is damaged
                return Err(error);
            }
        };
        let facts = SessionFacts {
            parent,
            started,
            cwd: directory.text().map(Into::into),
            model: owner.model.clone(),
            context_limit: config.context_limit.map(|limit| limit.0).filter(|&limit| limit > 0),
            context_used: Some(context_used).filter(|&used| used > 0),
            origin: kind.text().filter(|&kind| kind != "user").map(Into::into),
            ..SessionFacts::default()
        };
        record.at = moment(updated).or(started);
        record.emit(&owner.key, EventKind::Facts(Box::new(facts)));
        let is_given = user_set_name.integer().is_some_and(|flag| flag != 0);
        if let Some(title) = title(name.text().or(description.text()), is_given) {
            record.emit(&owner.key, EventKind::Title(title));
        }
        self.emit_remainder(&owner, &accumulated, &mut record);
        self.emit_ledger(&owner, record.out);
        Ok(())
    }

    /// Emits the usage of the session beyond its ledger.
    fn emit_remainder(&self, owner: &SessionContext, accumulated: &RunningTotals, record: &mut Record<'_>) {
        let (sum, cost) = self.ledgers.get(&*owner.key.id).map(|ledger| (ledger.sum, ledger.cost)).unwrap_or_default();
        let usage = accumulated.counts.since(&sum).usage();
        let cost = accumulated.cost.map(|whole| whole - cost).filter(|&rest| rest > MIN_USD);
        if usage.is_zero() && cost.is_none() {
            return;
        }
        record.at = owner.started;
        let response = usage_outside_ledger(&owner.key, owner.opened, usage, embedded_cost(ID, &owner.provider, cost));
        let response = ResponseCopy { model: owner.model.clone(), lineage: owner.lineage, ..response };
        record.emit(&owner.key, EventKind::Response(Box::new(response)));
    }

    /// Emits the requests in the session's ledger.
    fn emit_ledger(&mut self, owner: &SessionContext, out: &mut Vec<Event>) {
        let Some(ledger) = self.ledgers.get_mut(&*owner.key.id) else { return };
        for (rowid, entry) in std::mem::take(&mut ledger.pending) {
            let place = SourcePosition::Row { table: "usage_ledger", rowid };
            let mut record = Record::new(self.file, place, entry.at.or(owner.started), out);
            if entry.is_compaction {
                record.emit(&owner.key, EventKind::Compacted);
            }
            let model = entry.model.map(|model| self.names.get(&model_name(&owner.provider, &model)));
            let response = owner.request(rowid, entry.counts.usage());
            let response = ResponseCopy {
                model: model.or(response.model),
                embedded_cost: embedded_cost(ID, &owner.provider, entry.cost),
                purpose: if entry.is_compaction { Purpose::Compaction } else { Purpose::Answer },
                ..response
            };
            record.emit(&owner.key, EventKind::Response(Box::new(response)));
        }
    }

    fn message(&mut self, cells: &[SqlValue<'_>], mut record: Record<'_>) -> Result<(), DecodeError> {
        let &[session, role, created, content, metadata] = cells else { return Err(other_columns()) };
        let session = session.text().ok_or_else(|| DecodeError::malformed("a message of no session"))?;
        record.at = moment(created);
        let kinds = if record.is_recent() { TOOL_AND_TEXT_PARTS } else { TOOL_PARTS };
        let message = GooseMessage {
            role: role.text().unwrap_or_default().into(),
            is_shown: is_shown(metadata.bytes().unwrap_or_default()),
            items: items(content.bytes().unwrap_or_default(), kinds)?,
        };
        message.emit(&SessionKey::new(ID, session), &mut self.names, &mut record);
        Ok(())
    }
}

impl SessionContext {
    /// The request in that row of the ledger.
    fn request(&self, rowid: i64, usage: Usage) -> ResponseCopy {
        ResponseCopy {
            message: MessageKey::in_session(&self.key, &format!("ledger:{rowid}")),
            model: self.model.clone(),
            extent: UsageExtent::Response,
            lineage: self.lineage,
            context_used: None,
            ..usage_outside_ledger(&self.key, self.opened, usage, None)
        }
    }
}

impl Decoder for Database {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let (table, rowid, cells) = input.row()?;
        let record = Record::new(self.file, SourcePosition::Row { table, rowid }, None, out);
        match table {
            "usage_ledger" => self.ledger(rowid, cells),
            "sessions" => self.session(cells, record),
            "messages" => self.message(cells, record),
            _ => Ok(()),
        }
    }
}

/// The model that a session is set to.
#[derive(Default, Deserialize)]
struct ModelConfig<'a> {
    #[serde(borrow, default, rename = "model_name")]
    name: LooseText<'a>,
    #[serde(default)]
    context_limit: Option<Count>,
}

impl<'a> ModelConfig<'a> {
    /// Parses the configuration; a damaged one must not lose the session.
    fn read(cell: SqlValue<'a>) -> Self {
        cell.bytes().and_then(|json| serde_json::from_slice(json).ok()).unwrap_or_default()
    }
}

fn title(name: Option<&str>, is_given: bool) -> Option<Title> {
    let name =
        name.filter(|name| is_given || !DEFAULT_TITLE_PREFIXES.iter().any(|unnamed| name.starts_with(unnamed)))?;
    let rank = if is_given { TitleRank::Given } else { TitleRank::Generated };
    Some(Title { rank, text: short_text(name) })
}

/// A time in seconds, milliseconds, or UTC as SQLite writes it, `2025-12-02 16:58:55`.
fn moment(cell: SqlValue<'_>) -> Option<Timestamp> {
    match cell.text() {
        Some(text) => rfc3339(text).or_else(|| rfc3339(&format!("{text}Z"))),
        None => cell.integer().map(Timestamp::from_seconds_or_millis),
    }
}

fn other_columns() -> DecodeError {
    DecodeError::malformed("a row of other columns than were asked for")
}

#[cfg(test)]
mod tests;
