//! Finds the uses of one file's items by another file of the same crate.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::modules::{ModuleId, ModuleTree};

/// The files of a crate, and the items for which one needs another. A `mod` line and a re-export are no use, and neither
/// are methods: whose they are only a compiler knows.
#[derive(Default)]
pub(super) struct FileGraph {
    edges: BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
}

/// What a path leads to.
#[derive(Clone, PartialEq, Eq)]
enum Target {
    Module(ModuleId),
    /// An item of a module.
    Item(ModuleId, String),
}

/// Which of a module and an item of the same name is meant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Position {
    Inside,
    Last,
}

/// The names that were looked up on the way to a target: imports may lead back to where they began.
type Visited<'a> = BTreeSet<(ModuleId, &'a str, Position)>;

impl FileGraph {
    pub(super) fn add(&mut self, tree: &ModuleTree) {
        for (id, module) in tree.modules.iter().enumerate() {
            let globs = module.globs.iter();
            for path in module.mentions.iter().chain(globs) {
                for (owner, item) in tree.items(id, path) {
                    self.add_edge(&module.file, &tree.modules[owner].file, item);
                }
            }
        }
    }

    pub(super) fn add_edge(&mut self, from: &str, to: &str, item: String) {
        if from != to {
            self.edges.entry(from.to_owned()).or_default().entry(to.to_owned()).or_default().insert(item);
            self.edges.entry(to.to_owned()).or_default();
        }
    }

    pub(super) fn files(&self) -> impl Iterator<Item = &str> {
        self.edges.keys().map(String::as_str)
    }

    /// The files that a file uses, and the items for which it does.
    pub(super) fn uses(&self, file: &str) -> impl Iterator<Item = (&str, &BTreeSet<String>)> {
        self.edges.get(file).into_iter().flatten().map(|(used, items)| (used.as_str(), items))
    }
}

impl fmt::Display for FileGraph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for file in self.files() {
            for (used, items) in self.uses(file) {
                writeln!(f, "{}", edge_line(file, used, items))?;
            }
        }
        Ok(())
    }
}

/// An edge as text: `collector.rs -> world.rs: World`.
pub(super) fn edge_line(file: &str, used: &str, items: &BTreeSet<String>) -> String {
    let items: Vec<_> = items.iter().map(String::as_str).collect();
    format!("{file} -> {used}: {}", items.join(", "))
}

impl ModuleTree {
    /// The items to which a path leads that stands in a module: one, or one for each platform.
    fn items(&self, module: ModuleId, path: &[String]) -> Vec<(ModuleId, String)> {
        let targets = self.resolve(module, path, &mut Visited::new()).into_iter().filter_map(|target| match target {
            Target::Item(owner, name) => Some((owner, name)),
            Target::Module(_) => None,
        });
        let mut items: Vec<_> = targets.collect();
        if let ([name], true) = (path, items.is_empty()) {
            items.extend(self.macros.get(name).map(|&owner| (owner, format!("{name}!"))));
        }
        items
    }

    fn resolve<'a>(&'a self, module: ModuleId, path: &'a [String], visited: &mut Visited<'a>) -> Vec<Target> {
        let Some((first, mut rest)) = path.split_first() else { return Vec::new() };
        let mut reached = match first.as_str() {
            "crate" => vec![Target::Module(0)],
            "self" => vec![Target::Module(module)],
            "super" => self.modules[module].parent.map(Target::Module).into_iter().collect(),
            name => self.look_up(module, name, position(rest), visited),
        };
        while let Some((name, after)) = rest.split_first() {
            rest = after;
            reached = reached.into_iter().flat_map(|target| self.step(target, name, position(rest), visited)).collect();
        }
        reached
    }

    /// What a name means after a target. What an item has is part of the item.
    fn step<'a>(&'a self, target: Target, name: &'a str, position: Position, visited: &mut Visited<'a>) -> Vec<Target> {
        match target {
            Target::Module(module) if name == "super" => {
                self.modules[module].parent.map(Target::Module).into_iter().collect()
            }
            Target::Module(module) => self.look_up(module, name, position, visited),
            item @ Target::Item(..) => vec![item],
        }
    }

    /// What a name means in a module.
    fn look_up<'a>(
        &'a self,
        id: ModuleId,
        name: &'a str,
        position: Position,
        visited: &mut Visited<'a>,
    ) -> Vec<Target> {
        if !visited.insert((id, name, position)) {
            return Vec::new();
        }
        let module = &self.modules[id];
        let child = module.children.get(name).map(|&child| Target::Module(child));
        let item = module.items.get(name).map(|name| Target::Item(id, name.clone()));
        let own = match position {
            Position::Inside => child.or(item),
            Position::Last => item.or(child),
        };
        if let Some(own) = own {
            return vec![own];
        }
        let mut found = Vec::new();
        for path in module.imports.get(name).into_iter().flatten() {
            found.extend(self.resolve(id, path, visited));
        }
        if found.is_empty() {
            for path in &module.globs {
                for target in self.resolve(id, path, &mut Visited::new()) {
                    if let Target::Module(module) = target {
                        found.extend(self.look_up(module, name, position, visited));
                    }
                }
            }
        }
        found
    }
}

