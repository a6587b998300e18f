use ratatui::buffer::Cell;

/// Columns of a logo.
pub(super) const LOGO_COLUMNS: u16 = 2;
/// Columns of a logo and the blank behind it.
pub(crate) const LOGO_AND_GAP_COLUMNS: u16 = LOGO_COLUMNS + 1;

/// A logo as the cells that draw it.
#[derive(Clone, Debug)]
pub(super) struct Logo {
    /// Where it is first on a screen.
    pub(super) first: Vec<Cell>,
    /// Where it is once more: some terminals remember the picture.
    pub(super) again: Vec<Cell>,
}
