use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use agtop_format::{project, units};
use agtop_model::{ActivityWindow, Agent, Billing, Session, Snapshot, SnapshotRow, Spend, Timestamp, Untrusted};

use crate::alert::{Alert, AlertSubject};
use crate::condition::{ComparedValue, Condition, compared_values, is_about_status};
use crate::fleet_metrics::live_agents;
use crate::quota_metrics::QuotaWindow;
use crate::rule::{Rule, Rules};
use crate::rule_entry::Severity;

impl Rules {
    /// All alerts of the snapshot, most urgent first.
    pub fn evaluate(&self, snapshot: &Snapshot) -> Vec<Alert> {
        self.evaluate_again(snapshot, &mut AgentAlerts::default())
    }

    /// The same, without evaluating the rules again for agents that are the same as in the snapshot before.
    pub(crate) fn evaluate_again(&self, snapshot: &Snapshot, known: &mut AgentAlerts) -> Vec<Alert> {
        known.update(self, snapshot);
        let rules = self.enabled().enumerate();
        rules.flat_map(|(at, rule)| rule.evaluate(snapshot, || known.of_rule(at))).collect()
    }
}

/// The alerts of agents, by agent and rule.
#[derive(Debug, Default)]
pub(crate) struct AgentAlerts {
    /// When all of them were evaluated.
    evaluated_at: Option<Timestamp>,
    rows: Vec<(Arc<Agent>, Vec<Option<Alert>>)>,
}

/// Conditions may depend on the time, so alerts of an agent that stays the same are evaluated again after this time.
const MAX_REUSE: Duration = Duration::from_secs(2);

impl AgentAlerts {
    fn update(&mut self, rules: &Rules, snapshot: &Snapshot) {
        let is_fresh = self.evaluated_at.is_some_and(|at| at <= snapshot.now && snapshot.now.since(at) < MAX_REUSE);
        if !is_fresh {
            self.rows.clear();
            self.evaluated_at = Some(snapshot.now);
        }
        // Only a rule about money needs copies of the agents without the covered part of their money.
        let view: fn(&Agent) -> Cow<'_, Agent> =
            if rules.enabled().any(Rule::uses_agent_money) { metered } else { |agent| Cow::Borrowed(agent) };
        let mut before = std::mem::take(&mut self.rows).into_iter();
        self.rows = live_agents(snapshot)
            .map(|agent| match before.next() {
                Some(known) if Arc::ptr_eq(&known.0, agent) => known,
                _ => {
                    let seen = view(agent);
                    let row = SnapshotRow::of_agent(snapshot.now, &seen);
                    (Arc::clone(agent), rules.enabled().map(|rule| rule.alert_of_agent((agent, &row))).collect())
                }
            })
            .collect();
    }

    /// The agents for which the rule at this place is true, with their alerts.
    fn of_rule(&self, at: usize) -> Vec<(&Agent, &Alert)> {
        self.rows.iter().filter_map(|(agent, alerts)| Some((&**agent, alerts.get(at)?.as_ref()?))).collect()
    }
}

impl Rule {
    fn uses_agent_money(&self) -> bool {
        let conditions = std::iter::once(&self.when).chain(&self.bad_when);
        conditions.into_iter().any(|text| text.condition.uses_agent_money())
    }

