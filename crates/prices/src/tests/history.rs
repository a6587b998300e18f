//! Earlier model prices, with the real table.

use agtop_model::{Cost, PicoUsd, ServiceTier, Timestamp, Usage};
use proptest::prelude::*;

use crate::history::{self, PublishedList};
use crate::origin;
use crate::{AsOf, Day, PriceBook, PriceSource, Rated, Tariff, litellm};

const MILLION: Usage = Usage {
    input: 1_000_000,
    output: 1_000_000,
    cache_read: 1_000_000,
    cache_write_5m: 0,
    cache_write_1h: 0,
    reasoning: 0,
    web_searches: 0,
};

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn as_of(text: &str) -> PriceBook {
    PriceBook::bundled().with_as_of(AsOf::Day(day(text)))
}

/// A book that prices each response at its own time.
fn of_usage() -> PriceBook {
    PriceBook::bundled().with_as_of(AsOf::Usage)
}

fn cost_at(book: &PriceBook, model: &str, moment: Timestamp) -> Option<PicoUsd> {
    book.rate(model).at(moment).cost_of(&MILLION, ServiceTier::Standard, agtop_model::UsageExtent::Sum).amount
}

fn usd(dollars: f64) -> Option<PicoUsd> {
    PicoUsd::from_usd(dollars)
}

/// o3 fell from 10, 2.5 and 40 dollars to 2, 0.5 and 8; the list of 2025-06-11 was the first with the new prices.
const O3_PRICE_CHANGE: &str = "2025-06-11";
const O3_USD_BEFORE: f64 = 52.5;
const O3_USD_AFTER: f64 = 10.5;

#[test]
fn a_response_has_the_price_of_its_time() {
    let book = of_usage();
    let midnight = day(O3_PRICE_CHANGE).start();
    let a_moment_before = Timestamp::from_millis(midnight.as_millis() - 1);
    assert_eq!(cost_at(&book, "o3", a_moment_before), usd(O3_USD_BEFORE));
    assert_eq!(cost_at(&book, "o3", midnight), usd(O3_USD_AFTER));
    assert_eq!(cost_at(&book, "o3", day("2025-05-01").start()), usd(O3_USD_BEFORE));
    assert_eq!(cost_at(&book, "o3", day("2026-11-20").start()), usd(O3_USD_AFTER));
    // Also before the oldest list, because no other price is known.
    assert_eq!(cost_at(&book, "o3", Timestamp::EARLIEST), usd(O3_USD_BEFORE));
}

#[test]
fn the_list_of_a_day_prices_all_usage() {
    for moment in [Timestamp::EARLIEST, day(O3_PRICE_CHANGE).start(), day("2026-11-20").start()] {
        assert_eq!(cost_at(&as_of("2025-06-10"), "o3", moment), usd(O3_USD_BEFORE));
        assert_eq!(cost_at(&as_of(O3_PRICE_CHANGE), "o3", moment), usd(O3_USD_AFTER));
        assert_eq!(cost_at(&as_of("2026-11-20"), "o3", moment), usd(O3_USD_AFTER));
    }
}

#[test]
fn the_newest_list_prices_all_usage_by_default() {
    for book in [PriceBook::bundled(), of_usage().with_as_of(AsOf::Now)] {
        for moment in [Timestamp::EARLIEST, day("2025-05-01").start()] {
            assert_eq!(cost_at(&book, "o3", moment), usd(O3_USD_AFTER));
        }
        for row in origin::history().rows() {
            let Rated::Known(found) = book.rate(row.key) else { panic!("{} has no price", row.key) };
            assert_eq!(found.earlier, []);
        }
    }
}

#[test]
fn a_price_names_its_list() {
    let source = |book: &PriceBook, moment: &str| match book.rate("o3").at(day(moment).start()) {
        Tariff::Known { source, .. } => source,
        other => panic!("{other:?}"),
    };
    assert_eq!(source(&of_usage(), "2025-06-10"), PriceSource::History);
    assert_eq!(source(&of_usage(), O3_PRICE_CHANGE), PriceSource::Bundled);
    assert_eq!(source(&as_of("2025-06-10"), "2026-01-01"), PriceSource::History);
    assert_eq!(source(&as_of(O3_PRICE_CHANGE), "2025-01-01"), PriceSource::Bundled);
}

#[test]
fn the_users_prices_have_no_history() {
    let own = "[models.o3]\ninput_per_mtok = 1\noutput_per_mtok = 1\ncache_read_per_mtok = 1\n";
    for as_of in [AsOf::Day(day("2025-05-01")), AsOf::Usage] {
        let book = PriceBook::bundled().with_as_of(as_of).with_overrides(own).unwrap();
        assert_eq!(cost_at(&book, "o3", day("2025-05-01").start()), usd(3.0));
        assert_eq!(cost_at(&book, "openai/o3", day("2025-05-01").start()), usd(3.0));
    }
}

