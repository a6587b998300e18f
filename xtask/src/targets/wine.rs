//! A program for Windows, run by wine where it is there.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::succeed;
use super::tools::Tools;

/// Where Debian has it.
const WINE: &str = "/usr/lib/wine/wine64";
/// More time than its first start takes, which lays out a whole Windows.
const SECONDS: &str = "180";

/// Rust asks a library for random numbers that wine did not have before version 9, so it gets one of that name. wine
/// has the function that older programs ask.
const RANDOM: &str = "#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length) {
    return SystemFunction036(data, (ULONG)length);
}
";

/// What a command has to print, and on an empty home.
const COMMANDS: [(&[&str], &str); 3] = [(&["--version"], "agtop "), (&["--help"], "Usage"), (&["--json"], "{")];

/// Runs the program's commands, and tells so; tells, too, if there is no wine.
pub(super) fn run(tools: &Tools, program: &Path) -> Result<String> {
    if !Path::new(WINE).exists() {
        return Ok("not run: there is no wine here".to_owned());
    }
    let folder = program.parent().context("a program lies in a folder")?;
    let source = folder.join("random.c");
    fs::write(&source, RANDOM)?;
    let mut compiler = Command::new("/usr/bin/x86_64-w64-mingw32-gcc");
    compiler.arg("-shared").arg("-o").arg(folder.join("bcryptprimitives.dll")).arg(&source).arg("-ladvapi32");
    succeed(&mut compiler)?;
    for (arguments, expected) in COMMANDS {
        let printed = printed(tools, program, arguments)?;
        if !printed.contains(expected) {
            bail!("{} printed {printed:?}", arguments.join(" "));
        }
    }
    let ran: Vec<&str> = COMMANDS.iter().filter_map(|(arguments, _)| arguments.first().copied()).collect();
    Ok(format!("ran {} under wine", ran.join(", ")))
}

fn printed(tools: &Tools, program: &Path, arguments: &[&str]) -> Result<String> {
    let mut wine = Command::new("/usr/bin/timeout");
    wine.args([SECONDS, WINE]).arg(program).args(arguments);
    wine.env("WINEPREFIX", tools.folder().join("wine")).env("WINEDEBUG", "-all").env_remove("DISPLAY");
    let output = wine.output()?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        bail!("{} under wine ended with {}: {errors}", arguments.join(" "), output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
