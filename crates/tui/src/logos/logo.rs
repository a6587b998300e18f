use ratatui::buffer::Cell;

/// Columns of a logo.
pub(super) const LOGO_COLUMNS: u16 = 2;
/// Columns of a logo and the blank after it.
pub(crate) const LOGO_AND_GAP_COLUMNS: u16 = LOGO_COLUMNS + 1;

/// A logo as the cells that draw it.
#[derive(Clone, Debug)]
pub(super) struct Logo {
    /// The cells of its first occurrence on a screen.
    pub(super) first: Vec<Cell>,
    /// The cells of later occurrences: some terminals keep the image.
    pub(super) again: Vec<Cell>,
}
