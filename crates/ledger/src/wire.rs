//! How each part of a memory is written.

use std::path::PathBuf;

use agtop_model::{
    ClientId, Extent, InferenceGeo, Lineage, MessageKey, Phase, PicoUsd, RateLimit, SessionFacts, SessionKey,
    StopReason, Tier, Timestamp, Title, TitleRank, ToolKey, Untrusted, Window,
};

use crate::codec::{Damaged, Reader, Taken, Wire, Writer, wire, wire_enum};
use crate::memory::{LastTurn, LimitReading, Memory, Name, ProjectRoot, SessionMemory};
use crate::record::{EntryId, State};
use crate::{paths, turns};

wire_enum! {
    Tier { Standard, Priority, Flex, Batch, Fast }
    InferenceGeo { Global, Us }
    Extent { Response, Sum }
    StopReason { EndTurn, ToolUse, MaxTokens, StopSequence, Other }
    Lineage { Main, Sidechain, Embedded }
    Phase { Fresh, Open, Waiting, Failed, Finished, Ended, Limited }
    TitleRank { FirstCommand, FirstPrompt, Summary, LastPrompt, Generated, Given }
    State { Live, Gone, Replaced }
}

wire! {
    SessionMemory {
        key, facts, context_at, title, prompts, errors, compactions, calls, phase, first, last, last_turn, largest_prompt,
    }
    SessionFacts {
        parent, forked_from, started, cwd, project, branch, version, model, context_limit, context_used, origin,
    }
    SessionKey { client, id }
    Title { rank, text }
    LastTurn { at, model, context_used, stop }
    LimitReading { client, at, limit }
    RateLimit { limit, plan, windows }
    Window { minutes, used_percent, resets_at }
    ProjectRoot { client, project, root }
}

impl Wire for Memory {
    fn put(&self, to: &mut Writer) {
        self.names.put(to);
        self.sessions.put(to);
        turns::put(&self.turns, to);
        self.limits.put(to);
        self.roots.put(to);
    }

    fn take(from: &mut Reader<'_>) -> Taken<Self> {
        let names = Wire::take(from)?;
        let sessions = Wire::take(from)?;
        let turns = turns::take(from)?;
        let memory = Self { names, sessions, turns, limits: Wire::take(from)?, roots: Wire::take(from)? };
        if memory.refers_to_what_is_there() { Ok(memory) } else { Err(Damaged) }
    }
}

impl Memory {
    fn refers_to_what_is_there(&self) -> bool {
        let is_name = |name: Name| (name.0 as usize) < self.names.len();
        let turns_fit = turns::fit(&self.turns, self.sessions.len(), self.names.len());
        turns_fit
            && self.sessions.iter().all(|session| {
                session.calls.iter().all(|(_, name)| is_name(*name))
                    && session.last_turn.and_then(|turn| turn.model).is_none_or(is_name)
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
