//! How each part of a summary is written.

use std::path::PathBuf;
use std::sync::Arc;

use agtop_model::{
    ClientId, FileSession, InferenceGeo, IssueKind, LastResponse, Lineage, MessageKey, Phase, PicoUsd, RateLimit,
    RateLimitReading, RateLimitWindow, ResolvedTime, ServiceTier, SessionFacts, SessionKey, StopReason, TimeSource,
    Timestamp, Title, TitleRank, ToolKey, Untrusted, UsageExtent,
};

use crate::codec::{BlobReader, BlobValue, BlobWriter, DamagedBlob, DecodeResult, blob_enum, blob_struct};
use crate::file_summary::{FileIssue, FileIssues, FileSummary, IssuePosition, NameIndex, ProjectRoot, SessionSummary};
use crate::record::{FileEntryId, FilePresence};
use crate::responses;

blob_enum! {
    ServiceTier { Standard, Priority, Flex, Batch, Fast }
    InferenceGeo { Global, Us }
    UsageExtent { Response, Sum }
    StopReason { EndTurn, ToolUse, MaxTokens, StopSequence, Other }
    Lineage { Main, Sidechain, Embedded }
    Phase { Fresh, Open, AwaitsUser, Failed, Finished, Ended, Limited }
    TitleRank { FirstCommand, FirstPrompt, Summary, LastPrompt, Generated, Given }
    FilePresence { Live, Gone, Replaced }
    TimeSource { Record, PreviousRecord, File }
    IssueKind { Unreadable, Malformed, OutOfRange, TooLarge, NotAFile, Changed, Missing, Database }
}

blob_struct! {
    SessionFacts {
        parent, forked_from, started, cwd, project, branch, version, model, context_limit, context_used, origin,
    }
    SessionKey { client, id }
    Title { rank, text }
    RateLimitReading { client, at, limit }
    RateLimit { limit, plan, windows }
    RateLimitWindow { minutes, used_percent, resets_at }
    ProjectRoot { client, project, root }
    FileIssues { total, kept }
    FileIssue { place, kind, detail }
}

impl BlobValue for FileSummary {
    fn put(&self, to: &mut BlobWriter) {
        self.names.put(to);
        self.sessions.put(to);
        responses::put(&self.responses, to);
        self.limits.put(to);
        self.roots.put(to);
        self.issues.put(to);
        self.earliest_future_time.put(to);
    }

    fn take(from: &mut BlobReader<'_>) -> DecodeResult<Self> {
        let names = BlobValue::take(from)?;
        let sessions = BlobValue::take(from)?;
        let responses = responses::take(from)?;
        let (limits, roots) = (BlobValue::take(from)?, BlobValue::take(from)?);
        let (issues, earliest_future_time) =
            if from.format == 1 { Default::default() } else { (BlobValue::take(from)?, BlobValue::take(from)?) };
        let summary = Self { names, sessions, responses, limits, roots, issues, earliest_future_time };
        if summary.refers_to_what_is_there() { Ok(summary) } else { Err(DamagedBlob) }
    }
}

impl BlobValue for SessionSummary {
    fn put(&self, to: &mut BlobWriter) {
        let FileSession {
            facts,
            facts_at,
            context_at,
            title,
            private_title: _,
            prompts,
            errors,
            compactions,
            phase,
            first,
            last,
            stated,
            is_undated,
            last_response,
            largest_prompt,
        } = &self.state;
        self.key.put(to);
        facts.put(to);
        context_at.put(to);
        title.put(to);
        for count in [prompts, errors, compactions] {
            count.put(to);
        }
        self.calls.put(to);
        phase.put(to);
        first.put(to);
        last.put(to);
        last_response.put(to);
        largest_prompt.put(to);
        facts_at.put(to);
        stated.put(to);
        to.number(u64::from(*is_undated));
    }

    fn take(from: &mut BlobReader<'_>) -> DecodeResult<Self> {
        let (key, facts) = (BlobValue::take(from)?, Arc::new(SessionFacts::take(from)?));
        let (context_at, title): (Option<Timestamp>, _) = (BlobValue::take(from)?, BlobValue::take(from)?);
        let [prompts, errors, compactions] = [BlobValue::take(from)?, BlobValue::take(from)?, BlobValue::take(from)?];
        let (calls, phase) = (BlobValue::take(from)?, BlobValue::take(from)?);
        let (first, last): (Option<Timestamp>, Option<Timestamp>) = (BlobValue::take(from)?, BlobValue::take(from)?);
        let (last_response, largest_prompt) = (BlobValue::take(from)?, BlobValue::take(from)?);
        let (facts_at, stated, is_undated) = if from.format == 1 {
            (context_at.or(first), last, false)
        } else {
            (BlobValue::take(from)?, BlobValue::take(from)?, from.number()? == 1)
        };
        let state = FileSession {
            facts,
            facts_at,
            context_at,
            title,
            private_title: None,
            prompts,
            errors,
            compactions,
            phase,
            first,
            last,
            stated,
            is_undated,
            last_response,
            largest_prompt,
        };
        Ok(Self { key, state, calls })
    }
}

