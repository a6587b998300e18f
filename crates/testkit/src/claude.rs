//! Transcripts of Claude Code: `.claude/projects/<directory>/<session>.jsonl`.

use std::fmt;
use std::io::{self, Write};

use crate::{Clock, ExpectedUsage, Home, Lines, Rng, SessionOpening, Stamp, Tokens, Uuid, json};

/// The client's name in the expected usage.
pub const CLIENT: &str = "claude";

/// How a release of Claude Code writes its lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edition {
    /// 2.0.76: the envelope comes first, and all but the last line of a response carry what usage was known then.
    Early,
    /// 2.1.197: the envelope comes last, and every line of a response carries its final usage.
    Current,
}

impl Edition {
    /// The version that lines carry.
    pub const fn version(self) -> &'static str {
        match self {
            Self::Early => "2.0.76",
            Self::Current => "2.1.197",
        }
    }
}

/// What is known when a session opens.
pub type Opening<'a> = SessionOpening<'a, Edition>;

/// One content block of a response. Texts are given as they stand between the quotes of a JSON string.
#[derive(Clone, Copy, Debug)]
pub enum Block<'a> {
    /// Reasoning.
    Thinking(&'a str),
    /// Words.
    Text(&'a str),
    /// A tool call: its id, the tool, and its input as JSON.
    Tool(&'a str, &'a str, &'a str),
}

impl fmt::Display for Block<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Thinking(text) => write!(f, r#"{{"type":"thinking","thinking":"{text}","signature":"c2ln"}}"#),
            Self::Text(text) => write!(f, r#"{{"type":"text","text":"{text}"}}"#),
            Self::Tool(id, name, input) => {
                write!(f, r#"{{"type":"tool_use","id":"{id}","name":"{name}","input":{input}}}"#)
            }
        }
    }
}

/// One response of the model.
#[derive(Clone, Copy, Debug)]
pub struct Response<'a> {
    /// The model.
    pub model: &'a str,
    /// Its final usage.
    pub tokens: Tokens,
    /// Web searches that the vendor ran for it.
    pub web_searches: u64,
    /// Its content; each block becomes a line.
    pub blocks: &'a [Block<'a>],
    /// Why it ended.
    pub stop: &'a str,
}

/// The last line of a response, for those who embed it.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// The line's message, as JSON.
    message: String,
    request: String,
    uuid: Uuid,
    at: Stamp,
}

/// A transcript under construction. All but the metadata lines form a chain, each naming the one before it.
#[derive(Debug)]
pub struct Transcript<'h> {
    home: &'h Home,
    out: Lines,
    session: Uuid,
    agent: Option<String>,
    edition: Edition,
    /// The members that every line carries.
    envelope: String,
    /// The directory of the session's own files, relative to the home.
    side: String,
    cwd: String,
    last: Option<Uuid>,
    expected: ExpectedUsage,
    /// The time, to be moved between calls.
    pub clock: Clock,
    /// What ids are made from.
    pub rng: Rng,
}

impl<'h> Transcript<'h> {
    /// A new session.
    pub fn start(home: &'h Home, mut opening: Opening<'_>) -> io::Result<Self> {
        let session = opening.rng.uuid();
        let mut transcript = Self::open(home, opening, session, None)?;
        transcript.expected.session(CLIENT);
        Ok(transcript)
    }