#[test]
fn a_model_with_one_price_or_none_has_no_earlier_rates() {
    let moment = Timestamp::EARLIEST;
    for model in ["claude-opus-4-8", "claude-3-5-sonnet"] {
        let book = of_usage();
        let Rated::Known(found) = book.rate(model) else { panic!("{model} has no price") };
        assert_eq!(found.earlier, [], "{model}");
        assert_eq!(cost_at(&book, model, moment), cost_at(&PriceBook::bundled(), model, moment));
    }
    let cost = |model| {
        of_usage().rate(model).at(moment).cost_of(&MILLION, ServiceTier::Standard, agtop_model::UsageExtent::Sum)
    };
    assert_eq!((cost("ollama/qwen3"), cost("a-model-of-mine")), (Cost::LOCAL, Cost::UNKNOWN));
}

#[test]
fn a_price_kept_by_hand_has_a_history_too() {
    let book = of_usage();
    let cost = |moment| cost_at(&book, "claude-3-5-haiku-20241022", day(moment).start());
    assert_eq!((cost("2024-12-01"), cost("2026-01-01")), (usd(1.0 + 5.0 + 0.1), usd(0.8 + 4.0 + 0.08)));
}

#[test]
fn thresholds_include_those_of_earlier_rates() {
    let book = of_usage();
    let of = |book: &PriceBook| book.rate("claude-sonnet-4-6").thresholds().collect::<Vec<_>>();
    assert_eq!(of(&book), [200_000]);
    assert_eq!(of(&PriceBook::bundled()), [0; 0]);
    assert_eq!(of(&as_of("2026-03-01")), [200_000]);
}

#[test]
fn the_bundled_list_applies_before_a_fetched_one() {
    let json = r#"{"o3": {"mode": "chat", "input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6,
        "cache_read_input_token_cost": 1e-6}}"#;
    let bundled: Day = PriceBook::bundled().origin().date.parse().unwrap();
    let fetched = |date: &str| PriceBook::bundled().with_as_of(AsOf::Usage).with_fetched(json, date).unwrap();
    // Independent of when it was fetched: its changes apply from the day after the bundled list.
    for date in ["2027-01-31", "2027-02-28"] {
        let cost = |moment| cost_at(&fetched(date), "o3", moment);
        assert_eq!(cost(bundled.start()), usd(O3_USD_AFTER), "{date}");
        assert_eq!(cost(bundled.next().start()), usd(3.0), "{date}");
        assert_eq!(cost(day("2025-06-10").start()), usd(O3_USD_BEFORE), "{date}");
    }
    let as_of = |moment: Day| fetched("2027-01-31").with_as_of(AsOf::Day(moment));
    assert_eq!(cost_at(&as_of(bundled), "o3", bundled.next().start()), usd(O3_USD_AFTER));
    assert_eq!(cost_at(&as_of(bundled.next()), "o3", bundled.start()), usd(3.0));
    assert_eq!(as_of(day("2027-01-01")).as_of(), "2027-01-01 (fetched on 2027-01-31)");
    assert!(as_of(bundled).as_of().starts_with(&format!("{bundled} (litellm 1.")));
    // A list older than the bundled one has no prices for the time since.
    let older = fetched("2025-07-01");
    assert_eq!(cost_at(&older, "o3", day("2025-08-01").start()), usd(3.0));
}

#[test]
fn the_foot_of_a_table_names_the_list_in_use() {
    assert_eq!(as_of("2025-06-10").as_of(), "2025-06-10 (litellm 1.72.2 of 2025-06-07)");
    assert_eq!(as_of(O3_PRICE_CHANGE).as_of(), "2025-06-11 (litellm 1.72.4 of 2025-06-11)");
    let now = PriceBook::bundled().as_of();
    assert_eq!(of_usage().as_of(), format!("the time of use, by lists of 2024-11-28 to {now}"));
    assert!(of_usage().describe().ends_with(&of_usage().as_of()), "{}", of_usage().describe());
}

#[test]
fn every_row_of_the_table_is_in_use() {
    let oldest = origin::list_versions().next().unwrap().day;
    for row in origin::history().rows() {
        let until = day(row.note);
        assert!(oldest < until && origin::list_versions().any(|issue| issue.day == until), "{row:?}");
        let periods = history::periods(row.key);
        let period = periods.iter().find(|period| period.until == until).unwrap();
        assert_eq!(crate::line::write(&period.rates), row.items, "{row:?}");
        assert!(periods.iter().zip(periods.iter().skip(1)).all(|(a, b)| a.until < b.until), "{row:?}");
        let book = of_usage();
        let Rated::Known(found) = book.rate(row.key) else { panic!("{row:?} has no price now") };
        assert_eq!((found.key, found.earlier.len()), (row.key, periods.len()));
    }
}

