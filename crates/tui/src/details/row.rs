use std::path::Path;

use agtop_model::{Snapshot, SnapshotRow, Untrusted};
use ratatui::text::{Line, Span};

use crate::look::Tone;
use crate::render_context::RenderContext;

/// A row, and how its details are shown.
#[derive(Clone, Copy)]
pub(crate) struct RowDetails<'a> {
    pub(crate) render: RenderContext<'a>,
    pub(crate) row: SnapshotRow<'a>,
    pub(crate) snapshot: &'a Snapshot,
}

impl RowDetails<'_> {
    pub(super) fn text(&self, text: impl Into<String>) -> Line<'static> {
        Line::from(self.render.look.span(text.into(), Tone::Text))
    }

    pub(super) fn dim(&self, text: impl Into<String>) -> Span<'static> {
        self.render.look.span(text.into(), Tone::Dim)
    }

    pub(super) fn untrusted(&self, text: &Untrusted) -> Line<'static> {
        self.text(text.for_terminal())
    }

    pub(super) fn path(&self, path: &Path) -> Line<'static> {
        self.untrusted(&Untrusted::from(path.to_string_lossy().into_owned()))
    }

    /// A value with a dim note.
    pub(super) fn with_note(&self, text: impl Into<String>, note: impl Into<String>) -> Line<'static> {
        Line::from(vec![self.render.look.span(text.into(), Tone::Text), Span::raw("   "), self.dim(note)])
    }
}
