//! A program for Windows, run by wine where it is there.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::tools::Tools;
use crate::process::succeed;

/// Where Debian has it.
const WINE: &str = "/usr/lib/wine/wine64";
/// More time than its first start takes, which lays out a whole Windows.
const SECONDS: &str = "180";

/// A library that stands beside the program, in place of one that wine has not, or has without what is asked of it.
struct Library {
    name: &'static str,
    source: &'static str,
}

const LIBRARIES: [Library; 2] = [
    // Where Rust gets random numbers; wine before version 9 has only the function that older programs ask.
    Library {
        name: "bcryptprimitives",
        source: "#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length) {
    return SystemFunction036(data, (ULONG)length);
}
",
    },
    // Counters of processor use, which these say there are none of (`PDH_CSTATUS_NO_OBJECT`).
    Library {
        name: "pdh",
        source: "#define NONE(name) __declspec(dllexport) unsigned name(void) { return 0xC0000BB8u; }
NONE(PdhAddEnglishCounterW) NONE(PdhCloseQuery) NONE(PdhCollectQueryData) NONE(PdhEnumObjectsW)
NONE(PdhGetFormattedCounterValue) NONE(PdhOpenQueryW) NONE(PdhRemoveCounter)
",
    },
];

impl Library {
    /// Compiles it into a folder.
    fn build(&self, folder: &Path) -> Result<()> {
        let source = folder.join(self.name).with_extension("c");
        fs::write(&source, self.source)?;
        let mut compiler = Command::new("/usr/bin/x86_64-w64-mingw32-gcc");
        compiler.arg("-shared").arg("-o").arg(source.with_extension("dll")).arg(&source).arg("-ladvapi32");
        succeed(&mut compiler)
    }
}

/// Commands, and what they have to print; wine's home is empty.
const COMMANDS: [(&[&str], &str); 3] =
    [(&["--version"], "agtop "), (&["--help"], "Usage"), (&["--json"], "\"platform\":\"windows\"")];

/// Runs the program's commands. Returns what was run, or that there is no wine.
pub(super) fn run(tools: &Tools, program: &Path) -> Result<String> {
    if !Path::new(WINE).exists() {
        return Ok("not run: there is no wine here".to_owned());
    }
    let folder = program.parent().context("a program lies in a folder")?;
    LIBRARIES.iter().try_for_each(|library| library.build(folder))?;
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
    wine.env("WINEPREFIX", tools.folder().join("wine")).env("WINEDEBUG", "-all");
    // Those beside the program, not wine's own.
    wine.env("WINEDLLOVERRIDES", "pdh=n").env("HOME", tools.folder()).env_remove("DISPLAY");
    let output = wine.output()?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        bail!("{} under wine ended with {}: {errors}", arguments.join(" "), output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
