//! Memories for tests: simple ones, and any that can be.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use agtop_model::{
    ClientId, CoarserRecords, FileSession, InferenceGeo, IssueKind, LastResponse, Lineage, MessageKey, Phase, PicoUsd,
    Purpose, RateLimit, RateLimitReading, RateLimitWindow, RecordTime, ResolvedTime, Response, ServiceTier,
    SessionFacts, SessionKey, StopReason, TimeSource, Timestamp, Title, TitleRank, ToolKey, Usage, UsageExtent,
};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use crate::file_summary::{
    FileIssue, FileIssues, FileSummary, IssuePosition, NameIndex, ProjectRoot, ResponseRecord, SessionSummary,
};
use crate::open::LedgerOptions;
use crate::record::{FileHead, FileIdentity, FileRecord, FileStamp, ReadPosition};
use crate::store::Ledger;

pub(crate) const CLIENT: ClientId = ClientId::new("claude");
pub(crate) const OTHER: ClientId = ClientId::new("codex");
pub(crate) const CLIENTS: &[ClientId] = &[CLIENT, OTHER];

pub(crate) fn key(number: u64) -> MessageKey {
    MessageKey::global(CLIENT, &number.to_string())
}

/// So many minutes after the first of November 2026.
pub(crate) fn minute(minutes: i64) -> Timestamp {
    Timestamp::from_millis(1_793_491_200_000 + minutes * 60_000)
}

pub(crate) fn response(message: u64) -> ResponseRecord {
    response_at(message, i64::try_from(message).unwrap())
}

/// That response, so many minutes after the first of November 2026.
pub(crate) fn response_at(message: u64, minutes: i64) -> ResponseRecord {
    ResponseRecord {
        session: 0,
        message: key(message),
        part_of: CoarserRecords::none(),
        time: RecordTime { stated: Some(minute(minutes)), before: None },
        counted: Response {
            usage: Usage { input: 10, cache_read: 20_000, output: 100 + message, ..Usage::default() },
            tier: ServiceTier::Standard,
            geo: InferenceGeo::Global,
            purpose: Purpose::Answer,
            requests: 1,
            extent: UsageExtent::Response,
            stated_model: Some(NameIndex(0)),
            any_model: Some(NameIndex(0)),
            embedded_cost: None,
            stop: Some(StopReason::ToolUse),
            context_used: None,
            lineage: Lineage::Main,
            opened: minute(0),
        },
    }
}

/// The summary of a file with these responses of one session.
pub(crate) fn summary(session: &str, messages: impl IntoIterator<Item = u64>) -> FileSummary {
    let responses: Vec<ResponseRecord> = messages.into_iter().map(response).collect();
    let times = || responses.iter().filter_map(|response| response.time.stated);
    let mut session = SessionSummary::new(SessionKey::new(CLIENT, session));
    session.state = FileSession { first: times().min(), last: times().max(), prompts: 1, ..FileSession::default() };
    FileSummary { names: vec!["model-1".into()], sessions: vec![session], responses, ..FileSummary::default() }
}

/// A ledger at that path.
pub(crate) fn opened(path: &Path) -> Ledger {
    let busy_timeout = Duration::from_secs(20);
    Ledger::open(&LedgerOptions { path, clients: CLIENTS, now: minute(0), busy_timeout }).unwrap().ledger
}

/// A live file with this summary.
pub(crate) fn record(path: &str, summary: FileSummary) -> FileRecord {
    let size = summary.responses.len() as u64;
    let file = FileIdentity { device: 1, inode: 2, size, modified: minute(0) };
    FileRecord {
        client: CLIENT,
        path: path.into(),
        stamp: FileStamp { file, log: None },
        head: FileHead::of(b"{}"),
        position: ReadPosition { offset: size, fragment: None },
        checkpoint: None,
        seen: minute(0),
        summary,
    }
}

const NAMES: u32 = 4;
const SESSIONS: u32 = 3;

fn time() -> impl Strategy<Value = Timestamp> {
    prop_oneof![any::<i64>(), 1_700_000_000_000_i64..1_800_000_000_000].prop_map(Timestamp::from_millis)
}

fn count() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), 0..300_u64, any::<u64>()]
}

fn name() -> impl Strategy<Value = NameIndex> {
    (0..NAMES).prop_map(NameIndex)
}

fn stop() -> impl Strategy<Value = StopReason> {
    use StopReason::{EndTurn, MaxTokens, Other, StopSequence, ToolUse};
    select(vec![EndTurn, ToolUse, MaxTokens, StopSequence, Other])
}

fn session_key() -> impl Strategy<Value = SessionKey> {
    (select(CLIENTS), ".{0,6}").prop_map(|(client, id)| SessionKey::new(client, id))
}

fn usage() -> impl Strategy<Value = Usage> {
    vec(count(), 7).prop_map(|counts| Usage {
        input: counts[0],
        cache_read: counts[1],
        cache_write_5m: counts[2],
        cache_write_1h: counts[3],
        output: counts[4],
        reasoning: counts[5],
        web_searches: counts[6],
    })
}

