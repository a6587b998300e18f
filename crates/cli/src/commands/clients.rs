//! `agtop clients`: what each agent records.

use std::io::Write;

use agtop_clients::{Client, Knowledge, Known, clients};
use agtop_format::sink;
use anyhow::Result;
use serde_json::{Map, Value, json};

use crate::plan::TextOrJson;

/// Prints what each agent records.
pub(super) fn run(format: TextOrJson, out: &mut dyn Write) -> Result<()> {
    match format {
        TextOrJson::Text => print_table(out),
        TextOrJson::Json => print_json(out),
    }
}

/// Prints a line per agent, and below the table a line for everything that is recorded only in part.
fn print_table(out: &mut dyn Write) -> Result<()> {
    let aspects = Knowledge::NONE.aspects().map(|(aspect, _)| format!("{aspect:<10}"));
    writeln!(out, "{:<13} {}", "agent", aspects.join(" ").trim_end())?;
    for client in clients() {
        let info = client.info();
        let cells = info.knowledge.aspects().map(|(_, known)| format!("{:<10}", table_cell(known)));
        writeln!(out, "{:<13} {}", info.id, cells.join(" ").trim_end())?;
    }
    writeln!(out)?;
    clients().try_for_each(|client| print_gaps(client, out))?;
    Ok(())
}

/// A dash for `no`, so that `yes` and `partly` stand out.
const fn table_cell(known: Known) -> &'static str {
    match known {
        Known::No => "-",
        Known::Yes | Known::Partly(_) => known.as_str(),
    }
}

fn print_gaps(client: &dyn Client, out: &mut dyn Write) -> Result<()> {
    let info = client.info();
    for (aspect, gap) in info.knowledge.aspects().iter().filter_map(|(aspect, known)| Some((aspect, known.gap()?))) {
        writeln!(out, "{}: {aspect}: {gap}", info.id)?;
    }
    Ok(())
}

fn print_json(out: &mut dyn Write) -> Result<()> {
    let all: Vec<Value> = clients().map(client_json).collect();
    writeln!(out, "{}", sink::json(&json!({ "schema_version": 1, "clients": all })))?;
    Ok(())
}

fn client_json(client: &dyn Client) -> Value {
    let info = client.info();
    let cell =
        |(aspect, known): (&str, Known)| (aspect.to_owned(), json!({ "known": known.as_str(), "gap": known.gap() }));
    let knowledge: Map<String, Value> = info.knowledge.aspects().into_iter().map(cell).collect();
    json!({
        "id": info.id.as_str(),
        "name": info.name,
        "aliases": info.aliases,
        "knowledge": knowledge,
        "blind_spots": info.blind_spots,
    })
}
