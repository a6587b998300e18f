//! What the sessions of the demo are about. All that a session shows comes from one story, in its order.

use std::path::PathBuf;

use agtop_model::ClientId;

use crate::catalog::{AIDER, CODEX, GEMINI, OPENCODE};

/// A kind of tool call, for which each agent has a tool of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StepKind {
    /// Searches files.
    Search,
    /// Reads a file.
    Read,
    /// Changes a file.
    Edit,
    /// Runs a command.
    Run,
}

/// A task of a project: what the user asked, and how the agent goes about it.
#[derive(Debug)]
pub(super) struct Story {
    pub(super) project: &'static str,
    pub(super) branch: &'static str,
    pub(super) title: &'static str,
    /// What the user wrote.
    pub(super) prompt: &'static str,
    /// What the agent answered before it began.
    pub(super) answer: &'static str,
    /// The tool calls in order, each with its target.
    pub(super) steps: &'static [(StepKind, &'static str)],
    /// The file that is changed.
    pub(super) file: &'static str,
    /// The command for which the agent needs permission.
    pub(super) risky_command: &'static str,
    /// The command that does not end.
    pub(super) slow_command: &'static str,
}

impl Story {
    /// The directory of the project.
    pub(super) fn directory(&self) -> PathBuf {
        PathBuf::from("/home/ada/code").join(self.project)
    }
}

/// The tool that the agent has for that kind of call; `None` for an agent that records no calls.
pub(super) fn tool(client: ClientId, kind: StepKind) -> Option<&'static str> {
    use StepKind::{Edit, Read, Run, Search};
    Some(match (client, kind) {
        (AIDER, _) => return None,
        (CODEX, Edit) => "apply_patch",
        (CODEX, _) => "shell",
        (GEMINI, Search) => "search_file_content",
        (GEMINI, Read) => "read_file",
        (GEMINI, Edit) => "replace",
        (GEMINI, Run) => "run_shell_command",
        (OPENCODE, Search) => "grep",
        (OPENCODE, Read) => "read",
        (OPENCODE, Edit) => "edit",
        (OPENCODE, Run) => "bash",
        (_, Search) => "Grep",
        (_, Read) => "Read",
        (_, Edit) => "Edit",
        (_, Run) => "Bash",
    })
}

/// All kinds, the most used first.
pub(super) const STEP_KINDS: [StepKind; 4] = [StepKind::Run, StepKind::Edit, StepKind::Read, StepKind::Search];

/// The first story.
pub(super) const FIRST_STORY: Story = Story {
    project: "shop-api",
    branch: "fix/basket-totals",
    title: "Basket totals round twice",
    prompt: "why does the total of a basket differ by a cent?",
    answer: "Both steps round. I keep the exact sum and round once, at the end.",
    steps: &[
        (StepKind::Search, "fn round_total"),
        (StepKind::Read, "src/totals.rs"),
        (StepKind::Edit, "src/totals.rs"),
        (StepKind::Run, "cargo test -p basket"),
        (StepKind::Read, "tests/rounding.rs"),
        (StepKind::Edit, "tests/rounding.rs"),
        (StepKind::Run, "cargo test -p basket"),
        (StepKind::Run, "git diff --stat"),
    ],
    file: "src/totals.rs",
    risky_command: "git push --force-with-lease origin fix/basket-totals",
    slow_command: "cargo test --workspace -- --ignored",
};

