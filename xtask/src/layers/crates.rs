//! Which crate of this workspace may know which other: the layers of the design, checked over `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata};

/// A crate, and the crates on which it may depend. Some of them do not exist yet.
struct Layer {
    name: &'static str,
    below: &'static [&'static str],
}

/// The crates, from the lowest layer up. Any crate may depend on `testkit`, but in tests only.
const LAYERS: [Layer; 18] = [
    Layer { name: "agtop-model", below: &[] },
    Layer { name: "agtop-prices", below: &["agtop-model"] },
    Layer { name: "agtop-os", below: &["agtop-model"] },
    Layer { name: "agtop-clients", below: &["agtop-model"] },
    Layer { name: "agtop-ledger", below: &["agtop-model", "agtop-os"] },
    Layer { name: "agtop-hooks", below: &["agtop-model", "agtop-os", "agtop-clients"] },
    Layer {
        name: "agtop-collect",
        below: &["agtop-model", "agtop-os", "agtop-clients", "agtop-prices", "agtop-ledger", "agtop-hooks"],
    },
    Layer { name: "agtop-format", below: &["agtop-model"] },
    Layer { name: "agtop-demo", below: &["agtop-model"] },
    Layer { name: "agtop-query", below: &["agtop-model", "agtop-demo"] },
    Layer { name: "agtop-alerts", below: &["agtop-model", "agtop-format", "agtop-demo", "agtop-query"] },
    Layer { name: "agtop-report", below: &["agtop-model", "agtop-format", "agtop-demo"] },
    Layer {
        name: "agtop-output",
        below: &["agtop-model", "agtop-format", "agtop-demo", "agtop-query", "agtop-alerts", "agtop-report"],
    },
    Layer {
        name: "agtop-tui",
        below: &[
            "agtop-model",
            "agtop-format",
            "agtop-demo",
            "agtop-query",
            "agtop-alerts",
            "agtop-report",
            "agtop-output",
        ],
    },
    Layer {
        name: "agtop-serve",
        below: &["agtop-model", "agtop-format", "agtop-query", "agtop-alerts", "agtop-report", "agtop-output"],
    },
    Layer {
        name: "agtop",
        below: &[
            "agtop-model",
            "agtop-prices",
            "agtop-os",
            "agtop-clients",
            "agtop-ledger",
            "agtop-hooks",
            "agtop-collect",
            "agtop-format",
            "agtop-demo",
            "agtop-query",
            "agtop-alerts",
            "agtop-report",
            "agtop-output",
            "agtop-tui",
            "agtop-serve",
        ],
    },
    Layer { name: TESTKIT, below: &[] },
    // Tables and pictures must be made by the code that reads or shows them, so xtask depends on it.
    Layer {
        name: "xtask",
        below: &[TESTKIT, "agtop-prices", "agtop-clients", "agtop-alerts", "agtop-demo", "agtop-tui"],
    },
];

const TESTKIT: &str = "agtop-testkit";

/// One crate of the workspace depends on another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Edge {
    from: String,
    to: String,
    /// For what it is built.
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Product,
    Tests,
}

/// The graph as text.
pub(super) fn draw(metadata: &Metadata) -> String {
    let (crates, edges) = graph(metadata);
    drawn(&crates, &edges)
}

/// A sentence for each crate without a layer and each edge that jumps one.
pub(super) fn faults(metadata: &Metadata) -> Vec<String> {
    let (crates, edges) = graph(metadata);
    faults_of(&crates, &edges)
}

/// The crates of the workspace, and which of them depend on which.
fn graph(metadata: &Metadata) -> (BTreeSet<String>, BTreeSet<Edge>) {
    let packages = metadata.workspace_packages();
    let crates: BTreeSet<String> = packages.iter().map(|package| package.name.to_string()).collect();
    let edges = packages.iter().flat_map(|package| {
        let inside = package.dependencies.iter().filter(|dependency| crates.contains(&dependency.name));
        inside.map(|dependency| Edge {
            from: package.name.to_string(),
            to: dependency.name.clone(),
            kind: if dependency.kind == DependencyKind::Development { Kind::Tests } else { Kind::Product },
        })
    });
    let edges = edges.collect();
    (crates, edges)
}

/// A sentence for each crate without a layer and each edge that jumps one.
fn faults_of(crates: &BTreeSet<String>, edges: &BTreeSet<Edge>) -> Vec<String> {
    let unknown = crates.iter().filter(|name| layer(name).is_none());
    let strangers = unknown.map(|name| format!("{name} has no layer: give it one in xtask/src/layers/crates.rs"));
    let forbidden = edges.iter().filter(|edge| !is_allowed(edge)).map(|Edge { from, to, kind }| match kind {
        Kind::Product => format!("{from} -> {to}"),
        Kind::Tests => format!("{from} -> {to} (in tests)"),
    });
    strangers.chain(forbidden).collect()
}

fn is_allowed(edge: &Edge) -> bool {
    let below = layer(&edge.from).is_some_and(|layer| layer.below.contains(&edge.to.as_str()));
    below || (edge.kind == Kind::Tests && edge.to == TESTKIT)
}

fn layer(name: &str) -> Option<&'static Layer> {
    LAYERS.iter().find(|layer| layer.name == name)
}

/// The graph as text: a line a crate, what only tests need in brackets.
fn drawn(crates: &BTreeSet<String>, edges: &BTreeSet<Edge>) -> String {
    let mut below: BTreeMap<&str, Vec<String>> = crates.iter().map(|name| (name.as_str(), Vec::new())).collect();
    for Edge { from, to, kind } in edges {
        let shown = match kind {
            Kind::Product => to.clone(),
            Kind::Tests => format!("[{to}]"),
        };
        below.entry(from).or_default().push(shown);
    }
    below.into_iter().fold(String::new(), |text, (name, below)| match below.as_slice() {
        [] => text + name + "\n",
        below => text + name + " -> " + &below.join(", ") + "\n",
    })
}

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
            faults_of(&names, &edges),
            ["agtop -> xtask", "agtop-model -> agtop-os", "agtop-output -> agtop-collect"]
        );
    }

    #[test]
    fn the_testkit_is_for_tests_only() {
        let names = crates(&["agtop-collect"]);
        let in_tests = BTreeSet::from([edge("agtop-collect", TESTKIT, Kind::Tests)]);
        assert!(faults_of(&names, &in_tests).is_empty());
        let in_product = BTreeSet::from([edge("agtop-collect", TESTKIT, Kind::Product)]);
        assert_eq!(faults_of(&names, &in_product), ["agtop-collect -> agtop-testkit"]);
        assert!(is_allowed(&edge("xtask", TESTKIT, Kind::Product)), "xtask writes test data");
    }

    #[test]
    fn tests_may_not_jump_layers_either() {
        let edges = BTreeSet::from([edge("agtop-clients", "agtop-os", Kind::Tests)]);
        assert_eq!(faults_of(&crates(&["agtop-clients"]), &edges), ["agtop-clients -> agtop-os (in tests)"]);
    }

    #[test]
    fn a_crate_without_a_layer_is_named() {
        let edges = BTreeSet::from([edge("agtop-new", "agtop-model", Kind::Product)]);
        let faults = faults_of(&crates(&["agtop-new", "agtop-model"]), &edges);
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults.iter().all(|fault| fault.starts_with("agtop-new ")));
    }

    #[test]
    fn every_layer_depends_on_layers_before_it() {
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
}
