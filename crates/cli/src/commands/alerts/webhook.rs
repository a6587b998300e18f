//! A JSON document for a server that the user names.

use std::time::Duration;

use agtop_alerts::Alert;
use agtop_model::Timestamp;
use agtop_output::alert::json;
use anyhow::{Result, anyhow};

const TIMEOUT: Duration = Duration::from_secs(10);

/// Posts the alert, as `schema/alert.schema.json` describes it, to where its rule says.
///
/// # Errors
/// If it does not arrive. The address is a secret with many services: errors do not hold it.
pub(super) fn post(alert: &Alert, at: Timestamp) -> Result<()> {
    let Some(url) = &alert.actions.webhook else { return Ok(()) };
    // Who was named gets it, and nobody whom they name.
    let config = ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).max_redirects(0).build();
    let agent: ureq::Agent = config.into();
    let sent = agent.post(url).content_type("application/json").send(json(alert, at));
    match sent {
        Ok(response) if response.status().is_success() => Ok(()),
        Ok(response) => Err(anyhow!("the webhook answered {}", response.status().as_u16())),
        Err(error) => Err(anyhow!("the webhook {}", why(&error))),
    }
}

fn why(error: &ureq::Error) -> String {
    match error {
        ureq::Error::StatusCode(status) => format!("answered {status}"),
        ureq::Error::Timeout(_) => "did not answer in time".to_owned(),
        ureq::Error::HostNotFound => "has a host that nobody knows".to_owned(),
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => "has an address that is none".to_owned(),
        ureq::Error::Io(error) => format!("cannot be reached: {}", error.kind()),
        _ => "cannot be reached".to_owned(),
    }
}
