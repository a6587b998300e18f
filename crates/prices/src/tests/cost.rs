use agtop_model::{Cost, CostBasis, InferenceGeo, PicoUsd, ServiceTier, Usage};

use crate::{Bucket, DerivedRate, PriceBook, PriceTerms, Quote};

fn quote(model: &str, usage: Usage, terms: impl Into<PriceTerms>) -> Quote {
    let terms = terms.into();
    let book = PriceBook::bundled();
    let quote = book.rate(model).quote(&usage, terms).unwrap_or_else(|| panic!("{model} has no price"));
    assert_eq!(book.rate(model).cost(&usage, terms), Cost { amount: Some(quote.total), basis: CostBasis::Api });
    assert_eq!(quote.lines.iter().map(|line| line.amount).sum::<PicoUsd>(), quote.total);
    quote
}

/// The rate of one bucket in millionths of a dollar per million tokens, which are pico-dollars a token.
fn rate(model: &str, usage: Usage, tier: ServiceTier, bucket: Bucket) -> i64 {
    let quote = quote(model, usage, tier);
    let line = quote.lines.iter().find(|line| line.bucket == bucket);
    line.unwrap_or_else(|| panic!("{model}: no {}", bucket.as_str())).rate.as_pico()
}

fn prompt(tokens: u64) -> Usage {
    Usage { input: tokens - 100, cache_read: 100, output: 10, ..Usage::default() }
}

#[test]
fn a_request_is_the_sum_of_its_buckets_to_the_pico_dollar() {
    let usage = Usage {
        input: 3,
        cache_read: 12_345,
        cache_write_5m: 678,
        cache_write_1h: 90,
        output: 321,
        reasoning: 300,
        web_searches: 2,
    };
    let expected = 3 * 5_000_000 + 12_345 * 500_000 + 678 * 6_250_000 + 90 * 10_000_000 + 321 * 25_000_000;
    let total = quote("claude-opus-4-8", usage, ServiceTier::Standard).total;
    assert_eq!(total, PicoUsd::new(expected + 2 * 10_000_000_000));
}

#[test]
fn the_whole_request_moves_to_the_higher_tier() {
    let at = quote("gemini-2.5-pro", prompt(200_000), ServiceTier::Standard);
    let above = quote("gemini-2.5-pro", prompt(200_001), ServiceTier::Standard);
    assert_eq!(at.lines.iter().map(|line| line.rate.as_pico()).collect::<Vec<_>>(), [1_250_000, 125_000, 10_000_000]);
    assert_eq!(
        above.lines.iter().map(|line| line.rate.as_pico()).collect::<Vec<_>>(),
        [2_500_000, 250_000, 15_000_000]
    );
    assert!(above.lines.iter().all(|line| line.above == 200_000));
}

#[test]
fn cached_tokens_count_towards_the_threshold() {
    let usage = Usage { input: 1, cache_read: 200_000, output: 1, ..Usage::default() };
    assert_eq!(rate("gemini-2.5-pro", usage, ServiceTier::Standard, Bucket::Input), 2_500_000);
}

#[test]
fn xai_bills_the_higher_tier_from_the_threshold_on() {
    assert_eq!(rate("grok-4.20", prompt(199_999), ServiceTier::Standard, Bucket::Input), 1_250_000);
    assert_eq!(rate("grok-4.20", prompt(200_000), ServiceTier::Standard, Bucket::Input), 2_500_000);
    assert_eq!(
        rate("grok-4", prompt(128_000), ServiceTier::Standard, Bucket::Output),
        30_000_000,
        "retired, 3/15 below"
    );
}

#[test]
fn first_party_claude_has_no_long_prompt_rate_but_sonnet_4_and_bedrock_had() {
    assert_eq!(rate("claude-sonnet-4-5", prompt(900_000), ServiceTier::Standard, Bucket::Input), 3_000_000);
    assert_eq!(rate("claude-sonnet-4-20250514", prompt(200_001), ServiceTier::Standard, Bucket::Output), 22_500_000);
    let bedrock = "anthropic.claude-sonnet-4-5-20250929-v1:0";
    assert_eq!(rate(bedrock, prompt(200_001), ServiceTier::Standard, Bucket::Input), 6_000_000);
}

#[test]
fn gemini_3_pro_above_200k_costs_4_and_18() {
    for model in ["gemini-3-pro-preview", "gemini-3.1-pro-preview"] {
        assert_eq!(rate(model, prompt(200_001), ServiceTier::Standard, Bucket::Input), 4_000_000, "{model}");
        assert_eq!(rate(model, prompt(200_001), ServiceTier::Standard, Bucket::Output), 18_000_000, "{model}");
    }
}

#[test]
fn tiers_given_as_ranges_apply_to_the_whole_request_and_the_last_one_beyond_its_end() {
    for (tokens, pico) in
        [(32_000, 1_000_000), (32_001, 1_800_000), (128_001, 3_000_000), (256_001, 6_000_000), (5_000_000, 6_000_000)]
    {
        assert_eq!(rate("qwen3-coder-plus", prompt(tokens), ServiceTier::Standard, Bucket::Input), pico, "{tokens}");
    }
}

