//! Packages: each kind is made from the same program, manual pages and completions, and tried as far as this machine can.

use std::fmt::{self, Write as _};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail, ensure};

use self::made::{Made, name};
use self::packager::Packager;

mod archive;
mod aur;
mod deb;
mod linux_tree;
mod made;
mod manifests;
mod notices;
mod npm;
mod packager;
mod rpm;
mod source;
mod sums;
mod targets;
mod template;
mod wheel;

pub(crate) use sums::{SUMS_FILE, sum_of};
pub(crate) use targets::RELEASE_TARGETS;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The packages, or all
    #[arg(value_name = "NAME", default_value = "all")]
    names: Vec<String>,
    /// The target of the program in packages of programs
    #[arg(long, default_value = USUAL_TARGET)]
    target: String,
    /// The program; without it, cargo builds one with the profile dist
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Where packages are written, and where the archives of other targets are that manifests name
    #[arg(long, value_name = "DIRECTORY", default_value = OUT_FOLDER)]
    out: PathBuf,
}

/// A kind of package. Those that need files of others come after them.
struct PackageKind {
    name: &'static str,
    make: fn(&Packager) -> Result<Made>,
}

const KINDS: &[PackageKind] = &[
    PackageKind { name: "archive", make: archive::make },
    PackageKind { name: "source", make: source::make },
    PackageKind { name: "deb", make: deb::make },
    PackageKind { name: "rpm", make: rpm::make },
    PackageKind { name: "npm", make: npm::make },
    PackageKind { name: "wheel", make: wheel::make },
    PackageKind { name: "sums", make: sums::make },
    PackageKind { name: "aur", make: aur::make },
    PackageKind { name: "homebrew", make: manifests::homebrew },
    PackageKind { name: "scoop", make: manifests::scoop },
    PackageKind { name: "winget", make: manifests::winget },
    PackageKind { name: "nix", make: manifests::nix },
    PackageKind { name: "snap", make: manifests::snap },
    PackageKind { name: "freebsd", make: manifests::freebsd },
];

/// The folder of packages, below the repository.
const OUT_FOLDER: &str = "target/packages";
/// The target of programs in packages.
const USUAL_TARGET: &str = "x86_64-unknown-linux-musl";

/// Makes all packages of this machine. Returns the folder in which they are.
pub(crate) fn make_all() -> Result<PathBuf> {
    let out = PathBuf::from(OUT_FOLDER);
    let args = Args { names: vec!["all".to_owned()], target: USUAL_TARGET.to_owned(), program: None, out };
    run(&args)?;
    Ok(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(OUT_FOLDER).canonicalize()?)
}

#[expect(clippy::print_stdout, reason = "the table is the output of this task")]
pub(crate) fn run(args: &Args) -> Result<()> {
    let is_all = args.names.iter().any(|name| name == "all");
    let known: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    if let Some(unknown) = args.names.iter().find(|name| *name != "all" && !known.contains(&&***name)) {
        bail!("{unknown} is no package: {}, or all", known.join(", "));
    }
    let packager = Packager::new(&args.target, args.program.as_deref(), &args.out)?;
    let mut rows = Vec::new();
    for kind in KINDS.iter().filter(|kind| is_all || args.names.iter().any(|name| name == kind.name)) {
        println!("-- {}", kind.name);
        rows.push(Row { kind: kind.name, made: (kind.make)(&packager) });
    }
    println!("{}", Table(&rows));
    let failed: Vec<&str> = rows.iter().filter(|row| row.made.is_err()).map(|row| row.kind).collect();
    ensure!(failed.is_empty(), "failed: {}", failed.join(", "));
    Ok(())
}

struct Row {
    kind: &'static str,
    made: Result<Made>,
}

/// What became of each kind.
struct Table<'a>(&'a [Row]);

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Row { kind, made } in self.0 {
            match made {
                Err(error) => writeln!(f, "\n{kind}: FAILED: {error:#}")?,
                Ok(made) => {
                    writeln!(f, "\n{kind}")?;
                    for path in &made.files {
                        writeln!(f, "  {:>10}  {}", size(path), name(path))?;
                    }
                    made.checks.iter().try_for_each(|check| writeln!(f, "  {:>10}  {check}", "ok"))?;
                    made.untried.iter().try_for_each(|what| writeln!(f, "  {:>10}  {what}", "not tried"))?;
                }
            }
        }
        f.write_char('\n')
    }
}

fn size(path: &Path) -> String {
    fs::metadata(path).map_or_else(|_| "?".to_owned(), |data| format!("{} kB", data.len().div_ceil(1000)))
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn the_table_says_what_was_made_what_held_and_what_was_not_tried() {
        let made = Made {
            files: vec!["/nowhere/a.deb".into()],
            checks: vec!["lintian".to_owned()],
            untried: vec!["arm64: no such machine".to_owned()],
        };
        let rows = [Row { kind: "deb", made: Ok(made) }, Row { kind: "rpm", made: Err(anyhow!("no rpmbuild")) }];
        let expected = "
deb
           ?  a.deb
          ok  lintian
   not tried  arm64: no such machine

rpm: FAILED: no rpmbuild

";
        assert_eq!(Table(&rows).to_string(), expected);
    }

    #[test]
    fn an_unknown_package_is_refused_by_name() {
        let args = Args { names: vec!["msi".to_owned()], target: String::new(), program: None, out: PathBuf::new() };
        assert!(run(&args).unwrap_err().to_string().starts_with("msi is no package: archive, source, deb"));
    }
}
