//! How values are shown.

use agtop_format::Content;
use agtop_model::BillingPlan;
use agtop_output::{CellContext, Wording};
use jiff::tz::TimeZone;

use crate::clock::ClockPrecision;
use crate::look::Look;
use crate::thresholds::Thresholds;

/// How values are shown, the same in all parts of a frame.
#[derive(Clone, Copy)]
pub(crate) struct RenderContext<'a> {
    pub(crate) look: &'a Look,
    pub(crate) thresholds: &'a Thresholds,
    /// Whether message text is shown.
    pub(crate) content: Content,
    /// The time zone of moments.
    pub(crate) zone: &'a TimeZone,
    /// What the clock shows.
    pub(crate) clock: ClockPrecision,
}

impl<'a> RenderContext<'a> {
    /// How the fields of rows are written. Snapshots that the screen gets name their billing already.
    pub(crate) const fn cells(&self) -> CellContext<'a> {
        CellContext {
            content: self.content,
            plan: BillingPlan::Retail,
            zone: self.zone,
            context_marks: (self.thresholds.context_warn, self.thresholds.context_bad),
            wording: Wording::Calm,
        }
    }
}
