//! What one file says of one session, folded from its events, and all files of a session merged.
//!
//! Within a file the order of records counts: of each fact the last one holds. Between files no order counts, since they
//! are read in any: there the newest holds, and among equals the greatest value. The World and the
//! ledger both use this module.

use std::sync::{Arc, LazyLock};

use crate::response::earliest;
use crate::{
    EventKind, Lineage, Phase, Purpose, RecordTime, ResolvedTime, ResponseCopy, SessionFacts, SessionKey, StopReason,
    TimeSource, Timestamp, Title, TitleRank,
};

/// What one file says of one session, apart from its responses and tool calls. `N` stands for a model's name.
#[derive(Clone, Debug, PartialEq)]
pub struct FileSession<N> {
    /// What is known about the session: of each fact the last that was stated. Files of one session often state the same,
    /// and may share it.
    pub facts: Arc<SessionFacts>,
    /// When the last of these facts was stated.
    pub facts_at: Option<Timestamp>,
    /// When [`SessionFacts::context_used`] was stated.
    pub context_at: Option<Timestamp>,
    /// The best name that is no message text.
    pub title: Option<Title>,
    /// The best name that is message text. Private: it is written nowhere.
    pub private_title: Option<Title>,
    /// Prompts of the user.
    pub prompts: u64,
    /// Failed requests.
    pub errors: u64,
    /// How often the context was compacted.
    pub compactions: u64,
    /// Where the conversation stands.
    pub phase: Phase,
    /// When something first happened.
    pub first: Option<Timestamp>,
    /// When something last happened.
    pub last: Option<Timestamp>,
    /// What the last record with a credible time says.
    pub stated: Option<Timestamp>,
    /// Whether a response has no time but the file's.
    pub is_undated: bool,
    /// The newest response on the main line.
    pub last_response: Option<LastResponse<N>>,
    /// The largest context seen, in tokens.
    pub largest_prompt: u64,
}

/// The newest response on a session's main line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastResponse<N> {
    /// When it happened.
    pub when: ResolvedTime,
    /// The model that answered.
    pub model: Option<N>,
    /// Tokens in the context with it.
    pub context_used: u64,
    /// Why the model stopped.
    pub stop: Option<StopReason>,
}

impl<N> Default for FileSession<N> {
    fn default() -> Self {
        Self {
            facts: no_facts(),
            facts_at: None,
            context_at: None,
            title: None,
            private_title: None,
            prompts: 0,
            errors: 0,
            compactions: 0,
            phase: Phase::Fresh,
            first: None,
            last: None,
            stated: None,
            is_undated: false,
            last_response: None,
            largest_prompt: 0,
        }
    }
}

impl<N: Copy> FileSession<N> {
    /// The time of the next record, which states `stated`. Those after it that state none take it for theirs, unless it
    /// is after `latest`.
    pub fn time_of(&mut self, stated: Option<Timestamp>, latest: Timestamp) -> RecordTime {
        let stated = stated.filter(|&stated| Timestamp::EARLIEST <= stated);
        let time = RecordTime { stated, before: self.stated };
        self.stated = stated.filter(|&stated| stated <= latest).or(self.stated);
        time
    }

    /// The time that the next record states, if it is credible.
    fn credible(&mut self, stated: Option<Timestamp>, latest: Timestamp) -> Option<Timestamp> {
        self.time_of(stated, latest).stated.filter(|&stated| stated <= latest)
    }

