//! An executable that plays an agent: a test's own, started again under another name.
//!
//! What it is called decides what it does. `sudo` starts what follows it; `node` reads the script that it is given, and
//! starts the program that the script names; all else reports to the [`ProcessHarness`](crate::ProcessHarness) and does what it is told,
//! until the connection ends: so none outlives its test.

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

/// The variable that makes an executable an actor: the socket on which it reports.
pub(crate) const STAGE: &str = "AGTOP_TEST_STAGE";

/// What an actor is told to do. It answers each with a line, once it is done.
#[derive(Debug, Serialize, Deserialize)]
pub enum AgentCommand {
    /// Open a file to append to it, and keep it open.
    Hold(PathBuf),
    /// The same, and lock it for itself.
    Lock(PathBuf),
    /// Close a file.
    Release(PathBuf),
    /// Nothing but answer.
    Nod,
    /// Start a program: its executable, and its command line from its own name on.
    Start(PathBuf, Vec<String>),
    /// Become a program: the same process, as it says there.
    Become(PathBuf, Vec<String>),
}

/// Plays, if this process was started as an actor. Must be asked before anything looks at the command line.
pub fn run_fake_agent() -> Option<ExitCode> {
    let stage = std::env::var_os(STAGE)?;
    Some(match perform(Path::new(&stage)) {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(io::stderr(), "actor: {error}");
            ExitCode::FAILURE
        }
    })
}

fn perform(stage: &Path) -> io::Result<ExitCode> {
    let argv: Vec<OsString> = std::env::args_os().collect();
    let called = argv.first().and_then(|name| Path::new(name).file_name()).unwrap_or_default();
    let started = match called.to_str() {
        Some("sudo") => argv.get(1).map(|program| (PathBuf::from(program), 2)),
        Some("node") => script(&argv)?,
        _ => None,
    };
    match started {
        Some((program, rest)) => {
            Command::new(program).args(argv.iter().skip(rest)).status()?;
            Ok(ExitCode::SUCCESS)
        }
        None => obey(stage).map(|()| ExitCode::SUCCESS),
    }
}

/// The program that the script names, if it names one, and where the script's own arguments begin.
fn script(argv: &[OsString]) -> io::Result<Option<(PathBuf, usize)>> {
    let is_option = |arg: &OsString| arg.as_encoded_bytes().starts_with(b"-");
    let Some(at) = argv.iter().skip(1).position(|arg| !is_option(arg)).map(|at| at + 1) else { return Ok(None) };
    let program = fs::read_to_string(argv.get(at).map_or(Path::new(""), Path::new))?;
    Ok((!program.is_empty()).then(|| (PathBuf::from(program), at + 1)))
}

fn obey(stage: &Path) -> io::Result<()> {
    let mut stage = UnixStream::connect(stage)?;
    writeln!(stage, "{}", std::process::id())?;
    let mut held = HashMap::new();
    for line in BufReader::new(stage.try_clone()?).lines() {
        let answer = match act(serde_json::from_str(&line?)?, &mut held) {
            Ok(()) => "done".to_owned(),
            Err(error) => error.to_string(),
        };
        writeln!(stage, "{answer}")?;
    }
    Ok(())
}

fn act(asked: AgentCommand, held: &mut HashMap<PathBuf, File>) -> io::Result<()> {
    let open = |path: &Path| OpenOptions::new().create(true).append(true).open(path);
    match asked {
        AgentCommand::Nod => {}
        AgentCommand::Hold(path) => {
            held.insert(path.clone(), open(&path)?);
        }
        AgentCommand::Lock(path) => {
            let file = open(&path)?;
            flock(&file, FlockOperation::NonBlockingLockExclusive)?;
            held.insert(path, file);
        }
        AgentCommand::Release(path) => drop(held.remove(&path)),
        AgentCommand::Start(program, argv) => drop(command(&program, &argv).spawn()?),
        AgentCommand::Become(program, argv) => return Err(command(&program, &argv).exec()),
    }
    Ok(())
}

fn command(program: &Path, argv: &[String]) -> Command {
    let mut command = Command::new(program);
    if let Some(name) = argv.first() {
        command.arg0(name);
    }
    command.args(argv.iter().skip(1));
    command
}
