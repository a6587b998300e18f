//! The binary on a real terminal: a tmux server of its own, whose screen the tests read.
//!
//! Without tmux the tests print a message and pass.

#![cfg(unix)]

#[cfg(test)]
#[path = "homes/program.rs"]
mod program;

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::Command;
    use std::time::{Duration, Instant};

    use agtop_testkit::corpus::{self, Plan, Profile};

    use crate::program::{json_of, on_machine};

    /// A terminal with a shell in it.
    struct Terminal {
        socket: String,
        home: tempfile::TempDir,
    }

    /// Longer than any step takes on a busy machine.
    const SCREEN_TIMEOUT: Duration = Duration::from_secs(20);

    impl Terminal {
        /// A new terminal; `None` without tmux.
        fn open(name: &str) -> Option<Self> {
            let home = tempfile::tempdir().unwrap();
            let socket = format!("agtop-test-{name}-{}", std::process::id());
            let terminal = Self { socket, home };
            let directory = terminal.home.path().display().to_string();
            let (home, within) = (format!("HOME={directory}"), format!("{}={directory}", agtop_os::PROCESS_ROOT_VAR));
            let shell = ["env", "-i", &home, &within, "TERM=tmux-256color", "PS1=ready> ", "sh"];
            let session = ["new-session", "-d", "-x", "100", "-y", "30", "-c", &directory, "-s", "s"];
            let opened = terminal.tmux(&[&session, &shell[..]].concat());
            if opened.is_none() {
                eprintln!("not tested: there is no tmux");
                return None;
            }
            terminal.wait_for("the shell", |screen| screen.contains("ready>"));
            Some(terminal)
        }

        fn tmux(&self, arguments: &[&str]) -> Option<String> {
            let output =
                Command::new("tmux").args(["-L", &self.socket, "-f", "/dev/null"]).args(arguments).output().ok()?;
            output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
        }

        fn press(&self, keys: &[&str]) {
            self.tmux(&[&["send-keys", "-t", "s"], keys].concat()).unwrap();
        }

        fn run(&self, line: &str) {
            self.press(&[line, "Enter"]);
        }

        fn start(&self) {
            self.run(&format!("{} --demo", env!("CARGO_BIN_EXE_agtop")));
            self.wait_for("the first frame", shows_agtop);
        }

        fn screen(&self) -> String {
            self.tmux(&["capture-pane", "-p", "-t", "s"]).unwrap_or_default()
        }

        fn wait_for(&self, what: &str, is_there: impl Fn(&str) -> bool) {
            let started = Instant::now();
            while started.elapsed() < SCREEN_TIMEOUT {
                if is_there(&self.screen()) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            panic!("{what} did not appear; the screen is\n{}", self.screen());
        }

        /// The shell is back, on a terminal with its original modes: lines are edited and echoed, and agtop is not
        /// visible.
        fn assert_restored(&self) {
            self.wait_for("the shell", |screen| screen.contains("ready>") && !shows_agtop(screen));
            self.run("echo \"$(stty -a | tr ' ' '\\n' | grep -cx -e icanon -e echo -e isig) modes\"");
            self.wait_for("a restored terminal", |screen| screen.contains("3 modes"));
            let modes = self.tmux(&["display", "-p", "-t", "s", "#{alternate_on}#{mouse_any_flag}#{cursor_flag}"]);
            assert_eq!(modes.unwrap().trim(), "001");
        }

        /// The process in the foreground of the terminal.
        fn pid(&self) -> u32 {
            let shell = self.tmux(&["display", "-p", "-t", "s", "#{pane_pid}"]).unwrap();
            let children = Command::new("pgrep").args(["-P", shell.trim()]).output().unwrap();
            String::from_utf8(children.stdout).unwrap().trim().parse().unwrap()
        }
    }

    impl Drop for Terminal {
        fn drop(&mut self) {
            self.tmux(&["kill-server"]);
        }
    }

    fn shows_agtop(screen: &str) -> bool {
        screen.contains("1 Agents") && screen.contains("? help")
    }

    #[test]
    fn agtop_on_a_terminal_shows_the_screen_and_q_restores_the_terminal() {
        let Some(terminal) = Terminal::open("q") else { return };
        terminal.run(env!("CARGO_BIN_EXE_agtop"));
        terminal.wait_for("the first frame", shows_agtop);
        terminal.press(&["q"]);
        terminal.assert_restored();
    }

    /// `agtop -f 'cpu>x'` ignored the filter and showed every agent.
    #[test]
    fn an_invalid_filter_is_an_error_before_the_screen_starts() {
        let Some(terminal) = Terminal::open("filter") else { return };
        terminal.run(&format!("{} -f 'cpu>x'; echo \"ended with $?\"", env!("CARGO_BIN_EXE_agtop")));
        terminal.wait_for("the reason", |screen| {
            screen.contains("agtop: --filter: 'x' is no") && screen.contains("ended with 2")
        });
    }

    /// The total usage of this home, as agtop prints it.
    fn used(home: &Path, arguments: &[&str]) -> String {
        let mut agtop = on_machine(home, home);
        agtop.args(arguments).arg("--json=sessions");
        json_of(agtop)["totals"].to_string()
    }

    #[test]
    fn the_ledger_is_written_before_q_returns_to_the_shell() {
        let Some(terminal) = Terminal::open("ledger") else { return };
        let home = terminal.home.path();
        corpus::write(home, Plan { seed: 7, size: 1_000_000, profile: Profile::Real }).unwrap();
        let before = used(home, &["--no-ledger"]);
        terminal.run(env!("CARGO_BIN_EXE_agtop"));
        terminal.wait_for("the first frame", shows_agtop);
        terminal.press(&["4"]);
        terminal.wait_for("the history", |screen| screen.contains("RESPONSES"));
        terminal.press(&["q"]);
        terminal.assert_restored();
        std::fs::remove_dir_all(home.join(".claude/projects")).unwrap();
        assert_eq!(used(home, &[]), before);
    }

    /// The log of the screen was always empty.
    #[test]
    fn the_log_of_the_screen_names_what_it_has_read() {
        let Some(terminal) = Terminal::open("log") else { return };
        let path = terminal.home.path().join("agtop.log");
        terminal.run(&format!("AGTOP_LOG=debug {} --log-file {}", env!("CARGO_BIN_EXE_agtop"), path.display()));
        terminal.wait_for("the first frame", shows_agtop);
        terminal.wait_for("a look at files", |_| std::fs::read_to_string(&path).unwrap().contains("place: "));
        terminal.press(&["q"]);
        terminal.assert_restored();
        let log = std::fs::read_to_string(&path).unwrap();
        for text in ["agtop starts", "command: the screen", "hooks: listens", "place: not there", "agtop ends"] {
            assert!(log.contains(text), "{text} in\n{log}");
        }
    }

    #[test]
    fn the_screen_can_be_suspended_and_resumed() {
        let Some(terminal) = Terminal::open("suspend") else { return };
        terminal.run("set -m");
        terminal.start();
        terminal.press(&["C-z"]);
        terminal.wait_for("the shell", |screen| screen.contains("Stopped") && !shows_agtop(screen));
        terminal.run("fg");
        terminal.wait_for("the screen again", shows_agtop);
        terminal.press(&["3"]);
        terminal.wait_for("an answer to a key", |screen| screen.contains("cache hit rate"));
        terminal.press(&["q"]);
        terminal.assert_restored();
    }

    #[test]
    fn the_screen_follows_many_changes_of_its_size() {
        let Some(terminal) = Terminal::open("resize") else { return };
        terminal.start();
        for width in [80, 140, 60, 20, 101, 99, 100] {
            terminal.tmux(&["resize-window", "-t", "s", "-x", &width.to_string(), "-y", "25"]);
        }
        terminal.wait_for("the screen in its last size", |screen| shows_agtop(screen) && screen.lines().count() == 25);
        terminal.press(&["q"]);
        terminal.assert_restored();
    }

    #[test]
    fn a_signal_that_ends_agtop_restores_the_terminal() {
        for signal in ["TERM", "HUP", "INT", "QUIT"] {
            let Some(terminal) = Terminal::open(signal) else { return };
            terminal.start();
            let sent = Command::new("kill").args([format!("-{signal}"), terminal.pid().to_string()]).status().unwrap();
            assert!(sent.success());
            terminal.assert_restored();
        }
    }

    /// It ended with exit code 1 and two messages about the terminal.
    #[test]
    fn a_closed_terminal_is_no_failure() {
        let Some(terminal) = Terminal::open("hangup") else { return };
        let (code, messages) = (terminal.home.path().join("code"), terminal.home.path().join("messages"));
        let agtop = env!("CARGO_BIN_EXE_agtop");
        let (to, messages_to) = (code.display(), messages.display());
        // The shell has to outlive the terminal to note the code.
        terminal.run(&format!("sh -c 'trap : HUP; {agtop} --demo 2>{messages_to}; echo $? >{to}'"));
        terminal.wait_for("the first frame", shows_agtop);
        terminal.tmux(&["kill-server"]);
        let started = Instant::now();
        let read = || std::fs::read_to_string(&code).unwrap_or_default();
        while read().is_empty() {
            assert!(started.elapsed() < SCREEN_TIMEOUT, "it still runs without a terminal");
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!((read().trim(), &*std::fs::read_to_string(&messages).unwrap()), ("0", ""));
    }

    #[test]
    fn a_dumb_terminal_gets_the_table_and_not_the_screen() {
        let Some(terminal) = Terminal::open("dumb") else { return };
        terminal.run(&format!("TERM=dumb {}; echo \"ended with $?\"", env!("CARGO_BIN_EXE_agtop")));
        terminal.wait_for("the table", |screen| screen.contains("0 agents") && screen.contains("ended with 0"));
        terminal.run(&format!("TERM=dumb {} --theme nord; echo \"ended with $?\"", env!("CARGO_BIN_EXE_agtop")));
        terminal.wait_for("the reason", |screen| screen.contains("TERM=dumb cannot show") && screen.contains("with 2"));
    }

    /// In a container whose first process does not reap others, agtop stays as a zombie, which counted as alive.
    #[test]
    fn agtop_ends_when_its_terminal_is_closed() {
        let Some(terminal) = Terminal::open("closed") else { return };
        terminal.start();
        let pid = terminal.pid();
        terminal.tmux(&["kill-server"]);
        let started = Instant::now();
        while agtop_os::is_alive(pid) {
            assert!(started.elapsed() < SCREEN_TIMEOUT, "it still runs without a terminal");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
