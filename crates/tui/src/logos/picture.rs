//! From pixels to the cells that draw them.

use image::{DynamicImage, RgbaImage};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Rect, Size};
use ratatui::widgets::Widget;
use ratatui_image::Image;
use ratatui_image::protocol::Protocol;
use ratatui_image::protocol::iterm2::Iterm2;
use ratatui_image::protocol::kitty::Kitty;
use ratatui_image::protocol::sixel::Sixel;

use super::logo::{LOGO_COLUMNS, Logo};
use super::svg;
use super::terminal::{GraphicsProtocol, TerminalGraphics};

/// The first of agtop's image ids. All programs in a window of Kitty share the ids.
const FIRST_IMAGE_ID: u32 = 0x00a6_7000;

/// The `n`th logo, of an SVG file.
pub(super) fn logo(file: &[u8], target: TerminalGraphics, n: u32) -> Option<Logo> {
    let (width, height) = (u32::from(target.cell.0) * u32::from(LOGO_COLUMNS), u32::from(target.cell.1));
    let pixels = svg::pixels(file, width, height)?.take_demultiplied();
    let image = DynamicImage::from(RgbaImage::from_raw(width, height, pixels)?);
    let size = Size::new(LOGO_COLUMNS, 1);
    let protocol = match target.protocol {
        GraphicsProtocol::Kitty => Protocol::Kitty(Kitty::new(image, size, FIRST_IMAGE_ID + n, false, false).ok()?),
        GraphicsProtocol::Iterm2 => Protocol::ITerm2(Iterm2::new(image, size, false).ok()?),
        GraphicsProtocol::Sixel => Protocol::Sixel(Sixel::new(image, size, false).ok()?),
    };
    // With Kitty's protocol, only the first rendering contains the image itself.
    let (first, again) = (cells(&protocol), cells(&protocol));
    Some(Logo { first, again })
}

fn cells(protocol: &Protocol) -> Vec<Cell> {
    let area = Rect::new(0, 0, LOGO_COLUMNS, 1);
    let mut buffer = Buffer::empty(area);
    Image::new(protocol).render(area, &mut buffer);
    buffer.content
}
