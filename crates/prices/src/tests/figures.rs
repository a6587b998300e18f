//! The vendors' list prices as of 2026-11-21.

use agtop_model::{PicoUsd, ServiceTier, Usage};

use crate::{PriceBook, Rated};

const MILLION: u64 = 1_000_000;

/// Pico-dollars of `usd` dollars.
fn usd(usd: f64) -> PicoUsd {
    PicoUsd::from_usd(usd).unwrap()
}

/// The rate of a bucket in USD per million tokens, from the price of a thousand tokens, so that no threshold is
/// exceeded.
fn per_million(book: &PriceBook, model: &str, tier: ServiceTier, usage: impl Fn(u64) -> Usage) -> PicoUsd {
    let cost = book.rate(model).cost(&usage(1000), tier).amount;
    cost.unwrap_or_else(|| panic!("{model} has no price")).times(MILLION / 1000)
}

/// Input, output, 5-minute write, cache read.
type Figures = (f64, f64, Option<f64>, f64);

fn assert_figures(models: &[&str], (input, output, write, read): Figures) {
    let book = PriceBook::bundled();
    for model in models {
        let rate = |usage: fn(u64) -> Usage| per_million(&book, model, ServiceTier::Standard, usage);
        assert_eq!(rate(|n| Usage { input: n, ..Usage::default() }), usd(input), "{model} input");
        assert_eq!(rate(|n| Usage { output: n, ..Usage::default() }), usd(output), "{model} output");
        assert_eq!(rate(|n| Usage { cache_read: n, ..Usage::default() }), usd(read), "{model} cache read");
        if let Some(write) = write {
            assert_eq!(rate(|n| Usage { cache_write_5m: n, ..Usage::default() }), usd(write), "{model} cache write");
        }
    }
}

#[test]
fn current_claude_models_have_their_list_prices() {
    assert_figures(
        &["claude-opus-4-5", "claude-opus-4-6", "claude-opus-4-7", "claude-opus-4-8", "claude-opus-5"],
        (5.0, 25.0, Some(6.25), 0.5),
    );
    assert_figures(&["claude-opus-5-5"], (4.0, 20.0, Some(5.0), 0.2));
    assert_figures(&["claude-sonnet-4-5", "claude-sonnet-4-6"], (3.0, 15.0, Some(3.75), 0.3));
    assert_figures(&["claude-sonnet-5"], (2.0, 10.0, Some(2.5), 0.2));
    assert_figures(&["claude-haiku-4-5"], (1.0, 5.0, Some(1.25), 0.1));
    assert_figures(&["claude-fable-5", "claude-mythos-5"], (10.0, 50.0, Some(12.5), 1.0));
}

#[test]
fn retired_claude_models_keep_their_last_prices() {
    assert_figures(&["claude-opus-4", "claude-opus-4-1", "claude-3-opus"], (15.0, 75.0, Some(18.75), 1.5));
    assert_figures(
        &["claude-sonnet-4", "claude-3-7-sonnet", "claude-3-5-sonnet", "claude-3-sonnet"],
        (3.0, 15.0, Some(3.75), 0.3),
    );
    assert_figures(&["claude-3-5-haiku"], (0.8, 4.0, Some(1.0), 0.08));
    assert_figures(&["claude-3-haiku"], (0.25, 1.25, Some(0.3), 0.03));
}

#[test]
fn openai_models_have_their_list_prices() {
    assert_figures(&["gpt-5", "gpt-5.1"], (1.25, 10.0, None, 0.125));
    assert_figures(&["gpt-5.2", "gpt-5.3-codex"], (1.75, 14.0, None, 0.175));
    assert_figures(&["gpt-5.4"], (2.5, 15.0, None, 0.25));
    assert_figures(&["gpt-5.5"], (5.0, 30.0, None, 0.5));
    assert_figures(&["gpt-5.6"], (4.0, 20.0, Some(5.0), 0.4));
    assert_figures(&["codex-mini-latest"], (1.5, 6.0, None, 0.375));
}

#[test]
fn gemini_3_pro_has_its_list_price_although_one_version_was_dropped() {
    assert_figures(
        &["gemini-3-pro-preview", "gemini-3-pro", "gemini-3.1-pro-preview", "gemini-3.1-pro"],
        (2.0, 12.0, None, 0.2),
    );
}

#[test]
fn context_windows_are_those_of_the_list_unless_the_id_states_one() {
    let book = PriceBook::bundled();
    for (model, window) in [
        ("gpt-5.5", Some(1_050_000)),
        ("gpt-5", Some(272_000)),
        ("claude-opus-4-6", Some(1_000_000)),
        ("claude-sonnet-4-5-20250929", Some(200_000)),
        ("claude-sonnet-4-5-20250929[1m]", Some(1_000_000)),
        ("claude-sonnet-4-20250514", Some(200_000)),
        ("gpt-4.1-2m", Some(2_000_000)),
        ("chatgpt/gpt-5.3-codex-spark", Some(128_000)),
        ("ollama/llama3", None),
        ("claude-opus-9", None),
        ("", None),
    ] {
        assert_eq!(book.context_limit(model), window, "{model}");
    }
}

#[test]
fn the_book_describes_its_origin() {
    let book = PriceBook::bundled();
    assert_eq!(book.describe(), "litellm 1.109.1 of 2026-11-21, sha256 8f8060d8");
    assert_eq!(book.origin().entries, crate::origin::table().rows().count());
}

#[test]
fn every_line_of_both_tables_is_found_by_its_key_and_round_trips() {
    for sheet in [crate::origin::table(), crate::origin::retired()] {
        for row in sheet.rows() {
            assert_eq!(sheet.find(row.key), Some(row), "{} is out of order", row.key);
            assert_eq!(crate::line::write(&crate::line::parse(row.items)), row.items, "{}", row.key);
        }
    }
}

#[test]
fn every_retired_price_names_its_source_and_day() {
    for row in crate::origin::retired().rows() {
        let (source, day) = row.note.rsplit_once(", ").unwrap_or_default();
        assert!(source.starts_with("litellm ") && day.len() == 10, "{}: {}", row.key, row.note);
    }
}

#[test]
fn no_price_of_the_list_is_zero_for_both_input_and_output() {
    let book = PriceBook::bundled();
    for row in crate::origin::table().rows() {
        if let Rated::Known(found) = book.rate(row.key) {
            let million = Usage { input: 1000, output: 1000, ..Usage::default() };
            assert!(
                found.rates.total(&million, ServiceTier::Standard.into(), million.prompt()) > PicoUsd::ZERO,
                "{}",
                row.key
            );
        }
    }
}
