//! The comment before a generated table: what it says, and whether the rows agree with it.

use anyhow::{Result, ensure};
use sha2::{Digest, Sha256};

/// Whether a table has its heading, as many rows as it says, and their hash.
pub(super) fn check_table(table: &str, heading: &str, written: &str) -> Result<()> {
    ensure!(written.starts_with(heading), "{table} does not begin as a generated table");
    let comment: usize = written.split_inclusive('\n').take_while(|line| line.starts_with('#')).map(str::len).sum();
    let lines = written.get(comment..).unwrap_or_default();
    let entries = lines.lines().count().to_string();
    ensure!(fact(written, "entries") == Some(&entries), "{table} has {entries} entries, its comment says otherwise");
    let hash = hex(&Sha256::digest(lines));
    ensure!(fact(written, "table-sha256") == Some(&hash), "{table} was changed by hand: it hashes to {hash}");
    Ok(())
}

/// `value` of a line `# name value` in the comment before a table.
pub(super) fn fact<'a>(written: &'a str, name: &str) -> Option<&'a str> {
    facts(written).find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// Name and value of all such lines.
pub(super) fn facts(written: &str) -> impl Iterator<Item = (&str, &str)> {
    written.lines().map_while(|line| line.strip_prefix("# ")).filter_map(|line| line.split_once(' '))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
