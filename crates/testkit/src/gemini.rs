//! Chats of Gemini CLI: `.gemini/tmp/<project>/chats/session-<UTC minute>-<session>.jsonl`, or `.json` before.

use std::fmt;
use std::io::{self, Write};

use crate::{Clock, ExpectedUsage, Home, Lines, Rng, Stamp, Tokens, Uuid, json};

/// The client's name in the expected usage.
pub const CLIENT: &str = "gemini";

/// How a chat lies on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One JSON document, rewritten as a whole, as releases of early 2026 did.
    Document,
    /// Lines; a message is written again when it gains something.
    Lines,
}

/// What is known when a chat opens.
#[derive(Clone, Debug)]
pub struct Opening<'a> {
    /// The name of the project's directory below `.gemini/tmp`.
    pub project: &'a str,
    /// How the chat is kept.
    pub layout: Layout,
    /// The time.
    pub clock: Clock,
    /// The seed of everything else.
    pub rng: Rng,
}

/// A tool call with its answer. Texts are given as they stand between the quotes of a JSON string.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// What the shell was asked.
    pub command: &'a str,
    /// What it printed.
    pub output: &'a str,
}

/// A chat under construction.
#[derive(Debug)]
pub struct Chat<'h> {
    home: &'h Home,
    out: Lines,
    session: Uuid,
    project: String,
    layout: Layout,
    /// The first member of a message is preceded by a comma if another message came before.
    messages: usize,
    /// Messages since the last checkpoint, as a checkpoint repeats them.
    recent: Vec<String>,
    expected: ExpectedUsage,
    /// The time, to be moved between calls.
    pub clock: Clock,
    /// What ids are made from.
    pub rng: Rng,
}

/// How many messages a checkpoint keeps.
const MAX_RECENT: usize = 6;

impl<'h> Chat<'h> {
    /// Writes the marker that names the directory of a project.
    pub fn project(home: &Home, project: &str, cwd: &str) -> io::Result<()> {
        home.write(format!(".gemini/tmp/{project}/.project_root"), cwd).map(drop)
    }

    /// A new chat.
    pub fn start(home: &'h Home, mut opening: Opening<'_>) -> io::Result<Self> {
        let session = opening.rng.uuid();
        let name = format!("session-{}-{}", opening.clock.now().format("%Y-%m-%dT%H-%M"), session.short());
        let mut chat = Self::open(home, opening, session, &name)?;
        chat.expected.session(CLIENT);
        chat.header("main")?;
        Ok(chat)
    }

    /// The chat goes on in a second file of the same session.
    pub fn resume(&mut self) -> io::Result<Self> {
        let name = format!("session-{}-{}", self.clock.now().format("%Y-%m-%dT%H-%M"), self.session.short());
        let (session, rng) = (self.session, self.rng.split());
        let mut chat = Self::open(self.home, self.opening(Layout::Lines, rng), session, &name)?;
        chat.header("main")?;
        Ok(chat)
    }

    /// A sub-agent of the chat, in a file of its own.
    pub fn subagent(&mut self) -> io::Result<Self> {
        let (own, rng) = (self.rng.uuid(), self.rng.split());
        let name = format!("{}/{own}", self.session);
        let mut chat = Self::open(self.home, self.opening(Layout::Lines, rng), own, &name)?;
        chat.header("subagent")?;
        Ok(chat)
    }

    fn open(home: &'h Home, opening: Opening<'_>, session: Uuid, name: &str) -> io::Result<Self> {
        let Opening { project, layout, clock, rng } = opening;
        let extension = if layout == Layout::Document { "json" } else { "jsonl" };
        let out = home.create(format!(".gemini/tmp/{project}/chats/{name}.{extension}"))?;
        let (project, expected) = (project.to_owned(), ExpectedUsage::default());
        Ok(Self { home, out, session, project, layout, messages: 0, recent: Vec::new(), expected, clock, rng })
    }

    /// The session's id.
    pub const fn session(&self) -> Uuid {
        self.session
    }

