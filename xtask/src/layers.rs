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
#[rustfmt::skip]
const CRATES_WITH_CIRCLES: &[&str] = &[
    "cli",
    "clients",
    "collect",
    "hooks",
    "os",
    "render",
    "tui",
];

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

#[expect(clippy::print_stdout, reason = "the graph is what this task was asked for")]
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

<<<<<<< HEAD
#[cfg(test)]
mod tests {
    use super::*;

    fn edge(from: &str, to: &str, kind: Kind) -> Edge {
        Edge { from: from.to_owned(), to: to.to_owned(), kind }
    }

    fn crates(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn an_edge_that_jumps_a_layer_is_named() {
        let edges = BTreeSet::from([
            edge("agtop-output", "agtop-model", Kind::Product),
            edge("agtop-output", "agtop-collect", Kind::Product),
            edge("agtop-model", "agtop-os", Kind::Product),
            edge("agtop", "xtask", Kind::Product),
        ]);
        let names = crates(&["agtop", "agtop-output", "agtop-model"]);
        assert_eq!(
            faults(&names, &edges),
            ["agtop -> xtask", "agtop-model -> agtop-os", "agtop-output -> agtop-collect"]
        );
    }

    #[test]
    fn the_testkit_is_for_tests_only() {
        let names = crates(&["agtop-collect"]);
        let in_tests = BTreeSet::from([edge("agtop-collect", TESTKIT, Kind::Tests)]);
        assert!(faults(&names, &in_tests).is_empty());
        let in_product = BTreeSet::from([edge("agtop-collect", TESTKIT, Kind::Product)]);
        assert_eq!(faults(&names, &in_product), ["agtop-collect -> agtop-testkit"]);
        assert!(is_allowed(&edge("xtask", TESTKIT, Kind::Product)), "chores write test data");
    }

    #[test]
    fn tests_may_not_jump_layers_either() {
        let edges = BTreeSet::from([edge("agtop-clients", "agtop-os", Kind::Tests)]);
        assert_eq!(faults(&crates(&["agtop-clients"]), &edges), ["agtop-clients -> agtop-os (in tests)"]);
    }

    #[test]
    fn a_crate_without_a_layer_is_named() {
        let edges = BTreeSet::from([edge("agtop-new", "agtop-model", Kind::Product)]);
        let faults = faults(&crates(&["agtop-new", "agtop-model"]), &edges);
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults.iter().all(|fault| fault.starts_with("agtop-new ")));
    }

    #[test]
    fn every_layer_stands_on_layers_before_it() {
        for (at, layer) in LAYERS.iter().enumerate() {
            let before: Vec<_> = LAYERS.iter().take(at).map(|layer| layer.name).collect();
            assert!(
                layer.below.iter().all(|below| before.contains(below)),
                "{} is not above all of its own",
                layer.name
            );
        }
    }

    #[test]
    fn the_graph_shows_what_only_tests_need_in_brackets() {
        let edges = BTreeSet::from([edge("b", "a", Kind::Product), edge("b", TESTKIT, Kind::Tests)]);
        assert_eq!(drawn(&crates(&["a", "b"]), &edges), "a\nb -> a, [agtop-testkit]\n");
    }
=======
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
>>>>>>> house
}
