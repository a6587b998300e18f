use std::io;

use crate::claude::{Block, Edition, Opening, Receipt, Response, Transcript};
use crate::{DAY, ExpectedUsage, Filler, HOUR, Home, MINUTE, Rng, SECOND, Stamp};

use super::plan::{PROJECTS, Plan, Profile, some_tokens};
use super::sizes::Sizes;

/// Bytes of sessions and of sub-agents in a home of a gigabyte, and how many there are.
const SESSIONS: (u64, u64) = (560, 715_000_000);
const SUBAGENTS: (u64, u64) = (290, 90_000_000);

/// The models of sessions; who is named twice is taken twice as often.
const MODELS: [&str; 6] = [
    "claude-opus-4-8",
    "claude-opus-4-8",
    "claude-opus-4-8",
    "claude-sonnet-4-6",
    "claude-sonnet-4-6",
    "claude-haiku-4-5-20251001",
];
/// The models of sub-agents.
const CHILD_MODELS: [&str; 3] = ["claude-haiku-4-5-20251001", "claude-haiku-4-5-20251001", "claude-sonnet-4-6"];

/// Sessions below this many bytes have no sub-agents, and those above have no forks.
const LARGE: u64 = 100_000;
/// Prompts of this length make Claude Code compact the conversation.
const FULL: u64 = 180_000;

/// In a mixed home, how many in a thousand sessions are returned to for weeks, beside the largest ones; how often, and
/// after how many days at most.
const LONG_LIVED: u64 = 20;
const BREAKS: u64 = 4;
const MAX_BREAK_DAYS: u64 = 25;

pub(super) fn write(home: &Home, plan: &Plan, mut rng: Rng) -> io::Result<ExpectedUsage> {
    let spread = |(count, bytes), rng: &mut Rng| Sizes::spread(plan.count(count), plan.scaled(bytes), rng);
    let sessions = spread(SESSIONS, &mut rng);
    let mut children = spread(SUBAGENTS, &mut rng).into_iter();
    let mut expected = ExpectedUsage::default();
    let (is_mixed, largest) = (plan.profile == Profile::Mixed, sessions.of_largest_hundredth());
    let mut defects = DEFECTS.iter().cycle();
    for size in sessions {
        let plan = &plan.for_session(&mut rng);
        let is_broken = is_mixed && size >= largest;
        let breaks = if is_broken || is_mixed && rng.per_mille(LONG_LIVED) { BREAKS } else { 0 };
        let clock = Plan::some_time(&mut rng, Plan::room(size) + days(breaks * MAX_BREAK_DAYS));
        let is_early = plan.profile == Profile::Heavy && Plan::age_per_mille(clock.now()) < 500;
        let edition = if is_early { Edition::Early } else { Edition::Current };
        let opening = Opening { cwd: rng.pick(&PROJECTS), edition, clock, rng: rng.split() };
        let mut transcript = Transcript::start(home, opening)?;
        let mut conversation = Conversation::new(plan, &mut transcript, &MODELS);
        Conversation::title(&mut transcript)?;
        for part in 1..=breaks {
            conversation.until(&mut transcript, size / 2 * part / breaks)?;
            let pause = days(transcript.rng.between(1, MAX_BREAK_DAYS));
            transcript.clock.advance(pause);
        }
        conversation.until(&mut transcript, size / 2)?;
        if let Some(defect) = defects.next().filter(|_| is_broken) {
            defect.write(&mut transcript)?;
        }
        if size >= LARGE {
            for size in children.by_ref().take(rng.pick(&[1, 1, 2])) {
                expected.merge(conversation.delegate(&mut transcript, size)?);
            }
        } else if rng.per_mille(80) {
            expected.merge(conversation.fork(&mut transcript, size / 2)?);
        } else if rng.per_mille(60) {
            transcript.side_copy("acompact")?;
        }
        conversation.until(&mut transcript, size)?;
        expected.merge(if rng.per_mille(40) { transcript.tear()? } else { transcript.finish()? });
    }
    Ok(expected)
}

fn days(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(0) * DAY
}

/// What is wrong with one line in the middle of a transcript. None of it has usage that counts.
#[derive(Clone, Copy, Debug)]
enum Defect {
    /// Claude Code was killed while it wrote the line, and began a new one later.
    Cut,
    /// The same, but the next line follows on the same line.
    Glued,
    /// The machine stopped before the file system had written the block.
    Zeroes,
}

const DEFECTS: [Defect; 3] = [Defect::Cut, Defect::Glued, Defect::Zeroes];

