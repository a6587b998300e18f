use std::collections::BTreeMap;

use agtop_alerts::{Alert, AlertSubject, RuleScope};
use agtop_format::sink;
use agtop_model::{Status, Timestamp};
use serde::Serialize;

use crate::json::wire::SCHEMA_VERSION;

/// An alert in JSON, as `schema/alert.schema.json` describes it.
#[derive(Serialize)]
struct AlertJson<'a> {
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

/// The alert as a JSON document in one line, for programs.
pub fn json(alert: &Alert, at: Timestamp) -> String {
    let (of, client, pid, session) = match &alert.subject {
        AlertSubject::Agent(process, session) => (
            RuleScope::Agent,
            session.as_ref().map(|key| key.client),
            Some(process.pid),
            session.as_ref().map(|key| &*key.id),
        ),
        AlertSubject::Fleet => (RuleScope::Fleet, None, None, None),
        AlertSubject::Quota(client, ..) => (RuleScope::Quota, Some(*client), None, None),
    };
    let document = AlertJson {
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
    sink::json(&document)
}

#[cfg(test)]
mod tests {
    use agtop_alerts::{RuleEntry, Rules};
    use agtop_demo::sample::{self, CODEX_PID, SECRET_TEXT};
    use agtop_model::{ClientId, RateLimit, RateLimitWindow, Snapshot};

    use super::*;

    #[derive(serde::Deserialize)]
    struct RuleFile {
        alerts: Vec<RuleEntry>,
    }

    fn quota_almost_used() -> Snapshot {
        let snapshot = sample::empty();
        let window = RateLimitWindow { minutes: 300, used_percent: 95.0, resets_at: None };
        let limit = RateLimit { limit: "codex".into(), plan: None, windows: vec![window] };
        Snapshot { rate_limits: [(ClientId::new("codex"), snapshot.now, limit)].into(), ..snapshot }
    }

    #[test]
    fn an_alert_in_json_matches_the_schema() {
        let schema: serde_json::Value =
            serde_json::from_str(include_str!("../../../../schema/alert.schema.json")).unwrap();
        let mut strict = schema.clone();
        strict["additionalProperties"] = false.into();
        let validator = jsonschema::validator_for(&strict).unwrap();
        let entries = toml::from_str::<RuleFile>("[[alerts]]\nname = \"permission\"\ncontent = true").unwrap().alerts;
        let mut found = Rules::default().with(&entries).unwrap().evaluate(&sample::rich());
        found.extend(Rules::default().evaluate(&quota_almost_used()));
        assert!(found.len() > 3);
        for alert in &found {
            let document: serde_json::Value = serde_json::from_str(&json(alert, sample::rich().now)).unwrap();
            let errors: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{errors:?}");
        }
        let document: serde_json::Value = serde_json::from_str(&json(&found[0], sample::rich().now)).unwrap();
        assert_eq!((&document["pid"], &document["content"]), (&CODEX_PID.into(), &SECRET_TEXT.into()));
        let required: Vec<&str> =
            schema["required"].as_array().unwrap().iter().filter_map(|key| key.as_str()).collect();
        assert!(schema["properties"].as_object().unwrap().keys().all(|key| required.contains(&key.as_str())));
    }
}
