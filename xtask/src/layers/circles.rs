//! Circles of files: sets in which each file uses each other, directly or through others.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::edges::{FileGraph, edge_line};

/// All circles as text, the largest first, with the edges in them; nothing if there are none.
pub(super) fn report(graph: &FileGraph) -> String {
    circles(graph).iter().fold(String::new(), |text, circle| text + &report_of(graph, circle))
}

fn report_of(graph: &FileGraph, circle: &BTreeSet<&str>) -> String {
    let files: Vec<&str> = circle.iter().copied().collect();
    let mut text = format!("circle of {} files: {}\n", files.len(), files.join(", "));
    let back = edges_back(graph, circle);
    for &file in circle {
        for (used, items) in graph.uses(file).filter(|(used, _)| circle.contains(used)) {
            let mark = if back.contains(&(file, used)) { "cut?" } else { "" };
            // Writing to a string does not fail.
            let _ = writeln!(text, "  {mark:<4} {}", edge_line(file, used, items));
        }
    }
    text
}

/// The strongly connected components of more than one file, the largest first.
fn circles(graph: &FileGraph) -> Vec<BTreeSet<&str>> {
    let mut search = Search { graph, state: BTreeMap::new(), path: Vec::new(), circles: Vec::new() };
    for file in graph.files() {
        if !search.state.contains_key(file) {
            search.visit(file);
        }
    }
    search.circles.sort_by_key(|circle| std::cmp::Reverse(circle.len()));
    search.circles
}

/// Tarjan's search for strongly connected components.
struct Search<'a> {
    graph: &'a FileGraph,
    state: BTreeMap<&'a str, Visit>,
    /// The files of components that are not complete.
    path: Vec<&'a str>,
    circles: Vec<BTreeSet<&'a str>>,
}

struct Visit {
    number: usize,
    is_on_path: bool,
}

impl<'a> Search<'a> {
    /// Returns the least number that can be reached from a file.
    fn visit(&mut self, file: &'a str) -> usize {
        let number = self.state.len();
        self.state.insert(file, Visit { number, is_on_path: true });
        self.path.push(file);
        let mut lowest = number;
        for (used, _) in self.graph.uses(file) {
            let reached = match self.state.get(used) {
                None => self.visit(used),
                Some(visit) if visit.is_on_path => visit.number,
                Some(_) => continue,
            };
            lowest = lowest.min(reached);
        }
        if lowest == number {
            self.complete(file);
        }
        lowest
    }

    /// Takes a component, whose first file this is, from the path.
    fn complete(&mut self, first: &str) {
        let at = self.path.iter().rposition(|&file| file == first).unwrap_or_default();
        let component: BTreeSet<&str> = self.path.drain(at..).collect();
        for file in &component {
            if let Some(visit) = self.state.get_mut(file) {
                visit.is_on_path = false;
            }
        }
        if component.len() > 1 {
            self.circles.push(component);
        }
    }
}

/// Edges that open a circle if they go: those that lead back in an order of the files in which few do (the heuristic of
/// Eades, Lin and Smyth). A hint, not the least set.
fn edges_back<'a>(graph: &'a FileGraph, circle: &BTreeSet<&'a str>) -> BTreeSet<(&'a str, &'a str)> {
    let inside = |file: &'a str, left: &BTreeSet<&str>| {
        graph.uses(file).filter(|(used, _)| left.contains(used)).collect::<Vec<_>>()
    };
    let (mut left, mut first, mut last) = (circle.clone(), Vec::new(), Vec::new());
    while !left.is_empty() {
        // How much each file uses, less how much of it is used.
        let mut weights: BTreeMap<&str, (usize, usize)> = left.iter().map(|&file| (file, (0, 0))).collect();
        for &file in &left {
            for (used, items) in inside(file, &left) {
                weights.entry(file).or_default().0 += items.len();
                weights.entry(used).or_default().1 += items.len();
            }
        }
        let lowest = weights.iter().find(|(_, (uses, _))| *uses == 0);
        let highest = weights.iter().max_by_key(|(_, (uses, used))| uses.cast_signed() - used.cast_signed());
        let Some(file) = lowest.or(highest).map(|(&file, _)| file) else { break };
        if lowest.is_some() {
            last.push(file);
        } else {
            first.push(file);
        }
        left.remove(file);
    }
    first.extend(last.into_iter().rev());
    let place: BTreeMap<&str, usize> = first.iter().enumerate().map(|(at, &file)| (file, at)).collect();
    let edges = circle.iter().flat_map(|&file| inside(file, circle).into_iter().map(move |(used, _)| (file, used)));
    edges.filter(|(file, used)| place.get(file) > place.get(used)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(&str, &str)]) -> FileGraph {
        let mut graph = FileGraph::default();
        for (from, to) in edges {
            graph.add_edge(from, to, "Item".to_owned());
        }
        graph
    }

    #[test]
    fn files_in_layers_have_no_circle() {
        assert_eq!(report(&graph(&[("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")])), "");
    }

    #[test]
    fn circles_come_the_largest_first_with_the_edges_inside() {
        let edges = [("a", "b"), ("b", "a"), ("b", "c"), ("c", "d"), ("d", "e"), ("e", "c"), ("e", "f")];
        let report = report(&graph(&edges));
        let heads: Vec<_> = report.lines().filter(|line| line.starts_with("circle")).collect();
        assert_eq!(heads, ["circle of 3 files: c, d, e", "circle of 2 files: a, b"]);
        assert_eq!(report.lines().count(), 2 + 3 + 2, "{report}");
        assert!(!report.contains("-> f"), "no circle leads through f");
    }

    #[test]
    fn a_file_that_is_reached_on_two_ways_is_in_no_circle() {
        assert_eq!(report(&graph(&[("a", "c"), ("b", "a"), ("b", "c"), ("c", "d")])), "");
    }

    #[test]
    fn without_the_edges_that_are_marked_the_circle_is_open() {
        let edges = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "b"), ("d", "a"), ("c", "d")];
        let graph = graph(&edges);
        let found = circles(&graph);
        let back = edges_back(&graph, &found[0]);
        let mut rest = FileGraph::default();
        for (from, to) in edges.iter().filter(|edge| !back.contains(edge)) {
            rest.add_edge(from, to, "Item".to_owned());
        }
        assert_eq!(report(&rest), "");
        assert!(back.len() < edges.len() / 2, "{back:?}");
    }
}
