use std::str::FromStr;
use std::sync::Arc;

use agtop_model::{Agent, Snapshot};
use agtop_output::{View, snapshot_format};
use thiserror::Error;

use crate::command::Export;
use crate::options::Options;
use crate::view_id::ViewId;
use crate::views::{ListItem, RowList};

/// The format of an exported file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExportFormat {
    Csv,
    Json,
}

impl FromStr for ExportFormat {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "csv" | "" => Ok(Self::Csv),
            "json" => Ok(Self::Json),
            other => Err(format!("unknown format '{other}'; choose from csv, json")),
        }
    }
}

/// Why nothing was exported.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum ExportError {
    #[error("there is nothing to export yet")]
    Empty,
    #[error("this view has no rows to export; go to agents or sessions")]
    NoRows,
    #[error("the rows could not be written")]
    Failed,
}

/// The visible rows as agtop's outputs write them: without message text, secrets masked.
pub(super) fn export(
    snapshot: &Snapshot,
    list: &RowList,
    view: ViewId,
    options: &Options,
    format: ExportFormat,
) -> Result<Export, ExportError> {
    let shown = only(snapshot, &list.items);
    let (id, ending) = match (format, view) {
        (ExportFormat::Csv, _) => ("csv", "csv"),
        (ExportFormat::Json, ViewId::Sessions) => ("json-sessions", "json"),
        (ExportFormat::Json, _) => ("json-agents", "json"),
    };
    let format = snapshot_format(id).ok_or(ExportError::Failed)?;
    let output = View { zone: options.zone.clone(), ..View::plain(options.version, options.platform) };
    let mut bytes = Vec::new();
    format.write(&shown, &output, &mut bytes).map_err(|_| ExportError::Failed)?;
    let moment = agtop_format::units::second(snapshot.now, &options.zone).replace([' ', ':'], "-");
    Ok(Export { name: format!("agtop-{}-{moment}.{ending}", view.as_str()), bytes })
}

/// The snapshot with no other agents and sessions than those of the lines.
fn only(snapshot: &Snapshot, items: &[ListItem]) -> Snapshot {
    let agents: Vec<Arc<Agent>> = items
        .iter()
        .filter_map(|item| match item {
            ListItem::Row { agent: Some(at), .. } => snapshot.agents.get(*at).cloned(),
            _ => None,
        })
        .collect();
    let sessions = items.iter().filter_map(|item| match item {
        ListItem::Row { place, .. } if place.is_root() => item.session(snapshot).cloned(),
        _ => None,
    });
    Snapshot { agents: agents.into(), sessions: sessions.collect(), ..snapshot.clone() }
}
