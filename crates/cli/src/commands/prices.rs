//! `agtop prices`: the rates of models, and the fetched price list.

use std::io::Write;
use std::process::ExitCode;

use agtop_model::{PicoUsd, ServiceTier, Untrusted};
use agtop_prices::{PriceBook, PriceSource, Rated, Rates};
use anyhow::Result;

use crate::plan::PricesPlan;
use crate::prices::{self, ListUpdate, UpdateOutcome};

/// Prints the rates of each model with the key that matched; without models, where prices come from. The exit code is 1
/// if a model has no price.
pub(super) fn look_up(plan: &PricesPlan, out: &mut dyn Write) -> Result<ExitCode> {
    let book = plan.prices.load()?;
    writeln!(out, "prices: {}", book.describe())?;
    if plan.models.is_empty() {
        let origin = book.origin();
        writeln!(
            out,
            "{} models bundled; 'agtop prices MODEL' shows one, 'agtop prices update' fetches a newer list",
            origin.entries
        )?;
    }
    let mut are_all_known = true;
    for model in &plan.models {
        writeln!(out)?;
        are_all_known &= look_up_one(&book, model, out)?;
    }
    Ok(if are_all_known { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn look_up_one(book: &PriceBook, model: &str, out: &mut dyn Write) -> Result<bool> {
    let name = Untrusted::from(model);
    let name = name.for_terminal();
    let found = match book.rate(model) {
        Rated::Local => {
            writeln!(out, "{name}: local, costs nothing")?;
            return Ok(true);
        }
        Rated::Unknown => {
            writeln!(out, "{name}: unknown; its usage is shown without a cost (--prices FILE adds your own prices)")?;
            return Ok(false);
        }
        Rated::Known(found) => found,
    };
    let key = Untrusted::from(found.key);
    write!(out, "{name}: {} (match: {}, source: {}", key.for_terminal(), found.how.as_str(), found.source.as_str())?;
    if let PriceSource::Retired(origin) = found.source {
        write!(out, ", {origin}")?;
    }
    writeln!(out, ")")?;
    rates(&found.rates, out)?;
    if let Some(limit) = book.context_limit(model) {
        writeln!(out, "  {:<16} {limit:>10} tokens", "context window")?;
    }
    for era in found.earlier.iter().rev() {
        writeln!(out, "before {} (source: {})", era.until, era.source.as_str())?;
        rates(&era.rates, out)?;
    }
    Ok(true)
}

fn rates(rates: &Rates, out: &mut dyn Write) -> Result<()> {
    for listed in rates.listed() {
        let tier =
            if listed.tier == ServiceTier::Standard { String::new() } else { format!(", {}", listed.tier.as_str()) };
        let above = if listed.above == 0 { String::new() } else { format!(", prompts above {} tokens", listed.above) };
        writeln!(
            out,
            "  {:<16} {:>10} USD per million tokens{above}{tier}",
            listed.bucket.as_str(),
            per_million(listed.rate)
        )?;
    }
    if let Some(search) = rates.web_search() {
        writeln!(out, "  {:<16} {:>10} USD each", "web search", search.as_usd())?;
    }
    for (name, multiplier) in [("fast mode", rates.fast_multiplier()), ("within the US", rates.us_multiplier())] {
        if let Some(multiplier) = multiplier {
            writeln!(out, "  {name:<16} {multiplier:>10} times these rates")?;
        }
    }
    Ok(())
}

/// A price per token as dollars per million tokens, exact, without superfluous zeros.
fn per_million(rate: PicoUsd) -> String {
    let pico = rate.as_pico();
    let (dollars, rest) = (pico / 1_000_000, pico % 1_000_000);
    let text = format!("{dollars}.{rest:06}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Fetches the price list.
pub(super) fn update(update: &ListUpdate, out: &mut dyn Write) -> Result<()> {
    let path = update.cache_file.display();
    match prices::update(update)? {
        UpdateOutcome::Fresh => writeln!(out, "{path} is less than a day old (--force fetches it again)")?,
        UpdateOutcome::Fetched(models) => {
            writeln!(out, "fetched the prices of {models} models from {} to {path}", update.url)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_exact_and_short() {
        assert_eq!(per_million(PicoUsd::new(3_000_000)), "3");
        assert_eq!(per_million(PicoUsd::new(37_500)), "0.0375");
        assert_eq!(per_million(PicoUsd::new(0)), "0");
    }
}
