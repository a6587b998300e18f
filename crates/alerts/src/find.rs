use std::borrow::Cow;
use std::sync::Arc;

use agtop_format::{project, units};
use agtop_model::{ActivityWindow, Agent, Billing, Field, Session, Snapshot, SnapshotRow, Spend, Untrusted};
use agtop_query::Query;

use crate::condition::{Condition, Measure, is_about_status, measures};
use crate::rule::Rule;
use crate::words::{Allowance, live};
use crate::{Alert, Rules, Severity, Subject};

impl Rules {
    /// Everything that is wrong, most pressing first.
    pub fn find(&self, snapshot: &Snapshot) -> Vec<Alert> {
        self.in_force().flat_map(|rule| rule.find(snapshot)).collect()
    }
}

impl Rule {
    fn find(&self, snapshot: &Snapshot) -> Vec<Alert> {
        match &self.when.condition {
            Condition::Agent(query) => self.find_agents(query, snapshot),
            Condition::Fleet(query) if query.matches(&snapshot) => vec![Alert {
                severity: self.severity_if(|condition| condition.holds_for_fleet(snapshot)),
                ..self.alert(Subject::Fleet, String::new(), measures(query, &snapshot))
            }],
            Condition::Fleet(_) => Vec::new(),
            Condition::Quota(query) => {
                let alert = |of: Allowance<'_>| Alert {
                    severity: self.severity_if(|condition| condition.holds_for_allowance(&of)),
                    ..self.alert(subject(&of), allowance_name(&of), measures(query, &of))
                };
                allowances(snapshot).filter(|of| query.matches(of)).map(alert).collect()
            }
        }
    }

    fn find_agents(&self, query: &Query<&'static Field>, snapshot: &Snapshot) -> Vec<Alert> {
        let agents: Vec<Cow<'_, Agent>> = live(snapshot).map(metered).collect();
        let rows = agents.iter().map(|agent| (&**agent, SnapshotRow::of_agent(snapshot.now, agent)));
        let mut found: Vec<_> = rows.filter(|(_, row)| query.matches(row)).collect();
        // Who has waited longest comes first.
        if is_about_status(query) {
            found.sort_by_key(|(_, row)| row.session.and_then(|session| session.last_active));
        }
        let alert = |(agent, row): (&Agent, SnapshotRow<'_>)| {
            let alert = self.alert(about(agent), name(agent), measures(query, &row));
            Alert {
                severity: self.severity_if(|condition| condition.holds_for_row(&row)),
                status: is_about_status(query).then_some(agent.status),
                detail: if alert.detail.is_empty() { quiet(&row) } else { alert.detail },
                content: self.content(agent),
                ..alert
            }
        };
        found.into_iter().map(alert).collect()
    }

    fn alert(&self, subject: Subject, who: String, measures: Vec<Measure>) -> Alert {
        // One value needs no name: the rule's says what it is.
        let detail: Vec<String> = match &*measures {
            [only] => vec![only.text.clone()],
            many => many.iter().map(|measure| format!("{} {}", measure.id, measure.text)).collect(),
        };
        Alert {
            name: Arc::clone(&self.name),
            label: Arc::clone(&self.label),
            severity: self.severity,
            subject,
            status: None,
            who,
            detail: detail.join(", "),
            values: measures.into_iter().map(|measure| (measure.id, measure.number)).collect(),
            content: None,
            actions: Arc::clone(&self.actions),
        }
    }

    /// How bad it is, with what makes it worse.
    fn severity_if(&self, holds: impl Fn(&Condition) -> bool) -> Severity {
        let is_worse = self.bad_when.as_ref().is_some_and(|written| holds(&written.condition));
        if is_worse { Severity::Bad } else { self.severity }
    }

    /// What the agent is asked for and works on, where the rule wants to tell.
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

/// The agent as alerts see it: dollars that a subscription covers are nobody's concern.
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

fn about(agent: &Agent) -> Subject {
    Subject::Agent(agent.process.id, agent.session.as_ref().map(|session| session.key.clone()))
}

/// `claude shop-api`.
fn name(agent: &Agent) -> String {
    format!("{} {}", agent.label.for_terminal(), project(agent))
}

fn quiet(row: &SnapshotRow<'_>) -> String {
    row.session.and_then(|session| session.idle_for(row.now)).map(units::span).unwrap_or_default()
}

/// Every window that is known now.
fn allowances(snapshot: &Snapshot) -> impl Iterator<Item = Allowance<'_>> {
    snapshot.allowances().flat_map(|known| {
        known.windows().map(move |window| Allowance { client: known.client, limit: known.limit, window })
    })
}

fn subject(of: &Allowance<'_>) -> Subject {
    Subject::Quota(of.client, Arc::clone(&of.limit.limit), of.window.minutes)
}

/// `codex 5h`.
fn allowance_name(of: &Allowance<'_>) -> String {
    let limit = Untrusted::new(Arc::clone(&of.limit.limit));
    format!("{} {}", limit.for_terminal(), units::window(of.window.minutes))
}
