//! Costs that records contain: one rule for every client that writes any, see `docs/ACCURACY.md`.

use std::collections::BTreeSet;

use agtop_model::{Event, EventKind, PicoUsd, ResponseCopy, Timestamp};

use crate::fixtures::{WrittenText, decoded, read};

/// A record in which `COST` stands for its cost and `PROVIDER` for its provider, if it names one.
struct Case {
    client: &'static str,
    path: &'static str,
    record: &'static str,
    /// The gateway of the client's vendor, if it has one that records name.
    gateway: Option<&'static str>,
}

const CASES: &[Case] = &[
    Case {
        client: "aider",
        path: "/home/u/aider.jsonl",
        record: r#"{"event":"message_send","properties":{"main_model":"gpt-5","prompt_tokens":10,"completion_tokens":1,"cost":COST,"total_cost":9,"aider_version":"0.86.2"},"user_id":"u","time":1795253400}"#,
        gateway: None,
    },
    Case {
        client: "aider",
        path: "/srv/attic/.aider.chat.history.md",
        record: "# aider chat started at 2026-11-21 09:30:00\n> Model: gpt-5 with diff edit format\n> Tokens: 10 sent, 5 received. Cost: $COST message, $9.00 session.\n",
        gateway: None,
    },
    Case {
        client: "cline",
        path: "/home/u/.config/Code/User/globalStorage/saoudrizwan.claude-dev/tasks/1795253400000/ui_messages.json",
        record: r#"[{"ts":1795253400000,"type":"say","say":"api_req_started","text":"{\"tokensIn\":10,\"tokensOut\":1,\"cost\":COST}","modelInfo":{"modelId":"m","providerId":"PROVIDER"}}]"#,
        gateway: Some("cline"),
    },
    Case {
        client: "cline",
        path: "/home/u/.cline/data/sessions/1795253400000_ab12c_cli/1795253400000_ab12c_cli.messages.json",
        record: r#"{"messages":[{"id":"2","role":"assistant","ts":1795253400000,"modelInfo":{"id":"m","provider":"PROVIDER"},"metrics":{"inputTokens":10,"outputTokens":1,"cost":COST},"content":[]}]}"#,
        gateway: Some("cline"),
    },
    Case {
        client: "roo",
        path: "/home/u/.config/Code/User/globalStorage/rooveterinaryinc.roo-cline/tasks/1795253400000/ui_messages.json",
        record: r#"[{"ts":1795253400000,"type":"say","say":"api_req_started","text":"{\"tokensIn\":10,\"tokensOut\":1,\"cost\":COST}"}]"#,
        gateway: None,
    },
    Case {
        client: "kilo-code",
        path: "/home/u/.config/Code/User/globalStorage/kilocode.kilo-code/tasks/1795253400000/ui_messages.json",
        record: r#"[{"ts":1795253400000,"type":"say","say":"api_req_started","text":"{\"tokensIn\":10,\"tokensOut\":1,\"cost\":COST}"}]"#,
        gateway: None,
    },
    Case {
        client: "crush",
        path: "/home/u/.local/share/crush/crush.db",
        record: r#"{"sessions":[{"id":"3aaaaaaa-0000-4000-8000-000000000001","cost":COST,"created_at":1795253400}]}"#,
        gateway: None,
    },
    Case {
        client: "goose",
        path: "/home/u/.local/share/goose/sessions/sessions.db",
        record: r#"{"usage_ledger":[{"session_id":"20261121_1","created_timestamp":1795253400,"model":"m","input_tokens":10,"output_tokens":1,"total_tokens":11,"cost":COST}],
"sessions":[{"id":"20261121_1","provider_name":"PROVIDER","created_at":"2026-11-21 09:30:00"}]}"#,
        gateway: None,
    },
    Case {
        client: "hermes",
        path: "/home/u/.hermes/state.db",
        record: r#"{"sessions":[{"id":"20261121_093000_aa","model":"m","started_at":1795253400.0,"actual_cost_usd":COST,"input_tokens":10,"output_tokens":1}]}"#,
        gateway: None,
    },
    Case {
        client: "kilo",
        path: "/home/u/.local/share/kilo/kilo.db",
        record: r#"{"message":[{"id":"msg_1","session_id":"ses_1","time_created":1795253400000,"data":{"role":"assistant","modelID":"m","providerID":"PROVIDER","cost":COST,"tokens":{"input":10,"output":1},"time":{"created":1795253400000,"completed":1795253401000}}}]}"#,
        gateway: Some("kilo"),
    },
    Case {
        client: "opencode",
        path: "/home/u/.local/share/opencode/opencode.db",
        record: r#"{"message":[{"id":"msg_1","session_id":"ses_1","time_created":1795253400000,"data":{"role":"assistant","modelID":"m","providerID":"PROVIDER","cost":COST,"tokens":{"input":10,"output":1},"time":{"created":1795253400000,"completed":1795253401000}}}]}"#,
        gateway: Some("opencode"),
    },
    Case {
        client: "opencode",
        path: "/home/u/.local/share/opencode/opencode.db",
        record: r#"{"session_message":[{"id":"msg_1","session_id":"ses_1","type":"assistant","time_created":1795253400000,"data":{"model":{"id":"m","providerID":"PROVIDER"},"cost":COST,"tokens":{"input":10,"output":1},"time":{"created":1795253400000,"completed":1795253401000}}}]}"#,
        gateway: Some("opencode"),
    },
    Case {
        client: "openclaw",
        path: "/home/u/.openclaw/agents/main/sessions/1aaaaaaa-0000-4000-8000-000000000001.jsonl",
        record: r#"{"type":"message","id":"1","timestamp":"2026-11-21T09:30:00.000Z","message":{"role":"assistant","provider":"PROVIDER","model":"m","usage":{"input":10,"output":1,"cost":{"total":COST}},"stopReason":"stop"}}"#,
        gateway: None,
    },
    Case {
        client: "pi",
        path: "/home/u/.pi/agent/sessions/--w--/2026-11-21T09-30-00-000Z_0aaaaaaa-0000-4000-8000-000000000001.jsonl",
        record: r#"{"type":"message","id":"1","timestamp":"2026-11-21T09:30:00.000Z","message":{"role":"assistant","provider":"PROVIDER","model":"m","usage":{"input":10,"output":1,"cost":{"total":COST}},"stopReason":"stop"}}"#,
        gateway: None,
    },
];

