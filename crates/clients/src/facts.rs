use std::ffi::OsStr;
use std::path::Path;

use agtop_model::Process;

use crate::called::is_called;

/// A process with the questions that recognition asks. What every client asks is answered once.
#[derive(Clone, Copy, Debug)]
pub struct ProcFacts<'a> {
    process: &'a Process,
    program: &'a str,
    exe_name: &'a str,
    code: Code<'a>,
    /// The installed command that the script is, if it is one.
    command: &'a str,
    /// Index of the first argument that is not a runtime's, but its script's.
    own: usize,
}

/// What a process executes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Code<'a> {
    /// Its executable file.
    Native,
    /// A script in JavaScript.
    JavaScript(&'a str),
    /// A script in Python.
    Python(&'a str),
    /// A module, as in `python -m MODULE`.
    Module(&'a str),
    /// Code that was typed in, or a chore of a runtime.
    Other,
}

/// Programs that run a script, without the version in their names.
const JAVASCRIPT: &[&str] = &["node", "nodejs", "bun", "deno"];
const PYTHON: &[&str] = &["python", "pythonw", "pypy"];

/// Programs that start another one under the name that they were called by, and wait for it.
const SHIMS: &[&str] =
    &["volta-shim", "sh", "bash", "dash", "zsh", "ksh", "fish", "busybox", "cmd", "powershell", "pwsh"];

/// Options of Node.js and its like that leave no script to run.
const SCRIPTLESS: &[&str] = &["-e", "--eval", "-p", "--print", "-pe", "-c", "--check", "--test", "--run", "-"];

/// Options of Node.js and its like that take the next argument as their value. (`node --help` of 20; the options of
/// V8 take theirs after `=` only.)
const VALUED: &[&str] = &[
    "-r",
    "--require",
    "--import",
    "--loader",
    "--experimental-loader",
    "-C",
    "--conditions",
    "--env-file",
    "--env-file-if-exists",
    "--title",
    "--input-type",
    "--disable-warning",
    "--inspect-port",
    "--unhandled-rejections",
    "--preload",
    "--config",
];

impl<'a> ProcFacts<'a> {
    /// The facts of this process.
    pub fn new(process: &'a Process) -> Self {
        let program = program_name(process.argv.first().map_or("", agtop_model::Untrusted::raw));
        let exe = process.exe.as_deref().ok().and_then(Path::file_name).and_then(OsStr::to_str);
        // Linux says so of a program that was updated while it ran.
        let exe_name = exe.map_or("", |exe| program_name(exe.strip_suffix(" (deleted)").unwrap_or(exe)));
        let facts = Self { process, program, exe_name, code: Code::Native, command: "", own: 1 };
        // A process that gave itself a title runs a script, too, but its arguments no longer say which.
        let runtime = if program.is_empty() { exe_name } else { program };
        let (code, own) = if is_any(runtime, JAVASCRIPT) {
            facts.javascript()
        } else if is_any(runtime, PYTHON) {
            facts.python()
        } else {
            (Code::Native, 1)
        };
        let command = match code {
            Code::JavaScript(script) | Code::Python(script) => command_name(script),
            Code::Module(_) | Code::Native | Code::Other => "",
        };
        Self { code, command, own, ..facts }
    }

    fn javascript(&self) -> (Code<'a>, usize) {
        let mut at = 1;
        while let Some(arg) = self.arg(at) {
            at += 1;
            match arg {
                _ if SCRIPTLESS.contains(&arg) => return (Code::Other, at),
                _ if VALUED.contains(&arg) => at += 1,
                "run" => {} // of Bun and Deno
                _ if arg.starts_with('-') => {}
                _ => return (Code::JavaScript(arg), at),
            }
        }
        (Code::Other, at)
    }

    /// Python's options are letters that may share one dash, of which `m` and `c` end the list.
    fn python(&self) -> (Code<'a>, usize) {
        let mut at = 1;
        while let Some(arg) = self.arg(at) {
            at += 1;
            let Some(letters) = arg.strip_prefix('-') else { return (Code::Python(arg), at) };
            let Some((end, letter)) = letters.char_indices().find(|(_, letter)| "mcXW-".contains(*letter)) else {
                continue;
            };
            let attached = letters.get(end + 1..).filter(|value| !value.is_empty());
            match (letter, attached) {
                ('m', Some(module)) => return (Code::Module(module), at),
                ('m', None) => return self.arg(at).map_or((Code::Other, at), |module| (Code::Module(module), at + 1)),
                ('c', _) => return (Code::Other, at),
                ('X' | 'W', None) => at += 1,
                _ => {}
            }
        }
        (Code::Other, at)
    }

    fn arg(&self, n: usize) -> Option<&'a str> {
        self.process.argv.get(n).map(agtop_model::Untrusted::raw)
    }

    /// How the program was called, or what it calls itself now: a process may overwrite its command line.
    pub fn title(&self) -> &'a str {
        self.arg(0).unwrap_or_default().trim_end()
    }

    /// The program's own arguments, without those of the runtime that runs it, up to a `--`: what follows that is no
    /// option, whatever it looks like.
    pub fn args(&self) -> impl Iterator<Item = &'a str> {
        self.process.argv.iter().skip(self.own).map(agtop_model::Untrusted::raw).take_while(|&arg| arg != "--")
    }

    /// The executable file's path.
    pub fn exe(&self) -> Option<&'a Path> {
        self.process.exe.as_deref().ok()
    }

    /// The name the program was called by: without directories, `.exe`, `.cmd` and the dash of a login shell. Of a title
    /// such as `npm exec @scope/name` it is the first word.
    pub fn program(&self) -> &'a str {
        self.program
    }

    /// The executable file's own name, without `.exe`.
    pub fn exe_name(&self) -> &'a str {
        self.exe_name
    }

    /// The executable file's path, or how the program was called where that cannot be read.
    pub(crate) fn file(&self) -> &'a str {
        self.exe().and_then(Path::to_str).unwrap_or(self.title())
    }

    /// Whether this is a program of its own with that name, and neither a runtime nor a shell: its executable has the
    /// name, or it was called by it. The name may have a platform, a version or a wrapper's signs about it.
    pub fn is_program(&self, name: &str) -> bool {
        let is_named = is_called(self.program, name) && !is_any(self.exe_name, SHIMS);
        self.is_file_of(name) || self.code == Code::Native && is_named
    }

    /// The same, by the name of the executable file alone.
    pub(crate) fn is_file_of(&self, name: &str) -> bool {
        self.code == Code::Native && is_called(self.exe_name, name)
    }

    /// Whether this is a program of its own whose name begins so.
    pub(crate) fn is_program_beginning(&self, start: &str) -> bool {
        let is_named = self.program.starts_with(start) && !is_any(self.exe_name, SHIMS);
        self.code == Code::Native && (is_named || self.exe_name.starts_with(start))
    }

    /// Whether Node.js or its like runs a command of that name: a script that has no extension, as package managers
    /// link them. A script without a directory is a file that somebody happened to give that name.
    pub fn is_node_command(&self, name: &str) -> bool {
        matches!(self.code, Code::JavaScript(_)) && is_called(self.command, name)
    }

    /// Whether Python runs a command of that name, as with [`is_node_command`](Self::is_node_command).
    pub fn is_python_command(&self, name: &str) -> bool {
        matches!(self.code, Code::Python(_)) && is_called(self.command, name)
    }

    /// The module that `python -m MODULE` runs.
    pub fn module(&self) -> Option<&'a str> {
        match self.code {
            Code::Module(module) => Some(module),
            _ => None,
        }
    }

    /// The script or module that a runtime runs, as its command line names it.
    pub fn script(&self) -> Option<&'a str> {
        match self.code {
            Code::JavaScript(script) | Code::Python(script) | Code::Module(script) => Some(script),
            Code::Native | Code::Other => None,
        }
    }

    /// Whether Node.js or its like runs a script of the npm package of that name: of it, not of one that it depends on,
    /// and not one that installs it.
    pub fn script_in_package(&self, package: &str) -> bool {
        let Code::JavaScript(script) = self.code else { return false };
        if let Some(specifier) = script.strip_prefix("npm:") {
            return specifier.strip_prefix(package).is_some_and(|rest| rest.is_empty() || rest.starts_with(['@', '/']));
        }
        let is_installer =
            matches!(program_name(script).split('.').next(), Some("install" | "preinstall" | "postinstall"));
        let (_, below) = script.rsplit_once("node_modules").unwrap_or_default();
        let mut below = slashes(below);
        let is_of_it = "/".chars().chain(package.chars()).chain("/".chars()).all(|c| below.next() == Some(c));
        !is_installer && is_of_it
    }

    /// Whether Node.js or its like runs a script whose path ends so; the separator is `/`.
    pub fn script_ends_with(&self, end: &str) -> bool {
        let Code::JavaScript(script) = self.code else { return false };
        let mut script = slashes(script);
        end.chars().rev().all(|c| script.next_back() == Some(c))
    }

    /// The words on the command line that are neither options nor the values of the `valued` ones.
    pub fn words(&self, valued: &[&str]) -> impl Iterator<Item = &'a str> {
        let mut args = self.args();
        std::iter::from_fn(move || {
            loop {
                let arg = args.next()?;
                if valued.contains(&arg) {
                    args.next();
                } else if !arg.starts_with('-') {
                    return Some(arg);
                }
            }
        })
    }

    /// The first of the [`words`](Self::words): the subcommand, where there is one.
    pub fn first_word(&self, valued: &[&str]) -> Option<&'a str> {
        self.words(valued).next()
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

    /// Whether any of its own arguments is exactly this.
    pub fn has_arg(&self, wanted: &str) -> bool {
        self.args().any(|arg| arg == wanted)
    }

    /// Whether this is a part of a desktop application: a window, the graphics process, a service.
    pub(crate) fn is_desktop_part(&self) -> bool {
        self.args().any(|arg| arg.starts_with("--type=")) || self.program.contains(" Helper")
    }
}

