use std::collections::BTreeMap;

use agtop_model::{DayModel, ModelSpend, Session, Snapshot, SnapshotRow, Spend, Usage};
use serde::Serialize;

use crate::json::wire::UsageJson;

/// Sums over all responses agtop knows, each counted once, whatever the filter.
#[derive(Serialize)]
pub(crate) struct TotalsJson<'a> {
    #[serde(flatten)]
    used: UsageJson,
    sessions: usize,
    time_zone: &'a str,
    by_client: BTreeMap<&'static str, ClientUsageJson>,
    by_model: BTreeMap<&'a str, UsageJson>,
    by_day: BTreeMap<&'a str, DayUsageJson>,
}

#[derive(Serialize)]
struct ClientUsageJson {
    #[serde(flatten)]
    used: UsageJson,
    sessions: usize,
}

#[derive(Serialize)]
struct DayUsageJson {
    #[serde(flatten)]
    used: UsageJson,
    models: Vec<ModelUsageJson>,
}

#[derive(Serialize)]
struct ModelUsageJson {
    client: &'static str,
    model: Option<String>,
    #[serde(flatten)]
    used: UsageJson,
}

/// The key of a model that the records do not name.
const UNNAMED_MODEL: &str = "unknown";

impl<'a> TotalsJson<'a> {
    pub(crate) fn of(snapshot: &'a Snapshot) -> Self {
        let totals = &*snapshot.totals;
        let by_client = totals.by_client.iter().map(|(client, spend)| {
            let sessions = snapshot.sessions.iter().filter(|session| session.client() == *client).count();
            (client.as_str(), ClientUsageJson { used: used(spend), sessions })
        });
        Self {
            used: UsageJson::new(totals.usage, &totals.spend, totals.turns),
            sessions: snapshot.sessions.len(),
            time_zone: &totals.time_zone,
            by_client: by_client.collect(),
            by_model: by_model(&totals.by_model),
            by_day: by_day(&totals.by_day),
        }
    }
}

/// Usage by model; a model named `unknown` and one without a name share a key.
fn by_model(models: &[ModelSpend]) -> BTreeMap<&str, UsageJson> {
    let mut sums: BTreeMap<&str, UsageSum> = BTreeMap::new();
    for model in models {
        sums.entry(model.model.as_deref().unwrap_or(UNNAMED_MODEL)).or_default().add(model);
    }
    sums.into_iter().map(|(name, sum)| (name, sum.into())).collect()
}

fn by_day(days: &[DayModel]) -> BTreeMap<&str, DayUsageJson> {
    let mut sums: BTreeMap<&str, (UsageSum, Vec<ModelUsageJson>)> = BTreeMap::new();
    for day in days {
        let (sum, models) = sums.entry(&day.day).or_default();
        sum.add(&day.spend);
        let model = day.spend.model.as_deref().map(str::to_owned);
        models.push(ModelUsageJson { client: day.client.as_str(), model, used: used(&day.spend) });
    }
    sums.into_iter().map(|(day, (sum, models))| (day, DayUsageJson { used: sum.into(), models })).collect()
}

fn used(spend: &ModelSpend) -> UsageJson {
    UsageJson::new(spend.usage, &spend.spend, spend.turns)
}

/// The total of the listed sessions.
#[derive(Serialize)]
pub(crate) struct ListedJson {
    sessions: usize,
    #[serde(flatten)]
    used: UsageJson,
}

impl ListedJson {
    pub(crate) fn of(rows: &[SnapshotRow<'_>]) -> Self {
        let mut sum = UsageSum::default();
        rows.iter().filter_map(|row| row.session).for_each(|session| sum.add_session(session));
        Self { sessions: rows.len(), used: sum.into() }
    }
}

#[derive(Default)]
struct UsageSum {
    usage: Usage,
    spend: Spend,
    turns: u64,
}

impl UsageSum {
    fn add(&mut self, model: &ModelSpend) {
        self.usage += model.usage;
        self.spend += model.spend;
        self.turns = self.turns.saturating_add(model.turns);
    }

    fn add_session(&mut self, session: &Session) {
        self.usage += session.usage;
        self.spend += session.spend;
        self.turns = self.turns.saturating_add(session.turns);
    }
}

impl From<UsageSum> for UsageJson {
    fn from(sum: UsageSum) -> Self {
        Self::new(sum.usage, &sum.spend, sum.turns)
    }
}
