use std::sync::Arc;

use agtop_format::text;
use agtop_model::{Status, Untrusted};
use agtop_output::status_word;
use ratatui::text::{Line, Span};

use crate::columns::{Column, ColumnChoice};
use crate::command_line::COMMANDS;
use crate::keys::{HelpTopic, KeyPreset, bindings};
use crate::look::{Look, Tone};
use crate::view_id::ViewId;
use crate::widgets::wrap;

/// Examples of filters.
const FILTER_EXAMPLES: &[(&str, &str)] = &[
    ("api", "any field contains this text"),
    ("project:api", "this field contains it"),
    ("client=codex", "this field equals it"),
    ("cpu>50  cost>=$2", "numbers: < <= > >= and units as shown"),
    ("quiet<5m  mem>1G", "spans and sizes"),
    ("status:attention", "a status, or a group: attention, busy"),
    ("!idle   (a or b) c", "not, or, and"),
];

/// What each view shows.
const fn about(view: ViewId) -> &'static str {
    match view {
        ViewId::Agents => "Live agents; those that need you come first. ▌ marks agents that act without asking.",
        ViewId::Sessions => "All sessions, live ones on top; +N counts files of subagents.",
        ViewId::Rates => "What happened in the last minutes, and since agtop started.",
        ViewId::Usage => "Usage by day, model, client or project. Dollars are API prices, not a bill.",
        ViewId::Quota => "How much of each account's rate limits is used, and when they will be used up.",
    }
}

/// Keys as keyboards label them.
fn key_label(keys: &str) -> String {
    let key_label = keys.split("  ").map(|keys| keys.replace("C-", "Ctrl-").replace("S-", "Shift-"));
    key_label.collect::<Vec<_>>().join(", ")
}

/// What the help describes.
pub(crate) struct Help<'a> {
    pub(crate) view: ViewId,
    pub(crate) keys: KeyPreset,
    /// The columns of the view, if it has any.
    pub(crate) columns: Option<&'a [ColumnChoice]>,
    /// The price list in use; `None` before the first snapshot.
    pub(crate) prices: Option<&'a Arc<str>>,
    /// agtop's version.
    pub(crate) version: &'static str,
}

/// Columns of keys and names.
const NAME_COLUMNS: usize = 18;
/// Columns of the left one of two columns of text.
const LEFT_COLUMNS: usize = 64;

impl Help<'_> {
    /// The help, in two columns where there is room for them.
    pub(super) fn lines(&self, look: &Look, columns: u16) -> Vec<Line<'static>> {
        let about = Line::from(vec![
            look.span(self.view.title(), Tone::Strong),
            look.span(format!("  {}", about(self.view)), Tone::Dim),
        ]);
        let mut lines = vec![about, Line::default()];
        let has_two = columns >= MIN_COLUMNS_FOR_TWO;
        let sections = self.sections(look, if has_two { LEFT_COLUMNS - 1 } else { usize::from(columns) });
        if has_two {
            lines.extend(in_two_columns(sections));
        } else {
            lines.extend(sections.into_iter().flatten());
        }
        if let Some(prices) = self.prices {
            let prices = Untrusted::new(Arc::clone(prices)).for_terminal().into_owned();
            let text = format!("prices as of {prices}; agtop {}; keys of {}", self.version, self.keys.as_str());
            lines.push(Line::from(look.span(text, Tone::Dim)));
        }
        lines
    }

    /// The sections in so many columns, each with a blank line at its end, those about this view first.
    fn sections(&self, look: &Look, columns: usize) -> Vec<Vec<Line<'static>>> {
        let pair = |name: String, text: String| {
            let rows = wrap(&Line::from(look.span(text, Tone::Dim)), columns.saturating_sub(NAME_COLUMNS + 3));
            let names = std::iter::once(name).chain(std::iter::repeat(String::new()));
            let row = |(name, row): (String, Line<'static>)| {
                let mut spans = vec![look.span(format!("  {} ", text::left(&name, NAME_COLUMNS)), Tone::Text)];
                spans.extend(row.spans);
                Line::from(spans)
            };
            names.zip(rows).map(row).collect::<Vec<_>>()
        };
        let section = |title: &'static str, pairs: Vec<(String, String)>| {
            let heading = Line::from(Span::styled(title, look.bold(Tone::Accent)));
            let pairs = pairs.into_iter().flat_map(|(name, text)| pair(name, text));
            std::iter::once(heading).chain(pairs).chain([Line::default()]).collect::<Vec<_>>()
        };
        let mut topics = HelpTopic::ALL;
        topics.sort_by_key(|topic| !self.topics_first().contains(topic));
        let keys = topics.map(|topic| {
            let of_topic = bindings(self.keys).filter(|binding| binding.topic == topic);
            section(topic.title(), of_topic.map(|binding| (key_label(binding.keys), binding.help.to_owned())).collect())
        });
        let mut sections = Vec::from(keys);
        let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        sections.push(section("Filters", FILTER_EXAMPLES.iter().map(owned).collect()));
        sections.push(section("Statuses", statuses()));
        if let Some(columns) = self.columns {
            let columns = columns.iter().filter_map(|choice| Column::find(&choice.id));
            let columns = columns.map(|column| (column.title.to_owned(), column.help.to_owned()));
            sections.push(section("Columns", columns.collect()));
        }
        let commands = COMMANDS.iter();
        let commands =
            commands.map(|command| (format!(":{} {}", command.name, command.argument), command.help.to_owned()));
        sections.push(section("Command line", commands.collect()));
        sections
    }

    /// The topics of keys that matter most in the view.
    const fn topics_first(&self) -> &'static [HelpTopic] {
        match self.view {
            ViewId::Agents | ViewId::Sessions => &[HelpTopic::Agent, HelpTopic::Rows],
            ViewId::Usage => &[HelpTopic::Move, HelpTopic::Views],
            ViewId::Rates | ViewId::Quota => &[HelpTopic::Views],
        }
    }
}

/// Fewest columns inside of a popup with two columns of text.
const MIN_COLUMNS_FOR_TWO: u16 = 100;

/// The sections one after the other, those of the second half beside those of the first.
fn in_two_columns(sections: Vec<Vec<Line<'static>>>) -> Vec<Line<'static>> {
    let all: usize = sections.iter().map(Vec::len).sum();
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for section in sections {
        // A section goes where more room is left.
        let half = if left.len() + section.len() / 2 <= all / 2 && right.is_empty() { &mut left } else { &mut right };
        half.extend(section);
    }
    let rows = left.len().max(right.len());
    let mut rights = right.into_iter();
    let mut lefts = left.into_iter();
    (0..rows)
        .map(|_| {
            let mut line = cut(lefts.next().unwrap_or_default(), LEFT_COLUMNS);
            line.spans.extend(rights.next().unwrap_or_default().spans);
            line
        })
        .collect()
}

/// A line of exactly so many columns.
fn cut(line: Line<'static>, columns: usize) -> Line<'static> {
    let mut left = columns;
    let mut spans = Vec::new();
    for span in line.spans {
        let shown = text::truncate(&span.content, left.saturating_sub(1)).into_owned();
        left -= text::width(&shown);
        spans.push(Span::styled(shown, span.style));
    }
    spans.push(Span::raw(" ".repeat(left)));
    Line::from(spans)
}

/// Each status with what decides it.
fn statuses() -> Vec<(String, String)> {
    let line =
        |status: &Status| (format!("{} {}", status.glyph(), status_word(*status)), status.explanation().to_owned());
    Status::ALL.iter().map(line).collect()
}
