use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::args::ConfigCommand;
use crate::config::Config;
use crate::stderr;

/// The configuration cannot be understood.
const WRONG: u8 = 1;

/// Where the configuration lies, and what to do with it.
pub(crate) struct ConfigWork {
    pub(crate) path: PathBuf,
    pub(crate) task: ConfigCommand,
}

/// Looks after the configuration.
pub(super) fn run(work: &ConfigWork, out: &mut dyn Write) -> Result<ExitCode> {
    let path = &work.path;
    match work.task {
        ConfigCommand::Path => writeln!(out, "{}", path.display())?,
        ConfigCommand::Init => {
            init(path)?;
            writeln!(out, "wrote {}", path.display())?;
        }
        ConfigCommand::Check if !path.exists() => writeln!(out, "there is none: {}", path.display())?,
        ConfigCommand::Check => {
            if let Err(error) = Config::load(Some(path), path) {
                stderr::say(format_args!("{error:#}"));
                return Ok(ExitCode::from(WRONG));
            }
            writeln!(out, "{}: sound", path.display())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Everything that can be set.
const EXPLAINED: &str = include_str!("config.toml");

/// Never overwrites: what is there may be years of somebody's taste.
fn init(path: &Path) -> Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
    }
    match File::create_new(path) {
        Ok(mut file) => {
            file.write_all(EXPLAINED.as_bytes()).with_context(|| format!("cannot write {}", path.display()))
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => bail!("{} is there already", path.display()),
        Err(error) => Err(error).with_context(|| format!("cannot write {}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_understood_and_so_is_each_line_that_it_explains() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("agtop/config.toml");
        init(&path).unwrap();
        assert!(Config::load(Some(&path), &path).is_ok());
        assert!(init(&path).is_err(), "a second time it is there already");
        let set: String =
            EXPLAINED.lines().map(|line| line.strip_prefix("#:").unwrap_or(line).to_owned() + "\n").collect();
        fs::write(&path, set).unwrap();
        Config::load(Some(&path), &path).unwrap();
    }
}