fn any_response() -> impl Strategy<Value = ResponseRecord> {
    let tiers = select(vec![
        ServiceTier::Standard,
        ServiceTier::Priority,
        ServiceTier::Flex,
        ServiceTier::Batch,
        ServiceTier::Fast,
    ]);
    let attributes = (
        tiers,
        select(vec![UsageExtent::Response, UsageExtent::Sum]),
        of(stop()),
        select(vec![Lineage::Main, Lineage::Sidechain, Lineage::Embedded]),
        select(vec![InferenceGeo::Global, InferenceGeo::Us]),
        select(vec![Purpose::Answer, Purpose::Compaction]),
    );
    let keys = (any::<u128>(), vec(prop_oneof![Just(7), any::<u128>()], 0..4));
    let times = (of(time()), of(time()), time());
    let models = (of(name()), of(name()));
    let rest = (0..SESSIONS, times, models, of(any::<i64>()), of(count()));
    (keys, attributes, rest, usage()).prop_map(
        |((message, part_of), (tier, extent, stop, lineage, geo, purpose), rest, usage)| {
            let (session, (stated, before, opened), (stated_model, any_model), cost, context_used) = rest;
            let requests = opened.as_millis().unsigned_abs() % 3;
            let counted = Response {
                usage,
                tier,
                geo,
                purpose,
                extent,
                requests,
                stated_model,
                any_model,
                embedded_cost: cost.map(PicoUsd::new),
                stop,
                context_used,
                lineage,
                opened,
            };
            ResponseRecord {
                session,
                message: MessageKey::from_bits(message),
                part_of: part_of.into_iter().map(MessageKey::from_bits).collect(),
                time: RecordTime { stated, before },
                counted,
            }
        },
    )
}

fn facts() -> impl Strategy<Value = SessionFacts> {
    let keys = (of(session_key()), of(session_key()));
    let texts = vec(of(".{0,8}"), 5);
    let path = of(".{0,8}").prop_map(|path| path.map(PathBuf::from));
    (keys, texts, path, of(time()), of(count()), of(count())).prop_map(
        |((parent, forked_from), texts, cwd, started, context_limit, context_used)| {
            let text = |at: usize| texts[at].clone();
            SessionFacts {
                parent,
                forked_from,
                started,
                cwd,
                project: text(0).map(Into::into),
                branch: text(1).map(Into::into),
                version: text(2).map(Into::into),
                model: text(3).map(Into::into),
                context_limit,
                context_used,
                origin: text(4).map(Into::into),
            }
        },
    )
}

fn session() -> impl Strategy<Value = SessionSummary> {
    let phases = vec![Phase::Fresh, Phase::Open, Phase::AwaitsUser, Phase::Failed, Phase::Finished, Phase::Ended];
    let ranks = select(vec![TitleRank::Summary, TitleRank::Generated, TitleRank::Given]);
    let title = of((ranks, ".{0,8}").prop_map(|(rank, text)| Title { rank, text: text.into() }));
    let sources = select(vec![TimeSource::Record, TimeSource::PreviousRecord, TimeSource::File]);
    let last_response = (time(), sources, of(name()), count(), of(stop()));
    let last_response = last_response.prop_map(|(at, source, model, context_used, stop)| LastResponse {
        when: ResolvedTime { source, at },
        model,
        context_used,
        stop,
    });
    let calls = vec((any::<u64>().prop_map(ToolKey::from_bits), name()), 0..4);
    let counts = (count(), count(), count(), count());
    let times = (of(time()), of(time()), of(time()), of(time()), of(time()));
    ((session_key(), facts(), title, select(phases)), (counts, times, any::<bool>(), calls, of(last_response)))
        .prop_map(|((key, facts, title, phase), (counts, times, is_undated, calls, last_response))| {
            let (facts_at, context_at, first, last, stated) = times;
            let state = FileSession {
                facts: Arc::new(facts),
                facts_at,
                context_at,
                title,
                private_title: None,
                prompts: counts.0,
                errors: counts.1,
                compactions: counts.2,
                phase,
                first,
                last,
                stated,
                is_undated,
                last_response,
                largest_prompt: counts.3,
            };
            SessionSummary { key, state, calls }
        })
}

fn issue() -> impl Strategy<Value = FileIssue> {
    let place = prop_oneof![
        any::<u64>().prop_map(IssuePosition::Byte),
        any::<u32>().prop_map(IssuePosition::Entry),
        (".{0,5}", any::<i64>()).prop_map(|(table, rowid)| IssuePosition::Row { table: table.into(), rowid }),
    ];
    (of(place), select(vec![IssueKind::Malformed, IssueKind::TooLarge]), ".{0,9}")
        .prop_map(|(place, kind, detail)| FileIssue { place, kind, detail: detail.into() })
}

fn limit() -> impl Strategy<Value = RateLimitReading> {
    let window = (any::<u32>(), -10.0..200.0_f64, of(time()));
    let window =
        window.prop_map(|(minutes, used_percent, resets_at)| RateLimitWindow { minutes, used_percent, resets_at });
    (select(CLIENTS), time(), ".{0,5}", of(".{0,5}"), vec(window, 0..3)).prop_map(
        |(client, at, limit, plan, windows)| RateLimitReading {
            client,
            at,
            limit: RateLimit { limit: limit.into(), plan: plan.map(Into::into), windows },
        },
    )
}

fn root() -> impl Strategy<Value = ProjectRoot> {
    (select(CLIENTS), ".{0,5}", ".{0,9}").prop_map(|(client, project, root)| ProjectRoot {
        client,
        project: project.into(),
        root: root.into(),
    })
}

/// Any summary that can be.
pub(crate) fn summaries() -> impl Strategy<Value = FileSummary> {
    let names = vec(".{0,6}", NAMES as usize);
    let sessions = vec(session(), SESSIONS as usize);
    let rest = (vec(limit(), 0..3), vec(root(), 0..3), (any::<u64>(), vec(issue(), 0..3)), of(time()));
    (names, sessions, vec(any_response(), 0..12), rest).prop_map(
        |(names, sessions, responses, (limits, roots, (total, kept), earliest_future_time))| {
            let names = names.into_iter().map(Into::into).collect();
            FileSummary {
                names,
                sessions,
                responses,
                limits,
                roots,
                issues: FileIssues { total, kept },
                earliest_future_time,
            }
        },
    )
}