    /// Notes facts about the session `own`, from a record that states this time. Times after `latest` are a broken
    /// clock's.
    pub fn note_facts(&mut self, own: &SessionKey, stated: Option<Timestamp>, new: &SessionFacts, latest: Timestamp) {
        let at = self.credible(stated, latest);
        self.touch(at);
        self.facts_at = self.facts_at.max(at);
        let facts = Arc::make_mut(&mut self.facts);
        update(&mut facts.parent, new.parent.as_ref().filter(|parent| *parent != own));
        update(&mut facts.forked_from, new.forked_from.as_ref());
        update(&mut facts.cwd, new.cwd.as_ref());
        update(&mut facts.project, new.project.as_ref());
        update(&mut facts.branch, new.branch.as_ref());
        update(&mut facts.version, new.version.as_ref());
        update(&mut facts.model, new.model.as_ref());
        update(&mut facts.context_limit, new.context_limit.as_ref());
        update(&mut facts.origin, new.origin.as_ref());
        let begun = new.started.filter(|&begun| Timestamp::EARLIEST <= begun && begun <= latest);
        facts.started = earliest(facts.started, begun);
        self.first = earliest(self.first, begun);
        if new.context_used.is_some() {
            facts.context_used = new.context_used;
            self.context_at = at.or(self.last);
        }
    }

    /// Notes a response; says whether it is the newest of the session's own.
    pub fn note_response(&mut self, when: ResolvedTime, turn: &ResponseCopy, model: Option<N>) -> bool {
        match when.source {
            TimeSource::Record | TimeSource::PreviousRecord => self.touch(Some(when.at)),
            TimeSource::File => self.is_undated = true,
        }
        // Who summarises reads the whole conversation, and the summary takes its place: neither is in the context.
        if turn.purpose == Purpose::Compaction {
            return false;
        }
        let context_used = turn.context_used.unwrap_or_else(|| turn.usage.prompt());
        self.largest_prompt = self.largest_prompt.max(context_used);
        let is_own = turn.lineage == Lineage::Main || self.facts.parent.is_some();
        if !is_own || self.last_response.is_some_and(|last| last.when.at > when.at) {
            return false;
        }
        let stop = turn.stop.or(self.last_response.filter(|last| last.when.at == when.at).and_then(|last| last.stop));
        self.last_response = Some(LastResponse { when, model, context_used, stop });
        let is_done = matches!(stop, Some(StopReason::EndTurn | StopReason::StopSequence));
        self.phase = if is_done { Phase::Finished } else { Phase::Open };
        true
    }

    /// Notes anything else, from a record that states this time, and returns that time if it is credible. Times after
    /// `latest` are a broken clock's.
    pub fn note(&mut self, stated: Option<Timestamp>, kind: &EventKind, latest: Timestamp) -> Option<Timestamp> {
        let at = self.credible(stated, latest);
        self.touch(at);
        self.phase = self.phase.after(kind);
        match kind {
            EventKind::Title(title) if title.rank.is_message_text() => note_title(&mut self.private_title, title),
            EventKind::Title(title) => note_title(&mut self.title, title),
            EventKind::Prompt { .. } => self.prompts += 1,
            EventKind::Compacted => self.compactions += 1,
            EventKind::Error(_) => self.errors += 1,
            _ => {}
        }
        at
    }

    fn touch(&mut self, at: Option<Timestamp>) {
        self.first = earliest(self.first, at);
        self.last = self.last.max(at);
    }

    /// The same with models under other names.
    pub fn named<M>(self, name: impl FnOnce(N) -> Option<M>) -> FileSession<M> {
        let last_response = self.last_response.map(|LastResponse { when, model, context_used, stop }| LastResponse {
            when,
            model: model.and_then(name),
            context_used,
            stop,
        });
        FileSession {
            facts: self.facts,
            facts_at: self.facts_at,
            context_at: self.context_at,
            title: self.title,
            private_title: self.private_title,
            prompts: self.prompts,
            errors: self.errors,
            compactions: self.compactions,
            phase: self.phase,
            first: self.first,
            last: self.last,
            stated: self.stated,
            is_undated: self.is_undated,
            last_response,
            largest_prompt: self.largest_prompt,
        }
    }

    /// What remains of it when the file says other things now: neither counts nor what concerns the present.
    #[must_use]
    pub fn leftover(&self) -> Self {
        let (title, facts) = (self.title.clone(), Arc::clone(&self.facts));
        Self {
            facts,
            title,
            prompts: 0,
            errors: 0,
            compactions: 0,
            phase: Phase::Fresh,
            last_response: None,
            private_title: None,
            ..*self
        }
    }

