//! The usage view: sums of days by what one wants to know.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use agtop_model::{ClientId, DayModel, ModelSpend, Session, SessionKey, Snapshot, Spend};
use jiff::civil::{Date, date};

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
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Period => "time",
            Self::Model => "model",
            Self::Client => "client",
            Self::Project => "project",
            Self::Session => "session",
        }
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
        match (self, day.parse::<Date>()) {
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
    pub(crate) spend: Spend,
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
    /// What was spent on each day, of what was looked into, newest last: a day with usage each.
    pub(crate) days: Vec<(Date, Spend)>,
    pub(crate) index: usize,
    pub(crate) offset: usize,
}

impl Usage {
    pub(crate) fn refresh(&mut self, snapshot: &Snapshot) {
        let parts = self.parts(snapshot);
        self.sums = self.sums(&parts);
        self.days = self.days(&parts);
        self.choose(self.index);
    }

    /// By what one can sum here: a project's parts are its sessions.
    pub(crate) fn choices(&self) -> [By; 4] {
        let is_within = self.path.iter().any(|(within, ..)| matches!(within, Within::Project(_)));
        [By::Period, By::Model, By::Client, if is_within { By::Session } else { By::Project }]
    }

    /// Sums by the next of the choices, or the one so many after it.
    pub(crate) fn step(&mut self, by: isize) {
        let choices = self.choices();
        let at = choices.iter().position(|one| *one == self.by).unwrap_or(0);
        self.by = choices.get(at.saturating_add_signed(by).min(choices.len() - 1)).copied().unwrap_or(self.by);
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

    /// What is summed. Only sessions know their projects.
    fn parts<'s>(&self, snapshot: &'s Snapshot) -> Vec<Part<'s>> {
        let is_of_project = |within: &Within| matches!(within, Within::Project(_));
        if self.by == By::Project || self.path.iter().any(|(within, ..)| is_of_project(within)) {
            parts_of_sessions(snapshot)
        } else {
            let part = |day: &'s DayModel| Part {
                day: day.day.as_str().into(),
                client: day.client,
                spend: &day.spend,
                session: None,
            };
            snapshot.totals.by_day.iter().map(part).collect()
        }
    }

    fn sums(&self, parts: &[Part<'_>]) -> Vec<Sum> {
        // Sessions may have the same name, and are not the same.
        let mut sums: BTreeMap<(String, Option<&SessionKey>), Sum> = BTreeMap::new();
        for part in parts.iter().filter(|part| self.path.iter().all(|(within, ..)| self.is_within(within, part))) {
            let (label, key) = self.label(part);
            let session = part.session.filter(|_| self.by == By::Session).map(|session| &session.key);
            let sum = sums.entry((label.clone(), session)).or_insert_with(|| nothing(label, key));
            add(sum, part.spend);
        }
        let mut sums: Vec<Sum> = sums.into_values().collect();
        match self.by {
            By::Period => sums.reverse(),
            _ => sums.sort_by_key(|sum| std::cmp::Reverse((sum.spend.known(), sum.tokens))),
        }
        sums
    }

    /// The calendar shows every day, also those beside a period that was looked into.
    fn days(&self, parts: &[Part<'_>]) -> Vec<(Date, Spend)> {
        let is_counted =
            |within: &Within, part: &Part<'_>| matches!(within, Within::Period(_)) || self.is_within(within, part);
        let mut days: BTreeMap<Date, Spend> = BTreeMap::new();
        for part in parts.iter().filter(|part| self.path.iter().all(|(within, ..)| is_counted(within, part))) {
            if let Ok(date) = part.day.parse() {
                *days.entry(date).or_default() += part.spend.spend;
            }
        }
        days.into_iter().collect()
    }

    fn is_within(&self, within: &Within, part: &Part<'_>) -> bool {
        match within {
            Within::Period(period) => self.period.of(&part.day) == *period,
            Within::Model(model) => part.spend.model == *model,
            Within::Client(client) => part.client == *client,
            Within::Project(name) => part.session.is_some_and(|session| project(session) == *name),
        }
    }

    fn label(&self, part: &Part<'_>) -> (String, Option<Within>) {
        match (self.by, part.session) {
            (By::Model, _) => {
                let name = part.spend.model.as_deref().unwrap_or("unknown");
                let name = agtop_model::Untrusted::from(name).for_terminal().into_owned();
                (name, Some(Within::Model(part.spend.model.clone())))
            }
            (By::Client, _) => (part.client.as_str().to_owned(), Some(Within::Client(part.client))),
            (By::Project, Some(session)) => {
                let name = project(session);
                (name.clone(), Some(Within::Project(name)))
            }
            (By::Session, Some(session)) => (name(session), None),
            (By::Period | By::Project | By::Session, _) => {
                let period = self.period.of(&part.day);
                (period.clone(), Some(Within::Period(period)))
            }
        }
    }
}

/// What was used of one model on one day.
struct Part<'s> {
    /// `YYYY-MM-DD`, or `unknown`.
    day: Rc<str>,
    client: ClientId,
    spend: &'s ModelSpend,
    /// The conversation, where it is told; sub-agents count into those that sent them off.
    session: Option<&'s Session>,
}

