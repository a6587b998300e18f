//! Texts with `@NAME@` in them.

use anyhow::{Result, bail};

/// The text with each `@NAME@` replaced by its value.
///
/// # Errors
/// If the text has a name without a value, or lacks one of the names.
pub(super) fn fill(text: &str, values: &[(&str, &str)]) -> Result<String> {
    let mut filled = text.to_owned();
    for (name, value) in values {
        let mark = format!("@{name}@");
        if !filled.contains(&mark) {
            bail!("the template does not have {mark}");
        }
        filled = filled.replace(&mark, value);
    }
    if let Some(left) = marks(&filled).first() {
        bail!("the template has @{left}@, which has no value");
    }
    Ok(filled)
}

/// The names between two `@`, of capital letters, digits and `_`.
pub(super) fn marks(text: &str) -> Vec<&str> {
    let is_name = |part: &&str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
    };
    text.split('@').filter(is_name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mark_is_replaced_and_none_may_be_left() -> Result<()> {
        assert_eq!(fill("v@VERSION@ of me@example.org", &[("VERSION", "3")])?, "v3 of me@example.org");
        assert!(fill("@VERSION@ @SUM@", &[("VERSION", "3")]).is_err());
        assert!(fill("nothing", &[("VERSION", "3")]).is_err());
        Ok(())
    }
}
