//! From an SVG file to pixels. The file came from the network: whatever it says, it reaches no other file, no font and
//! no address, and costs no more than a small picture of a few shapes.

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::roxmltree::{Document, Node, ParsingOptions};
use resvg::usvg::{ImageHrefResolver, Options, Tree};

/// A logo is no larger than this.
pub(super) const MAX_SVG_BYTES: usize = 64 * 1024;
/// Elements and texts of a file, at most.
const MAX_SVG_NODES: u32 = 1_000;
/// What logos are made of. Elements that repeat others (`use`, `pattern`) can ask for any amount of work, filters for
/// any amount of memory, and images, scripts and foreign objects have no business in a logo.
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
/// Logos in one colour have that of their surroundings. This one can be told from dark grounds and from light ones.
const LOGO_STYLE: &str = "svg { color: #8490a4 }";

/// The picture, as large as it fits into so many pixels, in their middle; none if that cannot be drawn.
pub(super) fn pixels(file: &[u8], width: u32, height: u32) -> Option<Pixmap> {
    let text = std::str::from_utf8(file).ok().filter(|text| text.len() <= MAX_SVG_BYTES)?;
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MAX_SVG_NODES, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).ok()?;
    let mut elements = document.descendants().filter(Node::is_element);
    if !elements.all(|element| ALLOWED_ELEMENTS.contains(&element.tag_name().name())) {
        return None;
    }
    let nothing = ImageHrefResolver { resolve_data: Box::new(|_, _, _| None), resolve_string: Box::new(|_, _| None) };
    let options =
        Options { image_href_resolver: nothing, style_sheet: Some(LOGO_STYLE.to_owned()), ..Options::default() };
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