    /// Gives what has no time of its own this one: when the session began, else when the file was last written.
    pub fn fill_missing_times(&mut self, at: Timestamp) {
        if self.is_undated {
            self.touch(Some(at));
        }
        if let Some(last) = self.last_response.as_mut().filter(|last| last.when.source == TimeSource::File) {
            last.when.at = at;
        }
    }

    /// All files of a session merged, whatever their order. Their times must be settled. Of claims to a parent one
    /// is taken; which holds depends on the other sessions.
    pub fn merge_all(files: &[&Self]) -> Self {
        let mut all = Self {
            facts: Arc::new(facts_of(files)),
            facts_at: files.iter().filter_map(|file| file.facts_at).max(),
            title: best_title(files, |file| file.title.as_ref()),
            private_title: best_title(files, |file| file.private_title.as_ref()),
            prompts: files.iter().map(|file| file.prompts).sum(),
            errors: files.iter().map(|file| file.errors).sum(),
            compactions: files.iter().map(|file| file.compactions).sum(),
            phase: phase_of(files),
            first: files.iter().filter_map(|file| file.first).min(),
            last: files.iter().filter_map(|file| file.last).max(),
            stated: files.iter().filter_map(|file| file.stated).max(),
            is_undated: files.iter().any(|file| file.is_undated),
            largest_prompt: files.iter().map(|file| file.largest_prompt).max().unwrap_or_default(),
            ..Self::default()
        };
        let context = |file: &&Self| Some((file.context_at, file.facts.context_used?));
        if let Some((at, used)) = files.iter().filter_map(context).max() {
            all.context_at = at;
            Arc::make_mut(&mut all.facts).context_used = Some(used);
        }
        let last_responses = files.iter().filter_map(|file| file.last_response);
        all.last_response = last_responses.max_by_key(|last| (last.when.at, last.context_used, last.stop));
        all
    }
}

/// The phase by the last file that has one: a list of sessions, which has none, may be dated later than the transcript.
fn phase_of<N>(files: &[&FileSession<N>]) -> Phase {
    let phased = files.iter().filter(|file| file.phase != Phase::Fresh);
    phased.max_by_key(|file| (file.last, file.phase)).map(|file| file.phase).unwrap_or_default()
}

/// Shared by all that state nothing.
fn no_facts() -> Arc<SessionFacts> {
    static NO_FACTS: LazyLock<Arc<SessionFacts>> = LazyLock::new(Arc::default);
    Arc::clone(&NO_FACTS)
}

/// Of each fact the newest, and among equally new ones the greatest.
fn facts_of<N>(files: &[&FileSession<N>]) -> SessionFacts {
    fn newest<N, T: Ord + Clone>(files: &[&FileSession<N>], fact: impl Fn(&SessionFacts) -> Option<&T>) -> Option<T> {
        files.iter().filter_map(|file| Some((file.facts_at, fact(&file.facts)?))).max().map(|(_, fact)| fact.clone())
    }
    SessionFacts {
        parent: newest(files, |facts| facts.parent.as_ref()),
        forked_from: newest(files, |facts| facts.forked_from.as_ref()),
        started: files.iter().filter_map(|file| file.facts.started).min(),
        cwd: newest(files, |facts| facts.cwd.as_ref()),
        project: newest(files, |facts| facts.project.as_ref()),
        branch: newest(files, |facts| facts.branch.as_ref()),
        version: newest(files, |facts| facts.version.as_ref()),
        model: newest(files, |facts| facts.model.as_ref()),
        context_limit: newest(files, |facts| facts.context_limit.as_ref()),
        context_used: None,
        origin: newest(files, |facts| facts.origin.as_ref()),
    }
}

