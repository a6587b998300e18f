use agtop_model::Timestamp;
use jiff::tz::TimeZone;

use crate::block::BlockProjection;
use crate::key::LineKey;
use crate::options::{Dimension, LineDetail, ReportKind, ReportOptions};
use crate::sums::UsageSums;

/// Usage, added up as [`ReportOptions`] ask.
#[derive(Clone, Debug)]
pub struct Report {
    /// What a line stands for.
    pub kind: ReportKind,
    /// What each key of a line is.
    pub dimensions: Vec<Dimension>,
    /// The lines, in the order in which they are shown.
    pub lines: Vec<ReportLine>,
    /// The sum of the lines that a limit omits.
    pub omitted: Option<OmittedLines>,
    /// The total of all lines, the omitted ones included; each session counts once.
    pub totals: UsageSums,
    /// Tokens that a block may have.
    pub token_limit: Option<u64>,
    /// Only usage from this moment on.
    pub since: Option<Timestamp>,
    /// Only usage before this moment.
    pub until: Option<Timestamp>,
    /// The zone in which days begin.
    pub zone: TimeZone,
    /// When the report was made.
    pub now: Timestamp,
    /// The total of the present day, week, month or block, whatever the limit; `None` if nothing was used in it or the
    /// report has no such period.
    pub current: Option<ReportLine>,
}

/// One line of a report.
#[derive(Clone, Debug)]
pub struct ReportLine {
    /// One key for each dimension.
    pub keys: Vec<LineKey>,
    /// What was used.
    pub sums: UsageSums,
    /// The same by model, the most expensive first, if the options ask for it.
    pub by_model: Vec<ReportLine>,
}

/// Lines that a limit omits.
#[derive(Clone, Debug)]
pub struct OmittedLines {
    /// How many.
    pub lines: usize,
    /// Their total.
    pub sums: UsageSums,
}

impl Report {
    /// A report without a line.
    pub(super) fn empty(options: &ReportOptions) -> Self {
        Self {
            kind: options.kind,
            dimensions: options.dimensions(),
            lines: Vec::new(),
            omitted: None,
            totals: UsageSums::default(),
            token_limit: None,
            since: options.since,
            until: options.until,
            zone: options.zone.clone(),
            now: options.now,
            current: None,
        }
    }

    /// Whether lines are broken down by model.
    pub fn detail(&self) -> LineDetail {
        if self.lines.iter().any(|line| !line.by_model.is_empty()) { LineDetail::ByModel } else { LineDetail::Whole }
    }
}

impl ReportLine {
    /// Whether it is a gap between two blocks.
    pub fn is_gap(&self) -> bool {
        matches!(self.keys.first(), Some(LineKey::Block(block)) if block.is_gap())
    }

    /// The projection of its block; `None` if the block is over or the line is no block.
    pub fn projection(&self) -> Option<&BlockProjection> {
        match self.keys.first() {
            Some(LineKey::Block(block)) => block.projection(),
            _ => None,
        }
    }
}
