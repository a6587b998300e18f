//! Reads `sessions/*.jsonl`, from before the database: a line of metadata, then one line per message. Goose rewrites
//! the file whenever its totals grow.

use std::borrow::Cow;

use agtop_model::{Event, EventKind, SessionFacts, SessionKey, SourcePosition, Timestamp, TitleRank};
use serde::Deserialize;

use super::content::{GooseMessage, MessageItem};
use super::counts::Counts;
use super::id::ID;
use super::outside_ledger::usage_outside_ledger;
use crate::bounded;
use crate::decode::{Record, SourceFile};
use crate::interner::Interner;
use crate::parse::{Count, LooseText, LooseTime};
use crate::store::file_stem;
use crate::{DecodeError, Decoder, Input, Source};

/// Decodes one session's file.
pub(super) struct Lines {
    file: SourceFile,
    session: SessionKey,
    started: Option<Timestamp>,
    modified: Timestamp,
    names: Interner,
}

/// A line; metadata has no role.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow, default)]
    role: Option<Cow<'a, str>>,
    #[serde(default)]
    created: LooseTime,
    #[serde(borrow, default, deserialize_with = "bounded::list_or_null")]
    content: Option<Vec<MessageItem<'a>>>,
    #[serde(borrow, default)]
    working_dir: LooseText<'a>,
    #[serde(borrow, default)]
    description: LooseText<'a>,
    #[serde(default)]
    total_tokens: Count,
    #[serde(default)]
    accumulated_input_tokens: Count,
    #[serde(default)]
    accumulated_output_tokens: Count,
    #[serde(default)]
    accumulated_total_tokens: Count,
}

impl Lines {
    pub(super) fn new(source: &Source<'_>) -> Self {
        let id = file_stem(source.relative);
        Self {
            file: source.file(),
            session: SessionKey::new(ID, id),
            started: time_of_id(id),
            modified: source.modified,
            names: Interner::default(),
        }
    }

    fn metadata(&self, line: &Line<'_>, record: &mut Record<'_>) {
        record.at = self.started;
        let context_used = line.total_tokens.0;
        let facts = SessionFacts {
            started: self.started,
            cwd: line.working_dir.text().map(Into::into),
            context_used: Some(context_used).filter(|&used| used > 0),
            ..SessionFacts::default()
        };
        record.emit(&self.session, EventKind::Facts(Box::new(facts)));
        if let Some(text) = line.description.text() {
            record.title(&self.session, TitleRank::Generated, text);
        }
        let (input, output) = (line.accumulated_input_tokens, line.accumulated_output_tokens);
        let usage = Counts::without_cache(input, output, line.accumulated_total_tokens).usage();
        if !usage.is_zero() {
            let response = usage_outside_ledger(&self.session, self.started.unwrap_or(self.modified), usage, None);
            record.emit(&self.session, EventKind::Response(Box::new(response)));
        }
    }
}

impl Decoder for Lines {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let Input::Line { bytes, offset } = input else {
            return Err(DecodeError::malformed("a file of lines that is read otherwise"));
        };
        let mut line: Line<'_> = serde_json::from_slice(bytes)?;
        let mut record = Record::new(self.file, SourcePosition::Byte(offset), line.created.0, out);
        match line.role.take() {
            Some(role) => {
                let message = GooseMessage { role, is_shown: true, items: line.content.take().unwrap_or_default() };
                message.emit(&self.session, &mut self.names, &mut record);
            }
            None => self.metadata(&line, &mut record),
        }
        Ok(())
    }
}

