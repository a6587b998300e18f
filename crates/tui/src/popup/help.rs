use std::sync::Arc;

use agtop_model::Untrusted;
use ratatui::text::{Line, Span};

use crate::columns::{Column, ColumnChoice};
use crate::command_line::COMMANDS;
use crate::keys::{HelpTopic, KeyPreset, bindings};
use crate::look::{Look, Tone};
use crate::view_id::ViewId;

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
        ViewId::Sessions => "All sessions, live ones on top; +N counts files of sub-agents.",
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

impl Help<'_> {
    pub(super) fn lines(&self, look: &Look) -> Vec<Line<'static>> {
        let heading = |title: &'static str| Line::from(Span::styled(title, look.bold(Tone::Accent)));
        let pair = |name: String, text: String| {
            Line::from(vec![look.span(format!("  {name:<20} "), Tone::Text), look.span(text, Tone::Dim)])
        };
        let mut lines = vec![Line::from(vec![
            look.span(self.view.title(), Tone::Strong),
            look.span(format!("  {}", about(self.view)), Tone::Dim),
        ])];
        for topic in HelpTopic::ALL {
            lines.extend([Line::default(), heading(topic.title())]);
            let of_topic = bindings(self.keys).filter(|binding| binding.topic == topic);
            lines.extend(of_topic.map(|binding| pair(key_label(binding.keys), binding.help.to_owned())));
        }
        lines.extend([Line::default(), heading("Filters")]);
        lines.extend(FILTER_EXAMPLES.iter().map(|(example, text)| pair((*example).to_owned(), (*text).to_owned())));
        if let Some(columns) = self.columns {
            lines.extend([Line::default(), heading("Columns")]);
            let columns = columns.iter().filter_map(|choice| Column::find(&choice.id));
            lines.extend(columns.map(|column| pair(column.title.to_owned(), column.help.to_owned())));
        }
        lines.extend([Line::default(), heading("Command line")]);
        let commands = COMMANDS.iter();
        lines.extend(
            commands.map(|command| pair(format!(":{} {}", command.name, command.argument), command.help.to_owned())),
        );
        if let Some(prices) = self.prices {
            let prices = Untrusted::new(Arc::clone(prices)).for_terminal().into_owned();
            let text = format!("prices as of {prices}; agtop {}; keys of {}", self.version, self.keys.as_str());
            lines.extend([Line::default(), Line::from(look.span(text, Tone::Dim))]);
        }
        lines
    }
}
