use agtop_format::{redact, units};
use agtop_model::{Gap, Reading, Untrusted};
use agtop_query::smooth_cpu;
use ratatui::text::{Line, Span};

use super::line::DetailLine;
use super::row::RowDetails;
use crate::look::Tone;
use crate::widgets;

/// Columns of the sparkline of processor use.
const CPU_SPARK_COLUMNS: usize = 20;
/// Most open files that the details name.
const MAX_FILES: usize = 40;

impl RowDetails<'_> {
    pub(super) fn liveness(&self) -> Vec<DetailLine> {
        let Some(agent) = self.row.agent else {
            return vec![DetailLine::new("process", Line::from(self.dim("none: the session has no live agent")))];
        };
        let join = agent.join.map(|join| format!("joined by {}, {}", join.tier.as_str(), join.confidence.as_str()));
        let text = format!("{} {}", agent.liveness.as_str(), agent.process.id.pid);
        vec![DetailLine::new("process", self.with_note(text, join.unwrap_or_default()))]
    }

    pub(super) fn processor(&self) -> Vec<DetailLine> {
        let Some(agent) = self.row.agent else { return Vec::new() };
        let look = self.render.look;
        let process = &agent.process;
        let history: Vec<f64> = agent.cpu_history.iter().map(|&percent| f64::from(percent)).collect();
        let cpu = smooth_cpu(agent).map_or_else(|| "–".to_owned(), units::percent);
        let cpu = Line::from(vec![
            look.span(format!("{cpu:<6}"), Tone::Text),
            look.span(widgets::spark(&history, CPU_SPARK_COLUMNS.min(history.len()), Some(100.0)), Tone::Accent),
        ]);
        let memory = format!("{} resident   {} virtual", bytes(process.rss), bytes(process.vsz));
        let threads = process.threads.map_or_else(|gap| gap.to_string(), |threads| threads.to_string());
        let parent = process.parent.map_or_else(String::new, |parent| {
            let name =
                agent.parent_name.as_ref().map_or_else(String::new, |name| format!(" ({})", name.for_terminal()));
            let starter = agent.launcher.as_ref().filter(|launcher| Some(*launcher) != agent.parent_name.as_ref());
            let starter = starter.map_or_else(String::new, |name| format!(", started by {}", name.for_terminal()));
            format!("parent {parent}{name}{starter}")
        });
        let state = format!("state {}   {parent}", process.state.letter());
        let mut facts = vec![DetailLine::new("cpu", cpu), DetailLine::new("memory", self.text(memory))];
        facts.extend(self.ages());
        facts.push(DetailLine::new("threads", self.with_note(threads, state)));
        if let Some(flag) = &agent.danger {
            let text = format!("acts without asking: {}", flag.for_terminal());
            facts.push(DetailLine::new("dangerous", Line::from(Span::styled(text, look.bold(Tone::Warn)))));
        }
        facts
    }

    pub(super) fn program(&self) -> Vec<DetailLine> {
        let cwd = self.row.agent.and_then(|agent| agent.process.cwd.as_deref().ok());
        let cwd = cwd.or_else(|| self.row.session.and_then(|session| session.cwd.as_deref()));
        let mut facts = Vec::new();
        if let Some(Ok(exe)) = self.row.agent.map(|agent| agent.process.exe.as_deref()) {
            facts.push(DetailLine::new("bin", self.path(exe)));
        }
        facts.extend(cwd.map(|cwd| DetailLine::new("cwd", self.path(cwd))));
        if let Some(agent) = self.row.agent {
            // A command line can contain a secret, and others can see the screen.
            let argv = redact(&agent.process.argv).join(" ");
            facts.push(DetailLine::new("cmd", self.untrusted(&Untrusted::from(argv))));
        }
        facts
    }

    pub(super) fn disks(&self) -> Vec<DetailLine> {
        let Some(agent) = self.row.agent else { return Vec::new() };
        let total = agent.process.io.map_or_else(
            |gap| gap.to_string(),
            |io| format!("{} read   {} written", units::bytes(io.read), units::bytes(io.written)),
        );
        let rate = agent.io_rate.map_or_else(
            |_| String::new(),
            |rate| {
                let [read, written] = [rate.read, rate.written].map(|bytes| units::bytes(widgets::whole(bytes)));
                format!("{read}/s read, {written}/s written")
            },
        );
        vec![DetailLine::new("disk", self.with_note(total, rate))]
    }

    pub(super) fn connections(&self) -> Vec<DetailLine> {
        let Some(agent) = self.row.agent else { return Vec::new() };
        let sockets = match &agent.sockets {
            Ok(sockets) => {
                let ports: Vec<String> = sockets.listening.iter().map(ToString::to_string).collect();
                let note = if ports.is_empty() { String::new() } else { format!("listens on {}", ports.join(", ")) };
                self.with_note(format!("{} established", sockets.established), note)
            }
            Err(gap) => self.text(gap.to_string()),
        };
        let children: Vec<String> =
            agent.children.iter().map(|(pid, name)| format!("{pid} {}", name.for_terminal())).collect();
        let helpers = format!("{} helpers", agent.helpers.len());
        vec![
            DetailLine::new("network", sockets),
            DetailLine::new("children", self.with_note(children.join(", "), helpers)),
        ]
    }

    pub(super) fn writing(&self) -> Vec<DetailLine> {
        self.open_files("writing", |files| &files.writing)
    }

    pub(super) fn reading(&self) -> Vec<DetailLine> {
        self.open_files("reading", |files| &files.reading)
    }

    fn open_files(
        &self,
        name: &'static str,
        which: fn(&agtop_model::OpenFiles) -> &Vec<std::path::PathBuf>,
    ) -> Vec<DetailLine> {
        let Some(agent) = self.row.agent else { return Vec::new() };
        let files = match &agent.files {
            Ok(files) => which(files),
            Err(Gap::NotReported) => return Vec::new(),
            Err(gap) => return vec![DetailLine::new(name, self.text(gap.to_string()))],
        };
        let named = files.iter().take(MAX_FILES).enumerate();
        let mut facts: Vec<DetailLine> =
            named.map(|(at, path)| DetailLine::new(if at == 0 { name } else { "" }, self.path(path))).collect();
        if files.len() > MAX_FILES {
            facts.push(DetailLine::new("", Line::from(self.dim(format!("and {} more", files.len() - MAX_FILES)))));
        }
        facts
    }
}

fn bytes(reading: Reading<u64>) -> String {
    reading.map_or_else(|gap| gap.to_string(), units::bytes)
}