/// The stories. A session has one for all of its time.
pub(super) static STORIES: &[Story] = &[
    FIRST_STORY,
    Story {
        project: "zk-prover",
        branch: "main",
        title: "Witness cache for the prover",
        prompt: "can the second proof of a block be faster?",
        answer: "It builds the same witness again. I add a cache and measure both proofs.",
        steps: &[
            (StepKind::Read, "src/witness.rs"),
            (StepKind::Run, "cargo bench --bench prove -- --save-baseline before"),
            (StepKind::Edit, "src/witness.rs"),
            (StepKind::Run, "cargo check"),
            (StepKind::Edit, "src/cache.rs"),
            (StepKind::Run, "cargo bench --bench prove -- --baseline before"),
        ],
        file: "src/witness.rs",
        risky_command: "cargo publish -p zk-witness",
        slow_command: "cargo bench --bench prove",
    },
    Story {
        project: "website",
        branch: "feat/dark-mode",
        title: "Dark mode for the docs",
        prompt: "the docs need a dark mode that follows the system",
        answer: "The colours are in one sheet. I turn them into variables and add a second set.",
        steps: &[
            (StepKind::Search, "#fff"),
            (StepKind::Read, "styles/colours.css"),
            (StepKind::Edit, "styles/colours.css"),
            (StepKind::Edit, "src/ThemeToggle.tsx"),
            (StepKind::Run, "npm run build"),
            (StepKind::Run, "npx playwright test --grep dark"),
        ],
        file: "styles/colours.css",
        risky_command: "npm run deploy",
        slow_command: "npm run dev",
    },
    Story {
        project: "infra",
        branch: "main",
        title: "Move the queue to its own cluster",
        prompt: "give the queue a cluster of its own, without downtime",
        answer: "I add the new cluster first and plan the change of the endpoint as a second step.",
        steps: &[
            (StepKind::Read, "modules/queue/main.tf"),
            (StepKind::Edit, "modules/queue/main.tf"),
            (StepKind::Run, "terraform fmt -check"),
            (StepKind::Run, "terraform plan -out=queue.plan"),
            (StepKind::Edit, "docs/runbook.md"),
        ],
        file: "modules/queue/main.tf",
        risky_command: "terraform apply queue.plan",
        slow_command: "./scripts/wait-for-it.sh db:5432",
    },
    Story {
        project: "parser",
        branch: "perf/simd",
        title: "Skip blanks sixteen at a time",
        prompt: "the lexer spends a third of its time on blanks",
        answer: "The loop looks at one byte at a time. I measure before I change anything.",
        steps: &[
            (StepKind::Run, "make bench"),
            (StepKind::Read, "lexer/blanks.c"),
            (StepKind::Edit, "lexer/blanks.c"),
            (StepKind::Run, "make test"),
            (StepKind::Run, "make bench"),
        ],
        file: "lexer/blanks.c",
        risky_command: "git rebase --onto main perf/base",
        slow_command: "make fuzz",
    },
    Story {
        project: "mobile",
        branch: "release/4.2",
        title: "Crash when the camera is denied",
        prompt: "the app crashes if I deny the camera",
        answer: "The result of the request is not checked. I show the explanation there instead.",
        steps: &[
            (StepKind::Search, "requestPermission"),
            (StepKind::Read, "app/src/main/Camera.kt"),
            (StepKind::Edit, "app/src/main/Camera.kt"),
            (StepKind::Run, "./gradlew testDebug"),
            (StepKind::Edit, "app/src/test/CameraTest.kt"),
            (StepKind::Run, "./gradlew testDebug"),
        ],
        file: "app/src/main/Camera.kt",
        risky_command: "./gradlew publishBundle",
        slow_command: "./gradlew connectedCheck",
    },
    Story {
        project: "données-météo",
        branch: "main",
        title: "Nettoyer les séries horaires",
        prompt: "il manque les séries de nuit depuis octobre",
        answer: "Elles manquent depuis le changement d'heure : je corrige le décalage.",
        steps: &[
            (StepKind::Search, "fuseau"),
            (StepKind::Read, "nettoyage/heures.py"),
            (StepKind::Edit, "nettoyage/heures.py"),
            (StepKind::Run, "pytest -q tests/test_heures.py"),
            (StepKind::Run, "python -m nettoyage --depuis 2026-10-25"),
        ],
        file: "nettoyage/heures.py",
        risky_command: "python -m nettoyage --remplacer",
        slow_command: "python -m nettoyage --tout",
    },
    Story {
        project: "payments",
        branch: "main",
        title: "Refunds are counted twice",
        prompt: "the report counts a refund once per retry",
        answer: "The key of a refund leaves out the attempt. I add it and a test with two retries.",
        steps: &[
            (StepKind::Search, "refund_id"),
            (StepKind::Read, "report/refunds.go"),
            (StepKind::Edit, "report/refunds.go"),
            (StepKind::Edit, "report/refunds_test.go"),
            (StepKind::Run, "go test ./report/..."),
            (StepKind::Run, "go vet ./..."),
        ],
        file: "report/refunds.go",
        risky_command: "psql payments -f migrations/0042.sql",
        slow_command: "go test -race ./...",
    },
];
