//! `LiteLLM`'s price list in compact form: one sorted line per model, with the fields that agtop uses.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use agtop_model::{PicoUsd, ServiceTier};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use crate::bucket::Bucket;
use crate::line;
use crate::rates::{CacheBilling, RateBand, Rates, Threshold};
use crate::sheet;
use crate::terms::Multipliers;

/// Why a price list cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchedError {
    /// It is not a JSON object of objects.
    #[error("line {line}, column {column}: not a price list")]
    NotAList {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// It has no model with a price.
    #[error("the list has no model with a price")]
    Empty,
}

/// A compact list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompactList {
    /// Sorted lines.
    pub lines: String,
    /// The number of lines.
    pub entries: usize,
}

/// The modes of models that are listed; the others make images, vectors or sound.
const TEXT_MODES: [&str; 3] = ["chat", "responses", "completion"];

/// The fields besides plain rates that agtop uses.
const OTHER_FIELDS: [&str; 7] = [
    "mode",
    "litellm_provider",
    "max_input_tokens",
    "max_output_tokens",
    "search_context_cost_per_query",
    "provider_specific_entry",
    "tiered_pricing",
];

/// The beginnings of rate fields; longer ones come before their prefixes.
const RATE_FIELDS: [(&str, Bucket); 6] = [
    ("input_cost_per_token", Bucket::Input),
    ("output_cost_per_token", Bucket::Output),
    ("output_cost_per_reasoning_token", Bucket::Reasoning),
    ("cache_read_input_token_cost", Bucket::CacheRead),
    ("cache_creation_input_token_cost_above_1hr", Bucket::CacheWrite1h),
    ("cache_creation_input_token_cost", Bucket::CacheWrite5m),
];

/// The suffixes of rate fields for a service tier.
const TIER_SUFFIXES: [(&str, ServiceTier); 3] =
    [("_priority", ServiceTier::Priority), ("_flex", ServiceTier::Flex), ("_batches", ServiceTier::Batch)];

/// Maximum length of a model name, in bytes.
const MAX_MODEL_NAME_BYTES: usize = 200;

/// Converts the list that `LiteLLM` publishes. Fields of an unexpected type count as absent. A model without both an
/// input and an output rate keeps only its limits. So does a model that is free for both, because in this list that is
/// as often a missing price as a free model.
///
/// # Errors
///
/// [`FetchedError`] if it is not such a list, or has no price.
pub fn compact(json: &[u8]) -> Result<CompactList, FetchedError> {
    let models: BTreeMap<Cow<'_, str>, LiteLlmModel> = serde_json::from_slice(json)
        .map_err(|error| FetchedError::NotAList { line: error.line(), column: error.column() })?;
    let mut priced = 0;
    let mut lines = Vec::new();
    for (key, entry) in models {
        let usable = !key.is_empty() && key.len() <= MAX_MODEL_NAME_BYTES && !key.contains(|c: char| c.is_control());
        if !usable || key.starts_with('#') || key == "sample_spec" || !TEXT_MODES.contains(&entry.mode.as_str()) {
            continue;
        }
        let key = key.to_ascii_lowercase();
        let rates = entry.rates(&key);
        priced += usize::from(rates.is_priced());
        if rates.is_priced() || rates.max_input.is_some() {
            lines.push((key, line::write(&rates)));
        }
    }
    if priced == 0 {
        return Err(FetchedError::Empty);
    }
    let lines = sheet::sorted(lines);
    let entries = sheet::Sheet::new(&lines).rows().count();
    Ok(CompactList { lines, entries })
}

/// Rates by service tier and threshold.
type Bands = BTreeMap<(ServiceTier, u64), RateBand>;

/// The fields of one model's object that agtop uses.
#[derive(Default)]
struct LiteLlmModel {
    mode: String,
    provider: String,
    max_input: Option<u64>,
    max_output: Option<u64>,
    search: Option<PicoUsd>,
    multipliers: Multipliers,
    bands: Bands,
    tiered: Bands,
}

impl LiteLlmModel {
    fn take(&mut self, name: &str, value: &Value) {
        match name {
            "mode" => value.as_str().unwrap_or_default().clone_into(&mut self.mode),
            "litellm_provider" => value.as_str().unwrap_or_default().clone_into(&mut self.provider),
            "max_input_tokens" => self.max_input = tokens(value),
            "max_output_tokens" => self.max_output = tokens(value),
            "search_context_cost_per_query" => {
                self.search = price(value.get("search_context_size_medium").unwrap_or(&Value::Null));
            }
            "provider_specific_entry" => {
                let times = |name| value.get(name).and_then(Value::as_f64).and_then(multiplier);
                self.multipliers = Multipliers { fast: times("fast"), us: times("us") };
            }
            "tiered_pricing" => self.tiered = tiered(value),
            _ => put(&mut self.bands, name, value, 0),
        }
    }

