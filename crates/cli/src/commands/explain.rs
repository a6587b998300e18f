use std::collections::HashMap;
use std::io::{BufReader, Read, Write};
use std::path::Path;

use agtop_collect::{Collector, CopyVerdict, FileTable, ResponseCopy};
use agtop_format::sink::plain;
use agtop_format::units;
use agtop_model::{
    Cost, CostBasis, FileId, InferenceGeo, PicoUsd, Provenance, Purpose, Session, SessionKey, Snapshot, SourcePosition,
    Spend, Usage,
};
use agtop_prices::{PriceBook, PriceTerms, Rated, Tariff};
use anyhow::{Result, bail};
use jiff::tz::TimeZone;

use crate::plan::Explain;
use crate::progress;

/// Prints how a session's figures come about.
pub(super) fn run(explain: Explain, out: &mut dyn Write) -> Result<()> {
    tell(explain, out, |collector| {
        let snapshot = progress::shown(collector.progress_reporter(), || collector.refresh());
        super::tell_broken_sources(&snapshot.health);
        super::tell_notices(collector);
        snapshot
    })
}

/// The same, where nobody looks at standard error.
pub(super) fn quietly(explain: Explain, out: &mut dyn Write) -> Result<()> {
    tell(explain, out, Collector::refresh)
}

fn tell(explain: Explain, out: &mut dyn Write, read: impl FnOnce(&mut Collector) -> Snapshot) -> Result<()> {
    let collector = Collector::new(explain.settings, agtop_os::native(), std::sync::Arc::clone(&explain.book));
    let mut collector = collector.with_audit(&explain.session);
    let snapshot = read(&mut collector);
    let session = find(&snapshot.sessions, &explain.session)?;
    let keys = family(session);
    let verdicts = collector.world().verdicts(&keys);
    let mut lines = Lines::default();
    let mut report =
        Report { book: &explain.book, files: collector.files(), lines: &mut lines, zone: &explain.zone, out };
    report.heading(session)?;
    let mut sum = Sum::default();
    for (entry, verdict) in &verdicts {
        report.entry(entry, verdict, &mut sum)?;
    }
    report.sum(&sum, session)
}

/// The session whose id starts so; it must be one.
pub(super) fn find<'a>(sessions: &'a [std::sync::Arc<Session>], wanted: &str) -> Result<&'a Session> {
    let matching: Vec<&Session> =
        sessions.iter().map(AsRef::as_ref).filter(|session| session.key.id.starts_with(wanted)).collect();
    match matching[..] {
        [session] => Ok(session),
        [] => bail!("no session's id starts with '{wanted}'; agtop --list shows them all"),
        _ if matching.iter().any(|session| *session.key.id == *wanted) => {
            Ok(matching.into_iter().find(|session| *session.key.id == *wanted).unwrap_or(&sessions[0]))
        }
        _ => {
            let ids: Vec<&str> = matching.iter().take(5).map(|session| &*session.key.id).collect();
            bail!("{} sessions start with '{wanted}': {}…", matching.len(), ids.join(", "))
        }
    }
}

/// A session and all below it.
fn family(session: &Session) -> Vec<SessionKey> {
    let below = session.children.iter().flat_map(|child| family(child));
    std::iter::once(session.key.clone()).chain(below).collect()
}

/// What was counted so far.
#[derive(Default)]
struct Sum {
    usage: Usage,
    spend: Spend,
    counted: u64,
    left_out: u64,
}

impl Sum {
    fn add(&mut self, entry: &ResponseCopy, cost: Cost) {
        self.counted += entry.requests;
        self.usage += entry.usage;
        self.spend.add_sum(cost, entry.usage.total(), entry.requests);
    }

    /// Whether the session's own figures, which every view shows, are these.
    fn is_of(&self, session: &Session) -> bool {
        let spend = Spend { billing: session.spend.billing, covered: session.spend.covered, ..self.spend };
        (self.usage, self.counted, spend) == (session.usage, session.turns, session.spend)
    }
}

struct Report<'a> {
    book: &'a PriceBook,
    files: &'a FileTable,
    lines: &'a mut Lines,
    zone: &'a TimeZone,
    out: &'a mut dyn Write,
}

