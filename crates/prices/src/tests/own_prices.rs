use agtop_model::{CostBasis, PicoUsd, ServiceTier, Usage};

use crate::{FetchedError, MatchKind, OverrideError, PriceBook, PriceSource, Rated};

const USER_PRICES: &str = r#"
[models."claude-opus-4-8"]
input_per_mtok = 1
output_per_mtok = 2.5
cache_read_per_mtok = 0.01
cache_write_1h_per_mtok = 7
max_input_tokens = 123

[models."In-House.1"]
input_per_mtok = 0.5
output_per_mtok = 0

[models."ollama/big"]
input_per_mtok = 0.1
output_per_mtok = 0.1
"#;

const FETCHED_JSON: &str = r#"{
  "sample_spec": {"mode": "one of: chat, embedding", "input_cost_per_token": 0.0},
  "claude-opus-9": {"mode": "chat", "litellm_provider": "anthropic", "input_cost_per_token": 7e-06,
    "output_cost_per_token": 3.5e-05, "supports_vision": true, "max_input_tokens": 2000000.0},
  "claude-opus-4-8": {"mode": "chat", "input_cost_per_token": "9e-6", "output_cost_per_token": 1e-6},
  "gpt-5": {"mode": "chat", "input_cost_per_token": 1e-05, "output_cost_per_token": 2e-05},
  "odd": {"mode": "chat", "input_cost_per_token": -1, "output_cost_per_token": [1], "tiered_pricing": {"range": 3}},
  "picture": {"mode": "image_generation", "input_cost_per_token": 1e-05, "output_cost_per_token": 2e-05}
}"#;

fn own(toml: &str) -> Result<PriceBook, OverrideError> {
    PriceBook::bundled().with_overrides(toml)
}

fn one_input(book: &PriceBook, model: &str) -> Option<PicoUsd> {
    book.rate(model).cost(&Usage { input: 1, ..Usage::default() }, ServiceTier::Standard).amount
}

#[test]
fn the_users_prices_win_over_every_list() {
    let book = own(USER_PRICES).unwrap().with_fetched(FETCHED_JSON, "2026-12-01").unwrap();
    let Rated::Known(found) = book.rate("claude-opus-4-8") else { panic!("priced") };
    assert_eq!((found.source, found.how), (PriceSource::Override, MatchKind::Exact));
    assert_eq!(one_input(&book, "claude-opus-4-8"), Some(PicoUsd::new(1_000_000)));
    assert_eq!(book.context_limit("claude-opus-4-8"), Some(123));
    assert_eq!(one_input(&book, "anthropic/claude-opus-4.8"), Some(PicoUsd::new(1_000_000)));
}

#[test]
fn rates_the_user_leaves_out_are_multiples_of_input() {
    let book = own(USER_PRICES).unwrap();
    let usage = Usage { input: 1, cache_read: 1, cache_write_5m: 1, cache_write_1h: 1, output: 1, ..Usage::default() };
    let rates = |model: &str| -> Vec<i64> {
        let quote = book.rate(model).quote(&usage, ServiceTier::Standard).unwrap();
        quote.lines.iter().map(|line| line.rate.as_pico()).collect()
    };
    assert_eq!(rates("claude-opus-4-8"), [1_000_000, 10_000, 1_250_000, 7_000_000, 2_500_000]);
    assert_eq!(rates("in-house.1"), [500_000, 50_000, 625_000, 1_000_000, 0]);
}

#[test]
fn a_window_the_user_leaves_out_comes_from_the_list() {
    let book = own("[models.\"gpt-5\"]\ninput_per_mtok = 1\noutput_per_mtok = 1").unwrap();
    assert_eq!(book.context_limit("gpt-5"), Some(272_000));
}

#[test]
fn the_user_may_price_a_local_model() {
    let cost = own(USER_PRICES)
        .unwrap()
        .rate("ollama/big")
        .cost(&Usage { input: 1, ..Usage::default() }, ServiceTier::Standard);
    assert_eq!((cost.amount, cost.basis), (Some(PicoUsd::new(100_000)), CostBasis::Api));
}

#[test]
fn a_hosted_models_price_does_not_apply_to_a_local_model() {
    let book = own("[models.\"#big\"]\ninput_per_mtok = 1\noutput_per_mtok = 1").unwrap();
    assert_eq!(book.rate("ollama/#big"), Rated::Local);
    assert_eq!(one_input(&book, "somewhere/#big"), Some(PicoUsd::new(1_000_000)));
}

