use agtop_model::{ClientId, Status};

pub(super) const CLAUDE: ClientId = ClientId::new("claude");
pub(super) const CODEX: ClientId = ClientId::new("codex");
const GEMINI: ClientId = ClientId::new("gemini");
const OPENCODE: ClientId = ClientId::new("opencode");
const AIDER: ClientId = ClientId::new("aider");

/// A model of a client.
#[derive(Clone, Copy)]
pub(super) struct DemoModel {
    pub(super) client: ClientId,
    pub(super) model: &'static str,
    /// Its context window in tokens.
    pub(super) context_window: u64,
    /// Dollars per million tokens of input, cache read, cache write and output.
    pub(super) rates: [f64; 4],
}

pub(super) const CLAUDE_MODEL: DemoModel =
    DemoModel { client: CLAUDE, model: "claude-opus-4-7", context_window: 1_000_000, rates: [5.0, 0.5, 6.25, 25.0] };

pub(super) const MODELS: &[DemoModel] = &[
    CLAUDE_MODEL,
    DemoModel { client: CODEX, model: "gpt-5.2-codex", context_window: 400_000, rates: [1.75, 0.175, 0.0, 14.0] },
    DemoModel { client: CLAUDE, model: "claude-sonnet-4-6", context_window: 200_000, rates: [3.0, 0.3, 3.75, 15.0] },
    DemoModel { client: GEMINI, model: "gemini-3-pro", context_window: 1_000_000, rates: [2.0, 0.2, 0.0, 12.0] },
    DemoModel { client: OPENCODE, model: "qwen3-coder-480b", context_window: 256_000, rates: [0.4, 0.1, 0.0, 1.6] },
    DemoModel { client: AIDER, model: "deepseek-v3.2", context_window: 128_000, rates: [0.28, 0.03, 0.0, 0.42] },
];

/// Directories, each with a branch and the title of its sessions.
pub(super) const PROJECTS: &[(&str, &str, &str)] = &[
    ("shop-api", "fix/basket-totals", "Basket totals round twice"),
    ("zk-prover", "main", "Witness cache for the prover"),
    ("website", "feat/dark-mode", "Dark mode for the docs"),
    ("infra", "main", "Move the queue to its own cluster"),
    ("parser", "perf/simd", "Skip blanks sixteen at a time"),
    ("mobile", "release/4.2", "Crash when the camera is denied"),
    ("données-météo", "main", "Nettoyer les séries horaires"),
    ("payments", "main", "Refunds are counted twice"),
];

/// Tools, each with the target of a call.
pub(super) const TOOL_CALLS: &[(&str, &str)] = &[
    ("Bash", "cargo test -p basket --idle_seconds"),
    ("Edit", "src/totals.rs"),
    ("Read", "docs/ARCHITECTURE.md"),
    ("Grep", "fn settle\\("),
    ("Bash", "npm run build -- --watch=false"),
    ("WebFetch", "https://docs.rs/ratatui"),
    ("Write", "tests/regression.rs"),
    ("Task", "review the auth refactor"),
];

/// Prompts of the user, each with the answer of the agent.
pub(super) const EXCHANGES: &[(&str, &str)] = &[
    ("why does the total differ by a cent?", "Both steps round. I keep the exact sum and round once, at the end."),
    ("make the build green again", "One test still expects the old date format; I fix the test, not the format."),
    ("can this be faster?", "The loop allocates for every blank. I will measure before I change anything."),
    ("et les séries de nuit ?", "Elles manquent depuis le changement d'heure : je corrige le décalage."),
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
