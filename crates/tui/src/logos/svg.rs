//! From an SVG file to pixels. The file came from the network: it can access no other file, no font and
//! no address, and cannot cost more than a small image of a few shapes.

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::roxmltree::{Document, Node, ParsingOptions};
use resvg::usvg::{ImageHrefResolver, Options, Tree};

/// The size of the largest SVG file that is read.
pub(super) const MAX_SVG_BYTES: usize = 64 * 1024;
/// Most elements and texts of an SVG file.
const MAX_SVG_NODES: u32 = 1_000;
/// The elements that a logo may have. Elements that repeat others (`use`, `pattern`) can cost any amount of time,
/// filters any amount of memory, and a logo needs no images, scripts and foreign objects.
const ALLOWED_ELEMENTS: &[&str] = &[
    "svg",
    "g",
    "path",
    "rect",
    "circle",
    "ellipse",
    "line",
    "polyline",
    "polygon",
    "defs",
    "linearGradient",
    "radialGradient",
    "stop",
    "clipPath",
    "mask",
    "title",
    "desc",
    "style",
];
/// The colour of monochrome logos, visible on dark and on light backgrounds.
const LOGO_STYLE: &str = "svg { color: #8490a4 }";

/// The image, scaled to this many pixels and centred; `None` if it cannot be drawn.
pub(super) fn pixels(file: &[u8], width: u32, height: u32) -> Option<Pixmap> {
    let text = std::str::from_utf8(file).ok().filter(|text| text.len() <= MAX_SVG_BYTES)?;
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MAX_SVG_NODES, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).ok()?;
    let mut elements = document.descendants().filter(Node::is_element);
    if !elements.all(|element| ALLOWED_ELEMENTS.contains(&element.tag_name().name())) {
        return None;
    }
    let no_images = ImageHrefResolver { resolve_data: Box::new(|_, _, _| None), resolve_string: Box::new(|_, _| None) };
    let options =
        Options { image_href_resolver: no_images, style_sheet: Some(LOGO_STYLE.to_owned()), ..Options::default() };
    let tree = Tree::from_xmltree(&document, &options).ok()?;
    let mut pixmap = Pixmap::new(width, height)?;
    let (own, room) = (tree.size(), (f64::from(width), f64::from(height)));
    let scale = (room.0 / f64::from(own.width())).min(room.1 / f64::from(own.height()));
    let left = (room.0 - f64::from(own.width()) * scale) / 2.0;
    let top = (room.1 - f64::from(own.height()) * scale) / 2.0;
    #[expect(clippy::cast_possible_truncation, reason = "a fraction of a pixel more or less")]
    let transform = Transform::from_row(scale as f32, 0.0, 0.0, scale as f32, left as f32, top as f32);
    resvg::render(&tree, transform, &mut pixmap.as_mut());
    let is_visible = pixmap.pixels().iter().any(|pixel| pixel.alpha() > 0);
    is_visible.then_some(pixmap)
}