    /// Bytes written so far.
    pub const fn written(&self) -> u64 {
        self.out.written()
    }

    /// Ends the chat and returns its usage.
    pub fn finish(mut self) -> io::Result<ExpectedUsage> {
        if self.layout == Layout::Document {
            self.out.write_all(b"\n  ]\n}")?;
        }
        self.out.flush()?;
        Ok(self.expected)
    }

    /// Ends the chat in the middle of a line.
    pub fn tear(mut self) -> io::Result<ExpectedUsage> {
        let at = self.clock.now();
        write!(self.out, r#"{{"id":"torn","timestamp":"{at}","type":"gemini","content":"","tokens":{{"input":99"#)?;
        self.finish()
    }

    /// A prompt of the user.
    pub fn prompt(&mut self, text: &str) -> io::Result<()> {
        let id = self.rng.uuid();
        self.message(id, self.clock.now(), "user", format_args!(r#""content":[{{"text":"{text}"}}]"#))?;
        self.touch()
    }

    /// A response: written when it ends, and again when its tool has answered. `tokens` has no cache writes.
    pub fn respond(&mut self, model: &str, tokens: Tokens, text: &str, call: Option<Call<'_>>) -> io::Result<()> {
        self.clock.skip_midnight();
        let (id, at) = (self.rng.uuid(), self.clock.now());
        self.expected.response(CLIENT, model, at, tokens);
        let Tokens { cache_read, output, reasoning_output, .. } = tokens;
        let (input, said) = (tokens.prompt(), output - reasoning_output);
        let total = input + output;
        let body = format!(
            r#""content":"{text}","thoughts":[],"tokens":{{"input":{input},"output":{said},"cached":{cache_read},"thoughts":{reasoning_output},"tool":0,"total":{total}}},"model":"{model}""#
        );
        let Some(Call { command, output }) = call else {
            self.message(id, at, "gemini", format_args!("{body}"))?;
            return self.touch();
        };
        if self.layout == Layout::Lines {
            self.message(id, at, "gemini", format_args!("{body}"))?;
            self.touch()?;
        }
        self.clock.advance(400);
        let (call, ended) = (format!("run_shell_command__call_g{}", self.rng.hex(24)), self.clock.now());
        let answer = format!(
            r#"{{"functionResponse":{{"id":"{call}","name":"run_shell_command","response":{{"output":"{output}"}}}}}}"#
        );
        self.message(id, at, "gemini", format_args!(
            r#"{body},"toolCalls":[{{"id":"{call}","name":"run_shell_command","args":{{"command":"{command}"}},"result":[{answer}],"status":"success","timestamp":"{ended}"}}]"#
        ))?;
        let id = self.rng.uuid();
        self.message(id, ended, "user", format_args!(r#""content":[{answer}]"#))?;
        self.touch()
    }

    /// A line of the program itself.
    pub fn remark(&mut self, kind: &str, text: &str) -> io::Result<()> {
        let id = self.rng.uuid();
        self.message(id, self.clock.now(), kind, format_args!(r#""content":"{text}""#))
    }

    /// The history was replaced: a checkpoint repeats its last messages.
    pub fn checkpoint(&mut self) -> io::Result<()> {
        if self.layout == Layout::Document {
            return Ok(());
        }
        let (at, messages) = (self.clock.now(), self.recent.join(","));
        self.recent.clear();
        writeln!(self.out, r#"{{"$set":{{"messages":[{messages}],"lastUpdated":"{at}"}}}}"#)
    }

    fn opening(&self, layout: Layout, rng: Rng) -> Opening<'_> {
        Opening { project: &self.project, layout, clock: self.clock, rng }
    }

    fn header(&mut self, kind: &str) -> io::Result<()> {
        let (session, at, project) = (self.session, self.clock.now(), self.rng.hex(64));
        let members = format!(
            r#""sessionId":"{session}","projectHash":"{project}","startTime":"{at}","lastUpdated":"{at}","kind":"{kind}""#
        );
        match self.layout {
            Layout::Lines => writeln!(self.out, "{{{members}}}"),
            Layout::Document => {
                let pretty = json::pretty(&format!("{{{members}}}"));
                write!(self.out, "{},\n  \"messages\": [\n", pretty.trim_end_matches("\n}"))
            }
        }
    }

    fn message(&mut self, id: Uuid, at: Stamp, kind: &str, body: fmt::Arguments<'_>) -> io::Result<()> {
        let message = format!(r#"{{"id":"{id}","timestamp":"{at}","type":"{kind}",{body}}}"#);
        match self.layout {
            Layout::Lines => writeln!(self.out, "{message}")?,
            Layout::Document => {
                let comma = if self.messages == 0 { "" } else { ",\n" };
                write!(self.out, "{comma}{}", json::pretty(&message))?;
            }
        }
        self.messages += 1;
        self.recent.push(message);
        if self.recent.len() > MAX_RECENT {
            self.recent.remove(0);
        }
        Ok(())
    }

    fn touch(&mut self) -> io::Result<()> {
        match self.layout {
            Layout::Lines => writeln!(self.out, r#"{{"$set":{{"lastUpdated":"{}"}}}}"#, self.clock.now()),
            Layout::Document => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    const TOKENS: Tokens =
        Tokens { input: 100, cache_read: 900, cache_write_5m: 0, cache_write_1h: 0, output: 50, reasoning_output: 20 };
    const CALL: Option<Call<'_>> = Some(Call { command: "ls", output: "a" });

    fn start(home: &Home, layout: Layout) -> Chat<'_> {
        let clock = Clock::at(Stamp(1_775_044_800_000));
        Chat::start(home, Opening { project: "p", layout, clock, rng: Rng::new(1) }).unwrap()
    }

    fn lines(chat: &mut Chat<'_>) -> Vec<Value> {
        let text = chat.out.read_back().unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn a_message_is_written_again_when_its_tool_has_answered() {
        let home = Home::temporary().unwrap();
        let mut chat = start(&home, Layout::Lines);
        chat.prompt("hi").unwrap();
        chat.respond("gemini-2.5-pro", TOKENS, "", CALL).unwrap();
        chat.checkpoint().unwrap();
        let written = lines(&mut chat);
        let answers: Vec<_> = written.iter().filter(|line| line["type"] == "gemini").collect();
        assert_eq!(answers.len(), 2);
        assert_eq!(answers[0]["id"], answers[1]["id"]);
        assert_eq!(answers[1]["tokens"]["input"], 1000);
        assert_eq!(answers[1]["tokens"]["output"], 30);
        assert_eq!(written.last().unwrap()["$set"]["messages"][1]["id"], answers[0]["id"]);
        let expected = chat.finish().unwrap().client(CLIENT);
        assert_eq!((expected.sessions, expected.turns, expected.tokens), (1, 1, TOKENS));
    }

    #[test]
    fn a_document_is_one_value() {
        let home = Home::temporary().unwrap();
        let mut chat = start(&home, Layout::Document);
        chat.prompt("hi").unwrap();
        chat.respond("gemini-2.5-pro", TOKENS, "", CALL).unwrap();
        let path = chat.out.path().to_path_buf();
        chat.finish().unwrap();
        let document: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        assert_eq!(document["messages"].as_array().unwrap().len(), 3);
        assert_eq!(document["kind"], "main");
    }

    #[test]
    fn resumed_chats_keep_the_session_and_sub_agents_are_none() {
        let home = Home::temporary().unwrap();
        let mut chat = start(&home, Layout::Lines);
        chat.clock.advance(crate::HOUR);
        let (mut again, mut child) = (chat.resume().unwrap(), chat.subagent().unwrap());
        assert_eq!(lines(&mut again)[0]["sessionId"], lines(&mut chat)[0]["sessionId"]);
        assert_eq!(lines(&mut child)[0]["kind"], "subagent");
        assert_eq!(again.finish().unwrap().client(CLIENT).sessions, 0);
        assert_eq!(child.finish().unwrap().client(CLIENT).sessions, 0);
    }
}
