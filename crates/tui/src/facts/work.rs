use std::time::Duration;

use agtop_format::{Content, units};
use agtop_model::{Activity, ActivityKind, ContextGrowth, ContextSource, GrowthBasis, JoinTier, Session};
use ratatui::text::Line;

use super::{Fact, Subject, fact};
use crate::columns::{doing, standing};
use crate::look::Ink;
use crate::widgets;

/// Cells of the bar of a context, as agtop 2 had it.
const CONTEXT_CELLS: usize = 24;
/// Tools named in the details.
const TOP_TOOLS: usize = 5;
/// Tools whose times are told, the slowest.
const SLOWEST: usize = 3;
/// A context that has not grown for longer does not grow.
const STILL: Duration = Duration::from_mins(5);
/// How far the ages of process and session may be apart before the session was resumed.
const RESUMED_SECONDS: u64 = 60;

impl Subject<'_> {
    pub(super) fn state(&self) -> Vec<Fact> {
        let look = self.pen.look;
        let evidence = self.row.agent.map(|agent| agent.evidence).or(self.row.session.map(|session| session.evidence));
        let mut spans = vec![standing(look, &self.row)];
        spans.extend(evidence.map(|evidence| self.dim(format!("   by {}", evidence.as_str().replace('_', " ")))));
        let mut facts = vec![fact("status", Line::from(spans))];
        let cause = self.row.agent.and_then(|agent| agent.cause.as_ref());
        facts.extend(
            cause.map(|cause| fact("cause", Line::from(look.span(cause.for_terminal().into_owned(), Ink::Bad)))),
        );
        let Some(session) = self.row.session else { return facts };
        if let Some(spans) = doing(&self.pen, session) {
            facts.push(fact("doing", Line::from(spans)));
        }
        if session.repeats > 2 {
            let text = format!("the same call {} times in a row", session.repeats);
            facts.push(fact("repeats", Line::from(look.span(text, Ink::Warn))));
        }
        if let Some(model) = &session.model {
            facts.push(fact("model", self.untrusted(&agtop_model::Untrusted::new(std::sync::Arc::clone(model)))));
        }
        facts
    }

    pub(super) fn context(&self) -> Vec<Fact> {
        let Some(session) = self.row.session else { return Vec::new() };
        let Ok(context) = session.context else { return Vec::new() };
        let look = self.pen.look;
        let percent = context.percent();
        let ink = Ink::rising(percent, self.pen.thresholds.context_warn, self.pen.thresholds.context_bad);
        let mut spans = widgets::bar(look, percent / 100.0, CONTEXT_CELLS, ink);
        spans.push(look.span(format!("  {percent:.0}%"), if ink == Ink::Good { Ink::Text } else { ink }));
        spans.push(self.dim(format!(
            "   {} of {} tokens, {}{}",
            units::count(context.used),
            units::count(context.limit),
            limit_source(context.source),
            if session.growth.is_none() { ", not growing" } else { "" }
        )));
        if ink == Ink::Bad {
            spans.push(look.span("   approaching auto-compaction", Ink::Bad));
        }
        let mut facts = vec![fact("context", Line::from(spans))];
        facts.extend(session.growth.map(|growth| fact("growth", self.growth(growth))));
        facts
    }

    /// When the context will be full: as it grew last, or on the whole.
    fn growth(&self, growth: ContextGrowth) -> Line<'static> {
        let rate = format!("+{}/min", units::count(widgets::whole(growth.tokens_per_minute)));
        let until = growth.full_in.map(|left| format!("≈{} to compaction", units::span(left)));
        let still = growth.grown_at.map(|at| self.row.now.since(at)).filter(|still| *still > STILL);
        let mark = match (growth.basis, still) {
            (GrowthBasis::WholeSession, _) => " on average this session; not growing now".to_owned(),
            (GrowthBasis::LastResponses, Some(still)) => format!(" when it last grew, {} ago", units::span(still)),
            (GrowthBasis::LastResponses, None) => String::new(),
        };
        self.with_note(until.unwrap_or_else(|| rate.clone()), format!("{rate}{mark}"))
    }

    /// Skills, sub-agents and tools.
    pub(super) fn helpers(&self) -> Vec<Fact> {
        let mut facts = Vec::new();
        if let Some(agent) = self.row.agent
            && (agent.client.as_str() == "claude" || !agent.skills.is_empty())
        {
            let names: Vec<_> = agent.skills.iter().map(|skill| skill.for_terminal()).collect();
            facts.push(fact("skills", self.with_note(format!("{} loaded", names.len()), names.join(", "))));
        }
        let Some(session) = self.row.session else { return facts };
        facts.extend(self.sub_agents(session));
        if !session.tools.is_empty() {
            let tools = session.tools.iter().take(TOP_TOOLS);
            let text: Vec<String> = tools.map(|tool| format!("{} {}", tool.name.for_terminal(), tool.calls)).collect();
            facts.push(fact("tools", self.text(text.join(" · "))));
        }
        facts
    }

    /// How long the slowest of its tools took in this session, as far as its calls were timed.
    pub(super) fn tool_times(&self) -> Option<Fact> {
        let own = self.snapshot.timings.by_session.get(&self.row.session?.key)?.iter().take(SLOWEST);
        let time = |tool: &agtop_model::ToolTime| {
            let (name, median) = (tool.tool.for_terminal(), units::latency(tool.times.median));
            format!("{name} {median}, 95% in {}", units::latency(tool.times.p95))
        };
        let text: Vec<String> = own.map(time).collect();
        (!text.is_empty()).then(|| fact("tool times", self.text(text.join(" · "))))
    }

    fn sub_agents(&self, session: &Session) -> Vec<Fact> {
        let running: Vec<_> = session.in_flight.iter().filter(|call| call.is_subagent).collect();
        if running.is_empty() && session.children.is_empty() {
            return Vec::new();
        }
        let text = format!("{} in flight", running.len());
        let mut facts = vec![fact("sub-agents", self.with_note(text, format!("{} in all", session.children.len())))];
        for call in running {
            let mut spans = vec![self.dim("· "), self.pen.look.span(call.name.for_terminal().into_owned(), Ink::Text)];
            let task = call.target.as_ref().filter(|_| self.pen.content == Content::Included);
            spans.extend(task.map(|task| self.dim(format!("  {}", task.for_terminal()))));
            facts.push(fact("", Line::from(spans)));
        }
        facts
    }

    pub(super) fn session(&self) -> Vec<Fact> {
        let Some(session) = self.row.session else { return Vec::new() };
        let mut facts = Vec::new();
        let is_allowed = self.pen.content == Content::Included;
        let title = if is_allowed { &session.title } else { &session.public_title };
        facts.extend(title.as_ref().map(|title| fact("title", self.untrusted(&title.text))));
        let id = agtop_model::Untrusted::new(std::sync::Arc::clone(&session.key.id)).for_terminal().into_owned();
        let join = self.row.agent.and_then(|agent| agent.join);
        let join = join.map(|join| format!("joined by {} ({})", join_word(join.tier), join.confidence.as_str()));
        facts.push(fact("session", self.with_note(id, join.unwrap_or_default())));
        facts.extend(self.branch(session));
        let counts = format!("{} prompts, {} responses", session.prompts, session.turns);
        let troubles = format!("{} errors, {} compactions", session.errors, session.compactions);
        facts.push(fact("turns", self.with_note(counts, troubles)));
        let moment = |at| units::moment(at, self.pen.zone);
        if let (Some(started), Some(last)) = (session.started, session.last_active) {
            let quiet = units::span(self.row.now.since(last));
            facts.push(fact("began", self.with_note(moment(started), format!("idle for {quiet}"))));
        }
        facts
    }

    fn branch(&self, session: &Session) -> Option<Fact> {
        let git = self.row.agent.and_then(|agent| agent.git.as_ref().ok());
        let branch = git.map(|git| &git.branch).or(session.branch.as_ref())?;
        let modified = git.and_then(|git| git.modified.ok());
        let note = modified.map_or_else(String::new, |files| format!("{files} files modified"));
        Some(fact("branch", self.with_note(branch.for_terminal(), note)))
    }

    /// The age of the process beside that of the session: far apart, the session was resumed.
    pub(super) fn ages(&self) -> Option<Fact> {
        let up = self.row.agent?.process.started_at.ok().map(|at| self.row.now.since(at))?;
        let session = self.row.session.and_then(|session| session.started).map(|at| self.row.now.since(at));
        let note = session.map_or_else(String::new, |age| {
            let is_resumed = age.as_secs().saturating_sub(up.as_secs()) > RESUMED_SECONDS;
            format!("session {}{}", units::span(age), if is_resumed { " (resumed)" } else { "" })
        });
        Some(fact("uptime", self.with_note(units::span(up), note)))
    }

    /// The last things that happened, oldest first.
    pub(super) fn preview(&self) -> Vec<Fact> {
        let Some(session) = self.row.session else { return Vec::new() };
        session
            .recent
            .iter()
            .enumerate()
            .map(|(at, activity)| fact(if at == 0 { "recent" } else { "" }, self.activity(activity)))
            .collect()
    }

    fn activity(&self, activity: &Activity) -> Line<'static> {
        let look = self.pen.look;
        let is_shown = self.pen.content == Content::Included;
        let ago = activity.at.map_or_else(String::new, |at| units::span(self.row.now.since(at)));
        let when = self.dim(format!("{ago:>7}  "));
        let target = |target: &Option<agtop_model::Untrusted>| {
            let shown = target.as_ref().filter(|_| is_shown);
            shown.map_or_else(String::new, |target| format!("  {}", target.for_terminal()))
        };
        let named = |sign: &str, ink, name: &agtop_model::Untrusted, rest: String| {
            vec![
                look.span(format!("{sign} "), ink),
                look.span(name.for_terminal().into_owned(), Ink::Text),
                self.dim(rest),
            ]
        };
        let word = |sign: &str, ink, text: String| vec![look.span(format!("{sign} {text}"), ink)];
        let kind = match &activity.kind {
            ActivityKind::Asked(words) => match words.as_ref().filter(|_| is_shown) {
                Some(words) => named("›", Ink::Accent, &"you".into(), format!("  {}", words.for_terminal())),
                None => word("›", Ink::Accent, "you said something".to_owned()),
            },
            ActivityKind::Said(prose) if is_shown => word("›", Ink::Text, prose.for_terminal().into_owned()),
            ActivityKind::Said(_) => word("›", Ink::Text, "the agent said something".to_owned()),
            ActivityKind::Called { tool, target: on } => named("→", Ink::Accent, tool, target(on)),
            ActivityKind::Returned { tool, outcome: Ok(()) } => named("←", Ink::Good, tool, String::new()),
            ActivityKind::Returned { tool, outcome: Err(()) } => named("×", Ink::Bad, tool, "  failed".to_owned()),
            ActivityKind::Delegated { name, task } => named("⇢", Ink::Accent, name, target(task)),
            ActivityKind::Stopped(reason) => {
                word("■", Ink::Dim, format!("stopped: {}", reason.as_str().replace('_', " ")))
            }
            ActivityKind::Failed(reason) => word("×", Ink::Bad, reason.for_terminal().into_owned()),
            ActivityKind::Compacted => word("≈", Ink::Dim, "context summarised".to_owned()),
            ActivityKind::Waited => word("!", Ink::Warn, "waits for you".to_owned()),
        };
        Line::from(std::iter::once(when).chain(kind).collect::<Vec<_>>())
    }
}

/// Who says how large the context window is.
const fn limit_source(source: ContextSource) -> &'static str {
    match source {
        ContextSource::Vendor => "limit from the vendor",
        ContextSource::Config => "limit from the configuration",
        ContextSource::Table => "limit from the model table",
        ContextSource::Calibrated => "limit guessed from what was seen",
    }
}

const fn join_word(tier: JoinTier) -> &'static str {
    match tier {
        JoinTier::Marker => "the vendor's own file",
        JoinTier::Hook => "what it told a hook",
        JoinTier::Argument => "its command line",
        JoinTier::OpenFile => "an open file",
        JoinTier::Score => "place and time",
    }
}
