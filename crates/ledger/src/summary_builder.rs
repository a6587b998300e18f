//! Folds a file's events into its summary.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::PathBuf;
use std::sync::Arc;

use agtop_model::{
    ClientId, Event, EventKind, MessageKey, RateLimitReading, Response, ResponseCopy, SessionKey, TimeBounds,
    Timestamp, ToolKey, earliest, note_rate_limit,
};
use foldhash::fast::RandomState;

use crate::file_summary::{FileIssues, FileSummary, NameIndex, ProjectRoot, ResponseRecord, SessionSummary};

/// Builds the summary of one file from its events, in the file's order.
#[derive(Debug, Default)]
pub struct FileSummaryBuilder {
    summary: FileSummary,
    sessions: HashMap<SessionKey, u32, RandomState>,
    /// The session of the last event: events come in runs.
    recent: Option<(SessionKey, u32)>,
    names: HashMap<Arc<str>, NameIndex, RandomState>,
    responses: HashMap<(u32, MessageKey), usize, RandomState>,
    calls: HashMap<(u32, ToolKey), usize, RandomState>,
}

impl FileSummaryBuilder {
    /// Continues with the events that a file gained since it was read.
    pub fn resume(summary: FileSummary) -> Self {
        let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let sessions = summary.sessions.iter().enumerate();
        let calls = sessions.clone().flat_map(|(session, state)| {
            state.calls.iter().enumerate().map(move |(at, (tool, _))| ((number(session), *tool), at))
        });
        Self {
            sessions: sessions.clone().map(|(at, session)| (session.key.clone(), number(at))).collect(),
            recent: None,
            names: summary
                .names
                .iter()
                .enumerate()
                .map(|(at, name)| (Arc::clone(name), NameIndex(number(at))))
                .collect(),
            responses: summary
                .responses
                .iter()
                .enumerate()
                .map(|(at, response)| ((response.session, response.message), at))
                .collect(),
            calls: calls.collect(),
            summary,
        }
    }

    /// The summary so far.
    pub fn summary(&self) -> &FileSummary {
        &self.summary
    }

    /// The finished summary.
    pub fn finish(self) -> FileSummary {
        self.summary
    }

    /// Folds in one event.
    pub fn note(&mut self, event: &Event, clock: TimeBounds) {
        let at = self.credible(event.at, clock);
        let client = event.session.client;
        match &event.kind {
            EventKind::ProjectRoot { project, root } => self.note_root(client, project, root),
            EventKind::RateLimit(limit) => {
                let at = at.unwrap_or(clock.modified);
                note_rate_limit(&mut self.summary.limits, RateLimitReading { client, at, limit: limit.clone() });
            }
            // About the present alone.
            EventKind::Running(_) | EventKind::ModelWindow { .. } => {}
            EventKind::Response(response) => self.note_response(&event.session, event.at, clock, response),
            EventKind::Facts(facts) => {
                self.credible(facts.started, clock);
                let session = self.session_mut(&event.session);
                session.state.note_facts(&event.session, event.at, facts, clock.latest);
            }
            kind => {
                if let EventKind::ToolStarted { tool, name, .. } = kind {
                    self.note_call(&event.session, *tool, name);
                }
                let session = self.session_mut(&event.session);
                session.state.note(event.at, kind, clock.latest);
                session.state.private_title = None;
            }
        }
    }

    /// Notes records that could not be used.
    pub fn note_issues(&mut self, issues: FileIssues) {
        self.summary.issues.extend(issues);
    }

    /// The time, if it is credible. A time ahead of the clock is noted, so that a later run reads the file again.
    fn credible(&mut self, at: Option<Timestamp>, clock: TimeBounds) -> Option<Timestamp> {
        if let Some(ahead) = at.filter(|&at| at > clock.latest) {
            self.summary.earliest_future_time = earliest(self.summary.earliest_future_time, Some(ahead));
        }
        clock.credible(at)
    }

    fn note_call(&mut self, key: &SessionKey, tool: ToolKey, name: &Arc<str>) {
        let name = self.name(name);
        let idx = self.session(key);
        let Some(session) = self.summary.sessions.get_mut(idx as usize) else { return };
        if let Entry::Vacant(entry) = self.calls.entry((idx, tool)) {
            entry.insert(session.calls.len());
            session.calls.push((tool, name));
        }
    }