/// The start time in a session id: `20250612_143022` is a local time in an unknown zone, read as UTC.
fn time_of_id(id: &str) -> Option<Timestamp> {
    let time = jiff::civil::DateTime::strptime("%Y%m%d_%H%M%S", id).ok()?;
    let time = time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
    Some(Timestamp::from_millis(time.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use agtop_model::ResponseCopy;
    use proptest::prelude::*;

    use super::super::Goose;
    use super::*;
    use crate::testing::{Tally, decode_lines, decode_rows, fixture_rows};

    const PATH: &str = "/home/u/.local/share/goose/sessions/20250612_143022.jsonl";
    const FILE: &[u8] = include_bytes!("../../../../fixtures/goose/1.0.20/20250612_143022.jsonl");

    fn responses(events: &[Event]) -> Vec<ResponseCopy> {
        let response = |event: &Event| match &event.kind {
            EventKind::Response(response) => Some((**response).clone()),
            _ => None,
        };
        events.iter().filter_map(response).collect()
    }

    #[test]
    fn the_first_line_has_directory_title_and_totals() {
        let (events, errors) = decode_lines(&Goose, PATH, FILE);
        assert_eq!(errors, []);
        let EventKind::Facts(facts) = &events[0].kind else { panic!("{events:?}") };
        assert_eq!(facts.cwd.as_deref(), Some(std::path::Path::new("/work/nest")));
        assert_eq!(facts.context_used, Some(700));
        assert_eq!(facts.started, Some(Timestamp::from_millis(1_749_738_622_000)));
        assert!(matches!(&events[1].kind, EventKind::Title(title) if title.text.raw() == "Build a nest"));
        let usage = Tally::of(&events).usage();
        assert_eq!((usage.input, usage.output), (1500, 200));
    }

    #[test]
    fn a_running_total_is_not_the_context() {
        let (events, _) = decode_lines(&Goose, PATH, FILE);
        assert_eq!(responses(&events)[0].context_used, Some(0));
    }

    #[test]
    fn prompts_tools_and_the_end_of_a_turn_are_emitted_in_order() {
        let (events, _) = decode_lines(&Goose, PATH, FILE);
        let kinds: Vec<&str> = events[3..]
            .iter()
            .map(|event| match &event.kind {
                EventKind::Prompt { .. } => "prompt",
                EventKind::ToolStarted { name, target, .. } => {
                    assert_eq!((&**name, target.as_ref().unwrap().raw()), ("developer__shell", "ls twigs"));
                    "start"
                }
                EventKind::ToolEnded { outcome: Ok(()), .. } => "end",
                EventKind::TurnEnded => "over",
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(kinds, ["prompt", "start", "end", "over"]);
        assert!(!format!("{events:?}").contains("secret words"));
    }

    #[test]
    fn a_file_that_was_imported_counts_once_with_the_database() {
        let path = "/home/u/.local/share/goose/sessions/sessions.db";
        let imported = include_str!("../../../../fixtures/goose/1.0.20/imported.json");
        let database = decode_rows(&Goose, path, &fixture_rows(&Goose, path, imported));
        let (file, _) = decode_lines(&Goose, PATH, FILE);
        let both = Tally::of(file.iter().chain(&database));
        assert_eq!(both.usage(), Tally::of(&database).usage());
        assert_eq!(both.responses.len(), 1);
    }

    #[test]
    fn an_invalid_line_is_a_separate_error() {
        let text = [b"{\"role\":\n".as_slice(), FILE].concat();
        let (events, errors) = decode_lines(&Goose, PATH, &text);
        assert_eq!(errors.len(), 1);
        assert_eq!(Tally::of(&events).usage().total(), 1700);
    }

    #[test]
    fn a_file_with_another_name_has_no_start_time() {
        assert_eq!(time_of_id("my-session"), None);
        assert_eq!(time_of_id("20250612_7"), None);
        assert_eq!(time_of_id("20251399_143022"), None);
    }

    proptest! {
        #[test]
        fn arbitrary_lines_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            decode_lines(&Goose, PATH, &bytes);
        }

        #[test]
        fn damage_anywhere_never_panics(at in 0_usize..900, byte in any::<u8>()) {
            let mut text = FILE.to_vec();
            if let Some(spot) = text.get_mut(at) {
                *spot = byte;
            }
            decode_lines(&Goose, PATH, &text);
        }
    }
}
