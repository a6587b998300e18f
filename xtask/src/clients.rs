//! The README's table of what agtop knows of each agent, from what the clients declare.

use std::fs;
use std::path::{Path, PathBuf};

use agtop_clients::{Client, Knowledge, Known, clients};
use anyhow::{Context, Result, bail};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Write nothing; fail if the README does not hold the table that would be written
    #[arg(long)]
    check: bool,
}

/// The marks around the table in the README.
const BEGIN: &str = "<!-- made by cargo xtask clients: begin -->\n";
const END: &str = "<!-- made by cargo xtask clients: end -->\n";

pub(crate) fn run(args: &Args) -> Result<()> {
    let path = readme();
    let written = fs::read_to_string(&path)?;
    let made = with_table(&written, &table())?;
    if !args.check {
        return fs::write(&path, made).context("the README cannot be written");
    }
    if made != written {
        bail!("the README's table of agents is out of date: run cargo xtask clients");
    }
    Ok(())
}

fn readme() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")
}

/// The text with the table between its marks.
fn with_table(text: &str, table: &str) -> Result<String> {
    let (before, rest) = text.split_once(BEGIN).context("the README does not say where the table begins")?;
    let (_, after) = rest.split_once(END).context("the README does not say where the table ends")?;
    Ok(format!("{before}{BEGIN}{table}{END}{after}"))
}

/// The agents whose files are read; of the others nothing is known but their processes.
fn table() -> String {
    let aspects = Knowledge::NONE.aspects().map(|(aspect, _)| aspect);
    let head = format!("| agent | {} |\n|---|{}\n", aspects.join(" | "), "---|".repeat(aspects.len()));
    let is_read = |client: &&dyn Client| agtop_clients::CLIENTS.iter().any(|read| read.info().id == client.info().id);
    clients().filter(is_read).map(line).fold(head, |text, line| text + &line)
}

fn line(client: &dyn Client) -> String {
    let info = client.info();
    let cells = info.knowledge.aspects().map(|(_, known)| match known {
        Known::Yes => "yes".to_owned(),
        Known::Partly(gap) => format!("partly: {gap}"),
        Known::No => "-".to_owned(),
    });
    format!("| {} | {} |\n", info.name, cells.join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_holds_the_table() -> Result<()> {
        run(&Args { check: true })
    }

    #[test]
    fn only_what_is_between_the_marks_is_written() -> Result<()> {
        let text = format!("a\n{BEGIN}old\n{END}b\n");
        assert_eq!(with_table(&text, "new\n")?, format!("a\n{BEGIN}new\n{END}b\n"));
        assert!(with_table("a\n", "new\n").is_err());
        Ok(())
    }

    #[test]
    fn every_line_has_as_many_cells_as_the_head() {
        let bars: Vec<usize> = table().lines().map(|line| line.matches('|').count()).collect();
        assert!(bars.iter().all(|&count| count == bars[0]), "{bars:?}");
    }
}
