//! What deserves a person's eye: rules over a snapshot, each of them data. Those that agtop comes with are written as a
//! user writes theirs.
//!
//! [`Rules`] are made from the configuration's [`Entry`]s, [`Rules::find`] tells what is wrong in a snapshot, and a
//! [`Watch`] tells what of that has newly begun. An [`AlertEngine`] does both for one snapshot after the other.

mod condition;
mod engine;
mod entry;
mod find;
mod rule;
#[cfg(test)]
mod tests;
mod watch;
mod words;

use std::sync::Arc;

use agtop_model::{ClientId, ProcId, SessionKey, Status, Untrusted};

pub use engine::{AlertEngine, AlertUpdate};
pub use entry::{Action, Entry, Of, Severity};
pub use rule::{Actions, Rule, RuleError, Rules};
pub use watch::Watch;

use agtop_format::sink::plain;

/// Something that deserves a person's eye.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// The name of the rule that found it.
    pub name: Arc<str>,
    /// What kind of thing, in a word or two.
    pub label: Arc<str>,
    /// How bad it is.
    pub severity: Severity,
    /// What it is about.
    pub subject: Subject,
    /// The status of the agent, where that is what it is about.
    pub status: Option<Status>,
    /// Whom it is about, as one line that no terminal acts on; empty if it is about everything.
    pub who: String,
    /// The values that the rule looked at, as one line; may be empty.
    pub detail: String,
    /// The same values as numbers: percent, US dollars, tokens, bytes and seconds.
    pub values: Vec<(&'static str, f64)>,
    /// Message text about it. Only rules that ask for it have it.
    pub content: Option<Untrusted>,
    /// What is done about it.
    pub actions: Arc<Actions>,
}

/// What an alert is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// An agent at work on a session.
    Agent(ProcId, Option<SessionKey>),
    /// All agents together.
    Fleet,
    /// A window of an account's allowance, by its length in minutes.
    Quota(ClientId, Arc<str>, u32),
}

impl Alert {
    /// Whom and what, in one line that no terminal acts on.
    pub fn text(&self) -> String {
        let parts = [self.who.as_str(), self.detail.as_str()];
        plain(&parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")).into_owned()
    }

    /// All of it in one line that no terminal acts on, message text included where the rule asks for it.
    pub fn sentence(&self) -> String {
        let content = self.content.as_ref().map(|content| format!(" — {}", content.raw())).unwrap_or_default();
        plain(&format!("{}: {}{content}", self.label, self.text())).into_owned()
    }
}
