//! Making the image from the memories, in two passes, so that never more than one memory is held.

use std::collections::{HashMap, HashSet};

use agtop_model::SessionKey;

use super::cell;
use super::keys::{KeyIndex, half};
use super::{Tally, WarmFile};
use crate::error::Fault;
use crate::memory::{Memory, SessionMemory};
use crate::record::{EntryId, FileEntry};
use crate::store::Ledger;

/// What can be said only of all files together.
struct Overview {
    /// Halves of keys that more than one record mentions.
    repeated: HashSet<u64>,
    /// In how many files each session calls tools.
    callers: HashMap<SessionKey, u32>,
}

impl Overview {
    fn of(ledger: &Ledger) -> Result<Self, Fault> {
        let mut mentioned = Vec::new();
        let mut callers = HashMap::new();
        ledger.each_decoded(|_, memory| {
            let Ok(memory) = memory else { return };
            for turn in &memory.turns {
                mentioned.push(half(turn.message));
                mentioned.extend(turn.part_of.iter().map(half));
            }
            for session in memory.sessions.into_iter().filter(|session| !session.calls.is_empty()) {
                *callers.entry(session.key).or_default() += 1;
            }
        })?;
        mentioned.sort_unstable();
        let runs = mentioned.chunk_by(|a, b| a == b).filter(|run| run.len() > 1);
        Ok(Self { repeated: runs.filter_map(|run| run.first()).copied().collect(), callers })
    }

    fn is_lone(&self, key: u64) -> bool {
        !self.repeated.contains(&key)
    }
}

impl Ledger {
    /// Every file added up, and the index of what went into the sums.
    pub(super) fn summed(&self) -> Result<(Vec<WarmFile>, KeyIndex), Fault> {
        let overview = Overview::of(self)?;
        let mut files = Vec::new();
        let mut keys = Vec::new();
        self.each_decoded(|entry, memory| {
            if let Ok(memory) = memory {
                files.push(warm(entry, memory, &overview, &mut keys));
            }
        })?;
        Ok((files, KeyIndex::of(keys)))
    }

    /// Every response of every file.
    pub(super) fn all_keys(&self) -> Result<KeyIndex, Fault> {
        let mut keys = Vec::new();
        self.each_decoded(|entry, memory| {
            if let Ok(memory) = memory {
                keys.extend(memory.turns.iter().map(|turn| (half(turn.message), entry.id)));
            }
        })?;
        Ok(KeyIndex::of(keys))
    }
}

fn warm(entry: FileEntry, mut memory: Memory, overview: &Overview, keys: &mut Vec<(u64, EntryId)>) -> WarmFile {
    let turns = std::mem::take(&mut memory.turns);
    let (summed, single): (Vec<_>, Vec<_>) =
        turns.into_iter().partition(|turn| cell::is_plain(turn) && overview.is_lone(half(turn.message)));
    keys.extend(summed.iter().map(|turn| (half(turn.message), entry.id)));
    memory.turns = single;
    let mut tools = Vec::new();
    for (number, session) in (0..).zip(&mut memory.sessions) {
        if overview.callers.get(&session.key).is_none_or(|files| *files < 2) {
            tools.extend(tallied(number, session));
        }
    }
    WarmFile { entry, rest: memory, tools, cells: cell::sum(summed.iter()) }
}

/// Adds up a session's tool calls.
fn tallied(number: u32, session: &mut SessionMemory) -> Vec<Tally> {
    let mut tools: Vec<Tally> = Vec::new();
    for (_, tool) in std::mem::take(&mut session.calls) {
        match tools.iter_mut().find(|tally| tally.tool == tool) {
            Some(tally) => tally.calls += 1,
            None => tools.push(Tally { session: number, tool, calls: 1 }),
        }
    }
    tools
}
