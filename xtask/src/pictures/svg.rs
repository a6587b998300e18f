//! A buffer of the screen as SVG: a text element for each run of cells with one style.

use std::fmt::Write as _;

use agtop_tui::Rgb;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

/// The background of a dark terminal.
pub(super) const DARK_GROUND: Rgb = Rgb(0x0d, 0x11, 0x17);
/// The text of a dark and of a light terminal.
const LIGHT_TEXT: Rgb = Rgb(0xd0, 0xd7, 0xde);
const DARK_TEXT: Rgb = Rgb(0x1f, 0x23, 0x28);

/// The size of a cell, and of its text, in pixels. The width is six tenths of the text's size, as in most fonts.
const CELL_WIDTH: f64 = 8.4;
const CELL_HEIGHT: f64 = 18.0;
const FONT_SIZE: f64 = 14.0;
/// The base line of a text below the upper edge of its cell.
const BASELINE: f64 = 13.5;
/// Pixels around the screen.
const PADDING: f64 = 8.0;

/// What a run of cells looks like.
#[derive(Clone, PartialEq)]
struct RunStyle {
    text: String,
    ground: Option<String>,
    modifiers: Modifier,
}

/// A picture of its own.
pub(super) fn picture(buffer: &Buffer, ground: Rgb) -> String {
    let mut svg = open(buffer, ground);
    svg.push_str(&cells(buffer, ground));
    svg.push_str("</svg>\n");
    svg
}

/// The start of a picture: its size, its font, and its background.
pub(super) fn open(buffer: &Buffer, ground: Rgb) -> String {
    let width = f64::from(buffer.area.width) * CELL_WIDTH + 2.0 * PADDING;
    let height = f64::from(buffer.area.height) * CELL_HEIGHT + 2.0 * PADDING;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.1} {height:.1}\" width=\"{width:.0}\" \
         height=\"{height:.0}\" font-family=\"'DejaVu Sans Mono','JetBrains Mono',Menlo,Consolas,monospace\" \
         font-size=\"{FONT_SIZE}\" xml:space=\"preserve\">\n<!-- drawn by `cargo xtask pictures` from the demo -->\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{}\"/>\n",
        hex(ground)
    )
}

/// The cells of a screen.
pub(super) fn cells(buffer: &Buffer, ground: Rgb) -> String {
    let mut svg = String::new();
    let columns = usize::from(buffer.area.width).max(1);
    for (row, cells) in buffer.content.chunks(columns).enumerate() {
        let y = PADDING + row as f64 * CELL_HEIGHT;
        let mut at = 0;
        while let Some(first) = cells.get(at) {
            let style = style_of(first, ground);
            let run = cells.iter().skip(at).take_while(|cell| style_of(cell, ground) == style).count();
            let run_cells = cells.get(at..at + run).unwrap_or_default();
            write_ground(&mut svg, (at, run, y), &style);
            for (start, words) in words(run_cells) {
                write_text(&mut svg, (at + start, y), &style, words);
            }
            at += run;
        }
    }
    svg
}

/// The parts of a run between two or more blanks, with their places. Viewers join blanks in a text.
fn words(cells: &[Cell]) -> Vec<(usize, &[Cell])> {
    let is_blank = |cell: &Cell| cell.symbol() == " ";
    let mut words = Vec::new();
    let mut start = 0;
    while let Some(skipped) = cells.get(start..).and_then(|rest| rest.iter().position(|cell| !is_blank(cell))) {
        start += skipped;
        let rest = cells.get(start..).unwrap_or_default();
        let end = rest.windows(2).position(|pair| pair.iter().all(is_blank)).unwrap_or(rest.len());
        let word = rest.get(..end).unwrap_or_default();
        let trailing = word.iter().rev().take_while(|cell| is_blank(cell)).count();
        words.push((start, word.get(..word.len() - trailing).unwrap_or_default()));
        start += end;
    }
    words
}

