//! Matches per-response usage records with the running totals next to them.
//!
//! Releases since 0.147 write a record for each response and totals too; older releases write only totals. A thread
//! that was started by one release and resumed by another has both kinds of turns in one file. A total may lag behind a
//! record (until the tools of a response are done), and some records are never included in a total (of a killed
//! process, of a compaction).

use serde::{Deserialize, Serialize};

use super::usage::Tokens;

/// Records that no total includes yet.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Recorded {
    pending: Vec<Tokens>,
    /// Whether the responses of this turn have records; then its totals add nothing.
    in_turn: bool,
    turn: Option<Box<str>>,
}

/// Maximum number of records that totals may lag behind.
const MAX_PENDING_RECORDS: usize = 64;

impl Recorded {
    /// Notes the start of a turn, or a repetition of its settings.
    pub(super) fn turn_began(&mut self, turn: Option<&str>) {
        if turn.is_none() || self.turn.as_deref() != turn {
            self.in_turn = false;
            self.turn = turn.map(Into::into);
        }
    }

    /// Notes a response with a record.
    pub(super) fn note(&mut self, used: Tokens) {
        self.in_turn = true;
        if self.pending.len() >= MAX_PENDING_RECORDS {
            self.pending.remove(0);
        }
        self.pending.push(used);
    }

    /// Totals moved by `used`, and the last response was `last`: returns the part without a record, if any.
    pub(super) fn unrecorded(&mut self, used: Tokens, last: Option<Tokens>) -> Option<Tokens> {
        let is_explained = self.remove_matching(&used);
        if self.in_turn || is_explained {
            return None;
        }
        if self.pending.is_empty() || last.is_some_and(|last| last.is_same(&used)) {
            return Some(used);
        }
        if let Some(last) = last
            && self.remove_matching(&used.minus(&last))
        {
            return Some(last);
        }
        let late = self.pending.drain(..).fold(Tokens::default(), |sum, record| sum.plus(&record));
        Some(used.minus(&late)).filter(|rest| !rest.usage().is_zero())
    }

    /// Removes consecutive records whose sum equals the movement of the totals. Returns whether there were any.
    fn remove_matching(&mut self, used: &Tokens) -> bool {
        for first in 0..self.pending.len() {
            let mut sum = Tokens::default();
            for last in first..self.pending.len() {
                sum = self.pending.get(last).map_or(sum, |record| sum.plus(record));
                if sum.is_same(used) {
                    self.pending.drain(first..=last);
                    return true;
                }
            }
        }
        false
    }
}
