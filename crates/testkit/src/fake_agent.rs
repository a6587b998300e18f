//! The fake agent: the executable of a test, started again under the name of an agent.
//!
//! Its name decides what it does. `sudo` starts the program that follows it. `node` reads its script and starts the
//! program that the script names. Any other connects to the [`ProcessHarness`](crate::ProcessHarness) and executes
//! commands until the connection ends, so that none outlives its test.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

/// The environment variable that makes an executable a fake agent. It holds the path of the harness's socket.
pub(crate) const HARNESS_SOCKET: &str = "AGTOP_TEST_HARNESS";

/// A command to a fake agent. The agent answers each with a line when it is done.
#[derive(Debug, Serialize, Deserialize)]
pub enum AgentCommand {
    /// Open a file for appending, and keep it open.
    Open(PathBuf),
    /// Open a file like [`Open`](Self::Open), with an exclusive lock.
    OpenLocked(PathBuf),
    /// Close a file.
    Close(PathBuf),
    /// Answer only.
    Ping,
    /// Start a program, given as its executable and its arguments from the program's name on.
    Start(PathBuf, Vec<String>),
    /// Replace this process by a program, given as for [`Start`](Self::Start).
    Exec(PathBuf, Vec<String>),
}

/// Runs a fake agent if this process was started as one, and returns its exit code. Call it before anything reads the
/// command line.
pub fn run_fake_agent() -> Option<ExitCode> {
    let socket = std::env::var_os(HARNESS_SOCKET)?;
    Some(match run(Path::new(&socket)) {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(io::stderr(), "fake agent: {error}");
            ExitCode::FAILURE
        }
    })
}

fn run(socket: &Path) -> io::Result<ExitCode> {
    let argv: Vec<OsString> = std::env::args_os().collect();
    let called = argv.first().and_then(|name| Path::new(name).file_name()).unwrap_or_default();
    let started = match called.to_str() {
        Some("sudo") => argv.get(1).map(|program| (PathBuf::from(program), 2)),
        Some("node") => program_of_script(&argv)?,
        _ => None,
    };
    match started {
        Some((program, rest)) => {
            Command::new(program).args(argv.iter().skip(rest)).status()?;
            Ok(ExitCode::SUCCESS)
        }
        None => serve(socket).map(|()| ExitCode::SUCCESS),
    }
}

/// The program that the script names, if it names one, and the index at which the script's own arguments begin.
fn program_of_script(argv: &[OsString]) -> io::Result<Option<(PathBuf, usize)>> {
    let is_option = |arg: &OsString| arg.as_encoded_bytes().starts_with(b"-");
    let Some(at) = argv.iter().skip(1).position(|arg| !is_option(arg)).map(|at| at + 1) else { return Ok(None) };
    let program = fs::read_to_string(argv.get(at).map_or(Path::new(""), Path::new))?;
    Ok((!program.is_empty()).then(|| (PathBuf::from(program), at + 1)))
}

/// Reports the pid, and executes commands until the harness closes the connection.
fn serve(socket: &Path) -> io::Result<()> {
    let mut harness = UnixStream::connect(socket)?;
    writeln!(harness, "{}", std::process::id())?;
    let mut open_files = HashMap::new();
    for line in BufReader::new(harness.try_clone()?).lines() {
        let answer = match execute(serde_json::from_str(&line?)?, &mut open_files) {
            Ok(()) => "done".to_owned(),
            Err(error) => error.to_string(),
        };
        writeln!(harness, "{answer}")?;
    }
    Ok(())
}

fn execute(command: AgentCommand, open_files: &mut HashMap<PathBuf, File>) -> io::Result<()> {
    let open = |path: &Path| OpenOptions::new().create(true).append(true).open(path);
    match command {
        AgentCommand::Ping => {}
        AgentCommand::Open(path) => {
            open_files.insert(path.clone(), open(&path)?);
        }
        AgentCommand::OpenLocked(path) => {
            let file = open(&path)?;
            flock(&file, FlockOperation::NonBlockingLockExclusive)?;
            open_files.insert(path, file);
        }
        AgentCommand::Close(path) => drop(open_files.remove(&path)),
        AgentCommand::Start(program, argv) => drop(prepare(&program, &argv).spawn()?),
        AgentCommand::Exec(program, argv) => return Err(prepare(&program, &argv).exec()),
    }
    Ok(())
}

fn prepare(program: &Path, argv: &[String]) -> Command {
    let mut command = Command::new(program);
    if let Some(name) = argv.first() {
        command.arg0(name);
    }
    command.args(argv.iter().skip(1));
    command
}
