use std::collections::BTreeMap;

use agtop_model::{ClientId, SnapshotRow};
use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use ratatui::style::Modifier;

use super::logo::Logo;
#[cfg(feature = "logos")]
use super::picture;
use super::terminal::TerminalGraphics;

/// The client of a row.
pub(crate) fn client_of(row: &SnapshotRow<'_>) -> Option<ClientId> {
    row.agent.map(|agent| agent.client).or(row.session.map(|session| session.key.client))
}

/// The loaded logos.
#[derive(Clone, Debug, Default)]
pub struct Logos(pub(super) BTreeMap<ClientId, Logo>);

impl Logos {
    /// Draws the logos of SVG files for a terminal. A file that is not a valid logo is skipped.
    #[cfg(feature = "logos")]
    pub fn new<'f>(target: TerminalGraphics, files: impl IntoIterator<Item = (ClientId, &'f [u8])>) -> Self {
        let logo = |(n, (client, file)): (u32, (ClientId, &[u8]))| Some((client, picture::logo(file, target, n)?));
        Self((0..).zip(files).filter_map(logo).collect())
    }

    /// This build draws no images.
    #[cfg(not(feature = "logos"))]
    pub fn new<'f>(_: TerminalGraphics, _: impl IntoIterator<Item = (ClientId, &'f [u8])>) -> Self {
        Self::default()
    }

    /// Whether there are no logos.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Draws logos at these positions and keeps the background of each.
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
