use std::collections::BTreeMap;

use agtop_model::{DayModel, SessionKey, Snapshot, Spend};
use jiff::civil::Date;

use super::grouping::{UsageGrouping, UsageScope};
use super::part::{UsagePart, name, parts_of_sessions, project};
use super::period::Period;
use super::sum::UsageSum;

/// The state of the usage view.
#[derive(Debug, Default)]
pub(crate) struct UsageState {
    pub(crate) by: UsageGrouping,
    pub(crate) period: Period,
    /// The groups that are open, outermost first, each with the grouping and the chosen index outside of it.
    pub(crate) path: Vec<(UsageScope, UsageGrouping, usize)>,
    pub(crate) sums: Vec<UsageSum>,
    /// The cost of each day with usage in the open groups, newest last.
    pub(crate) days: Vec<(Date, Spend)>,
    pub(crate) index: usize,
    pub(crate) offset: usize,
    pub(crate) numbers: NumberStyle,
    pub(crate) scale: BarScale,
    /// The day of the snapshot.
    pub(super) today: Option<Date>,
}

/// How numbers are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum NumberStyle {
    /// Three digits and a unit.
    #[default]
    Short,
    /// All digits.
    Exact,
}

/// How the lengths of bars follow from values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum BarScale {
    /// A bar of twice the length is twice as much.
    #[default]
    Linear,
    /// By the logarithm: small values can be seen beside large ones.
    Logarithmic,
}

/// Periods without use are shown this far back.
const MAX_SHOWN_GAP_DAYS: usize = 366;

impl UsageState {
    /// Sums the usage of a snapshot, which is of this day.
    pub(crate) fn refresh(&mut self, snapshot: &Snapshot, today: Option<Date>) {
        self.today = today;
        let parts = self.parts(snapshot);
        self.sums = self.sums(&parts);
        self.days = self.days(&parts);
        self.choose(self.index);
    }

    /// All lines together.
    pub(crate) fn total(&self) -> UsageSum {
        let mut total = UsageSum::new("total".to_owned(), None);
        self.sums.iter().for_each(|sum| total.merge(sum));
        total
    }

    pub(crate) const fn toggle_numbers(&mut self) {
        self.numbers = match self.numbers {
            NumberStyle::Short => NumberStyle::Exact,
            NumberStyle::Exact => NumberStyle::Short,
        };
    }

    pub(crate) const fn toggle_scale(&mut self) {
        self.scale = match self.scale {
            BarScale::Linear => BarScale::Logarithmic,
            BarScale::Logarithmic => BarScale::Linear,
        };
    }

    /// Sums by time, in the next period.
    pub(crate) fn next_period(&mut self) {
        self.period = self.period.next();
        self.path.clear();
        self.by = UsageGrouping::Period;
        self.choose(0);
    }

    /// The groupings available here: the usage of a project is grouped by session.
    pub(crate) fn choices(&self) -> [UsageGrouping; 4] {
        let is_within = self.path.iter().any(|(within, ..)| matches!(within, UsageScope::Project(_)));
        [
            UsageGrouping::Period,
            UsageGrouping::Model,
            UsageGrouping::Client,
            if is_within { UsageGrouping::Session } else { UsageGrouping::Project },
        ]
    }

    /// Moves `by` places in the list of groupings.
    pub(crate) fn step(&mut self, by: isize) {
        let choices = self.choices();
        let at = choices.iter().position(|one| *one == self.by).unwrap_or(0);
        self.by = choices.get(at.saturating_add_signed(by).min(choices.len() - 1)).copied().unwrap_or(self.by);
    }

    pub(crate) fn choose(&mut self, index: usize) {
        self.index = index.min(self.sums.len().saturating_sub(1));
    }

    pub(crate) fn scroll_to_choice(&mut self, height: usize) {
        let height = height.max(1);
        let last = self.sums.len().saturating_sub(height);
        self.offset = self.offset.clamp((self.index + 1).saturating_sub(height), self.index).min(last);
    }

    /// Opens the chosen line: a period by model, a model or client by period, a project by
    /// session.
    pub(crate) fn enter(&mut self) {
        let Some(within) = self.sums.get(self.index).and_then(|sum| sum.key.clone()) else { return };
        if self.path.iter().any(|(before, ..)| *before == within) {
            return;
        }
        let next = match within {
            UsageScope::Period(_) => UsageGrouping::Model,
            UsageScope::Model(_) | UsageScope::Client(_) => UsageGrouping::Period,
            UsageScope::Project(_) => UsageGrouping::Session,
        };
        self.path.push((within, self.by, self.index));
        self.by = next;
        self.index = 0;
    }

