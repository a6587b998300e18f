//! Decoding speed of Claude Code transcripts, on generated files of about 20 MB.

mod decoding;

use std::fmt::Write as _;

use decoding::bench_lines;
use divan::Bencher;

fn main() {
    divan::main();
}

/// Size of the generated files in bytes.
const SIZE: usize = 20_000_000;

/// What a release writes in addition to the conversation.
#[derive(Clone, Copy, Debug)]
enum Release {
    /// Nothing.
    V2_1_197,
    /// Copies of what it sends: nine tenths of the file.
    V2_1_332,
}

/// A transcript with a prompt, a response in two lines, a tool call and its result per turn.
fn transcript(release: Release) -> String {
    let (session, at) = ("11111111-0000-4000-8000-000000000007", "2026-11-30T08:52:54.018Z");
    let prose = r#"You are an agent.\n\"Use\" the tools.\n"#;
    let schema = r#"{"name":"Bash","input_schema":{"type":"object","properties":{"usage":{"type":"string"}}}},"#;
    let (prompt, tools, answer) =
        (prose.repeat(1800), schema.repeat(400), r#"fn main() {\n    \"x\";\n}\n"#.repeat(60));
    let tools = tools.trim_end_matches(',');
    let common = format!(
        r#""isSidechain":false,"timestamp":"{at}","sessionId":"{session}","cwd":"/repo","version":"2.1.332","gitBranch":"main","entrypoint":"cli""#
    );
    let mut text = String::with_capacity(SIZE + SIZE / 8);
    for n in 1_u64.. {
        if text.len() > SIZE {
            break;
        }
        let usage = format!(
            r#"{{"input_tokens":{n},"cache_creation_input_tokens":251,"cache_read_input_tokens":53507,"output_tokens":1102,"cache_creation":{{"ephemeral_5m_input_tokens":218,"ephemeral_1h_input_tokens":33}},"service_tier":"standard","inference_geo":"","speed":"standard"}}"#
        );
        let message = format!(
            r#""id":"msg_{n}","type":"message","role":"assistant","model":"claude-sonnet-4-6","usage":{usage}"#
        );
        let _ = write!(
            text,
            r#"{{"parentUuid":null,{common},"type":"user","uuid":"u{n}","message":{{"role":"user","content":"Do {n}"}}}}
{{"parentUuid":null,{common},"type":"assistant","uuid":"a{n}","message":{{{message},"content":[{{"type":"text","text":"{answer}"}}]}}}}
{{"parentUuid":null,{common},"type":"assistant","uuid":"b{n}","message":{{{message},"content":[{{"type":"tool_use","id":"toolu_{n}","name":"Bash","input":{{"command":"ls"}}}}]}}}}
{{"parentUuid":null,{common},"type":"user","uuid":"r{n}","message":{{"role":"user","content":[{{"type":"tool_result","tool_use_id":"toolu_{n}","content":"{answer}"}}]}}}}
"#
        );
        if matches!(release, Release::V2_1_332) {
            let _ = write!(
                text,
                r#"{{"type":"tools-used","tools":["Bash"],"sessionId":"{session}"}}
{{"type":"api-request-shape","sessionId":"{session}","timestamp":"{at}","shape":{{"system":"{prompt}","tools":[{tools}]}}}}
{{"type":"api-request-blob","sessionId":"{session}","hash":"{n}","content":"{answer}"}}
{{"parentUuid":"11344689-1a3f-4071-b841-6ad8b9e765be","isSidechain":false,"attachment":{{"type":"prompt_snapshot","systemPrompt":["{prompt}"]}},"type":"attachment","uuid":"s{n}","timestamp":"{at}"}}
"#
            );
        }
    }
    text
}

#[divan::bench(args = [Release::V2_1_197, Release::V2_1_332])]
fn decode(bencher: Bencher<'_, '_>, release: Release) {
    bench_lines(bencher, "claude", "11111111-0000-4000-8000-000000000007.jsonl", &transcript(release));
}
