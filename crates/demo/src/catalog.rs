use agtop_model::{ClientId, Status};

pub(super) const CLAUDE: ClientId = ClientId::new("claude");
pub(super) const CODEX: ClientId = ClientId::new("codex");
pub(super) const GEMINI: ClientId = ClientId::new("gemini");
pub(super) const OPENCODE: ClientId = ClientId::new("opencode");
pub(super) const AIDER: ClientId = ClientId::new("aider");

/// A model of a client.
#[derive(Clone, Copy)]
pub(super) struct DemoModel {
    pub(super) client: ClientId,
    pub(super) model: &'static str,
    /// Its context window in tokens.
    pub(super) context_window: u64,
    /// What a token of input, cache read, cache write and output costs, in billionths of a dollar.
    pub(super) rates: [i64; 4],
}

pub(super) const CLAUDE_MODEL: DemoModel = DemoModel {
    client: CLAUDE,
    model: "claude-opus-4-7",
    context_window: 1_000_000,
    rates: [5_000, 500, 6_250, 25_000],
};

pub(super) const MODELS: &[DemoModel] = &[
    CLAUDE_MODEL,
    DemoModel { client: CODEX, model: "gpt-5.2-codex", context_window: 400_000, rates: [1_750, 175, 0, 14_000] },
    DemoModel {
        client: CLAUDE,
        model: "claude-sonnet-4-6",
        context_window: 200_000,
        rates: [3_000, 300, 3_750, 15_000],
    },
    DemoModel { client: GEMINI, model: "gemini-3-pro", context_window: 1_000_000, rates: [2_000, 200, 0, 12_000] },
    DemoModel { client: OPENCODE, model: "qwen3-coder-480b", context_window: 256_000, rates: [400, 100, 0, 1_600] },
    DemoModel { client: AIDER, model: "deepseek-v3.2", context_window: 128_000, rates: [280, 30, 0, 420] },
];

/// The statuses of the agents, in turn. The first few show every kind of trouble.
pub(super) const STATUS_CYCLE: &[Status] = &[
    Status::Working,
    Status::NeedsPermission,
    Status::Working,
    Status::Spawning,
    Status::NeedsInput,
    Status::Idle,
    Status::Working,
    Status::Stalled,
    Status::Active,
    Status::Working,
    Status::RateLimited,
    Status::Idle,
    Status::Working,
    Status::Active,
];