#[test]
fn an_empty_file_changes_nothing() {
    assert_eq!(one_input(&own("").unwrap(), "gpt-5"), Some(PicoUsd::new(1_250_000)));
}

#[test]
fn an_invalid_file_is_an_error_with_its_position() {
    for (toml, line, column) in [
        ("[models.\"a\"]\ninput_per_mtok = 1\noutput_per_mtok = 1\nprice = 3\n", 4, 1),
        ("[models.\"a\"]\ninput_per_mtok = -1\noutput_per_mtok = 1\n", 2, 18),
        ("[models.\"a\"]\ninput_per_mtok = \"1\"\noutput_per_mtok = 1\n", 2, 18),
        ("[models.\"a\"]\ninput_per_mtok = nan\noutput_per_mtok = 1\n", 2, 18),
        ("[models.\"a\"]\ninput_per_mtok = 1e300\noutput_per_mtok = 1\n", 2, 18),
        ("# é\n[models.\"a\"]\n  max_input_tokens = -5\n", 3, 22),
        ("[models.\"a\"]\ninput_per_mtok = \n", 2, 18),
        ("[model.\"a\"]\n", 1, 2),
        ("[models.\"a\"]\ninput_per_mtok = 1\n", 1, 1),
        ("[models.\"a\\tb\"]\ninput_per_mtok = 1\noutput_per_mtok = 1\n", 1, 9),
    ] {
        let error = own(toml).expect_err(toml);
        assert_eq!((error.line, error.column), (line, column), "{toml}: {error}");
    }
}

#[test]
fn a_fetched_list_takes_precedence_over_the_bundled_one_but_does_not_replace_it() {
    let book = PriceBook::bundled().with_fetched(FETCHED_JSON, "2026-12-01").unwrap();
    assert_eq!(one_input(&book, "gpt-5"), Some(PicoUsd::new(10_000_000)));
    assert_eq!(one_input(&book, "claude-opus-9-20270101"), Some(PicoUsd::new(7_000_000)));
    assert_eq!(book.context_limit("claude-opus-9"), Some(2_000_000));
    assert_eq!(one_input(&book, "gpt-5.5"), Some(PicoUsd::new(5_000_000)));
    assert_eq!(one_input(&book, "claude-opus-4-8"), Some(PicoUsd::new(5_000_000)), "its fetched price is no number");
    assert_eq!(one_input(&book, "picture"), None);
    assert_eq!(one_input(&book, "odd"), None);
}

#[test]
fn an_invalid_list_is_refused() {
    let fetched = |json: &str| PriceBook::bundled().with_fetched(json, "2026-12-01").map(|_| ());
    assert_eq!(fetched("{}"), Err(FetchedError::Empty));
    assert_eq!(fetched("{\n\"a\": 3}"), Err(FetchedError::NotAList { line: 2, column: 6 }));
    let deep = "[".repeat(100_000);
    for json in ["", "<html>", "[]", "{\"a\": {\"mode\":", deep.as_str()] {
        assert!(matches!(fetched(json), Err(FetchedError::NotAList { .. })));
    }
}

#[test]
fn the_description_counts_the_prices_before_the_bundled_list() {
    let book = own(USER_PRICES).unwrap().with_fetched(FETCHED_JSON, "2026-12-01").unwrap();
    assert_eq!(
        book.describe(),
        "litellm 1.109.1 of 2026-11-21, sha256 8f8060d8; before it 2 models fetched on 2026-12-01; \
         before all 3 of your own"
    );
}

#[test]
fn a_compact_list_gives_the_same_prices() {
    let whole = PriceBook::bundled().with_fetched(FETCHED_JSON, "2026-12-01").unwrap();
    let lines = crate::litellm::compact(FETCHED_JSON.as_bytes()).unwrap().lines;
    let compact = PriceBook::bundled().with_compact(lines.clone(), "2026-12-01").unwrap();
    assert_eq!(compact.describe(), whole.describe());
    for key in lines.lines().filter_map(|line| line.split('\t').next()) {
        assert_eq!(compact.rate(key), whole.rate(key), "{key}");
    }
}

#[test]
fn an_invalid_compact_list_is_refused() {
    for text in ["", "\n", "no table", "b\tx\na\ty\n"] {
        assert!(PriceBook::bundled().with_compact(text.to_owned(), "2026-12-01").is_err(), "{text:?}");
    }
}
