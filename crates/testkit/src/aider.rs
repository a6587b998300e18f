//! Aider: `.aider.chat.history.md` in each project.

use std::fmt;
use std::io::{self, Write};
use std::path::Path;

use crate::{Clock, ExpectedUsage, Home, Lines, Tokens};

/// The client's name in the expected usage.
pub const CLIENT: &str = "aider";

/// A history under construction: one a project, with a session a launch.
#[derive(Debug)]
pub struct History {
    out: Lines,
    model: String,
    /// What this launch cost so far, in USD.
    cost: f64,
    expected: ExpectedUsage,
    /// The time, to be moved between calls.
    pub clock: Clock,
}

impl History {
    /// A history in that project, given relative to the home.
    pub fn create(home: &Home, project: impl AsRef<Path>, clock: Clock) -> io::Result<Self> {
        let out = home.create(project.as_ref().join(".aider.chat.history.md"))?;
        Ok(Self { out, model: String::new(), cost: 0.0, expected: ExpectedUsage::default(), clock })
    }

    /// Aider is launched. Times are local, that is UTC here.
    pub fn launch(&mut self, model: &str) -> io::Result<()> {
        self.expected.session(CLIENT);
        model.clone_into(&mut self.model);
        self.cost = 0.0;
        let at = self.clock.now().format("%Y-%m-%d %H:%M:%S");
        write!(self.out, "\n# aider chat started at {at}\n\n")?;
        for line in [
            format!("/usr/bin/aider --model {model}"),
            "Aider v0.86.2".to_owned(),
            format!("Main model: {model} with diff edit format"),
            "Weak model: gpt-4o-mini".to_owned(),
            "Git repo: .git with 12 files".to_owned(),
            "Repo-map: using 4096 tokens, auto refresh".to_owned(),
        ] {
            writeln!(self.out, "> {line}  ")?;
        }
        Ok(())
    }

    /// A prompt, an answer and its usage. Aider prints rounded counts, and those are the expected ones.
    pub fn exchange(&mut self, prompt: &str, answer: &str, tokens: Tokens) -> io::Result<()> {
        let Tokens { cache_read, cache_write_5m, output, .. } = tokens;
        let shown = [tokens.prompt(), cache_write_5m, cache_read, output].map(Rounded);
        let [sent, written, hit, received] = shown;
        let cost = 0.001 * (1 + tokens.prompt() / 500) as f64;
        self.cost += cost;
        write!(self.out, "\n#### {prompt}  \n\n{answer}\n\n> Tokens: {sent} sent, ")?;
        for (tokens, name) in [(written, "cache write"), (hit, "cache hit")] {
            if tokens.0 > 0 {
                write!(self.out, "{tokens} {name}, ")?;
            }
        }
        // With both parts the line would be too long, so Aider breaks it.
        let between = if written.0 > 0 && hit.0 > 0 { "  \n> " } else { " " };
        writeln!(self.out, "{received} received.{between}Cost: ${cost:.4} message, ${:.4} session.  ", self.cost)?;
        let [sent, written, hit, received] = shown.map(Rounded::value);
        let tokens = Tokens {
            input: sent.saturating_sub(written + hit),
            cache_read: hit,
            cache_write_5m: written,
            output: received,
            ..Tokens::default()
        };
        self.expected.response(CLIENT, &self.model, self.clock.now(), tokens);
        Ok(())
    }

    /// Something that Aider remarks.
    pub fn remark(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "> {text}  ")
    }

    /// Ends the history and returns its usage.
    pub fn finish(mut self) -> io::Result<ExpectedUsage> {
        self.out.flush()?;
        Ok(self.expected)
    }
}

/// A number of tokens as Aider prints it: plain below a thousand, with one decimal below ten, else in thousands.
#[derive(Clone, Copy, Debug)]
struct Rounded(u64);

impl Rounded {
    /// What a reader makes of the print.
    fn value(self) -> u64 {
        match self.0 {
            0..1_000 => self.0,
            1_000..10_000 => (self.0 + 50) / 100 * 100,
            _ => (self.0 + 500) / 1_000 * 1_000,
        }
    }
}

impl fmt::Display for Rounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value();
        match self.0 {
            0..1_000 => write!(f, "{value}"),
            1_000..10_000 => write!(f, "{}.{}k", value / 1_000, value % 1_000 / 100),
            _ => write!(f, "{}k", value / 1_000),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Stamp;

    #[test]
    fn the_truth_is_what_the_rounded_print_says() {
        let home = Home::temporary().unwrap();
        let mut history = History::create(&home, "projects/p", Clock::at(Stamp(1_775_044_800_000))).unwrap();
        history.launch("gpt-5.5").unwrap();
        history.exchange("do it", "done", Tokens { input: 12_345, output: 1_849, ..Tokens::default() }).unwrap();
        let cached = Tokens { input: 650, cache_read: 9_999, cache_write_5m: 51, output: 7, ..Tokens::default() };
        history.exchange("again", "done", cached).unwrap();
        let text = history.out.read_back().unwrap();
        assert!(text.contains("# aider chat started at 2026-04-01 12:00:00\n"));
        assert!(text.contains("> Tokens: 12k sent, 1.8k received. Cost: $0.0250 message, $0.0250 session.  \n"));
        assert!(text.contains("> Tokens: 11k sent, 51 cache write, 10.0k cache hit, 7 received.  \n> Cost: $0.0220"));
        let expected = history.finish().unwrap().client(CLIENT);
        assert_eq!((expected.turns, expected.tokens.input, expected.tokens.cache_read), (2, 12_000 + 949, 10_000));
        assert_eq!(expected.tokens.output, 1_807);
    }
}
