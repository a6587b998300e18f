//! Brings the terminal of an agent to the front. Programs are run here, since the person asked for it by a key.

use std::process::Command;

use agtop_tui::TerminalTarget;
use anyhow::{Result, bail};

/// A program that has terminals, and knows which process runs in which.
struct Multiplexer {
    name: &'static str,
    /// It is there if this variable is set.
    variable: &'static str,
    /// Whether the agent runs in one of its terminals, which is in front then.
    go: fn(&TerminalTarget) -> bool,
}

static MULTIPLEXERS: &[Multiplexer] = &[
    Multiplexer { name: "tmux", variable: "TMUX", go: tmux },
    Multiplexer { name: "Zellij", variable: "ZELLIJ", go: zellij },
    Multiplexer { name: "kitty", variable: "KITTY_WINDOW_ID", go: kitty },
    Multiplexer { name: "WezTerm", variable: "WEZTERM_PANE", go: wezterm },
    Multiplexer { name: "iTerm2", variable: "ITERM_SESSION_ID", go: iterm },
];

/// Says where it went.
pub(super) fn go_to(place: &TerminalTarget) -> Result<String> {
    let present: Vec<&Multiplexer> =
        MULTIPLEXERS.iter().filter(|one| std::env::var_os(one.variable).is_some()).collect();
    if let Some(found) = present.iter().find(|one| (one.go)(place)) {
        return Ok(format!("in front: {} of {}", found.name, place.process.pid));
    }
    if present.is_empty() {
        bail!("agtop runs in no terminal that can show another: tmux, Zellij, kitty, WezTerm and iTerm2 can");
    }
    let names: Vec<&str> = present.iter().map(|one| one.name).collect();
    bail!("process {} is in no terminal of {}", place.process.pid, names.join(" or "))
}

/// What a program says, if it succeeds.
fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The process in a pane is above the agent.
fn tmux(place: &TerminalTarget) -> bool {
    let Some(panes) = output("tmux", &["list-panes", "-a", "-F", "#{pane_pid} #{session_id} #{window_id} #{pane_id}"])
    else {
        return false;
    };
    let pane = panes.lines().find_map(|line| {
        let mut words = line.split(' ');
        let pid: u32 = words.next()?.parse().ok()?;
        (pid == place.process.pid || place.ancestors.contains(&pid))
            .then(|| words.map(str::to_owned).collect::<Vec<_>>())
    });
    let Some([session, window, pane]) = pane.as_deref().and_then(|ids| <&[String; 3]>::try_from(ids).ok()) else {
        return false;
    };
    // A client that shows another session is switched; one that shows this session needs no switching.
    drop(output("tmux", &["switch-client", "-t", session]));
    output("tmux", &["select-window", "-t", window]).is_some() && output("tmux", &["select-pane", "-t", pane]).is_some()
}

/// Zellij tells its panes' programs in which pane and session they run. It can go to a pane from 0.44 on, and only within
/// its session.
fn zellij(place: &TerminalTarget) -> bool {
    let pid = place.process.pid.to_string();
    let Some(told) = output("ps", &["eww", "-o", "command=", "-p", &pid]) else { return false };
    let ours = std::env::var("ZELLIJ_SESSION_NAME").ok();
    let pane = zellij_pane(&told, ours.as_deref());
    pane.is_some_and(|pane| output("zellij", &["action", "focus-pane-id", &format!("terminal_{pane}")]).is_some())
}

/// The pane in a command line with its environment behind it, if it is in that session.
fn zellij_pane(told: &str, session: Option<&str>) -> Option<u32> {
    // The environment comes last, and so do its words.
    let variable =
        |name: &str| told.split_whitespace().rev().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
    (variable("ZELLIJ_SESSION_NAME") == session).then(|| variable("ZELLIJ_PANE_ID"))??.parse().ok()
}

/// kitty finds windows by the processes in them.
fn kitty(place: &TerminalTarget) -> bool {
    let pids = std::iter::once(&place.process.pid).chain(&place.ancestors);
    pids.into_iter().any(|pid| output("kitten", &["@", "focus-window", "--match", &format!("pid:{pid}")]).is_some())
}

/// `WezTerm` knows terminals by their devices.
fn wezterm(place: &TerminalTarget) -> bool {
    let Some(device) = device(place) else { return false };
    let Some(list) = output("wezterm", &["cli", "list", "--format", "json"]) else { return false };
    let panes: Vec<serde_json::Value> = serde_json::from_str(&list).unwrap_or_default();
    let pane = panes.iter().find(|pane| pane["tty_name"] == *device).and_then(|pane| pane["pane_id"].as_u64());
    pane.is_some_and(|id| output("wezterm", &["cli", "activate-pane", "--pane-id", &id.to_string()]).is_some())
}

/// So does iTerm2; it is told by `AppleScript`, with the device as an argument and not within the script.
fn iterm(place: &TerminalTarget) -> bool {
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
    device(place).is_some_and(|device| output("osascript", &["-e", SCRIPT, &device]).is_some())
}

/// The device of the terminal in which the agent runs.
fn device(place: &TerminalTarget) -> Option<String> {
    let name = output("ps", &["-o", "tty=", "-p", &place.process.pid.to_string()])?;
    let name = name.trim();
    (!name.is_empty() && name != "?" && name != "??").then(|| format!("/dev/{name}"))
}

#[cfg(test)]
mod tests {
    use super::zellij_pane;

    #[test]
    fn zellijs_pane_is_in_the_environment_behind_the_command_line() {
        let told = "claude -p ZELLIJ_PANE_ID=9 HOME=/home/u ZELLIJ_SESSION_NAME=work ZELLIJ_PANE_ID=3 TERM=xterm";
        assert_eq!(zellij_pane(told, Some("work")), Some(3));
        assert_eq!(zellij_pane(told, Some("other")), None);
        assert_eq!(zellij_pane("claude HOME=/home/u", Some("work")), None);
        assert_eq!(zellij_pane("claude ZELLIJ_SESSION_NAME=work ZELLIJ_PANE_ID=x", Some("work")), None);
    }
}
