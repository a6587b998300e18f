//! Shows the terminal in which an agent runs. This runs programs, since the user asked for it with a key.

use std::process::Command;

use agtop_tui::TerminalTarget;
use anyhow::{Result, bail};

/// A program that manages terminals and knows which process runs in which.
struct Multiplexer {
    name: &'static str,
    /// agtop runs in it if this variable is set.
    variable: &'static str,
    /// Shows the terminal of the agent; returns whether it has one.
    show: fn(&TerminalTarget) -> bool,
}

static MULTIPLEXERS: &[Multiplexer] = &[
    Multiplexer { name: "tmux", variable: "TMUX", show: tmux },
    Multiplexer { name: "Zellij", variable: "ZELLIJ", show: zellij },
    Multiplexer { name: "kitty", variable: "KITTY_WINDOW_ID", show: kitty },
    Multiplexer { name: "WezTerm", variable: "WEZTERM_PANE", show: wezterm },
    Multiplexer { name: "iTerm2", variable: "ITERM_SESSION_ID", show: iterm },
];

/// Shows the terminal of an agent, and returns a message about it.
///
/// # Errors
/// If no program that manages terminals is known here, or the agent runs in none of its terminals.
pub(super) fn show(target: &TerminalTarget) -> Result<String> {
    let present: Vec<&Multiplexer> =
        MULTIPLEXERS.iter().filter(|one| std::env::var_os(one.variable).is_some()).collect();
    if let Some(found) = present.iter().find(|one| (one.show)(target)) {
        return Ok(format!("showing {} in {}", target.process.pid, found.name));
    }
    if present.is_empty() {
        bail!("agtop cannot show another terminal from here; it can in tmux, Zellij, kitty, WezTerm and iTerm2");
    }
    let names: Vec<&str> = present.iter().map(|one| one.name).collect();
    bail!("process {} does not run in a terminal of {}", target.process.pid, names.join(" or "))
}

/// The output of a program; `None` if it fails.
fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// tmux lists the process in each pane, which is an ancestor of the agent.
fn tmux(target: &TerminalTarget) -> bool {
    let Some(panes) = output("tmux", &["list-panes", "-a", "-F", "#{pane_pid} #{session_id} #{window_id} #{pane_id}"])
    else {
        return false;
    };
    let pane = panes.lines().find_map(|line| {
        let mut words = line.split(' ');
        let pid: u32 = words.next()?.parse().ok()?;
        (pid == target.process.pid || target.ancestors.contains(&pid))
            .then(|| words.map(str::to_owned).collect::<Vec<_>>())
    });
    let Some([session, window, pane]) = pane.as_deref().and_then(|ids| <&[String; 3]>::try_from(ids).ok()) else {
        return false;
    };
    // This fails if the client shows this session already.
    drop(output("tmux", &["switch-client", "-t", session]));
    output("tmux", &["select-window", "-t", window]).is_some() && output("tmux", &["select-pane", "-t", pane]).is_some()
}

/// Zellij sets variables for the pane and session of each program. From 0.44 on it can show a pane of its own session.
fn zellij(target: &TerminalTarget) -> bool {
    let pid = target.process.pid.to_string();
    let Some(words) = output("ps", &["eww", "-o", "command=", "-p", &pid]) else { return false };
    let own_session = std::env::var("ZELLIJ_SESSION_NAME").ok();
    let pane = zellij_pane(&words, own_session.as_deref());
    pane.is_some_and(|pane| output("zellij", &["action", "focus-pane-id", &format!("terminal_{pane}")]).is_some())
}

/// The pane in a command line that is followed by the environment; `None` if it is in another session.
fn zellij_pane(words: &str, session: Option<&str>) -> Option<u32> {
    // The environment comes last: its words win over those of the command line.
    let variable =
        |name: &str| words.split_whitespace().rev().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
    (variable("ZELLIJ_SESSION_NAME") == session).then(|| variable("ZELLIJ_PANE_ID"))??.parse().ok()
}

/// kitty finds windows by the processes in them.
fn kitty(target: &TerminalTarget) -> bool {
    let pids = std::iter::once(&target.process.pid).chain(&target.ancestors);
    pids.into_iter().any(|pid| output("kitten", &["@", "focus-window", "--match", &format!("pid:{pid}")]).is_some())
}

/// `WezTerm` lists the device of each terminal.
fn wezterm(target: &TerminalTarget) -> bool {
    let Some(device) = device(target) else { return false };
    let Some(list) = output("wezterm", &["cli", "list", "--format", "json"]) else { return false };
    let panes: Vec<serde_json::Value> = serde_json::from_str(&list).unwrap_or_default();
    let pane = panes.iter().find(|pane| pane["tty_name"] == *device).and_then(|pane| pane["pane_id"].as_u64());
    pane.is_some_and(|id| output("wezterm", &["cli", "activate-pane", "--pane-id", &id.to_string()]).is_some())
}

/// iTerm2 finds a terminal by its device. The device is an argument of the `AppleScript`, not a part of it.
fn iterm(target: &TerminalTarget) -> bool {
    const SCRIPT: &str = r#"on run argv
    tell application "iTerm2"
        repeat with aWindow in windows
            repeat with aTab in tabs of aWindow
                repeat with aSession in sessions of aTab
                    if tty of aSession is item 1 of argv then
                        select aWindow
                        select aTab
                        select aSession
                        activate
                        return
                    end if
                end repeat
            end repeat
        end repeat
    end tell
    error "not there"
end run"#;
    device(target).is_some_and(|device| output("osascript", &["-e", SCRIPT, &device]).is_some())
}

/// The device of the agent's terminal.
fn device(target: &TerminalTarget) -> Option<String> {
    let name = output("ps", &["-o", "tty=", "-p", &target.process.pid.to_string()])?;
    let name = name.trim();
    (!name.is_empty() && name != "?" && name != "??").then(|| format!("/dev/{name}"))
}

#[cfg(test)]
mod tests {
    use super::zellij_pane;

    #[test]
    fn the_pane_of_zellij_is_read_from_the_environment_after_the_command_line() {
        let words = "claude -p ZELLIJ_PANE_ID=9 HOME=/home/u ZELLIJ_SESSION_NAME=work ZELLIJ_PANE_ID=3 TERM=xterm";
        assert_eq!(zellij_pane(words, Some("work")), Some(3));
        assert_eq!(zellij_pane(words, Some("other")), None);
        assert_eq!(zellij_pane("claude HOME=/home/u", Some("work")), None);
        assert_eq!(zellij_pane("claude ZELLIJ_SESSION_NAME=work ZELLIJ_PANE_ID=x", Some("work")), None);
    }
}
