//! The licences of the crates in the program: most ask that their text goes along with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId};

use super::packager::Packager;

/// The name of the file in packages.
pub(super) const NOTICES_FILE: &str = "THIRD-PARTY-LICENSES.txt";

/// How the names of files with licences begin.
const LICENSE_FILE_STARTS: [&str; 4] = ["LICENSE", "LICENCE", "COPYING", "NOTICE"];

/// The text: each licence once, below the crates that are under it.
pub(super) fn notices(packager: &Packager) -> Result<String> {
    let options = ["--locked", "--filter-platform", packager.target.triple].map(str::to_owned);
    let metadata = MetadataCommand::new().current_dir(&packager.root).other_options(options).exec()?;
    let mut crates_by_text: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in shipped(&metadata)? {
        let license = package.license.as_deref().unwrap_or("see below");
        let name = format!("{} {} ({license})", package.name, package.version);
        let folder = package.manifest_path.parent().context("a manifest is in a folder")?;
        let texts = license_texts(folder.as_std_path())?;
        if texts.is_empty() {
            let source = package.repository.as_deref().unwrap_or("crates.io");
            crates_by_text.entry(format!("No text comes with the crate; see {source}\n")).or_default().insert(name);
            continue;
        }
        for text in texts {
            crates_by_text.entry(text).or_default().insert(name.clone());
        }
    }
    let mut notices = "Made by cargo xtask package. agtop contains these crates:\n".to_owned();
    for (text, crates) in crates_by_text {
        notices.push_str("\n----------------------------------------------------------------------\n");
        crates.iter().try_for_each(|name| writeln!(notices, "{name}"))?;
        write!(notices, "\n{text}")?;
    }
    Ok(notices)
}

/// The crates of others that are linked into agtop.
fn shipped(metadata: &Metadata) -> Result<Vec<&Package>> {
    let resolved = metadata.resolve.as_ref().context("cargo resolved no dependencies")?;
    let agtop = metadata.packages.iter().find(|package| package.name.as_str() == "agtop");
    let mut open: Vec<&PackageId> = vec![&agtop.context("there is no package agtop")?.id];
    let mut seen: BTreeSet<&PackageId> = open.iter().copied().collect();
    while let Some(id) = open.pop() {
        let node = resolved.nodes.iter().find(|node| node.id == *id).context("a dependency is not resolved")?;
        let normal = node
            .deps
            .iter()
            .filter(|dependency| dependency.dep_kinds.iter().any(|info| info.kind == DependencyKind::Normal));
        open.extend(normal.map(|dependency| &dependency.pkg).filter(|id| seen.insert(id)));
    }
    let is_shipped = |package: &&Package| seen.contains(&package.id) && package.source.is_some();
    Ok(metadata.packages.iter().filter(is_shipped).collect())
}

/// The texts of the files in a crate's folder that are licences, in the order of their names.
fn license_texts(folder: &Path) -> Result<Vec<String>> {
    let mut texts = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        if path.is_file() && LICENSE_FILE_STARTS.iter().any(|start| name.starts_with(start)) {
            let text = String::from_utf8_lossy(&fs::read(&path)?).replace("\r\n", "\n");
            texts.insert(name, text.trim_end().to_owned() + "\n");
        }
    }
    Ok(texts.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_with_licences_are_texts() -> Result<()> {
        let folder = tempfile::tempdir()?;
        for (name, text) in [("LICENSE-MIT", "mit\r\n\n"), ("copying", "gpl"), ("lib.rs", "code")] {
            fs::write(folder.path().join(name), text)?;
        }
        assert_eq!(license_texts(folder.path())?, ["gpl\n", "mit\n"]);
        Ok(())
    }

    #[test]
    fn crates_of_tests_and_builds_and_of_the_workspace_are_not_shipped() -> Result<()> {
        let metadata = MetadataCommand::new().exec()?;
        let names: Vec<&str> = shipped(&metadata)?.into_iter().map(|package| package.name.as_str()).collect();
        assert!(names.contains(&"ratatui") && names.contains(&"rusqlite"));
        assert!(!names.contains(&"trycmd") && !names.contains(&"cc") && !names.contains(&"agtop-model"));
        Ok(())
    }
}
