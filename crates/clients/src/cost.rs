//! What clients say that a response cost: one rule for all of them, see `docs/ACCURACY.md`.

use agtop_model::{ClientId, PicoUsd};

use crate::{Cell, DecodeError};

/// The gateway that a client's own vendor runs, by the name that its records give it. What such a gateway bills is known
/// to who writes the record: where that is nothing, the model is free of charge there, or the user's plan includes it.
const OWN_GATEWAYS: &[(&str, &str)] =
    &[("cline", "cline"), ("kilo", "kilo"), ("kilo-code", "kilocode"), ("opencode", "opencode"), ("roo", "roo")];

/// A provider whose numbers are its own unit, and no money.
const OTHER_UNITS: &str = "github-copilot";

/// The cost that a record of `client` embeds, in dollars, of a response that `provider` served (empty if the record does
/// not say). None where it is not known, so that the price list counts: a client writes 0 for a provider that is not its
/// vendor's where it knows no price, and where somebody else knows what a subscription includes.
pub(crate) fn embedded_cost(client: ClientId, provider: &str, usd: Option<f64>) -> Option<PicoUsd> {
    let usd = usd.filter(|_| !provider.starts_with(OTHER_UNITS))?;
    let is_included = || OWN_GATEWAYS.contains(&(client.as_str(), provider));
    let counts = usd > 0.0 || (usd == 0.0 && is_included());
    counts.then(|| PicoUsd::from_usd(usd)).flatten()
}

/// The same of a column, of a database that does not say which provider served the session. An amount that cannot be is
/// damage.
pub(crate) fn stored_cost(client: ClientId, cell: Cell<'_>) -> Result<Option<PicoUsd>, DecodeError> {
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
    fn nothing_is_a_cost_where_the_vendors_own_gateway_says_so_and_else_unknown() {
        assert_eq!(cost("cline", "cline", 0.0), Some(PicoUsd::ZERO));
        assert_eq!(cost("cline", "anthropic", 0.0), None);
        assert_eq!(cost("cline", "", 0.0), None);
        assert_eq!(cost("pi", "cline", 0.0), None, "another's vendor");
        assert_eq!(embedded_cost(ClientId::new("cline"), "cline", None), None);
    }

    #[test]
    fn what_is_no_amount_of_dollars_is_none() {
        for usd in [-1.0, f64::NAN, f64::INFINITY, 1e300] {
            assert_eq!(cost("cline", "cline", usd), None, "{usd}");
        }
        assert_eq!(cost("opencode", "github-copilot-enterprise", 5e9), None, "Copilot's own unit");
        assert_eq!(cost("opencode", "openrouter", 0.5), PicoUsd::from_usd(0.5));
    }
}
