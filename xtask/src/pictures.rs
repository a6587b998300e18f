//! The pictures of the documents: the screen of the demo, drawn as SVG without a terminal, and a recording of it.
//!
//! The demo is the same at each run, so the files change only with the screen.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use self::recording::Recording;
use self::scene::SCENES;

mod recording;
mod scene;
mod svg;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Compare the pictures with what would be drawn, instead of writing them
    #[arg(long)]
    check: bool,
}

/// Where the pictures lie, relative to the workspace.
const DIRECTORY: &str = "docs/pictures";

pub(crate) fn run(args: &Args) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask lies in the workspace")?;
    let directory = root.join(DIRECTORY);
    let files = files()?;
    if args.check { check(&directory, &files) } else { write(&directory, &files) }
}

/// Each file with its content.
fn files() -> Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    for scene in SCENES {
        files.push((format!("{}.svg", scene.name), svg::picture(&scene.draw()?, scene.ground())));
    }
    let recording = Recording::of_the_demo()?;
    files.push(("demo.svg".to_owned(), recording.svg()));
    files.push(("demo.cast".to_owned(), recording.cast()?));
    Ok(files)
}

fn write(directory: &Path, files: &[(String, String)]) -> Result<()> {
    fs::create_dir_all(directory)?;
    for (name, content) in files {
        let path = directory.join(name);
        fs::write(&path, content).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

fn check(directory: &Path, files: &[(String, String)]) -> Result<()> {
    let is_old =
        |(name, content): &&(String, String)| fs::read_to_string(directory.join(name)).ok().as_ref() != Some(content);
    let old: Vec<&str> = files.iter().filter(is_old).map(|(name, _)| &**name).collect();
    if old.is_empty() {
        return Ok(());
    }
    bail!("not as the screen draws them: {}; `cargo xtask pictures` draws them again", old.join(", "))
}
