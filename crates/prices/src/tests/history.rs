//! What models cost earlier, against the real table.

use agtop_model::{Cost, PicoUsd, ServiceTier, Timestamp, Usage};
use proptest::prelude::*;

use crate::history::{self, Published};
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

/// A book in which each response has the price of its time.
fn of_usage() -> PriceBook {
    PriceBook::bundled().with_as_of(AsOf::Usage)
}

fn cost_at(book: &PriceBook, model: &str, moment: Timestamp) -> Option<PicoUsd> {
    book.rate(model).at(moment).cost_of(&MILLION, ServiceTier::Standard, agtop_model::UsageExtent::Sum).amount
}

fn usd(dollars: f64) -> Option<PicoUsd> {
    PicoUsd::from_usd(dollars)
}

/// o3 fell from 10, 2.5 and 40 dollars to 2, 0.5 and 8; the list of 2025-06-11 was the first to say so.
const FELL: &str = "2025-06-11";
const BEFORE: f64 = 52.5;
const AFTER: f64 = 10.5;

#[test]
fn a_response_costs_what_the_list_said_when_it_happened() {
    let book = of_usage();
    let midnight = day(FELL).start();
    let a_moment_before = Timestamp::from_millis(midnight.as_millis() - 1);
    assert_eq!(cost_at(&book, "o3", a_moment_before), usd(BEFORE));
    assert_eq!(cost_at(&book, "o3", midnight), usd(AFTER));
    assert_eq!(cost_at(&book, "o3", day("2025-05-01").start()), usd(BEFORE));
    assert_eq!(cost_at(&book, "o3", day("2026-11-20").start()), usd(AFTER));
    // Before the oldest list as well: nothing tells of another price.
    assert_eq!(cost_at(&book, "o3", Timestamp::EARLIEST), usd(BEFORE));
}

#[test]
fn a_day_prices_all_usage_whenever_it_happened() {
    for moment in [Timestamp::EARLIEST, day(FELL).start(), day("2026-11-20").start()] {
        assert_eq!(cost_at(&as_of("2025-06-10"), "o3", moment), usd(BEFORE));
        assert_eq!(cost_at(&as_of(FELL), "o3", moment), usd(AFTER));
        assert_eq!(cost_at(&as_of("2026-11-20"), "o3", moment), usd(AFTER));
    }
}

#[test]
fn the_newest_list_prices_all_usage_unless_something_else_is_asked_for() {
    for book in [PriceBook::bundled(), of_usage().with_as_of(AsOf::Now)] {
        for moment in [Timestamp::EARLIEST, day("2025-05-01").start()] {
            assert_eq!(cost_at(&book, "o3", moment), usd(AFTER));
        }
        for row in origin::history().rows() {
            let Rated::Known(found) = book.rate(row.key) else { panic!("{} has no price", row.key) };
            assert_eq!(found.earlier, []);
        }
    }
}

#[test]
fn the_list_that_had_a_price_is_named() {
    let source = |book: &PriceBook, moment: &str| match book.rate("o3").at(day(moment).start()) {
        Tariff::Known { source, .. } => source,
        other => panic!("{other:?}"),
    };
    assert_eq!(source(&of_usage(), "2025-06-10"), PriceSource::History);
    assert_eq!(source(&of_usage(), FELL), PriceSource::Bundled);
    assert_eq!(source(&as_of("2025-06-10"), "2026-01-01"), PriceSource::History);
    assert_eq!(source(&as_of(FELL), "2025-01-01"), PriceSource::Bundled);
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
fn a_model_that_never_changed_or_is_not_priced_has_no_eras() {
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
fn thresholds_of_all_times_are_told() {
    let book = of_usage();
    let of = |book: &PriceBook| book.rate("claude-sonnet-4-6").thresholds().collect::<Vec<_>>();
    assert_eq!(of(&book), [200_000]);
    assert_eq!(of(&PriceBook::bundled()), [0; 0]);
    assert_eq!(of(&as_of("2026-03-01")), [200_000]);
}

#[test]
fn the_bundled_list_is_the_past_of_a_fetched_one() {
    let json = r#"{"o3": {"mode": "chat", "input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6,
        "cache_read_input_token_cost": 1e-6}}"#;
    let bundled: Day = PriceBook::bundled().origin().date.parse().unwrap();
    let fetched = |date: &str| PriceBook::bundled().with_as_of(AsOf::Usage).with_fetched(json, date).unwrap();
    // Whenever it was fetched again: what it changed holds from the day on that the bundled list knows nothing of.
    for date in ["2027-01-31", "2027-02-28"] {
        let cost = |moment| cost_at(&fetched(date), "o3", moment);
        assert_eq!(cost(bundled.start()), usd(AFTER), "{date}");
        assert_eq!(cost(bundled.next().start()), usd(3.0), "{date}");
        assert_eq!(cost(day("2025-06-10").start()), usd(BEFORE), "{date}");
    }
    let as_of = |moment: Day| fetched("2027-01-31").with_as_of(AsOf::Day(moment));
    assert_eq!(cost_at(&as_of(bundled), "o3", bundled.next().start()), usd(AFTER));
    assert_eq!(cost_at(&as_of(bundled.next()), "o3", bundled.start()), usd(3.0));
    assert_eq!(as_of(day("2027-01-01")).as_of(), "2027-01-01 (fetched on 2027-01-31)");
    assert!(as_of(bundled).as_of().starts_with(&format!("{bundled} (litellm 1.")));
    // A list from before the bundled one says nothing of the time since.
    let older = fetched("2025-07-01");
    assert_eq!(cost_at(&older, "o3", day("2025-08-01").start()), usd(3.0));
}