#[test]
fn one_hour_cache_writes_have_their_own_rate() {
    let usage = Usage { cache_write_5m: 1, cache_write_1h: 1, output: 1, ..Usage::default() };
    for (model, five_minutes, hour) in [
        ("claude-opus-5-5", 5_000_000, 8_000_000),
        ("claude-haiku-4-5", 1_250_000, 2_000_000),
        ("claude-3-5-haiku", 1_000_000, 1_600_000),
    ] {
        assert_eq!(rate(model, usage, ServiceTier::Standard, Bucket::CacheWrite5m), five_minutes, "{model}");
        assert_eq!(rate(model, usage, ServiceTier::Standard, Bucket::CacheWrite1h), hour, "{model}");
    }
    let long = Usage { input: 100_001, ..usage };
    assert_eq!(rate("claude-haiku-5-5", long, ServiceTier::Standard, Bucket::CacheWrite1h), 1_000_000);
}

#[test]
fn a_cache_rate_that_claude_lacks_is_a_multiple_of_input_and_says_so() {
    let usage = Usage { cache_read: 1, cache_write_5m: 1, cache_write_1h: 1, ..Usage::default() };
    let lines = quote("claude-3-sonnet-20240229", usage, ServiceTier::Standard).lines;
    let of_input = |percent| Some(DerivedRate { from: Bucket::Input, percent });
    assert_eq!(
        lines.iter().map(|line| (line.rate.as_pico(), line.derived)).collect::<Vec<_>>(),
        [(300_000, of_input(10)), (3_750_000, of_input(125)), (6_000_000, of_input(200))]
    );
}

#[test]
fn a_batch_halves_the_one_hour_write_too() {
    let usage = Usage { cache_write_1h: 1, ..Usage::default() };
    assert_eq!(rate("claude-opus-4-8", usage, ServiceTier::Batch, Bucket::CacheWrite1h), 5_000_000);
}

#[test]
fn a_provider_without_a_cache_price_bills_cached_tokens_as_input() {
    let usage = Usage { input: 1, cache_read: 1, cache_write_1h: 1, ..Usage::default() };
    let lines = quote("gpt-5-pro", usage, ServiceTier::Standard).lines;
    assert!(lines.iter().all(|line| line.rate == lines[0].rate), "{lines:?}");
    assert_eq!(lines[1].derived, Some(DerivedRate { from: Bucket::Input, percent: 100 }));
}

#[test]
fn service_tiers_and_thresholds_combine() {
    for (tier, short, long) in [
        (ServiceTier::Standard, 4_000_000, 8_000_000),
        (ServiceTier::Priority, 8_000_000, 16_000_000),
        (ServiceTier::Flex, 2_000_000, 4_000_000),
        (ServiceTier::Batch, 2_000_000, 4_000_000),
    ] {
        assert_eq!(rate("gpt-5.6", prompt(272_000), tier, Bucket::Input), short, "{tier:?}");
        assert_eq!(rate("gpt-5.6", prompt(272_001), tier, Bucket::Input), long, "{tier:?}");
    }
}

#[test]
fn a_long_prompt_without_a_priority_rate_is_billed_at_the_list_price() {
    let quote = quote("gpt-5.5", prompt(272_001), ServiceTier::Priority);
    assert_eq!(quote.lines[0].rate.as_pico(), 10_000_000);
    assert_eq!((quote.lines[0].tier, quote.lines[0].above), (ServiceTier::Standard, 272_000));
}

#[test]
fn a_missing_service_tier_is_billed_at_the_list_price_and_the_quote_shows_it() {
    let quote = quote("claude-sonnet-5", prompt(1000), ServiceTier::Flex);
    assert_eq!((quote.lines[0].rate.as_pico(), quote.lines[0].tier), (2_000_000, ServiceTier::Standard));
}

#[test]
fn fast_mode_multiplies_tokens_but_not_searches() {
    let usage = Usage { web_searches: 1, ..prompt(1000) };
    for (model, times) in [("claude-opus-4-8", 2), ("claude-opus-5", 2), ("claude-opus-5-5", 2)] {
        let (normal, fast) = (quote(model, usage, ServiceTier::Standard), quote(model, usage, ServiceTier::Fast));
        for (normal, fast) in normal.lines.iter().zip(&fast.lines) {
            let expected = if normal.bucket == Bucket::WebSearch { 1 } else { times };
            assert_eq!(fast.amount, normal.amount.times(expected), "{model} {:?}", normal.bucket);
        }
    }
}

#[test]
fn a_fast_mode_that_ended_keeps_its_price() {
    assert_eq!(rate("claude-opus-4-6", prompt(1000), ServiceTier::Fast, Bucket::Output), 6 * 25_000_000);
    assert_eq!(rate("claude-opus-4-7", prompt(1000), ServiceTier::Fast, Bucket::Input), 6 * 5_000_000);
}

#[test]
fn openai_sells_fast_as_priority() {
    assert_eq!(rate("gpt-5.5", prompt(1000), ServiceTier::Fast, Bucket::Input), 12_500_000);
    assert_eq!(rate("gpt-5.4", prompt(1000), ServiceTier::Fast, Bucket::Input), 5_000_000);
}

