//! How each part of a memory is written.

use std::path::PathBuf;

use agtop_model::{
    ClientId, FileSession, InferenceGeo, IssueKind, LastTurn, Lineage, MessageKey, Phase, PicoUsd, RateLimit,
    RateLimitWindow, ResolvedTime, ServiceTier, SessionFacts, SessionKey, StopReason, TimeSource, Timestamp, Title,
    TitleRank, ToolKey, Untrusted, UsageExtent,
};

use crate::codec::{Damaged, Reader, Taken, Wire, Writer, wire, wire_enum};
use crate::memory::{FileIssue, FileIssues, IssuePlace, LimitReading, Memory, Name, ProjectRoot, SessionMemory};
use crate::record::{EntryId, State};
use crate::{paths, turns};

wire_enum! {
    ServiceTier { Standard, Priority, Flex, Batch, Fast }
    InferenceGeo { Global, Us }
    UsageExtent { Response, Sum }
    StopReason { EndTurn, ToolUse, MaxTokens, StopSequence, Other }
    Lineage { Main, Sidechain, Embedded }
    Phase { Fresh, Open, Waiting, Failed, Finished, Ended, Limited }
    TitleRank { FirstCommand, FirstPrompt, Summary, LastPrompt, Generated, Given }
    State { Live, Gone, Replaced }
    TimeSource { Record, PreviousRecord, File }
    IssueKind { Unreadable, Malformed, OutOfRange, TooLarge, NotAFile, Changed, Missing, Database }
}

wire! {
    SessionFacts {
        parent, forked_from, started, cwd, project, branch, version, model, context_limit, context_used, origin,
    }
    SessionKey { client, id }
    Title { rank, text }
    LimitReading { client, at, limit }
    RateLimit { limit, plan, windows }
    RateLimitWindow { minutes, used_percent, resets_at }
    ProjectRoot { client, project, root }
    FileIssues { total, kept }
    FileIssue { place, kind, detail }
}

impl Wire for Memory {
    fn put(&self, to: &mut Writer) {
        self.names.put(to);
        self.sessions.put(to);
        turns::put(&self.turns, to);
        self.limits.put(to);
        self.roots.put(to);
        self.issues.put(to);
        self.doubted.put(to);
    }

    fn take(from: &mut Reader<'_>) -> Taken<Self> {
        let names = Wire::take(from)?;
        let sessions = Wire::take(from)?;
        let turns = turns::take(from)?;
        let (limits, roots) = (Wire::take(from)?, Wire::take(from)?);
        let (issues, doubted) =
            if from.format == 1 { Default::default() } else { (Wire::take(from)?, Wire::take(from)?) };
        let memory = Self { names, sessions, turns, limits, roots, issues, doubted };
        if memory.refers_to_what_is_there() { Ok(memory) } else { Err(Damaged) }
    }
}

impl Wire for SessionMemory {
    fn put(&self, to: &mut Writer) {
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
            last_turn,
            largest_prompt,
        } = &self.told;
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
        last_turn.put(to);
        largest_prompt.put(to);
        facts_at.put(to);
        stated.put(to);
        to.number(u64::from(*is_undated));
    }

    fn take(from: &mut Reader<'_>) -> Taken<Self> {
        let (key, facts) = (Wire::take(from)?, Wire::take(from)?);
        let (context_at, title): (Option<Timestamp>, _) = (Wire::take(from)?, Wire::take(from)?);
        let [prompts, errors, compactions] = [Wire::take(from)?, Wire::take(from)?, Wire::take(from)?];
        let (calls, phase) = (Wire::take(from)?, Wire::take(from)?);
        let (first, last): (Option<Timestamp>, Option<Timestamp>) = (Wire::take(from)?, Wire::take(from)?);
        let (last_turn, largest_prompt) = (Wire::take(from)?, Wire::take(from)?);
        let (facts_at, stated, is_undated) = if from.format == 1 {
            (context_at.or(first), last, false)
        } else {
            (Wire::take(from)?, Wire::take(from)?, from.number()? == 1)
        };
        let told = FileSession {
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
            last_turn,
            largest_prompt,
        };
        Ok(Self { key, told, calls })
    }
}

