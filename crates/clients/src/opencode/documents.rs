//! The JSON files of releases before 1.2: `storage/session/PROJECT/ses_*.json`, `storage/message/SESSION_COLUMNS/msg_*.json`
//! and `storage/part/MESSAGE_COLUMNS/prt_*.json`. Each file describes only itself: a message does not record whether its
//! session is a sub-agent's, nor a step its model. The session's own file has the former, the message of the step the
//! latter.

use std::ffi::OsStr;
use std::path::Path;

use agtop_model::{Event, Lineage, MessageKey, Purpose, SessionFacts, SessionKey, SourcePosition, Timestamp};

use super::emit::{PendingPart, ResponseContext, SessionContext, emit_message, emit_session};
use super::id::ID;
use super::records::{Message, ReasoningCount, SessionFile, WORK_PARTS, part, purpose};
use crate::decode::{Record, SourceFile};
use crate::interner::Interner;
use crate::parse::model_name;
use crate::store::{file_name, file_stem, has_extension};
use crate::{DecodeError, Decoder, Input, Source};

/// Whether a file below `storage` is a session, a message or a part. Other files have diffs, shares and projects.
pub(super) fn is_record(path: &Path) -> bool {
    let (top, name) = (path.iter().next().and_then(OsStr::to_str).unwrap_or_default(), file_name(path));
    matches!(top, "session" | "message" | "part")
        && ["ses_", "msg_", "prt_"].iter().any(|prefix| name.starts_with(prefix))
        && has_extension(path, "json")
}

/// Whether a directory below `storage` holds the messages of one session or the parts of one message.
///
/// `Storage.write` rewrites a document in place while its message is in progress. Later, OpenCode rewrites only the parts
/// of old tool calls (`SessionCompaction.prune` notes in them that their output was dropped) and the summaries of prompts
/// (`SessionSummary`), neither of which is used here. The file of a session is rewritten whenever the session continues.
pub(super) fn is_write_once(directory: &Path) -> bool {
    let mut names = directory.iter();
    let (top, name, below) = (names.next(), names.next(), names.next());
    top.is_some_and(|top| top == "message" || top == "part") && name.is_some() && below.is_none()
}

/// Decodes one file.
pub(super) struct Document {
    file: SourceFile,
    modified: Timestamp,
    /// The file's name without extension: the record's id.
    id: String,
    /// The directory's name: a message's session, or a part's message.
    directory: String,
    names: Interner,
}

impl Document {
    pub(super) fn new(source: &Source<'_>) -> Self {
        Self {
            file: source.file(),
            modified: source.modified,
            id: file_stem(source.relative).to_owned(),
            directory: source.relative.parent().map(file_name).unwrap_or_default().to_owned(),
            names: Interner::default(),
        }
    }

    fn session(json: &[u8], mut record: Record<'_>) -> Result<(), DecodeError> {
        let session: SessionFile<'_> = serde_json::from_slice(json)?;
        let started = session.time.created.0;
        let facts = SessionFacts {
            parent: session.parent.as_deref().map(|parent| SessionKey::new(ID, parent)),
            started,
            cwd: session.directory.as_deref().map(Into::into),
            version: session.version.as_deref().map(Into::into),
            ..SessionFacts::default()
        };
        record.at = started;
        emit_session(&SessionKey::new(ID, &*session.id), facts, session.title.as_deref(), &mut record);
        Ok(())
    }

    fn message(&mut self, json: &[u8], mut record: Record<'_>) -> Result<(), DecodeError> {
        let message: Message<'_> = serde_json::from_slice(json)?;
        let session = session_context(message.session.as_deref().unwrap_or(&self.directory));
        let id = message.id.as_deref().unwrap_or(&self.id);
        let provider = message.provider();
        let reply = ResponseContext {
            session: &session,
            message: MessageKey::global(ID, id),
            model: message.model.as_deref().map(|model| self.names.get(&model_name(provider, model))),
            provider,
            is_over: message.time.completed.0.is_some(),
            purpose: purpose(json),
            words: None,
            at: message.time.completed.0.or(message.time.created.0),
            opened: message.time.created.0.unwrap_or(self.modified),
        };
        record.at = reply.at;
        emit_message(id, &message, &reply, &mut record);
        Ok(())
    }

