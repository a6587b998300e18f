//! The text of an explanation.

use std::io::Write;

use agtop_collect::{AuditedCopy, CopyVerdict, FileTable};
use agtop_format::sink::plain;
use agtop_format::units;
use agtop_model::{Cost, CostBasis, InferenceGeo, Provenance, Purpose, Session, SourcePosition};
use agtop_prices::{Bucket, PriceBook, PriceTerms, Rated, Tariff};
use anyhow::{Result, bail};
use jiff::tz::TimeZone;

use super::line_numbers::LineNumbers;
use super::sum::{ExplainedSum, dollars, tokens};

/// Writes an explanation part by part.
pub(super) struct ExplainReport<'a> {
    pub(super) book: &'a PriceBook,
    pub(super) files: &'a FileTable,
    pub(super) line_numbers: &'a mut LineNumbers,
    pub(super) zone: &'a TimeZone,
    pub(super) out: &'a mut dyn Write,
}

impl ExplainReport<'_> {
    pub(super) fn heading(&mut self, session: &Session) -> Result<()> {
        let project =
            session.project.as_ref().map_or_else(String::new, |project| format!(" in {}", project.for_terminal()));
        writeln!(self.out, "{} session {}{project}", session.client(), plain(&session.key.id))?;
        writeln!(self.out, "prices: {}\n", self.book.describe())?;
        Ok(())
    }

    pub(super) fn entry(&mut self, entry: &AuditedCopy, verdict: &CopyVerdict, sum: &mut ExplainedSum) -> Result<()> {
        let id = entry.id.as_deref().unwrap_or("(no id)");
        let model = entry.model.as_deref().unwrap_or("(model not named)");
        let place = self.place(entry.source);
        let at = units::moment(entry.when.at, self.zone);
        let purpose = if entry.purpose == Purpose::Compaction { "  compaction" } else { "" };
        let about = if entry.when.source.is_estimate() { "about " } else { "" };
        let mark = if *verdict == CopyVerdict::Counted { "+" } else { "-" };
        writeln!(self.out, "{mark} {about}{at}  {}  {}{purpose}  {place}", plain(id), plain(model))?;
        if let Some(reason) = self.reason(verdict) {
            sum.not_counted += 1;
            writeln!(self.out, "    not counted: {reason}")?;
            return Ok(());
        }
        let Some(cost) = entry.embedded_cost else { return self.priced(entry, sum) };
        sum.add(entry, Cost { amount: Some(cost), basis: CostBasis::Embedded });
        writeln!(self.out, "    {}", tokens(&entry.usage))?;
        writeln!(self.out, "    = {}, as the agent recorded it", units::exact_money(cost))?;
        Ok(())
    }

    /// Why a copy is not counted; `None` if it is.
    fn reason(&mut self, verdict: &CopyVerdict) -> Option<String> {
        Some(match verdict {
            CopyVerdict::Counted => return None,
            CopyVerdict::Partial => "an early copy of the same response, still being written".to_owned(),
            CopyVerdict::Repeat => "the same response again".to_owned(),
            CopyVerdict::Elsewhere => "counted in the session where it happened first".to_owned(),
            CopyVerdict::Replaced { by, and_more } => {
                let mut places: Vec<String> = by.iter().map(|source| self.place(*source)).collect();
                places.extend(and_more.then(|| "more records".to_owned()));
                match places.pop() {
                    Some(last) if places.is_empty() => format!("counted as {last} says"),
                    Some(last) => format!("counted as {} and {last} say", places.join(", ")),
                    None => "another record of it is counted".to_owned(),
                }
            }
        })
    }

    fn priced(&mut self, entry: &AuditedCopy, sum: &mut ExplainedSum) -> Result<()> {
        let rated = entry.model.as_deref().map_or(Rated::Unknown, |model| self.book.rate(model));
        let tariff = rated.at(entry.when.at);
        let terms = PriceTerms { tier: entry.tier, geo: entry.geo };
        sum.add(entry, tariff.cost_of(&entry.usage, terms, entry.extent));
        let Some(quote) = tariff.quote_of(&entry.usage, terms, entry.extent) else {
            let cost = match tariff {
                Tariff::Local => "$0.00, a local model",
                Tariff::Known { .. } | Tariff::Unknown => "n/a: no price is known for this model",
            };
            writeln!(self.out, "    {}\n    = {cost}", tokens(&entry.usage))?;
            return Ok(());
        };
        for line in &quote.lines {
            let above = if line.above > 0 { format!("  (prompt above {})", line.above) } else { String::new() };
            let within = if line.geo == InferenceGeo::Us { "  (within the US)" } else { "" };
            let rate = match line.bucket {
                Bucket::WebSearch => units::exact_money(line.rate),
                _ => format!("{} per million", units::per_million(line.rate)),
            };
            writeln!(
                self.out,
                "    {:<15} {:>12} x {rate} = {}{above}{within}",
                line.bucket.as_str(),
                units::grouped(line.pieces),
                units::exact_money(line.amount)
            )?;
        }
        if let (Rated::Known(found), Tariff::Known { source, .. }) = (&rated, tariff) {
            writeln!(
                self.out,
                "    = {}  (rates of {}, {} match, {})",
                units::exact_money(quote.total),
                plain(found.key),
                found.how.as_str(),
                source.as_str()
            )?;
        }
        Ok(())
    }

    pub(super) fn sum(&mut self, sum: &ExplainedSum, session: &Session) -> Result<()> {
        let (counted, copies) = (units::counted(sum.counted, "response"), units::counted(sum.not_counted, "copy"));
        writeln!(self.out, "\n{counted} counted, {copies} not counted")?;
        if let Err(gap) = session.used() {
            writeln!(self.out, "tokens n/a: {gap}")?;
        } else {
            writeln!(self.out, "{}", tokens(&sum.usage))?;
        }
        writeln!(self.out, "= {}", dollars(&sum.spend))?;
        if !sum.equals(session) {
            bail!(
                "this does not equal the session's own figures ({}, {}, {}): please report it",
                units::counted(session.turns, "response"),
                units::counted(session.usage.total(), "token"),
                dollars(&session.spend)
            );
        }
        writeln!(self.out, "This is what every other view of agtop shows for the session.")?;
        Ok(())
    }

    fn place(&mut self, source: Provenance) -> String {
        let path = self.files.path(source.file);
        let name = plain(&path.to_string_lossy()).into_owned();
        match source.place {
            SourcePosition::Byte(offset) => match self.line_numbers.at(source.file, &path, offset) {
                Some(line) => format!("{name}:{line}"),
                None => format!("{name} (byte {offset})"),
            },
            SourcePosition::Entry(entry) => format!("{name} (entry {entry})"),
            SourcePosition::Row { table, rowid } => format!("{name} ({table} row {rowid})"),
        }
    }
}