fn write_ground(svg: &mut String, (at, run, y): (usize, usize, f64), style: &RunStyle) {
    let (x, width) = (PADDING + at as f64 * CELL_WIDTH, run as f64 * CELL_WIDTH);
    if let Some(ground) = &style.ground {
        let _ = writeln!(
            svg,
            "<rect x=\"{x:.1}\" y=\"{y:.0}\" width=\"{width:.1}\" height=\"{CELL_HEIGHT}\" fill=\"{ground}\"/>"
        );
    }
}

fn write_text(svg: &mut String, (at, y): (usize, f64), style: &RunStyle, cells: &[Cell]) {
    let text: String = cells.iter().map(Cell::symbol).collect();
    let mut extra = String::new();
    for (modifier, attribute) in [
        (Modifier::BOLD, " font-weight=\"bold\""),
        (Modifier::UNDERLINED, " text-decoration=\"underline\""),
        (Modifier::CROSSED_OUT, " text-decoration=\"line-through\""),
        (Modifier::DIM, " opacity=\"0.6\""),
    ] {
        if style.modifiers.contains(modifier) {
            extra.push_str(attribute);
        }
    }
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{:.1}\" fill=\"{}\" textLength=\"{:.1}\"{extra}>{}</text>",
        PADDING + at as f64 * CELL_WIDTH,
        y + BASELINE,
        style.text,
        cells.len() as f64 * CELL_WIDTH,
        escaped(&text)
    );
}

fn style_of(cell: &Cell, ground: Rgb) -> RunStyle {
    let usual = if is_light(ground) { DARK_TEXT } else { LIGHT_TEXT };
    let (mut text, mut behind) = (colour(cell.fg).unwrap_or_else(|| hex(usual)), colour(cell.bg));
    if cell.modifier.contains(Modifier::REVERSED) {
        let before = behind.unwrap_or_else(|| hex(ground));
        behind = Some(text);
        text = before;
    }
    RunStyle { text, ground: behind.filter(|behind| *behind != hex(ground)), modifiers: cell.modifier }
}

fn is_light(Rgb(red, green, blue): Rgb) -> bool {
    u32::from(red) + u32::from(green) + u32::from(blue) > 3 * 128
}

/// Pictures are drawn in true colour or without colours, so there are no others.
fn colour(colour: Color) -> Option<String> {
    match colour {
        Color::Rgb(red, green, blue) => Some(hex(Rgb(red, green, blue))),
        _ => None,
    }
}

fn hex(Rgb(red, green, blue): Rgb) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn a_run_of_one_style_is_one_text_of_its_width() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 8, 1));
        buffer.set_string(1, 0, "a<b", Style::new().fg(Color::Rgb(1, 2, 3)).add_modifier(Modifier::BOLD));
        let svg = picture(&buffer, DARK_GROUND);
        let text = svg.lines().find(|line| line.starts_with("<text")).unwrap();
        assert!(text.contains("fill=\"#010203\" textLength=\"25.2\" font-weight=\"bold\">a&lt;b<"), "{text}");
        assert_eq!(svg.matches("<text").count(), 1);
    }

    #[test]
    fn a_run_is_divided_where_viewers_would_join_blanks() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 1));
        buffer.set_string(0, 0, "  a b   cd  ", Style::new());
        let places: Vec<(usize, String)> = words(&buffer.content)
            .into_iter()
            .map(|(at, word)| (at, word.iter().map(Cell::symbol).collect()))
            .collect();
        assert_eq!(places, [(2, "a b".to_owned()), (8, "cd".to_owned())]);
    }

    #[test]
    fn reverse_video_exchanges_the_colours() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 2, 1));
        buffer.set_string(0, 0, "x", Style::new().fg(Color::Rgb(9, 9, 9)).add_modifier(Modifier::REVERSED));
        let svg = picture(&buffer, DARK_GROUND);
        assert!(svg.contains("fill=\"#090909\"/>") && svg.contains("fill=\"#0d1117\" textLength"), "{svg}");
    }
}
