//! The real binary on a real terminal: a tmux server of its own, whose screen is read.
//!
//! Where there is no tmux, nothing can be shown, and the tests say so and pass.

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

    /// Longer than anything takes on a loaded machine.
    const PATIENCE: Duration = Duration::from_secs(20);

    impl Terminal {
        /// `None` where there is no tmux.
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
                eprintln!("there is no tmux here: not tested");
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
            self.wait_for("the first frame", is_ours);
        }

        fn screen(&self) -> String {
            self.tmux(&["capture-pane", "-p", "-t", "s"]).unwrap_or_default()
        }

        fn wait_for(&self, what: &str, is_there: impl Fn(&str) -> bool) {
            let started = Instant::now();
            while started.elapsed() < PATIENCE {
                if is_there(&self.screen()) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            panic!("{what} did not come; the screen is\n{}", self.screen());
        }

        /// The shell is back, on a terminal that is as it was: lines are edited and echoed, and nothing is left of agtop.
        fn assert_sane(&self) {
            self.wait_for("the shell", |screen| screen.contains("ready>") && !is_ours(screen));
            self.run("echo \"$(stty -a | tr ' ' '\\n' | grep -cx -e icanon -e echo -e isig) modes\"");
            self.wait_for("a sane terminal", |screen| screen.contains("3 modes"));
            let modes = self.tmux(&["display", "-p", "-t", "s", "#{alternate_on}#{mouse_any_flag}#{cursor_flag}"]);
            assert_eq!(modes.unwrap().trim(), "001");
        }

        /// The process that runs in the foreground of the terminal.
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

    fn is_ours(screen: &str) -> bool {
        screen.contains("1 Agents") && screen.contains("? help")
    }

    #[test]
    fn a_bare_agtop_on_a_terminal_is_the_screen_and_q_leaves_it_sane() {
        let Some(terminal) = Terminal::open("q") else { return };
        terminal.run(env!("CARGO_BIN_EXE_agtop"));
        terminal.wait_for("the first frame", is_ours);
        terminal.press(&["q"]);
        terminal.assert_sane();
    }

    /// `agtop -f 'cpu>x'` began as if nothing had been asked for, and showed every agent.
    #[test]
    fn a_filter_that_cannot_be_understood_begins_no_screen() {
        let Some(terminal) = Terminal::open("filter") else { return };
        terminal.run(&format!("{} -f 'cpu>x'; echo \"ended with $?\"", env!("CARGO_BIN_EXE_agtop")));
        terminal.wait_for("the reason", |screen| {
            screen.contains("agtop: --filter: 'x' is no") && screen.contains("ended with 2")
        });
    }

    /// What was used in all, as agtop tells it of this home.
    fn used(home: &Path, arguments: &[&str]) -> String {
        let mut agtop = on_machine(home, home);
        agtop.args(arguments).arg("--json=sessions");
        json_of(agtop)["totals"].to_string()
    }

    #[test]
    fn what_was_read_is_written_down_before_q_gives_the_shell_back() {
        let Some(terminal) = Terminal::open("ledger") else { return };
        let home = terminal.home.path();
        corpus::write(home, Plan { seed: 7, size: 1_000_000, profile: Profile::Real }).unwrap();
        let before = used(home, &["--no-ledger"]);
        terminal.run(env!("CARGO_BIN_EXE_agtop"));
        terminal.wait_for("the first frame", is_ours);
        terminal.press(&["4"]);
        terminal.wait_for("the history", |screen| screen.contains("Daily cost"));
        terminal.press(&["q"]);
        terminal.assert_sane();
        std::fs::remove_dir_all(home.join(".claude/projects")).unwrap();
        assert_eq!(used(home, &[]), before);
    }

    /// The screen's log was always empty.
    #[test]
    fn the_screen_says_in_its_log_what_it_looked_at() {
        let Some(terminal) = Terminal::open("log") else { return };
        let path = terminal.home.path().join("agtop.log");
        terminal.run(&format!("AGTOP_LOG=debug {} --log-file {}", env!("CARGO_BIN_EXE_agtop"), path.display()));
        terminal.wait_for("the first frame", is_ours);
        terminal.wait_for("a look at files", |_| std::fs::read_to_string(&path).unwrap().contains("place: "));
        terminal.press(&["q"]);
        terminal.assert_sane();
        let log = std::fs::read_to_string(&path).unwrap();
        for said in ["agtop starts", "command: the screen", "hooks: listens", "place: not there", "agtop ends"] {
            assert!(log.contains(said), "{said} in\n{log}");
        }
    }

    #[test]
    fn to_the_background_and_back() {
        let Some(terminal) = Terminal::open("suspend") else { return };
        terminal.run("set -m");
        terminal.start();
        terminal.press(&["C-z"]);
        terminal.wait_for("the shell", |screen| screen.contains("Stopped") && !is_ours(screen));
        terminal.run("fg");
        terminal.wait_for("the screen again", is_ours);
        terminal.press(&["3"]);
        terminal.wait_for("an answer to a key", |screen| screen.contains("cache hit rate"));
        terminal.press(&["q"]);
        terminal.assert_sane();
    }

    #[test]
    fn a_storm_of_sizes() {
        let Some(terminal) = Terminal::open("resize") else { return };
        terminal.start();
        for width in [80, 140, 60, 20, 101, 99, 100] {
            terminal.tmux(&["resize-window", "-t", "s", "-x", &width.to_string(), "-y", "25"]);
        }
        terminal.wait_for("the screen in its last size", |screen| is_ours(screen) && screen.lines().count() == 25);
        terminal.press(&["q"]);
        terminal.assert_sane();
    }

    #[test]
    fn a_signal_that_ends_it_leaves_the_terminal_sane() {
        for signal in ["TERM", "HUP", "INT", "QUIT"] {
            let Some(terminal) = Terminal::open(signal) else { return };
            terminal.start();
            let told = Command::new("kill").args([format!("-{signal}"), terminal.pid().to_string()]).status().unwrap();
            assert!(told.success());
            terminal.assert_sane();
        }
    }

    /// In a container whose first process collects nobody, it stays behind as a zombie, which was taken for alive.
    #[test]
    fn a_terminal_that_is_closed_ends_it() {
        let Some(terminal) = Terminal::open("closed") else { return };
        terminal.start();
        let pid = terminal.pid();
        terminal.tmux(&["kill-server"]);
        let started = Instant::now();
        while agtop_os::is_alive(pid) {
            assert!(started.elapsed() < PATIENCE, "it goes on without a terminal");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
