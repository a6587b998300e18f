use std::path::Path;

use agtop_model::Process;

/// A process with the questions that recognition asks.
#[derive(Clone, Copy, Debug)]
pub struct ProcFacts<'a> {
    process: &'a Process,
}

/// Programs that run a script: for them the script is what the process is.
const RUNTIMES: &[&str] = &["node", "nodejs", "bun", "deno", "python", "python3", "pypy3", "uv", "ruby"];

impl<'a> ProcFacts<'a> {
    /// The facts of this process.
    pub fn new(process: &'a Process) -> Self {
        Self { process }
    }

    /// The kernel's short name.
    pub fn comm(&self) -> &'a str {
        self.process.name.raw()
    }

    /// The n-th argument; the 0th is how the program was called.
    pub fn arg(&self, n: usize) -> Option<&'a str> {
        self.process.argv.get(n).map(agtop_model::Untrusted::raw)
    }

    /// All arguments after the program's name.
    pub fn args(&self) -> impl Iterator<Item = &'a str> {
        self.process.argv.iter().skip(1).map(agtop_model::Untrusted::raw)
    }

    /// The executable file's path.
    pub fn exe(&self) -> Option<&'a Path> {
        self.process.exe.as_deref().ok()
    }

    /// The name the program was called by: without directories, `.exe`, `.cmd` and the dash of a login shell.
    pub fn program(&self) -> &'a str {
        program_name(self.arg(0).unwrap_or_default())
    }

    /// The executable file's own name, without `.exe`.
    pub fn exe_name(&self) -> &'a str {
        self.exe().and_then(Path::to_str).map_or("", program_name)
    }

    /// Whether the process is a language runtime that runs a script.
    pub fn is_runtime(&self) -> bool {
        let is_one = |name: &str| {
            let name = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
            RUNTIMES.contains(&name)
        };
        is_one(self.program()) || is_one(self.exe_name())
    }

    /// The script that a runtime runs: its first argument that is no option.
    pub fn script(&self) -> Option<&'a str> {
        if !self.is_runtime() {
            return None;
        }
        let mut args = self.args();
        while let Some(arg) = args.next() {
            match arg {
                "-m" | "-e" | "-c" | "-p" | "--eval" | "--print" => return None,
                "-r" | "--require" | "--import" | "--loader" | "--experimental-loader" | "-X" | "-W" => {
                    args.next();
                }
                "run" | "x" if matches!(self.program(), "bun" | "deno" | "uv") => {}
                _ if arg.starts_with('-') => {}
                _ => return Some(arg),
            }
        }
        None
    }

    /// The script's own name, without directories and extension.
    pub fn script_name(&self) -> &'a str {
        self.script().map_or("", |script| {
            let name = program_name(script);
            name.strip_suffix(".js")
                .or_else(|| name.strip_suffix(".mjs"))
                .or_else(|| name.strip_suffix(".cjs"))
                .or_else(|| name.strip_suffix(".py"))
                .unwrap_or(name)
        })
    }

    /// Whether the script belongs to the npm package of that name.
    pub fn script_in_package(&self, package: &str) -> bool {
        self.script().is_some_and(|script| {
            let script = script.replace('\\', "/");
            script
                .split("node_modules/")
                .skip(1)
                .any(|below| below.strip_prefix(package).is_some_and(|rest| rest.starts_with('/')))
        })
    }

    /// The module that `python -m MODULE` runs.
    pub fn module(&self) -> Option<&'a str> {
        if !self.is_runtime() {
            return None;
        }
        let mut args = self.args();
        while let Some(arg) = args.next() {
            match arg {
                "-m" => return args.next(),
                _ if arg.starts_with('-') => {}
                _ => return None,
            }
        }
        None
    }

    /// The first argument that is neither an option nor the value of one of the `valued` options: the subcommand, where
    /// there is one. For a runtime it is looked for after the script.
    pub fn first_word(&self, valued: &[&str]) -> Option<&'a str> {
        let mut args = self.args();
        if let Some(script) = self.script() {
            args.find(|&arg| arg == script);
        }
        while let Some(arg) = args.next() {
            if valued.contains(&arg) {
                args.next();
            } else if !arg.starts_with('-') {
                return Some(arg);
            }
        }
        None
    }

    /// The value of an option, written `--name VALUE` or `--name=VALUE`. A following option is not a value.
    pub fn option(&self, names: &[&str]) -> Option<&'a str> {
        let mut args = self.args().peekable();
        while let Some(arg) = args.next() {
            if names.contains(&arg) {
                return args.peek().copied().filter(|value| !value.starts_with('-'));
            }
            if let Some((name, value)) = arg.split_once('=')
                && names.contains(&name)
            {
                return Some(value);
            }
        }
        None
    }

    /// Whether any argument is exactly this.
    pub fn has_arg(&self, wanted: &str) -> bool {
        self.args().any(|arg| arg == wanted)
    }
}

/// The last part of a path in either notation, without an executable's extension.
fn program_name(path: &str) -> &str {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let name = name.strip_prefix('-').unwrap_or(name);
    [".exe", ".cmd", ".ps1", ".EXE", ".CMD"].iter().find_map(|ext| name.strip_suffix(ext)).unwrap_or(name)
}

/// Whether text is a UUID, as most clients' session ids are.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
