//! Responses that were written down one by one, against the running totals beside them.
//!
//! Releases since 0.147 write a record for each response, and totals too; older ones write totals alone. A thread that
//! one release began and another resumed has both kinds of turns in one file. A total may lag behind a record (until the
//! tools of a response are done), and never gets to some (of a process that was killed, of a compaction).

use serde::{Deserialize, Serialize};

use super::usage::Tokens;

/// Records that no total has been seen to include.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Recorded {
    pending: Vec<Tokens>,
    /// Whether this turn's responses have records: then its totals say nothing new.
    in_turn: bool,
    turn: Option<Box<str>>,
}

/// Totals do not lag behind by more records than this.
const MAX_PENDING_RECORDS: usize = 64;

impl Recorded {
    /// A turn begins, or goes on under settings that are told again.
    pub(super) fn turn_began(&mut self, turn: Option<&str>) {
        if turn.is_none() || self.turn.as_deref() != turn {
            self.in_turn = false;
            self.turn = turn.map(Into::into);
        }
    }

    /// A response has a record.
    pub(super) fn note(&mut self, used: Tokens) {
        self.in_turn = true;
        if self.pending.len() >= MAX_PENDING_RECORDS {
            self.pending.remove(0);
        }
        self.pending.push(used);
    }

    /// Totals moved by `used`, the last response being `last`: the part of it that has no record, if there is any.
    pub(super) fn unrecorded(&mut self, used: Tokens, last: Option<Tokens>) -> Option<Tokens> {
        let is_explained = self.settle(&used);
        if self.in_turn || is_explained {
            return None;
        }
        if self.pending.is_empty() || last.is_some_and(|last| last.is_same(&used)) {
            return Some(used);
        }
        if let Some(last) = last
            && self.settle(&used.minus(&last))
        {
            return Some(last);
        }
        let late = self.pending.drain(..).fold(Tokens::default(), |sum, record| sum.plus(&record));
        Some(used.minus(&late)).filter(|rest| !rest.usage().is_zero())
    }

    /// Takes out consecutive records that are together what totals moved by. Returns whether there are any.
    fn settle(&mut self, used: &Tokens) -> bool {
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
