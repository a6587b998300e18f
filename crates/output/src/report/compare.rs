//! What other models would have charged for the same tokens.

use std::io::{Result, Write};

use agtop_format::units;
use agtop_model::{CostBasis, PicoUsd, Spend, Timestamp, Untrusted, Usage};
use serde::Serialize;

use crate::cell::{Cell, cost, write_parts};
use crate::json::wire::{Used, generated_at};
use crate::json::write;
use crate::notes::about_money;
use crate::report::Page;
use crate::table::{Align, Filled, draw};
use crate::tone::Tone;

/// A mix of tokens, and what models charge for it.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// What was used, for people: a session, or a time.
    pub subject: Untrusted,
    /// Its tokens.
    pub usage: Usage,
    /// What it cost with the models that were used.
    pub spend: Spend,
    /// Its responses.
    pub turns: u64,
    /// What each model would charge.
    pub offers: Vec<Offer>,
    /// When this was reckoned.
    pub now: Timestamp,
}

/// What one model would charge for the mix.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The model.
    pub model: Untrusted,
    /// Its price; `None` where no list has one.
    pub amount: Option<PicoUsd>,
    /// Where the price comes from.
    pub basis: CostBasis,
    /// The entry of the list that was used.
    pub key: Option<Untrusted>,
    /// Whether the list has no rate for some use of the cache, and the price was made from other rates.
    pub is_derived: bool,
    /// Responses whose prompt is longer than the model's context window.
    pub too_long: u64,
    /// Whether the model was used for some of it.
    pub was_used: bool,
}

impl Comparison {
    /// Cheapest first; what has no price last.
    pub fn sort(&mut self) {
        let order = |offer: &Offer| (offer.amount.is_none(), offer.amount, offer.model.clone());
        self.offers.sort_by_cached_key(order);
    }

    /// What the offer costs for each dollar that was spent. Only what is wholly known can be compared.
    pub fn ratio(&self, offer: &Offer) -> Option<f64> {
        let used = self.spend.known().filter(|used| *used > PicoUsd::ZERO && self.spend.unknown_turns == 0)?;
        Some(offer.amount?.as_usd() / used.as_usd())
    }

    /// Writes a table.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn write_text(&self, page: &Page<'_>, out: &mut dyn Write) -> Result<()> {
        let subject = Cell::new(format!("{}, priced by model", self.subject.raw()), Tone::Strong);
        write_parts(&[subject], page.view, out)?;
        draw(&mut self.table(), self.offers.len() + 1, page.view, out)?;
        write_parts(&self.mix(), page.view, out)?;
        let mut notes = about_money(page.prices, &self.spend, PicoUsd::ZERO);
        notes.push(Cell::new("the same tokens at list prices; other models would count and use others", Tone::Dim));
        if self.offers.iter().any(|offer| offer.is_derived) {
            notes.push(Cell::new(
                "~ the list has no rate for some use of the cache: priced at its other rates",
                Tone::Dim,
            ));
        }
        write_parts(&notes, page.view, out)
    }

    fn table(&self) -> Vec<Filled> {
        let style = |offer: &Offer| if offer.was_used { Tone::Strong } else { Tone::Text };
        let used = Cell::new("as used", Tone::Strong);
        let column = |title, align, room, first: Cell, text: &dyn Fn(&Offer) -> String| {
            let others = self.offers.iter().map(|offer| Cell::new(text(offer), style(offer)));
            Filled::of_cells(title, align, room, std::iter::once(first).chain(others).collect())
        };
        let blank = || Cell::new("", Tone::Text);
        let is_any_too_long = self.offers.iter().any(|offer| offer.too_long > 0);
        let mut table = vec![
            column("MODEL", Align::Left, (12, 0), used, &|offer| offer.model.raw().to_owned()),
            column("COST", Align::Right, (0, 0), Cell::new(cost(Some(&self.spend)), Tone::Strong), &price),
            column("RATIO", Align::Right, (0, 1), Cell::new("1.00", Tone::Strong), &|offer| {
                self.ratio(offer).map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"))
            }),
        ];
        if is_any_too_long {
            table.push(column("TOO LONG", Align::Right, (0, 2), blank(), &|offer| match offer.too_long {
                0 => String::new(),
                n => format!("{n} of {}", self.turns),
            }));
        }
        table.push(column("PRICED AS", Align::Left, (10, 3), blank(), &|offer| {
            offer.key.as_ref().map_or_else(|| "-".to_owned(), |key| key.raw().to_owned())
        }));
        table
    }

    fn mix(&self) -> Vec<Cell> {
        let buckets = [
            ("input", self.usage.input),
            ("cache read", self.usage.cache_read),
            ("cache write", self.usage.cache_write()),
            ("output", self.usage.output),
        ];
        let responses = Cell::new(format!("{} responses", self.turns), Tone::Text);
        let of_bucket = |(name, n)| Cell::new(format!("{name} {}", units::count(n)), Tone::Text);
        std::iter::once(responses).chain(buckets.map(of_bucket)).collect()
    }

    /// Writes one JSON document, as `schema/compare.schema.json` describes it.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn write_json(&self, page: &Page<'_>, out: &mut dyn Write) -> Result<()> {
        let document = Document {
            schema_version: 1,
            generated_at: generated_at(self.now),
            agtop_version: page.view.version,
            subject: self.subject.raw(),
            prices: page.prices,
            used: Used::new(self.usage, &self.spend, self.turns),
            models: self.offers.iter().map(|offer| OfferWire::of(offer, self.ratio(offer))).collect(),
        };
        write(&document, page.view, out)
    }
}

/// `$4.21`, `~$4.21` where a rate had to be derived, `local`, `?`.
fn price(offer: &Offer) -> String {
    match (offer.basis, offer.amount) {
        (CostBasis::Local, _) => "local".to_owned(),
        (_, Some(amount)) if offer.is_derived => format!("~{}", units::money(amount)),
        (_, Some(amount)) => units::money(amount),
        (_, None) => "?".to_owned(),
    }
}

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    generated_at: String,
    agtop_version: &'a str,
    subject: &'a str,
    prices: &'a str,
    used: Used,
    models: Vec<OfferWire<'a>>,
}

#[derive(Serialize)]
struct OfferWire<'a> {
    model: &'a str,
    cost_usd: Option<f64>,
    cost_basis: &'static str,
    ratio: Option<f64>,
    price_key: Option<&'a str>,
    derived: bool,
    responses_too_long: u64,
    was_used: bool,
}

impl<'a> OfferWire<'a> {
    fn of(offer: &'a Offer, ratio: Option<f64>) -> Self {
        Self {
            model: offer.model.raw(),
            cost_usd: offer.amount.map(PicoUsd::as_usd),
            cost_basis: offer.basis.as_str(),
            ratio,
            price_key: offer.key.as_ref().map(Untrusted::raw),
            derived: offer.is_derived,
            responses_too_long: offer.too_long,
            was_used: offer.was_used,
        }
    }
}
