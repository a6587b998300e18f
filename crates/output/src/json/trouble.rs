use agtop_model::{ClientId, Issue, SourcePosition};
use serde::Serialize;

use crate::json::wire;

/// Something that could not be used.
#[derive(Serialize)]
pub(crate) struct Trouble<'a> {
    client: &'static str,
    path: String,
    place: Option<Spot>,
    kind: &'static str,
    detail: &'a str,
}

/// A place in a file, by what files of its kind are counted in.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Spot {
    Byte(u64),
    Entry(u32),
    Row { table: &'static str, rowid: i64 },
}

impl<'a> From<(ClientId, &'a Issue)> for Trouble<'a> {
    fn from((client, issue): (ClientId, &'a Issue)) -> Self {
        let place = issue.place.map(|place| match place {
            SourcePosition::Byte(at) => Spot::Byte(at),
            SourcePosition::Entry(n) => Spot::Entry(n),
            SourcePosition::Row { table, rowid } => Spot::Row { table, rowid },
        });
        Self {
            client: client.as_str(),
            path: wire::path(&issue.path),
            place,
            kind: issue.kind.as_str(),
            detail: &issue.detail,
        }
    }
}
