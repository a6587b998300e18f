use std::sync::Arc;

use agtop_format::sink::plain;
use agtop_model::{ClientId, ProcId, SessionKey, Status, Untrusted};

use crate::rule::AlertActions;
use crate::rule_entry::Severity;

/// One case in which the condition of a rule is true.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// The name of the rule that found it.
    pub name: Arc<str>,
    /// What the rule is about, in a word or two.
    pub label: Arc<str>,
    /// How severe it is.
    pub severity: Severity,
    /// What it is about.
    pub subject: AlertSubject,
    /// The status of the agent, if the rule is about the status.
    pub status: Option<Status>,
    /// The agent or quota it is about, in one line without control characters; empty for all agents together.
    pub who: String,
    /// The values that the rule compares, in one line; may be empty.
    pub detail: String,
    /// The same values as numbers: percent, US dollars, tokens, bytes and seconds.
    pub values: Vec<(&'static str, f64)>,
    /// Message text; only with a rule that has `content = true`.
    pub content: Option<Untrusted>,
    /// What is to be done.
    pub actions: Arc<AlertActions>,
}

/// What an alert is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AlertSubject {
    /// An agent, with its session.
    Agent(ProcId, Option<SessionKey>),
    /// All agents together.
    Fleet,
    /// A window of a rate limit, by its length in minutes.
    Quota(ClientId, Arc<str>, u32),
}

impl Alert {
    /// What it is about and its values, in one line without control characters.
    pub fn text(&self) -> String {
        let parts = [self.who.as_str(), self.detail.as_str()];
        plain(&parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")).into_owned()
    }

    /// Label, subject, values and, if the rule asks for it, message text, in one line without control characters.
    pub fn sentence(&self) -> String {
        let content = self.content.as_ref().map(|content| format!(" — {}", content.raw())).unwrap_or_default();
        plain(&format!("{}: {}{content}", self.label, self.text())).into_owned()
    }
}