/// Lists of one model, as `(day, fields)`.
fn table(lists: &[(&str, &str)]) -> String {
    let published = lists.iter().map(|(day, fields)| {
        let json = format!(
            r#"{{"o3": {{"mode": "chat", {fields}}}, "x": {{"mode": "chat", "input_cost_per_token": 1e-6,
            "output_cost_per_token": 1e-6}}}}"#
        );
        PublishedList { day: day.parse().unwrap(), lines: litellm::compact(json.as_bytes()).unwrap().lines }
    });
    history::compact(&published.collect::<Vec<_>>())
}

const INPUT_2_OUTPUT_8: &str = r#""input_cost_per_token": 2e-6, "output_cost_per_token": 8e-6"#;
const INPUT_10_OUTPUT_40: &str = r#""input_cost_per_token": 1e-5, "output_cost_per_token": 4e-5"#;

#[test]
fn a_row_ends_with_the_first_list_with_other_rates() {
    let silent = r#""max_input_tokens": 5"#;
    let lists = [
        ("2025-01-01", INPUT_10_OUTPUT_40),
        ("2025-02-01", silent),
        ("2025-03-01", INPUT_2_OUTPUT_8),
        ("2025-04-01", INPUT_10_OUTPUT_40),
        ("2025-05-01", INPUT_2_OUTPUT_8),
    ];
    assert_eq!(table(&lists), "o3\ti10 o40\t2025-03-01\no3\ti2 o8\t2025-04-01\no3\ti10 o40\t2025-05-01\n");
}

#[test]
fn omitted_rates_and_changed_limits_make_no_row() {
    let more = format!(
        r#"{INPUT_2_OUTPUT_8}, "cache_read_input_token_cost": 5e-7, "input_cost_per_token_flex": 1e-6,
        "search_context_cost_per_query": {{"search_context_size_medium": 0.01}}"#
    );
    let limited = format!(r#"{INPUT_2_OUTPUT_8}, "max_input_tokens": 9, "max_output_tokens": 8"#);
    assert_eq!(table(&[("2025-01-01", INPUT_2_OUTPUT_8), ("2025-02-01", &limited), ("2025-03-01", &more)]), "");
    // Searches were not free just because the list did not have their price yet.
    let rows = table(&[("2025-01-01", INPUT_10_OUTPUT_40), ("2025-02-01", &more)]);
    assert_eq!(rows, "o3\ts10000 i10 o40\t2025-02-01\n");
}

#[test]
fn a_dropped_long_prompt_rate_makes_a_row() {
    let long = format!(r#"{INPUT_2_OUTPUT_8}, "input_cost_per_token_above_200k_tokens": 4e-6"#);
    assert_eq!(table(&[("2025-01-01", &long), ("2025-02-01", INPUT_2_OUTPUT_8)]), "o3\ti2 o8 >200000 i4\t2025-02-01\n");
}

proptest! {
    #[test]
    fn prices_by_usage_time_and_by_day_agree(
        model in prop::sample::select(&["o3", "claude-sonnet-4-6", "gpt-5.6", "gemini-2.5-pro", "grok-4.5", "gpt-5"][..]),
        tier in prop::sample::select(&[ServiceTier::Standard, ServiceTier::Priority, ServiceTier::Flex, ServiceTier::Batch, ServiceTier::Fast][..]),
        days in 0..800_u32,
        millis in 0..86_400_000_i64,
        (input, cache_read, output) in (0..400_000_u64, 0..400_000_u64, 0..100_000_u64),
    ) {
        let day = (0..days).fold(day("2024-11-28"), |day, _| day.next());
        let moment = Timestamp::from_millis(day.start().as_millis() + millis);
        let usage = Usage { input, cache_read, output, ..Usage::default() };
        let (periods, fixed) = (of_usage(), PriceBook::bundled().with_as_of(AsOf::Day(day)));
        let extent = agtop_model::UsageExtent::Response;
        let (rated, fixed) = (periods.rate(model), fixed.rate(model));
        let quote = rated.at(moment).quote_of(&usage, tier, extent);
        prop_assert_eq!(&quote, &fixed.now().quote_of(&usage, tier, extent));
        prop_assert_eq!(quote.map(|quote| quote.total), rated.at(moment).cost_of(&usage, tier, extent).amount);
    }
}
