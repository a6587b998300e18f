use std::sync::Arc;

use agtop_demo as demo;
use agtop_model::ClientId;
use ratatui::buffer::CellDiffOption;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Position;
use ratatui::style::Modifier;

use super::*;
use crate::testing::{app_at, buffer_of, press, text_of};
use crate::{App, Message, Options};

const LOGO: &[u8] = br##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40" fill="none">
<defs><linearGradient id="a"><stop stop-color="#f00"/><stop offset="1" stop-color="#00f"/></linearGradient></defs>
<path fill="currentColor" d="M10 10h20v20h-20z"/><circle cx="20" cy="20" r="5" fill="url(#a)"/></svg>"##;

const CELL_SIZE: (u16, u16) = (10, 20);

fn logos(graphics: GraphicsProtocol) -> Logos {
    let files = ["claude", "codex"].map(|name| (ClientId::new(name), LOGO));
    Logos::new(TerminalGraphics { protocol: graphics, cell: CELL_SIZE }, files)
}

fn app(logos: Option<Logos>, keys: &str) -> App {
    let options = Options::with_defaults("1.0.0", "linux");
    let mut app = app_at((140, 40), options, demo::crowd(14, 20));
    if let Some(logos) = logos {
        app.update(Message::Logos(Arc::new(logos)));
    }
    press(&mut app, keys);
    app
}

/// What the screen would write, symbol by symbol.
fn written(app: &App) -> String {
    buffer_of(app, 140, 40).content.iter().map(Cell::symbol).collect()
}

#[test]
fn each_protocol_draws_in_its_own_way() {
    for (graphics, sequence) in [
        (GraphicsProtocol::Kitty, "\u{1b}_G"),
        (GraphicsProtocol::Iterm2, "\u{1b}]1337;File="),
        (GraphicsProtocol::Sixel, "\u{1b}P"),
    ] {
        for keys in ["", "2"] {
            let written = written(&app(Some(logos(graphics)), keys));
            assert!(written.contains(sequence), "{graphics:?}");
        }
        assert!(!written(&app(None, "")).contains('\u{1b}'));
    }
}

#[test]
fn without_logos_the_screen_is_unchanged() {
    let before = text_of(&app(None, ""), 140, 40);
    let none = Logos::new(
        TerminalGraphics { protocol: GraphicsProtocol::Kitty, cell: CELL_SIZE },
        [(ClientId::new("claude"), &b"no SVG"[..])],
    );
    assert!(none.is_empty());
    assert_eq!(text_of(&app(Some(none), ""), 140, 40), before);
}

#[test]
fn names_of_agents_are_aligned_after_their_logos() {
    let app = app(Some(logos(GraphicsProtocol::Kitty)), "");
    let buffer = buffer_of(&app, 140, 40);
    let rows = text_of(&self::app(None, ""), 140, 40);
    let agents = rows.lines().filter(|row| row.contains(" claude ") && row.contains('%')).count();
    let drawn = buffer.content.iter().filter(|cell| cell.symbol().contains('\u{10EEEE}')).count();
    assert!(agents > 3 && drawn >= 2 * agents, "{agents} {drawn}");
    let images = buffer.content.iter().filter(|cell| cell.symbol().contains("\u{1b}_G")).count();
    assert!(images <= 4, "an image goes to the terminal once for the list and once for the panel, not {images} times");
}

#[test]
fn a_chosen_row_keeps_its_background_behind_the_logo_and_the_logo_its_id() {
    let logos = logos(GraphicsProtocol::Kitty);
    let mut buffer = Buffer::empty(ratatui::layout::Rect::new(0, 0, 4, 1));
    let chosen = ratatui::style::Style::new().bg(ratatui::style::Color::Blue).fg(ratatui::style::Color::Red).reversed();
    buffer.set_style(buffer.area, chosen);
    logos.draw(&[(ClientId::new("claude"), Position::new(1, 0))], &mut buffer);
    let cell = &buffer[(1, 0)];
    assert_eq!((cell.bg, cell.modifier), (ratatui::style::Color::Blue, Modifier::empty()));
    assert_eq!(cell.fg, logos.0[&ClientId::new("claude")].first[0].fg);
    assert_eq!(buffer[(2, 0)].diff_option, logos.0[&ClientId::new("claude")].first[1].diff_option);
    assert_ne!(cell.diff_option, CellDiffOption::None);
}

#[test]
fn logos_beyond_the_edge_are_cut() {
    let mut buffer = Buffer::empty(ratatui::layout::Rect::new(0, 0, 3, 1));
    logos(GraphicsProtocol::Sixel).draw(
        &[(ClientId::new("claude"), Position::new(2, 0)), (ClientId::new("codex"), Position::new(0, 9))],
        &mut buffer,
    );
}

#[test]
fn the_ascii_charset_draws_no_logos() {
    let mut app = app_at(
        (140, 40),
        Options { charset: crate::Charset::Ascii, ..Options::with_defaults("1", "linux") },
        demo::crowd(3, 3),
    );
    app.update(Message::Logos(Arc::new(logos(GraphicsProtocol::Iterm2))));
    assert!(written(&app).is_ascii() && !written(&app).contains('\u{1b}'));
}

mod hostile {
    use super::super::svg::{MAX_SVG_BYTES, pixels};
    use super::LOGO;

    fn is_drawn(body: &str) -> bool {
        let file = format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">{body}</svg>"#
        );
        pixels(file.as_bytes(), 20, 20).is_some()
    }

    #[test]
    fn a_logo_is_centred_and_in_a_visible_colour() {
        let pixmap = pixels(LOGO, 40, 20).unwrap();
        let pixel = pixmap.pixel(16, 6).unwrap().demultiply();
        assert_eq!((pixel.red(), pixel.green(), pixel.blue(), pixel.alpha()), (0x84, 0x90, 0xa4, 255));
        assert_eq!(pixmap.pixel(0, 10).unwrap().alpha(), 0);
    }

    #[test]
    fn a_file_with_references_is_refused() {
        assert!(is_drawn(r#"<path d="M0 0h9v9z"/>"#));
        for body in [
            r#"<image href="/etc/passwd" width="9" height="9"/><path d="M0 0h9v9z"/>"#,
            r#"<image xlink:href="data:image/png;base64,AAAA" width="9" height="9"/>"#,
            r#"<script>alert(1)</script><path d="M0 0h9v9z"/>"#,
            r##"<path id="a" d="M0 0h9v9z"/><use href="#a"/>"##,
            r#"<foreignObject/><path d="M0 0h9v9z"/>"#,
            r#"<filter id="f"><feTurbulence/></filter><path filter="url(#f)" d="M0 0h9v9z"/>"#,
            r#"<text y="5">hello</text>"#,
        ] {
            assert!(!is_drawn(body), "{body}");
        }
    }

    #[test]
    fn an_expensive_file_is_refused() {
        assert!(!is_drawn(&"<g/>".repeat(2_000)));
        assert!(pixels(&[b"<svg>", &vec![b' '; MAX_SVG_BYTES][..], b"</svg>"].concat(), 20, 20).is_none());
        let entities = r#"<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h9v9z"/></svg>"#;
        assert!(pixels(entities.as_bytes(), 20, 20).is_none());
    }

    #[test]
    fn a_file_without_an_image_is_refused() {
        for file in [
            &b""[..],
            b"<svg",
            b"\xff\xfe",
            b"<html/>",
            b"<svg xmlns='http://www.w3.org/2000/svg' width='0' height='-3'/>",
        ] {
            assert!(pixels(file, 20, 20).is_none());
        }
        assert!(!is_drawn(""), "an empty image");
    }
}