#[test]
fn the_foot_of_a_table_names_the_list_in_use() {
    assert_eq!(as_of("2025-06-10").as_of(), "2025-06-10 (litellm 1.72.2 of 2025-06-07)");
    assert_eq!(as_of(FELL).as_of(), "2025-06-11 (litellm 1.72.4 of 2025-06-11)");
    let now = PriceBook::bundled().as_of();
    assert_eq!(of_usage().as_of(), format!("the time of use, by lists of 2024-11-28 to {now}"));
    assert!(of_usage().describe().ends_with(&of_usage().as_of()), "{}", of_usage().describe());
}

#[test]
fn every_row_of_the_table_is_in_use() {
    let oldest = origin::issues().next().unwrap().day;
    for row in origin::history().rows() {
        let until = day(row.note);
        assert!(oldest < until && origin::issues().any(|issue| issue.day == until), "{row:?}");
        let eras = history::eras(row.key);
        let era = eras.iter().find(|era| era.until == until).unwrap();
        assert_eq!(crate::line::write(&era.rates), row.items, "{row:?}");
        assert!(eras.iter().zip(eras.iter().skip(1)).all(|(a, b)| a.until < b.until), "{row:?}");
        let book = of_usage();
        let Rated::Known(found) = book.rate(row.key) else { panic!("{row:?} has no price now") };
        assert_eq!((found.key, found.earlier.len()), (row.key, eras.len()));
    }
}

/// Lists of one model, as `(day, fields)`.
fn table(lists: &[(&str, &str)]) -> String {
    let published = lists.iter().map(|(day, fields)| {
        let json = format!(
            r#"{{"o3": {{"mode": "chat", {fields}}}, "x": {{"mode": "chat", "input_cost_per_token": 1e-6,
            "output_cost_per_token": 1e-6}}}}"#
        );
        Published { day: day.parse().unwrap(), lines: litellm::compact(json.as_bytes()).unwrap().lines }
    });
    history::compact(&published.collect::<Vec<_>>())
}

const TWO: &str = r#""input_cost_per_token": 2e-6, "output_cost_per_token": 8e-6"#;
const TEN: &str = r#""input_cost_per_token": 1e-5, "output_cost_per_token": 4e-5"#;

#[test]
fn a_row_lasts_until_the_first_list_that_says_something_else() {
    let silent = r#""max_input_tokens": 5"#;
    let lists =
        [("2025-01-01", TEN), ("2025-02-01", silent), ("2025-03-01", TWO), ("2025-04-01", TEN), ("2025-05-01", TWO)];
    assert_eq!(table(&lists), "o3\ti10 o40\t2025-03-01\no3\ti2 o8\t2025-04-01\no3\ti10 o40\t2025-05-01\n");
}

#[test]
fn what_a_list_leaves_out_or_limits_is_nothing_else() {
    let more = format!(
        r#"{TWO}, "cache_read_input_token_cost": 5e-7, "input_cost_per_token_flex": 1e-6,
        "search_context_cost_per_query": {{"search_context_size_medium": 0.01}}"#
    );
    let limited = format!(r#"{TWO}, "max_input_tokens": 9, "max_output_tokens": 8"#);
    assert_eq!(table(&[("2025-01-01", TWO), ("2025-02-01", &limited), ("2025-03-01", &more)]), "");
    // Searches are not free for that the list did not know them yet.
    let rows = table(&[("2025-01-01", TEN), ("2025-02-01", &more)]);
    assert_eq!(rows, "o3\ts10000 i10 o40\t2025-02-01\n");
}

#[test]
fn a_price_of_long_prompts_that_was_given_up_is_something_else() {
    let long = format!(r#"{TWO}, "input_cost_per_token_above_200k_tokens": 4e-6"#);
    assert_eq!(table(&[("2025-01-01", &long), ("2025-02-01", TWO)]), "o3\ti2 o8 >200000 i4\t2025-02-01\n");
}

proptest! {
    #[test]
    fn eras_and_days_agree(
        model in prop::sample::select(&["o3", "claude-sonnet-4-6", "gpt-5.6", "gemini-2.5-pro", "grok-4.5", "gpt-5"][..]),
        tier in prop::sample::select(&[ServiceTier::Standard, ServiceTier::Priority, ServiceTier::Flex, ServiceTier::Batch, ServiceTier::Fast][..]),
        days in 0..800_u32,
        millis in 0..86_400_000_i64,
        (input, cache_read, output) in (0..400_000_u64, 0..400_000_u64, 0..100_000_u64),
    ) {
        let day = (0..days).fold(day("2024-11-28"), |day, _| day.next());
        let moment = Timestamp::from_millis(day.start().as_millis() + millis);
        let usage = Usage { input, cache_read, output, ..Usage::default() };
        let (eras, fixed) = (of_usage(), PriceBook::bundled().with_as_of(AsOf::Day(day)));
        let extent = agtop_model::UsageExtent::Response;
        let (rated, fixed) = (eras.rate(model), fixed.rate(model));
        let quote = rated.at(moment).quote_of(&usage, tier, extent);
        prop_assert_eq!(&quote, &fixed.now().quote_of(&usage, tier, extent));
        prop_assert_eq!(quote.map(|quote| quote.total), rated.at(moment).cost_of(&usage, tier, extent).amount);
    }
}
