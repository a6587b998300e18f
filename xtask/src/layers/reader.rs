//! Reads the modules of a crate, file by file.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use syn::visit::Visit as _;

use super::modules::{Module, ModuleFile, ModuleId, ModuleTree};
use super::test_code;
use super::visitor::ModuleVisitor;

/// Reads the files of a crate into a tree.
struct Reader<'a> {
    /// The crate's `src`: files are named as they lie below it.
    source: &'a Path,
    tree: ModuleTree,
}

/// Reads a crate from its root file on.
pub(super) fn read(source: &Path, root: &Path) -> Result<ModuleTree> {
    let mut reader = Reader { source, tree: ModuleTree::default() };
    reader.file(root, None, root.parent().unwrap_or(source))?;
    Ok(reader.tree)
}

impl Reader<'_> {
    /// Reads a file as a module, and then the files of the modules that it declares, which lie in `directory`.
    fn file(&mut self, file: &Path, parent: Option<ModuleId>, directory: &Path) -> Result<ModuleId> {
        let text = fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
        let parsed = syn::parse_file(&text).with_context(|| format!("{} is no Rust", file.display()))?;
        let parts = file.strip_prefix(self.source).unwrap_or(file).iter().map(|part| part.to_string_lossy());
        let name = parts.collect::<Vec<_>>().join("/");
        let id = self.tree.add(Module { file: name, parent, ..Module::default() });
        if test_code::is_marked(&parsed.attrs) {
            return Ok(id);
        }
        let mut visitor = ModuleVisitor::new(&mut self.tree, id);
        visitor.visit_file(&parsed);
        for declared in visitor.finish() {
            let around = declared.around.iter().fold(directory.to_owned(), |path, name| path.join(name));
            let (path, children) = module_file(file, &around, &declared);
            let child = self.file(&path, Some(declared.parent), &children)?;
            self.tree.modules[declared.parent].children.insert(declared.name, child);
        }
        Ok(id)
    }
}

/// The file of a module, and the directory in which the files of its own modules lie.
fn module_file(declaring: &Path, directory: &Path, declared: &ModuleFile) -> (PathBuf, PathBuf) {
    if let Some(path) = &declared.path {
        let file = declaring.parent().unwrap_or(directory).join(path);
        let children = file.parent().unwrap_or(directory).to_owned();
        return (file, children);
    }
    let children = directory.join(&declared.name);
    let flat = directory.join(format!("{}.rs", declared.name));
    let file = if flat.is_file() { flat } else { children.join("mod.rs") };
    (file, children)
}
