//! Which rows a surface shows, and in which order: the same for every surface.

use std::cmp::{Ordering, Reverse};
use std::path::Path;

use agtop_model::{Agent, Field, Row, Session, Snapshot, Status, Timestamp, Untrusted, Value};

use crate::{SortKey, View};

/// A text that a row must hold somewhere, in any case of letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter(String);

impl Filter {
    /// The rows that hold this text.
    pub fn new(text: &str) -> Self {
        Self(text.to_lowercase())
    }

    /// Whether the row does: an agent in its label, command line, directory, project or pid; a session in its client,
    /// id, name, directory, project, model or branch.
    pub fn matches(&self, row: &Row<'_>) -> bool {
        row.agent.is_some_and(|agent| self.matches_agent(agent))
            || row.session.is_some_and(|session| self.matches_session(session))
    }

    fn matches_agent(&self, agent: &Agent) -> bool {
        let argv: Vec<&str> = agent.process.argv.iter().map(Untrusted::raw).collect();
        self.is_in(agent.label.raw())
            || self.is_in(&argv.join(" "))
            || agent.process.cwd.as_deref().is_ok_and(|cwd| self.is_in_path(cwd))
            || self.is_in(&agent.process.id.pid.to_string())
    }

    fn matches_session(&self, session: &Session) -> bool {
        let title = session.title.as_ref().filter(|title| !title.rank.is_message_text()).map(|title| title.text.raw());
        let texts = [
            Some(session.key.client.as_str()),
            Some(&*session.key.id),
            title,
            session.project.as_ref().map(Untrusted::raw),
            session.model.as_deref(),
            session.branch.as_ref().map(Untrusted::raw),
        ];
        texts.into_iter().flatten().any(|text| self.is_in(text))
            || session.cwd.as_deref().is_some_and(|cwd| self.is_in_path(cwd))
    }

    fn is_in_path(&self, path: &Path) -> bool {
        self.is_in(&path.to_string_lossy())
    }

    fn is_in(&self, text: &str) -> bool {
        text.to_lowercase().contains(&self.0)
    }
}

/// The live agents that the view's filter lets through, in its order.
pub fn agents<'a>(snapshot: &'a Snapshot, view: &View) -> Vec<Row<'a>> {
    chosen(snapshot.agents.iter().map(|agent| Row::of_agent(snapshot.now, agent)), view)
}

/// The sessions that the view's filter lets through, in its order, each with the agent that works on it.
pub fn sessions<'a>(snapshot: &'a Snapshot, view: &View) -> Vec<Row<'a>> {
    chosen(snapshot.sessions.iter().map(|session| Row::of_session(snapshot.now, session, &snapshot.agents)), view)
}

/// As many of the rows as the view asks for.
pub fn top<'r, 'a>(rows: &'r [Row<'a>], view: &View) -> &'r [Row<'a>] {
    let most = view.top.filter(|&most| most > 0).unwrap_or(rows.len());
    rows.get(..most).unwrap_or(rows)
}

fn chosen<'a>(rows: impl Iterator<Item = Row<'a>>, view: &View) -> Vec<Row<'a>> {
    let mut rows: Vec<Row<'a>> =
        rows.filter(|row| view.filter.as_ref().is_none_or(|filter| filter.matches(row))).collect();
    match view.sort {
        SortKey::Smart => rows.sort_by_key(smart),
        SortKey::Field(field) => rows.sort_by_cached_key(|row| Key::new(field, row)),
    }
    rows
}

/// Those that want their person first, then the most recently active.
fn smart(row: &Row<'_>) -> (Status, Reverse<Option<Timestamp>>) {
    let started = || row.agent.and_then(|agent| agent.process.started_at.ok());
    (row.status(), Reverse(row.session.and_then(|session| session.last_active).or_else(started)))
}

/// Fields whose small values are the interesting ones.
const SMALLEST_FIRST: &[&str] = &["status", "pid", "active"];

/// A value's place in the order of its field; what is missing comes last.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Whole(i128),
    Float(Total),
    Text(String),
    Missing,
}

/// A float in the total order of IEEE 754.
struct Total(f64);

