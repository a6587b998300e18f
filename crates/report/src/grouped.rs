use std::collections::HashMap;
use std::hash::Hash;
use std::path::PathBuf;
use std::sync::Arc;

use agtop_model::{ClientId, Session, Untrusted, UsageRow, UsageTable};
use jiff::civil::Date;

use crate::calendar::{Calendar, day_of, monday_of};
use crate::key::{LineKey, PeriodUnit, ReportPeriod, ReportProject};
use crate::options::{Dimension, LineDetail, ReportOptions};
use crate::order::{PendingLine, sort_and_limit, sum_omitted};
use crate::project;
use crate::report::{Report, ReportLine};
use crate::rows::rows;
use crate::sums::Tally;

/// Adds up the rows that the options ask for, by the options' dimensions.
pub(super) fn build(table: &UsageTable, options: &ReportOptions) -> Report {
    let dimensions = options.dimensions();
    let mut grouper = RowGrouper::new(table, &dimensions, options);
    let mut totals = Tally::default();
    let mut groups: HashMap<Vec<GroupKey>, Tally> = HashMap::new();
    let mut group = Vec::with_capacity(dimensions.len());
    for billed in rows(table, options) {
        totals.add(billed);
        grouper.group_of(billed.row, &mut group);
        match groups.get_mut(&group) {
            Some(tally) => tally.add(billed),
            None => groups.entry(group.clone()).or_default().add(billed),
        }
    }
    let current = current(&groups, &grouper, options);
    let lines = groups.into_iter().map(|(group, tally)| PendingLine { keys: grouper.keys(&group), tally }).collect();
    let (kept, omitted) = sort_and_limit(lines, options.order, options.limit);
    Report {
        lines: kept.into_iter().map(|line| line.finish(options.detail())).collect(),
        omitted: sum_omitted(omitted),
        totals: totals.into_sums(),
        current,
        ..Report::empty(options)
    }
}

/// A key in a form that is cheap to hash: a day, or an index into a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum GroupKey {
    Day(Option<Date>),
    Index(u32),
}

/// Finds the group of a row.
struct RowGrouper<'t> {
    table: &'t UsageTable,
    dimensions: Vec<Dimension>,
    calendar: Calendar<'t>,
    projects: Interner<Option<PathBuf>>,
    project_names: HashMap<PathBuf, String>,
    models: Interner<Option<Arc<str>>>,
    clients: Interner<ClientId>,
    branches: Interner<Option<Untrusted>>,
    tags: Interner<Option<Untrusted>>,
    /// The indices of the project, client, branch and tag of each session.
    sessions: Vec<[u32; 4]>,
}

/// Gives each value an index, in the order of first use.
struct Interner<T> {
    indices: HashMap<T, u32>,
    list: Vec<T>,
}

impl<T: Clone + Eq + Hash> Interner<T> {
    fn new() -> Self {
        Self { indices: HashMap::new(), list: Vec::new() }
    }

    fn intern(&mut self, value: &T) -> u32 {
        if let Some(&index) = self.indices.get(value) {
            return index;
        }
        let index = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        self.indices.insert(value.clone(), index);
        self.list.push(value.clone());
        index
    }

    fn get(&self, index: u32) -> Option<&T> {
        self.list.get(index as usize)
    }
}

/// The client of rows whose session the table lacks.
const UNKNOWN_CLIENT: ClientId = ClientId::new("unknown");

impl<'t> RowGrouper<'t> {
    fn new(table: &'t UsageTable, dimensions: &[Dimension], options: &'t ReportOptions) -> Self {
        let (mut projects, mut clients) = (Interner::new(), Interner::new());
        let (mut branches, mut tags) = (Interner::new(), Interner::new());
        let indices_of = |session: &Arc<Session>| {
            [
                projects.intern(&session.cwd),
                clients.intern(&session.client()),
                branches.intern(&session.branch),
                tags.intern(&session.tag),
            ]
        };
        let sessions = table.sessions.iter().map(indices_of).collect();
        Self {
            table,
            dimensions: dimensions.to_vec(),
            calendar: Calendar::new(&options.zone),
            project_names: project::names(projects.list.iter().flatten()),
            projects,
            models: Interner::new(),
            clients,
            branches,
            tags,
            sessions,
        }
    }

