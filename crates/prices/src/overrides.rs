use std::collections::BTreeMap;
use std::ops::Range;

use agtop_model::{PicoUsd, ServiceTier};
use serde::de::{Deserialize, Deserializer, Error, Unexpected};

use crate::bucket::Bucket;
use crate::line;
use crate::rates::{CacheBilling, RateBand, Rates};
use crate::sheet;

/// Why the user's price file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct OverrideError {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct PriceFile {
    #[serde(default)]
    models: BTreeMap<ModelName, ModelPrices>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelPrices {
    input_per_mtok: PerMtok,
    output_per_mtok: PerMtok,
    cache_read_per_mtok: Option<PerMtok>,
    cache_write_per_mtok: Option<PerMtok>,
    cache_write_1h_per_mtok: Option<PerMtok>,
    max_input_tokens: Option<u64>,
}

/// A name in the list's spelling.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct ModelName(String);

impl<'de> Deserialize<'de> for ModelName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        crate::ids::normal(&name).map(Self).ok_or_else(|| D::Error::custom("a model's name is a short line of text"))
    }
}

/// US dollars per million tokens.
#[derive(Clone, Copy)]
struct PerMtok(PicoUsd);

impl<'de> Deserialize<'de> for PerMtok {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let usd = f64::deserialize(deserializer)?;
        let rate = PicoUsd::from_usd(usd / 1e6).filter(|_| usd >= 0.0);
        rate.map(Self).ok_or_else(|| D::Error::invalid_value(Unexpected::Float(usd), &"dollars per million tokens"))
    }
}

/// The user's prices as lines of a sheet, and their number.
pub(crate) fn lines(toml: &str) -> Result<(String, usize), OverrideError> {
    let file: PriceFile = toml::from_str(toml).map_err(|error| located(toml, error.span(), error.message()))?;
    let lines: Vec<_> = file.models.into_iter().map(|(name, entry)| (name.0, line::write(&entry.rates()))).collect();
    let count = lines.len();
    Ok((sheet::sorted(lines), count))
}

impl ModelPrices {
    fn rates(&self) -> Rates {
        let mut band = RateBand::new(ServiceTier::Standard, 0);
        let listed = [
            (Bucket::Input, Some(self.input_per_mtok)),
            (Bucket::Output, Some(self.output_per_mtok)),
            (Bucket::CacheRead, self.cache_read_per_mtok),
            (Bucket::CacheWrite5m, self.cache_write_per_mtok),
            (Bucket::CacheWrite1h, self.cache_write_1h_per_mtok),
        ];
        for (bucket, rate) in listed {
            band.set(bucket, rate.map(|PerMtok(rate)| rate));
        }
        let mut rates =
            Rates { max_input: self.max_input_tokens, caching: CacheBilling::Multiples, ..Rates::default() };
        rates.push(band);
        rates
    }
}

fn located(toml: &str, span: Option<Range<usize>>, message: &str) -> OverrideError {
    let before = toml.get(..span.map_or(0, |span| span.start)).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
    OverrideError { line: before.matches('\n').count() + 1, column, message: message.to_owned() }
}
