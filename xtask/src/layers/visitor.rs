//! What the source of a file says: items, imports, and the paths of its code.

use std::collections::BTreeSet;

use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ImplItem, Item, Lit, Meta, TraitItem, UseTree, Visibility};

use super::modules::{Module, ModuleFile, ModuleId, ModuleTree, Segments, plain};
use super::{test_code, tokens};

/// Goes through a file, and writes what it finds into the tree.
pub(super) struct ModuleVisitor<'a> {
    tree: &'a mut ModuleTree,
    /// The module that the visitor is in.
    module: ModuleId,
    /// The modules within this file around it, from the outermost.
    around: Vec<String>,
    /// How many functions the visitor is in: an item there is none of the module.
    functions: usize,
    /// The names of variables.
    variables: BTreeSet<String>,
    /// Bare names in expressions, each of an item or of a variable.
    bare: BTreeSet<(ModuleId, String)>,
    declared: Vec<ModuleFile>,
}

impl<'a> ModuleVisitor<'a> {
    pub(super) fn new(tree: &'a mut ModuleTree, module: ModuleId) -> Self {
        let (around, variables, bare, declared) = Default::default();
        Self { tree, module, around, functions: 0, variables, bare, declared }
    }

    /// The modules that the file declares and that lie in files of their own.
    pub(super) fn finish(self) -> Vec<ModuleFile> {
        for (module, name) in self.bare {
            if !self.variables.contains(&name) {
                self.tree.modules[module].mentions.insert(vec![name]);
            }
        }
        self.declared
    }

    fn here(&mut self) -> &mut Module {
        &mut self.tree.modules[self.module]
    }

    fn mention(&mut self, path: Segments) {
        self.here().mentions.insert(path);
    }

    fn declare(&mut self, item: &Item) {
        let name = match item {
            Item::Const(item) => &item.ident,
            Item::Enum(item) => &item.ident,
            Item::Fn(item) => &item.sig.ident,
            Item::Static(item) => &item.ident,
            Item::Struct(item) => &item.ident,
            Item::Trait(item) => &item.ident,
            Item::TraitAlias(item) => &item.ident,
            Item::Type(item) => &item.ident,
            Item::Union(item) => &item.ident,
            Item::Macro(syn::ItemMacro { ident: Some(name), .. }) => {
                self.tree.macros.insert(plain(name), self.module);
                return;
            }
            _ => return,
        };
        if self.functions == 0 {
            self.here().items.insert(plain(name));
        }
    }

    /// Notes what a `use` brings. `before` is the path on which the tree hangs.
    fn import(&mut self, tree: &UseTree, before: &[String], is_reexport: bool) {
        let with = |name: &syn::Ident| before.iter().cloned().chain([plain(name)]).collect::<Segments>();
        let (name, path) = match tree {
            UseTree::Path(path) => return self.import(&path.tree, &with(&path.ident), is_reexport),
            UseTree::Group(group) => return group.items.iter().for_each(|item| self.import(item, before, is_reexport)),
            UseTree::Glob(_) => return self.here().globs.push(before.to_vec()),
            UseTree::Name(name) if name.ident == "self" => {
                (before.last().cloned().unwrap_or_default(), before.to_vec())
            }
            UseTree::Name(name) => (plain(&name.ident), with(&name.ident)),
            UseTree::Rename(rename) if rename.ident == "self" => (plain(&rename.rename), before.to_vec()),
            UseTree::Rename(rename) => (plain(&rename.rename), with(&rename.ident)),
        };
        if !is_reexport {
            self.mention(path.clone());
        }
        self.here().imports.entry(name).or_default().push(path);
    }

    /// Goes on in a module that stands within this file, or notes one that has a file.
    fn enter(&mut self, module: &syn::ItemMod) {
        let name = plain(&module.ident);
        let Some((_, items)) = &module.content else {
            let path = module.attrs.iter().find_map(path_attribute);
            self.declared.push(ModuleFile { name, path, around: self.around.clone(), parent: self.module });
            return;
        };
        let file = self.here().file.clone();
        let inner = self.tree.add(Module { file, parent: Some(self.module), ..Module::default() });
        self.here().children.insert(name.clone(), inner);
        let outer = std::mem::replace(&mut self.module, inner);
        self.around.push(name);
        for item in items {
            self.visit_item(item);
        }
        self.around.pop();
        self.module = outer;
    }
}

impl<'ast> Visit<'ast> for ModuleVisitor<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if test_code::is_item(item) {
            return;
        }
        self.declare(item);
        match item {
            Item::Use(item) if item.leading_colon.is_none() => {
                self.import(&item.tree, &[], !matches!(item.vis, Visibility::Inherited));
            }
            Item::Use(_) => {}
            Item::Mod(item) => self.enter(item),
            _ => visit::visit_item(self, item),
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        if !test_code::is_impl_item(item) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_trait_item(&mut self, item: &'ast TraitItem) {
        if !test_code::is_trait_item(item) {
            visit::visit_trait_item(self, item);
        }
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        if !test_code::is_marked(&local.attrs) {
            visit::visit_local(self, local);
        }
    }

    fn visit_block(&mut self, block: &'ast syn::Block) {
        self.functions += 1;
        visit::visit_block(self, block);
        self.functions -= 1;
    }

    fn visit_pat_ident(&mut self, pattern: &'ast syn::PatIdent) {
        self.variables.insert(plain(&pattern.ident));
        visit::visit_pat_ident(self, pattern);
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        if let Expr::Path(function) = &*call.func {
            self.visit_path(&function.path);
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_path(&mut self, expression: &'ast syn::ExprPath) {
        match expression.path.get_ident() {
            Some(name) => {
                self.bare.insert((self.module, plain(name)));
            }
            None => visit::visit_expr_path(self, expression),
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            self.mention(path.segments.iter().map(|segment| plain(&segment.ident)).collect());
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        for path in tokens::paths(call.tokens.clone()) {
            self.mention(path);
        }
        visit::visit_macro(self, call);
    }

    /// An attribute names no item of the crate except to a derive macro, which may be given a path as a string.
    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        let is_of_compiler =
            ["cfg", "cfg_attr", "derive", "doc", "expect", "allow"].iter().any(|name| attribute.path().is_ident(name));
        if let (false, Meta::List(list)) = (is_of_compiler, &attribute.meta) {
            let paths =
                tokens::paths(list.tokens.clone()).into_iter().chain(tokens::paths_in_strings(list.tokens.clone()));
            paths.for_each(|path| self.mention(path));
        }
    }
}

fn path_attribute(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(syn::MetaNameValue {
            path,
            value: Expr::Lit(syn::ExprLit { lit: Lit::Str(text), .. }),
            ..
        }) if path.is_ident("path") => Some(text.value()),
        _ => None,
    }
}