impl BlobValue for LastResponse<NameIndex> {
    fn put(&self, to: &mut BlobWriter) {
        self.when.at.put(to);
        self.model.put(to);
        self.context_used.put(to);
        self.stop.put(to);
        self.when.source.put(to);
    }

    fn take(from: &mut BlobReader<'_>) -> DecodeResult<Self> {
        let (at, model, context_used, stop) =
            (BlobValue::take(from)?, BlobValue::take(from)?, BlobValue::take(from)?, BlobValue::take(from)?);
        let source = if from.format == 1 { TimeSource::Record } else { BlobValue::take(from)? };
        Ok(Self { when: ResolvedTime { source, at }, model, context_used, stop })
    }
}

impl BlobValue for IssuePosition {
    fn put(&self, to: &mut BlobWriter) {
        match self {
            Self::Byte(offset) => (0_u64, *offset).put(to),
            Self::Entry(entry) => (1_u64, u64::from(*entry)).put(to),
            Self::Row { table, rowid } => {
                (2_u64, *rowid).put(to);
                table.put(to);
            }
        }
    }

    fn take(from: &mut BlobReader<'_>) -> DecodeResult<Self> {
        Ok(match from.number()? {
            0 => Self::Byte(from.number()?),
            1 => Self::Entry(BlobValue::take(from)?),
            2 => {
                let rowid = from.signed()?;
                Self::Row { table: BlobValue::take(from)?, rowid }
            }
            _ => return Err(DamagedBlob),
        })
    }
}

impl FileSummary {
    fn refers_to_what_is_there(&self) -> bool {
        let is_name = |name: NameIndex| (name.0 as usize) < self.names.len();
        let turns_fit = responses::fit(&self.responses, self.sessions.len(), self.names.len());
        turns_fit
            && self.sessions.iter().all(|session| {
                session.calls.iter().all(|(_, name)| is_name(*name))
                    && session.state.last_response.and_then(|response| response.model).is_none_or(is_name)
            })
    }
}

impl BlobValue for ClientId {
    fn put(&self, to: &mut BlobWriter) {
        Arc::<str>::from(self.as_str()).put(to);
    }

    fn take(from: &mut BlobReader<'_>) -> DecodeResult<Self> {
        from.client()
    }
}

impl BlobValue for Timestamp {
    fn put(&self, to: &mut BlobWriter) {
        to.signed(self.as_millis());
    }

    fn take(from: &mut BlobReader<'_>) -> DecodeResult<Self> {
        from.signed().map(Self::from_millis)
    }
}

impl BlobValue for PicoUsd {
    fn put(&self, to: &mut BlobWriter) {
        to.signed(self.as_pico());
    }

    fn take(from: &mut BlobReader<'_>) -> DecodeResult<Self> {
        from.signed().map(Self::new)
    }
}

impl BlobValue for Untrusted {
    fn put(&self, to: &mut BlobWriter) {
        Arc::<str>::from(self.raw()).put(to);
    }

    fn take(from: &mut BlobReader<'_>) -> DecodeResult<Self> {
        Arc::<str>::take(from).map(Self::new)
    }
}

impl BlobValue for PathBuf {
    fn put(&self, to: &mut BlobWriter) {
        to.sized(&agtop_os::path_to_bytes(self));
    }

    fn take(from: &mut BlobReader<'_>) -> DecodeResult<Self> {
        from.sized().map(agtop_os::path_from_bytes)
    }
}

impl BlobValue for NameIndex {
    fn put(&self, to: &mut BlobWriter) {
        self.0.put(to);
    }

    fn take(from: &mut BlobReader<'_>) -> DecodeResult<Self> {
        u32::take(from).map(Self)
    }
}

impl BlobValue for ToolKey {
    fn put(&self, to: &mut BlobWriter) {
        to.raw(&self.to_bits().to_le_bytes());
    }

    fn take(from: &mut BlobReader<'_>) -> DecodeResult<Self> {
        from.array().map(|bytes| Self::from_bits(u64::from_le_bytes(bytes)))
    }
}

impl BlobValue for MessageKey {
    fn put(&self, to: &mut BlobWriter) {
        to.raw(&self.to_bits().to_le_bytes());
    }

    fn take(from: &mut BlobReader<'_>) -> DecodeResult<Self> {
        from.array().map(|bytes| Self::from_bits(u128::from_le_bytes(bytes)))
    }
}

impl BlobValue for FileEntryId {
    fn put(&self, to: &mut BlobWriter) {
        to.signed(self.0);
    }

    fn take(from: &mut BlobReader<'_>) -> DecodeResult<Self> {
        from.signed().map(Self)
    }
}