fn parts_of_sessions(snapshot: &Snapshot) -> Vec<Part<'_>> {
    let mut names = HashMap::new();
    let mut parts = Vec::new();
    for root in &*snapshot.sessions {
        collect(root, root, &mut names, &mut parts);
    }
    parts
}

fn collect<'s>(
    session: &'s Session,
    root: &'s Session,
    names: &mut HashMap<Option<i32>, Rc<str>>,
    parts: &mut Vec<Part<'s>>,
) {
    for used in &*session.own_days {
        let day = Rc::clone(names.entry(used.day).or_insert_with(|| day_name(used.day)));
        parts.push(Part { day, client: root.client(), spend: &used.spend, session: Some(root) });
    }
    for child in &session.children {
        collect(child, root, names, parts);
    }
}

fn day_name(day: Option<i32>) -> Rc<str> {
    let date = day.and_then(|day| date(1970, 1, 1).checked_add(jiff::Span::new().days(day)).ok());
    date.map_or_else(|| "unknown".into(), |date| date.to_string().into())
}

fn nothing(label: String, key: Option<Within>) -> Sum {
    Sum { label, key, tokens: 0, output: 0, spend: Spend::default(), turns: 0 }
}

fn add(sum: &mut Sum, part: &ModelSpend) {
    sum.tokens = sum.tokens.saturating_add(part.usage.total());
    sum.output = sum.output.saturating_add(part.usage.output);
    sum.turns = sum.turns.saturating_add(part.turns);
    sum.spend += part.spend;
}

/// A session's name, unless that is what somebody said, or its id.
fn name(session: &Session) -> String {
    let title = session.public_title.as_ref();
    let id = || agtop_model::Untrusted::new(Arc::clone(&session.key.id)).for_terminal().into_owned();
    title.map_or_else(id, |title| title.text.for_terminal().into_owned())
}

fn project(session: &Session) -> String {
    session.project.as_ref().map_or_else(|| "no project".to_owned(), |project| project.for_terminal().into_owned())
}

/// What was spent on the day of the snapshot, in the zone in which its days begin.
pub(crate) fn spent_today(snapshot: &Snapshot, today: &str) -> Spend {
    let days = snapshot.totals.by_day.iter().rev().take_while(|day| day.day == today || day.day == "unknown");
    let mut sum = Spend::default();
    days.filter(|day| day.day == today).for_each(|day| sum += day.spend.spend);
    sum
}

#[cfg(test)]
mod tests {
    use agtop_demo as demo;

    use super::*;

    fn total(sums: &[Sum]) -> u64 {
        sums.iter().map(|sum| sum.tokens).sum()
    }

    fn refreshed(usage: Usage, snapshot: &Snapshot) -> Usage {
        let mut usage = usage;
        usage.refresh(snapshot);
        usage
    }

    #[test]
    fn every_way_of_summing_comes_to_the_same_whole() {
        let snapshot = demo::crowd(5, 20);
        for period in [Period::Day, Period::Week, Period::Month] {
            for by in [By::Period, By::Model, By::Client] {
                let usage = refreshed(Usage { by, period, ..Usage::default() }, &snapshot);
                assert_eq!(total(&usage.sums), snapshot.totals.usage.total(), "{by:?} {period:?}");
            }
        }
    }

    #[test]
    fn every_way_of_summing_a_projects_usage_comes_to_the_same_whole() {
        let snapshot = demo::crowd(5, 20);
        let mut usage = refreshed(Usage { by: By::Project, ..Usage::default() }, &snapshot);
        let of_sessions: u64 = snapshot.sessions.iter().map(|session| session.usage.total()).sum();
        assert_eq!(total(&usage.sums), of_sessions);
        let project = usage.sums[0].clone();
        usage.enter();
        for by in usage.choices() {
            usage.by = by;
            usage.refresh(&snapshot);
            assert_eq!(total(&usage.sums), project.tokens, "{by:?}");
        }
        let mut spent = Spend::default();
        usage.days.iter().for_each(|(_, spend)| spent += *spend);
        assert_eq!(spent, project.spend, "the calendar is the project's, too");
    }

    #[test]
    fn a_days_projects_come_to_what_was_used_of_sessions_on_that_day() {
        let snapshot = demo::crowd(5, 20);
        let mut usage = refreshed(Usage { by: By::Project, ..Usage::default() }, &snapshot);
        let whole = total(&usage.sums);
        usage.enter();
        usage.by = By::Period;
        usage.refresh(&snapshot);
        assert!(usage.sums.len() > 1, "the project was worked on on several days");
        let days: Vec<String> = parts_of_sessions(&snapshot).iter().map(|part| part.day.to_string()).collect();
        let of_days = days.iter().collect::<std::collections::BTreeSet<_>>().into_iter().map(|day| {
            let path = vec![(Within::Period(day.clone()), By::Period, 0)];
            total(&refreshed(Usage { by: By::Project, path, ..Usage::default() }, &snapshot).sums)
        });
        assert_eq!(of_days.sum::<u64>(), whole);
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
        let of_it = snapshot.sessions.iter().filter(|session| self::project(session) == project.label).count();
        assert_eq!(usage.sums.len(), of_it, "also where names are the same");
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
