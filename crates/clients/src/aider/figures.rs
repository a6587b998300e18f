//! The token report that Aider prints after each response: `Tokens: 12k sent, 3.4k cache write, 1.2k cache hit, 850
//! received. Cost: $0.04 message, $1.23 session.`

use std::collections::HashMap;

use agtop_model::{MessageKey, PicoUsd, Usage};

use super::id::ID;
use crate::DecodeError;
use crate::cost::embedded_cost;

/// A parsed report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) figures: Figures,
    cache_write: u64,
    cache_hit: u64,
    /// The cost of the message; none for models without a price, and where Aider prints it on a separate line.
    pub(super) cost: Option<PicoUsd>,
}

/// The two figures that every report has, as printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Figures {
    sent: u64,
    received: u64,
}

impl Figures {
    /// The figures that Aider prints for these exact counts.
    pub(super) fn printed(sent: u64, received: u64) -> Self {
        Self { sent: printed(sent), received: printed(received) }
    }
}

impl Report {
    /// Parses a report. Returns `None` for any other text, and an error for a damaged report.
    pub(super) fn parse(text: &str) -> Option<Result<Self, DecodeError>> {
        let text = text.trim_end().strip_prefix("Tokens: ")?;
        Some(Self::parts(text).ok_or_else(|| DecodeError::malformed("a token report that cannot be read")))
    }

    fn parts(text: &str) -> Option<Self> {
        let (tokens, cost) = match text.split_once(" Cost: ") {
            Some((tokens, cost)) => (tokens, Some(message_cost(cost)?)),
            None => (text, None),
        };
        let (mut sent, mut received) = (None, None);
        let mut report = Self { cost, ..Self::default() };
        for part in tokens.strip_suffix('.')?.split(", ") {
            let (number, label) = part.split_once(' ')?;
            let number = count(number)?;
            match label {
                "sent" => sent = Some(number),
                "received" => received = Some(number),
                "cache write" => report.cache_write = number,
                "cache hit" | "cached" => report.cache_hit = number,
                _ => return None,
            }
        }
        report.figures = Figures { sent: sent?, received: received? };
        Some(report)
    }

    /// The usage in disjoint buckets.
    ///
    /// `sent` is the prompt as `LiteLLM` counts it, plus the cache write, which Aider adds. `LiteLLM` includes cache
    /// reads in the prompt (for Anthropic's models too, whose API leaves them out), so both are subtracted from `sent`.
    /// The figures are rounded, so the result may be off by half a unit of the largest figure.
    pub(super) fn usage(&self) -> Usage {
        Usage {
            input: self.figures.sent.saturating_sub(self.cache_write).saturating_sub(self.cache_hit),
            cache_read: self.cache_hit,
            cache_write_5m: self.cache_write,
            output: self.figures.received,
            ..Usage::default()
        }
    }
}

/// Parses a cost on a separate line, where Aider breaks the report. Returns `None` for any other text.
pub(super) fn cost_line(text: &str) -> Option<PicoUsd> {
    message_cost(text.trim_end().strip_prefix("Cost: ")?)
}

/// `$0.04 message, $1.23 session.`, in early versions `$0.04 request, …`.
fn message_cost(text: &str) -> Option<PicoUsd> {
    let (amount, label) = text.strip_prefix('$')?.split_once(' ')?;
    let is_cost = label.starts_with("message,") || label.starts_with("request,");
    let amount = decimal(amount).filter(|_| is_cost)?;
    embedded_cost(ID, "", Some(amount))
}

/// `850`, `3.4k`, `12k`, `1.2M`, in early versions `2,345`.
fn count(text: &str) -> Option<u64> {
    /// No response has this many tokens.
    const MAX_TOKENS: f64 = 1e12;
    let (digits, unit) = match text.as_bytes().last()? {
        b'k' => (text.strip_suffix('k')?, 1e3),
        b'M' => (text.strip_suffix('M')?, 1e6),
        _ => (text, 1.0),
    };
    let number = (decimal(digits)? * unit).round();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be within range")]
    (number <= MAX_TOKENS).then_some(number as u64)
}

