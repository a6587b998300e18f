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
use crate::fake_agent::{AgentCommand, HARNESS_SOCKET};

/// A fake agent that takes longer to connect or to answer has failed; a millisecond is usual.
const AGENT_TIMEOUT: Duration = Duration::from_mins(1);

/// A fake machine and the processes on it.
#[derive(Debug)]
pub struct ProcessHarness {
    /// The path as processes see it, without links.
    root: PathBuf,
    home: Home,
    socket: PathBuf,
    connected: Receiver<io::Result<FakeAgent>>,
    /// The processes that the harness started. Each ends when its fake agent does.
    children: Vec<Child>,
    /// Deletes the machine, and the socket's directory, when dropped.
    _temporary: [TempDir; 2],
}

/// A process that executes commands. It ends when the value is dropped.
#[derive(Debug)]
pub struct FakeAgent {
    /// Its pid.
    pub pid: u32,
    connection: BufReader<UnixStream>,
}

impl ProcessHarness {
    /// An empty machine below `directory`, which should be on the executable's own file system.
    pub fn open(directory: &Path) -> io::Result<Self> {
        let machine = tempfile::tempdir_in(directory)?;
        let root = machine.path().canonicalize()?;
        // The directory may lie in a repository. A `.git` of its own ends the search for the root of a project here.
        fs::create_dir(root.join(".git"))?;
        let home = Home::at(root.join("home/u"))?;
        // The paths of sockets must be short.
        let short = tempfile::tempdir()?;
        let socket = short.path().join("harness");
        let listener = UnixListener::bind(&socket)?;
        let (sender, connected) = mpsc::channel();
        std::thread::spawn(move || {
            listener.incoming().try_for_each(|stream| sender.send(stream.and_then(FakeAgent::accept)))
        });
        Ok(Self { root, home, socket, connected, children: Vec::new(), _temporary: [machine, short] })
    }

    /// The home of the agents.
    pub const fn home(&self) -> &Home {
        &self.home
    }

    /// The path of a file below the machine's root.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// Makes a directory, and returns its path.
    pub fn directory(&self, relative: &str) -> io::Result<PathBuf> {
        let path = self.path(relative);
        fs::create_dir_all(&path)?;
        Ok(path)
    }

    /// Makes a program, and returns its path.
    pub fn program(&self, relative: &str) -> io::Result<PathBuf> {
        let path = self.prepared(relative)?;
        let executable = std::env::current_exe()?;
        if !path.exists() && fs::hard_link(&executable, &path).is_err() {
            fs::copy(&executable, &path)?;
        }
        Ok(path)
    }

    /// Makes a script, and returns its path. Run by `node`, it starts a program, or is a fake agent itself without one.
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

    /// A command for [`start`](Self::start), in the home and without the environment of the test.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("HOME", self.home.root()).env("PATH", "/usr/local/bin:/usr/bin:/bin");
        command.env(HARNESS_SOCKET, &self.socket).current_dir(self.home.root()).stdin(Stdio::null());
        command
    }

    /// Runs a command, and waits for the fake agent that it is or starts.
    pub fn start(&mut self, command: &mut Command) -> io::Result<FakeAgent> {
        self.children.push(command.spawn()?);
        self.next_agent()
    }

    /// Waits for the next fake agent that connects.
    pub fn next_agent(&self) -> io::Result<FakeAgent> {
        self.connected.recv_timeout(AGENT_TIMEOUT).map_err(io::Error::other)?
    }

    /// Kills a fake agent, and waits until it and its parent have ended.
    pub fn kill(&mut self, agent: FakeAgent) -> io::Result<()> {
        kill(agent.pid)?;
        agent.gone()?;
        self.reap();
        Ok(())
    }

    /// Kills the wrapper that started the last fake agent, which goes on.
    pub fn kill_wrapper(&mut self) -> io::Result<()> {
        let Some(mut child) = self.children.pop() else { return Ok(()) };
        child.kill()?;
        child.wait().map(drop)
    }

    /// Waits for the child that was started last; its fake agent has ended.
    fn reap(&mut self) {
        if let Some(mut child) = self.children.pop() {
            let _ = child.wait();
        }
    }
}

impl FakeAgent {
    fn accept(stream: UnixStream) -> io::Result<Self> {
        stream.set_read_timeout(Some(AGENT_TIMEOUT))?;
        let mut connection = BufReader::new(stream);
        let mut line = String::new();
        connection.read_line(&mut line)?;
        let pid = line.trim().parse().map_err(io::Error::other)?;
        Ok(Self { pid, connection })
    }

    /// Sends a command, and waits until the agent has executed it.
    pub fn execute(&mut self, command: &AgentCommand) -> io::Result<()> {
        self.send(command)?;
        let mut answer = String::new();
        self.connection.read_line(&mut answer)?;
        if answer == "done\n" { Ok(()) } else { Err(io::Error::other(format!("{command:?}: {answer}"))) }
    }

    /// Fails if the agent does not answer any more.
    pub fn ping(&mut self) -> io::Result<()> {
        self.execute(&AgentCommand::Ping)
    }

    /// Replaces the program of the process by another one, which connects again.
    pub fn exec(mut self, harness: &ProcessHarness, program: &Path, argv: &[&str]) -> io::Result<Self> {
        self.send(&AgentCommand::Exec(program.to_owned(), argv.iter().map(|&arg| arg.to_owned()).collect()))?;
        self.gone()?;
        harness.next_agent()
    }

    fn send(&mut self, command: &AgentCommand) -> io::Result<()> {
        let command = serde_json::to_string(command)?;
        writeln!(self.connection.get_mut(), "{command}")
    }

    /// Waits for the end of the connection.
    fn gone(mut self) -> io::Result<()> {
        let mut answer = String::new();
        match self.connection.read_line(&mut answer) {
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
