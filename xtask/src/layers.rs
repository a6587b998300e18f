//! The layers of the workspace: which crate may depend on which, and that no files of a crate depend on one another in
//! a circle.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use cargo_metadata::{Metadata, MetadataCommand, Package, TargetKind};

use self::edges::FileGraph;

mod circles;
mod crates;
mod edges;
mod modules;
mod reader;
mod test_code;
mod tokens;
mod visitor;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Fail and name each dependency that jumps a layer, and each circle of files
    #[arg(long)]
    check: bool,
    /// Print which file of a crate uses which other, and the circles; of all crates if none is named
    #[arg(long, value_name = "CRATE", num_args = 0..=1, default_missing_value = ALL_CRATES, conflicts_with = "check")]
    modules: Option<String>,
}

/// What `--modules` means without a name.
const ALL_CRATES: &str = "all";

/// The crates, by their directories, whose files still depend on one another in circles. The check fails on a crate
/// that is listed without need, so that none comes back.
const CRATES_WITH_CIRCLES: &[&str] = &[];

pub(crate) fn run(args: &Args) -> Result<()> {
    let metadata = MetadataCommand::new().no_deps().exec()?;
    if let Some(wanted) = &args.modules {
        return print_modules(&metadata, wanted);
    }
    if !args.check {
        print(&crates::draw(&metadata));
        return Ok(());
    }
    let mut faults = crates::faults(&metadata);
    for package in metadata.workspace_packages() {
        faults.extend(circle_fault(package)?);
    }
    if !faults.is_empty() {
        bail!("the layers are broken:\n{}", faults.join("\n"));
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the graph is the output of this task")]
fn print(text: &str) {
    print!("{text}");
}

fn print_modules(metadata: &Metadata, wanted: &str) -> Result<()> {
    let packages = metadata.workspace_packages();
    let mut chosen =
        packages.into_iter().filter(|package| wanted == ALL_CRATES || directory(package) == wanted).peekable();
    if chosen.peek().is_none() {
        bail!("no crate lies in a directory called {wanted}");
    }
    for package in chosen {
        let graph = file_graph(package)?;
        print(&format!("# {}\n{graph}{}\n", directory(package), circles::report(&graph)));
    }
    Ok(())
}

/// A sentence if the crate has circles that are not listed, or is listed and has none.
fn circle_fault(package: &Package) -> Result<Option<String>> {
    let name = directory(package);
    let report = circles::report(&file_graph(package)?);
    Ok(match (report.is_empty(), CRATES_WITH_CIRCLES.contains(&name)) {
        (true, true) => {
            Some(format!("{name} has no circle any more: delete it from CRATES_WITH_CIRCLES in xtask/src/layers.rs"))
        }
        (false, false) => Some(format!("files of {name} depend on one another in a circle:\n{report}")),
        _ => None,
    })
}

/// The name of the directory that holds a crate.
fn directory(package: &Package) -> &str {
    package.manifest_path.parent().and_then(|directory| directory.file_name()).unwrap_or_default()
}

/// What the files of a crate use of one another, in the code that is no test.
fn file_graph(package: &Package) -> Result<FileGraph> {
    let directory =
        package.manifest_path.parent().with_context(|| format!("{} lies nowhere", package.manifest_path))?;
    let source = directory.join("src");
    let mut graph = FileGraph::default();
    let kinds = [TargetKind::Lib, TargetKind::Bin, TargetKind::ProcMacro];
    for target in package.targets.iter().filter(|target| target.kind.iter().any(|kind| kinds.contains(kind))) {
        let root: PathBuf = Path::new(target.src_path.as_str()).to_owned();
        graph.add(&reader::read(source.as_std_path(), &root)?);
    }
    Ok(graph)
}
