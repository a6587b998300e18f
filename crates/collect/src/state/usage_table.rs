use std::collections::HashMap;
use std::sync::Arc;

use agtop_model::{SessionKey, TimeGranularity, Timestamp, UsageExtent, UsageRow, UsageTable};

use super::aggregate_cache::Aggregate;
use super::index::SessionIdx;
use super::names::NameIdx;
use super::responses::MergedResponse;
use super::summary::SummaryScope;
use super::sums::{Rates, SpendSum};
use super::world::World;

/// What the responses of a row have in common: the session's place in the table, the time and the model.
type RowKey = (u32, Timestamp, Option<NameIdx>);

/// The place of a session that no file reports any more; no table has so many sessions.
const NO_SESSION: u32 = u32::MAX;

impl World {
    /// Every response in scope that counts, in rows of this grain. The usage of a subagent belongs to its parent session.
    pub(crate) fn usage_table(&mut self, now: Timestamp, grain: TimeGranularity) -> UsageTable {
        let sessions = self.summarise(now, SummaryScope::Complete).sessions;
        let places: HashMap<&SessionKey, u32> = sessions.iter().map(|session| &session.key).zip(0..).collect();
        let family = &self.summary.family;
        let prices = Arc::clone(&self.pricing.prices);
        let rates = Rates::new(&prices, &self.models);
        let mut rows = Rows { rates: &rates, grain, done: Vec::new(), open: HashMap::new() };
        for idx in (0..self.sessions.len()).map(SessionIdx::new) {
            let root = &self.sessions[family.root(idx).at()].key;
            let place = places.get(root).copied().unwrap_or(NO_SESSION);
            for record in self.counted_responses_of(idx) {
                rows.add(place, &record);
            }
            for aggregate in self.counted_aggregates_of(idx) {
                rows.add_aggregate(place, &aggregate);
            }
        }
        let rows = rows.finish().into_iter().map(|((session, at, model), row)| UsageRow {
            session,
            at: Some(at),
            model: model.and_then(|model| self.models.get(model)).cloned(),
            usage: row.sum.usage,
            spend: row.sum.spend,
            turns: row.sum.turns,
            extent: row.extent,
        });
        UsageTable { rows: rows.collect(), sessions: Arc::clone(&sessions) }
    }
}

/// A row to which responses are added.
struct RowSum {
    sum: SpendSum,
    extent: UsageExtent,
}

struct Rows<'r> {
    rates: &'r Rates<'r>,
    grain: TimeGranularity,
    done: Vec<(RowKey, RowSum)>,
    open: HashMap<RowKey, RowSum>,
}

