//! A notification on the desktop, for whoever has no terminal before their eyes.

use agtop_alerts::Alert;
use anyhow::Result;

/// Has the desktop show the alert.
///
/// # Errors
/// If there is no desktop, or it refuses.
pub(super) fn show(alert: &Alert) -> Result<()> {
    system::show(&alert.sentence())
}

/// By D-Bus, or as Windows does it.
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
            .context("no desktop shows it")
    }

    /// Servers may take a body for markup.
    fn without_markup(text: &str) -> String {
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
    }
}

/// By the interpreter that comes with the system: it gets the text as an argument, not as a part of its script.
#[cfg(target_vendor = "apple")]
mod system {
    use std::process::{Command, Stdio};

    use anyhow::{Context, Result, bail};

    const SCRIPT: &str = "on run argv\ndisplay notification (item 1 of argv) with title \"agtop\"\nend run";

    pub(super) fn show(text: &str) -> Result<()> {
        let mut command = Command::new("/usr/bin/osascript");
        command.args(["-e", SCRIPT, text]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let status = command.status().context("no desktop shows it")?;
        if !status.success() {
            bail!("the desktop refuses it: {status}");
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
