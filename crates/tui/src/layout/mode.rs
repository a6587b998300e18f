/// How the screen is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LayoutMode {
    Classic,
    /// With graphs and sums above the view.
    Dashboard,
}

/// Whether the panel below the list is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PanelMode {
    /// Where there is room for it.
    Auto,
    Open,
    Closed,
}
