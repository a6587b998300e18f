//! What can be told about a row, line by line: for the details and for the panel below the list.

mod money;
mod process;
mod work;

use std::path::Path;

use agtop_model::{Snapshot, SnapshotRow, Untrusted};
use ratatui::text::{Line, Span};

use crate::columns::Pen;
use crate::look::Ink;

/// A line: its name, empty where it goes on with the one above, and what it says.
#[derive(Clone, Debug)]
pub(crate) struct Fact {
    pub(crate) name: &'static str,
    pub(crate) value: Line<'static>,
}

/// What is told about, and how.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) pen: Pen<'a>,
    pub(crate) row: SnapshotRow<'a>,
    pub(crate) snapshot: &'a Snapshot,
}

impl<'a> Subject<'a> {
    pub(crate) fn of(app: &'a crate::app::App) -> Option<Self> {
        let snapshot = app.snapshot.as_deref()?;
        Some(Self { pen: app.pen(), row: app.chosen()?, snapshot })
    }

    /// Everything, in the order of agtop 2's popup.
    pub(crate) fn all(&self) -> Vec<Fact> {
        let mut facts = self.state();
        facts.extend(self.processor());
        facts.extend(self.usage());
        facts.extend(self.context());
        facts.extend(self.helpers());
        facts.extend(self.tool_times());
        facts.extend(self.session());
        facts.extend(self.program());
        facts.extend(self.disks());
        facts.extend(self.writing());
        facts.extend(self.preview());
        facts
    }

    /// The tab Info.
    pub(crate) fn info(&self) -> Vec<Fact> {
        let mut facts = self.state();
        facts.extend(self.session());
        facts.extend(self.context());
        facts.extend(self.helpers());
        facts
    }

    /// The tab Process.
    pub(crate) fn process(&self) -> Vec<Fact> {
        let mut facts = self.liveness();
        facts.extend(self.processor());
        facts.extend(self.disks());
        facts.extend(self.connections());
        facts.extend(self.program());
        facts
    }

    /// The tab Cost.
    pub(crate) fn cost(&self) -> Vec<Fact> {
        let mut facts = self.usage();
        facts.extend(self.buckets());
        facts.extend(self.paces());
        facts
    }

    /// The tab Files.
    pub(crate) fn files(&self) -> Vec<Fact> {
        let mut facts = self.writing();
        facts.extend(self.reading());
        facts
    }

    /// The tab Timeline.
    pub(crate) fn timeline(&self) -> Vec<Fact> {
        self.preview()
    }

    fn text(&self, text: impl Into<String>) -> Line<'static> {
        Line::from(self.pen.look.span(text.into(), Ink::Text))
    }

    fn dim(&self, text: impl Into<String>) -> Span<'static> {
        self.pen.look.span(text.into(), Ink::Dim)
    }

    fn untrusted(&self, text: &Untrusted) -> Line<'static> {
        self.text(text.for_terminal())
    }

    fn path(&self, path: &Path) -> Line<'static> {
        self.untrusted(&Untrusted::from(path.to_string_lossy().into_owned()))
    }

    /// A value, and something about it in dim letters.
    fn with_note(&self, text: impl Into<String>, note: impl Into<String>) -> Line<'static> {
        Line::from(vec![self.pen.look.span(text.into(), Ink::Text), Span::raw("   "), self.dim(note)])
    }
}

fn fact(name: &'static str, value: Line<'static>) -> Fact {
    Fact { name, value }
}

#[cfg(test)]
mod tests;