    fn evaluate<'a>(&self, snapshot: &Snapshot, of_agents: impl FnOnce() -> Vec<(&'a Agent, &'a Alert)>) -> Vec<Alert> {
        match &self.when.condition {
            Condition::Agent(query) => {
                let mut matching = of_agents();
                // The agent that has waited longest comes first.
                if is_about_status(query) {
                    matching.sort_by_key(|(agent, _)| agent.session.as_ref().and_then(|session| session.last_active));
                }
                matching.into_iter().map(|(_, alert)| alert.clone()).collect()
            }
            Condition::Fleet(query) if query.matches(&snapshot) => vec![Alert {
                severity: self.severity_if(|condition| condition.is_true_of_fleet(snapshot)),
                ..self.alert(AlertSubject::Fleet, String::new(), compared_values(query, &snapshot))
            }],
            Condition::Fleet(_) => Vec::new(),
            Condition::Quota(query) => {
                let alert = |window: QuotaWindow<'_>| Alert {
                    severity: self.severity_if(|condition| condition.is_true_of_quota(&window)),
                    ..self.alert(quota_subject(&window), quota_name(&window), compared_values(query, &window))
                };
                quota_windows(snapshot).filter(|window| query.matches(window)).map(alert).collect()
            }
        }
    }

    /// The alert of an agent, if this is a rule about agents and its condition is true.
    fn alert_of_agent(&self, (agent, row): (&Agent, &SnapshotRow<'_>)) -> Option<Alert> {
        let Condition::Agent(query) = &self.when.condition else { return None };
        if !query.matches(row) {
            return None;
        }
        let alert = self.alert(agent_subject(agent), agent_name(agent), compared_values(query, row));
        Some(Alert {
            severity: self.severity_if(|condition| condition.is_true_of_agent(row)),
            status: is_about_status(query).then_some(agent.status),
            detail: if alert.detail.is_empty() { idle_time(row) } else { alert.detail },
            content: self.content(agent),
            ..alert
        })
    }

    fn alert(&self, subject: AlertSubject, who: String, values: Vec<ComparedValue>) -> Alert {
        // A single value needs no name: the label of the rule says what it is.
        let detail: Vec<String> = match &*values {
            [only] => vec![only.text.clone()],
            many => many.iter().map(|value| format!("{} {}", value.id, value.text)).collect(),
        };
        Alert {
            name: Arc::clone(&self.name),
            label: Arc::clone(&self.label),
            severity: self.severity,
            subject,
            status: None,
            who,
            detail: detail.join(", "),
            values: values.into_iter().map(|value| (value.id, value.number)).collect(),
            content: None,
            actions: Arc::clone(&self.actions),
        }
    }

    /// The severity of the rule, or `Bad` if its `bad_when` is true.
    fn severity_if(&self, is_true: impl Fn(&Condition) -> bool) -> Severity {
        let is_worse = self.bad_when.as_ref().is_some_and(|text| is_true(&text.condition));
        if is_worse { Severity::Bad } else { self.severity }
    }

    /// The title of the session and the running tool call, if the rule may show message text.
    fn content(&self, agent: &Agent) -> Option<Untrusted> {
        let session = self.actions.content.allow(agent.session.as_deref())?;
        let title = session.title.as_ref().map(|title| title.text.raw().to_owned());
        let works_on = session.in_flight.last().map(|running| {
            let target = running.target.as_ref().map(|target| format!(" {}", target.raw())).unwrap_or_default();
            format!("{}{target}", running.name.raw())
        });
        let parts: Vec<String> = title.into_iter().chain(works_on).collect();
        (!parts.is_empty()).then(|| parts.join(": ").into())
    }
}

/// The agent without the dollars that a subscription covers, since the user does not pay them.
fn metered(agent: &Agent) -> Cow<'_, Agent> {
    let is_covered = |spend: &Spend| spend.billing == Billing::Included;
    let session = agent.session.as_ref().filter(|session| is_covered(&session.spend));
    if session.is_none() && !agent.rates.iter().any(|pace| is_covered(&pace.spend)) {
        return Cow::Borrowed(agent);
    }
    let metered =
        |session: &Arc<Session>| Arc::new(Session { spend: session.spend.metered(), ..Session::clone(session) });
    let session = session.map(metered).or_else(|| agent.session.clone());
    Cow::Owned(Agent { session, rates: agent.rates.each_ref().map(ActivityWindow::metered), ..agent.clone() })
}

fn agent_subject(agent: &Agent) -> AlertSubject {
    AlertSubject::Agent(agent.process.id, agent.session.as_ref().map(|session| session.key.clone()))
}

/// `claude shop-api`.
fn agent_name(agent: &Agent) -> String {
    format!("{} {}", agent.label.for_terminal(), project(agent))
}

fn idle_time(row: &SnapshotRow<'_>) -> String {
    row.session.and_then(|session| session.idle_for(row.now)).map(units::span).unwrap_or_default()
}

/// Every rate limit window with a current reading.
fn quota_windows(snapshot: &Snapshot) -> impl Iterator<Item = QuotaWindow<'_>> {
    snapshot.allowances().flat_map(|known| {
        known.windows().map(move |window| QuotaWindow { client: known.client, limit: known.limit, window })
    })
}

fn quota_subject(quota: &QuotaWindow<'_>) -> AlertSubject {
    AlertSubject::Quota(quota.client, Arc::clone(&quota.limit.limit), quota.window.minutes)
}

/// `codex 5h`.
fn quota_name(quota: &QuotaWindow<'_>) -> String {
    let limit = Untrusted::new(Arc::clone(&quota.limit.limit));
    format!("{} {}", limit.for_terminal(), units::window(quota.window.minutes))
}
