//! `agtop prices`: the rates of models, and the fetched price list.

use std::io::Write;
use std::process::ExitCode;

use agtop_format::units;
use agtop_model::{ServiceTier, Untrusted};
use agtop_prices::{Bucket, ListedRate, PriceBook, PriceSource, Rated, Rates};
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
            "{} bundled; 'agtop prices MODEL' shows one, 'agtop prices WORD' searches, 'agtop prices update' fetches a newer \
             list",
            units::counted(origin.entries as u64, "model")
        )?;
    }
    let mut are_all_known = true;
    for model in &plan.models {
        writeln!(out)?;
        are_all_known &= look_up_one(&book, model, out)?;
    }
    Ok(if are_all_known { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// `1 model has`, `2 models have`.
fn similar_models(n: usize) -> String {
    format!("{n} {}", if n == 1 { "model has" } else { "models have" })
}

/// The other models whose name contains a text are only counted.
const MAX_MATCHING_MODELS: usize = 30;
/// Wide enough for the names of models without a provider's prefix.
const NAME_COLUMNS: usize = 40;

fn look_up_one(book: &PriceBook, model: &str, out: &mut dyn Write) -> Result<bool> {
    let name = Untrusted::from(model);
    let name = name.for_terminal();
    let found = match book.rate(model) {
        Rated::Local => {
            writeln!(out, "{name}: local, costs nothing")?;
            return Ok(true);
        }
        Rated::Unknown => {
            let similar = book.models_containing(model);
            if similar.is_empty() {
                writeln!(
                    out,
                    "{name}: unknown; its usage is shown without a cost (--prices FILE adds your own prices)"
                )?;
            } else {
                writeln!(out, "{name}: no model has this name; {} it in the name:", similar_models(similar.len()))?;
                list(book, &similar, out)?;
            }
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
        writeln!(out, "  {:<16} {:>10} {}", "context window", units::grouped(limit), units::noun(limit, "token"))?;
    }
    for era in found.earlier.iter().rev() {
        writeln!(out, "before {} (source: {})", era.until, era.source.as_str())?;
        rates(&era.rates, out)?;
    }
    Ok(true)
}

/// Lists models with their usual rates.
fn list(book: &PriceBook, names: &[&str], out: &mut dyn Write) -> Result<()> {
    writeln!(out, "  {:<NAME_COLUMNS$} {:>10} {:>10} {:>10}", "MODEL", "INPUT", "OUTPUT", "CONTEXT")?;
    for name in names.iter().take(MAX_MATCHING_MODELS) {
        let Rated::Known(found) = book.rate(name) else { continue };
        let rate = |bucket| {
            let of_bucket = |listed: &ListedRate| {
                listed.bucket == bucket && listed.tier == ServiceTier::Standard && listed.above == 0
            };
            found
                .rates
                .listed()
                .find(of_bucket)
                .map_or_else(|| "-".to_owned(), |listed| units::per_million(listed.rate))
        };
        let context = book.context_limit(name).map_or_else(|| "-".to_owned(), units::count);
        let shown = Untrusted::from(*name);
        let (input, output) = (rate(Bucket::Input), rate(Bucket::Output));
        writeln!(out, "  {:<NAME_COLUMNS$} {input:>10} {output:>10} {context:>10}", shown.for_terminal())?;
    }
    match names.len().saturating_sub(MAX_MATCHING_MODELS) {
        0 => writeln!(out, "  dollars per million tokens; agtop prices MODEL shows all rates of one")?,
        more => writeln!(out, "  dollars per million tokens; {more} more: write more of the name")?,
    }
    Ok(())
}

fn rates(rates: &Rates, out: &mut dyn Write) -> Result<()> {
    for listed in rates.listed() {
        let tier =
            if listed.tier == ServiceTier::Standard { String::new() } else { format!(", {}", listed.tier.as_str()) };
        let above = if listed.above == 0 {
            String::new()
        } else {
            format!(", prompts above {}", units::counted(listed.above, "token"))
        };
        writeln!(
            out,
            "  {:<16} {:>10} per million tokens{above}{tier}",
            listed.bucket.as_str(),
            units::per_million(listed.rate)
        )?;
    }
    if let Some(search) = rates.web_search() {
        writeln!(out, "  {:<16} {:>10} each", "web search", units::exact_money(search))?;
    }
    for (name, multiplier) in [("fast mode", rates.fast_multiplier()), ("within the US", rates.us_multiplier())] {
        if let Some(multiplier) = multiplier {
            writeln!(out, "  {name:<16} {multiplier:>10} times these rates")?;
        }
    }
    Ok(())
}

/// Fetches the price list.
pub(super) fn update(update: &ListUpdate, out: &mut dyn Write) -> Result<()> {
    let path = update.cache_file.display();
    match prices::update(update)? {
        UpdateOutcome::Fresh => writeln!(out, "{path} is less than a day old (--force fetches it again)")?,
        UpdateOutcome::Fetched(models) => {
            writeln!(
                out,
                "fetched the prices of {} from {} to {path}",
                units::counted(models as u64, "model"),
                update.url
            )?;
        }
    }
    Ok(())
}
