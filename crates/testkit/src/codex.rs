//! Rollouts of Codex: `.codex/sessions/YYYY/MM/DD/rollout-<local time>-<thread>.jsonl`.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use crate::{Clock, ExpectedUsage, Home, Lines, Rng, SessionOpening, Tokens, Uuid, json};

/// The client's name in the expected usage.
pub const CLIENT: &str = "codex";

/// The context window that rollouts state.
const WINDOW: u64 = 258_400;

/// How a release of Codex writes its lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edition {
    /// 0.119: usage in `token_count` events alone; forks and spawned agents copy their parent's history.
    Classic,
    /// 0.169: numbered lines, a `token_usage_record` a response beside `token_count`; forks point to their parent.
    Current,
}

impl Edition {
    /// The version that rollouts state.
    pub const fn version(self) -> &'static str {
        match self {
            Self::Classic => "0.119.0",
            Self::Current => "0.169.0",
        }
    }
}

/// What is known when a thread opens.
pub type Opening<'a> = SessionOpening<'a, Edition>;

/// Where a thread came from.
#[derive(Clone, Copy, Debug)]
enum Origin {
    User,
    Fork { of: Uuid, at: u64 },
    Agent { of: Uuid, history_ends: Option<u64> },
}

/// Codex' own notation of usage: input includes what was cached, output includes reasoning.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    input: u64,
    cached: u64,
    output: u64,
    reasoning: u64,
    total: u64,
}

impl Counts {
    const fn of(tokens: &Tokens) -> Self {
        let (input, output) = (tokens.prompt(), tokens.output);
        Self { input, cached: tokens.cache_read, output, reasoning: tokens.reasoning_output, total: input + output }
    }

    const fn add(&mut self, other: Self) {
        self.input += other.input;
        self.cached += other.cached;
        self.output += other.output;
        self.reasoning += other.reasoning;
        self.total += other.total;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { input, cached, output, reasoning, total } = self;
        write!(
            f,
            r#"{{"input_tokens":{input},"cached_input_tokens":{cached},"output_tokens":{output},"reasoning_output_tokens":{reasoning},"total_tokens":{total}}}"#
        )
    }
}

/// A rollout under construction.
#[derive(Debug)]
pub struct Rollout<'h> {
    home: &'h Home,
    out: Lines,
    thread: Uuid,
    /// The thread of the user: this one, unless it is an agent's.
    session: Uuid,
    cwd: String,
    edition: Edition,
    ordinal: u64,
    turn: Uuid,
    model: String,
    total: Counts,
    in_turn: Counts,
    last: Counts,
    expected: ExpectedUsage,
    /// The time, to be moved between calls.
    pub clock: Clock,
    /// What ids are made from.
    pub rng: Rng,
}

impl<'h> Rollout<'h> {
    /// A new thread.
    pub fn start(home: &'h Home, opening: Opening<'_>) -> io::Result<Self> {
        let mut rollout = Self::open(home, opening)?;
        rollout.expected.session(CLIENT);
        rollout.meta(Origin::User)?;
        Ok(rollout)
    }

    fn open(home: &'h Home, opening: Opening<'_>) -> io::Result<Self> {
        let Opening { cwd, edition, clock, mut rng } = opening;
        let thread = rng.uuid_at(clock.now().0);
        let day = clock.now().format("%Y/%m/%d/rollout-%Y-%m-%dT%H-%M-%S");
        let out = home.create(format!(".codex/sessions/{day}-{thread}.jsonl"))?;
        let (none, expected) = (Counts::default(), ExpectedUsage::default());
        Ok(Self {
            home,
            out,
            thread,
            session: thread,
            cwd: cwd.to_owned(),
            edition,
            ordinal: 0,
            turn: thread,
            model: String::new(),
            total: none,
            in_turn: none,
            last: none,
            expected,
            clock,
            rng,
        })
    }

    /// The thread's id.
    pub const fn thread(&self) -> Uuid {
        self.thread
    }