    fn open(home: &'h Home, opening: Opening<'_>, session: Uuid, agent: Option<String>) -> io::Result<Self> {
        let side = format!(".claude/projects/{}/{session}", directory(opening.cwd));
        let path = match &agent {
            Some(agent) => format!("{side}/subagents/agent-{agent}.jsonl"),
            None => format!("{side}.jsonl"),
        };
        let Opening { cwd, edition, clock, rng } = opening;
        let place = json::escaped(cwd);
        let version = edition.version();
        let tail = format!(r#""cwd":"{place}","sessionId":"{session}","version":"{version}","gitBranch":"main""#);
        let envelope = match edition {
            Edition::Early => format!(r#""userType":"external",{tail}"#),
            Edition::Current => format!(r#""userType":"external","entrypoint":"cli",{tail}"#),
        };
        let (out, cwd, expected) = (home.create(path)?, cwd.to_owned(), ExpectedUsage::default());
        Ok(Self { home, out, session, agent, edition, envelope, side, cwd, last: None, expected, clock, rng })
    }

    /// The session's id.
    pub const fn session(&self) -> Uuid {
        self.session
    }

    /// Bytes written so far.
    pub const fn written(&self) -> u64 {
        self.out.written()
    }

    /// Ends the transcript and returns its usage.
    pub fn finish(mut self) -> io::Result<ExpectedUsage> {
        self.out.flush()?;
        Ok(self.expected)
    }

    /// Ends the transcript in the middle of a line, as a full disk or a kill may.
    pub fn tear(mut self) -> io::Result<ExpectedUsage> {
        let (uuid, at) = (self.rng.uuid(), self.clock.now());
        let id = self.rng.letters(22);
        write!(
            self.out,
            r#"{{"parentUuid":"{uuid}","isSidechain":false,{},"timestamp":"{at}","type":"assistant","message":{{"id":"msg_01{id}","model":"claude-opus-4-8","usage":{{"input_tokens":91"#,
            self.envelope
        )?;
        self.finish()
    }

    /// A line that is not part of the chain, such as a title.
    pub fn note(&mut self, line: fmt::Arguments<'_>) -> io::Result<()> {
        writeln!(self.out, "{line}")
    }

    /// A prompt of the user.
    pub fn prompt(&mut self, text: &str) -> io::Result<()> {
        let (at, session) = (self.clock.now(), self.session);
        if self.edition == Edition::Current && self.agent.is_none() {
            for operation in ["enqueue", "dequeue"] {
                self.note(format_args!(
                    r#"{{"type":"queue-operation","operation":"{operation}","timestamp":"{at}","sessionId":"{session}"}}"#
                ))?;
            }
        }
        let body = format_args!(r#""type":"user","message":{{"role":"user","content":"{text}"}}"#);
        self.chain(body, format_args!("")).map(drop)
    }

    /// A user line that the user did not write: `mark` is the member that says so, such as `"isMeta":true`.
    pub fn marked(&mut self, text: &str, mark: &str) -> io::Result<()> {
        let body = format_args!(r#""type":"user","message":{{"role":"user","content":"{text}"}},{mark}"#);
        self.chain(body, format_args!("")).map(drop)
    }

    /// A response: a line for each of its blocks, the usage on each of them.
    pub fn respond(&mut self, response: &Response<'_>) -> io::Result<Receipt> {
        self.clock.skip_midnight();
        let id = format!("msg_01{}", self.rng.letters(22));
        let request = format!("req_011C{}", self.rng.letters(20));
        let mut receipt = None;
        for (at, block) in response.blocks.iter().enumerate() {
            let is_last = at + 1 == response.blocks.len();
            let shown = Shown { edition: self.edition, id: &id, response, block, is_last };
            let body = format_args!(r#""message":{shown},"requestId":"{request}","type":"assistant""#);
            let uuid = self.chain(body, format_args!(""))?;
            if is_last {
                let at = self.clock.now();
                receipt = Some(Receipt { message: shown.to_string(), request: request.clone(), uuid, at });
            }
            self.clock.advance(30);
        }
        self.expected.response(CLIENT, response.model, self.clock.now(), response.tokens);
        receipt.ok_or_else(|| io::Error::other("a response without blocks"))
    }

    /// What a tool answered; `copy` is the member that repeats it for the interface, as JSON.
    pub fn tool_result(&mut self, call: &str, text: &str, copy: fmt::Arguments<'_>) -> io::Result<()> {
        let body = format_args!(
            r#""type":"user","message":{{"role":"user","content":[{{"tool_use_id":"{call}","type":"tool_result","content":"{text}","is_error":false}}]}}"#
        );
        self.chain(body, format_args!(r#","toolUseResult":{copy}"#)).map(drop)
    }

    /// A message that Claude Code writes without asking a model; it has no usage and no model.
    pub fn synthetic(&mut self, text: &str, is_error: &str) -> io::Result<()> {
        let id = self.rng.uuid();
        let body = format_args!(
            r#""type":"assistant","message":{{"id":"{id}","container":null,"model":"<synthetic>","role":"assistant","stop_reason":"stop_sequence","stop_sequence":"","type":"message","usage":{{"input_tokens":0,"output_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"server_tool_use":{{"web_search_requests":0,"web_fetch_requests":0}},"service_tier":null,"cache_creation":{{"ephemeral_1h_input_tokens":0,"ephemeral_5m_input_tokens":0}}}},"content":[{{"type":"text","text":"{text}"}}]}},"isApiErrorMessage":{is_error}"#
        );
        self.chain(body, format_args!("")).map(drop)
    }

    /// A `system` line: its subtype and further members.
    pub fn system(&mut self, subtype: &str, members: &str) -> io::Result<()> {
        let body = format_args!(r#""type":"system","subtype":"{subtype}","isMeta":false,{members}"#);
        self.chain(body, format_args!("")).map(drop)
    }

    /// A `progress` line: a copy of what a sub-agent has just said.
    pub fn progress(&mut self, call: &str, agent: &str, receipt: &Receipt) -> io::Result<()> {
        let Receipt { message, request, uuid, at } = receipt;
        let body = format_args!(
            r#""type":"progress","data":{{"message":{{"type":"assistant","timestamp":"{at}","message":{message},"requestId":"{request}","uuid":"{uuid}"}},"type":"agent_progress","prompt":"","agentId":"{agent}"}},"toolUseID":"agent_{request}","parentToolUseID":"{call}""#
        );
        self.chain(body, format_args!("")).map(drop)
    }

    /// A sub-agent that was called for by the tool call `call`, in a file of its own.
    pub fn subagent(&mut self, call: &str, kind: &str) -> io::Result<(String, Self)> {
        let (agent, rng) = (self.rng.hex(17), self.rng.split());
        let child = Self::open(self.home, self.opening(rng), self.session, Some(agent.clone()))?;
        self.home.write(
            format!("{}/subagents/agent-{agent}.meta.json", self.side),
            format!(r#"{{"agentType":"{kind}","description":"look around","toolUseId":"{call}","spawnDepth":1}}"#),
        )?;
        Ok((agent, child))
    }

    /// A fork: a session of its own that begins with the lines of this one, copied with their ids and times.
    pub fn fork(&mut self) -> io::Result<Self> {
        let mut rng = self.rng.split();
        let session = rng.uuid();
        let mut fork = Self::open(self.home, self.opening(rng), session, None)?;
        let (own, other) = (format!(r#""sessionId":"{}""#, self.session), format!(r#""sessionId":"{session}""#));
        for line in self.out.read_back()?.lines() {
            writeln!(fork.out, "{}", line.replace(&own, &other))?;
        }
        fork.expected.session(CLIENT);
        fork.last = self.last;
        Ok(fork)
    }

    /// A side file that repeats the transcript so far: what a compaction or an aside leaves.
    pub fn side_copy(&mut self, purpose: &str) -> io::Result<()> {
        let agent = format!("{purpose}-{}", self.rng.hex(16));
        let mark = format!(r#""isSidechain":true,"agentId":"{agent}""#);
        let copied = self.out.read_back()?;
        let mut copy = self.home.create(format!("{}/subagents/agent-{agent}.jsonl", self.side))?;
        for line in copied.lines().filter(|line| line.starts_with(r#"{"parentUuid""#)) {
            writeln!(copy, "{}", line.replacen(r#""isSidechain":false"#, &mark, 1))?;
        }
        copy.flush()
    }

    fn opening(&self, rng: Rng) -> Opening<'_> {
        Opening { cwd: &self.cwd, edition: self.edition, clock: self.clock, rng }
    }

    fn chain(&mut self, body: fmt::Arguments<'_>, extra: fmt::Arguments<'_>) -> io::Result<Uuid> {
        let (uuid, at, out) = (self.rng.uuid(), self.clock.now(), &mut self.out);
        match self.last.replace(uuid) {
            Some(last) => write!(out, r#"{{"parentUuid":"{last}""#)?,
            None => write!(out, r#"{{"parentUuid":null"#)?,
        }
        match &self.agent {
            Some(agent) => write!(out, r#","isSidechain":true,"agentId":"{agent}","#)?,
            None => write!(out, r#","isSidechain":false,"#)?,
        }
        let envelope = &self.envelope;
        match self.edition {
            Edition::Early => writeln!(out, r#"{envelope},{body},"uuid":"{uuid}","timestamp":"{at}"{extra}}}"#)?,
            Edition::Current => writeln!(out, r#"{body},"uuid":"{uuid}","timestamp":"{at}"{extra},{envelope}}}"#)?,
        }
        Ok(uuid)
    }
}

/// The name of a project's directory: every character of the path outside `[A-Za-z0-9]` becomes a dash.
fn directory(cwd: &str) -> String {
    cwd.chars().map(|char| if char.is_ascii_alphanumeric() { char } else { '-' }).collect()
}

/// The message of one line of a response.
struct Shown<'a> {
    edition: Edition,
    id: &'a str,
    response: &'a Response<'a>,
    block: &'a Block<'a>,
    is_last: bool,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, block, .. } = self;
        let Response { model, tokens, web_searches, stop, .. } = self.response;
        let Tokens { input, cache_read, cache_write_5m, cache_write_1h, output, .. } = tokens;
        let written = cache_write_5m + cache_write_1h;
        let lives = format_args!(
            r#""cache_creation":{{"ephemeral_5m_input_tokens":{cache_write_5m},"ephemeral_1h_input_tokens":{cache_write_1h}}}"#
        );
        let counts = format_args!(
            r#""input_tokens":{input},"cache_creation_input_tokens":{written},"cache_read_input_tokens":{cache_read}"#
        );
        let searches =
            format_args!(r#""server_tool_use":{{"web_search_requests":{web_searches},"web_fetch_requests":0}}"#);
        match self.edition {
            Edition::Early => {
                // The counts that a stream has when the first blocks are written.
                let (output, stop) = if self.is_last {
                    (*output, format!("\"{stop}\""))
                } else {
                    ((*output).min(1 + input % 7), "null".to_owned())
                };
                write!(
                    f,
                    r#"{{"model":"{model}","id":"{id}","type":"message","role":"assistant","content":[{block}],"stop_reason":{stop},"stop_sequence":null,"usage":{{{counts},{lives},"output_tokens":{output},{searches},"service_tier":"standard"}}}}"#
                )
            }
            Edition::Current => write!(
                f,
                r#"{{"id":"{id}","type":"message","role":"assistant","model":"{model}","content":[{block}],"stop_reason":"{stop}","stop_sequence":null,"usage":{{{counts},"output_tokens":{output},{searches},"service_tier":"standard",{lives},"inference_geo":"","iterations":[],"speed":"standard"}},"stop_details":null}}"#
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    const TOKENS: Tokens =
        Tokens { input: 4, cache_read: 900, cache_write_5m: 10, cache_write_1h: 20, output: 300, reasoning_output: 0 };

    fn response<'a>(blocks: &'a [Block<'a>]) -> Response<'a> {
        Response { model: "claude-opus-4-8", tokens: TOKENS, web_searches: 2, blocks, stop: "tool_use" }
    }

    fn start(home: &Home, edition: Edition) -> Transcript<'_> {
        let clock = Clock::at(Stamp(1_775_044_800_000));
        Transcript::start(home, Opening { cwd: "/home/dev/a.b", edition, clock, rng: Rng::new(1) }).unwrap()
    }

    fn lines(transcript: &mut Transcript<'_>) -> Vec<Value> {
        let text = transcript.out.read_back().unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn a_response_is_a_line_per_block_and_counts_once() {
        for (edition, first) in [(Edition::Early, 5), (Edition::Current, 300)] {
            let home = Home::temporary().unwrap();
            let mut transcript = start(&home, edition);
            transcript.prompt("hi").unwrap();
            transcript.respond(&response(&[Block::Text("a"), Block::Tool("t1", "Bash", "{}")])).unwrap();
            transcript.tool_result("t1", "ok", format_args!("{{}}")).unwrap();
            let written = lines(&mut transcript);
            let answers: Vec<_> = written.iter().filter(|line| line["type"] == "assistant").collect();
            assert_eq!(answers.len(), 2);
            assert_eq!(answers[0]["message"]["id"], answers[1]["message"]["id"]);
            assert_eq!(answers[0]["message"]["usage"]["output_tokens"], first);
            assert_eq!(answers[1]["message"]["usage"]["output_tokens"], 300);
            assert_eq!(answers[1]["message"]["usage"]["cache_creation_input_tokens"], 30);
            assert_eq!(answers[1]["parentUuid"], answers[0]["uuid"]);
            assert_eq!(answers[1]["cwd"], "/home/dev/a.b");
            let expected = transcript.finish().unwrap().client(CLIENT);
            assert_eq!((expected.sessions, expected.turns, expected.tokens), (1, 1, TOKENS));
        }
    }

    #[test]
    fn forks_and_side_copies_repeat_messages_without_adding_to_the_truth() {
        let home = Home::temporary().unwrap();
        let mut transcript = start(&home, Edition::Current);
        transcript.respond(&response(&[Block::Text("a")])).unwrap();
        let mut fork = transcript.fork().unwrap();
        transcript.side_copy("acompact").unwrap();
        assert_ne!(fork.session(), transcript.session());
        assert_eq!(lines(&mut fork)[0]["message"]["id"], lines(&mut transcript)[0]["message"]["id"]);
        assert_eq!(lines(&mut fork)[0]["sessionId"], fork.session().to_string());
        let expected = fork.finish().unwrap().client(CLIENT);
        assert_eq!((expected.sessions, expected.turns), (1, 0));
        assert_eq!(home.measure().unwrap().0, 3);
    }

    #[test]
    fn a_sub_agent_is_no_session_and_progress_repeats_it() {
        let home = Home::temporary().unwrap();
        let mut transcript = start(&home, Edition::Current);
        let (agent, mut child) = transcript.subagent("t1", "Explore").unwrap();
        let receipt = child.respond(&response(&[Block::Text("found")])).unwrap();
        transcript.progress("t1", &agent, &receipt).unwrap();
        let (own, copy) = (lines(&mut child).remove(0), lines(&mut transcript).remove(0));
        assert_eq!(own["isSidechain"], true);
        assert_eq!(copy["data"]["message"]["message"]["id"], own["message"]["id"]);
        let expected = child.finish().unwrap().client(CLIENT);
        assert_eq!((expected.sessions, expected.turns), (0, 1));
        assert!(home.path(format!("{}/subagents/agent-{agent}.meta.json", transcript.side)).exists());
    }

    #[test]
    fn a_torn_transcript_ends_without_a_newline_and_still_has_its_truth() {
        let home = Home::temporary().unwrap();
        let transcript = start(&home, Edition::Early);
        let path = transcript.out.path().to_path_buf();
        assert_eq!(transcript.tear().unwrap().client(CLIENT).sessions, 1);
        let text = std::fs::read_to_string(path).unwrap();
        assert!(!text.ends_with('\n') && serde_json::from_str::<Value>(&text).is_err());
    }
}
