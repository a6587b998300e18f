//! A program of the user's, told of an alert by its environment.

use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use agtop_alerts::{Alert, AlertSubject};
use agtop_format::sink::plain;
use agtop_model::{Status, Timestamp};
use agtop_output::alert::json;
use anyhow::{Context, Result, bail};

/// How often it is looked whether a command has ended.
const BEAT: Duration = Duration::from_millis(20);

/// Runs the rule's command: its arguments as they were written, which no shell sees. What it prints is for nobody.
///
/// # Errors
/// If it cannot be started, fails, or has not ended by the deadline and is ended.
pub(super) fn run(alert: &Alert, at: Timestamp, deadline: Instant) -> Result<()> {
    let Some((program, arguments)) = alert.actions.command.as_deref().and_then(<[String]>::split_first) else {
        return Ok(());
    };
    let mut command = Command::new(program);
    command.args(arguments).envs(told(alert, at));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    apart(&mut command);
    let mut child = command.spawn().with_context(|| format!("{program} cannot be started"))?;
    match ended(&mut child, deadline)? {
        Some(status) if status.success() => Ok(()),
        Some(status) => bail!("{program}: {status}"),
        None => {
            end(&mut child);
            bail!("{program} took too long, and was ended")
        }
    }
}

/// What a command is told. There is message text in it only if the rule asks for that.
fn told(alert: &Alert, at: Timestamp) -> Vec<(&'static str, String)> {
    let (pid, session) = match &alert.subject {
        AlertSubject::Agent(process, session) => (Some(process.pid), session.as_ref().map(|session| &*session.id)),
        AlertSubject::Fleet | AlertSubject::Quota(..) => (None, None),
    };
    let clean = |text: &str| plain(text).into_owned();
    let mut told = vec![
        ("AGTOP_ALERT_NAME", clean(&alert.name)),
        ("AGTOP_ALERT_LABEL", clean(&alert.label)),
        ("AGTOP_ALERT_SEVERITY", alert.severity.as_str().to_owned()),
        ("AGTOP_ALERT_WHO", clean(&alert.who)),
        ("AGTOP_ALERT_TEXT", alert.text()),
        ("AGTOP_ALERT_STATUS", alert.status.map(Status::as_str).unwrap_or_default().to_owned()),
        ("AGTOP_ALERT_PID", pid.map(|pid| pid.to_string()).unwrap_or_default()),
        ("AGTOP_ALERT_SESSION", session.map(clean).unwrap_or_default()),
        ("AGTOP_ALERT_JSON", json(alert, at)),
    ];
    told.extend(alert.content.as_ref().map(|content| ("AGTOP_ALERT_CONTENT", clean(content.raw()))));
    told
}

/// How it ended; `None` if it has not by the deadline.
fn ended(child: &mut Child, deadline: Instant) -> Result<Option<ExitStatus>> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            return Ok(None);
        }
        std::thread::sleep(BEAT);
    }
}

/// A group of its own: keys that interrupt agtop do not reach it, and what it started is ended with it.
#[cfg(unix)]
fn apart(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(not(unix))]
fn apart(_: &mut Command) {}

fn end(child: &mut Child) {
    #[cfg(unix)]
    if let Ok(pid) = i32::try_from(child.id())
        && let Some(group) = rustix::process::Pid::from_raw(pid)
    {
        // It may have ended by itself just now.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    drop(child.kill());
    drop(child.wait());
}

#[cfg(all(test, unix))]
mod tests {
    use std::sync::Arc;

    use agtop_alerts::{AlertActions, Rules};

    use super::*;

    fn alert(command: &[&str]) -> Alert {
        let alert = Rules::default().evaluate(&agtop_demo::crowd(5, 5)).remove(0);
        let command = Some(command.iter().map(|&argument| argument.to_owned()).collect());
        Alert { actions: Arc::new(AlertActions { command, ..(*alert.actions).clone() }), ..alert }
    }

    fn run_within(command: &[&str], limit: Duration) -> String {
        let told = run(&alert(command), Timestamp::from_millis(0), Instant::now() + limit);
        told.map_or_else(|error| error.to_string(), |()| String::new())
    }

    #[test]
    fn a_command_that_takes_too_long_is_ended_with_what_it_started_and_reaped() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("pid");
        let script = format!("sleep 1000 & echo $! $$ >{}; wait", file.display());
        let mut seconds = 1;
        // On a loaded machine it may not have begun by then.
        while !std::fs::read_to_string(&file).is_ok_and(|text| text.ends_with('\n')) {
            let told = run_within(&["/bin/sh", "-c", &script], Duration::from_secs(seconds));
            assert_eq!(told, "/bin/sh took too long, and was ended");
            seconds *= 2;
        }
        let pids = std::fs::read_to_string(&file).unwrap();
        let started = Instant::now();
        for pid in pids.split_whitespace() {
            while agtop_os::is_alive(pid.parse().unwrap()) {
                assert!(started.elapsed() < Duration::from_mins(1), "{pid} goes on");
                std::thread::sleep(BEAT);
            }
        }
    }

    #[test]
    fn how_a_command_failed_is_told() {
        let minute = Duration::from_mins(1);
        assert_eq!(run_within(&["/bin/sh", "-c", "exit 3"], minute), "/bin/sh: exit status: 3");
        assert_eq!(run_within(&["/nonexistent"], minute), "/nonexistent cannot be started");
        assert_eq!(run_within(&["/bin/sh", "-c", "test \"$AGTOP_ALERT_NAME\" = permission"], minute), "");
    }

    /// A variable cannot hold a NUL, and an alert about such a name was not told whom it was about.
    #[test]
    fn a_command_is_told_names_that_no_variable_can_hold_and_no_message_text() {
        let alert = Alert { who: "a\0b".to_owned(), ..alert(&["true"]) };
        let told = told(&alert, Timestamp::from_millis(0));
        assert!(told.contains(&("AGTOP_ALERT_WHO", "ab".to_owned())), "{told:?}");
        assert!(!told.iter().any(|(name, _)| *name == "AGTOP_ALERT_CONTENT"), "{told:?}");
    }
}
