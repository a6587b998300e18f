use ratatui::text::Line;

/// A line of details: its name, empty if it continues the line above, and its value.
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