    /// Closes the innermost group; returns whether one was open.
    pub(crate) fn leave(&mut self) -> bool {
        let Some((_, by, index)) = self.path.pop() else { return false };
        self.by = by;
        self.index = index;
        true
    }

    /// The parts to sum. Only sessions have projects.
    fn parts<'s>(&self, snapshot: &'s Snapshot) -> Vec<UsagePart<'s>> {
        let is_of_project = |within: &UsageScope| matches!(within, UsageScope::Project(_));
        if self.by == UsageGrouping::Project || self.path.iter().any(|(within, ..)| is_of_project(within)) {
            parts_of_sessions(snapshot)
        } else {
            let part = |day: &'s DayModel| UsagePart {
                day: day.day.as_str().into(),
                client: day.client,
                spend: &day.spend,
                session: None,
            };
            snapshot.totals.by_day.iter().map(part).collect()
        }
    }

    fn sums(&self, parts: &[UsagePart<'_>]) -> Vec<UsageSum> {
        // Different sessions may have the same name.
        let mut sums: BTreeMap<(String, Option<&SessionKey>), UsageSum> = BTreeMap::new();
        for part in parts.iter().filter(|part| self.path.iter().all(|(within, ..)| self.is_within(within, part))) {
            let (label, key) = self.label(part);
            let session = part.session.filter(|_| self.by == UsageGrouping::Session).map(|session| &session.key);
            let sum = sums.entry((label.clone(), session)).or_insert_with(|| UsageSum::new(label, key));
            sum.add(part.spend);
        }
        if self.by == UsageGrouping::Period {
            for period in self.periods_of(parts) {
                let key = Some(UsageScope::Period(period.clone()));
                sums.entry((period.clone(), None)).or_insert_with(|| UsageSum::new(period, key));
            }
        }
        let mut sums: Vec<UsageSum> = sums.into_values().collect();
        match self.by {
            UsageGrouping::Period => sums.reverse(),
            _ => sums.sort_by_key(|sum| std::cmp::Reverse((sum.spend.known(), sum.tokens))),
        }
        sums
    }

    /// The periods from the first day of these parts up to today, used or not.
    fn periods_of(&self, parts: &[UsagePart<'_>]) -> Vec<String> {
        let is_within = |part: &&UsagePart<'_>| self.path.iter().all(|(within, ..)| self.is_within(within, part));
        let first = parts.iter().filter(is_within).filter_map(|part| part.day.parse::<Date>().ok()).min();
        let (Some(first), Some(today)) = (first, self.today) else { return Vec::new() };
        let days = std::iter::successors(Some(today), |date| date.yesterday().ok());
        let days = days.take_while(|date| *date >= first).take(MAX_SHOWN_GAP_DAYS);
        let mut periods: Vec<String> = days.map(|date| self.period.of(&date.to_string())).collect();
        periods.dedup();
        periods
    }

    /// The heat map shows all days, also those outside of an open period.
    fn days(&self, parts: &[UsagePart<'_>]) -> Vec<(Date, Spend)> {
        let is_counted = |within: &UsageScope, part: &UsagePart<'_>| {
            matches!(within, UsageScope::Period(_)) || self.is_within(within, part)
        };
        let mut days: BTreeMap<Date, Spend> = BTreeMap::new();
        for part in parts.iter().filter(|part| self.path.iter().all(|(within, ..)| is_counted(within, part))) {
            if let Ok(date) = part.day.parse() {
                *days.entry(date).or_default() += part.spend.spend;
            }
        }
        days.into_iter().collect()
    }

    fn is_within(&self, within: &UsageScope, part: &UsagePart<'_>) -> bool {
        match within {
            UsageScope::Period(period) => self.period.of(&part.day) == *period,
            UsageScope::Model(model) => part.spend.model == *model,
            UsageScope::Client(client) => part.client == *client,
            UsageScope::Project(name) => part.session.is_some_and(|session| project(session) == *name),
        }
    }

    fn label(&self, part: &UsagePart<'_>) -> (String, Option<UsageScope>) {
        match (self.by, part.session) {
            (UsageGrouping::Model, _) => {
                let name = part.spend.model.as_deref().unwrap_or("unknown");
                let name = agtop_model::Untrusted::from(name).for_terminal().into_owned();
                (name, Some(UsageScope::Model(part.spend.model.clone())))
            }
            (UsageGrouping::Client, _) => (part.client.as_str().to_owned(), Some(UsageScope::Client(part.client))),
            (UsageGrouping::Project, Some(session)) => {
                let name = project(session);
                (name.clone(), Some(UsageScope::Project(name)))
            }
            (UsageGrouping::Session, Some(session)) => (name(session), None),
            (UsageGrouping::Period | UsageGrouping::Project | UsageGrouping::Session, _) => {
                let period = self.period.of(&part.day);
                (period.clone(), Some(UsageScope::Period(period)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use agtop_demo as demo;

    use super::*;

    fn total(sums: &[UsageSum]) -> u64 {
        sums.iter().map(|sum| sum.tokens).sum()
    }

    fn refreshed(usage: UsageState, snapshot: &Snapshot) -> UsageState {
        let mut usage = usage;
        usage.refresh(snapshot, None);
        usage
    }

    #[test]
    fn every_grouping_has_the_same_total() {
        let snapshot = demo::crowd(5, 20);
        for period in [Period::Day, Period::Week, Period::Month] {
            for by in [UsageGrouping::Period, UsageGrouping::Model, UsageGrouping::Client] {
                let usage = refreshed(UsageState { by, period, ..UsageState::default() }, &snapshot);
                assert_eq!(total(&usage.sums), snapshot.totals.usage.total(), "{by:?} {period:?}");
            }
        }
    }

    #[test]
    fn every_grouping_of_a_project_has_the_same_total() {
        let snapshot = demo::crowd(5, 20);
        let mut usage = refreshed(UsageState { by: UsageGrouping::Project, ..UsageState::default() }, &snapshot);
        let of_sessions: u64 = snapshot.sessions.iter().map(|session| session.usage.total()).sum();
        assert_eq!(total(&usage.sums), of_sessions);
        let project = usage.sums[0].clone();
        usage.enter();
        for by in usage.choices() {
            usage.by = by;
            usage.refresh(&snapshot, None);
            assert_eq!(total(&usage.sums), project.tokens, "{by:?}");
        }
        let mut spent = Spend::default();
        usage.days.iter().for_each(|(_, spend)| spent += *spend);
        assert_eq!(spent, project.spend, "the calendar is the project's, too");
    }

    #[test]
    fn the_projects_of_all_days_have_the_total_of_all_projects() {
        let snapshot = demo::crowd(5, 20);
        let mut usage = refreshed(UsageState { by: UsageGrouping::Project, ..UsageState::default() }, &snapshot);
        let whole = total(&usage.sums);
        usage.enter();
        usage.by = UsageGrouping::Period;
        usage.refresh(&snapshot, None);
        assert!(usage.sums.len() > 1, "the project was worked on on several days");
        let days: Vec<String> = parts_of_sessions(&snapshot).iter().map(|part| part.day.to_string()).collect();
        let of_days = days.iter().collect::<std::collections::BTreeSet<_>>().into_iter().map(|day| {
            let path = vec![(UsageScope::Period(day.clone()), UsageGrouping::Period, 0)];
            total(&refreshed(UsageState { by: UsageGrouping::Project, path, ..UsageState::default() }, &snapshot).sums)
        });
        assert_eq!(of_days.sum::<u64>(), whole);
    }

    #[test]
    fn opening_a_week_groups_it_by_model_and_closing_it_returns() {
        let snapshot = demo::crowd(5, 20);
        let mut usage = UsageState { period: Period::Week, ..UsageState::default() };
        usage.refresh(&snapshot, None);
        usage.choose(2);
        let week = usage.sums[2].clone();
        usage.enter();
        usage.refresh(&snapshot, None);
        assert_eq!((usage.by, total(&usage.sums)), (UsageGrouping::Model, week.tokens));
        assert!(usage.leave());
        usage.refresh(&snapshot, None);
        assert_eq!((usage.index, &usage.sums[2]), (2, &week));
        assert!(!usage.leave());
    }

    #[test]
    fn the_sessions_of_a_project_have_the_total_of_the_project() {
        let snapshot = demo::crowd(5, 20);
        let mut usage = UsageState { by: UsageGrouping::Project, ..UsageState::default() };
        usage.refresh(&snapshot, None);
        let project = usage.sums[0].clone();
        usage.enter();
        usage.refresh(&snapshot, None);
        let of_it = snapshot.sessions.iter().filter(|session| self::project(session) == project.label).count();
        assert_eq!(usage.sums.len(), of_it, "also where names are the same");
        assert_eq!((usage.by, total(&usage.sums)), (UsageGrouping::Session, project.tokens));
        usage.enter();
        assert_eq!(usage.path.len(), 1, "there is nothing in a session to open");
        assert!(usage.leave());
        usage.refresh(&snapshot, None);
        assert_eq!(usage.sums[0], project);
    }
}
