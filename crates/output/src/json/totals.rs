use std::collections::BTreeMap;

use agtop_model::{DayModel, ModelSpend, Session, Snapshot, SnapshotRow, Spend, Usage};
use serde::Serialize;

use crate::json::wire::Used;

/// Sums over all responses agtop knows, each counted once, whatever the filter.
#[derive(Serialize)]
pub(crate) struct Totals<'a> {
    #[serde(flatten)]
    used: Used,
    sessions: usize,
    time_zone: &'a str,
    by_client: BTreeMap<&'static str, OfClient>,
    by_model: BTreeMap<&'a str, Used>,
    by_day: BTreeMap<&'a str, Day>,
}

#[derive(Serialize)]
struct OfClient {
    #[serde(flatten)]
    used: Used,
    sessions: usize,
}

#[derive(Serialize)]
struct Day {
    #[serde(flatten)]
    used: Used,
    models: Vec<OfModel>,
}

#[derive(Serialize)]
struct OfModel {
    client: &'static str,
    model: Option<String>,
    #[serde(flatten)]
    used: Used,
}

/// What stands for a model that the records do not name.
const UNNAMED: &str = "unknown";

impl<'a> Totals<'a> {
    pub(crate) fn of(snapshot: &'a Snapshot) -> Self {
        let totals = &*snapshot.totals;
        let by_client = totals.by_client.iter().map(|(client, spend)| {
            let sessions = snapshot.sessions.iter().filter(|session| session.client() == *client).count();
            (client.as_str(), OfClient { used: used(spend), sessions })
        });
        Self {
            used: Used::new(totals.usage, &totals.spend, totals.turns),
            sessions: snapshot.sessions.len(),
            time_zone: &totals.time_zone,
            by_client: by_client.collect(),
            by_model: by_model(&totals.by_model),
            by_day: by_day(&totals.by_day),
        }
    }
}

/// A model that is named `unknown` and one that is not named become one.
fn by_model(models: &[ModelSpend]) -> BTreeMap<&str, Used> {
    let mut sums: BTreeMap<&str, Sum> = BTreeMap::new();
    for model in models {
        sums.entry(model.model.as_deref().unwrap_or(UNNAMED)).or_default().add(model);
    }
    sums.into_iter().map(|(name, sum)| (name, sum.into())).collect()
}

fn by_day(days: &[DayModel]) -> BTreeMap<&str, Day> {
    let mut sums: BTreeMap<&str, (Sum, Vec<OfModel>)> = BTreeMap::new();
    for day in days {
        let (sum, models) = sums.entry(&day.day).or_default();
        sum.add(&day.spend);
        let model = day.spend.model.as_deref().map(str::to_owned);
        models.push(OfModel { client: day.client.as_str(), model, used: used(&day.spend) });
    }
    sums.into_iter().map(|(day, (sum, models))| (day, Day { used: sum.into(), models })).collect()
}

fn used(spend: &ModelSpend) -> Used {
    Used::new(spend.usage, &spend.spend, spend.turns)
}

/// What the sessions listed come to.
#[derive(Serialize)]
pub(crate) struct Listed {
    sessions: usize,
    #[serde(flatten)]
    used: Used,
}

impl Listed {
    pub(crate) fn of(rows: &[SnapshotRow<'_>]) -> Self {
        let mut sum = Sum::default();
        rows.iter().filter_map(|row| row.session).for_each(|session| sum.add_session(session));
        Self { sessions: rows.len(), used: sum.into() }
    }
}

#[derive(Default)]
struct Sum {
    usage: Usage,
    spend: Spend,
    turns: u64,
}

impl Sum {
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

impl From<Sum> for Used {
    fn from(sum: Sum) -> Self {
        Self::new(sum.usage, &sum.spend, sum.turns)
    }
}
