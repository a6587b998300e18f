use std::time::Duration;

use agtop_format::{Charset, Content};
use agtop_model::{Billing, BillingPlan, ClientId, Field, Spend};
use agtop_query::Selection;
use jiff::tz::TimeZone;

use crate::cell::{CellContext, Wording};
use crate::colour::Colour;

/// The fill of a context window, in percent, from which it is a warning, and from which it is urgent.
const CONTEXT_MARKS: (f64, f64) = (70.0, 90.0);

/// Which part of a snapshot an output shows, and how. The command line and the terminal decide it once.
#[derive(Clone)]
pub struct View {
    /// Columns of the terminal; `None` for a pipe, where nothing is dropped.
    pub width: Option<usize>,
    /// Whether text is coloured.
    pub colour: Colour,
    /// Which characters text has. JSON and CSV keep all.
    pub charset: Charset,
    /// Whether message text may be shown.
    pub content: Content,
    /// How JSON is laid out.
    pub layout: JsonLayout,
    /// Which clients a subscription covers.
    pub plan: BillingPlan,
    /// Which rows are shown, and in which order.
    pub selection: Selection,
    /// The columns of tables and CSV; `None` for the default ones.
    pub fields: Option<Vec<&'static Field>>,
    /// agtop's version.
    pub version: &'static str,
    /// The platform as `std::env::consts::OS` names it.
    pub platform: &'static str,
    /// Time between two snapshots of a series.
    pub interval: Duration,
    /// The zone of moments in text. JSON is always UTC.
    pub zone: TimeZone,
}

impl View {
    /// All rows, at full width, without colour or message text: what a pipe gets by default.
    pub fn plain(version: &'static str, platform: &'static str) -> Self {
        Self {
            width: None,
            colour: Colour::Never,
            charset: Charset::Unicode,
            content: Content::Hidden,
            layout: JsonLayout::Line,
            plan: BillingPlan::Retail,
            selection: Selection::default(),
            fields: None,
            version,
            platform,
            interval: Duration::from_millis(1500),
            zone: TimeZone::UTC,
        }
    }

    /// How this view's tables write cells.
    pub(crate) const fn cells(&self) -> CellContext<'_> {
        CellContext {
            content: self.content,
            plan: self.plan,
            zone: &self.zone,
            context_marks: CONTEXT_MARKS,
            wording: Wording::Exact,
        }
    }

    /// Whether a subscription covers the cost of `client`, according to the plan or to the sources.
    pub(crate) fn billing(&self, client: ClientId, spend: &Spend) -> Billing {
        if self.plan.covers(client) { Billing::Included } else { spend.billing }
    }
}

/// How JSON is laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JsonLayout {
    /// One line for each snapshot.
    #[default]
    Line,
    /// Indented by four blanks.
    Pretty,
}
