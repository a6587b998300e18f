//! One line of the table: `key TAB items [TAB note]`.
//!
//! Items are separated by spaces and begin with a letter:
//!
//! | Item | Meaning |
//! |---|---|
//! | `c200000` `m64000` | maximum length of a prompt and of a response, in tokens |
//! | `i` `o` `r` `w` `h` `t` | input, output, cache read, 5-minute write, 1-hour write, reasoning: USD per million tokens |
//! | `s10000` | USD per million web searches |
//! | `x2` | multiplier of all token rates in fast mode |
//! | `u1.1` | multiplier of all token rates for inference in the United States |
//! | `a` | cache rates that the list lacks are Anthropic's multiples of the input rate |
//! | `g` | a long-prompt rate applies from its threshold on, not only above it |
//! | `P` `F` `B` | the items after it are for the priority, flex or batch tier |
//! | `>200000`, `P>200000` | the items after it are for prompts of more tokens |
//!
//! An amount has at most six decimals: a millionth of a dollar per million is a pico-dollar per unit.

use std::fmt::Write as _;

use agtop_model::{PicoUsd, ServiceTier};

use crate::bucket::Bucket;
use crate::rates::{CacheBilling, RateBand, Rates, Threshold};

/// Millionths in one.
const MILLION: i64 = 1_000_000;

/// The letters of the service tiers in a line; the list price has none.
const TIER_LETTERS: [(char, ServiceTier); 3] =
    [('P', ServiceTier::Priority), ('F', ServiceTier::Flex), ('B', ServiceTier::Batch)];

/// Parses the items of a line. Unknown items are skipped: the table is checked when it is generated.
pub(crate) fn parse(items: &str) -> Rates {
    let mut rates = Rates::default();
    let mut band = RateBand::new(ServiceTier::Standard, 0);
    for item in items.split_ascii_whitespace() {
        if let Some((tier, above)) = section(item) {
            rates.push(std::mem::replace(&mut band, RateBand::new(tier, above)));
            continue;
        }
        let mut chars = item.chars();
        let Some(letter) = chars.next() else { continue };
        let value = chars.as_str();
        match letter {
            'c' => rates.max_input = value.parse().ok(),
            'm' => rates.max_output = value.parse().ok(),
            'a' => rates.caching = CacheBilling::Multiples,
            'g' => rates.threshold = Threshold::Reached,
            's' => rates.search = amount(value),
            'x' => rates.multipliers.fast = amount(value).map(PicoUsd::as_pico),
            'u' => rates.multipliers.us = amount(value).map(PicoUsd::as_pico),
            _ => {
                if let Some(bucket) = Bucket::from_letter(letter) {
                    band.set(bucket, amount(value));
                }
            }
        }
    }
    rates.push(band);
    rates
}

/// Writes the items in the format of [`parse`].
pub(crate) fn write(rates: &Rates) -> String {
    let mut out = String::new();
    let mut item = |letter: char, value: &str| {
        let space = if out.is_empty() { "" } else { " " };
        let _ = write!(out, "{space}{letter}{value}");
    };
    for (letter, limit) in [('c', rates.max_input), ('m', rates.max_output)] {
        if let Some(limit) = limit {
            item(letter, &limit.to_string());
        }
    }
    if rates.caching == CacheBilling::Multiples {
        item('a', "");
    }
    if rates.threshold == Threshold::Reached {
        item('g', "");
    }
    if let Some(search) = rates.search {
        item('s', &decimal(search.as_pico()));
    }
    for (letter, times) in [('x', rates.multipliers.fast), ('u', rates.multipliers.us)] {
        if let Some(times) = times {
            item(letter, &decimal(times));
        }
    }
    for band in &rates.bands {
        let tier = TIER_LETTERS.into_iter().find(|(_, tier)| *tier == band.tier);
        let above = if band.above > 0 { format!(">{}", band.above) } else { String::new() };
        match (tier, above.strip_prefix('>')) {
            (Some((letter, _)), _) => item(letter, &above),
            (None, Some(above)) => item('>', above),
            (None, None) => {}
        }
        for bucket in Bucket::TOKENS {
            if let Some(rate) = band.get(bucket) {
                item(bucket.letter(), &decimal(rate.as_pico()));
            }
        }
    }
    out
}

/// `P`, `>200000` or `P>200000`.
fn section(item: &str) -> Option<(ServiceTier, u64)> {
    let (name, above) = match item.split_once('>') {
        Some((name, above)) => (name, above.parse().ok()?),
        None => (item, 0),
    };
    if name.is_empty() {
        return (above > 0).then_some((ServiceTier::Standard, above));
    }
    TIER_LETTERS.into_iter().find(|(letter, _)| name.strip_prefix(*letter) == Some("")).map(|(_, tier)| (tier, above))
}

/// A number with at most six decimals, in millionths: dollars per million units are pico-dollars per unit.
fn amount(text: &str) -> Option<PicoUsd> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let scale = 10_i64.checked_pow(6_u32.checked_sub(u32::try_from(decimals.len()).ok()?)?)?;
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let decimals: i64 = if decimals.is_empty() { 0 } else { decimals.parse().ok()? };
    whole.checked_mul(MILLION)?.checked_add(decimals.checked_mul(scale)?).map(PicoUsd::new)
}

/// Millionths as a decimal number without trailing zeros.
fn decimal(millionths: i64) -> String {
    let mut text = format!("{}.{:06}", millionths / MILLION, millionths % MILLION);
    text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_round_trips() {
        let line =
            "c1000000 m128000 a g s10000 x2.5 u1.1 i5 r0.5 w6.25 h10 o25 >200000 i10 o50 P i7 P>200000 i12 B i2.5";
        assert_eq!(write(&parse(line)), line);
    }

    #[test]
    fn rates_are_exact_to_the_pico_dollar() {
        assert_eq!(amount("0.028"), Some(PicoUsd::new(28_000)));
        assert_eq!(amount("0.000001"), Some(PicoUsd::new(1)));
        assert_eq!(decimal(1), "0.000001");
        assert_eq!(decimal(10_000_000), "10");
    }

    #[test]
    fn invalid_or_too_precise_amounts_are_skipped() {
        for text in ["", "x", "1.0000001", "99999999999999999999", "1.-5"] {
            assert!(amount(text).is_none_or(|amount| amount.as_pico() >= 0), "{text}");
        }
        assert_eq!(amount("1.0000001"), None);
    }

    #[test]
    fn unknown_items_are_skipped() {
        let rates = parse("i3 zzz Q>5 o15 é1");
        assert_eq!(write(&rates), "i3 o15");
    }
}