impl Defect {
    fn write(self, transcript: &mut Transcript<'_>) -> io::Result<()> {
        let (uuid, at, session) = (transcript.rng.uuid(), transcript.clock.now(), transcript.session());
        let id = transcript.rng.letters(22);
        let cut = format!(
            r#"{{"parentUuid":"{uuid}","isSidechain":false,"sessionId":"{session}","timestamp":"{at}","type":"assistant","message":{{"id":"msg_01{id}","model":"claude-opus-4-8","usage":{{"input_tokens":91"#
        );
        match self {
            Self::Cut => transcript.note(format_args!("{cut}")),
            Self::Glued => transcript
                .note(format_args!(r#"{cut}{{"type":"last-prompt","lastPrompt":"go on","sessionId":"{session}"}}"#)),
            Self::Zeroes => transcript.note(format_args!("{}", "\0".repeat(4096))),
        }
    }
}

/// A tool and what it is asked: every fourth time a file's new content.
fn tool_input(rng: &mut Rng) -> (&'static str, String) {
    let word = rng.letters(6);
    if rng.per_mille(750) {
        return ("Bash", format!(r#"{{"command":"rg -n {word} src","description":"look"}}"#));
    }
    let bytes = rng.log_normal(1_500.0, 0.9);
    let content = Filler::output(rng, bytes);
    ("Write", format!(r#"{{"file_path":"src/{word}.rs","content":"{content}"}}"#))
}

/// A conversation under way.
struct Conversation<'p> {
    plan: &'p Plan,
    model: &'static str,
    models: &'p [&'static str],
    /// How long the prompt has become.
    context: u64,
    began: Stamp,
}

impl<'p> Conversation<'p> {
    fn new<const N: usize>(
        plan: &'p Plan,
        transcript: &mut Transcript<'_>,
        models: &'static [&'static str; N],
    ) -> Self {
        let model = transcript.rng.pick(models);
        let context = transcript.rng.between(9_000, 22_000);
        Self { plan, model, models, context, began: transcript.clock.now() }
    }

    fn title(transcript: &mut Transcript<'_>) -> io::Result<()> {
        let (title, session) = (Filler::prose(&mut transcript.rng, 30), transcript.session());
        if transcript.rng.per_mille(300) {
            let leaf = transcript.rng.uuid();
            transcript.note(format_args!(r#"{{"type":"summary","summary":"{title}","leafUuid":"{leaf}"}}"#))?;
        }
        transcript.note(format_args!(r#"{{"type":"ai-title","aiTitle":"{title}","sessionId":"{session}"}}"#))
    }

    /// Continues until the transcript has so many bytes.
    fn until(&mut self, transcript: &mut Transcript<'_>, size: u64) -> io::Result<()> {
        while transcript.written() < size {
            self.exchange(transcript, size)?;
        }
        Ok(())
    }

    /// A prompt and everything up to the final words.
    fn exchange(&mut self, transcript: &mut Transcript<'_>, size: u64) -> io::Result<()> {
        self.wait(transcript, 3 * MINUTE);
        self.oddity(transcript)?;
        let text = Filler::prose(&mut transcript.rng, 120);
        transcript.prompt(text)?;
        for _ in 0..transcript.rng.between(1, 12) {
            if transcript.written() >= size {
                break;
            }
            self.step(transcript, size)?;
        }
        let words = transcript.rng.log_normal(400.0, 0.9);
        let text = Filler::prose(&mut transcript.rng, words);
        self.respond(transcript, &[Block::Text(text)], "end_turn").map(drop)
    }

    /// A response with one or two tool calls, and what the tools answered.
    fn step(&mut self, transcript: &mut Transcript<'_>, size: u64) -> io::Result<()> {
        let rng = &mut transcript.rng;
        let thoughts = rng.log_normal(700.0, 0.8);
        let (thoughts, words) = (Filler::prose(rng, thoughts), Filler::prose(rng, 90));
        let calls: Vec<_> = (0..rng.pick(&[1, 1, 1, 2])).map(|_| format!("toolu_01{}", rng.letters(22))).collect();
        let (tool, input) = tool_input(rng);
        let mut blocks = Vec::with_capacity(4);
        if rng.per_mille(500) {
            blocks.push(Block::Thinking(thoughts));
        }
        if rng.per_mille(700) {
            blocks.push(Block::Text(words));
        }
        blocks.extend(calls.iter().map(|call| Block::Tool(call, tool, &input)));
        self.respond(transcript, &blocks, "tool_use")?;
        for call in &calls {
            self.wait(transcript, 5 * SECOND);
            let bytes = self.plan.result_size(&mut transcript.rng, 500 + size / 3);
            let text = Filler::output(&mut transcript.rng, bytes);
            let copy = format_args!(r#"{{"stdout":"{text}","stderr":"","interrupted":false,"isImage":false}}"#);
            transcript.tool_result(call, text, copy)?;
        }
        Ok(())
    }

    fn respond(&mut self, transcript: &mut Transcript<'_>, blocks: &[Block<'_>], stop: &str) -> io::Result<Receipt> {
        self.wait(transcript, 12 * SECOND);
        let rng = &mut transcript.rng;
        let tokens = some_tokens(rng, self.context);
        let web_searches = if rng.per_mille(15) { rng.between(1, 3) } else { 0 };
        self.context = tokens.prompt() - tokens.input;
        transcript.respond(&Response { model: self.model, tokens, web_searches, blocks, stop })
    }

    fn wait(&self, transcript: &mut Transcript<'_>, most: i64) {
        Plan::pause(&mut transcript.clock, &mut transcript.rng, self.began, most);
    }

    /// What happens between prompts once in a while.
    fn oddity(&mut self, transcript: &mut Transcript<'_>) -> io::Result<()> {
        if self.context > FULL {
            return self.compact(transcript);
        }
        let session = transcript.session();
        match transcript.rng.below(100) {
            0 => self.resume(transcript),
            1 => transcript.synthetic("API Error: 529 overloaded_error", r#"true,"error":"overloaded""#),
            2 => transcript.system(
                "api_error",
                r#""level":"error","error":{"status":529},"retryInMs":600,"retryAttempt":1,"maxRetries":10"#,
            ),
            3 => transcript.system("turn_duration", r#""durationMs":83120"#),
            4..=6 => {
                let index = transcript.rng.index(self.models.len());
                self.model = self.models.get(index).copied().unwrap_or(self.model);
                transcript
                    .marked("<command-name>/model</command-name>", r#""isMeta":true,"isVisibleInTranscriptOnly":true"#)
            }
            7 => transcript.marked("[Request interrupted by user]", r#""isMeta":false"#),
            8 => {
                let (id, at) = (transcript.rng.uuid(), transcript.clock.now());
                transcript.note(format_args!(
                    r#"{{"type":"file-history-snapshot","messageId":"{id}","snapshot":{{"messageId":"{id}","trackedFileBackups":{{}},"timestamp":"{at}"}},"isSnapshotUpdate":false}}"#
                ))
            }
            9 => {
                let text = Filler::prose(&mut transcript.rng, 60);
                transcript
                    .note(format_args!(r#"{{"type":"last-prompt","lastPrompt":"{text}","sessionId":"{session}"}}"#))
            }
            _ => Ok(()),
        }
    }

    /// The user returns to the session later.
    fn resume(&self, transcript: &mut Transcript<'_>) -> io::Result<()> {
        self.wait(transcript, 6 * HOUR);
        transcript.marked("Continue from where you left off.", r#""isMeta":true"#)?;
        transcript.synthetic("No response requested.", "false")
    }

    fn compact(&mut self, transcript: &mut Transcript<'_>) -> io::Result<()> {
        let before = self.context;
        self.context = 20_000;
        transcript.system(
            "compact_boundary",
            &format!(
                r#""content":"Conversation compacted","compactMetadata":{{"trigger":"auto","preTokens":{before}}}"#
            ),
        )?;
        let summary = Filler::prose(&mut transcript.rng, 4_000);
        transcript.marked(summary, r#""isVisibleInTranscriptOnly":true,"isCompactSummary":true"#)
    }

    /// A sub-agent works, and reports its progress and its result to its parent.
    fn delegate(&mut self, transcript: &mut Transcript<'_>, size: u64) -> io::Result<ExpectedUsage> {
        let call = format!("toolu_01{}", transcript.rng.letters(22));
        let input = r#"{"description":"look around","prompt":"Find it","subagent_type":"Explore"}"#;
        self.respond(transcript, &[Block::Tool(&call, "Task", input)], "tool_use")?;
        let (agent, mut child) = transcript.subagent(&call, "Explore")?;
        let mut conversation = Conversation::new(self.plan, &mut child, &CHILD_MODELS);
        child.prompt("Find it")?;
        while child.written() < size {
            conversation.step(&mut child, size)?;
            if transcript.rng.per_mille(150) {
                let words = Filler::prose(&mut child.rng, 150);
                let receipt = conversation.respond(&mut child, &[Block::Text(words)], "tool_use")?;
                transcript.clock = child.clock;
                transcript.progress(&call, &agent, &receipt)?;
            }
        }
        let found = Filler::prose(&mut child.rng, 900);
        conversation.respond(&mut child, &[Block::Text(found)], "end_turn")?;
        transcript.clock = child.clock;
        // Looks like the usage of a response, and is not.
        let copy = format_args!(
            r#"{{"status":"completed","agentId":"{agent}","content":[{{"type":"text","text":"{found}"}}],"totalTokens":99999,"usage":{{"input_tokens":777,"cache_creation_input_tokens":777,"cache_read_input_tokens":777,"output_tokens":777}}}}"#
        );
        transcript.tool_result(&call, found, copy)?;
        child.finish()
    }

    /// Somebody forks the session, and goes on in both.
    fn fork(&mut self, transcript: &mut Transcript<'_>, more: u64) -> io::Result<ExpectedUsage> {
        let mut fork = transcript.fork()?;
        let mut conversation =
            Conversation { context: self.context, ..Conversation::new(self.plan, &mut fork, &MODELS) };
        let size = fork.written() + more;
        conversation.until(&mut fork, size)?;
        fork.finish()
    }
}
