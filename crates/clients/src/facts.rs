use std::ffi::OsStr;
use std::path::Path;

use agtop_model::{MessageKey, Process, SessionKey};

use crate::program_name::is_program_name;

/// A process as the recognition of clients sees it. What every client asks is computed once.
#[derive(Clone, Copy, Debug)]
pub struct ProcFacts<'a> {
    process: &'a Process,
    program: &'a str,
    exe_name: &'a str,
    code: ExecutedCode<'a>,
    /// The name of the installed command that the script is; empty if it is none.
    command: &'a str,
    /// Index of the first argument that belongs to the program and not to its runtime.
    first_arg: usize,
}

/// The code that a process executes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ExecutedCode<'a> {
    /// Its executable file.
    Native,
    /// A script in JavaScript.
    JavaScript(&'a str),
    /// A script in Python.
    Python(&'a str),
    /// A module, as in `python -m MODULE`.
    Module(&'a str),
    /// Inline code, or another task of a runtime.
    Other,
}

/// Runtimes of scripts, without a version.
const JAVASCRIPT_RUNTIMES: &[&str] = &["node", "nodejs", "bun", "deno"];
const PYTHON_RUNTIMES: &[&str] = &["python", "pythonw", "pypy"];

/// Programs that start another program under the name that they were called by, and wait for it.
const SHIMS: &[&str] =
    &["volta-shim", "sh", "bash", "dash", "zsh", "ksh", "fish", "busybox", "cmd", "powershell", "pwsh"];

/// Options of JavaScript runtimes that run no script.
const NODE_SCRIPTLESS_OPTIONS: &[&str] =
    &["-e", "--eval", "-p", "--print", "-pe", "-c", "--check", "--test", "--run", "-"];

/// Options of JavaScript runtimes that take the next argument as their value. (`node --help` of 20; V8's options take a
/// value only after `=`.)
const NODE_VALUED_OPTIONS: &[&str] = &[
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
        // Linux adds this suffix if the program was updated while it ran.
        let exe_name = exe.map_or("", |exe| program_name(exe.strip_suffix(" (deleted)").unwrap_or(exe)));
        let facts = Self { process, program, exe_name, code: ExecutedCode::Native, command: "", first_arg: 1 };
        // A process that set its own title may run a script too, but its arguments no longer name it.
        let runtime = if program.is_empty() { exe_name } else { program };
        let (code, first_arg) = if is_any(runtime, JAVASCRIPT_RUNTIMES) {
            facts.javascript()
        } else if is_any(runtime, PYTHON_RUNTIMES) {
            facts.python()
        } else {
            (ExecutedCode::Native, 1)
        };
        let command = match code {
            ExecutedCode::JavaScript(script) | ExecutedCode::Python(script) => command_name(script),
            ExecutedCode::Module(_) | ExecutedCode::Native | ExecutedCode::Other => "",
        };
        Self { code, command, first_arg, ..facts }
    }

    fn javascript(&self) -> (ExecutedCode<'a>, usize) {
        let mut at = 1;
        while let Some(arg) = self.arg(at) {
            at += 1;
            match arg {
                _ if NODE_SCRIPTLESS_OPTIONS.contains(&arg) => return (ExecutedCode::Other, at),
                _ if NODE_VALUED_OPTIONS.contains(&arg) => at += 1,
                "run" => {} // of Bun and Deno
                _ if arg.starts_with('-') => {}
                _ => return (ExecutedCode::JavaScript(arg), at),
            }
        }
        (ExecutedCode::Other, at)
    }

    /// Parses Python's options: letters that may share one dash; `m` and `c` end the options.
    fn python(&self) -> (ExecutedCode<'a>, usize) {
        let mut at = 1;
        while let Some(arg) = self.arg(at) {
            at += 1;
            let Some(letters) = arg.strip_prefix('-') else { return (ExecutedCode::Python(arg), at) };
            let Some((end, letter)) = letters.char_indices().find(|(_, letter)| "mcXW-".contains(*letter)) else {
                continue;
            };
            let attached = letters.get(end + 1..).filter(|value| !value.is_empty());
            match (letter, attached) {
                ('m', Some(module)) => return (ExecutedCode::Module(module), at),
                ('m', None) => {
                    return self
                        .arg(at)
                        .map_or((ExecutedCode::Other, at), |module| (ExecutedCode::Module(module), at + 1));
                }
                ('c', _) => return (ExecutedCode::Other, at),
                ('X' | 'W', None) => at += 1,
                _ => {}
            }
        }
        (ExecutedCode::Other, at)
    }

    fn arg(&self, n: usize) -> Option<&'a str> {
        self.process.argv.get(n).map(agtop_model::Untrusted::raw)
    }

    /// `argv[0]`: the name that the program was called by, or the title that it has set.
    pub fn title(&self) -> &'a str {
        self.arg(0).unwrap_or_default().trim_end()
    }

    /// The program's own arguments, without those of its runtime, up to a `--`: arguments after it are not options.
    pub fn args(&self) -> impl Iterator<Item = &'a str> {
        self.process.argv.iter().skip(self.first_arg).map(agtop_model::Untrusted::raw).take_while(|&arg| arg != "--")
    }

    /// The path of the executable file.
    pub fn exe(&self) -> Option<&'a Path> {
        self.process.exe.as_deref().ok()
    }

    /// The name that the program was called by: without directories, `.exe`, `.cmd` and the dash of a login shell. For
    /// a title such as `npm exec @scope/name` it is the first word.
    pub fn program(&self) -> &'a str {
        self.program
    }

    /// The name of the executable file, without `.exe`.
    pub fn exe_name(&self) -> &'a str {
        self.exe_name
    }

    /// The path of the executable file, or `argv[0]` if that cannot be read.
    pub(crate) fn file(&self) -> &'a str {
        self.exe().and_then(Path::to_str).unwrap_or(self.title())
    }

    /// Whether this is a native program with that name, and neither a runtime nor a shell: the name of its executable,
    /// or the name that it was called by. A platform, a version or a wrapper's prefix and suffix may surround the name.
    pub fn is_program(&self, name: &str) -> bool {
        let is_named = is_program_name(self.program, name) && !is_any(self.exe_name, SHIMS);
        self.is_file_of(name) || self.code == ExecutedCode::Native && is_named
    }

    /// Like [`is_program`](Self::is_program), by the name of the executable file alone.
    pub(crate) fn is_file_of(&self, name: &str) -> bool {
        self.code == ExecutedCode::Native && is_program_name(self.exe_name, name)
    }

    /// Whether this is a native program whose name starts with `start`.
    pub(crate) fn is_program_beginning(&self, start: &str) -> bool {
        let is_named = self.program.starts_with(start) && !is_any(self.exe_name, SHIMS);
        self.code == ExecutedCode::Native && (is_named || self.exe_name.starts_with(start))
    }

    /// Whether a JavaScript runtime runs an installed command of that name: a script without an extension, as package
    /// managers link them. A script without a directory is a file that happens to have the name.
    pub fn is_node_command(&self, name: &str) -> bool {
        matches!(self.code, ExecutedCode::JavaScript(_)) && is_program_name(self.command, name)
    }

    /// Whether Python runs an installed command of that name, see [`is_node_command`](Self::is_node_command).
    pub fn is_python_command(&self, name: &str) -> bool {
        matches!(self.code, ExecutedCode::Python(_)) && is_program_name(self.command, name)
    }

    /// The module in `python -m MODULE`.
    pub fn module(&self) -> Option<&'a str> {
        match self.code {
            ExecutedCode::Module(module) => Some(module),
            _ => None,
        }
    }

    /// The script or module that a runtime runs, as on the command line.
    pub fn script(&self) -> Option<&'a str> {
        match self.code {
            ExecutedCode::JavaScript(script) | ExecutedCode::Python(script) | ExecutedCode::Module(script) => {
                Some(script)
            }
            ExecutedCode::Native | ExecutedCode::Other => None,
        }
    }

    /// Whether a JavaScript runtime runs a script of that npm package: not of a dependency of it, and not its
    /// installer.
    pub fn script_in_package(&self, package: &str) -> bool {
        let ExecutedCode::JavaScript(script) = self.code else { return false };
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

    /// Whether a JavaScript runtime runs a script whose path ends with `end`; the separator is `/`.
    pub fn script_ends_with(&self, end: &str) -> bool {
        let ExecutedCode::JavaScript(script) = self.code else { return false };
        let mut script = slashes(script);
        end.chars().rev().all(|c| script.next_back() == Some(c))
    }

    /// The words on the command line that are neither options nor values of the `valued` options.
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

    /// The first of the [`words`](Self::words): the subcommand, if there is one.
    pub fn first_word(&self, valued: &[&str]) -> Option<&'a str> {
        self.words(valued).next()
    }

    /// The value of an option, written `--name VALUE` or `--name=VALUE`. An option is not taken as a value.
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

    /// Whether one of its own arguments equals `wanted`.
    pub fn has_arg(&self, wanted: &str) -> bool {
        self.args().any(|arg| arg == wanted)
    }

    /// Whether this is a part of a desktop application: a window, the GPU process, a service.
    pub(crate) fn is_desktop_part(&self) -> bool {
        self.args().any(|arg| arg.starts_with("--type=")) || self.program.contains(" Helper")
    }
}

/// The last part of a Unix or Windows path, without an executable's extension. For a title it is the first word.
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

/// A path's characters with Unix separators.
fn slashes(path: &str) -> impl DoubleEndedIterator<Item = char> {
    path.chars().map(|c| if c == '\\' { '/' } else { c })
}

/// The name of an installed command; empty for a script without a directory.
fn command_name(script: &str) -> &str {
    if script.contains(['/', '\\']) { program_name(script) } else { "" }
}

/// Whether a program is one of `names`, ignoring its version and case.
fn is_any(program: &str, names: &[&str]) -> bool {
    let name = program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    names.iter().any(|one| name.eq_ignore_ascii_case(one))
}

/// The key of a response in a chat of Gemini's kind. A UUID is the same response in every session that it was copied to;
/// older ids are numbered within their chat.
pub(crate) fn response_key(session: &SessionKey, id: &str) -> MessageKey {
    if is_uuid(id) { MessageKey::global(session.client, id) } else { MessageKey::in_session(session, id) }
}

/// Whether text is a UUID, like the session ids of most clients.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
