//! Where agtop keeps its files.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use etcetera::BaseStrategy;
use etcetera::base_strategy::Xdg;

const LEDGER_FILE: &str = "ledger.db";

/// The directories of the user, by the XDG rules on every platform.
///
/// # Errors
/// If there is no home directory.
pub(crate) fn user_directories() -> Result<Xdg> {
    Xdg::new().context("no home directory is known; set HOME")
}

/// The configuration file, unless `--config` names another one.
///
/// # Errors
/// If there is no home directory.
pub(crate) fn default_config_file() -> Result<PathBuf> {
    Ok(user_directories()?.config_dir().join("agtop").join("config.toml"))
}

/// The ledger, in `AGTOP_DATA_DIR` or else in the user's data directory.
pub(crate) fn ledger_file(directories: &Xdg) -> PathBuf {
    let by_env = std::env::var_os("AGTOP_DATA_DIR").filter(|directory| !directory.is_empty());
    by_env.map_or_else(|| directories.data_dir().join("agtop"), PathBuf::from).join(LEDGER_FILE)
}

/// The path with a leading `~/` replaced by the home directory.
pub(crate) fn expand_home(path: &Path, home: &Path) -> PathBuf {
    path.strip_prefix("~").map_or_else(|_| path.to_owned(), |rest| home.join(rest))
}
