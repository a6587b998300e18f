//! Short names of models.

/// The name of a model without that of its provider and vendor, which its agent or its family says: the version is at the
/// end. `anthropic/claude-opus-4-7` is `opus-4-7`.
pub fn without_vendor(model: &str) -> &str {
    let name = model.rsplit_once('/').map_or(model, |(_, name)| name);
    name.strip_prefix("claude-").unwrap_or(name)
}
