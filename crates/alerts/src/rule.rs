use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use agtop_model::FieldKind;
use agtop_query::parsed;
use serde::Deserialize;
use thiserror::Error;
use toml::Spanned;

use crate::condition::Condition;
use crate::{Action, Entry, Of, Severity};

/// The rules that agtop comes with.
pub(super) const BUILT_IN: &str = include_str!("built_in.toml");

/// Rules without a cool-down of their own have this one.
const COOL_DOWN: Duration = Duration::from_mins(5);

/// One way in which something can be wrong.
#[derive(Clone)]
pub struct Rule {
    pub(super) name: Arc<str>,
    pub(super) label: Arc<str>,
    pub(super) of: Of,
    pub(super) when: Written,
    pub(super) bad_when: Option<Written>,
    pub(super) threshold: Option<f64>,
    pub(super) severity: Severity,
    pub(super) standing: Standing,
    pub(super) actions: Arc<Actions>,
}

/// A condition, and how it was written: what it says may change with the threshold.
#[derive(Clone)]
pub(super) struct Written {
    pub(super) text: String,
    pub(super) condition: Condition,
}

/// Whether a rule is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    InForce,
    Off,
}

/// What is done about what a rule finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actions {
    /// What the terminal and the desktop do.
    pub shown: Vec<Action>,
    /// A program and its arguments. No shell sees them.
    pub command: Option<Vec<String>>,
    /// Where a JSON document is posted to.
    pub webhook: Option<String>,
    /// Whether message text goes with them.
    pub content: agtop_format::Content,
    /// At most this often about the same thing.
    pub cool_down: Duration,
}

/// Why a rule cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{what}")]
pub struct RuleError {
    /// The bytes of the configuration that are wrong.
    pub span: Range<usize>,
    /// What is wrong with them.
    pub what: String,
}

/// The rules, most pressing first.
#[derive(Clone)]
pub struct Rules(Vec<Rule>);

#[derive(Deserialize)]
struct File {
    alerts: Vec<Entry>,
}

impl Default for Rules {
    /// Those that agtop comes with.
    fn default() -> Self {
        let entries = toml::from_str::<File>(BUILT_IN).map(|file| file.alerts).unwrap_or_default();
        Self(entries.iter().filter_map(|entry| Rule::of(None, entry).ok()).collect())
    }
}

impl Rules {
    /// These rules, changed by what a user wrote: an entry with the name of a rule replaces what it says of it, others
    /// are new rules.
    ///
    /// # Errors
    /// If an entry cannot be followed: it says where and why.
    pub fn with(mut self, entries: &[Entry]) -> Result<Self, RuleError> {
        for entry in entries {
            let known = self.0.iter_mut().find(|rule| *rule.name == *entry.name.as_ref());
            let rule = Rule::of(known.as_deref(), entry)?;
            match known {
                Some(known) => *known = rule,
                None => self.0.push(rule),
            }
        }
        Ok(self)
    }

    /// These rules with another threshold in the one of that name, if it has one.
    #[must_use]
    pub fn with_threshold(mut self, name: &str, threshold: f64) -> Self {
        if let Some(rule) = self.0.iter_mut().find(|rule| *rule.name == *name)
            && let Ok(Some(condition)) = Condition::parse(rule.of, &rule.when.text, Some(threshold))
        {
            rule.when.condition = condition;
            rule.threshold = Some(threshold);
        }
        self
    }

    /// The threshold of the rule of that name.
    pub fn threshold(&self, name: &str) -> Option<f64> {
        self.0.iter().find(|rule| *rule.name == *name)?.threshold
    }

    /// The same rules, of which the screen alone tells.
    #[must_use]
    pub fn without_actions(mut self) -> Self {
        for rule in &mut self.0 {
            let shown = rule.actions.shown.iter().copied().filter(|action| *action == Action::Strip).collect();
            rule.actions = Arc::new(Actions { shown, command: None, webhook: None, ..(*rule.actions).clone() });
        }
        self
    }

    #[cfg(test)]
    pub(super) fn all(&self) -> &[Rule] {
        &self.0
    }

    /// The rules that are in force.
    pub(super) fn in_force(&self) -> impl Iterator<Item = &Rule> {
        self.0.iter().filter(|rule| rule.standing == Standing::InForce)
    }
}

impl std::fmt::Debug for Rules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|rule| &rule.name)).finish()
    }
}