impl Ord for Total {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Total {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Total {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Total {}

impl Key {
    fn new(field: &Field, row: &Row<'_>) -> Self {
        let sign = if SMALLEST_FIRST.contains(&field.id) { 1 } else { -1 };
        match (field.get)(row) {
            Value::Count(n) | Value::Tokens(n) | Value::Bytes(n) => Self::Whole(i128::from(n) * sign),
            Value::Money(amount) => Self::Whole(i128::from(amount.as_pico()) * sign),
            Value::Span(span) => Self::Whole(i128::try_from(span.as_millis()).unwrap_or(i128::MAX) * sign),
            Value::Time(at) => Self::Whole(i128::from(at.as_millis()) * sign),
            Value::Status(status) => Self::Whole(status as i128 * sign),
            Value::Percent(percent) if percent.is_nan() => Self::Missing,
            Value::Percent(percent) => Self::Float(Total(if sign < 0 { -percent } else { percent })),
            Value::Text(text) => Self::Text(text.to_lowercase()),
            Value::Untrusted(text) => Self::Text(text.raw().to_lowercase()),
            Value::Gap(_) => Self::Missing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, view};

    fn pids(rows: &[Row<'_>]) -> Vec<u32> {
        rows.iter().filter_map(|row| row.agent).map(|agent| agent.process.id.pid).collect()
    }

    fn sorted_by(name: &str) -> Vec<u32> {
        let view = View { sort: name.parse().unwrap(), ..view() };
        pids(&agents(&testing::rich(), &view))
    }

    fn filtered_by(text: &str) -> Vec<u32> {
        let view = View { filter: Some(Filter::new(text)), ..view() };
        pids(&agents(&testing::rich(), &view))
    }

    #[test]
    fn agents_that_want_their_person_come_first_then_the_latest() {
        assert_eq!(sorted_by("smart"), [testing::CODEX_PID, testing::CLAUDE_PID, testing::GEMINI_PID]);
    }

    #[test]
    fn numbers_sort_from_large_to_small_and_gaps_come_last() {
        assert_eq!(sorted_by("cpu"), [testing::CLAUDE_PID, testing::CODEX_PID, testing::GEMINI_PID]);
        assert_eq!(sorted_by("tokens"), [testing::CLAUDE_PID, testing::CODEX_PID, testing::GEMINI_PID]);
    }

    #[test]
    fn text_sorts_by_the_alphabet_and_pids_upwards() {
        assert_eq!(sorted_by("agent"), [testing::CLAUDE_PID, testing::CODEX_PID, testing::GEMINI_PID]);
        let mut pids = sorted_by("pid");
        assert!(pids.is_sorted());
        pids.dedup();
        assert_eq!(pids.len(), 3);
    }

    #[test]
    fn a_filter_looks_at_label_command_line_directory_and_pid() {
        assert_eq!(filtered_by("CODEX"), [testing::CODEX_PID]);
        assert_eq!(filtered_by("--dangerously"), [testing::CLAUDE_PID]);
        assert_eq!(filtered_by("/work/SHOP"), [testing::CODEX_PID]);
        assert_eq!(filtered_by(&testing::GEMINI_PID.to_string()), [testing::GEMINI_PID]);
        assert_eq!(filtered_by("no such thing"), [0_u32; 0]);
    }

    #[test]
    fn a_filter_looks_at_a_session_but_not_at_what_its_person_said() {
        let ids = |text: &str| -> Vec<String> {
            let view = View { filter: Some(Filter::new(text)), ..view() };
            let snapshot = testing::rich();
            let rows = sessions(&snapshot, &view);
            rows.iter().filter_map(|row| row.session).map(|session| session.key.id.to_string()).collect()
        };
        assert_eq!(ids("prover polish"), [testing::CLAUDE_SESSION]);
        assert_eq!(ids("fix/basket"), [testing::CODEX_SESSION]);
        assert_eq!(ids(testing::SECRET_WORDS), [""; 0]);
    }

    #[test]
    fn top_zero_is_everything_and_top_beyond_the_end_too() {
        let snapshot = testing::rich();
        let all = sessions(&snapshot, &view());
        for (most, expected) in [(None, all.len()), (Some(0), all.len()), (Some(2), 2), (Some(usize::MAX), all.len())] {
            assert_eq!(top(&all, &View { top: most, ..view() }).len(), expected);
        }
    }
}
