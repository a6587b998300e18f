use std::str::FromStr;

use agtop_model::{Agent, Snapshot};
use agtop_output::{View, surface};
use thiserror::Error;

use super::{App, Item};
use crate::command::Export;

/// What kind of file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Csv,
    Json,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "csv" | "" => Ok(Self::Csv),
            "json" => Ok(Self::Json),
            other => Err(format!("unknown format '{other}'; choose from csv, json")),
        }
    }
}

/// Why nothing was written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum ExportError {
    #[error("there is nothing to write yet")]
    Empty,
    #[error("this view has no rows to write; go to agents or sessions")]
    NoRows,
    #[error("the rows could not be written")]
    Failed,
}

/// The rows that are shown, as agtop's own surfaces write them: without message text, secrets masked.
pub(crate) fn export(app: &App, format: Format) -> Result<Export, ExportError> {
    let snapshot = app.snapshot.as_deref().ok_or(ExportError::Empty)?;
    let list = app.list().ok_or(ExportError::NoRows)?;
    let shown = only(snapshot, &list.items);
    let (id, ending) = match (format, app.view) {
        (Format::Csv, _) => ("csv", "csv"),
        (Format::Json, super::ViewId::Sessions) => ("json-sessions", "json"),
        (Format::Json, _) => ("json-agents", "json"),
    };
    let surface = surface(id).ok_or(ExportError::Failed)?;
    let view = View { zone: app.options.zone.clone(), ..View::plain(app.options.version, app.options.platform) };
    let mut bytes = Vec::new();
    surface.write(&shown, &view, &mut bytes).map_err(|_| ExportError::Failed)?;
    let moment = agtop_format::units::second(snapshot.now, &app.options.zone).replace([' ', ':'], "-");
    Ok(Export { name: format!("agtop-{}-{moment}.{ending}", app.view.as_str()), bytes })
}

/// The snapshot with no other agents and sessions than those of the lines.
fn only(snapshot: &Snapshot, items: &[Item]) -> Snapshot {
    let agents: Vec<Agent> = items
        .iter()
        .filter_map(|item| match item {
            Item::Row { agent: Some(at), .. } => snapshot.agents.get(*at).cloned(),
            _ => None,
        })
        .collect();
    let sessions = items.iter().filter_map(|item| match item {
        Item::Row { depth: 0, .. } => item.session(snapshot).cloned(),
        _ => None,
    });
    Snapshot { agents: agents.into(), sessions: sessions.collect(), ..snapshot.clone() }
}
