//! The pictures of the documents: the screen of the demo, drawn as SVG without a terminal, and a recording of it.
//!
//! The demo is the same at each run, so the files change only with the screen.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use self::recording::Recording;
use self::scene::SCENES;
use crate::generated::{self, MadeFiles};

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
    let pictures = pictures()?;
    if !args.check {
        return generated::write(root, &pictures);
    }
    let old = generated::outdated(root, &pictures);
    ensure!(
        old.is_empty(),
        "not as the screen draws them: {}; `cargo xtask pictures` draws them again",
        old.join(", ")
    );
    Ok(())
}

/// Each picture, and the recording.
fn pictures() -> Result<MadeFiles> {
    let mut files = MadeFiles::new();
    let mut add = |name: &str, content: String| files.insert(format!("{DIRECTORY}/{name}"), content.into_bytes());
    for scene in SCENES {
        add(&format!("{}.svg", scene.name), svg::picture(&scene.draw()?, scene.ground()));
    }
    let recording = Recording::of_the_demo()?;
    add("demo.svg", recording.svg());
    add("demo.cast", recording.cast()?);
    Ok(files)
}
