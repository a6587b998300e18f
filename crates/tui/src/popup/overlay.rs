use super::menu::Menu;

/// What covers the view.
#[derive(Clone, Debug)]
pub(crate) enum Overlay {
    /// All details of the chosen line.
    Detail {
        /// The first line shown.
        scroll: usize,
        /// Only lines with this text are shown.
        find: String,
    },
    /// The help.
    Help {
        /// The first line shown.
        scroll: usize,
    },
    /// A choice.
    Menu(Menu),
    /// A text to read.
    Pager {
        /// Its title.
        title: String,
        /// Its lines.
        lines: Vec<String>,
        /// The first line shown.
        scroll: usize,
    },
    /// The choice of columns.
    Configure {
        /// The chosen line.
        index: usize,
    },
}