impl Wire for LastTurn<Name> {
    fn put(&self, to: &mut Writer) {
        self.when.at.put(to);
        self.model.put(to);
        self.context_used.put(to);
        self.stop.put(to);
        self.when.source.put(to);
    }

    fn take(from: &mut Reader<'_>) -> Taken<Self> {
        let (at, model, context_used, stop) =
            (Wire::take(from)?, Wire::take(from)?, Wire::take(from)?, Wire::take(from)?);
        let source = if from.format == 1 { TimeSource::Record } else { Wire::take(from)? };
        Ok(Self { when: ResolvedTime { source, at }, model, context_used, stop })
    }
}

impl Wire for IssuePlace {
    fn put(&self, to: &mut Writer) {
        match self {
            Self::Byte(offset) => (0_u64, *offset).put(to),
            Self::Entry(entry) => (1_u64, u64::from(*entry)).put(to),
            Self::Row { table, rowid } => {
                (2_u64, *rowid).put(to);
                table.put(to);
            }
        }
    }

    fn take(from: &mut Reader<'_>) -> Taken<Self> {
        Ok(match from.number()? {
            0 => Self::Byte(from.number()?),
            1 => Self::Entry(Wire::take(from)?),
            2 => {
                let rowid = from.signed()?;
                Self::Row { table: Wire::take(from)?, rowid }
            }
            _ => return Err(Damaged),
        })
    }
}

impl Memory {
    fn refers_to_what_is_there(&self) -> bool {
        let is_name = |name: Name| (name.0 as usize) < self.names.len();
        let turns_fit = turns::fit(&self.turns, self.sessions.len(), self.names.len());
        turns_fit
            && self.sessions.iter().all(|session| {
                session.calls.iter().all(|(_, name)| is_name(*name))
                    && session.told.last_turn.and_then(|turn| turn.model).is_none_or(is_name)
            })
    }
}

impl Wire for ClientId {
    fn put(&self, to: &mut Writer) {
        std::sync::Arc::<str>::from(self.as_str()).put(to);
    }

    fn take(from: &mut Reader<'_>) -> Taken<Self> {
        from.client()
    }
}

impl Wire for Timestamp {
    fn put(&self, to: &mut Writer) {
        to.signed(self.as_millis());
    }

    fn take(from: &mut Reader<'_>) -> Taken<Self> {
        from.signed().map(Self::from_millis)
    }
}

impl Wire for PicoUsd {
    fn put(&self, to: &mut Writer) {
        to.signed(self.as_pico());
    }

    fn take(from: &mut Reader<'_>) -> Taken<Self> {
        from.signed().map(Self::new)
    }
}

impl Wire for Untrusted {
    fn put(&self, to: &mut Writer) {
        std::sync::Arc::<str>::from(self.raw()).put(to);
    }

    fn take(from: &mut Reader<'_>) -> Taken<Self> {
        std::sync::Arc::<str>::take(from).map(Self::new)
    }
}

impl Wire for PathBuf {
    fn put(&self, to: &mut Writer) {
        to.sized(&paths::to_bytes(self));
    }

    fn take(from: &mut Reader<'_>) -> Taken<Self> {
        from.sized().map(paths::from_bytes)
    }
}

impl Wire for Name {
    fn put(&self, to: &mut Writer) {
        self.0.put(to);
    }

    fn take(from: &mut Reader<'_>) -> Taken<Self> {
        u32::take(from).map(Self)
    }
}

impl Wire for ToolKey {
    fn put(&self, to: &mut Writer) {
        to.raw(&self.to_bits().to_le_bytes());
    }

    fn take(from: &mut Reader<'_>) -> Taken<Self> {
        from.array().map(|bytes| Self::from_bits(u64::from_le_bytes(bytes)))
    }
}

impl Wire for MessageKey {
    fn put(&self, to: &mut Writer) {
        to.raw(&self.to_bits().to_le_bytes());
    }

    fn take(from: &mut Reader<'_>) -> Taken<Self> {
        from.array().map(|bytes| Self::from_bits(u128::from_le_bytes(bytes)))
    }
}

impl Wire for EntryId {
    fn put(&self, to: &mut Writer) {
        to.signed(self.0);
    }

    fn take(from: &mut Reader<'_>) -> Taken<Self> {
        from.signed().map(Self)
    }
}
