//! A fake machine with processes on it: it has a home of its own, and its programs are the test's executable, under the
//! names and in the places of real agents.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::Home;
use crate::fake_agent::{AgentCommand, STAGE};

/// An actor that takes longer than this to come or to answer has failed; a millisecond is usual.
const PATIENCE: Duration = Duration::from_mins(1);

/// A made-up machine and the processes on it.
#[derive(Debug)]
pub struct ProcessHarness {
    /// As processes see it, with no link on the way.
    root: PathBuf,
    home: Home,
    socket: PathBuf,
    arrivals: Receiver<io::Result<FakeAgent>>,
    /// What was started directly. Ends by itself when the actors do.
    children: Vec<Child>,
    /// Deletes the machine, and the socket's directory, when dropped.
    _temporary: [TempDir; 2],
}

/// A process that does what it is told. Ends when the value is dropped.
#[derive(Debug)]
pub struct FakeAgent {
    /// Its pid.
    pub pid: u32,
    stage: BufReader<UnixStream>,
}

impl ProcessHarness {
    /// An empty machine below `directory`, which should be on the executable's own file system.
    pub fn open(directory: &Path) -> io::Result<Self> {
        let machine = tempfile::tempdir_in(directory)?;
        let root = machine.path().canonicalize()?;
        // The directory may lie in somebody's repository: with a mark of its own no search for a root goes beyond this.
        fs::create_dir(root.join(".git"))?;
        let home = Home::at(root.join("home/u"))?;
        // The paths of sockets must be short.
        let short = tempfile::tempdir()?;
        let socket = short.path().join("stage");
        let listener = UnixListener::bind(&socket)?;
        let (sender, arrivals) = mpsc::channel();
        std::thread::spawn(move || {
            listener.incoming().try_for_each(|stream| sender.send(stream.and_then(FakeAgent::meet)))
        });
        Ok(Self { root, home, socket, arrivals, children: Vec::new(), _temporary: [machine, short] })
    }

    /// The home of the agents.
    pub const fn home(&self) -> &Home {
        &self.home
    }

    /// Where a file lies whose path is given relative to the machine's root.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// A directory of that path.
    pub fn directory(&self, relative: &str) -> io::Result<PathBuf> {
        let path = self.path(relative);
        fs::create_dir_all(&path)?;
        Ok(path)
    }

    /// A program at that path.
    pub fn program(&self, relative: &str) -> io::Result<PathBuf> {
        let path = self.prepared(relative)?;
        let executable = std::env::current_exe()?;
        if !path.exists() && fs::hard_link(&executable, &path).is_err() {
            fs::copy(&executable, &path)?;
        }
        Ok(path)
    }

    /// A script at that path, which starts a program or, without one, plays an agent itself.
    pub fn script(&self, relative: &str, starts: Option<&Path>) -> io::Result<PathBuf> {
        let path = self.prepared(relative)?;
        fs::write(&path, starts.unwrap_or(Path::new("")).as_os_str().as_encoded_bytes())?;
        Ok(path)
    }

    fn prepared(&self, relative: &str) -> io::Result<PathBuf> {
        let path = self.path(relative);
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        Ok(path)
    }

    /// A command for [`start`](Self::start): in the home, with nothing of the test's own environment.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("HOME", self.home.root()).env("PATH", "/usr/local/bin:/usr/bin:/bin");
        command.env(STAGE, &self.socket).current_dir(self.home.root()).stdin(Stdio::null());
        command
    }

    /// Runs a command, and waits for the actor that it is, or that it starts in the end.
    pub fn start(&mut self, command: &mut Command) -> io::Result<FakeAgent> {
        self.children.push(command.spawn()?);
        self.arrival()
    }

    /// The next actor that comes.
    pub fn arrival(&self) -> io::Result<FakeAgent> {
        self.arrivals.recv_timeout(PATIENCE).map_err(io::Error::other)?
    }

    /// Kills an actor, and waits until it and what waited for it are gone.
    pub fn kill(&mut self, actor: FakeAgent) -> io::Result<()> {
        kill(actor.pid)?;
        actor.gone()?;
        self.reap();
        Ok(())
    }

    /// Kills what started an actor, a wrapper, and leaves the actor behind.
    pub fn kill_started(&mut self) -> io::Result<()> {
        let Some(mut child) = self.children.pop() else { return Ok(()) };
        child.kill()?;
        child.wait().map(drop)
    }

    /// Waits for the child that was started last, whose actor has ended.
    fn reap(&mut self) {
        if let Some(mut child) = self.children.pop() {
            let _ = child.wait();
        }
    }
}

impl FakeAgent {
    fn meet(stream: UnixStream) -> io::Result<Self> {
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut stage = BufReader::new(stream);
        let mut line = String::new();
        stage.read_line(&mut line)?;
        let pid = line.trim().parse().map_err(io::Error::other)?;
        Ok(Self { pid, stage })
    }

    /// Has it do something, and waits until it is done.
    pub fn tell(&mut self, command: &AgentCommand) -> io::Result<()> {
        self.say(command)?;
        let mut answer = String::new();
        self.stage.read_line(&mut answer)?;
        if answer == "done\n" { Ok(()) } else { Err(io::Error::other(format!("{command:?}: {answer}"))) }
    }

    /// Whether it is there still, and does what it is told.
    pub fn nod(&mut self) -> io::Result<()> {
        self.tell(&AgentCommand::Nod)
    }

    /// Has it become another program: the process goes on as an actor that comes anew.
    pub fn becomes(mut self, stage: &ProcessHarness, program: &Path, argv: &[&str]) -> io::Result<Self> {
        self.say(&AgentCommand::Become(program.to_owned(), argv.iter().map(|&arg| arg.to_owned()).collect()))?;
        self.gone()?;
        stage.arrival()
    }

    fn say(&mut self, command: &AgentCommand) -> io::Result<()> {
        let command = serde_json::to_string(command)?;
        writeln!(self.stage.get_mut(), "{command}")
    }

    /// Waits for the end of the connection.
    fn gone(mut self) -> io::Result<()> {
        let mut answer = String::new();
        match self.stage.read_line(&mut answer) {
            Ok(0) => Ok(()),
            Ok(_) => Err(io::Error::other(answer)),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn kill(pid: u32) -> io::Result<()> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::InvalidInput)?;
    Ok(kill_process(pid, Signal::KILL)?)
}
