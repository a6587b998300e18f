use agtop_format::{money, units};
use agtop_model::{ActivityWindow, Billing, ModelSpend, Session, Untrusted};
use ratatui::text::Line;

use super::line::DetailLine;
use super::row::RowDetails;
use crate::look::Tone;
use crate::widgets;

impl RowDetails<'_> {
    /// Tokens, cost and cache, with subagents.
    pub(super) fn usage(&self) -> Vec<DetailLine> {
        let Some(session) = self.row.session else { return Vec::new() };
        let (total, parts) = session.used().map_or_else(
            |gap| ("unknown".to_owned(), gap.to_string()),
            |usage| {
                let parts = format!("{} in   {} out", units::count(usage.prompt()), units::count(usage.output));
                (units::count(usage.total()), parts)
            },
        );
        let mut facts = vec![
            DetailLine::new("tokens", self.with_note(total, parts)),
            DetailLine::new("cost", self.cost_line(session)),
        ];
        facts.extend(self.cache(session));
        facts
    }

    fn cost_line(&self, session: &Session) -> Line<'static> {
        let prices = Untrusted::new(std::sync::Arc::clone(&self.snapshot.prices));
        let basis = session.spend.basis();
        let billing = if session.spend.billing == Billing::Included { ", covered by the subscription" } else { "" };
        let missing = match session.spend.unknown_tokens {
            0 => String::new(),
            tokens => format!(", without {} tokens of models without a known price", units::count(tokens)),
        };
        let note = format!("{} · prices as of {}{billing}{missing}", basis.as_str(), prices.for_terminal());
        self.with_note(money::whole(&session.spend), note)
    }

    /// The share of the whole prompt that was read from the cache, as agtop 2 counted it.
    fn cache(&self, session: &Session) -> Option<DetailLine> {
        let ratio = session.usage.cache_hit_ratio()?;
        let (read, prompt) = (units::count(session.usage.cache_read), units::count(session.usage.prompt()));
        let saved = session.cache_saving.map(|saved| money::part_of(&session.spend, saved));
        let saved = saved.map(|saved| format!("   saved {saved} against uncached"));
        let note = format!("{read} of {prompt} input tokens{}", saved.unwrap_or_default());
        Some(DetailLine::new("cache", self.with_note(format!("{} hit", units::percent(ratio * 100.0)), note)))
    }

    /// All token counts of each model.
    pub(super) fn buckets(&self) -> Vec<DetailLine> {
        let Some(session) = self.row.session else { return Vec::new() };
        let model = |(at, spend): (usize, &ModelSpend)| {
            let usage = &spend.usage;
            let name = spend.model.as_deref().unwrap_or("unknown");
            let name = Untrusted::from(name).for_terminal().into_owned();
            let cost = money::whole(&spend.spend);
            let note = format!(
                "{} fresh  {} cached  {} written  {} out ({} reasoning)  {} responses",
                units::count(usage.input),
                units::count(usage.cache_read),
                units::count(usage.cache_write()),
                units::count(usage.output),
                units::count(usage.reasoning),
                spend.turns
            );
            DetailLine::new(if at == 0 { "models" } else { "" }, self.with_note(format!("{name}  {cost}"), note))
        };
        session.models.iter().enumerate().map(model).collect()
    }

    /// The activity of the last minutes.
    pub(super) fn paces(&self) -> Vec<DetailLine> {
        let Some(agent) = self.row.agent else { return Vec::new() };
        let names = ["1 min", "5 min", "15 min"];
        agent.rates.iter().zip(names).map(|(pace, name)| DetailLine::new(name, self.pace(pace))).collect()
    }

    fn pace(&self, pace: &ActivityWindow) -> Line<'static> {
        let rate = |number: Option<f64>| units::count(widgets::whole(number.unwrap_or(0.0)));
        let hour = money::parts_per_hour(&pace.spend_per_hour().unwrap_or_default());
        let text = format!("{:>5} tok/min   {hour:>9}", rate(pace.fresh_tokens_per_minute()));
        let note = format!("{} requests, {} errors, {} tool calls", pace.requests, pace.errors, pace.tool_calls);
        let tone = if pace.requests == 0 { Tone::Faint } else { Tone::Text };
        Line::from(vec![self.render.look.span(text, tone), self.dim(format!("   {note}"))])
    }
}
