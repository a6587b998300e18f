//! The usage view: sums of days by what one wants to know.

use std::collections::BTreeMap;
use std::sync::Arc;

use agtop_model::{ClientId, DayModel, PicoUsd, Session, Snapshot};

/// By what usage is summed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum By {
    #[default]
    Period,
    Model,
    Client,
    Project,
    /// The sessions of a project that one has looked into.
    Session,
}

impl By {
    /// What one can sum by without looking into anything.
    pub(crate) const ALL: [Self; 4] = [Self::Period, Self::Model, Self::Client, Self::Project];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Period => "time",
            Self::Model => "model",
            Self::Client => "client",
            Self::Project => "project",
            Self::Session => "session",
        }
    }

    pub(crate) fn step(self, by: isize) -> Self {
        let at = Self::ALL.iter().position(|one| *one == self).unwrap_or(0);
        let last = Self::ALL.len() - 1;
        Self::ALL.get(at.saturating_add_signed(by).min(last)).copied().unwrap_or(self)
    }
}

/// How long a period is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Period {
    #[default]
    Day,
    Week,
    Month,
}

impl Period {
    pub(crate) const fn next(self) -> Self {
        match self {
            Self::Day => Self::Week,
            Self::Week => Self::Month,
            Self::Month => Self::Day,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// The period a day is in. Weeks begin on Monday and are called by that day.
    fn of(self, day: &str) -> String {
        match (self, day.parse::<jiff::civil::Date>()) {
            (Self::Week, Ok(date)) => {
                let back = date.weekday().to_monday_zero_offset();
                date.checked_sub(jiff::Span::new().days(back)).unwrap_or(date).to_string()
            }
            (Self::Month, Ok(date)) => date.strftime("%Y-%m").to_string(),
            _ => day.to_owned(),
        }
    }
}

/// What one looks into: only what was used in it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Within {
    Period(String),
    Model(Option<Arc<str>>),
    Client(ClientId),
    Project(String),
}

/// A line of the view.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sum {
    pub(crate) label: String,
    pub(crate) key: Option<Within>,
    pub(crate) tokens: u64,
    pub(crate) output: u64,
    pub(crate) amount: Option<PicoUsd>,
    pub(crate) turns: u64,
}

/// Where one is in the view.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    pub(crate) by: By,
    pub(crate) period: Period,
    /// What was looked into, outermost first, and where the choice was there.
    pub(crate) path: Vec<(Within, By, usize)>,
    pub(crate) sums: Vec<Sum>,
    pub(crate) index: usize,
    pub(crate) offset: usize,
}

impl Usage {
    pub(crate) fn refresh(&mut self, snapshot: &Snapshot) {
        self.sums = self.sums(snapshot);
        self.choose(self.index);
    }

    pub(crate) fn choose(&mut self, index: usize) {
        self.index = index.min(self.sums.len().saturating_sub(1));
    }

    pub(crate) fn reveal(&mut self, height: usize) {
        let height = height.max(1);
        let last = self.sums.len().saturating_sub(height);
        self.offset = self.offset.clamp((self.index + 1).saturating_sub(height), self.index).min(last);
    }

    /// Looks into the chosen line: a period into its models, a model or client into its periods, a project into its
    /// sessions.
    pub(crate) fn enter(&mut self) {
        let Some(within) = self.sums.get(self.index).and_then(|sum| sum.key.clone()) else { return };
        if self.path.iter().any(|(before, ..)| *before == within) {
            return;
        }
        let next = match within {
            Within::Period(_) => By::Model,
            Within::Model(_) | Within::Client(_) => By::Period,
            Within::Project(_) => By::Session,
        };
        self.path.push((within, self.by, self.index));
        self.by = next;
        self.index = 0;
    }

    /// Back out; whether there was anything to go out of.
    pub(crate) fn leave(&mut self) -> bool {
        let Some((_, by, index)) = self.path.pop() else { return false };
        self.by = by;
        self.index = index;
        true
    }

    fn sums(&self, snapshot: &Snapshot) -> Vec<Sum> {
        match (self.by, self.path.last()) {
            (By::Project, _) => return by_project(snapshot),
            (By::Session, Some((Within::Project(project), ..))) => return by_session(snapshot, project),
            _ => {}
        }
        let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
        for day in snapshot.totals.by_day.iter().filter(|day| self.is_within(day)) {
            let (label, key) = self.label(day);
            let sum = sums.entry(label.clone()).or_insert_with(|| nothing(label, Some(key)));
            add(sum, day);
        }
        let mut sums: Vec<Sum> = sums.into_values().collect();
        match self.by {
            By::Period => sums.reverse(),
            _ => sums.sort_by_key(|sum| std::cmp::Reverse((sum.amount, sum.tokens))),
        }
        sums
    }

    fn is_within(&self, day: &DayModel) -> bool {
        self.path.iter().all(|(within, _, _)| match within {
            Within::Period(period) => self.period.of(&day.day) == *period,
            Within::Model(model) => day.spend.model == *model,
            Within::Client(client) => day.client == *client,
            Within::Project(_) => false,
        })
    }

    fn label(&self, day: &DayModel) -> (String, Within) {
        match self.by {
            By::Period | By::Project | By::Session => {
                let period = self.period.of(&day.day);
                (period.clone(), Within::Period(period))
            }
            By::Model => {
                let name = day.spend.model.as_deref().unwrap_or("unknown");
                let name = agtop_model::Untrusted::from(name).for_terminal().into_owned();
                (name, Within::Model(day.spend.model.clone()))
            }
            By::Client => (day.client.as_str().to_owned(), Within::Client(day.client)),
        }
    }
}

fn nothing(label: String, key: Option<Within>) -> Sum {
    Sum { label, key, tokens: 0, output: 0, amount: None, turns: 0 }
}

