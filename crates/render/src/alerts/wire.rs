use std::collections::BTreeMap;

use agtop_model::{Status, Timestamp};
use serde::Serialize;

use super::{Alert, Of, Subject};
use crate::json::wire::SCHEMA_VERSION;
use crate::sink;

/// An alert in JSON, as `schema/alert.schema.json` describes it.
#[derive(Serialize)]
struct Wire<'a> {
    schema_version: u32,
    at_ms: i64,
    name: &'a str,
    label: &'a str,
    severity: &'static str,
    of: &'static str,
    who: &'a str,
    text: String,
    status: Option<&'static str>,
    client: Option<&'static str>,
    pid: Option<u32>,
    session: Option<&'a str>,
    values: BTreeMap<&'static str, f64>,
    content: Option<&'a str>,
}

/// The alert as a JSON document in one line, for whoever follows agtop by program.
pub fn json(alert: &Alert, at: Timestamp) -> String {
    let (of, client, pid, session) = match &alert.subject {
        Subject::Agent(process, session) => {
            (Of::Agent, session.as_ref().map(|key| key.client), Some(process.pid), session.as_ref().map(|key| &*key.id))
        }
        Subject::Fleet => (Of::Fleet, None, None, None),
        Subject::Quota(client, ..) => (Of::Quota, Some(*client), None, None),
    };
    let wire = Wire {
        schema_version: SCHEMA_VERSION,
        at_ms: at.as_millis(),
        name: &alert.name,
        label: &alert.label,
        severity: alert.severity.as_str(),
        of: of.as_str(),
        who: &alert.who,
        text: alert.text(),
        status: alert.status.map(Status::as_str),
        client: client.map(agtop_model::ClientId::as_str),
        pid,
        session,
        values: alert.values.iter().copied().filter(|(_, number)| number.is_finite()).collect(),
        content: alert.content.as_ref().map(agtop_model::Untrusted::raw),
    };
    sink::json(&wire)
}