    fn part(&mut self, json: &[u8], out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let Some(part) = part(json, WORK_PARTS)? else { return Ok(()) };
        let session = part
            .session
            .as_deref()
            .map(session_context)
            .ok_or_else(|| DecodeError::malformed("a part of no session"))?;
        let id = part.id.as_deref().unwrap_or(&self.id);
        let at = time_of_id(id);
        let Some(held) = PendingPart::new(&part, id, at, &mut self.names) else { return Ok(()) };
        let reply = ResponseContext {
            session: &session,
            message: MessageKey::global(ID, part.message.as_deref().unwrap_or(&self.directory)),
            model: None,
            provider: "",
            is_over: false,
            purpose: Purpose::Answer,
            words: None,
            at,
            opened: at.unwrap_or(self.modified),
        };
        held.emit(&reply, &mut Record::new(self.file, SourcePosition::Entry(0), at, out));
        Ok(())
    }
}

impl Decoder for Document {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let Input::Document(json) = input else {
            return Err(DecodeError::malformed("a document that is read piece by piece"));
        };
        match self.id.get(..4) {
            Some("ses_") => Self::session(json, Record::new(self.file, SourcePosition::Entry(0), None, out)),
            Some("msg_") => self.message(json, Record::new(self.file, SourcePosition::Entry(0), None, out)),
            _ => self.part(json, out),
        }
    }
}

/// A session as far as the file of a message or part describes it.
fn session_context(id: &str) -> SessionContext {
    SessionContext {
        key: SessionKey::new(ID, id),
        lineage: Lineage::Main,
        started: None,
        reasoning: ReasoningCount::Included,
    }
}

/// The time in an id. After the underscore come the low 48 bits of milliseconds × 4096 + a counter, in hexadecimal: a
/// clock that wraps around every 2.2 years. Releases before 1.2 are from 2025, so the time nearest to the end of that
/// year is used, whenever the file was last written. (OpenCode's `id.ts`, checked against the times of messages.)
fn time_of_id(id: &str) -> Option<Timestamp> {
    const WRAP_MS: i64 = 1 << 36;
    /// 2026-01-01.
    const END_OF_2025_MS: i64 = 1_767_225_600_000;
    let (_, digits) = id.split_once('_')?;
    let clock = i64::from_str_radix(digits.get(..12)?, 16).ok().filter(|&clock| clock >= 0)? >> 12;
    let rounds = END_OF_2025_MS.saturating_sub(clock).saturating_add(WRAP_MS / 2).div_euclid(WRAP_MS);
    Some(Timestamp::from_millis(rounds.saturating_mul(WRAP_MS).saturating_add(clock)))
}

#[cfg(test)]
mod tests {
    use agtop_model::{EventKind, PicoUsd};
    use proptest::prelude::*;

    use super::super::OpenCode;
    use super::*;
    use crate::testing::{Tally, decode_document, decode_rows, fixture_rows};

    const STORAGE: &str = "/home/u/.local/share/opencode/storage/";
    const MESSAGE_COLUMNS: (&str, &[u8]) = (
        "message/ses_old/msg_old2.json",
        include_bytes!("../../../../fixtures/opencode/1.0.107/storage/message/ses_old/msg_old2.json"),
    );
    const STEPS: [(&str, &[u8]); 2] = [
        (
            "part/msg_old2/prt_ac66bfb690010000000000000a.json",
            include_bytes!(
                "../../../../fixtures/opencode/1.0.107/storage/part/msg_old2/prt_ac66bfb690010000000000000a.json"
            ),
        ),
        (
            "part/msg_old2/prt_ac66c212e0010000000000000b.json",
            include_bytes!(
                "../../../../fixtures/opencode/1.0.107/storage/part/msg_old2/prt_ac66c212e0010000000000000b.json"
            ),
        ),
    ];

    fn decode((path, json): (&str, &[u8])) -> Vec<Event> {
        decode_document(&OpenCode, &format!("{STORAGE}{path}"), json).unwrap()
    }

    fn tree() -> Vec<Event> {
        [MESSAGE_COLUMNS].into_iter().chain(STEPS).flat_map(decode).collect()
    }

    #[test]
    fn a_session_file_names_its_parent_directory_and_title() {
        let json = include_bytes!("../../../../fixtures/opencode/1.0.107/storage/session/prj_a/ses_old.json");
        let events = decode(("session/prj_a/ses_old.json", json));
        let EventKind::Facts(facts) = &events[0].kind else { panic!("{events:?}") };
        assert_eq!(&*events[0].session.id, "ses_old");
        assert_eq!(facts.parent, Some(SessionKey::new(ID, "ses_older")));
        assert_eq!(facts.cwd.as_deref(), Some(Path::new("/work/old")));
        assert_eq!(facts.started, Some(Timestamp::from_millis(1_764_265_490_000)));
        assert!(matches!(&events[1].kind, EventKind::Title(title) if title.text.raw() == "Mend the fence"));
    }

