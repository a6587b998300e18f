//! `agtop completions` and `agtop man`: what packages install beside the program.

use std::fs;
use std::io::Write;

use anyhow::{Context, Result};

use crate::plan::ManPlan;
use crate::reference;

/// Prints the manual page of agtop, or writes all of them.
pub(super) fn run(plan: &ManPlan, out: &mut dyn Write) -> Result<()> {
    match plan {
        ManPlan::MainPage => out.write_all(reference::main_page()?.as_bytes())?,
        ManPlan::Markdown => out.write_all(reference::document().as_bytes())?,
        ManPlan::AllPages(directory) => {
            fs::create_dir_all(directory).with_context(|| format!("cannot create {}", directory.display()))?;
            for page in reference::pages()? {
                let path = directory.join(&page.file_name);
                fs::write(&path, page.text).with_context(|| format!("cannot write {}", path.display()))?;
            }
        }
    }
    Ok(())
}
