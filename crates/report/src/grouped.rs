use std::collections::HashMap;
use std::hash::Hash;
use std::path::PathBuf;
use std::sync::Arc;

use agtop_model::{Billing, ClientId, Session, Untrusted, UsageRow, UsageTable};
use jiff::civil::Date;

use crate::calendar::{Calendar, day_of, monday_of};
use crate::options::{Detail, Dimension, Options};
use crate::order::{Draft, arrange, rest};
use crate::sums::{Tally, Weighed};
use crate::{Key, Line, Period, Project, Report, Unit, project};

/// Folds the rows that are asked for by the options' dimensions.
pub(super) fn build(table: &UsageTable, options: &Options) -> Report {
    let dimensions = options.dimensions();
    let mut grid = Grid::new(table, &dimensions, options);
    let mut totals = Tally::default();
    let mut groups: HashMap<Vec<Slot>, Tally> = HashMap::new();
    let mut slots = Vec::with_capacity(dimensions.len());
    for weighed in rows(table, options) {
        totals.add(weighed);
        grid.place(weighed.row, &mut slots);
        match groups.get_mut(&slots) {
            Some(tally) => tally.add(weighed),
            None => groups.entry(slots.clone()).or_default().add(weighed),
        }
    }
    let current = current(&groups, &grid, options);
    let drafts = groups.into_iter().map(|(slots, tally)| Draft { keys: grid.keys(&slots), tally }).collect();
    let (kept, left_out) = arrange(drafts, options.order, options.limit);
    Report {
        lines: kept.into_iter().map(|draft| draft.finish(options.detail())).collect(),
        rest: rest(left_out),
        totals: totals.into_sums(),
        current,
        ..Report::empty(options)
    }
}

impl Report {
    /// A report without a line.
    pub(super) fn empty(options: &Options) -> Self {
        Self {
            kind: options.kind,
            dimensions: options.dimensions(),
            lines: Vec::new(),
            rest: None,
            totals: super::Sums::default(),
            token_limit: None,
            since: options.since,
            until: options.until,
            zone: options.zone.clone(),
            now: options.now,
            current: None,
        }
    }
}

impl Options {
    /// The rows that are asked for.
    pub fn rows<'t>(&'t self, table: &'t UsageTable) -> impl Iterator<Item = &'t UsageRow> {
        rows(table, self).map(|weighed| weighed.row)
    }
}

/// The rows that the options ask for.
pub(super) fn rows<'t>(table: &'t UsageTable, options: &'t Options) -> impl Iterator<Item = Weighed<'t>> {
    rows_at_any_time(table, options).filter(|weighed| options.holds(weighed.row.at))
}

/// The rows of the sessions that the options ask for.
pub(super) fn rows_at_any_time<'t>(table: &'t UsageTable, options: &'t Options) -> impl Iterator<Item = Weighed<'t>> {
    let is_wanted: Vec<bool> = table.sessions.iter().map(|session| options.wants(session)).collect();
    let is_covered = |row: &UsageRow| {
        table.session(row).is_some_and(|session| options.plan.covers(session.client()))
            || row.spend.billing == Billing::Included
    };
    let of_sessions = table.rows.iter().filter(move |row| match is_wanted.get(row.session as usize) {
        Some(is_wanted) => *is_wanted,
        None => options.projects.is_empty() && options.clients.is_empty(),
    });
    of_sessions.map(move |row| {
        let billing = if is_covered(row) { Billing::Included } else { Billing::Metered };
        Weighed { row, billing }
    })
}

/// A key as a small number: a day since the epoch, or a place in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Slot {
    Day(Option<Date>),
    Place(u32),
}

/// Finds out which group a row belongs to.
struct Grid<'t> {
    table: &'t UsageTable,
    dimensions: Vec<Dimension>,
    calendar: Calendar<'t>,
    projects: Names<Option<PathBuf>>,
    project_names: HashMap<PathBuf, String>,
    models: Names<Option<Arc<str>>>,
    clients: Names<ClientId>,
    branches: Names<Option<Untrusted>>,
    tags: Names<Option<Untrusted>>,
    /// The project, client, branch and tag of each session.
    sessions: Vec<[u32; 4]>,
}

/// Things in the order in which they were first seen.
struct Names<T> {
    index: HashMap<T, u32>,
    list: Vec<T>,
}

impl<T: Clone + Eq + Hash> Names<T> {
    fn new() -> Self {
        Self { index: HashMap::new(), list: Vec::new() }
    }

    fn place(&mut self, name: &T) -> u32 {
        if let Some(&place) = self.index.get(name) {
            return place;
        }
        let place = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        self.index.insert(name.clone(), place);
        self.list.push(name.clone());
        place
    }