/// The last part of a path in either notation, without an executable's extension. A title is no path: its first word
/// is the name.
fn program_name(path: &str) -> &str {
    let directory = path.split(['/', '\\']).next().unwrap_or(path);
    let path = directory.split_once(' ').map_or(path, |(first, _)| first);
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let name = name.strip_prefix('-').unwrap_or(name);
    [".exe", ".cmd", ".ps1", ".bat"].iter().find_map(|ext| without_suffix(name, ext)).unwrap_or(name)
}

fn without_suffix<'a>(name: &'a str, suffix: &str) -> Option<&'a str> {
    let (stem, end) = name.split_at_checked(name.len().checked_sub(suffix.len())?)?;
    end.eq_ignore_ascii_case(suffix).then_some(stem)
}

/// A path's characters with the separators of Unix.
fn slashes(path: &str) -> impl DoubleEndedIterator<Item = char> {
    path.chars().map(|c| if c == '\\' { '/' } else { c })
}

/// The name of an installed command: it has a directory.
fn command_name(script: &str) -> &str {
    if script.contains(['/', '\\']) { program_name(script) } else { "" }
}

/// Whether a program is one of those, whatever its version and its letters' case.
fn is_any(program: &str, names: &[&str]) -> bool {
    let name = program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    names.iter().any(|one| name.eq_ignore_ascii_case(one))
}

/// Whether text is a UUID, as most clients' session ids are.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
