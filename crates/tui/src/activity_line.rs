//! What an agent did, in a line.

use agtop_format::Content;
use agtop_model::{Activity, ActivityKind, Untrusted};
use ratatui::text::Span;

use crate::look::Tone;
use crate::render_context::RenderContext;

/// What happened, with a mark before it. Message text and targets are shown only where content is.
pub(crate) fn activity_spans(render: &RenderContext<'_>, activity: &Activity) -> Vec<Span<'static>> {
    let look = render.look;
    let is_shown = render.content == Content::Included;
    let target = |target: &Option<Untrusted>| {
        let shown = target.as_ref().filter(|_| is_shown);
        shown.map_or_else(String::new, |target| format!("  {}", target.for_terminal()))
    };
    let named = |sign: &str, tone, name: &Untrusted, rest: String| {
        vec![
            look.span(format!("{sign} "), tone),
            look.span(name.for_terminal().into_owned(), Tone::Text),
            look.span(rest, Tone::Dim),
        ]
    };
    let word = |sign: &str, tone, text: String| vec![look.span(format!("{sign} {text}"), tone)];
    match &activity.kind {
        ActivityKind::Asked(words) => match words.as_ref().filter(|_| is_shown) {
            Some(words) => named("›", Tone::Accent, &"you".into(), format!("  {}", words.for_terminal())),
            None => word("›", Tone::Accent, "you wrote a message".to_owned()),
        },
        ActivityKind::Said(prose) if is_shown => word("›", Tone::Text, prose.for_terminal().into_owned()),
        ActivityKind::Said(_) => word("›", Tone::Text, "the agent wrote a message".to_owned()),
        ActivityKind::Called { tool, target: on } => named("→", Tone::Accent, tool, target(on)),
        ActivityKind::Returned { tool, outcome: Ok(()) } => named("←", Tone::Good, tool, String::new()),
        ActivityKind::Returned { tool, outcome: Err(()) } => named("×", Tone::Bad, tool, "  failed".to_owned()),
        ActivityKind::Delegated { name, task } => named("⇢", Tone::Accent, name, target(task)),
        ActivityKind::Stopped(reason) => {
            word("■", Tone::Dim, format!("stopped: {}", reason.as_str().replace('_', " ")))
        }
        ActivityKind::Failed(reason) => word("×", Tone::Bad, reason.for_terminal().into_owned()),
        ActivityKind::Compacted => word("≈", Tone::Dim, "context summarised".to_owned()),
        ActivityKind::Waited => word("!", Tone::Warn, "waits for you".to_owned()),
    }
}