impl Rows<'_> {
    fn add(&mut self, session: u32, record: &MergedResponse) {
        let mut sum = SpendSum::default();
        sum.add(record, self.rates);
        let row = RowSum { sum, extent: record.response.extent };
        self.put((session, self.grain.truncate(record.at()), record.model()), row);
    }

    fn add_aggregate(&mut self, session: u32, aggregate: &Aggregate) {
        let mut sum = SpendSum::default();
        sum.add_aggregate(aggregate, self.rates);
        let extent = if aggregate.cell.responses == 1 { aggregate.cell.extent } else { UsageExtent::Sum };
        self.put((session, self.grain.truncate(aggregate.cell.first), aggregate.model), RowSum { sum, extent });
    }

    fn put(&mut self, key: RowKey, row: RowSum) {
        match self.grain {
            TimeGranularity::Response => self.done.push((key, row)),
            TimeGranularity::QuarterHour => {
                let known = self.open.entry(key).and_modify(|known| {
                    known.sum.merge(&row.sum);
                    known.extent = UsageExtent::Sum;
                });
                known.or_insert(row);
            }
        }
    }

    fn finish(mut self) -> Vec<(RowKey, RowSum)> {
        self.done.extend(self.open);
        self.done
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use agtop_model::{
        ClientId, Event, EventKind, FileId, MessageKey, Provenance, ResponseCopy, SessionFacts, SourcePosition, Spend,
        Usage,
    };
    use agtop_prices::PriceBook;
    use jiff::tz::TimeZone;

    use super::super::{PricingContext, Scope};
    use super::*;

    const CLIENT: ClientId = ClientId::new("claude");
    const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

    fn minute(n: u64) -> Timestamp {
        Timestamp::from_millis(1_789_956_000_000).plus(Duration::from_mins(n))
    }

    fn event(session: &str, at: Timestamp, kind: EventKind) -> Event {
        let source = Provenance { file: FileId(0), place: SourcePosition::Byte(0) };
        Event { at: Some(at), session: SessionKey::new(CLIENT, session), source, kind }
    }

    fn response(session: &str, at: Timestamp, message: &str, output: u64) -> Event {
        let response = ResponseCopy {
            model: Some("claude-opus-4-8".into()),
            ..ResponseCopy::new(
                MessageKey::global(CLIENT, message),
                Usage { input: 10, output, ..Usage::default() },
                minute(0),
            )
        };
        event(session, at, EventKind::Response(Box::new(response)))
    }

    fn below(child: &str, parent: &str) -> Event {
        let parent = Some(SessionKey::new(CLIENT, parent));
        event(child, minute(0), EventKind::Facts(Box::new(SessionFacts { parent, ..SessionFacts::default() })))
    }

    fn tabulate(scope: Scope, grain: TimeGranularity) -> (UsageTable, Usage, Spend) {
        let pricing = PricingContext { prices: Arc::new(PriceBook::bundled()), scope, zone: TimeZone::UTC };
        let mut world = World::new(NOW, pricing);
        let events = [
            response("a", minute(1), "m1", 1),
            response("a", minute(2), "m1", 100),
            response("copy", minute(40), "m1", 100),
            response("a", minute(14), "m2", 1000),
            response("a", minute(15), "m3", 10_000),
            below("a/agent", "a"),
            response("a/agent", minute(16), "m4", 100_000),
            response("b", minute(17), "m5", 7),
        ];
        for event in events {
            world.apply(event, NOW);
        }
        let table = world.usage_table(NOW, grain);
        let totals = world.summarise(NOW, SummaryScope::Complete).totals;
        (table, totals.usage, totals.spend)
    }

    fn figures(table: &UsageTable) -> Vec<(String, u64, u64, u64, UsageExtent)> {
        let figures = |row: &UsageRow| {
            let minutes = row.at.unwrap().since(minute(0)).as_secs() / 60;
            (table.session(row).unwrap().key.id.to_string(), minutes, row.usage.output, row.turns, row.extent)
        };
        let mut all: Vec<_> = table.rows.iter().map(figures).collect();
        all.sort();
        all
    }

    #[test]
    fn each_counted_response_is_in_one_row_of_its_top_session() {
        let (table, ..) = tabulate(Scope::default(), TimeGranularity::Response);
        let wanted = [("a", 1, 100), ("a", 14, 1000), ("a", 15, 10_000), ("a", 16, 100_000), ("b", 17, 7)];
        let wanted = wanted.map(|(id, at, output)| (id.to_owned(), at, output, 1, UsageExtent::Response));
        assert_eq!(figures(&table), wanted);
    }

    #[test]
    fn the_responses_of_a_quarter_of_an_hour_share_a_row() {
        let (table, ..) = tabulate(Scope::default(), TimeGranularity::QuarterHour);
        let wanted = [
            ("a", 0, 1100, 2, UsageExtent::Sum),
            ("a", 15, 110_000, 2, UsageExtent::Sum),
            ("b", 15, 7, 1, UsageExtent::Response),
        ];
        assert_eq!(figures(&table), wanted.map(|(id, at, output, turns, e)| (id.to_owned(), at, output, turns, e)));
    }

    #[test]
    fn rows_add_up_to_the_totals_at_every_grain_and_in_every_scope() {
        let scopes = [Scope::default(), Scope { since: Some(minute(15)), until: Some(minute(17)), ..Scope::default() }];
        for (scope, grain) in scopes
            .into_iter()
            .flat_map(|scope| [(scope, TimeGranularity::Response), (scope, TimeGranularity::QuarterHour)])
        {
            let (table, usage, spend) = tabulate(scope, grain);
            let mut sum = (Usage::default(), Spend::default());
            for row in &table.rows {
                sum.0 += row.usage;
                sum.1 += row.spend;
            }
            assert_eq!(sum, (usage, spend), "{grain:?}");
        }
    }
}
