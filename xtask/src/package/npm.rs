//! npm's packages: a small one with a script, and one with the program for each platform. npm installs the one that fits
//! this machine, as the script's package names them all as optional dependencies; no script downloads anything.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};

use super::linux_tree::{FileMode, install};
use super::made::Made;
use super::notices::{NOTICES_FILE, notices};
use super::packager::Packager;
use super::targets::RELEASE_TARGETS;
use crate::process::{has_program, output_of};

pub(super) fn make(packager: &Packager) -> Result<Made> {
    ensure!(has_program("npm"), "there is no npm here");
    let (os, cpu) = packager.target.npm.context("npm has no package of this target")?;
    let work = packager.work_folder("npm")?;
    let program = platform_package(packager, &work, os, cpu)?;
    let script = script_package(packager, &work)?;
    let mut made = Made { files: vec![program.clone(), script.clone()], ..Made::default() };
    if packager.target.runs_here() {
        made.checks.push(try_out(packager, &work, &[&program, &script])?);
    } else {
        made.untried.push(format!("installed and run: this machine is no {}", packager.target.triple));
    }
    made.untried.push("that the names agtop and @agtop/… are ours in the registry".to_owned());
    Ok(made)
}

/// What both kinds of package say of themselves.
fn description(packager: &Packager, name: &str) -> Map<String, Value> {
    let mut description = Map::new();
    for (key, value) in [
        ("name", json!(name)),
        ("version", json!(packager.version)),
        ("description", json!("top for AI coding agents")),
        ("license", json!("MIT OR Apache-2.0")),
        ("repository", json!({"type": "git", "url": "git+https://github.com/agtop/agtop.git"})),
        ("//", json!("made by cargo xtask package npm")),
    ] {
        description.insert(key.to_owned(), value);
    }
    description
}

/// The package with the program for one platform.
fn platform_package(packager: &Packager, work: &Path, os: &str, cpu: &str) -> Result<PathBuf> {
    let folder = work.join(format!("{os}-{cpu}"));
    install(packager.program()?, &folder.join("bin").join(packager.target.program_name()), FileMode::Program)?;
    fs::write(folder.join(NOTICES_FILE), notices(packager)?)?;
    let mut description = description(packager, &format!("@agtop/{os}-{cpu}"));
    description.insert("os".to_owned(), json!([os]));
    description.insert("cpu".to_owned(), json!([cpu]));
    pack(packager, &folder, &description)
}

/// The package that users name.
fn script_package(packager: &Packager, work: &Path) -> Result<PathBuf> {
    let folder = work.join("agtop");
    install(&packager.root.join("packaging/npm/agtop.js"), &folder.join("bin/agtop.js"), FileMode::Program)?;
    install(&packager.root.join("packaging/npm/README.md"), &folder.join("README.md"), FileMode::Document)?;
    let mut description = description(packager, "agtop");
    description.insert("bin".to_owned(), json!({"agtop": "bin/agtop.js"}));
    description.insert("engines".to_owned(), json!({"node": ">=18"}));
    let platforms = RELEASE_TARGETS.iter().filter_map(|target| target.npm);
    let dependencies: Map<String, Value> =
        platforms.map(|(os, cpu)| (format!("@agtop/{os}-{cpu}"), json!(packager.version))).collect();
    description.insert("optionalDependencies".to_owned(), Value::Object(dependencies));
    pack(packager, &folder, &description)
}

/// Packs a folder into the folder of packages.
fn pack(packager: &Packager, folder: &Path, description: &Map<String, Value>) -> Result<PathBuf> {
    for license in ["LICENSE-APACHE", "LICENSE-MIT"] {
        install(&packager.root.join(license), &folder.join(license), FileMode::Document)?;
    }
    fs::write(folder.join("package.json"), serde_json::to_string_pretty(description)? + "\n")?;
    let mut npm = Command::new("npm");
    npm.current_dir(folder).args(["pack", "--silent", "--offline", "--pack-destination"]).arg(&packager.out);
    Ok(packager.out.join(output_of(&mut npm)?))
}

/// Installs both packages without a network, and runs the script.
fn try_out(packager: &Packager, work: &Path, archives: &[&Path]) -> Result<String> {
    let user = work.join("user");
    fs::create_dir_all(&user)?;
    fs::write(user.join("package.json"), "{}\n")?;
    let mut npm = Command::new("npm");
    npm.current_dir(&user).args(["install", "--offline", "--no-audit", "--no-fund", "--silent"]);
    output_of(npm.env("npm_config_cache", user.join("cache")).args(archives))?;
    let script = user.join("node_modules/.bin/agtop");
    let said = output_of(Command::new(&script).arg("--version"))?;
    ensure!(said == format!("agtop {}", packager.version), "the installed script says it is {said:?}");
    let code = Command::new(&script).arg("--no-such-flag").output()?.status.code();
    ensure!(code == Some(2), "the script ends with {code:?} where agtop ends with 2");
    Ok(format!("npm pack; npm install --offline; agtop --version says {said}; exit codes pass"))
}
