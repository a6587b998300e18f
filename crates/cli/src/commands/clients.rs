use std::io::Write;

use agtop_clients::{Client, Knowledge, Known, clients};
use agtop_format::sink;
use anyhow::Result;
use serde_json::{Map, Value, json};

/// Prints what each agent's files tell, a line an agent, and below it what is known in part only.
pub(super) fn table(out: &mut dyn Write) -> Result<()> {
    let aspects = Knowledge::NONE.aspects().map(|(aspect, _)| format!("{aspect:<10}"));
    writeln!(out, "{:<13} {}", "agent", aspects.join(" ").trim_end())?;
    for client in clients() {
        let info = client.info();
        let cells = info.knowledge.aspects().map(|(_, known)| format!("{:<10}", shown(known)));
        writeln!(out, "{:<13} {}", info.id, cells.join(" ").trim_end())?;
    }
    writeln!(out)?;
    clients().try_for_each(|client| gaps(client, out))?;
    Ok(())
}

/// What is not known is left blank to the eye, so that what is known stands out.
const fn shown(known: Known) -> &'static str {
    match known {
        Known::No => "-",
        Known::Yes | Known::Partly(_) => known.as_str(),
    }
}

fn gaps(client: &dyn Client, out: &mut dyn Write) -> Result<()> {
    let info = client.info();
    for (aspect, gap) in info.knowledge.aspects().iter().filter_map(|(aspect, known)| Some((aspect, known.gap()?))) {
        writeln!(out, "{}: {aspect}: {gap}", info.id)?;
    }
    Ok(())
}

/// Prints the same as one line of JSON.
pub(super) fn json(out: &mut dyn Write) -> Result<()> {
    let all: Vec<Value> = clients().map(told).collect();
    writeln!(out, "{}", sink::json(&json!({ "schema_version": 1, "clients": all })))?;
    Ok(())
}

fn told(client: &dyn Client) -> Value {
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
