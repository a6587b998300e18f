use std::time::Duration;

use agtop_format::{Content, units};
use agtop_model::{Activity, ContextGrowth, ContextSource, GrowthBasis, JoinTier, Session};
use ratatui::text::Line;

use super::line::DetailLine;
use super::row::RowDetails;
use crate::activity_line::activity_spans;
use crate::columns::{doing, status_span};
use crate::look::Tone;
use crate::widgets;

/// Columns of the bar of a context window, as in agtop 2.
const CONTEXT_BAR_COLUMNS: usize = 24;
/// Most tools that the details name.
const MAX_TOOLS: usize = 5;
/// Most tools whose times the details name.
const MAX_TIMED_TOOLS: usize = 3;
/// A context window that has not grown for this long is not growing.
const GROWTH_IS_OLD_AFTER: Duration = Duration::from_mins(5);
/// A session that is older than its process by more than this was resumed.
const RESUMED_AGE_GAP_SECONDS: u64 = 60;

impl RowDetails<'_> {
    pub(super) fn state(&self) -> Vec<DetailLine> {
        let look = self.render.look;
        let evidence = self.row.agent.map(|agent| agent.evidence).or(self.row.session.map(|session| session.evidence));
        let mut spans = vec![status_span(look, &self.row)];
        spans.extend(evidence.map(|evidence| self.dim(format!("   by {}", evidence.as_str().replace('_', " ")))));
        let mut facts = vec![DetailLine::new("status", Line::from(spans))];
        let cause = self.row.agent.and_then(|agent| agent.cause.as_ref());
        facts.extend(cause.map(|cause| {
            DetailLine::new("cause", Line::from(look.span(cause.for_terminal().into_owned(), Tone::Bad)))
        }));
        let Some(session) = self.row.session else { return facts };
        if let Some(spans) = doing(&self.render, session) {
            facts.push(DetailLine::new("doing", Line::from(spans)));
        }
        if session.repeats > 2 {
            let text = format!("the same call {} times in a row", session.repeats);
            facts.push(DetailLine::new("repeats", Line::from(look.span(text, Tone::Warn))));
        }
        if let Some(model) = &session.model {
            facts.push(DetailLine::new(
                "model",
                self.untrusted(&agtop_model::Untrusted::new(std::sync::Arc::clone(model))),
            ));
        }
        facts
    }

    pub(super) fn context(&self) -> Vec<DetailLine> {
        let Some(session) = self.row.session else { return Vec::new() };
        let Ok(context) = session.context else { return Vec::new() };
        let look = self.render.look;
        let percent = context.percent();
        let tone = Tone::rising(percent, self.render.thresholds.context_warn, self.render.thresholds.context_bad);
        let mut spans = widgets::bar(look, percent / 100.0, CONTEXT_BAR_COLUMNS, tone);
        spans.push(look.span(format!("  {percent:.0}%"), if tone == Tone::Good { Tone::Text } else { tone }));
        spans.push(self.dim(format!(
            "   {} of {} tokens, {}{}",
            units::count(context.used),
            units::count(context.limit),
            limit_source(context.source),
            if session.growth.is_none() { ", not growing" } else { "" }
        )));
        if tone == Tone::Bad {
            spans.push(look.span("   approaching auto-compaction", Tone::Bad));
        }
        let mut facts = vec![DetailLine::new("context", Line::from(spans))];
        facts.extend(session.growth.map(|growth| DetailLine::new("growth", self.growth(growth))));
        facts
    }

    /// When the context window will be full, by its recent or its average growth.
    fn growth(&self, growth: ContextGrowth) -> Line<'static> {
        let rate = format!("+{}/min", units::count(widgets::whole(growth.tokens_per_minute)));
        let until = growth.full_in.map(|left| format!("≈{} to compaction", units::span(left)));
        let still = growth.grown_at.map(|at| self.row.now.since(at)).filter(|still| *still > GROWTH_IS_OLD_AFTER);
        let mark = match (growth.basis, still) {
            (GrowthBasis::WholeSession, _) => " on average this session; not growing now".to_owned(),
            (GrowthBasis::LastResponses, Some(still)) => format!(" when it last grew, {} ago", units::span(still)),
            (GrowthBasis::LastResponses, None) => String::new(),
        };
        self.with_note(until.unwrap_or_else(|| rate.clone()), format!("{rate}{mark}"))
    }

    /// Skills, subagents and tools.
    pub(super) fn helpers(&self) -> Vec<DetailLine> {
        let mut facts = Vec::new();
        if let Some(agent) = self.row.agent
            && (agent.client.as_str() == "claude" || !agent.skills.is_empty())
        {
            let names: Vec<_> = agent.skills.iter().map(|skill| skill.for_terminal()).collect();
            facts.push(DetailLine::new("skills", self.with_note(format!("{} loaded", names.len()), names.join(", "))));
        }
        let Some(session) = self.row.session else { return facts };
        facts.extend(self.sub_agents(session));
        if !session.tools.is_empty() {
            let tools = session.tools.iter().take(MAX_TOOLS);
            let text: Vec<String> = tools.map(|tool| format!("{} {}", tool.name.for_terminal(), tool.calls)).collect();
            facts.push(DetailLine::new("tools", self.text(text.join(" · "))));
        }
        facts
    }

    /// The times of the session's slowest tools.
    pub(super) fn tool_times(&self) -> Option<DetailLine> {
        let own = self.snapshot.timings.by_session.get(&self.row.session?.key)?.iter().take(MAX_TIMED_TOOLS);
        let time = |tool: &agtop_model::ToolTime| {
            let (name, median) = (tool.tool.for_terminal(), units::latency(tool.times.median));
            format!("{name} {median}, 95% in {}", units::latency(tool.times.p95))
        };
        let text: Vec<String> = own.map(time).collect();
        (!text.is_empty()).then(|| DetailLine::new("tool times", self.text(text.join(" · "))))
    }

    fn sub_agents(&self, session: &Session) -> Vec<DetailLine> {
        let running: Vec<_> = session.in_flight.iter().filter(|call| call.is_subagent).collect();
        if running.is_empty() && session.children.is_empty() {
            return Vec::new();
        }
        let text = format!("{} in flight", running.len());
        let mut facts =
            vec![DetailLine::new("subagents", self.with_note(text, format!("{} in all", session.children.len())))];
        for call in running {
            let mut spans =
                vec![self.dim("· "), self.render.look.span(call.name.for_terminal().into_owned(), Tone::Text)];
            let task = call.target.as_ref().filter(|_| self.render.content == Content::Included);
            spans.extend(task.map(|task| self.dim(format!("  {}", task.for_terminal()))));
            facts.push(DetailLine::new("", Line::from(spans)));
        }
        facts
    }

    pub(super) fn session(&self) -> Vec<DetailLine> {
        let Some(session) = self.row.session else { return Vec::new() };
        let mut facts = Vec::new();
        let is_allowed = self.render.content == Content::Included;
        let title = if is_allowed { &session.title } else { &session.public_title };
        facts.extend(title.as_ref().map(|title| DetailLine::new("title", self.untrusted(&title.text))));
        let id = agtop_model::Untrusted::new(std::sync::Arc::clone(&session.key.id)).for_terminal().into_owned();
        let join = self.row.agent.and_then(|agent| agent.join);
        let join = join.map(|join| format!("joined by {} ({})", join_word(join.tier), join.confidence.as_str()));
        facts.push(DetailLine::new("session", self.with_note(id, join.unwrap_or_default())));
        facts.extend(self.branch(session));
        let counts = format!("{} prompts, {} responses", session.prompts, session.turns);
        let troubles = format!("{} errors, {} compactions", session.errors, session.compactions);
        facts.push(DetailLine::new("turns", self.with_note(counts, troubles)));
        let moment = |at| units::moment(at, self.render.zone);
        if let (Some(started), Some(last)) = (session.started, session.last_active) {
            let idle = units::span(self.row.now.since(last));
            facts.push(DetailLine::new("started", self.with_note(moment(started), format!("idle for {idle}"))));
        }
        facts
    }

    fn branch(&self, session: &Session) -> Option<DetailLine> {
        let git = self.row.agent.and_then(|agent| agent.git.as_ref().ok());
        let branch = git.map(|git| &git.branch).or(session.branch.as_ref())?;
        let modified = git.and_then(|git| git.modified.ok());
        let note = modified.map_or_else(String::new, |files| format!("{files} files modified"));
        Some(DetailLine::new("branch", self.with_note(branch.for_terminal(), note)))
    }

    /// The ages of the process and of the session, and whether the session was resumed.
    pub(super) fn ages(&self) -> Option<DetailLine> {
        let up = self.row.agent?.process.started_at.ok().map(|at| self.row.now.since(at))?;
        let session = self.row.session.and_then(|session| session.started).map(|at| self.row.now.since(at));
        let note = session.map_or_else(String::new, |age| {
            let is_resumed = age.as_secs().saturating_sub(up.as_secs()) > RESUMED_AGE_GAP_SECONDS;
            format!("session {}{}", units::span(age), if is_resumed { " (resumed)" } else { "" })
        });
        Some(DetailLine::new("uptime", self.with_note(units::span(up), note)))
    }

    /// The recent activity, oldest first.
    pub(super) fn preview(&self) -> Vec<DetailLine> {
        let Some(session) = self.row.session else { return Vec::new() };
        session
            .recent
            .iter()
            .enumerate()
            .map(|(at, activity)| DetailLine::new(if at == 0 { "recent" } else { "" }, self.activity(activity)))
            .collect()
    }

    fn activity(&self, activity: &Activity) -> Line<'static> {
        let ago = activity.at.map_or_else(String::new, |at| units::span(self.row.now.since(at)));
        let mut spans = vec![self.dim(format!("{ago:>7}  "))];
        spans.extend(activity_spans(&self.render, activity));
        Line::from(spans)
    }
}

/// Where the limit of the context window comes from.
const fn limit_source(source: ContextSource) -> &'static str {
    match source {
        ContextSource::Vendor => "limit from the vendor",
        ContextSource::Config => "limit from the configuration",
        ContextSource::Table => "limit from the model table",
        ContextSource::Calibrated => "limit estimated from usage",
    }
}

const fn join_word(tier: JoinTier) -> &'static str {
    match tier {
        JoinTier::Marker => "the vendor's own file",
        JoinTier::Hook => "a hook event",
        JoinTier::Argument => "its command line",
        JoinTier::OpenFile => "an open file",
        JoinTier::Score => "directory and start time",
    }
}