    /// Where the rollout lies.
    pub fn path(&self) -> &Path {
        self.out.path()
    }

    /// Bytes written so far.
    pub const fn written(&self) -> u64 {
        self.out.written()
    }

    /// Ends the rollout and returns its usage.
    pub fn finish(mut self) -> io::Result<ExpectedUsage> {
        self.out.flush()?;
        Ok(self.expected)
    }

    /// Ends the rollout and moves it to the archive, which is flat.
    pub fn archive(mut self) -> io::Result<ExpectedUsage> {
        self.out.flush()?;
        let name = self.out.path().file_name().unwrap_or_default();
        fs::rename(self.out.path(), self.home.prepare(format!(".codex/archived_sessions/{}", name.display()))?)?;
        Ok(self.expected)
    }

    /// Ends the rollout in the middle of a line.
    pub fn tear(mut self) -> io::Result<ExpectedUsage> {
        let at = self.clock.now();
        write!(
            self.out,
            r#"{{"timestamp":"{at}","type":"event_msg","payload":{{"type":"token_count","info":{{"total_token_usage":{{"input_tokens":99"#
        )?;
        self.finish()
    }

    /// A turn begins, with this model.
    pub fn begin_turn(&mut self, model: &str, prompt: &str) -> io::Result<()> {
        self.turn = self.rng.uuid_at(self.clock.now().0);
        model.clone_into(&mut self.model);
        self.in_turn = Counts::default();
        let (turn, started) = (self.turn, self.clock.now().seconds());
        self.line("event_msg", format_args!(
            r#"{{"type":"task_started","turn_id":"{turn}","started_at":{started},"model_context_window":{WINDOW},"collaboration_mode_kind":"default"}}"#
        ))?;
        let cwd = json::escaped(&self.cwd);
        self.line("turn_context", format_args!(
            r#"{{"turn_id":"{turn}","cwd":"{cwd}","approval_policy":"never","model":"{model}","effort":"medium","summary":"none","sandbox_policy":{{"type":"danger-full-access"}}}}"#
        ))?;
        self.line(
            "response_item",
            format_args!(r#"{{"type":"message","role":"user","content":[{{"type":"input_text","text":"{prompt}"}}]}}"#),
        )?;
        self.line("event_msg", format_args!(r#"{{"type":"user_message","message":"{prompt}","images":[]}}"#))
    }

    /// The model's reasoning, sealed.
    pub fn reasoning(&mut self, sealed: &str) -> io::Result<()> {
        self.line(
            "response_item",
            format_args!(r#"{{"type":"reasoning","summary":[],"content":null,"encrypted_content":"{sealed}"}}"#),
        )
    }

    /// The model calls a command; the call's id is returned.
    pub fn call(&mut self, arguments: &str) -> io::Result<String> {
        let call = format!("call_{}", self.rng.letters(24));
        self.line(
            "response_item",
            format_args!(
                r#"{{"type":"function_call","name":"exec_command","arguments":"{arguments}","call_id":"{call}"}}"#
            ),
        )?;
        Ok(call)
    }

    /// What the command printed.
    pub fn output(&mut self, call: &str, text: &str) -> io::Result<()> {
        self.line("response_item", format_args!(
            r#"{{"type":"function_call_output","call_id":"{call}","output":"Process exited with code 0\nOutput:\n{text}"}}"#
        ))
    }

    /// The model's words.
    pub fn message(&mut self, text: &str) -> io::Result<()> {
        self.line("event_msg", format_args!(r#"{{"type":"agent_message","message":"{text}"}}"#))?;
        self.line(
            "response_item",
            format_args!(
                r#"{{"type":"message","role":"assistant","content":[{{"type":"output_text","text":"{text}"}}]}}"#
            ),
        )
    }

    /// A response ended, having used so many tokens. Codex writes no cache writes: those of `tokens` count as input.
    /// A [`count`](Self::count) must follow on the same day.
    pub fn used(&mut self, tokens: Tokens) -> io::Result<()> {
        self.clock.skip_midnight();
        self.last = Counts::of(&tokens);
        self.total.add(self.last);
        self.in_turn.add(self.last);
        let tokens =
            Tokens { input: self.last.input - self.last.cached, cache_write_5m: 0, cache_write_1h: 0, ..tokens };
        self.expected.response(CLIENT, &self.model, self.clock.now(), tokens);
        if self.edition == Edition::Classic {
            return Ok(());
        }
        let Self { thread, session, turn, last, in_turn, total, .. } = *self;
        let response = format!("resp_{}", self.rng.hex(24));
        self.line("token_usage_record", format_args!(
            r#"{{"thread_id":"{thread}","turn_id":"{turn}","session_id":"{session}","root_turn_id":"{turn}","response_id":"{response}","usage":{last},"turn_token_usage":{in_turn},"thread_token_usage":{total}}}"#
        ))
    }

    /// A `token_count` event: the totals as they stand, once more when nothing changed.
    pub fn count(&mut self) -> io::Result<()> {
        let Self { last, total, .. } = *self;
        self.token_count(format_args!(
            r#"{{"total_token_usage":{total},"last_token_usage":{last},"model_context_window":{WINDOW}}}"#
        ))
    }

    /// A `token_count` event with rate limits only.
    pub fn count_nothing(&mut self) -> io::Result<()> {
        self.token_count(format_args!("null"))
    }

    /// The context overflowed: Codex then forgets the totals and states a full window.
    pub fn overflow(&mut self) -> io::Result<()> {
        self.last = Counts { total: WINDOW.saturating_sub(self.total.total), ..Counts::default() };
        self.total = Counts { total: WINDOW, ..Counts::default() };
        self.count()
    }

    /// The turn is over.
    pub fn end_turn(&mut self, text: &str) -> io::Result<()> {
        let turn = self.turn;
        self.line(
            "event_msg",
            format_args!(r#"{{"type":"task_complete","turn_id":"{turn}","last_agent_message":"{text}"}}"#),
        )
    }

    /// A fork by the user: a session of its own.
    pub fn fork(&mut self) -> io::Result<Self> {
        let rng = self.rng.split();
        let mut fork = Self::open(self.home, self.opening(rng))?;
        fork.expected.session(CLIENT);
        fork.meta(Origin::Fork { of: self.thread, at: self.ordinal })?;
        if self.edition == Edition::Classic {
            fork.inherit(self, |line, _| line.to_owned())?;
        }
        Ok(fork)
    }

    /// An agent that the thread spawned. A classic one begins with the parent's history, with new times within one
    /// second; a current one may inherit numbered lines, which are the parent's.
    pub fn spawn(&mut self, inherits: Inherits) -> io::Result<Self> {
        let rng = self.rng.split();
        let mut opening = self.opening(rng);
        opening.clock.next_second();
        let now = opening.clock;
        let mut child = Self::open(self.home, opening)?;
        child.session = self.session;
        let history_ends = (inherits == Inherits::History).then_some(self.ordinal);
        child.meta(Origin::Agent { of: self.thread, history_ends })?;
        match (self.edition, inherits) {
            (_, Inherits::Nothing) => {}
            (Edition::Current, Inherits::History) => child.inherit(self, |line, _| line.to_owned())?,
            (Edition::Classic, Inherits::History) => child.inherit(self, |line, part| {
                let mut clock = now;
                clock.advance(1 + part);
                let rest = line.split_once("Z\"").map_or("", |(_, rest)| rest);
                format!(r#"{{"timestamp":"{}"{rest}"#, clock.now())
            })?,
        }
        child.clock.advance(3 * crate::SECOND);
        Ok(child)
    }

    /// Copies the parent's lines, but not its first, whose thread this is not; `edit` also gets how many
    /// thousandths of them came before.
    fn inherit(&mut self, parent: &mut Self, edit: impl Fn(&str, i64) -> String) -> io::Result<()> {
        let text = parent.out.read_back()?;
        let is_numbered = self.edition == Edition::Current;
        let count = text.lines().count().max(1);
        for (at, line) in text.lines().enumerate().skip(usize::from(is_numbered)) {
            let part = i64::try_from(at * 900 / count).unwrap_or(0);
            writeln!(self.out, "{}", edit(line, part))?;
        }
        (self.ordinal, self.model) = (parent.ordinal, parent.model.clone());
        if !is_numbered {
            (self.total, self.last) = (parent.total, parent.last);
        }
        Ok(())
    }

    fn opening(&self, rng: Rng) -> Opening<'_> {
        Opening { cwd: &self.cwd, edition: self.edition, clock: self.clock, rng }
    }

    fn meta(&mut self, origin: Origin) -> io::Result<()> {
        let (thread, session, at, version) = (self.thread, self.session, self.clock.now(), self.edition.version());
        let cwd = json::escaped(&self.cwd);
        let origin = match origin {
            Origin::User => r#""source":"cli""#.to_owned(),
            Origin::Fork { of, at } if self.edition == Edition::Current => format!(
                r#""source":"cli","forked_from_id":"{of}","history_base":{{"thread_id":"{of}","end_ordinal_exclusive":{at}}}"#
            ),
            Origin::Fork { of, .. } => format!(r#""source":"cli","forked_from_id":"{of}""#),
            Origin::Agent { of, history_ends } => {
                let start = history_ends
                    .filter(|_| self.edition == Edition::Current)
                    .map_or_else(String::new, |end| format!(r#","subagent_history_start_ordinal":{end}"#));
                format!(
                    r#""source":{{"subagent":{{"thread_spawn":{{"parent_thread_id":"{of}","depth":1,"agent_nickname":"Curie","agent_role":"explorer"}}}}}},"parent_thread_id":"{of}","agent_nickname":"Curie","agent_role":"explorer"{start}"#
                )
            }
        };
        self.line("session_meta", format_args!(
            r#"{{"session_id":"{session}","id":"{thread}","timestamp":"{at}","cwd":"{cwd}","originator":"codex-tui","cli_version":"{version}",{origin},"model_provider":"openai","git":{{"branch":"main"}}}}"#
        ))
    }

    fn token_count(&mut self, info: fmt::Arguments<'_>) -> io::Result<()> {
        let (used, resets) = (self.ordinal % 100, self.clock.now().seconds() + 9_000);
        self.line("event_msg", format_args!(
            r#"{{"type":"token_count","info":{info},"rate_limits":{{"limit_id":"codex","primary":{{"used_percent":{used}.0,"window_minutes":300,"resets_at":{resets}}},"secondary":null,"credits":null,"plan_type":"plus"}}}}"#
        ))
    }

    fn line(&mut self, kind: &str, payload: fmt::Arguments<'_>) -> io::Result<()> {
        let (at, ordinal) = (self.clock.now(), self.ordinal);
        self.ordinal += 1;
        self.clock.advance(1);
        match self.edition {
            Edition::Classic => writeln!(self.out, r#"{{"timestamp":"{at}","type":"{kind}","payload":{payload}}}"#),
            Edition::Current => {
                writeln!(self.out, r#"{{"timestamp":"{at}","ordinal":{ordinal},"type":"{kind}","payload":{payload}}}"#)
            }
        }
    }
}

/// What a spawned agent's rollout begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inherits {
    /// Its own task.
    Nothing,
    /// Its parent's lines.
    History,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Stamp;
    use serde_json::Value;

    const TOKENS: Tokens =
        Tokens { input: 100, cache_read: 900, cache_write_5m: 0, cache_write_1h: 0, output: 50, reasoning_output: 20 };

    fn start(home: &Home, edition: Edition) -> Rollout<'_> {
        let clock = Clock::at(Stamp(1_775_044_800_000));
        Rollout::start(home, Opening { cwd: "/home/dev/p", edition, clock, rng: Rng::new(1) }).unwrap()
    }

    fn respond(rollout: &mut Rollout<'_>) {
        rollout.begin_turn("gpt-5.5", "do").unwrap();
        for _ in 0..2 {
            rollout.used(TOKENS).unwrap();
            rollout.count().unwrap();
        }
    }

    fn lines(rollout: &mut Rollout<'_>) -> Vec<Value> {
        let text = rollout.out.read_back().unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn totals(lines: &[Value]) -> Vec<u64> {
        let totals = lines.iter().map(|line| &line["payload"]["info"]["total_token_usage"]["total_tokens"]);
        totals.filter_map(Value::as_u64).collect()
    }

    #[test]
    fn records_are_written_by_current_releases_alone() {
        for (edition, records) in [(Edition::Classic, 0), (Edition::Current, 2)] {
            let home = Home::temporary().unwrap();
            let mut rollout = start(&home, edition);
            respond(&mut rollout);
            rollout.count().unwrap();
            let written = lines(&mut rollout);
            assert_eq!(written.iter().filter(|line| line["type"] == "token_usage_record").count(), records);
            assert_eq!(totals(&written), [1050, 2100, 2100]);
            let expected = rollout.finish().unwrap().client(CLIENT);
            assert_eq!((expected.turns, expected.tokens.input, expected.tokens.cache_read), (2, 200, 1800));
        }
    }

    #[test]
    fn a_classic_fork_copies_times_and_goes_on_from_the_totals() {
        let home = Home::temporary().unwrap();
        let mut parent = start(&home, Edition::Classic);
        respond(&mut parent);
        let mut fork = parent.fork().unwrap();
        respond(&mut fork);
        let (old, new) = (lines(&mut parent), lines(&mut fork));
        assert_eq!(new[1], old[0]);
        assert_eq!(totals(&new), [1050, 2100, 3150, 4200]);
        let expected = fork.finish().unwrap().client(CLIENT);
        assert_eq!((expected.sessions, expected.turns), (1, 2));
    }

    #[test]
    fn a_classic_agent_replays_history_within_one_second() {
        let home = Home::temporary().unwrap();
        let mut parent = start(&home, Edition::Classic);
        parent.clock.advance(700);
        respond(&mut parent);
        let mut child = parent.spawn(Inherits::History).unwrap();
        respond(&mut child);
        let counts: Vec<_> = lines(&mut child)
            .iter()
            .filter(|line| line["payload"]["type"] == "token_count")
            .map(|line| line["timestamp"].as_str().unwrap().split('.').next().unwrap().to_owned())
            .collect();
        assert_eq!(counts[0], counts[1]);
        assert_ne!(counts[1], counts[2]);
        assert_eq!(child.finish().unwrap().client(CLIENT).sessions, 0);
    }

    #[test]
    fn current_forks_copy_nothing_and_agents_say_where_their_history_ends() {
        let home = Home::temporary().unwrap();
        let mut parent = start(&home, Edition::Current);
        respond(&mut parent);
        let mut fork = parent.fork().unwrap();
        assert_eq!(lines(&mut fork).len(), 1);
        let mut child = parent.spawn(Inherits::History).unwrap();
        child.begin_turn("gpt-5.5", "do").unwrap();
        let written = lines(&mut child);
        let end = written[0]["payload"]["subagent_history_start_ordinal"].as_u64().unwrap();
        let ordinals: Vec<_> = written.iter().map(|line| line["ordinal"].as_u64().unwrap()).collect();
        assert_eq!(ordinals, (0..written.len() as u64).collect::<Vec<_>>());
        assert_eq!(written[usize::try_from(end).unwrap()]["payload"]["type"], "task_started");
        assert_eq!(written[0]["payload"]["session_id"], parent.thread().to_string());
    }

    #[test]
    fn an_archived_rollout_lies_in_the_flat_directory() {
        let home = Home::temporary().unwrap();
        let mut rollout = start(&home, Edition::Classic);
        respond(&mut rollout);
        rollout.archive().unwrap();
        assert_eq!(fs::read_dir(home.path(".codex/archived_sessions")).unwrap().count(), 1);
    }
}