/// Of names of the best rank the first prompt stays, and of all others the last counts.
fn best_title<N>(files: &[&FileSession<N>], title: impl Fn(&FileSession<N>) -> Option<&Title>) -> Option<Title> {
    let mut best: Option<(TitleRank, Option<i64>, &Title)> = None;
    for &file in files {
        let Some(title) = title(file) else { continue };
        let age = if keeps_first(title.rank) {
            file.first.map(|first| first.as_millis().saturating_neg())
        } else {
            file.last.map(Timestamp::as_millis)
        };
        let ranked = (title.rank, age, title);
        if best.is_none_or(|best| (best.0, best.1, &best.2.text) < (ranked.0, ranked.1, &ranked.2.text)) {
            best = Some(ranked);
        }
    }
    best.map(|(.., title)| title.clone())
}

fn keeps_first(rank: TitleRank) -> bool {
    matches!(rank, TitleRank::FirstPrompt | TitleRank::FirstCommand)
}

fn note_title(known: &mut Option<Title>, new: &Title) {
    let keeps = |known: &Title| known.rank > new.rank || (known.rank == new.rank && keeps_first(new.rank));
    if !new.text.is_empty() && !known.as_ref().is_some_and(keeps) {
        *known = Some(new.clone());
    }
}

fn update<T: Clone>(known: &mut Option<T>, new: Option<&T>) {
    if let Some(new) = new {
        *known = Some(new.clone());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ClientId;

    fn time() -> impl Strategy<Value = Option<Timestamp>> {
        prop::option::of((0..4_i64).prop_map(Timestamp::from_millis))
    }

    fn key() -> impl Strategy<Value = Option<SessionKey>> {
        prop::option::of((0..3_u8).prop_map(|id| SessionKey::new(ClientId::new("test"), id.to_string())))
    }

    fn title() -> impl Strategy<Value = Option<Title>> {
        let rank = prop_oneof![Just(TitleRank::FirstCommand), Just(TitleRank::Summary), Just(TitleRank::Given)];
        prop::option::of((rank, "[ab]").prop_map(|(rank, text)| Title { rank, text: text.as_str().into() }))
    }

    /// The newest response of a file; few times, so that files often agree on them.
    fn last_response() -> impl Strategy<Value = Option<LastResponse<u8>>> {
        let stop = prop::option::of(prop_oneof![Just(StopReason::EndTurn), Just(StopReason::ToolUse)]);
        prop::option::of((0..4_i64, 0..3_u64, stop).prop_map(|(at, context_used, stop)| LastResponse {
            when: ResolvedTime { source: TimeSource::Record, at: Timestamp::from_millis(at) },
            model: None,
            context_used,
            stop,
        }))
    }

    fn files() -> impl Strategy<Value = FileSession<u8>> {
        let phase = prop_oneof![Just(Phase::Fresh), Just(Phase::Open), Just(Phase::Finished)];
        let facts = (key(), prop::option::of("[ab]"), prop::option::of(0..3_u64));
        (facts, (time(), time(), time(), time()), title(), (phase, 0..3_u64), last_response()).prop_map(
            |(
                (parent, branch, context_used),
                (facts_at, context_at, first, last),
                title,
                (phase, count),
                last_response,
            )| {
                let branch = branch.map(|branch| branch.as_str().into());
                FileSession {
                    facts: Arc::new(SessionFacts { parent, branch, context_used, ..SessionFacts::default() }),
                    facts_at,
                    context_at,
                    title,
                    prompts: count,
                    phase,
                    first,
                    last,
                    last_response,
                    largest_prompt: count,
                    ..FileSession::default()
                }
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn files_of_a_session_merge_alike_in_any_order(
            files in prop::collection::vec(files(), 0..5).prop_flat_map(|files| (Just(files.clone()), Just(files).prop_shuffle())),
        ) {
            let (one, other) = files;
            let merged = |files: &[FileSession<u8>]| FileSession::merge_all(&files.iter().collect::<Vec<_>>());
            prop_assert_eq!(merged(&one), merged(&other));
        }
    }
}
