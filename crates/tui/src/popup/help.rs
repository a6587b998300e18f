use ratatui::text::{Line, Span};

use crate::app::{App, ViewId};
use crate::columns::Column;
use crate::keys::{Topic, bindings};
use crate::look::Ink;

/// What filters can say, by example.
const FILTERS: &[(&str, &str)] = &[
    ("api", "holds this text somewhere"),
    ("project:api", "this field holds it"),
    ("client=codex", "this field is it"),
    ("cpu>50  cost>=$2", "numbers: < <= > >= and units as shown"),
    ("quiet<5m  mem>1G", "spans and sizes"),
    ("status:attention", "a status, or a group: attention, busy"),
    ("!idle   (a or b) c", "not, or, and"),
];

/// What each view is for.
const fn about(view: ViewId) -> &'static str {
    match view {
        ViewId::Agents => "Live agents; those that need you come first. ▌ marks agents that act without asking.",
        ViewId::Sessions => "All sessions, live ones on top; +N counts files of sub-agents.",
        ViewId::Rates => "What happened in the last minutes, and since agtop started.",
        ViewId::Usage => "What was used, by day, model, client or project. Dollars are API prices, not a bill.",
        ViewId::Quota => "How much of each account's allowance is used, and when it will be used up.",
    }
}

/// Keys as they are written on them.
fn spelt(keys: &str) -> String {
    let spelt = keys.split("  ").map(|keys| keys.replace("C-", "Ctrl-").replace("S-", "Shift-"));
    spelt.collect::<Vec<_>>().join(", ")
}

pub(super) fn lines(app: &App) -> Vec<Line<'static>> {
    let look = &app.look;
    let heading = |title: &'static str| Line::from(Span::styled(title, look.loud(Ink::Accent)));
    let pair = |name: String, text: String| {
        Line::from(vec![look.span(format!("  {name:<20} "), Ink::Text), look.span(text, Ink::Dim)])
    };
    let mut lines = vec![Line::from(vec![
        look.span(app.view.title(), Ink::Strong),
        look.span(format!("  {}", about(app.view)), Ink::Dim),
    ])];
    for topic in Topic::ALL {
        lines.extend([Line::default(), heading(topic.title())]);
        let of_topic = bindings(app.options.keys).filter(|binding| binding.topic == topic);
        lines.extend(of_topic.map(|binding| pair(spelt(binding.keys), binding.help.to_owned())));
    }
    lines.extend([Line::default(), heading("Filters")]);
    lines.extend(FILTERS.iter().map(|(example, text)| pair((*example).to_owned(), (*text).to_owned())));
    if app.list().is_some() {
        lines.extend([Line::default(), heading("Columns")]);
        let columns = app.columns().iter().filter_map(|choice| Column::find(&choice.id));
        lines.extend(columns.map(|column| pair(column.title.to_owned(), column.help.to_owned())));
    }
    lines.extend([Line::default(), heading("Command line")]);
    let commands = crate::app::COLONS.iter();
    lines.extend(commands.map(|colon| pair(format!(":{} {}", colon.name, colon.argument), colon.help.to_owned())));
    if let Some(snapshot) = &app.snapshot {
        let prices = agtop_model::Untrusted::new(std::sync::Arc::clone(&snapshot.prices)).for_terminal().into_owned();
        let text =
            format!("prices as of {prices}; agtop {}; keys of {}", app.options.version, app.options.keys.as_str());
        lines.extend([Line::default(), Line::from(look.span(text, Ink::Dim))]);
    }
    lines
}
