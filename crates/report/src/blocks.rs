use std::time::Duration;

use agtop_model::{Timestamp, UsageTable};

use crate::block::{Block, BlockState, Outlook};
use crate::grouped::rows_at_any_time;
use crate::options::{Detail, Options, TokenLimit, Which};
use crate::order::{Draft, arrange, rest};
use crate::sums::{Tally, Weighed};
use crate::{Key, Line, Report};

/// Blocks that began this long ago are recent.
const RECENT: Duration = Duration::from_hours(3 * 24);
const HOUR: i64 = 3_600_000;

/// Cuts usage into blocks of five hours, as ccusage does: a block begins with the hour (UTC) of its first use, and the
/// next use belongs to another one if it is more than five hours after that beginning, or after the use before it. What
/// tells no time has a line of its own.
pub(super) fn build(table: &UsageTable, options: &Options) -> Report {
    let all = blocks(table, options);
    let token_limit = options.token_limit.and_then(|limit| match limit {
        TokenLimit::Tokens(tokens) => Some(tokens),
        TokenLimit::Largest => largest(&all),
    });
    let current = all.iter().find(|found| found.block.outlook().is_some()).map(|found| found.draft().finish(DETAIL));
    let wanted = all.iter().filter(|found| found.is_wanted(options)).map(Found::draft);
    let shown: Vec<Draft> = timeless(table, options).into_iter().chain(wanted).collect();
    let mut totals = Tally::default();
    for draft in &shown {
        totals.merge(&draft.tally);
    }
    let (kept, left_out) = arrange(shown, options.order, options.limit);
    Report {
        lines: kept.into_iter().map(|draft| draft.finish(options.detail())).collect(),
        rest: rest(left_out),
        totals: totals.into_sums(),
        token_limit,
        current,
        ..Report::empty(options)
    }
}

/// The block that is not over.
pub(super) fn active(table: &UsageTable, options: &Options) -> Option<Line> {
    let all = blocks(table, options);
    all.into_iter().rev().find(|found| found.block.outlook().is_some()).map(|found| found.draft().finish(DETAIL))
}

const DETAIL: Detail = Detail::Whole;

/// A block with what was used in it.
struct Found {
    block: Block,
    tally: Tally,
}

impl Found {
    fn draft(&self) -> Draft {
        Draft { keys: vec![Key::Block(self.block)], tally: self.tally.clone() }
    }

    fn is_wanted(&self, options: &Options) -> bool {
        let is_chosen = match options.blocks {
            Which::All => true,
            Which::Recent => self.block.outlook().is_some() || self.block.start >= options.now.minus(RECENT),
            Which::Active => self.block.outlook().is_some(),
        };
        is_chosen && options.holds(Some(self.block.start))
    }
}

/// Every block and every gap, oldest first.
fn blocks(table: &UsageTable, options: &Options) -> Vec<Found> {
    let mut rows: Vec<(Timestamp, Weighed<'_>)> =
        rows_at_any_time(table, options).filter_map(|weighed| Some((weighed.row.at?, weighed))).collect();
    rows.sort_by_key(|(at, _)| *at);
    let mut found: Vec<Found> = Vec::new();
    for (at, weighed) in rows {
        let last = found.last().map(|found| (found.block.start, found.tally.so_far().last.unwrap_or(at)));
        let goes_on =
            last.is_some_and(|(start, last)| at.since(start) <= Block::LENGTH && at.since(last) <= Block::LENGTH);
        if !goes_on {
            found.extend(last.and_then(|(_, last)| gap(last, at)));
            found.push(Found { block: block_from(at), tally: Tally::default() });
        }
        if let Some(block) = found.last_mut() {
            block.tally.add(weighed);
        }
    }
    for found in found.iter_mut().filter(|found| !found.block.is_gap()) {
        found.block.state = state(found, options.now);
    }
    found
}

fn block_from(at: Timestamp) -> Block {
    let start = Timestamp::from_millis(at.as_millis().div_euclid(HOUR).saturating_mul(HOUR));
    Block { start, end: start.plus(Block::LENGTH), state: BlockState::Over }
}

/// What lies between a last use and the next, from when a block without further use would have ended.
fn gap(last: Timestamp, next: Timestamp) -> Option<Found> {
    let start = last.plus(Block::LENGTH);
    let block = Block { start, end: next, state: BlockState::Gap };
    (start < next).then(|| Found { block, tally: Tally::default() })
}

fn state(found: &Found, now: Timestamp) -> BlockState {
    let sums = found.tally.so_far();
    let was_used_lately = sums.last.is_some_and(|last| now.since(last) < Block::LENGTH);
    if was_used_lately && now < found.block.end {
        BlockState::Active(Outlook::of(sums, found.block.end.since(now)))
    } else {
        BlockState::Over
    }
}

/// Tokens of the largest block that is over.
fn largest(found: &[Found]) -> Option<u64> {
    let over = found.iter().filter(|found| matches!(found.block.state, BlockState::Over));
    over.map(|found| found.tally.so_far().usage.total()).max().filter(|&tokens| tokens > 0)
}

/// Usage that tells no time.
fn timeless(table: &UsageTable, options: &Options) -> Option<Draft> {
    let wanted = options.blocks == Which::All && options.holds(None);
    let mut rows = rows_at_any_time(table, options).filter(|weighed| wanted && weighed.row.at.is_none()).peekable();
    rows.peek()?;
    let mut tally = Tally::default();
    rows.for_each(|weighed| tally.add(weighed));
    Some(Draft { keys: vec![Key::Period(None)], tally })
}