impl Rule {
    /// What the entry says, and what the rule before it says of everything else.
    fn of(before: Option<&Self>, entry: &Entry) -> Result<Self, RuleError> {
        let of = entry.of.or(before.map(|rule| rule.of)).unwrap_or_default();
        let threshold = match &entry.threshold {
            Some(threshold) if !threshold.as_ref().is_finite() => {
                return Err(at(threshold, "a threshold is a number that has an end"));
            }
            Some(threshold) => Some(*threshold.as_ref()),
            None => before.and_then(|rule| rule.threshold),
        };
        let written = |now: &Option<Spanned<String>>, before: Option<&Written>| match (now, before) {
            (Some(text), _) => Written::parse(of, text.as_ref(), threshold, text.span()).map(Some),
            (None, Some(before)) => Written::parse(of, &before.text, threshold, entry.name.span()).map(Some),
            (None, None) => Ok(None),
        };
        let when = written(&entry.when, before.map(|rule| &rule.when))?.ok_or_else(|| {
            at(&entry.name, format!("no rule is called '{}', and a new one needs 'when'", entry.name.as_ref()))
        })?;
        let name: Arc<str> = entry.name.as_ref().as_str().into();
        let label = entry.label.as_deref().map(plain).or(before.map(|rule| Arc::clone(&rule.label)));
        Ok(Self {
            label: label.unwrap_or_else(|| plain(&name)),
            of,
            when,
            bad_when: written(&entry.bad_when, before.and_then(|rule| rule.bad_when.as_ref()))?,
            threshold,
            severity: entry.severity.or(before.map(|rule| rule.severity)).unwrap_or_default(),
            standing: match entry.enabled {
                Some(true) => Standing::InForce,
                Some(false) => Standing::Off,
                None => before.map_or(Standing::InForce, |rule| rule.standing),
            },
            actions: Arc::new(Actions::of(before.map(|rule| &*rule.actions), entry)?),
            name,
        })
    }
}

impl Written {
    fn parse(of: Of, text: &str, threshold: Option<f64>, span: Range<usize>) -> Result<Self, RuleError> {
        let wrong = |what: String| RuleError { span: span.clone(), what };
        let condition = Condition::parse(of, text, threshold).map_err(|error| wrong(error.to_string()))?;
        let condition = condition.ok_or_else(|| wrong("a condition is missing".to_owned()))?;
        Ok(Self { text: text.to_owned(), condition })
    }
}

impl Actions {
    /// Whether something is to be done that a terminal cannot do.
    pub fn needs_hands(&self) -> bool {
        self.command.is_some() || self.webhook.is_some() || self.shown.contains(&Action::Desktop)
    }

    fn of(before: Option<&Self>, entry: &Entry) -> Result<Self, RuleError> {
        let usual = Self {
            shown: vec![Action::Strip],
            command: None,
            webhook: None,
            content: agtop_format::Content::Hidden,
            cool_down: COOL_DOWN,
        };
        let mut actions = before.cloned().unwrap_or(usual);
        if let Some(shown) = &entry.actions {
            actions.shown.clone_from(shown);
        }
        if let Some(command) = &entry.command {
            let argv = command.as_ref();
            if argv.first().is_none_or(String::is_empty) || argv.iter().any(|argument| argument.contains('\0')) {
                return Err(at(command, "a command is a list of a program and its arguments"));
            }
            actions.command = Some(argv.clone());
        }
        if let Some(webhook) = &entry.webhook {
            let url = webhook.as_ref();
            if !["http://", "https://"].iter().any(|scheme| url.starts_with(scheme)) {
                return Err(at(webhook, "a webhook begins with https:// or http://"));
            }
            actions.webhook = Some(url.clone());
        }
        if let Some(span) = &entry.cool_down {
            let seconds = parsed(span.as_ref(), FieldKind::Span).map_err(|error| at(span, error.to_string()))?;
            actions.cool_down =
                Duration::try_from_secs_f64(seconds).map_err(|_| at(span, "no such span of time has been seen"))?;
        }
        if let Some(content) = entry.content {
            actions.content = if content { agtop_format::Content::Included } else { agtop_format::Content::Hidden };
        }
        Ok(actions)
    }
}

fn at<T>(wrong: &Spanned<T>, what: impl Into<String>) -> RuleError {
    RuleError { span: wrong.span(), what: what.into() }
}

/// A name in one line that no terminal acts on.
fn plain(text: &str) -> Arc<str> {
    agtop_format::sink::plain(text).into()
}
