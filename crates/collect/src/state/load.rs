//! Loading the ledger's data into the World.

use std::sync::Arc;

use agtop_ledger::{FileSummary, NameIndex, ProjectRoot, ResponseRecord, SessionSummary};
use agtop_model::{
    MessageKey, Provenance, RateLimitReading, ResolvedTime, Response, ResponseCopy, SessionKey, SourcePosition,
    note_coarse_rate_limit, note_rate_limit,
};

use super::index::SessionIdx;
use super::names::NameIdx;
use super::responses::ReadCopy;
use super::session::FileRole;
use super::world::World;
use crate::cache::cached_file::CachedFileRef;

impl World {
    /// Folds in what the ledger holds of a file, as if the file had been read. If the file will be read again, only what
    /// has an id is loaded.
    pub(crate) fn load(&mut self, cached: CachedFileRef, summary: &FileSummary) {
        self.load_sessions(cached, summary);
    }

    /// The same as [`Self::load`]. Returns the sessions that the file reports.
    pub(super) fn load_sessions(&mut self, cached: CachedFileRef, summary: &FileSummary) -> Vec<SessionIdx> {
        self.has_changed = true;
        self.has_new_relations = true;
        let models = self.names(summary);
        let of_summary = summary.sessions.iter();
        let sessions: Vec<SessionIdx> =
            of_summary.map(|session| self.load_session(cached, session, summary, &models)).collect();
        self.load_response_records(cached, summary, (&sessions, &models), |_, _| true);
        for reading in &summary.limits {
            note_rate_limit(&mut self.limits, reading.clone());
        }
        for ProjectRoot { client, project, root } in &summary.roots {
            self.projects.insert((*client, Arc::clone(project)), root.clone());
        }
        sessions
    }

    /// Folds in the responses that `is_wanted` accepts, and all tool calls.
    pub(super) fn load_responses(
        &mut self,
        cached: CachedFileRef,
        summary: &FileSummary,
        is_wanted: impl Fn(&Self, MessageKey) -> bool,
    ) {
        let models = self.names(summary);
        let mut sessions = Vec::with_capacity(summary.sessions.len());
        for session_summary in &summary.sessions {
            let session = self.session(&session_summary.key);
            if cached.verdict.is_current() {
                self.load_calls(session, session_summary, summary);
            }
            sessions.push(session);
        }
        self.load_response_records(cached, summary, (&sessions, &models), is_wanted);
    }

    /// The names of the summary as names of the World.
    pub(super) fn names(&mut self, summary: &FileSummary) -> Vec<NameIdx> {
        summary.names.iter().map(|name| self.models.intern(name)).collect()
    }

    fn load_response_records(
        &mut self,
        CachedFileRef { file, modified, .. }: CachedFileRef,
        summary: &FileSummary,
        (sessions, models): (&[SessionIdx], &[NameIdx]),
        is_wanted: impl Fn(&Self, MessageKey) -> bool,
    ) {
        for (at, record) in summary.responses.iter().enumerate() {
            if !is_wanted(self, record.message) {
                continue;
            }
            let (Some(&session), Some(session_summary)) =
                (sessions.get(record.session as usize), summary.sessions.get(record.session as usize))
            else {
                continue;
            };
            let place = SourcePosition::Entry(u32::try_from(at).unwrap_or(u32::MAX));
            let when = record.time.resolve(self.latest, modified);
            self.load_response_record(
                (&session_summary.key, session),
                Provenance { file, place },
                when,
                (record, models),
            );
        }
    }

    /// Folds in a reading of a rate limit, unless files report one that is as new: theirs has more details.
    pub(crate) fn load_limit(&mut self, reading: RateLimitReading) {
        note_coarse_rate_limit(&mut self.limits, reading);
    }

    fn load_session(
        &mut self,
        CachedFileRef { file, modified, verdict }: CachedFileRef,
        session_summary: &SessionSummary,
        summary: &FileSummary,
        models: &[NameIdx],
    ) -> SessionIdx {
        if let Some(parent) = &session_summary.state.facts.parent {
            self.session(parent);
        }
        let session = self.session(&session_summary.key);
        let of_file = session_summary.state.clone().named(|model| named(Some(model), models));
        let state = &mut self.sessions[session.at()];
        if verdict.is_current() {
            state.load(file, modified, FileRole::Current, of_file);
            self.load_calls(session, session_summary, summary);
        } else {
            state.load(file, modified, FileRole::Former, of_file.leftover());
        }
        session
    }

    fn load_calls(&mut self, session: SessionIdx, session_summary: &SessionSummary, summary: &FileSummary) {
        if session_summary.calls.is_empty() {
            return;
        }
        self.note_call(session);
        let state = &mut self.sessions[session.at()];
        for (tool, name) in session_summary.calls.iter().filter_map(|(tool, name)| Some((*tool, summary.name(*name)?)))
        {
            state.count_call(tool, name);
        }
    }

    fn load_response_record(
        &mut self,
        (key, session): (&SessionKey, SessionIdx),
        source: Provenance,
        when: ResolvedTime,
        (record, models): (&ResponseRecord, &[NameIdx]),
    ) {
        if let Some(total) = record.running_total() {
            // If there are two readings of one total, the greater one is the later.
            let known = self.running_totals.entry(total.message).or_insert(total);
            if known.usage.total() < total.usage.total() {
                *known = total;
            }
            return;
        }
        let response = record.counted.named(|model| named(Some(model), models));
        if let Some(audit) = &mut self.audit {
            let model = response.model().and_then(|model| self.models.get(model)).cloned();
            audit.note(key, source, when, &copy_of(record, model));
        }
        self.add_copy(ReadCopy { session, when, message: record.message, part_of: &record.part_of, response });
    }
}

/// The response as its file would report it.
fn copy_of(record: &ResponseRecord, model: Option<Arc<str>>) -> ResponseCopy {
    let Response {
        usage,
        tier,
        geo,
        purpose,
        extent,
        requests,
        embedded_cost,
        stop,
        context_used,
        lineage,
        opened,
        ..
    } = record.counted;
    ResponseCopy {
        message: record.message,
        id: None,
        part_of: record.part_of.clone(),
        model,
        usage,
        tier,
        geo,
        purpose,
        requests,
        extent,
        embedded_cost,
        stop,
        lineage,
        opened,
        context_used,
    }
}

/// A name of a summary as a name of the World; `models` are those of the summary, in its order.
pub(super) fn named(name: Option<NameIndex>, models: &[NameIdx]) -> Option<NameIdx> {
    name.and_then(|name| models.get(name.0 as usize)).copied()
}
