//! `agtop config`: the configuration file.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::args::ConfigCommand;
use crate::config::{ConfigFile, unknown_names};
use crate::plan::ConfigPlan;
use crate::{config_schema, stderr};

/// The exit code of `check` for an invalid configuration.
const EXIT_INVALID: u8 = 1;

/// Prints the path of the configuration file, writes the file, or checks it.
pub(super) fn run(plan: &ConfigPlan, out: &mut dyn Write) -> Result<ExitCode> {
    let path = &plan.path;
    match plan.task {
        ConfigCommand::Path => writeln!(out, "{}", path.display())?,
        ConfigCommand::Init => {
            init(path)?;
            writeln!(out, "wrote {}", path.display())?;
        }
        ConfigCommand::Schema => writeln!(out, "{:#}", config_schema::schema())?,
        ConfigCommand::Check if !path.exists() => {
            writeln!(out, "{}: no such file; the defaults are used", path.display())?;
        }
        ConfigCommand::Check => {
            if let Err(error) = ConfigFile::load(Some(path), path) {
                stderr::print_message(format_args!("{error:#}"));
                return Ok(ExitCode::from(EXIT_INVALID));
            }
            let unknown = unknown_names(path)?;
            unknown.iter().for_each(stderr::print_message);
            if !unknown.is_empty() {
                return Ok(ExitCode::from(EXIT_INVALID));
            }
            writeln!(out, "{}: valid", path.display())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A file that explains every key and sets none.
const TEMPLATE: &str = include_str!("config.toml");

/// Writes the template. An existing file is never overwritten.
fn init(path: &Path) -> Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).with_context(|| format!("cannot create {}", directory.display()))?;
    }
    match File::create_new(path) {
        Ok(mut file) => file.write_all(TEMPLATE.as_bytes()).with_context(|| format!("cannot write {}", path.display())),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => bail!("{} exists already", path.display()),
        Err(error) => Err(error).with_context(|| format!("cannot write {}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_valid_with_and_without_its_examples() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("agtop/config.toml");
        init(&path).unwrap();
        assert!(ConfigFile::load(Some(&path), &path).is_ok());
        assert!(init(&path).is_err(), "the file exists");
        assert!(TEMPLATE.starts_with("#:schema https://"), "the first line is for editors");
        let set: String =
            TEMPLATE.lines().skip(1).map(|line| line.strip_prefix("#:").unwrap_or(line).to_owned() + "\n").collect();
        fs::write(&path, set).unwrap();
        ConfigFile::load(Some(&path), &path).unwrap();
    }
}
