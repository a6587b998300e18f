//! The cost of a response as clients record it: one rule for all clients, see `docs/ACCURACY.md`.

use agtop_model::{ClientId, PicoUsd};

use crate::{DecodeError, SqlValue};

/// The gateways of clients' own vendors, by the name in their records. The client knows what such a gateway bills: if
/// that is 0, the model is free of charge there, or the user's plan includes it.
const VENDOR_GATEWAYS: &[(&str, &str)] =
    &[("cline", "cline"), ("kilo", "kilo"), ("kilo-code", "kilocode"), ("opencode", "opencode"), ("roo", "roo")];

/// A provider whose amounts are in its own unit, not in money.
const NON_DOLLAR_PROVIDER: &str = "github-copilot";

/// The cost in dollars that a record of `client` has for a response that `provider` served (empty if the record does
/// not name it). `None` if it is unknown, so that the price list is used: a client writes 0 for another vendor's
/// provider if it has no price, or if a subscription may include the response.
pub(crate) fn embedded_cost(client: ClientId, provider: &str, usd: Option<f64>) -> Option<PicoUsd> {
    let usd = usd.filter(|_| !provider.starts_with(NON_DOLLAR_PROVIDER))?;
    let is_included = || VENDOR_GATEWAYS.contains(&(client.as_str(), provider));
    let counts = usd > 0.0 || (usd == 0.0 && is_included());
    counts.then(|| PicoUsd::from_usd(usd)).flatten()
}

/// The cost in a column of a database that does not name the provider. Fails if the amount is negative or too large.
pub(crate) fn stored_cost(client: ClientId, cell: SqlValue<'_>) -> Result<Option<PicoUsd>, DecodeError> {
    let Some(usd) = cell.real() else { return Ok(None) };
    if usd < 0.0 || PicoUsd::from_usd(usd).is_none() {
        return Err(DecodeError::out_of_range("a cost is negative or impossibly large"));
    }
    Ok(embedded_cost(client, "", Some(usd)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(client: &'static str, provider: &str, usd: f64) -> Option<PicoUsd> {
        embedded_cost(ClientId::new(client), provider, Some(usd))
    }

    #[test]
    fn zero_is_a_cost_from_the_vendors_own_gateway_and_else_unknown() {
        assert_eq!(cost("cline", "cline", 0.0), Some(PicoUsd::ZERO));
        assert_eq!(cost("cline", "anthropic", 0.0), None);
        assert_eq!(cost("cline", "", 0.0), None);
        assert_eq!(cost("pi", "cline", 0.0), None, "another's vendor");
        assert_eq!(embedded_cost(ClientId::new("cline"), "cline", None), None);
    }

    #[test]
    fn invalid_amounts_are_none() {
        for usd in [-1.0, f64::NAN, f64::INFINITY, 1e300] {
            assert_eq!(cost("cline", "cline", usd), None, "{usd}");
        }
        assert_eq!(cost("opencode", "github-copilot-enterprise", 5e9), None, "Copilot's own unit");
        assert_eq!(cost("opencode", "openrouter", 0.5), PicoUsd::from_usd(0.5));
    }
}
