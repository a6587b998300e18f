use std::ops::Range;
use std::sync::LazyLock;

use crate::{Rng, json};

/// Text to fill messages and tool results with, ready to stand inside a JSON string.
///
/// It holds what is often read wrongly: other scripts and emoji, escaped quotes and newlines, and decoys: tool output
/// that looks like the usage records of a transcript.
#[derive(Debug)]
pub struct Filler {
    text: String,
    /// Where each line begins: text may be cut there without breaking a character or an escape.
    starts: Vec<usize>,
}

/// What people and models say.
static PROSE: LazyLock<Filler> = LazyLock::new(|| Filler::grow(1, 1 << 18, prose_line));
/// What tools print.
static OUTPUT: LazyLock<Filler> = LazyLock::new(|| Filler::grow(2, 1 << 20, output_line));
/// What vendors encrypt.
static BLOBS: LazyLock<Filler> = LazyLock::new(|| Filler::grow(3, 1 << 18, |rng| rng.letters(64)));

impl Filler {
    /// About `bytes` of conversation, of at most 256 KiB.
    pub fn prose(rng: &mut Rng, bytes: u64) -> &'static str {
        PROSE.cut(rng, bytes)
    }

    /// About `bytes` of tool output, of at most a MiB.
    pub fn output(rng: &mut Rng, bytes: u64) -> &'static str {
        OUTPUT.cut(rng, bytes)
    }

    /// About `bytes` of letters and digits, of at most 256 KiB.
    pub fn blob(rng: &mut Rng, bytes: u64) -> &'static str {
        BLOBS.cut(rng, bytes)
    }

    fn grow(seed: u64, bytes: usize, line: fn(&mut Rng) -> String) -> Self {
        let mut rng = Rng::new(seed);
        let (mut text, mut starts) = (String::with_capacity(bytes + 256), Vec::new());
        while text.len() < bytes {
            starts.push(text.len());
            json::escape(&line(&mut rng), &mut text);
        }
        Self { text, starts }
    }

    fn cut(&self, rng: &mut Rng, bytes: u64) -> &str {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX).min(self.text.len());
        let last = self.starts.partition_point(|&start| start + bytes <= self.text.len());
        let from = self.starts.get(rng.index(last)).copied().unwrap_or(0);
        let to = self.starts.partition_point(|&start| start < from + bytes);
        let range = Range { start: from, end: self.starts.get(to).copied().unwrap_or(self.text.len()) };
        self.text.get(range).unwrap_or_default()
    }
}

const WORDS: [&str; 48] = [
    "the",
    "parser",
    "now",
    "keeps",
    "a",
    "fragment",
    "until",
    "its",
    "newline",
    "arrives",
    "and",
    "tests",
    "fail",
    "when",
    "offset",
    "moves",
    "first",
    "I",
    "will",
    "look",
    "at",
    "how",
    "the",
    "cache",
    "is",
    "filled",
    "before",
    "changing",
    "it",
    "naïve",
    "Größe",
    "déjà",
    "каталог",
    "目录",
    "設定",
    "파일",
    "🚀",
    "✅",
    "🧪",
    "—",
    "\"quoted\"",
    "C:\\work",
    "so",
    "we",
    "can",
    "drop",
    "that",
    "branch",
];

fn prose_line(rng: &mut Rng) -> String {
    let words: Vec<_> = (0..rng.between(6, 14)).map(|_| rng.pick(&WORDS)).collect();
    let end = rng.pick(&[". ", ".\n", ".\n\n", "? ", ":\n- "]);
    words.join(" ") + end
}

fn output_line(rng: &mut Rng) -> String {
    let number = rng.between(1, 99_999);
    match rng.below(40) {
        0 => format!(
            "{{\"type\":\"assistant\",\"message\":{{\"id\":\"msg_01{}\",\"model\":\"claude-opus-4-8\",\"usage\":\
             {{\"input_tokens\":{number},\"cache_creation_input_tokens\":{number},\"output_tokens\":{number}}}}}}}\n",
            rng.letters(22)
        ),
        1 => format!(
            "{{\"type\":\"event_msg\",\"payload\":{{\"type\":\"token_count\",\"info\":{{\"total_token_usage\":\
             {{\"input_tokens\":{number},\"output_tokens\":{number}}}}}}}}}\n"
        ),
        2 => format!("    \"tokens\": {{ \"input\": {number}, \"output\": 12, \"cached\": 0 }},\n"),
        3 => format!("\u{1b}[32m✔\u{1b}[0m {} — {number} ms 🎉\n", rng.pick(&WORDS)),
        4 => format!("> Tokens: {number} sent, 12 received. Cost: $0.04 message, $1.23 session.\n"),
        5..=14 => {
            format!("-rw-r--r--  1 dev dev {number:>8} Nov  1 10:31 src/{}_{}.rs\n", rng.letters(6), number % 97)
        }
        15..=24 => {
            format!("{:>5}→\tlet {} = self.{}(&mut out)?;\n", number % 4000, rng.letters(5), rng.pick(&WORDS))
        }
        _ => {
            let words: Vec<_> = (0..rng.between(4, 12)).map(|_| rng.pick(&WORDS)).collect();
            format!("src/lib.rs:{}: {}\n", number % 4000, words.join(" "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cut_is_a_json_string_of_about_the_size() {
        let mut rng = Rng::new(5);
        for bytes in [0, 1, 100, 5_000, 200_000, u64::MAX] {
            for text in [Filler::prose(&mut rng, bytes), Filler::output(&mut rng, bytes), Filler::blob(&mut rng, bytes)]
            {
                serde_json::from_str::<String>(&format!("\"{text}\"")).unwrap();
                let wanted = usize::try_from(bytes).unwrap_or(usize::MAX);
                assert!(text.len() < wanted.saturating_add(400), "{} for {bytes}", text.len());
                assert!(text.len() >= wanted.min(1 << 18) || text.len() > 250_000, "{} for {bytes}", text.len());
            }
        }
    }

    #[test]
    fn output_holds_decoys_and_other_scripts() {
        assert!(OUTPUT.text.contains(r#"\"usage\":{"#) && OUTPUT.text.contains("目录") && OUTPUT.text.contains("🎉"));
    }
}