fn position(rest: &[String]) -> Position {
    if rest.is_empty() { Position::Last } else { Position::Inside }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The edges of a crate that is made of these files.
    fn edges(files: &[(&str, &str)]) -> String {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = directory.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let mut graph = FileGraph::default();
        graph.add(&crate::layers::reader::read(directory.path(), &directory.path().join("lib.rs")).unwrap());
        graph.to_string()
    }

    #[test]
    fn a_module_line_is_no_edge_and_imports_are() {
        let files = [
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "use crate::b::{self, Cell as Field, deep::Row}; fn f(_: Field, _: Row) { b::draw() }"),
            ("b/mod.rs", "pub mod deep; pub struct Cell; pub fn draw() {}"),
            ("b/deep.rs", "pub struct Row; fn f() -> super::Cell { self::g() } fn g() -> super::Cell { todo!() }"),
        ];
        let expected = "a.rs -> b/deep.rs: Row\na.rs -> b/mod.rs: Cell, draw\nb/deep.rs -> b/mod.rs: Cell\n";
        assert_eq!(edges(&files), expected);
    }

    #[test]
    fn a_reexport_is_followed_to_the_item_and_is_no_use_itself() {
        let files = [
            ("lib.rs", "mod a; mod b; pub use b::Cell; pub use a::*;"),
            ("a.rs", "pub struct Row(crate::Cell); pub fn walk() {}"),
            ("b.rs", "mod c; pub use self::c::Inner as Cell; fn f() { crate::walk() }"),
            ("b/c.rs", "pub struct Inner;"),
        ];
        assert_eq!(edges(&files), "a.rs -> b/c.rs: Inner\nb.rs -> a.rs: walk\n");
    }

    #[test]
    fn a_glob_brings_the_names_that_are_used() {
        let files = [
            ("lib.rs", "mod a; mod b; fn root() {}"),
            ("a.rs", "pub enum Kind { One } pub fn new() {} pub fn len() {}"),
            ("b.rs", "use crate::a::*; use super::*; fn f(len: usize) { new(); root(); len + 1 }"),
        ];
        assert_eq!(edges(&files), "b.rs -> a.rs: new\nb.rs -> lib.rs: root\n");
    }

    #[test]
    fn a_variant_is_part_of_its_enum() {
        let files = [
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "pub enum Kind { One }"),
            ("b.rs", "fn f() { use super::a::Kind::*; matches!(x, crate::a::Kind::One) }"),
        ];
        assert_eq!(edges(&files), "b.rs -> a.rs: Kind\n");
    }

    #[test]
    fn what_only_tests_use_is_left_out() {
        let files = [
            ("lib.rs", "mod a; mod b; #[cfg(test)] mod testing;"),
            ("a.rs", "pub struct Cell; #[cfg(test)] mod tests { use crate::b::Row; }"),
            ("b.rs", "pub struct Row; impl Row { #[cfg(test)] fn cell(&self) -> crate::a::Cell {} }"),
            ("testing.rs", "use crate::a::Cell;"),
        ];
        assert_eq!(edges(&files), "");
    }

    #[test]
    fn macros_attributes_and_modules_within_a_file_are_seen() {
        let files = [
            ("lib.rs", "#[macro_use] mod a; mod b; mod c;"),
            ("a.rs", "macro_rules! table { () => { $crate::c::Row } }"),
            ("b.rs", "mod inner { fn f() { table!(); vec![crate::c::row()] } }"),
            ("c.rs", "pub struct Row { #[serde(with = \"crate::b::inner::f\")] at: u8 } pub fn row() {}"),
        ];
        assert_eq!(edges(&files), "a.rs -> c.rs: Row\nb.rs -> a.rs: table!\nb.rs -> c.rs: row\nc.rs -> b.rs: f\n");
    }

    #[test]
    fn other_crates_and_imports_in_a_circle_lead_nowhere() {
        let files = [
            ("lib.rs", "mod a; mod b; use std::fmt; fn f() -> fmt::Result { ::a::f() }"),
            ("a.rs", "pub use super::b::Name; fn f(_: Name) {}"),
            ("b.rs", "pub use super::a::Name; fn f(_: Name) {}"),
        ];
        assert_eq!(edges(&files), "");
    }
}