    fn rates(mut self, key: &str) -> Rates {
        if !self.tiered.is_empty() {
            self.bands.retain(|(tier, _), _| *tier != ServiceTier::Standard);
            self.bands.append(&mut self.tiered);
        }
        let mut rates = Rates { max_input: self.max_input, max_output: self.max_output, ..Rates::default() };
        let free = self.bands.get(&(ServiceTier::Standard, 0)).is_some_and(|band| {
            [Bucket::Input, Bucket::Output].into_iter().all(|bucket| band.get(bucket) == Some(PicoUsd::ZERO))
        });
        for (_, mut band) in self.bands {
            if band.get(Bucket::Reasoning) == band.get(Bucket::Output) {
                band.set(Bucket::Reasoning, None);
            }
            rates.push(band);
        }
        if free || !rates.is_priced() {
            return Rates { max_input: self.max_input, max_output: self.max_output, ..Rates::default() };
        }
        let caching = if key.contains("claude") { CacheBilling::Multiples } else { CacheBilling::AsInput };
        let threshold = if self.provider == "xai" { Threshold::Reached } else { Threshold::Exceeded };
        Rates { search: self.search, multipliers: self.multipliers, caching, threshold, ..rates }
    }
}

/// `tiered_pricing`: the rates of a range apply to whole requests above its lower end, those of the last range to all
/// longer ones.
fn tiered(value: &Value) -> Bands {
    let mut bands = Bands::new();
    for tier in value.as_array().into_iter().flatten() {
        let Some(above) = tier.get("range").and_then(|range| tokens(range.get(0)?)) else { continue };
        for (name, value) in tier.as_object().into_iter().flatten() {
            put(&mut bands, name, value, above);
        }
    }
    bands
}

/// Adds a rate to its tier and threshold, if the field is a rate; `above` applies if the name has no threshold.
fn put(bands: &mut Bands, name: &str, value: &Value, above: u64) {
    let Some((bucket, tier, threshold)) = field(name) else { return };
    let above = threshold.unwrap_or(above);
    if let Some(rate) = price(value) {
        bands.entry((tier, above)).or_insert_with(|| RateBand::new(tier, above)).set(bucket, Some(rate));
    }
}

/// What a field such as `input_cost_per_token_above_272k_tokens_priority` prices.
fn field(name: &str) -> Option<(Bucket, ServiceTier, Option<u64>)> {
    let (bucket, rest) =
        RATE_FIELDS.into_iter().find_map(|(start, bucket)| Some((bucket, name.strip_prefix(start)?)))?;
    let in_tier = TIER_SUFFIXES.into_iter().find_map(|(end, tier)| Some((tier, rest.strip_suffix(end)?)));
    let (tier, rest) = in_tier.unwrap_or((ServiceTier::Standard, rest));
    if rest.is_empty() {
        return Some((bucket, tier, None));
    }
    let threshold = rest.strip_prefix("_above_")?.strip_suffix("_tokens")?;
    let (digits, unit) = threshold.strip_suffix('k').map_or((threshold, 1), |digits| (digits, 1000));
    Some((bucket, tier, Some(digits.parse::<u64>().ok()?.checked_mul(unit)?)))
}

/// A price in dollars per unit.
fn price(value: &Value) -> Option<PicoUsd> {
    value.as_f64().and_then(PicoUsd::from_usd).filter(|price| *price >= PicoUsd::ZERO)
}

/// A plausible multiplier, in millionths.
fn multiplier(factor: f64) -> Option<i64> {
    (factor > 0.0 && factor < 1000.0).then(|| PicoUsd::from_usd(factor / 1e6)).flatten().map(PicoUsd::as_pico)
}

/// A number of tokens, which the list also writes as `32000.0`.
fn tokens(value: &Value) -> Option<u64> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be within range")]
    let from_float = || value.as_f64().filter(|n| (0.0..1e15).contains(n)).map(|n| n as u64);
    value.as_u64().or_else(from_float)
}

impl<'de> Deserialize<'de> for LiteLlmModel {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(LiteLlmModelVisitor)
    }
}

/// A field name, borrowed from the list unless it has escapes.
#[derive(serde::Deserialize)]
struct FieldName<'a>(#[serde(borrow)] Cow<'a, str>);

struct LiteLlmModelVisitor;

impl<'de> Visitor<'de> for LiteLlmModelVisitor {
    type Value = LiteLlmModel;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of a model's facts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<LiteLlmModel, A::Error> {
        let mut entry = LiteLlmModel::default();
        while let Some(FieldName(name)) = map.next_key()? {
            if OTHER_FIELDS.contains(&name.as_ref()) || field(&name).is_some() {
                entry.take(&name, &map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(entry)
    }
}
