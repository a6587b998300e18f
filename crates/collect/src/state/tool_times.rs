use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use agtop_model::{ClientId, Quantiles, SessionKey, ToolTime, Untrusted};

/// How long the last calls of each tool took.
#[derive(Debug, Default)]
pub(super) struct ToolTimes(HashMap<(ClientId, Arc<str>), VecDeque<u32>>);

/// The same for each session alone.
#[derive(Debug, Default)]
pub(super) struct SessionToolTimes {
    sessions: HashMap<SessionKey, TimesOfSession>,
    calls: u64,
    /// The last report; `None` if there were calls since.
    reported: Option<Arc<BTreeMap<SessionKey, Arc<[ToolTime]>>>>,
}

#[derive(Debug, Default)]
struct TimesOfSession {
    times: ToolTimes,
    /// The number of its last call among those of all sessions.
    last_call: u64,
    /// The last report; `None` if there were calls since.
    reported: Option<Arc<[ToolTime]>>,
}

/// Sessions that are kept, at most. A further one replaces the one without a call for the longest time.
const MAX_SESSIONS: usize = 1_000;

impl SessionToolTimes {
    pub(super) fn note(&mut self, session: &SessionKey, tool: &Arc<str>, span: Duration) {
        if self.sessions.len() >= MAX_SESSIONS && !self.sessions.contains_key(session) {
            let oldest = self.sessions.iter().min_by_key(|(_, own)| own.last_call).map(|(key, _)| key.clone());
            oldest.and_then(|key| self.sessions.remove(&key));
        }
        self.calls += 1;
        let own = self.sessions.entry(session.clone()).or_default();
        own.last_call = self.calls;
        own.times.note(session.client, tool, span);
        own.reported = None;
        self.reported = None;
    }

    /// How long the last calls of each tool took in each session, the slowest tool first.
    pub(super) fn all(&mut self) -> Arc<BTreeMap<SessionKey, Arc<[ToolTime]>>> {
        let times = |(key, own): (&SessionKey, &mut TimesOfSession)| {
            let times = own.reported.get_or_insert_with(|| own.times.all().into());
            (key.clone(), Arc::clone(times))
        };
        let all = self.reported.get_or_insert_with(|| Arc::new(self.sessions.iter_mut().map(times).collect()));
        Arc::clone(all)
    }
}

/// Calls that are kept of each tool, at most.
const MAX_CALLS: usize = 64;
/// With fewer calls, a tool has no usual time.
const MIN_CALLS: usize = 8;

impl ToolTimes {
    pub(super) fn note(&mut self, client: ClientId, tool: &Arc<str>, span: Duration) {
        let times = self.0.entry((client, Arc::clone(tool))).or_default();
        if times.len() == MAX_CALLS {
            times.pop_front();
        }
        times.push_back(u32::try_from(span.as_millis()).unwrap_or(u32::MAX));
    }

    /// How long the last calls of each tool took, the slowest tool first.
    pub(super) fn all(&self) -> Vec<ToolTime> {
        let times = |((client, tool), times): (&(ClientId, Arc<str>), &VecDeque<u32>)| {
            Some(ToolTime { client: *client, tool: Untrusted::new(Arc::clone(tool)), times: quantiles(times)? })
        };
        let mut all: Vec<ToolTime> = self.0.iter().filter_map(times).collect();
        all.sort_by(|a, b| {
            b.times.p95.cmp(&a.times.p95).then_with(|| (a.client, a.tool.raw()).cmp(&(b.client, b.tool.raw())))
        });
        all
    }

    /// The 95th percentile of the last calls; `None` with too few calls.
    pub(super) fn usual(&self, client: ClientId, tool: &str) -> Option<Duration> {
        let times = self.0.get(&(client, Arc::from(tool))).filter(|times| times.len() >= MIN_CALLS)?;
        Some(quantiles(times)?.p95)
    }
}

fn quantiles(times: &VecDeque<u32>) -> Option<Quantiles> {
    Quantiles::of(times.iter().map(|&millis| Duration::from_millis(millis.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_session_replaces_the_oldest_one() {
        let mut times = SessionToolTimes::default();
        let key = |n: usize| SessionKey::new(ClientId::new("claude"), n.to_string());
        for n in 0..=MAX_SESSIONS {
            times.note(&key(n), &Arc::from("Bash"), Duration::from_secs(1));
        }
        let all = times.all();
        assert_eq!(
            (all.len(), all.contains_key(&key(0)), all.contains_key(&key(MAX_SESSIONS))),
            (MAX_SESSIONS, false, true)
        );
    }

    /// Two sessions of one client called `Bash`, one for a second and one for an hour. The details of both once showed an
    /// hour.
    #[test]
    fn the_tool_times_of_a_session_are_its_own() {
        let mut times = SessionToolTimes::default();
        let key = |id: &str| SessionKey::new(ClientId::new("claude"), id);
        for (id, seconds) in [("quick", 1), ("slow", 3_600), ("quick", 1)] {
            times.note(&key(id), &Arc::from("Bash"), Duration::from_secs(seconds));
        }
        let all = times.all();
        let of = |id: &str| all[&key(id)].iter().map(|tool| (tool.times.count, tool.times.longest)).collect::<Vec<_>>();
        assert_eq!(of("quick"), [(2, Duration::from_secs(1))]);
        assert_eq!(of("slow"), [(1, Duration::from_hours(1))]);
        times.note(&key("quick"), &Arc::from("Bash"), Duration::from_secs(9));
        assert_eq!(times.all()[&key("quick")][0].times.longest, Duration::from_secs(9));
    }

    #[test]
    fn the_usual_time_of_a_tool_is_the_95th_percentile_of_its_last_calls() {
        let mut times = ToolTimes::default();
        let (client, tool) = (ClientId::new("claude"), Arc::from("Bash"));
        assert_eq!(times.usual(client, "Bash"), None);
        for second in 1..=100 {
            times.note(client, &tool, Duration::from_secs(second));
        }
        // The last 64 are 37 to 100 seconds.
        assert_eq!(times.usual(client, "Bash"), Some(Duration::from_secs(97)));
        assert_eq!(times.usual(client, "Bash"), Some(times.all()[0].times.p95));
        assert_eq!(times.usual(ClientId::new("codex"), "Bash"), None);
    }
}
