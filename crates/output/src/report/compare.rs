//! What other models would have charged for the same tokens.

use std::io::{Result, Write};

use agtop_format::units;
use agtop_model::{CostBasis, PicoUsd, Spend, Timestamp, Untrusted, Usage};
use serde::Serialize;

use crate::cell::{Cell, cost};
use crate::json::wire::{UsageJson, generated_at};
use crate::json::write;
use crate::parts::write_parts;
use crate::report::format::ReportContext;
use crate::summary::cost_notes;
use crate::table::{Align, ColumnRoom, TableColumn, draw};
use crate::tone::Tone;

/// Usage, and what models charge for it.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// What the usage is of, as text: a session, or a time.
    pub subject: Untrusted,
    /// Its tokens.
    pub usage: Usage,
    /// Its cost with the models that were used.
    pub spend: Spend,
    /// Its responses.
    pub turns: u64,
    /// What each model would charge.
    pub models: Vec<ComparedModel>,
    /// When this was computed.
    pub now: Timestamp,
}

/// What one model would charge for the usage.
#[derive(Clone, Debug)]
pub struct ComparedModel {
    /// The model.
    pub model: Untrusted,
    /// The cost; `None` if no list has a price.
    pub amount: Option<PicoUsd>,
    /// Where the price comes from.
    pub basis: CostBasis,
    /// The entry of the price list.
    pub key: Option<Untrusted>,
    /// Whether the list lacks a cache rate, and the cost was computed with other rates.
    pub is_derived: bool,
    /// Responses whose prompt is longer than the model's context window.
    pub too_long: u64,
    /// Whether the model was used for some of it.
    pub was_used: bool,
}

impl Comparison {
    /// Sorts the cheapest model first, and models without a price last.
    pub fn sort(&mut self) {
        let order = |model: &ComparedModel| (model.amount.is_none(), model.amount, model.model.clone());
        self.models.sort_by_cached_key(order);
    }

    /// The cost with the model for each dollar that was spent; `None` unless both costs are completely known.
    pub fn ratio(&self, model: &ComparedModel) -> Option<f64> {
        let used = self.spend.known().filter(|used| *used > PicoUsd::ZERO && self.spend.unknown_turns == 0)?;
        Some(model.amount?.as_usd() / used.as_usd())
    }

    /// Writes a table.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn write_text(&self, context: &ReportContext<'_>, out: &mut dyn Write) -> Result<()> {
        let subject = Cell::new(format!("{}, priced by model", self.subject.raw()), Tone::Strong);
        write_parts(&[subject], context.view, out)?;
        draw(&mut self.table(), self.models.len() + 1, context.view, out)?;
        write_parts(&self.mix(), context.view, out)?;
        let mut notes = cost_notes(context.prices, &self.spend, PicoUsd::ZERO);
        notes.push(Cell::new("the same tokens at list prices; other models would count and use others", Tone::Dim));
        if self.models.iter().any(|model| model.is_derived) {
            notes.push(Cell::new(
                "~ the list has no rate for some use of the cache: priced at its other rates",
                Tone::Dim,
            ));
        }
        write_parts(&notes, context.view, out)
    }

    fn table(&self) -> Vec<TableColumn> {
        let style = |model: &ComparedModel| if model.was_used { Tone::Strong } else { Tone::Text };
        let used = Cell::new("as used", Tone::Strong);
        let column = |title, align, room, first: Cell, text: &dyn Fn(&ComparedModel) -> String| {
            let others = self.models.iter().map(|model| Cell::new(text(model), style(model)));
            TableColumn::of_cells(title, align, room, std::iter::once(first).chain(others).collect())
        };
        let blank = || Cell::new("", Tone::Text);
        let is_any_too_long = self.models.iter().any(|model| model.too_long > 0);
        let mut table = vec![
            column("MODEL", Align::Left, ColumnRoom::new(12, 0), used, &|model| model.model.raw().to_owned()),
            column(
                "COST",
                Align::Right,
                ColumnRoom::new(0, 0),
                Cell::new(cost(Some(&self.spend)), Tone::Strong),
                &price,
            ),
            column("RATIO", Align::Right, ColumnRoom::new(0, 1), Cell::new("1.00", Tone::Strong), &|model| {
                self.ratio(model).map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"))
            }),
        ];
        if is_any_too_long {
            table.push(column(
                "TOO LONG",
                Align::Right,
                ColumnRoom::new(0, 2),
                blank(),
                &|model| match model.too_long {
                    0 => String::new(),
                    n => format!("{n} of {}", self.turns),
                },
            ));
        }
        table.push(column("PRICED AS", Align::Left, ColumnRoom::new(10, 3), blank(), &|model| {
            model.key.as_ref().map_or_else(|| "-".to_owned(), |key| key.raw().to_owned())
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
        let responses = Cell::new(units::counted(self.turns, "response"), Tone::Text);
        let of_bucket = |(name, n)| Cell::new(format!("{name} {}", units::count(n)), Tone::Text);
        std::iter::once(responses).chain(buckets.map(of_bucket)).collect()
    }

    /// Writes one JSON document, as `schema/compare.schema.json` describes it.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn write_json(&self, context: &ReportContext<'_>, out: &mut dyn Write) -> Result<()> {
        let document = Document {
            schema_version: 1,
            generated_at: generated_at(self.now),
            agtop_version: context.view.version,
            subject: self.subject.raw(),
            prices: context.prices,
            used: UsageJson::new(self.usage, &self.spend, self.turns),
            models: self.models.iter().map(|model| ComparedModelJson::of(model, self.ratio(model))).collect(),
        };
        write(&document, context.view, out)
    }
}

/// `$4.21`, `~$4.21` with a derived rate, `local`, `?`.
fn price(model: &ComparedModel) -> String {
    match (model.basis, model.amount) {
        (CostBasis::Local, _) => "local".to_owned(),
        (_, Some(amount)) if model.is_derived => format!("~{}", units::money(amount)),
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
    used: UsageJson,
    models: Vec<ComparedModelJson<'a>>,
}

#[derive(Serialize)]
struct ComparedModelJson<'a> {
    model: &'a str,
    cost_usd: Option<f64>,
    cost_basis: &'static str,
    ratio: Option<f64>,
    price_key: Option<&'a str>,
    derived: bool,
    responses_too_long: u64,
    was_used: bool,
}

impl<'a> ComparedModelJson<'a> {
    fn of(model: &'a ComparedModel, ratio: Option<f64>) -> Self {
        Self {
            model: model.model.raw(),
            cost_usd: model.amount.map(PicoUsd::as_usd),
            cost_basis: model.basis.as_str(),
            ratio,
            price_key: model.key.as_ref().map(Untrusted::raw),
            derived: model.is_derived,
            responses_too_long: model.too_long,
            was_used: model.was_used,
        }
    }
}