    fn note_response(
        &mut self,
        key: &SessionKey,
        stated: Option<Timestamp>,
        clock: TimeBounds,
        response: &ResponseCopy,
    ) {
        let model = response.model.as_ref().map(|name| self.name(name));
        let idx = self.session(key);
        let session = self.session_mut(key);
        let mut time = session.state.time_of(stated, clock.latest);
        session.state.note_response(time.resolve(clock.latest, clock.modified), response, model);
        // A credible time needs no substitute.
        time.before = time.before.filter(|_| time.stated.is_none_or(|stated| stated > clock.latest));
        let copy = ResponseRecord {
            session: idx,
            message: response.message,
            part_of: response.part_of.clone(),
            time,
            counted: Response::of(response, model),
        };
        let FileSummary { responses, names, .. } = &mut self.summary;
        let place = *self.responses.entry((idx, response.message)).or_insert(responses.len());
        match responses.get_mut(place) {
            Some(kept) => kept.merge(&copy, names),
            None => responses.push(copy),
        }
    }

    fn note_root(&mut self, client: ClientId, project: &Arc<str>, root: &PathBuf) {
        let is_same = |known: &&mut ProjectRoot| known.client == client && known.project == *project;
        match self.summary.roots.iter_mut().find(is_same) {
            Some(known) => known.root.clone_from(root),
            None => self.summary.roots.push(ProjectRoot { client, project: Arc::clone(project), root: root.clone() }),
        }
    }

    fn name(&mut self, name: &Arc<str>) -> NameIndex {
        if let Some(&known) = self.names.get(name) {
            return known;
        }
        let new = NameIndex(u32::try_from(self.summary.names.len()).unwrap_or(u32::MAX));
        self.summary.names.push(Arc::clone(name));
        self.names.insert(Arc::clone(name), new);
        new
    }

    fn session(&mut self, key: &SessionKey) -> u32 {
        if let Some((recent, idx)) = &self.recent
            && recent == key
        {
            return *idx;
        }
        let next = u32::try_from(self.summary.sessions.len()).unwrap_or(u32::MAX);
        let idx = *self.sessions.entry(key.clone()).or_insert(next);
        if idx == next {
            self.summary.sessions.push(SessionSummary::new(key.clone()));
        }
        self.recent = Some((key.clone(), idx));
        idx
    }

    fn session_mut(&mut self, key: &SessionKey) -> &mut SessionSummary {
        let idx = self.session(key) as usize;
        &mut self.summary.sessions[idx]
    }
}

#[cfg(test)]
mod tests {
    use agtop_model::{FileId, Phase, Provenance, RateLimit, RecordTime, SourcePosition, Title, TitleRank, Usage};

    use super::*;
    use crate::file_summary::{FileIssue, IssuePosition};
    use crate::testing::{CLIENT, key, minute};

    fn event(session: &str, at: i64, kind: EventKind) -> Event {
        let source = Provenance { file: FileId(0), place: SourcePosition::Byte(0) };
        Event { at: Some(minute(at)), session: SessionKey::new(CLIENT, session), source, kind }
    }

    fn answer(message: u64, output: u64) -> EventKind {
        EventKind::Response(Box::new(ResponseCopy {
            model: Some("m".into()),
            ..ResponseCopy::new(key(message), Usage { input: 10, output, ..Usage::default() }, minute(0))
        }))
    }

    fn recorded(events: &[Event]) -> FileSummary {
        let mut builder = FileSummaryBuilder::default();
        let clock = TimeBounds { modified: minute(0), latest: minute(100_000) };
        for event in events {
            builder.note(event, clock);
        }
        builder.finish()
    }

    #[test]
    fn a_streamed_response_is_one_turn_with_its_last_usage_and_first_time() {
        let summary =
            recorded(&[event("s", 1, answer(7, 1)), event("s", 2, answer(7, 90)), event("s", 3, answer(7, 4))]);
        assert_eq!(summary.responses.len(), 1);
        assert_eq!(
            (summary.responses[0].counted.usage.output, summary.responses[0].time.stated),
            (90, Some(minute(1)))
        );
    }

    #[test]
    fn the_same_response_of_two_sessions_stays_two_copies_for_the_world_to_join() {
        let summary = recorded(&[event("a", 1, answer(7, 5)), event("b", 1, answer(7, 5))]);
        assert_eq!(summary.responses.iter().map(|response| response.session).collect::<Vec<_>>(), [0, 1]);
    }

    #[test]
    fn message_text_is_no_title() {
        let title = |rank, text: &str| EventKind::Title(Title { rank, text: text.into() });
        let summary = recorded(&[
            event("s", 1, title(TitleRank::Summary, "About it")),
            event("s", 2, title(TitleRank::LastPrompt, "my secret words")),
            event("s", 3, title(TitleRank::FirstPrompt, "more of them")),
        ]);
        assert_eq!(summary.sessions[0].state.title.as_ref().map(|title| title.text.raw()), Some("About it"));
        assert!(!String::from_utf8_lossy(&summary.encode()).contains("secret"));
    }

