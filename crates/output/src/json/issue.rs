use agtop_model::{ClientId, Issue, SourcePosition};
use serde::Serialize;

use crate::json::wire;

/// A record or file that could not be used.
#[derive(Serialize)]
pub(crate) struct IssueJson<'a> {
    client: &'static str,
    path: String,
    place: Option<PositionJson>,
    kind: &'static str,
    detail: &'a str,
}

/// A position in a file, in the unit of its format.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum PositionJson {
    Byte(u64),
    Entry(u32),
    Row { table: &'static str, rowid: i64 },
}

impl<'a> From<(ClientId, &'a Issue)> for IssueJson<'a> {
    fn from((client, issue): (ClientId, &'a Issue)) -> Self {
        let place = issue.place.map(|place| match place {
            SourcePosition::Byte(at) => PositionJson::Byte(at),
            SourcePosition::Entry(n) => PositionJson::Entry(n),
            SourcePosition::Row { table, rowid } => PositionJson::Row { table, rowid },
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
