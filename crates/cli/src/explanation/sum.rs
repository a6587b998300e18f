//! The sum of the responses that an explanation lists.

use agtop_collect::AuditedCopy;
use agtop_format::units;
use agtop_model::{Cost, PicoUsd, Session, Spend, Usage};

/// The responses listed so far.
#[derive(Default)]
pub(super) struct ExplainedSum {
    pub(super) usage: Usage,
    pub(super) spend: Spend,
    pub(super) counted: u64,
    pub(super) not_counted: u64,
}

impl ExplainedSum {
    pub(super) fn add(&mut self, entry: &AuditedCopy, cost: Cost) {
        self.counted += entry.requests;
        self.usage += entry.usage;
        self.spend.add_sum(cost, entry.usage.total(), entry.requests);
    }

    /// Whether the session's own figures, which every view shows, are the same.
    pub(super) fn equals(&self, session: &Session) -> bool {
        let spend = Spend { billing: session.spend.billing, covered: session.spend.covered, ..self.spend };
        (self.usage, self.counted, spend) == (session.usage, session.turns, session.spend)
    }
}

/// The exact amount, and the number of responses without a price; `n/a` where no price is known.
pub(super) fn dollars(spend: &Spend) -> String {
    let amount = match (spend.known(), spend.is_empty()) {
        (Some(amount), _) => units::exact_money(amount),
        (None, true) => units::exact_money(PicoUsd::ZERO),
        (None, false) => "n/a".to_owned(),
    };
    match spend.unknown_turns {
        0 => amount,
        1 => format!("{amount}, without 1 response that has no price"),
        n => format!("{amount}, without {} that have no price", units::counted(n, "response")),
    }
}

/// The tokens of each kind, as one line.
pub(super) fn tokens(usage: &Usage) -> String {
    let parts = [
        ("input", usage.input),
        ("cache read", usage.cache_read),
        ("cache write 5m", usage.cache_write_5m),
        ("cache write 1h", usage.cache_write_1h),
        ("output", usage.output),
        ("of it reasoning", usage.reasoning),
        ("web searches", usage.web_searches),
    ];
    let used = parts.iter().filter(|(_, pieces)| *pieces > 0);
    let texts: Vec<String> = used.map(|(name, pieces)| format!("{name} {}", units::grouped(*pieces))).collect();
    if texts.is_empty() { "no tokens".to_owned() } else { texts.join(", ") }
}