    #[test]
    fn texts_of_tools_errors_and_messages_are_not_kept() {
        let started = EventKind::ToolStarted {
            tool: ToolKey::new(CLIENT, "t"),
            name: "Bash".into(),
            target: Some("rm secret".into()),
        };
        let summary = recorded(&[
            event("s", 1, started.clone()),
            event("s", 1, started),
            event("s", 2, EventKind::Error("secret trouble".into())),
            event("s", 2, EventKind::Prompt { words: Some("tell me a secret".into()) }),
            event("s", 2, EventKind::Said("the secret is".into())),
        ]);
        assert_eq!((summary.sessions[0].calls.len(), summary.sessions[0].state.errors), (1, 1));
        assert_eq!((summary.sessions[0].state.phase, summary.sessions[0].state.prompts), (Phase::Open, 1));
        assert!(!String::from_utf8_lossy(&summary.encode()).contains("secret"));
    }

    #[test]
    fn times_of_a_broken_clock_are_ignored() {
        let mut early = event("s", 1, answer(1, 1));
        early.at = Some(Timestamp::from_millis(5));
        let summary = recorded(&[event("s", 3, EventKind::Prompt { words: None }), early]);
        assert_eq!(summary.responses[0].time, RecordTime { stated: None, before: Some(minute(3)) });
    }

    #[test]
    fn the_newest_reading_of_a_rate_limit_is_kept() {
        let limit = |plan: &str| {
            let limit = RateLimit { limit: "codex".into(), plan: Some(plan.into()), windows: Vec::new() };
            EventKind::RateLimit(limit)
        };
        let summary = recorded(&[event("s", 5, limit("new")), event("s", 2, limit("old"))]);
        assert_eq!(summary.limits.len(), 1);
        assert_eq!(summary.limits[0].at, minute(5));
        assert!(summary.sessions.is_empty(), "allowances are the account's");
    }

    #[test]
    fn a_resumed_summary_equals_one_built_at_once() {
        let tool =
            |id: &str| EventKind::ToolStarted { tool: ToolKey::new(CLIENT, id), name: "Read".into(), target: None };
        let events = [
            event("a", 1, EventKind::Prompt { words: None }),
            event("a", 2, answer(1, 5)),
            event("a", 2, tool("x")),
            event("b", 3, answer(1, 9)),
            event("a", 4, answer(1, 50)),
            event("a", 4, tool("x")),
            event("b", 5, answer(2, 1)),
        ];
        let clock = TimeBounds { modified: minute(0), latest: minute(100_000) };
        for cut in 0..events.len() {
            let mut builder = FileSummaryBuilder::resume(recorded(&events[..cut]));
            for event in &events[cut..] {
                builder.note(event, clock);
            }
            assert_eq!(builder.finish(), recorded(&events), "cut at {cut}");
        }
    }

    /// `faketime "2026-11-10 09:00" agtop --once` wrote the mtime of the file beside every response of the days after, for
    /// ever. What a record says is kept; who reads it judges it by the clock of its own run.
    #[test]
    fn a_run_with_a_slow_clock_keeps_what_records_say() {
        let mut builder = FileSummaryBuilder::default();
        let slow = TimeBounds { modified: minute(7), latest: minute(2) };
        builder.note(&event("s", 1, answer(1, 1)), slow);
        builder.note(&event("s", 5, answer(2, 1)), slow);
        let summary = builder.finish();
        assert_eq!(summary.earliest_future_time, Some(minute(5)));
        let at = |latest: i64| summary.responses[1].time.resolve(minute(latest), minute(7)).at;
        assert_eq!((at(2), at(100)), (minute(1), minute(5)));
        assert_eq!(summary.sessions[0].state.last, Some(minute(1)), "the file is read again by a better clock");
    }

    #[test]
    fn issues_are_kept_up_to_a_bound_and_counted_beyond_it() {
        let mut builder = FileSummaryBuilder::default();
        for at in 0..500 {
            let kind = agtop_model::IssueKind::Malformed;
            let issue = FileIssue { place: Some(IssuePosition::Byte(at)), kind, detail: "torn".into() };
            builder.note_issues(FileIssues { total: 2, kept: vec![issue] });
        }
        let issues = builder.finish().issues;
        assert_eq!((issues.total, issues.kept.len()), (1000, FileIssues::MAX_KEPT));
        assert_eq!(issues.kept[0].place, Some(IssuePosition::Byte(0)));
    }
}
