use agtop_model::{ClientId, Status};

pub(super) const CLAUDE: ClientId = ClientId::new("claude");
pub(super) const CODEX: ClientId = ClientId::new("codex");
const GEMINI: ClientId = ClientId::new("gemini");
const OPENCODE: ClientId = ClientId::new("opencode");
const AIDER: ClientId = ClientId::new("aider");

/// A client, a model of it, the model's window, and dollars per million tokens: fresh, cached, written to the cache,
/// output.
#[derive(Clone, Copy)]
pub(super) struct Player {
    pub(super) client: ClientId,
    pub(super) model: &'static str,
    pub(super) window: u64,
    pub(super) rates: [f64; 4],
}

pub(super) const CLAUDE_PLAYER: Player =
    Player { client: CLAUDE, model: "claude-opus-4-7", window: 1_000_000, rates: [5.0, 0.5, 6.25, 25.0] };

pub(super) const PLAYERS: &[Player] = &[
    CLAUDE_PLAYER,
    Player { client: CODEX, model: "gpt-5.2-codex", window: 400_000, rates: [1.75, 0.175, 0.0, 14.0] },
    Player { client: CLAUDE, model: "claude-sonnet-4-6", window: 200_000, rates: [3.0, 0.3, 3.75, 15.0] },
    Player { client: GEMINI, model: "gemini-3-pro", window: 1_000_000, rates: [2.0, 0.2, 0.0, 12.0] },
    Player { client: OPENCODE, model: "qwen3-coder-480b", window: 256_000, rates: [0.4, 0.1, 0.0, 1.6] },
    Player { client: AIDER, model: "deepseek-v3.2", window: 128_000, rates: [0.28, 0.03, 0.0, 0.42] },
];

/// A directory, a branch, what is being done there.
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

/// A tool and what it is called on.
pub(super) const CALLS: &[(&str, &str)] = &[
    ("Bash", "cargo test -p basket --quiet"),
    ("Edit", "src/totals.rs"),
    ("Read", "docs/ARCHITECTURE.md"),
    ("Grep", "fn settle\\("),
    ("Bash", "npm run build -- --watch=false"),
    ("WebFetch", "https://docs.rs/ratatui"),
    ("Write", "tests/regression.rs"),
    ("Task", "review the auth refactor"),
];

/// What the person asked, and what the agent said to it.
pub(super) const TALK: &[(&str, &str)] = &[
    ("why does the total differ by a cent?", "Both steps round. I keep the exact sum and round once, at the end."),
    ("make the build green again", "One test still expects the old date format; I mend the test, not the format."),
    ("can this be faster?", "The loop allocates for every blank. I will measure before I change anything."),
    ("et les séries de nuit ?", "Elles manquent depuis le changement d'heure : je corrige le décalage."),
];

/// What the agents do, one after the other; the first few so that every kind of trouble is on the stage.
pub(super) const PARTS: &[Status] = &[
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