    fn get(&self, place: u32) -> Option<&T> {
        self.list.get(place as usize)
    }
}

/// Rows of a session that the table lacks are of no known client.
const NOBODY: ClientId = ClientId::new("unknown");

impl<'t> Grid<'t> {
    fn new(table: &'t UsageTable, dimensions: &[Dimension], options: &'t Options) -> Self {
        let (mut projects, mut clients) = (Names::new(), Names::new());
        let (mut branches, mut tags) = (Names::new(), Names::new());
        let places = |session: &Arc<Session>| {
            [
                projects.place(&session.cwd),
                clients.place(&session.client()),
                branches.place(&session.branch),
                tags.place(&session.tag),
            ]
        };
        let sessions = table.sessions.iter().map(places).collect();
        Self {
            table,
            dimensions: dimensions.to_vec(),
            calendar: Calendar::new(&options.zone),
            project_names: project::names(projects.list.iter().flatten()),
            projects,
            models: Names::new(),
            clients,
            branches,
            tags,
            sessions,
        }
    }

    /// The row's place in each dimension.
    fn place(&mut self, row: &UsageRow, slots: &mut Vec<Slot>) {
        slots.clear();
        let places = self.sessions.get(row.session as usize);
        let [project, client, branch, tag] = places.copied().unwrap_or([u32::MAX; 4]);
        for dimension in &self.dimensions {
            let slot = match dimension {
                Dimension::Day => Slot::Day(row.at.and_then(|at| self.calendar.day(at))),
                Dimension::Week => Slot::Day(row.at.and_then(|at| self.calendar.day(at)).map(monday_of)),
                Dimension::Month => Slot::Day(row.at.and_then(|at| self.calendar.day(at)).map(Date::first_of_month)),
                Dimension::Session => Slot::Place(if places.is_some() { row.session } else { u32::MAX }),
                Dimension::Project => Slot::Place(project),
                Dimension::Model => Slot::Place(self.models.place(&row.model)),
                Dimension::Client => Slot::Place(client),
                Dimension::Branch => Slot::Place(branch),
                Dimension::Tag => Slot::Place(tag),
                // Neither is a group of usage: calls have no tokens, and blocks overlap no days.
                Dimension::Tool | Dimension::Block => Slot::Day(None),
            };
            slots.push(slot);
        }
    }

    fn keys(&self, slots: &[Slot]) -> Vec<Key> {
        self.dimensions.iter().zip(slots).map(|(dimension, slot)| self.key(*dimension, *slot)).collect()
    }

    fn key(&self, dimension: Dimension, slot: Slot) -> Key {
        let unit = match dimension {
            Dimension::Week => Unit::Week,
            Dimension::Month => Unit::Month,
            _ => Unit::Day,
        };
        match (dimension, slot) {
            (_, Slot::Day(first)) => Key::Period(first.map(|first| Period { first, unit })),
            (Dimension::Session, Slot::Place(place)) => Key::Session(self.table.sessions.get(place as usize).cloned()),
            (Dimension::Project, Slot::Place(place)) => Key::Project(self.project(place)),
            (Dimension::Client, Slot::Place(place)) => Key::Client(self.clients.get(place).copied().unwrap_or(NOBODY)),
            (Dimension::Branch, Slot::Place(place)) => Key::Branch(self.branches.get(place).cloned().flatten()),
            (Dimension::Tag, Slot::Place(place)) => Key::Tag(self.tags.get(place).cloned().flatten()),
            (_, Slot::Place(place)) => Key::Model(self.models.get(place).cloned().flatten()),
        }
    }

    fn project(&self, place: u32) -> Option<Project> {
        let path = self.projects.get(place)?.clone()?;
        let name = self.project_names.get(&path).map_or_else(|| path.to_string_lossy().into_owned(), Clone::clone);
        Some(Project { path, name: name.into() })
    }
}

/// The present period, over all further dimensions.
fn current(groups: &HashMap<Vec<Slot>, Tally>, grid: &Grid<'_>, options: &Options) -> Option<Line> {
    if !options.kind.has_current() {
        return None;
    }
    let today = day_of(options.now, &options.zone)?;
    let first = match grid.dimensions.first()? {
        Dimension::Week => monday_of(today),
        Dimension::Month => today.first_of_month(),
        _ => today,
    };
    let present = Slot::Day(Some(first));
    let mut tally = Tally::default();
    let mut is_used = false;
    for (_, of_group) in groups.iter().filter(|(slots, _)| slots.first() == Some(&present)) {
        tally.merge(of_group);
        is_used = true;
    }
    let keys = vec![grid.key(*grid.dimensions.first()?, present)];
    is_used.then(|| Draft { keys, tally }.finish(Detail::Whole))
}
