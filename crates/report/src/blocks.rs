use std::time::Duration;

use agtop_model::{Timestamp, UsageTable};

use crate::block::{Block, BlockProjection, BlockState};
use crate::key::LineKey;
use crate::options::{BlockSelection, LineDetail, ReportOptions, TokenLimit};
use crate::order::{PendingLine, sort_and_limit, sum_omitted};
use crate::report::{Report, ReportLine};
use crate::rows::rows_at_any_time;
use crate::sums::{BilledRow, Tally};

/// A block that began within this time is recent.
const RECENT_WINDOW: Duration = Duration::from_hours(3 * 24);
const HOUR_MILLIS: i64 = 3_600_000;

/// Divides usage into blocks of five hours, as ccusage does: a block begins with the hour (UTC) of its first use, and the
/// next use belongs to another block if it is more than five hours after that beginning, or after the use before it.
/// Usage without a time has a line of its own.
pub(super) fn build(table: &UsageTable, options: &ReportOptions) -> Report {
    let all = blocks(table, options);
    let token_limit = options.token_limit.and_then(|limit| match limit {
        TokenLimit::Tokens(tokens) => Some(tokens),
        TokenLimit::Largest => largest(&all),
    });
    let current = all
        .iter()
        .find(|found| found.block.projection().is_some())
        .map(|found| found.to_line().finish(LineDetail::Whole));
    let wanted = all.iter().filter(|found| found.is_wanted(options)).map(TalliedBlock::to_line);
    let shown: Vec<PendingLine> = timeless(table, options).into_iter().chain(wanted).collect();
    let mut totals = Tally::default();
    for line in &shown {
        totals.merge(&line.tally);
    }
    let (kept, omitted) = sort_and_limit(shown, options.order, options.limit);
    Report {
        lines: kept.into_iter().map(|line| line.finish(options.detail())).collect(),
        omitted: sum_omitted(omitted),
        totals: totals.into_sums(),
        token_limit,
        current,
        ..Report::empty(options)
    }
}

/// The active block.
pub(super) fn active(table: &UsageTable, options: &ReportOptions) -> Option<ReportLine> {
    let all = blocks(table, options);
    all.into_iter()
        .rev()
        .find(|found| found.block.projection().is_some())
        .map(|found| found.to_line().finish(LineDetail::Whole))
}

/// A block with its usage.
struct TalliedBlock {
    block: Block,
    tally: Tally,
}

impl TalliedBlock {
    fn to_line(&self) -> PendingLine {
        PendingLine { keys: vec![LineKey::Block(self.block)], tally: self.tally.clone() }
    }

    fn is_wanted(&self, options: &ReportOptions) -> bool {
        let is_selected = match options.blocks {
            BlockSelection::All => true,
            BlockSelection::Recent => {
                self.block.projection().is_some() || self.block.start >= options.now.minus(RECENT_WINDOW)
            }
            BlockSelection::Active => self.block.projection().is_some(),
        };
        is_selected && options.includes_time(Some(self.block.start))
    }
}

/// Every block and every gap, oldest first.
fn blocks(table: &UsageTable, options: &ReportOptions) -> Vec<TalliedBlock> {
    let mut rows: Vec<(Timestamp, BilledRow<'_>)> =
        rows_at_any_time(table, options).filter_map(|billed| Some((billed.row.at?, billed))).collect();
    rows.sort_by_key(|(at, _)| *at);
    let mut found: Vec<TalliedBlock> = Vec::new();
    for (at, billed) in rows {
        let last = found.last().map(|found| (found.block.start, found.tally.so_far().last.unwrap_or(at)));
        let goes_on =
            last.is_some_and(|(start, last)| at.since(start) <= Block::LENGTH && at.since(last) <= Block::LENGTH);
        if !goes_on {
            found.extend(last.and_then(|(_, last)| gap(last, at)));
            found.push(TalliedBlock { block: block_from(at), tally: Tally::default() });
        }
        if let Some(block) = found.last_mut() {
            block.tally.add(billed);
        }
    }
    for found in found.iter_mut().filter(|found| !found.block.is_gap()) {
        found.block.state = state(found, options.now);
    }
    found
}

fn block_from(at: Timestamp) -> Block {
    let start = Timestamp::from_millis(at.as_millis().div_euclid(HOUR_MILLIS).saturating_mul(HOUR_MILLIS));
    Block { start, end: start.plus(Block::LENGTH), state: BlockState::Over }
}

/// The gap between a last use and the next; it begins five hours after the last use. `None` if they are closer.
fn gap(last: Timestamp, next: Timestamp) -> Option<TalliedBlock> {
    let start = last.plus(Block::LENGTH);
    let block = Block { start, end: next, state: BlockState::Gap };
    (start < next).then(|| TalliedBlock { block, tally: Tally::default() })
}

fn state(found: &TalliedBlock, now: Timestamp) -> BlockState {
    let sums = found.tally.so_far();
    let is_in_use = sums.last.is_some_and(|last| now.since(last) < Block::LENGTH);
    if is_in_use && now < found.block.end {
        BlockState::Active(BlockProjection::of(sums, found.block.end.since(now)))
    } else {
        BlockState::Over
    }
}

/// Tokens of the largest block that is over; `None` if there is none.
fn largest(found: &[TalliedBlock]) -> Option<u64> {
    let over = found.iter().filter(|found| matches!(found.block.state, BlockState::Over));
    over.map(|found| found.tally.so_far().usage.total()).max().filter(|&tokens| tokens > 0)
}

/// The line of usage without a time; `None` if there is none.
fn timeless(table: &UsageTable, options: &ReportOptions) -> Option<PendingLine> {
    let wanted = options.blocks == BlockSelection::All && options.includes_time(None);
    let mut rows = rows_at_any_time(table, options).filter(|billed| wanted && billed.row.at.is_none()).peekable();
    rows.peek()?;
    let mut tally = Tally::default();
    rows.for_each(|billed| tally.add(billed));
    Some(PendingLine { keys: vec![LineKey::Period(None)], tally })
}