/// Parses plain digits with commas between thousands, and nothing else that a float parser accepts.
fn decimal(text: &str) -> Option<f64> {
    let digits = text.replace(',', "");
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    digits.parse().ok().filter(|_| is_plain)
}

/// A count as Aider rounds it for display: exact below 1,000, to a tenth of a thousand below 10,000, to a thousand
/// above, ties to even.
fn printed(exact: u64) -> u64 {
    let thousands = exact as f64 / 1e3;
    match exact {
        0..1_000 => exact,
        1_000..10_000 => count(&format!("{thousands:.1}k")).unwrap_or(exact),
        _ => count(&format!("{}k", thousands.round_ties_even())).unwrap_or(exact),
    }
}

/// Counts how often each pair of figures has occurred.
#[derive(Default)]
pub(super) struct Occurrences(HashMap<Figures, u64>);

impl Occurrences {
    /// The key of the next report with these figures.
    pub(super) fn next(&mut self, figures: Figures) -> MessageKey {
        let n = self.0.entry(figures).or_default();
        let parts = [figures.sent.to_le_bytes(), figures.received.to_le_bytes(), n.to_le_bytes()];
        *n += 1;
        MessageKey::by_content(ID, &parts.each_ref().map(<[u8; 8]>::as_slice))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(text: &str) -> Option<Usage> {
        Report::parse(text)?.ok().map(|report| report.usage())
    }

    #[test]
    fn figures_have_several_units() {
        let all = ["850", "3.4k", "12k", "1.2M", "2,345"].map(count);
        assert_eq!(all, [Some(850), Some(3_400), Some(12_000), Some(1_200_000), Some(2_345)]);
        for text in ["", "k", "-1", "inf", "1e5", "nan", "9999999999999999k"] {
            assert_eq!(count(text), None, "{text}");
        }
    }

    #[test]
    fn cache_parts_are_within_what_was_sent() {
        let expected =
            Usage { input: 7_400, cache_write_5m: 3_400, cache_read: 1_200, output: 850, ..Usage::default() };
        assert_eq!(usage("Tokens: 12k sent, 3.4k cache write, 1.2k cache hit, 850 received."), Some(expected));
    }

    #[test]
    fn early_versions_wrote_cached_and_request() {
        let report =
            Report::parse("Tokens: 2,345 sent, 1,000 cached, 67 received. Cost: $0.01 request, $0.02 session.");
        let report = report.unwrap().unwrap();
        assert_eq!(report.usage(), Usage { input: 1_345, cache_read: 1_000, output: 67, ..Usage::default() });
        assert_eq!(report.cost, PicoUsd::from_usd(0.01));
    }

    #[test]
    fn a_report_without_price_has_no_cost() {
        let report = Report::parse("Tokens: 591 sent, 1.8k received.  ").unwrap().unwrap();
        assert_eq!(report.cost, None);
        assert_eq!(report.usage().total(), 2_391);
    }

    #[test]
    fn a_truncated_report_is_an_error_and_other_text_is_none() {
        for text in ["Tokens: 2.6k sent", "Tokens: 2.6k sent, 7 rec", "Tokens: 5 sent, 7 received. Cost: $"] {
            assert!(matches!(Report::parse(text), Some(Err(_))), "{text}");
        }
        assert_eq!(Report::parse("Applied edit to a.rs"), None);
    }

    #[test]
    fn exact_counts_print_as_aider_prints_them() {
        let cases = [(999, 999), (1_000, 1_000), (2_585, 2_600), (2_550, 2_500), (9_960, 10_000), (10_500, 10_000)];
        for (exact, expected) in cases {
            assert_eq!(printed(exact), expected, "{exact}");
        }
        assert_eq!(printed(11_500), 12_000);
    }
}