/// The cost of the response, as the client decodes it.
fn cost(case: &Case, provider: &str, usd: &str) -> Option<PicoUsd> {
    let record = case.record.replace("COST", usd).replace("PROVIDER", provider);
    let events = read(case.client, &WrittenText { path: case.path, text: &record });
    events.iter().filter_map(response).find_map(|response| response.embedded_cost)
}

fn response(event: &Event) -> Option<&ResponseCopy> {
    if let EventKind::Response(response) = &event.kind { Some(response) } else { None }
}

/// A cost in a record counts. A cost of 0 is what was paid if the client's vendor served the model; otherwise the cost is
/// unknown. Requests of Cline with `cost: 0` were once priced at list, and other clients had their own rules.
#[test]
fn an_embedded_cost_counts_and_zero_only_through_the_vendors_gateway() {
    for case in CASES {
        let Case { client, path, gateway, .. } = case;
        assert_eq!(cost(case, "acme", "0.25"), PicoUsd::from_usd(0.25), "{client} {path}");
        assert_eq!(cost(case, "acme", "0.00"), None, "{client} {path}");
        if let Some(gateway) = gateway {
            assert_eq!(cost(case, gateway, "0.00"), Some(PicoUsd::ZERO), "{client} {path}");
            assert_eq!(cost(case, gateway, "0.25"), PicoUsd::from_usd(0.25), "{client} {path}");
        }
    }
}

/// A client that starts to embed costs must be added to the table.
#[test]
fn every_client_whose_fixtures_embed_costs_is_in_the_table() {
    let all = decoded(Timestamp::from_millis(1_790_000_000_000));
    let embed = all
        .iter()
        .filter(|one| one.events.iter().filter_map(response).any(|response| response.embedded_cost.is_some()));
    let found: BTreeSet<&str> = embed.map(|one| one.client.info().id.as_str()).collect();
    let listed: BTreeSet<&str> = CASES.iter().map(|case| case.client).collect();
    // Claude Code wrote costs until version 1.0, and only of its own vendor.
    assert_eq!(found.difference(&listed).collect::<Vec<_>>(), [&"claude"]);
}
