use std::cmp::Ordering;
use std::path::PathBuf;
use std::sync::Arc;

use agtop_model::{ClientId, Session, Timestamp, Untrusted};
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::block::Block;
use crate::calendar::begin_of;

/// What a line stands for, in one dimension.
#[derive(Clone, Debug)]
pub enum LineKey {
    /// A day, week or month; `None` for usage without a time.
    Period(Option<ReportPeriod>),
    /// A session; `None` for usage whose session is in no file any more.
    Session(Option<Arc<Session>>),
    /// A directory; `None` if it is not known.
    Project(Option<ReportProject>),
    /// A model; `None` if the records name none.
    Model(Option<Arc<str>>),
    /// An agent program.
    Client(ClientId),
    /// A git branch; `None` if there is none or it is not known.
    Branch(Option<Untrusted>),
    /// A tag of the user; `None` for untagged sessions.
    Tag(Option<Untrusted>),
    /// A tool.
    Tool(Untrusted),
    /// A window of five hours.
    Block(Block),
}

/// A day, week or month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReportPeriod {
    /// Its first day.
    pub first: Date,
    /// How long it is.
    pub unit: PeriodUnit,
}

/// How long a period is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PeriodUnit {
    /// A day.
    Day,
    /// Monday to Sunday.
    Week,
    /// A month.
    Month,
}

/// The directory of sessions.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReportProject {
    /// Its path.
    pub path: PathBuf,
    /// Its name: the last part of the path, or more of the path if another project of the report has the same name.
    pub name: Untrusted,
}

impl ReportPeriod {
    /// `2026-11-21`, `2026-W47` (ISO 8601) or `2026-11`.
    pub fn name(self) -> String {
        match self.unit {
            PeriodUnit::Day => self.first.to_string(),
            PeriodUnit::Week => {
                let week = self.first.iso_week_date();
                format!("{}-W{:02}", week.year(), week.week())
            }
            PeriodUnit::Month => self.first.strftime("%Y-%m").to_string(),
        }
    }

    /// Its first moment, and the first one after it.
    pub fn bounds(self, zone: &TimeZone) -> (Option<Timestamp>, Option<Timestamp>) {
        let length = match self.unit {
            PeriodUnit::Day => 1.day(),
            PeriodUnit::Week => 1.week(),
            PeriodUnit::Month => 1.month(),
        };
        let end = self.first.checked_add(length).ok();
        (begin_of(self.first, zone), end.and_then(|end| begin_of(end, zone)))
    }
}

/// The label of an unknown key.
const UNKNOWN_LABEL: &str = "unknown";
/// The label of sessions without a tag.
const UNTAGGED_LABEL: &str = "untagged";

impl LineKey {
    /// The key as text, with the characters of the source: each output escapes it in its own way.
    pub fn label(&self, zone: &TimeZone) -> Untrusted {
        match self {
            Self::Period(Some(period)) => period.name().into(),
            Self::Session(Some(session)) => Untrusted::new(Arc::clone(&session.key.id)),
            Self::Project(Some(project)) => project.name.clone(),
            Self::Model(Some(model)) => Untrusted::new(Arc::clone(model)),
            Self::Client(client) => client.as_str().into(),
            Self::Branch(Some(branch)) => branch.clone(),
            Self::Tag(Some(tag)) => tag.clone(),
            Self::Tag(None) => UNTAGGED_LABEL.into(),
            Self::Tool(tool) => tool.clone(),
            Self::Block(block) => agtop_format::units::moment(block.start, zone).into(),
            Self::Period(None) | Self::Session(None) | Self::Project(None) | Self::Model(None) | Self::Branch(None) => {
                UNKNOWN_LABEL.into()
            }
        }
    }

    /// Whether lines with this key are sorted by time.
    pub(super) const fn is_chronological(&self) -> bool {
        matches!(self, Self::Period(_) | Self::Block(_) | Self::Session(_))
    }

    /// Older before newer, then by the alphabet; an unknown key comes first.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Period(a), Self::Period(b)) => a.cmp(b),
            // A gap may begin after the full hour at which the next block begins, but it ends before that block.
            (Self::Block(a), Self::Block(b)) => a.end.cmp(&b.end),
            (Self::Period(_), Self::Block(_)) => Ordering::Less,
            (Self::Block(_), Self::Period(_)) => Ordering::Greater,
            (Self::Session(a), Self::Session(b)) => {
                let order = |session: &Option<Arc<Session>>| {
                    session.as_ref().map(|session| (session.last_active, session.key.clone()))
                };
                order(a).cmp(&order(b))
            }
            (Self::Project(a), Self::Project(b)) => a.cmp(b),
            (Self::Model(a), Self::Model(b)) => a.cmp(b),
            (Self::Client(a), Self::Client(b)) => a.cmp(b),
            (Self::Branch(a), Self::Branch(b)) | (Self::Tag(a), Self::Tag(b)) => a.cmp(b),
            (Self::Tool(a), Self::Tool(b)) => a.cmp(b),
            // The keys of two lines of one report have the same dimensions.
            _ => Ordering::Equal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(unit: PeriodUnit, first: &str) -> String {
        ReportPeriod { first: first.parse().unwrap(), unit }.name()
    }

    #[test]
    fn a_week_is_named_by_the_year_with_most_of_its_days() {
        assert_eq!(name(PeriodUnit::Week, "2025-12-29"), "2026-W01");
        assert_eq!(name(PeriodUnit::Week, "2026-12-28"), "2026-W53");
        assert_eq!(name(PeriodUnit::Month, "2026-02-01"), "2026-02");
        assert_eq!(name(PeriodUnit::Day, "2026-02-28"), "2026-02-28");
    }

    #[test]
    fn a_month_ends_where_the_next_begins() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let period = ReportPeriod { first: "2026-10-01".parse().unwrap(), unit: PeriodUnit::Month };
        let (from, to) = period.bounds(&zone);
        let hours = to.unwrap().since(from.unwrap()).as_secs() / 3600;
        assert_eq!(hours, 31 * 24 + 1, "clocks go back in October");
    }
}
