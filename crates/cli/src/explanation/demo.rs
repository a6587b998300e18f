//! The explanation of a session of the demo.

use std::io::Write;

use agtop_demo::responses;
use agtop_format::units;
use agtop_model::{PicoUsd, Session};
use anyhow::Result;
use jiff::tz::TimeZone;

/// Writes every response of the session with its price, in the form of other explanations.
///
/// # Errors
/// If `out` cannot be written to.
pub(crate) fn write_demo(session: &Session, zone: &TimeZone, out: &mut dyn Write) -> Result<()> {
    let (client, id) = (session.client(), &session.key.id);
    let project =
        session.project.as_ref().map_or_else(String::new, |project| format!(" in {}", project.for_terminal()));
    writeln!(out, "{client} session {id}{project}")?;
    writeln!(out, "a session of the demo: its file does not exist\n")?;
    let model = session.model.as_deref().unwrap_or_default();
    let mut sum = PicoUsd::ZERO;
    let all = responses(session);
    for (line, response) in (1_u64..).zip(&all) {
        let at = units::moment(response.at, zone);
        writeln!(out, "+ {at}  demo-{line:04}  {model}  demo/{client}/{id}.jsonl:{}", line * 3)?;
        let mut total = PicoUsd::ZERO;
        for (bucket, tokens, rate) in response.buckets() {
            let (amount, rate_text) = (rate.times(tokens), units::per_million(rate));
            total += amount;
            let (tokens, amount) = (units::grouped(tokens), units::exact_money(amount));
            writeln!(out, "    {bucket:<15} {tokens:>12} x {rate_text} per million = {amount}")?;
        }
        sum += total;
        writeln!(out, "    = {}", units::exact_money(total))?;
    }
    writeln!(out, "\n{} counted, 0 copies not counted", units::counted(all.len() as u64, "response"))?;
    writeln!(out, "= {}", units::exact_money(sum))?;
    writeln!(out, "This is what every other view of agtop shows for the session.")?;
    Ok(())
}
