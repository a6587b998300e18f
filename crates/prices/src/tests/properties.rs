use agtop_model::{PicoUsd, ServiceTier, Usage};
use proptest::prelude::*;

use crate::{PriceBook, litellm};

const MODELS: [&str; 6] =
    ["claude-opus-4-8", "gpt-5.6", "gemini-2.5-pro", "grok-4.20", "qwen-turbo", "claude-3-sonnet"];

const TIERS: [ServiceTier; 5] =
    [ServiceTier::Standard, ServiceTier::Priority, ServiceTier::Flex, ServiceTier::Batch, ServiceTier::Fast];

/// Requests whose prompts stay below every threshold, even if two of them are added.
fn usage() -> impl Strategy<Value = Usage> {
    let prompt = || 0..15_000_u64;
    (prompt(), prompt(), prompt(), prompt(), 0..100_000_u64, 0..=100_u64, 0..50_u64).prop_map(
        |(input, cache_read, cache_write_5m, cache_write_1h, output, share, web_searches)| Usage {
            input,
            cache_read,
            cache_write_5m,
            cache_write_1h,
            output,
            reasoning: output * share / 100,
            web_searches,
        },
    )
}

fn cost(model: &str, usage: Usage, tier: ServiceTier) -> PicoUsd {
    PriceBook::bundled().rate(model).cost(&usage, tier).amount.unwrap_or_else(|| panic!("{model} has no price"))
}

/// `usage` with `more` in one bucket.
fn grown(usage: Usage, bucket: usize, more: u64) -> Usage {
    let mut grown = usage;
    let field = match bucket {
        0 => &mut grown.input,
        1 => &mut grown.cache_read,
        2 => &mut grown.cache_write_5m,
        3 => &mut grown.cache_write_1h,
        4 => &mut grown.output,
        _ => &mut grown.web_searches,
    };
    *field = field.saturating_add(more);
    grown
}

proptest! {
    #[test]
    fn more_of_any_bucket_never_costs_less(
        model in prop::sample::select(&MODELS[..]),
        tier in prop::sample::select(&TIERS[..]),
        usage in usage(),
        bucket in 0..6_usize,
        more in 0..2_000_000_u64,
    ) {
        prop_assert!(cost(model, grown(usage, bucket, more), tier) >= cost(model, usage, tier));
    }

    #[test]
    fn requests_below_every_threshold_add_up(
        model in prop::sample::select(&MODELS[..]),
        tier in prop::sample::select(&TIERS[..]),
        first in usage(),
        second in usage(),
    ) {
        let mut sum = first;
        sum += second;
        prop_assume!(sum.prompt() < 100_000);
        let apart: PicoUsd = [first, second].into_iter().map(|usage| cost(model, usage, tier)).sum();
        prop_assert_eq!(cost(model, sum, tier), apart);
    }

    #[test]
    fn a_cost_is_the_sum_of_its_quote(
        model in prop::sample::select(&MODELS[..]),
        tier in prop::sample::select(&TIERS[..]),
        usage in usage(),
        factor in 1..1000_u64,
    ) {
        let usage = Usage { input: usage.input.saturating_mul(factor), ..usage };
        let book = PriceBook::bundled();
        let quote = book.rate(model).quote(&usage, tier).unwrap();
        prop_assert_eq!(quote.lines.iter().map(|line| line.amount).sum::<PicoUsd>(), quote.total);
        prop_assert_eq!(Some(quote.total), book.rate(model).cost(&usage, tier).amount);
    }

    #[test]
    fn no_model_name_panics(model in "(?s).{0,80}") {
        let book = PriceBook::bundled();
        let _ = book.rate(&model).cost(&Usage { input: u64::MAX, output: u64::MAX, ..Usage::default() }, ServiceTier::Fast);
        let _ = book.context_limit(&model);
    }

    #[test]
    fn no_combination_of_name_parts_panics(
        model in "(us\\.|anthropic\\.|claude-|gpt-|[0-9]{1,8}|-|/|@|:|\\.|\\[1m\\]|-v1:0|-latest|-high|é){0,12}"
    ) {
        let book = PriceBook::bundled();
        let _ = book.rate(&model);
        let _ = book.context_limit(&model);
    }

    #[test]
    fn no_list_or_price_file_panics(text in "(?s).{0,200}") {
        let _ = litellm::compact(text.as_bytes());
        let _ = PriceBook::bundled().with_overrides(&text);
    }

    #[test]
    fn no_number_in_a_list_panics(number in any::<f64>(), window in any::<u64>()) {
        let json = format!(
            "{{\"m\": {{\"mode\": \"chat\", \"input_cost_per_token\": {number:e}, \"output_cost_per_token\": 1e-6,\
             \"max_input_tokens\": {window}, \"provider_specific_entry\": {{\"fast\": {number:e}, \"us\": {number:e}}}}}}}"
        );
        if let Ok(book) = PriceBook::bundled().with_fetched(&json, "2026-12-01") {
            let cost = book.rate("m").cost(&Usage { input: u64::MAX, ..Usage::default() }, ServiceTier::Fast);
            prop_assert!(cost.amount.is_none_or(|amount| amount >= PicoUsd::ZERO));
        }
    }
}