    /// Writes the row's key in each dimension to `group`.
    fn group_of(&mut self, row: &UsageRow, group: &mut Vec<GroupKey>) {
        group.clear();
        let indices = self.sessions.get(row.session as usize);
        let [project, client, branch, tag] = indices.copied().unwrap_or([u32::MAX; 4]);
        for dimension in &self.dimensions {
            let key = match dimension {
                Dimension::Day => GroupKey::Day(row.at.and_then(|at| self.calendar.day(at))),
                Dimension::Week => GroupKey::Day(row.at.and_then(|at| self.calendar.day(at)).map(monday_of)),
                Dimension::Month => {
                    GroupKey::Day(row.at.and_then(|at| self.calendar.day(at)).map(Date::first_of_month))
                }
                Dimension::Session => GroupKey::Index(if indices.is_some() { row.session } else { u32::MAX }),
                Dimension::Project => GroupKey::Index(project),
                Dimension::Model => GroupKey::Index(self.models.intern(&row.model)),
                Dimension::Client => GroupKey::Index(client),
                Dimension::Branch => GroupKey::Index(branch),
                Dimension::Tag => GroupKey::Index(tag),
                // Neither is a group of usage: tool calls have no tokens, and blocks are divided by other code.
                Dimension::Tool | Dimension::Block => GroupKey::Day(None),
            };
            group.push(key);
        }
    }

    fn keys(&self, group: &[GroupKey]) -> Vec<LineKey> {
        self.dimensions.iter().zip(group).map(|(dimension, key)| self.key(*dimension, *key)).collect()
    }

    fn key(&self, dimension: Dimension, key: GroupKey) -> LineKey {
        let unit = match dimension {
            Dimension::Week => PeriodUnit::Week,
            Dimension::Month => PeriodUnit::Month,
            _ => PeriodUnit::Day,
        };
        match (dimension, key) {
            (_, GroupKey::Day(first)) => LineKey::Period(first.map(|first| ReportPeriod { first, unit })),
            (Dimension::Session, GroupKey::Index(index)) => {
                LineKey::Session(self.table.sessions.get(index as usize).cloned())
            }
            (Dimension::Project, GroupKey::Index(index)) => LineKey::Project(self.project(index)),
            (Dimension::Client, GroupKey::Index(index)) => {
                LineKey::Client(self.clients.get(index).copied().unwrap_or(UNKNOWN_CLIENT))
            }
            (Dimension::Branch, GroupKey::Index(index)) => LineKey::Branch(self.branches.get(index).cloned().flatten()),
            (Dimension::Tag, GroupKey::Index(index)) => LineKey::Tag(self.tags.get(index).cloned().flatten()),
            (_, GroupKey::Index(index)) => LineKey::Model(self.models.get(index).cloned().flatten()),
        }
    }

    fn project(&self, index: u32) -> Option<ReportProject> {
        let path = self.projects.get(index)?.clone()?;
        let name = self.project_names.get(&path).map_or_else(|| path.to_string_lossy().into_owned(), Clone::clone);
        Some(ReportProject { path, name: name.into() })
    }
}

/// The total of the present period; `None` if the report has no periods or nothing was used in it.
fn current(
    groups: &HashMap<Vec<GroupKey>, Tally>,
    grouper: &RowGrouper<'_>,
    options: &ReportOptions,
) -> Option<ReportLine> {
    if !options.kind.has_current() {
        return None;
    }
    let today = day_of(options.now, &options.zone)?;
    let first = match grouper.dimensions.first()? {
        Dimension::Week => monday_of(today),
        Dimension::Month => today.first_of_month(),
        _ => today,
    };
    let present = GroupKey::Day(Some(first));
    let mut tally = Tally::default();
    let mut is_used = false;
    for (_, of_group) in groups.iter().filter(|(group, _)| group.first() == Some(&present)) {
        tally.merge(of_group);
        is_used = true;
    }
    let keys = vec![grouper.key(*grouper.dimensions.first()?, present)];
    is_used.then(|| PendingLine { keys, tally }.finish(LineDetail::Whole))
}
