/// What can be known about the sessions of one client, aspect by aspect: what `agtop clients` shows.
#[derive(Clone, Copy, Debug)]
pub struct Knowledge {
    /// What its responses used.
    pub tokens: Known,
    /// What they cost: it says so itself, or names models, whose prices are known.
    pub cost: Known,
    /// How much of the prompts came from a cache.
    pub cache: Known,
    /// How full the context is.
    pub context: Known,
    /// Which tools were called.
    pub tools: Known,
    /// Which sub-agents work for a session.
    pub subagents: Known,
    /// That it waits for its person to allow something.
    pub permission: Known,
    /// How much of an account's allowance is used.
    pub limits: Known,
}

/// Whether a client's files tell something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// They do.
    Yes,
    /// They do under a condition, or with a gap: this one.
    Partly(&'static str),
    /// They do not.
    No,
}

impl Knowledge {
    /// Nothing is known.
    pub const NONE: Self = Self {
        tokens: Known::No,
        cost: Known::No,
        cache: Known::No,
        context: Known::No,
        tools: Known::No,
        subagents: Known::No,
        permission: Known::No,
        limits: Known::No,
    };

    /// Every aspect with its name, in the order in which they are shown.
    pub const fn aspects(&self) -> [(&'static str, Known); 8] {
        [
            ("tokens", self.tokens),
            ("cost", self.cost),
            ("cache", self.cache),
            ("context", self.context),
            ("tools", self.tools),
            ("subagents", self.subagents),
            ("permission", self.permission),
            ("limits", self.limits),
        ]
    }
}

impl Known {
    /// The name in JSON and in tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::Partly(_) => "partly",
            Self::No => "no",
        }
    }

    /// The condition or the gap.
    pub const fn gap(self) -> Option<&'static str> {
        match self {
            Self::Partly(gap) => Some(gap),
            Self::Yes | Self::No => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use agtop_model::{Activity, Event, EventKind, Extent, Turn};

    use crate::testing::{decode_rows, fixture_rows, home, open};
    use crate::{Client, Format, Input, clients};

    /// A file of `fixtures/`, and where it would lie on a disk.
    struct Sample(&'static str, &'static [u8], &'static str);

    macro_rules! samples {
        ($($client:literal: $($fixture:literal => $path:literal),+;)+) => {
            &[$($(Sample($client, include_bytes!(concat!("../../../fixtures/", $client, "/", $fixture)), $path)),+),+]
        };
    }

    /// For each client what it takes to show all that it tells.
    static SAMPLES: &[Sample] = samples! {
        "claude":
            "2.1.197/session.jsonl" => "/home/u/.claude/projects/-p/aaaaaaaa-0000-4000-8000-000000000001.jsonl",
            "2.1.197/registry.json" => "/home/u/.claude/sessions/4242.json";
        "codex":
            "0.169/records.jsonl" =>
                "/home/u/.codex/sessions/2026/04/15/rollout-2026-04-15T10-00-00-019d0000-0000-7000-8000-0000000000ff.jsonl",
            "0.119/parent.jsonl" =>
                "/home/u/.codex/sessions/2026/04/15/rollout-2026-04-15T10-00-00-019d0000-0000-7000-8000-0000000000fe.jsonl",
            "0.119/spawned.jsonl" =>
                "/home/u/.codex/sessions/2026/04/15/rollout-2026-04-15T10-00-00-019d0000-0000-7000-8000-0000000000fd.jsonl";
        "gemini":
            "0.61.0/main.jsonl" => "/home/u/.gemini/tmp/cellar/chats/session-2026-11-21T09-00-11111111.jsonl",
            "0.61.0/interrupted.jsonl" => "/home/u/.gemini/tmp/cellar/chats/session-2026-11-21T11-00-33333333.jsonl",
            "0.8.0/session.json" => "/home/u/.gemini/tmp/ab12/chats/session-2026-03-29T01-21-77777777.json",
            "0.61.0/subagent.jsonl" =>
                "/home/u/.gemini/tmp/cellar/chats/11111111-aaaa-4000-8000-000000000001/44444444-aaaa-4000-8000-000000000001.jsonl";
        "opencode": "1.18.33/rows.json" => "/home/u/.local/share/opencode/opencode.db";
        "goose": "schema15/rows.json" => "/home/u/.local/share/goose/sessions/sessions.db";
        "aider": "0.86.2/history.md" => "/srv/cellar/.aider.chat.history.md";
        "copilot":
            "1.0.102/events.jsonl" => "/home/u/.copilot/session-state/86204044-d826-412f-a7b9-0a4b385b3097/events.jsonl";
        "pi":
            "v3/session.jsonl" =>
                "/home/u/.pi/agent/sessions/--srv-orchard--/2026-11-21T08-00-00-000Z_0aaaaaaa-0000-4000-8000-000000000001.jsonl";
        "openclaw":
            "v3/session.jsonl" => "/home/u/.openclaw/agents/main/sessions/1aaaaaaa-0000-4000-8000-000000000001.jsonl",
            "v3/tools.jsonl" => "/home/u/.openclaw/agents/main/sessions/1bbbbbbb-0000-4000-8000-000000000002.jsonl";
        "amp":
            "0.0.1780/T-ledger.json" => "/home/u/.local/share/amp/threads/T-2aaaaaaa-0000-4000-8000-000000000001.json",
            "0.0.1780/T-messages.json" => "/home/u/.local/share/amp/threads/T-2aaaaaaa-0000-4000-8000-000000000002.json";
        "crush": "0.22.0/rows.json" => "/home/u/.local/share/crush/crush.db";
        "qwen":
            "0.15.10/chat.jsonl" => "/home/u/.qwen/projects/-home-u-work/chats/aaaaaaaa-0000-4000-8000-000000000001.jsonl";
        "kimi":
            "1.52.0/wire.jsonl" =>
                "/home/u/.kimi/sessions/0123456789abcdef0123456789abcdef/2aaaaaaa-0000-4000-8000-000000000001/wire.jsonl";
        "cursor-agent":
            "2026-11/transcript.jsonl" =>
                "/home/u/.cursor/projects/home-u-shop/agent-transcripts/7aaaaaaa-0000-4000-8000-000000000001/7aaaaaaa-0000-4000-8000-000000000001.jsonl",
            "2026-11/state.json" => "/home/u/.config/Cursor/User/globalStorage/state.vscdb";
        "droid":
            "2026-11/session.jsonl" => "/home/u/.factory/sessions/-p/3aaaaaaa-0000-4000-8000-000000000001.jsonl",
            "2026-11/late.settings.json" =>
                "/home/u/.factory/sessions/-p/3aaaaaaa-0000-4000-8000-000000000001.settings.json";
        "kilo": "2026-11/rows.json" => "/home/u/.local/share/kilo/kilo.db";
        "cline":
            "2026-11/ui_messages.json" =>
                "/home/u/.config/Code/User/globalStorage/saoudrizwan.claude-dev/tasks/1795000000000/ui_messages.json",
            "2026-11/waiting.json" =>
                "/home/u/.config/Code/User/globalStorage/saoudrizwan.claude-dev/tasks/1795000000001/ui_messages.json";
        "roo":
            "2026-11/ui_messages.json" =>
                "/home/u/.config/Code/User/globalStorage/rooveterinaryinc.roo-cline/tasks/1795000000000/ui_messages.json";
        "kilo-code":
            "2026-11/ui_messages.json" =>
                "/home/u/.config/Code/User/globalStorage/kilocode.kilo-code/tasks/1795000000000/ui_messages.json",
            "2026-11/waiting.json" =>
                "/home/u/.config/Code/User/globalStorage/kilocode.kilo-code/tasks/1795000000001/ui_messages.json";
        "codebuff":
            "2026-11/chat-messages.json" =>
                "/home/u/.config/manicode/projects/shop/chats/2026-11-18T11-06-40.000Z/chat-messages.json";
        "hermes": "2026-11/rows.json" => "/home/u/.hermes/state.db";
        "continue":
            "2026-11/session.json" => "/home/u/.continue/sessions/6aaaaaaa-0000-4000-8000-000000000001.json";
        "grok":
            "2026-11/chat_history.jsonl" =>
                "/home/u/.grok/sessions/%2Fhome/5aaaaaaa-0000-4000-8000-000000000001/chat_history.jsonl";
        "antigravity":
            "2026-11/implementation_plan.md" =>
                "/home/u/.gemini/antigravity-cli/brain/4aaaaaaa-0000-4000-8000-000000000001/implementation_plan.md";
    };

    /// What a claim about each aspect rests on, in the order of [`Knowledge::aspects`](super::Knowledge::aspects).
    const EVIDENCE: [fn(&EventKind) -> bool; 8] = [
        |kind| turn(kind).is_some_and(|turn| !turn.usage.is_zero()),
        |kind| turn(kind).is_some_and(|turn| turn.embedded_cost.is_some() || turn.model.is_some()),
        |kind| turn(kind).is_some_and(|turn| turn.usage.cache_read + turn.usage.cache_write() > 0),
        |kind| match kind {
            EventKind::Facts(facts) => facts.context_used.is_some(),
            _ => turn(kind).is_some_and(|turn| turn.extent == Extent::Response && turn.usage.prompt() > 0),
        },
        |kind| matches!(kind, EventKind::ToolStarted { .. }),
        |kind| match kind {
            EventKind::Facts(facts) => facts.parent.is_some(),
            _ => matches!(kind, EventKind::SubagentStarted { .. }),
        },
        |kind| match kind {
            EventKind::Running(running) => running.activity == Some(Activity::Waiting),
            _ => matches!(kind, EventKind::Waiting),
        },
        |kind| matches!(kind, EventKind::RateLimit(_)),
    ];

    fn turn(kind: &EventKind) -> Option<&Turn> {
        if let EventKind::Turn(turn) = kind { Some(turn) } else { None }
    }

    fn events(client: &dyn Client) -> Vec<Event> {
        let samples = SAMPLES.iter().filter(|sample| sample.0 == client.info().id.as_str());
        samples.flat_map(|Sample(_, bytes, path)| decoded(client, path, bytes)).collect()
    }

    fn decoded(client: &dyn Client, path: &str, bytes: &[u8]) -> Vec<Event> {
        let mut env = home();
        env.work_dirs.push("/srv/cellar".into());
        let (store, mut decoder) = open(client, &env, path);
        let mut events = Vec::new();
        match store.format {
            // What is broken in a fixture is broken on purpose.
            Format::Lines => bytes.split(|&byte| byte == b'\n').zip(0..).for_each(|(bytes, offset)| {
                let _ = decoder.feed(Input::Line { bytes, offset }, &mut events);
            }),
            Format::Document => drop(decoder.feed(Input::Document(bytes), &mut events)),
            Format::Sqlite(_) => {
                let rows = fixture_rows(client, path, std::str::from_utf8(bytes).unwrap());
                events = decode_rows(client, path, &rows);
            }
        }
        events
    }

    #[test]
    fn every_cell_of_the_matrix_is_what_the_fixtures_show() {
        let mut wrong = Vec::new();
        for client in clients() {
            let events = events(client);
            for ((aspect, known), shows) in client.info().knowledge.aspects().into_iter().zip(EVIDENCE) {
                let is_shown = events.iter().any(|event| shows(&event.kind));
                if is_shown != (known != super::Known::No) {
                    wrong.push(format!("{} {aspect}: {} but shown: {is_shown}", client.info().id, known.as_str()));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn a_gap_is_a_phrase_that_fits_a_table() {
        for client in clients() {
            for gap in client.info().knowledge.aspects().iter().filter_map(|(_, known)| known.gap()) {
                assert!((1..60).contains(&gap.len()) && !gap.contains('|') && !gap.ends_with('.'), "{gap}");
            }
        }
    }
}
