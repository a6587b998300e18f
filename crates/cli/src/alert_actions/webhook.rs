//! A JSON document, posted to an address of the user's.

use std::time::Duration;

use agtop_alerts::Alert;
use agtop_model::Timestamp;
use agtop_output::alert::json;
use anyhow::{Result, anyhow};

const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(10);

/// Posts the alert, in the form of `schema/alert.schema.json`, to the address in its rule.
///
/// # Errors
/// If the server does not accept it. Errors do not contain the address, which many services treat as a secret.
pub(super) fn post(alert: &Alert, at: Timestamp) -> Result<()> {
    let Some(url) = &alert.actions.webhook else { return Ok(()) };
    // Only the server that the user named gets the alert: redirects are not followed.
    let config = ureq::Agent::config_builder().timeout_global(Some(WEBHOOK_TIMEOUT)).max_redirects(0).build();
    let agent: ureq::Agent = config.into();
    let result = agent.post(url).content_type("application/json").send(json(alert, at));
    match result {
        Ok(response) if response.status().is_success() => Ok(()),
        Ok(response) => Err(anyhow!("the webhook answered {}", response.status().as_u16())),
        Err(error) => Err(anyhow!("the webhook {}", reason(&error))),
    }
}

fn reason(error: &ureq::Error) -> String {
    match error {
        ureq::Error::StatusCode(status) => format!("answered {status}"),
        ureq::Error::Timeout(_) => "did not answer in time".to_owned(),
        ureq::Error::HostNotFound => "has an unknown host".to_owned(),
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => "has an invalid address".to_owned(),
        ureq::Error::Io(error) => format!("cannot be reached: {}", error.kind()),
        _ => "cannot be reached".to_owned(),
    }
}
