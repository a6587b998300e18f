//! Vendors' logos before the names of their agents, where the terminal can draw pictures.
//!
//! Which terminal can is told by its environment and the size of its cells: it is never asked, since one that does not
//! understand the question may print it. Where it cannot, or no logo is there, nothing is drawn and no room is left.

#[cfg(feature = "logos")]
mod picture;
#[cfg(feature = "logos")]
mod svg;
mod terminal;

use std::collections::BTreeMap;

use agtop_model::{ClientId, SnapshotRow};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Position;
use ratatui::style::Modifier;

pub use terminal::{Easel, Graphics};

/// Columns of a logo.
const WIDTH: u16 = 2;
/// Columns of a logo and the blank behind it.
pub(crate) const ROOM: u16 = WIDTH + 1;

/// Whose row it is.
pub(crate) fn client_of(row: &SnapshotRow<'_>) -> Option<ClientId> {
    row.agent.map(|agent| agent.client).or(row.session.map(|session| session.key.client))
}

/// The logos that there are.
#[derive(Clone, Debug, Default)]
pub struct Logos(BTreeMap<ClientId, Logo>);

/// A logo as the cells that draw it.
#[derive(Clone, Debug)]
struct Logo {
    /// Where it is first on a screen.
    first: Vec<Cell>,
    /// Where it is once more: some terminals remember the picture.
    again: Vec<Cell>,
}

impl Logos {
    /// Logos of SVG files, drawn for that terminal. A file that is no logo is left out.
    #[cfg(feature = "logos")]
    pub fn new<'f>(easel: Easel, files: impl IntoIterator<Item = (ClientId, &'f [u8])>) -> Self {
        let logo = |(n, (client, file)): (u32, (ClientId, &[u8]))| Some((client, picture::logo(file, easel, n)?));
        Self((0..).zip(files).filter_map(logo).collect())
    }

    /// This build draws no pictures.
    #[cfg(not(feature = "logos"))]
    pub fn new<'f>(_: Easel, _: impl IntoIterator<Item = (ClientId, &'f [u8])>) -> Self {
        Self::default()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Draws logos at these places. Where a place is chosen or has a ground of its own, that stays.
    pub(crate) fn draw(&self, wanted: &[(ClientId, Position)], buffer: &mut Buffer) {
        for (n, (client, at)) in wanted.iter().enumerate() {
            let Some(logo) = self.0.get(client) else { continue };
            let is_first = wanted.iter().take(n).all(|(earlier, _)| earlier != client);
            for (cell, x) in if is_first { &logo.first } else { &logo.again }.iter().zip(at.x..) {
                if let Some(place) = buffer.cell_mut((x, at.y)) {
                    place.set_symbol(cell.symbol()).set_fg(cell.fg).set_diff_option(cell.diff_option);
                    place.modifier = Modifier::empty();
                }
            }
        }
    }
}

#[cfg(all(test, feature = "logos"))]
mod tests;
