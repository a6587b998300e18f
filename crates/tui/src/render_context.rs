//! How values are shown.

use agtop_format::Content;
use jiff::tz::TimeZone;

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
}