#[test]
fn reasoning_is_part_of_output_unless_it_has_a_rate_of_its_own() {
    let usage = Usage { input: 1, output: 100, reasoning: 40, ..Usage::default() };
    let claude = quote("claude-opus-5", usage, ServiceTier::Standard);
    assert_eq!(claude.lines.iter().map(|line| line.pieces).collect::<Vec<_>>(), [1, 100]);
    let qwen = quote("qwen-turbo", usage, ServiceTier::Standard);
    assert_eq!(
        qwen.lines.iter().map(|line| (line.bucket, line.pieces, line.rate.as_pico())).collect::<Vec<_>>(),
        [(Bucket::Input, 1, 50_000), (Bucket::Output, 60, 200_000), (Bucket::Reasoning, 40, 500_000)]
    );
}

#[test]
fn more_reasoning_than_output_bills_no_more_than_the_output() {
    let usage = Usage { output: 10, reasoning: 99, ..Usage::default() };
    assert_eq!(quote("qwen-turbo", usage, ServiceTier::Standard).total, PicoUsd::new(10 * 500_000));
}

#[test]
fn searches_without_a_price_are_missing_from_the_total_and_counted() {
    let usage = Usage { input: 1, web_searches: 3, ..Usage::default() };
    assert_eq!(quote("glm-4.6", usage, ServiceTier::Standard).unpriced_searches, 3);
    assert_eq!(quote("claude-opus-5", usage, ServiceTier::Standard).unpriced_searches, 0);
}

#[test]
fn a_sum_of_requests_does_not_pass_a_threshold_that_none_of_them_may_have_passed() {
    let book = PriceBook::bundled();
    let rated = book.rate("gemini-2.5-pro");
    let usage = Usage { input: 1_000_000, ..Usage::default() };
    let one = rated.cost(&usage, ServiceTier::Standard).amount.unwrap();
    let sum = rated.cost_of(&usage, ServiceTier::Standard, agtop_model::UsageExtent::Sum).amount.unwrap();
    assert_eq!(one.as_pico(), 2 * sum.as_pico());
}

/// Anthropic charges a tenth more if a request asks for inference only in the United States: for every kind of token
/// and in fast mode too, but not for searches. Bug: it was billed at the list price ($0.0410 for the first case).
#[test]
fn inference_within_the_united_states_costs_a_tenth_more_in_fast_mode_too() {
    let thousand = Usage {
        input: 1000,
        cache_read: 1000,
        cache_write_1h: 1000,
        output: 1000,
        web_searches: 1,
        ..Usage::default()
    };
    let total = |tier, geo| quote("claude-opus-4-8", thousand, PriceTerms { tier, geo }).total.as_pico();
    let (list, search) = (40_500_000_000, 10_000_000_000);
    assert_eq!(total(ServiceTier::Standard, InferenceGeo::Global), list + search);
    assert_eq!(total(ServiceTier::Standard, InferenceGeo::Us), list / 10 * 11 + search);
    assert_eq!(total(ServiceTier::Fast, InferenceGeo::Us), list / 10 * 22 + search);
    let lines = quote("claude-opus-4-8", thousand, PriceTerms { tier: ServiceTier::Fast, geo: InferenceGeo::Us }).lines;
    let has_surcharge = |bucket| bucket != Bucket::WebSearch;
    assert!(lines.iter().all(|line| (line.geo == InferenceGeo::Us) == has_surcharge(line.bucket)), "{lines:?}");
}

/// The list names the models with this offer; others run anywhere, whatever was requested.
#[test]
fn a_model_without_a_surcharge_costs_the_same_within_the_united_states() {
    for model in ["claude-haiku-4-5", "claude-opus-4-5", "gpt-5.5", "gemini-2.5-pro"] {
        let usage = Usage { input: 1000, output: 1000, ..Usage::default() };
        let within = quote(model, usage, PriceTerms { geo: InferenceGeo::Us, ..PriceTerms::default() });
        assert_eq!(within, quote(model, usage, ServiceTier::Standard), "{model}");
    }
}

/// Earlier lists, and lists fetched by an earlier agtop, have no surcharges: pricing with them must not lose the
/// surcharge.
#[test]
fn earlier_and_fetched_lists_keep_the_surcharge() {
    let usage = Usage { input: 1000, ..Usage::default() };
    let within = PriceTerms { geo: InferenceGeo::Us, ..PriceTerms::default() };
    let day: crate::AsOf = "2026-03-01".parse().unwrap();
    let earlier = PriceBook::bundled().with_as_of(day);
    assert_eq!(earlier.rate("claude-opus-4-6").cost(&usage, within).amount, Some(PicoUsd::new(5_500_000_000)));
    let fetched = PriceBook::bundled().with_compact("claude-opus-4-8\ti5 o25\n".to_owned(), "2026-11-29").unwrap();
    assert_eq!(fetched.rate("claude-opus-4-8").cost(&usage, within).amount, Some(PicoUsd::new(5_500_000_000)));
}
