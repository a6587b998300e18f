use ratatui::text::Line;

/// A line: its name, empty where it goes on with the one above, and what it says.
#[derive(Clone, Debug)]
pub(crate) struct DetailLine {
    pub(crate) name: &'static str,
    pub(crate) value: Line<'static>,
}

impl DetailLine {
    pub(super) const fn new(name: &'static str, value: Line<'static>) -> Self {
        Self { name, value }
    }
}
