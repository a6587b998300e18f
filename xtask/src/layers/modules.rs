//! The modules of a crate: the file of each, what it declares, what it imports, and which paths its code names.

use std::collections::{BTreeMap, BTreeSet};

use syn::ext::IdentExt as _;

/// The segments of a path, as they are written: `["super", "cache", "CachedFile"]`.
pub(super) type Segments = Vec<String>;

/// The index of a module in its tree.
pub(super) type ModuleId = usize;

/// All modules of a crate that belong to the product.
#[derive(Default)]
pub(super) struct ModuleTree {
    /// The root is the first.
    pub(super) modules: Vec<Module>,
    /// Where each `macro_rules!` of the crate is declared: they are known by their bare names.
    pub(super) macros: BTreeMap<String, ModuleId>,
}

/// A module, in a file of its own or within one.
#[derive(Default)]
pub(super) struct Module {
    /// Below the crate's `src`, with `/` between its parts.
    pub(super) file: String,
    pub(super) parent: Option<ModuleId>,
    pub(super) children: BTreeMap<String, ModuleId>,
    /// The names of the items that stand here.
    pub(super) items: BTreeSet<String>,
    /// The names that `use` brings, each with what it stands for; the same name may stand for something else on another
    /// platform.
    pub(super) imports: BTreeMap<String, Vec<Segments>>,
    /// The modules, or enums, from which `use` brings all names.
    pub(super) globs: Vec<Segments>,
    /// The paths that the code names. A re-export is none: it uses nothing itself.
    pub(super) mentions: BTreeSet<Segments>,
}

/// A module that is declared, and is to be read from a file.
pub(super) struct ModuleFile {
    pub(super) name: String,
    /// What `#[path]` says.
    pub(super) path: Option<String>,
    /// The modules within the declaring file that stand around the declaration, from the outermost.
    pub(super) around: Vec<String>,
    pub(super) parent: ModuleId,
}

impl ModuleTree {
    pub(super) fn add(&mut self, module: Module) -> ModuleId {
        self.modules.push(module);
        self.modules.len() - 1
    }
}

/// A name without the `r#` that a keyword needs.
pub(super) fn plain(name: &syn::Ident) -> String {
    name.unraw().to_string()
}