fn add(sum: &mut Sum, day: &DayModel) {
    let usage = &day.spend.usage;
    sum.tokens = sum.tokens.saturating_add(usage.total());
    sum.output = sum.output.saturating_add(usage.output);
    sum.turns = sum.turns.saturating_add(day.spend.turns);
    pay(sum, day.spend.spend.known());
}

/// A sum is known as soon as a part of it is.
fn pay(sum: &mut Sum, known: Option<PicoUsd>) {
    if let Some(amount) = known {
        *sum.amount.get_or_insert(PicoUsd::ZERO) += amount;
    }
}

/// By project there are no days, only what sessions used in all.
fn by_project(snapshot: &Snapshot) -> Vec<Sum> {
    let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
    for session in &*snapshot.sessions {
        let name = project(session);
        let sum = sums.entry(name.clone()).or_insert_with(|| nothing(name.clone(), Some(Within::Project(name))));
        add_session(sum, session);
    }
    dearest_first(sums.into_values())
}

/// The sessions of a project, called by their names, unless those are what somebody said, or by their ids.
fn by_session(snapshot: &Snapshot, name: &str) -> Vec<Sum> {
    let label = |session: &Session| {
        let title = session.title.as_ref().filter(|title| !title.rank.is_message_text());
        let id = || agtop_model::Untrusted::new(Arc::clone(&session.key.id)).for_terminal().into_owned();
        title.map_or_else(id, |title| title.text.for_terminal().into_owned())
    };
    let of_project = snapshot.sessions.iter().filter(|session| project(session) == name);
    dearest_first(of_project.map(|session| {
        let mut sum = nothing(label(session), None);
        add_session(&mut sum, session);
        sum
    }))
}

fn project(session: &Session) -> String {
    session.project.as_ref().map_or_else(|| "no project".to_owned(), |project| project.for_terminal().into_owned())
}

fn add_session(sum: &mut Sum, session: &Session) {
    sum.tokens = sum.tokens.saturating_add(session.usage.total());
    sum.output = sum.output.saturating_add(session.usage.output);
    sum.turns = sum.turns.saturating_add(session.turns);
    pay(sum, session.spend.known());
}

fn dearest_first(sums: impl Iterator<Item = Sum>) -> Vec<Sum> {
    let mut sums: Vec<Sum> = sums.collect();
    sums.sort_by_key(|sum| std::cmp::Reverse((sum.amount, sum.tokens)));
    sums
}

/// What was spent on the day of the snapshot, in the zone in which its days begin.
pub(crate) fn spent_today(snapshot: &Snapshot, today: &str) -> Option<PicoUsd> {
    let days = snapshot.totals.by_day.iter().rev().take_while(|day| day.day == today || day.day == "unknown");
    let mut sum = nothing(String::new(), None);
    days.filter(|day| day.day == today).for_each(|day| add(&mut sum, day));
    if sum.turns == 0 { Some(PicoUsd::ZERO) } else { sum.amount }
}

/// What was spent on each day, for the heat map, newest last, one entry a day with usage.
pub(crate) fn by_day(snapshot: &Snapshot) -> Vec<(jiff::civil::Date, f64)> {
    let mut days: BTreeMap<jiff::civil::Date, f64> = BTreeMap::new();
    for day in &snapshot.totals.by_day {
        if let Ok(date) = day.day.parse() {
            *days.entry(date).or_default() += day.spend.spend.amount.as_usd();
        }
    }
    days.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo;

    fn total(sums: &[Sum]) -> u64 {
        sums.iter().map(|sum| sum.tokens).sum()
    }

    #[test]
    fn every_way_of_summing_comes_to_the_same_whole() {
        let snapshot = demo::crowd(5, 20);
        for by in [By::Period, By::Model, By::Client] {
            for period in [Period::Day, Period::Week, Period::Month] {
                let usage = Usage { by, period, ..Usage::default() };
                assert_eq!(total(&usage.sums(&snapshot)), snapshot.totals.usage.total(), "{by:?} {period:?}");
            }
        }
    }

    #[test]
    fn looking_into_a_week_shows_what_its_models_used_and_leaving_comes_back() {
        let snapshot = demo::crowd(5, 20);
        let mut usage = Usage { period: Period::Week, ..Usage::default() };
        usage.refresh(&snapshot);
        usage.choose(2);
        let week = usage.sums[2].clone();
        usage.enter();
        usage.refresh(&snapshot);
        assert_eq!((usage.by, total(&usage.sums)), (By::Model, week.tokens));
        assert!(usage.leave());
        usage.refresh(&snapshot);
        assert_eq!((usage.index, &usage.sums[2]), (2, &week));
        assert!(!usage.leave());
    }

    #[test]
    fn a_projects_sessions_come_to_what_the_project_used() {
        let snapshot = demo::crowd(5, 20);
        let mut usage = Usage { by: By::Project, ..Usage::default() };
        usage.refresh(&snapshot);
        let project = usage.sums[0].clone();
        usage.enter();
        usage.refresh(&snapshot);
        assert_eq!((usage.by, total(&usage.sums)), (By::Session, project.tokens));
        usage.enter();
        assert_eq!(usage.path.len(), 1, "there is nothing in a session to look into");
        assert!(usage.leave());
        usage.refresh(&snapshot);
        assert_eq!(usage.sums[0], project);
    }

    #[test]
    fn weeks_begin_on_monday() {
        assert_eq!(Period::Week.of("2026-11-22"), "2026-11-16");
        assert_eq!(Period::Week.of("2026-11-23"), "2026-11-23");
        assert_eq!(Period::Month.of("2026-11-22"), "2026-11");
        assert_eq!(Period::Week.of("unknown"), "unknown");
    }
}
