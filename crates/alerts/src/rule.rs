use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use agtop_format::{Content, sink};
use agtop_model::FieldKind;
use agtop_query::parse_number;
use serde::Deserialize;
use thiserror::Error;
use toml::Spanned;

use crate::condition::Condition;
use crate::rule_entry::{AlertAction, RuleEntry, RuleScope, Severity};

/// The built-in rules, in the form of the configuration.
pub(super) const BUILT_IN_RULES: &str = include_str!("built_in.toml");

/// The cool-down of a rule that names none.
const DEFAULT_COOL_DOWN: Duration = Duration::from_mins(5);

/// One alert rule.
#[derive(Clone)]
pub struct Rule {
    pub(super) name: Arc<str>,
    pub(super) label: Arc<str>,
    pub(super) scope: RuleScope,
    pub(super) when: ConditionText,
    pub(super) bad_when: Option<ConditionText>,
    pub(super) threshold: Option<f64>,
    pub(super) severity: Severity,
    pub(super) state: RuleState,
    pub(super) actions: Arc<AlertActions>,
}

/// A condition and its text, which is parsed again when the threshold changes.
#[derive(Clone)]
pub(super) struct ConditionText {
    pub(super) text: String,
    pub(super) condition: Condition,
}

/// Whether a rule is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RuleState {
    Enabled,
    Disabled,
}

/// What the alerts of a rule do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertActions {
    /// What the screen, the terminal and the desktop do.
    pub shown: Vec<AlertAction>,
    /// A program and its arguments, which run without a shell.
    pub command: Option<Vec<String>>,
    /// The address to which a JSON document is posted.
    pub webhook: Option<String>,
    /// Whether alerts carry message text.
    pub content: Content,
    /// The shortest time between two alerts about the same subject.
    pub cool_down: Duration,
}

/// Why a rule is invalid.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{what}")]
pub struct RuleError {
    /// The bytes of the configuration that are wrong.
    pub span: Range<usize>,
    /// What is wrong with them.
    pub what: String,
}

/// The rules, most urgent first.
#[derive(Clone)]
pub struct Rules(Vec<Rule>);

#[derive(Deserialize)]
struct RuleFile {
    alerts: Vec<RuleEntry>,
}

impl Default for Rules {
    /// The built-in rules.
    fn default() -> Self {
        let entries = toml::from_str::<RuleFile>(BUILT_IN_RULES).map(|file| file.alerts).unwrap_or_default();
        Self(entries.iter().filter_map(|entry| Rule::of(None, entry).ok()).collect())
    }
}

impl Rules {
    /// These rules, changed by those of the user: an entry with the name of a rule changes the keys that it has, others
    /// are new rules.
    ///
    /// # Errors
    /// If an entry is invalid; the error has its place and the reason.
    pub fn with(mut self, entries: &[RuleEntry]) -> Result<Self, RuleError> {
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

    /// These rules with another threshold for the rule of that name, if its condition can have one.
    #[must_use]
    pub fn with_threshold(mut self, name: &str, threshold: f64) -> Self {
        if let Some(rule) = self.0.iter_mut().find(|rule| *rule.name == *name)
            && let Ok(Some(condition)) = Condition::parse(rule.scope, &rule.when.text, Some(threshold))
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

    /// The same rules, with no action but to show alerts on the screen.
    #[must_use]
    pub fn without_actions(mut self) -> Self {
        for rule in &mut self.0 {
            let shown = rule.actions.shown.iter().copied().filter(|action| *action == AlertAction::Strip).collect();
            rule.actions = Arc::new(AlertActions { shown, command: None, webhook: None, ..(*rule.actions).clone() });
        }
        self
    }

    #[cfg(test)]
    pub(super) fn all(&self) -> &[Rule] {
        &self.0
    }

    /// The rules that are evaluated.
    pub(super) fn enabled(&self) -> impl Iterator<Item = &Rule> {
        self.0.iter().filter(|rule| rule.state == RuleState::Enabled)
    }
}

impl std::fmt::Debug for Rules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|rule| &rule.name)).finish()
    }
}

