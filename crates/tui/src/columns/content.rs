/// What the cells of a column hold in the visible rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CellContent {
    /// No cell has a value.
    Blank,
    /// The widest cell has so many columns.
    Width(u16),
}

impl CellContent {
    /// The same cells with something so wide before them.
    pub(crate) const fn wider_by(self, columns: u16) -> Self {
        match self {
            Self::Blank => Self::Blank,
            Self::Width(width) => Self::Width(width.saturating_add(columns)),
        }
    }

    pub(super) const fn width(self) -> u16 {
        match self {
            Self::Blank => 0,
            Self::Width(width) => width,
        }
    }
}
