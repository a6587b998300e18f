//! A desktop notification, for a user who does not look at the terminal.

use agtop_alerts::Alert;
use anyhow::Result;

/// Shows the alert on the desktop.
///
/// # Errors
/// If there is no desktop that shows notifications, or it refuses this one.
pub(super) fn show(alert: &Alert) -> Result<()> {
    system::show(&alert.sentence())
}

/// Notifications over D-Bus, and on Windows.
#[cfg(all(feature = "desktop", not(target_vendor = "apple")))]
mod system {
    use anyhow::{Context, Result};
    use notify_rust::Notification;

    pub(super) fn show(text: &str) -> Result<()> {
        let body = without_markup(text);
        Notification::new()
            .appname("agtop")
            .summary("agtop")
            .body(&body)
            .show()
            .map(drop)
            .context("no desktop notification could be shown")
    }

    /// Notification servers may read the body as markup.
    fn without_markup(text: &str) -> String {
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
    }
}

/// Notifications through the system's AppleScript interpreter. The text is an argument, not a part of the script.
#[cfg(target_vendor = "apple")]
mod system {
    use std::process::{Command, Stdio};

    use anyhow::{Context, Result, bail};

    const SCRIPT: &str = "on run argv\ndisplay notification (item 1 of argv) with title \"agtop\"\nend run";

    pub(super) fn show(text: &str) -> Result<()> {
        let mut command = Command::new("/usr/bin/osascript");
        command.args(["-e", SCRIPT, text]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let status = command.status().context("no desktop notification could be shown")?;
        if !status.success() {
            bail!("the desktop refused the notification: {status}");
        }
        Ok(())
    }
}

#[cfg(not(any(feature = "desktop", target_vendor = "apple")))]
mod system {
    use anyhow::{Result, bail};

    pub(super) fn show(_: &str) -> Result<()> {
        bail!("this agtop was built without desktop notifications")
    }
}