impl Report<'_> {
    fn heading(&mut self, session: &Session) -> Result<()> {
        let project =
            session.project.as_ref().map_or_else(String::new, |project| format!(" in {}", project.for_terminal()));
        writeln!(self.out, "{} session {}{project}", session.client(), plain(&session.key.id))?;
        writeln!(self.out, "prices: {}\n", self.book.describe())?;
        Ok(())
    }

    fn entry(&mut self, entry: &ResponseCopy, verdict: &CopyVerdict, sum: &mut Sum) -> Result<()> {
        let id = entry.id.as_deref().unwrap_or("(no id)");
        let model = entry.model.as_deref().unwrap_or("(model not named)");
        let place = self.place(entry.source);
        let at = units::moment(entry.when.at, self.zone);
        let purpose = if entry.purpose == Purpose::Compaction { "  compaction" } else { "" };
        let about = if entry.when.source.is_estimate() { "about " } else { "" };
        let mark = if *verdict == CopyVerdict::Counted { "+" } else { "-" };
        writeln!(self.out, "{mark} {about}{at}  {}  {}{purpose}  {place}", plain(id), plain(model))?;
        if let Some(reason) = self.reason(verdict) {
            sum.left_out += 1;
            writeln!(self.out, "    not counted: {reason}")?;
            return Ok(());
        }
        let Some(cost) = entry.embedded_cost else { return self.priced(entry, sum) };
        sum.add(entry, Cost { amount: Some(cost), basis: CostBasis::Embedded });
        writeln!(self.out, "    {}", tokens(&entry.usage))?;
        writeln!(self.out, "    = {cost} USD, as the agent wrote it down")?;
        Ok(())
    }

    /// Why a copy does not count; `None` if it does.
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

    fn priced(&mut self, entry: &ResponseCopy, sum: &mut Sum) -> Result<()> {
        let rated = entry.model.as_deref().map_or(Rated::Unknown, |model| self.book.rate(model));
        let tariff = rated.at(entry.when.at);
        let terms = PriceTerms { tier: entry.tier, geo: entry.geo };
        sum.add(entry, tariff.cost_of(&entry.usage, terms, entry.extent));
        let Some(quote) = tariff.quote_of(&entry.usage, terms, entry.extent) else {
            let cost = match tariff {
                Tariff::Local => "0 USD, a local model",
                Tariff::Known { .. } | Tariff::Unknown => "n/a: no price is known for this model",
            };
            writeln!(self.out, "    {}\n    = {cost}", tokens(&entry.usage))?;
            return Ok(());
        };
        for line in &quote.lines {
            let above = if line.above > 0 { format!("  (prompt above {})", line.above) } else { String::new() };
            let within = if line.geo == InferenceGeo::Us { "  (within the US)" } else { "" };
            writeln!(
                self.out,
                "    {:<15} {:>12} x {} USD = {} USD{above}{within}",
                line.bucket.as_str(),
                units::grouped(line.pieces),
                line.rate,
                line.amount
            )?;
        }
        if let (Rated::Known(found), Tariff::Known { source, .. }) = (&rated, tariff) {
            writeln!(
                self.out,
                "    = {} USD  (rates of {}, {} match, {})",
                quote.total,
                plain(found.key),
                found.how.as_str(),
                source.as_str()
            )?;
        }
        Ok(())
    }

    fn sum(&mut self, sum: &Sum, session: &Session) -> Result<()> {
        writeln!(self.out, "\n{} responses counted, {} copies not", sum.counted, sum.left_out)?;
        if let Err(gap) = session.used() {
            writeln!(self.out, "tokens n/a: {gap}")?;
        } else {
            writeln!(self.out, "{}", tokens(&sum.usage))?;
        }
        writeln!(self.out, "= {}", dollars(&sum.spend))?;
        if !sum.is_of(session) {
            bail!(
                "this does not equal the session's own figures ({} responses, {} tokens, {}): please report it",
                session.turns,
                session.usage.total(),
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
            SourcePosition::Byte(offset) => match self.lines.number(source.file, &path, offset) {
                Some(line) => format!("{name}:{line}"),
                None => format!("{name} (byte {offset})"),
            },
            SourcePosition::Entry(entry) => format!("{name} (entry {entry})"),
            SourcePosition::Row { table, rowid } => format!("{name} ({table} row {rowid})"),
        }
    }
}

/// The exact amount, and how many responses it leaves out; `n/a` where nothing has a known price.
fn dollars(spend: &Spend) -> String {
    let amount = match (spend.known(), spend.is_empty()) {
        (Some(amount), _) => format!("{amount} USD"),
        (None, true) => format!("{} USD", PicoUsd::ZERO),
        (None, false) => "n/a".to_owned(),
    };
    match spend.unknown_turns {
        0 => amount,
        1 => format!("{amount}, without 1 response that has no price"),
        n => format!("{amount}, without {n} responses that have no price"),
    }
}

fn tokens(usage: &Usage) -> String {
    let parts = [
        ("input", usage.input),
        ("cache read", usage.cache_read),
        ("cache write 5m", usage.cache_write_5m),
        ("cache write 1h", usage.cache_write_1h),
        ("output", usage.output),
        ("of it reasoning", usage.reasoning),
        ("web searches", usage.web_searches),
    ];
    let used = parts.iter().filter(|(_, pieces)| *pieces > 0);
    let texts: Vec<String> = used.map(|(name, pieces)| format!("{name} {}", units::grouped(*pieces))).collect();
    if texts.is_empty() { "no tokens".to_owned() } else { texts.join(", ") }
}

/// Line numbers of places in files: people's editors count lines, decoders count bytes.
#[derive(Default)]
struct Lines {
    starts: HashMap<FileId, Option<Vec<u64>>>,
}

impl Lines {
    /// The number of the line that starts at a byte, from 1; `None` if the file cannot be read or is compressed.
    fn number(&mut self, file: FileId, path: &Path, offset: u64) -> Option<usize> {
        let starts = self.starts.entry(file).or_insert_with(|| line_starts(path));
        starts.as_ref().and_then(|starts| starts.binary_search(&offset).ok()).map(|at| at + 1)
    }
}

fn line_starts(path: &Path) -> Option<Vec<u64>> {
    if path.extension().is_some_and(|extension| extension == "zst") {
        return None;
    }
    let mut starts = vec![0];
    let mut at = 0;
    for byte in BufReader::with_capacity(256 * 1024, agtop_os::open_regular(path).ok()?.0).bytes() {
        at += 1;
        if byte.ok()? == b'\n' {
            starts.push(at);
        }
    }
    Some(starts)
}