impl Rule {
    /// The rule of an entry; keys that the entry lacks are those of the rule before it.
    fn of(before: Option<&Self>, entry: &RuleEntry) -> Result<Self, RuleError> {
        let scope = entry.of.or(before.map(|rule| rule.scope)).unwrap_or_default();
        let threshold = match &entry.threshold {
            Some(threshold) if !threshold.as_ref().is_finite() => {
                return Err(error_at(threshold, "a threshold is a finite number"));
            }
            Some(threshold) => Some(*threshold.as_ref()),
            None => before.and_then(|rule| rule.threshold),
        };
        let written = |now: &Option<Spanned<String>>, before: Option<&ConditionText>| match (now, before) {
            (Some(text), _) => ConditionText::parse(scope, text.as_ref(), threshold, text.span()).map(Some),
            (None, Some(before)) => ConditionText::parse(scope, &before.text, threshold, entry.name.span()).map(Some),
            (None, None) => Ok(None),
        };
        let when = written(&entry.when, before.map(|rule| &rule.when))?.ok_or_else(|| {
            error_at(&entry.name, format!("no rule is called '{}', and a new one needs 'when'", entry.name.as_ref()))
        })?;
        let name: Arc<str> = entry.name.as_ref().as_str().into();
        let label = entry.label.as_deref().map(one_line).or(before.map(|rule| Arc::clone(&rule.label)));
        Ok(Self {
            label: label.unwrap_or_else(|| one_line(&name)),
            scope,
            when,
            bad_when: written(&entry.bad_when, before.and_then(|rule| rule.bad_when.as_ref()))?,
            threshold,
            severity: entry.severity.or(before.map(|rule| rule.severity)).unwrap_or_default(),
            state: match entry.enabled {
                Some(true) => RuleState::Enabled,
                Some(false) => RuleState::Disabled,
                None => before.map_or(RuleState::Enabled, |rule| rule.state),
            },
            actions: Arc::new(AlertActions::of(before.map(|rule| &*rule.actions), entry)?),
            name,
        })
    }
}

impl ConditionText {
    fn parse(scope: RuleScope, text: &str, threshold: Option<f64>, span: Range<usize>) -> Result<Self, RuleError> {
        let invalid = |what: String| RuleError { span: span.clone(), what };
        let condition = Condition::parse(scope, text, threshold).map_err(|error| invalid(error.to_string()))?;
        let condition = condition.ok_or_else(|| invalid("a condition is missing".to_owned()))?;
        Ok(Self { text: text.to_owned(), condition })
    }
}

impl AlertActions {
    /// Whether something is to be done outside the terminal.
    pub fn needs_runner(&self) -> bool {
        self.command.is_some() || self.webhook.is_some() || self.shown.contains(&AlertAction::Desktop)
    }

    fn of(before: Option<&Self>, entry: &RuleEntry) -> Result<Self, RuleError> {
        let defaults = Self {
            shown: vec![AlertAction::Strip],
            command: None,
            webhook: None,
            content: Content::Hidden,
            cool_down: DEFAULT_COOL_DOWN,
        };
        let mut actions = before.cloned().unwrap_or(defaults);
        if let Some(shown) = &entry.actions {
            actions.shown.clone_from(shown);
        }
        if let Some(command) = &entry.command {
            let argv = command.as_ref();
            if argv.first().is_none_or(String::is_empty) || argv.iter().any(|argument| argument.contains('\0')) {
                return Err(error_at(command, "a command is a list of a program and its arguments"));
            }
            actions.command = Some(argv.clone());
        }
        if let Some(webhook) = &entry.webhook {
            let url = webhook.as_ref();
            if !["http://", "https://"].iter().any(|scheme| url.starts_with(scheme)) {
                return Err(error_at(webhook, "a webhook begins with https:// or http://"));
            }
            actions.webhook = Some(url.clone());
        }
        if let Some(span) = &entry.cool_down {
            let seconds =
                parse_number(span.as_ref(), FieldKind::Span).map_err(|error| error_at(span, error.to_string()))?;
            actions.cool_down = Duration::try_from_secs_f64(seconds)
                .map_err(|_| error_at(span, "a cool-down is a duration that is not negative"))?;
        }
        if let Some(content) = entry.content {
            actions.content = if content { Content::Included } else { Content::Hidden };
        }
        Ok(actions)
    }
}

fn error_at<T>(value: &Spanned<T>, what: impl Into<String>) -> RuleError {
    RuleError { span: value.span(), what: what.into() }
}

/// A name in one line without control characters.
fn one_line(text: &str) -> Arc<str> {
    sink::plain(text).into()
}
