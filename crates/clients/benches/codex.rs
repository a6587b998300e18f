//! Decoding speed of Codex rollouts, on generated files of about 20 MB.

mod decoding;

use std::fmt::Write as _;

use decoding::bench_lines;
use divan::Bencher;

fn main() {
    divan::main();
}

/// Size of the generated files in bytes.
const SIZE: usize = 20_000_000;

/// What fills a rollout: the size of a tool result and of a message, in bytes.
#[derive(Clone, Copy, Debug)]
struct Mix {
    answer: usize,
    message: usize,
}

/// Like a heavy session: long messages and results, usage in a small share of the bytes.
const HEAVY: Mix = Mix { answer: 6_000, message: 3_000 };
/// The worst case: almost every line has to be parsed.
const DENSE: Mix = Mix { answer: 80, message: 0 };

/// A rollout of 0.169 with a tool call, its result, messages and both kinds of usage per response.
fn rollout(mix: Mix) -> String {
    let id = "01a1fda9-829d-7d11-a9e9-b2c1b553804d";
    let at = "2026-11-21T10:31:47.181Z";
    let (answer, message) =
        (r#"fn main() {\n    \"x\";\n}\n"#.repeat(mix.answer / 24), "some words ".repeat(mix.message / 11));
    let mut text = format!(
        r#"{{"timestamp":"{at}","ordinal":0,"type":"session_meta","payload":{{"id":"{id}","timestamp":"{at}","cwd":"/repo","cli_version":"0.169.0","source":"cli"}}}}
{{"timestamp":"{at}","ordinal":1,"type":"turn_context","payload":{{"turn_id":"{id}","cwd":"/repo","model":"gpt-5.5"}}}}
"#
    );
    for n in 1_u64.. {
        if text.len() > SIZE {
            break;
        }
        let usage = |n: u64| {
            let (input, output) = (1000 * n, 100 * n);
            format!(
                r#"{{"input_tokens":{input},"cached_input_tokens":{},"cache_write_input_tokens":0,"output_tokens":{output},"reasoning_output_tokens":{n},"total_tokens":{}}}"#,
                input / 2,
                input + output
            )
        };
        let _ = write!(
            text,
            r#"{{"timestamp":"{at}","ordinal":{n},"type":"response_item","payload":{{"type":"message","role":"assistant","content":[{{"type":"output_text","text":"{message}"}}]}}}}
{{"timestamp":"{at}","ordinal":{n},"type":"response_item","payload":{{"type":"function_call","name":"exec_command","arguments":"{{\"cmd\": \"cat src/{n}.rs\"}}","call_id":"call_{n}"}}}}
{{"timestamp":"{at}","ordinal":{n},"type":"token_usage_record","payload":{{"thread_id":"{id}","turn_id":"{id}","session_id":"{id}","response_id":"resp_{n}","usage":{},"turn_token_usage":{},"thread_token_usage":{}}}}}
{{"timestamp":"{at}","ordinal":{n},"type":"response_item","payload":{{"type":"function_call_output","call_id":"call_{n}","output":"Chunk ID: 1\nProcess exited with code 0\nOutput:\n{answer}"}}}}
{{"timestamp":"{at}","ordinal":{n},"type":"event_msg","payload":{{"type":"token_count","info":{{"total_token_usage":{},"last_token_usage":{},"model_context_window":258400}},"rate_limits":{{"limit_id":"codex","primary":{{"used_percent":12.5,"window_minutes":300,"resets_at":1776290000}},"secondary":null}}}}}}
"#,
            usage(1),
            usage(1),
            usage(n),
            usage(n),
            usage(1)
        );
    }
    text
}

#[divan::bench(args = [HEAVY, DENSE])]
fn decode(bencher: Bencher<'_, '_>, mix: Mix) {
    bench_lines(bencher, "codex", "rollout.jsonl", &rollout(mix));
}