    #[test]
    fn a_message_of_two_steps_counts_by_its_steps_not_by_its_overwritten_tokens() {
        let message_alone = Tally::of(&decode(MESSAGE_COLUMNS)).usage();
        assert_eq!((message_alone.input, message_alone.output), (6, 400));
        let usage = Tally::of(&tree()).usage();
        assert_eq!((usage.input, usage.cache_read, usage.cache_write(), usage.output), (8, 10000, 11200, 564));
    }

    #[test]
    fn old_releases_include_reasoning_in_the_output() {
        assert_eq!(Tally::of(&tree()).usage().reasoning, 100);
        assert_eq!(Tally::of(&tree()).usage().output, 164 + 400);
    }

    #[test]
    fn files_left_behind_by_the_migration_count_once_with_the_database() {
        let path = "/home/u/.local/share/opencode/opencode.db";
        let migrated = include_str!("../../../../fixtures/opencode/1.0.107/migrated.json");
        let database = decode_rows(&OpenCode, path, &fixture_rows(&OpenCode, path, migrated));
        let alone = Tally::of(&database);
        assert_eq!(alone.usage(), Tally::of(&tree()).usage());
        let both = tree().into_iter().chain(database.clone()).collect::<Vec<_>>();
        assert_eq!(Tally::of(&both).usage(), alone.usage());
        assert_eq!(Tally::of(&both).responses.len(), 2);
        assert_eq!(alone.by_model().keys().collect::<Vec<_>>(), [&"claude-old"]);
    }

    #[test]
    fn a_steps_time_is_read_from_its_id() {
        let events = decode(STEPS[1]);
        assert_eq!(events[0].at, Some(Timestamp::from_millis(1_764_265_566_510)));
        assert_eq!(time_of_id("prt_nonsense"), None);
        assert_eq!(time_of_id("prt_-00000000001"), None);
        assert_eq!(time_of_id("prt_größegrößegröße"), None);
    }

    #[test]
    fn a_steps_own_cost_is_kept() {
        let events = decode(STEPS[0]);
        let EventKind::Response(response) = &events[0].kind else { panic!("{events:?}") };
        assert_eq!(response.embedded_cost, PicoUsd::from_usd(0.5));
        assert_eq!(response.part_of, agtop_model::CoarserRecords::one(MessageKey::global(ID, "msg_old2")));
    }

    #[test]
    fn a_record_without_ids_takes_them_from_its_path() {
        let json = br#"{"role":"assistant","time":{"created":1764265500000},"tokens":{"input":3}}"#;
        let events = decode(("message/ses_p/msg_p.json", json));
        let EventKind::Response(response) = &events[0].kind else { panic!("{events:?}") };
        assert_eq!(&*events[0].session.id, "ses_p");
        assert_eq!(response.message, MessageKey::global(ID, "msg_p"));
    }

    #[test]
    fn only_sessions_messages_and_parts_are_read() {
        let accepts = |path: &str| is_record(Path::new(path));
        assert!(
            accepts("session/p/ses_1.json") && accepts("message/ses_1/msg_1.json") && accepts("part/msg_1/prt_1.json")
        );
        assert!(
            !accepts("session_diff/ses_1.json") && !accepts("project/p.json") && !accepts("message/ses_1/msg_1.txt")
        );
    }

    #[test]
    fn messages_and_parts_are_write_once_and_sessions_are_not() {
        assert!(["message/ses_1", "part/msg_1"].map(Path::new).into_iter().all(is_write_once));
        assert!(!["", "message", "session/p", "part/msg_1/x"].map(Path::new).into_iter().any(is_write_once));
    }

    #[test]
    fn a_truncated_file_is_an_error_that_does_not_quote_it() {
        let (path, json) = MESSAGE_COLUMNS;
        let error = decode_document(&OpenCode, &format!("{STORAGE}{path}"), &json[..200]).unwrap_err();
        assert!(!error.detail.contains("claude-old"), "{error}");
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(kind in 0_usize..3, bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let path = ["session/p/ses_1.json", "message/s/msg_1.json", "part/m/prt_1.json"][kind];
            let _ = decode_document(&OpenCode, &format!("{STORAGE}{path}"), &bytes);
        }

        #[test]
        fn damage_anywhere_never_panics(at in 0_usize..400, byte in any::<u8>(), which in 0_usize..3) {
            let (path, json) = [MESSAGE_COLUMNS, STEPS[0], STEPS[1]][which];
            let mut json = json.to_vec();
            if let Some(spot) = json.get_mut(at) {
                *spot = byte;
            }
            let _ = decode_document(&OpenCode, &format!("{STORAGE}{path}"), &json);
        }
    }
}
