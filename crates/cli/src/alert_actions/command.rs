//! A command of the user's, which gets the alert in environment variables.

use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use agtop_alerts::{Alert, AlertSubject};
use agtop_format::sink::plain;
use agtop_model::{Status, Timestamp};
use agtop_output::alert::json;
use anyhow::{Context, Result, bail};

/// How often the exit of a command is checked.
const EXIT_POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Runs the rule's command with the arguments as they are written, without a shell. Its output is discarded.
///
/// # Errors
/// If it cannot be started, if it fails, or if it runs past the deadline and is killed.
pub(super) fn run(alert: &Alert, at: Timestamp, deadline: Instant) -> Result<()> {
    let Some((program, arguments)) = alert.actions.command.as_deref().and_then(<[String]>::split_first) else {
        return Ok(());
    };
    let mut command = Command::new(program);
    command.args(arguments).envs(variables(alert, at));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    agtop_os::start_in_own_group(&mut command);
    let mut child = command.spawn().with_context(|| format!("{program} cannot be started"))?;
    match exit_status(&mut child, deadline)? {
        Some(status) if status.success() => Ok(()),
        Some(status) => bail!("{program}: {status}"),
        None => {
            agtop_os::kill_group(&mut child);
            bail!("{program} ran into the time limit and was killed")
        }
    }
}

/// The environment variables that describe the alert. They hold message text only if the rule asks for that.
fn variables(alert: &Alert, at: Timestamp) -> Vec<(&'static str, String)> {
    let (pid, session) = match &alert.subject {
        AlertSubject::Agent(process, session) => (Some(process.pid), session.as_ref().map(|session| &*session.id)),
        AlertSubject::Fleet | AlertSubject::Quota(..) => (None, None),
    };
    let clean = |text: &str| plain(text).into_owned();
    let mut variables = vec![
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
    variables.extend(alert.content.as_ref().map(|content| ("AGTOP_ALERT_CONTENT", clean(content.raw()))));
    variables
}

/// The exit status of a command; `None` if it still runs at the deadline.
fn exit_status(child: &mut Child, deadline: Instant) -> Result<Option<ExitStatus>> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            return Ok(None);
        }
        std::thread::sleep(EXIT_POLL_INTERVAL);
    }
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
        let result = run(&alert(command), Timestamp::from_millis(0), Instant::now() + limit);
        result.map_or_else(|error| error.to_string(), |()| String::new())
    }

    #[test]
    fn a_command_that_takes_too_long_is_killed_with_its_children_and_reaped() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("pid");
        let script = format!("sleep 1000 & echo $! $$ >{}; wait", file.display());
        let mut seconds = 1;
        // On a busy machine the command may not have started by then.
        while !std::fs::read_to_string(&file).is_ok_and(|text| text.ends_with('\n')) {
            let error = run_within(&["/bin/sh", "-c", &script], Duration::from_secs(seconds));
            assert_eq!(error, "/bin/sh ran into the time limit and was killed");
            seconds *= 2;
        }
        let pids = std::fs::read_to_string(&file).unwrap();
        let started = Instant::now();
        for pid in pids.split_whitespace() {
            while agtop_os::is_alive(pid.parse().unwrap()) {
                assert!(started.elapsed() < Duration::from_mins(1), "{pid} still runs");
                std::thread::sleep(EXIT_POLL_INTERVAL);
            }
        }
    }

    #[test]
    fn the_error_says_how_a_command_failed() {
        let minute = Duration::from_mins(1);
        assert_eq!(run_within(&["/bin/sh", "-c", "exit 3"], minute), "/bin/sh: exit status: 3");
        assert_eq!(run_within(&["/nonexistent"], minute), "/nonexistent cannot be started");
        assert_eq!(run_within(&["/bin/sh", "-c", "test \"$AGTOP_ALERT_NAME\" = permission"], minute), "");
    }

    /// A variable cannot hold a NUL: a command did not get the name of an agent with a NUL in it.
    #[test]
    fn variables_hold_names_without_nul_and_no_message_text() {
        let alert = Alert { who: "a\0b".to_owned(), ..alert(&["true"]) };
        let variables = variables(&alert, Timestamp::from_millis(0));
        assert!(variables.contains(&("AGTOP_ALERT_WHO", "ab".to_owned())), "{variables:?}");
        assert!(!variables.iter().any(|(name, _)| *name == "AGTOP_ALERT_CONTENT"), "{variables:?}");
    }
}
