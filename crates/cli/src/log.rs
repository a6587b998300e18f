//! The log: to a file, never to the terminal.

use std::path::Path;
use std::sync::Mutex;

use agtop_render::sink::Lines;
use anyhow::{Context, Result};
use tracing_subscriber::EnvFilter;

/// Starts logging to a file, if one is named. What is logged is set by `AGTOP_LOG`, `info` by default.
pub(crate) fn start(file: Option<&Path>) -> Result<()> {
    let Some(path) = file else { return Ok(()) };
    let log = agtop_os::append_to_own(path).with_context(|| format!("{}", path.display()))?;
    let filter = EnvFilter::try_from_env("AGTOP_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_writer(Mutex::new(Lines::new(log))).with_ansi(false).with_env_filter(filter).init();
    Ok(())
}
