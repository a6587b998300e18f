use agtop_model::{Cost, ServiceTier, Usage};

use crate::{MatchKind, PriceBook, PriceSource, Rated};

/// `(model, matched key, how)`.
const KNOWN: &[(&str, &str, MatchKind)] = &[
    ("gpt-5", "gpt-5", MatchKind::Exact),
    ("gpt-5.5", "gpt-5.5", MatchKind::Exact),
    ("gpt-5-mini", "gpt-5-mini", MatchKind::Exact),
    ("gpt-5-nano", "gpt-5-nano", MatchKind::Exact),
    ("gpt-5-codex", "gpt-5-codex", MatchKind::Exact),
    ("gpt-5.1-codex-mini", "gpt-5.1-codex-mini", MatchKind::Exact),
    ("gpt-5.6-luna", "gpt-5.6-luna", MatchKind::Exact),
    ("gpt-5-5", "gpt-5.5", MatchKind::Alias),
    ("GPT-5", "gpt-5", MatchKind::Exact),
    ("  gpt-5\n", "gpt-5", MatchKind::Exact),
    ("gpt-5-2025-08-07", "gpt-5-2025-08-07", MatchKind::Exact),
    ("gpt-5.5-2026-12-01", "gpt-5.5", MatchKind::Date),
    ("gpt-5-mini-2026-12-01", "gpt-5-mini", MatchKind::Date),
    ("gpt-5-high", "gpt-5", MatchKind::Segments),
    ("gpt-5-codex-high", "gpt-5-codex", MatchKind::Segments),
    ("openai/gpt-5.5", "gpt-5.5", MatchKind::Prefix),
    ("openrouter/openai/gpt-5-mini", "gpt-5-mini", MatchKind::Prefix),
    ("azure/gpt-5", "azure/gpt-5", MatchKind::Exact),
    ("chatgpt/gpt-5.5", "gpt-5.5", MatchKind::Prefix),
    ("o3", "o3", MatchKind::Exact),
    ("o4-mini-high", "o4-mini", MatchKind::Segments),
    ("o1-mini-2024-09-12", "o1-mini", MatchKind::Date),
    ("codex-mini-latest", "codex-mini-latest", MatchKind::Exact),
    ("claude-sonnet-4-5-20250929", "claude-sonnet-4-5-20250929", MatchKind::Exact),
    ("claude-sonnet-4-5", "claude-sonnet-4-5", MatchKind::Exact),
    ("claude-sonnet-4.5", "claude-sonnet-4-5", MatchKind::Alias),
    ("claude-4.5-sonnet", "claude-sonnet-4-5", MatchKind::Alias),
    ("claude-4.5-sonnet-thinking", "claude-sonnet-4-5", MatchKind::Segments),
    ("claude-sonnet-4-5-20250929[1m]", "claude-sonnet-4-5-20250929", MatchKind::Alias),
    ("claude-opus-5-5[1m]", "claude-opus-5-5", MatchKind::Alias),
    ("claude-opus-4-8@20260101", "claude-opus-4-8", MatchKind::Date),
    ("claude-opus-4-8-20260101", "claude-opus-4-8", MatchKind::Date),
    ("claude-opus-4-8-20260101-thinking", "claude-opus-4-8", MatchKind::Segments),
    ("claude-opus-4.8", "claude-opus-4-8", MatchKind::Alias),
    ("claude-opus-5-latest", "claude-opus-5", MatchKind::Alias),
    ("claude-opus-4-20250514", "claude-opus-4-20250514", MatchKind::Exact),
    ("claude-opus-4-1-20250805", "claude-opus-4-1-20250805", MatchKind::Exact),
    ("claude-sonnet-4-0", "claude-sonnet-4-0", MatchKind::Exact),
    ("claude-3-5-haiku-latest", "claude-3-5-haiku", MatchKind::Alias),
    ("claude-3.5-sonnet", "claude-3-5-sonnet", MatchKind::Alias),
    ("claude-sonnet-3.7", "claude-3-7-sonnet", MatchKind::Alias),
    ("anthropic/claude-sonnet-4.5", "claude-sonnet-4-5", MatchKind::Prefix),
    ("openrouter/anthropic/claude-opus-4.8", "claude-opus-4-8", MatchKind::Prefix),
    ("anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic.claude-sonnet-4-5-20250929-v1:0", MatchKind::Exact),
    ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", MatchKind::Exact),
    ("eu.anthropic.claude-opus-4-8", "eu.anthropic.claude-opus-4-8", MatchKind::Exact),
    ("ca.anthropic.claude-opus-4-8", "anthropic.claude-opus-4-8", MatchKind::Prefix),
    ("bedrock/us.anthropic.claude-opus-5", "us.anthropic.claude-opus-5", MatchKind::Prefix),
    (
        "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-opus-5",
        "us.anthropic.claude-opus-5",
        MatchKind::Prefix,
    ),
    ("us.anthropic.claude-sonnet-5-20261101-v1:0", "us.anthropic.claude-sonnet-5", MatchKind::Date),
    ("vertex_ai/claude-opus-4-8", "vertex_ai/claude-opus-4-8", MatchKind::Exact),
    ("vertex_ai/claude-opus-4-8@20260101", "vertex_ai/claude-opus-4-8", MatchKind::Date),
    ("projects/p/locations/l/publishers/anthropic/models/claude-opus-5", "claude-opus-5", MatchKind::Prefix),
    ("models/gemini-2.5-pro", "gemini-2.5-pro", MatchKind::Prefix),
    ("gemini/gemini-2.5-pro", "gemini/gemini-2.5-pro", MatchKind::Exact),
    ("google/gemini-2.5-flash", "gemini-2.5-flash", MatchKind::Prefix),
    ("gemini-2.5-flash-lite", "gemini-2.5-flash-lite", MatchKind::Exact),
    ("gemini-3.1-pro", "gemini-3.1-pro-preview", MatchKind::Segments),
    ("gemini-3.7-flash-preview", "gemini-3.7-flash", MatchKind::Segments),
    ("gemini-4-argon", "gemini/gemini-4-argon", MatchKind::Alias),
    ("glm-4.6", "zai/glm-4.6", MatchKind::Alias),
    ("z-ai/glm-4.6", "zai/glm-4.6", MatchKind::Prefix),
    ("kimi-k2.5", "moonshot/kimi-k2.5", MatchKind::Alias),
    ("kimi-k2-thinking", "moonshot/kimi-k2-thinking", MatchKind::Alias),
    ("moonshotai/kimi-k3", "moonshot/kimi-k3", MatchKind::Prefix),
    ("qwen3-coder-plus", "dashscope/qwen3-coder-plus", MatchKind::Alias),
    ("grok-4.6", "xai/grok-4.6", MatchKind::Alias),
    ("x-ai/grok-code-fast-1", "xai/grok-code-fast-1", MatchKind::Prefix),
    ("grok-4", "xai/grok-4", MatchKind::Alias),
    ("deepseek-v3.2", "deepseek/deepseek-v3.2", MatchKind::Alias),
    ("deepseek-chat", "deepseek-chat", MatchKind::Exact),
    ("devstral-medium-latest", "mistral/devstral-medium-latest", MatchKind::Alias),
    ("MiniMax-M2.5", "minimax/minimax-m2.5", MatchKind::Alias),
];

/// Models that no list has, each one word or number away from a listed model.
const UNKNOWN: &[&str] = &[
    "",
    " ",
    "-",
    "/",
    "gpt",
    "gpt-7",
    "gpt-5.7",
    "gpt-5.55",
    "gpt-5-huge",
    "gpt-5-mini-pro",
    "gpt-5-fast",
    "gpt-5.6-andromeda",
    "gpt-50",
    "gpt-4-9999",
    "o9",
    "o3-nano",
    "claude",
    "claude-opus",
    "claude-opus-9",
    "claude-opus-9-20270101",
    "claude-opus-4-9",
    "claude-opus-5-6",
    "claude-opus-5-mini",
    "claude-opus-4-8-fast",
    "claude-sonnet-4-20250514-finetuned",
    "anthropic/claude-opus-9",
    "us.anthropic.claude-opus-9-v1:0",
    "gemini-9-pro",
    "gemini-2.5-pro-max",
    "glm-4.7-flash",
    "glm-99",
    "kimi-k9",
    "qwen3-unheard",
    "grok-5",
    "deepseek-v3.2:free",
    "openrouter/deepseek/deepseek-v3.2:free",
    "ollama/gpt-oss:120b-cloud",
    "ollama/glm-4.6:cloud",
    "<synthetic>",
    "default",
    "sample_spec",
    "text-embedding-3-large",
    "модель",
];

const LOCAL: &[&str] = &[
    "ollama/llama3",
    "Ollama/Qwen3-Coder:30b",
    "ollama:llama3",
    "ollama_chat/llama3",
    "lmstudio/openai/gpt-oss-20b",
    "vllm/anything",
    "llamacpp/model.gguf",
    "localhost:8080/model",
    "127.0.0.1:1234/claude-opus-5",
    "huggingface/some/model",
];

#[test]
fn each_model_matches_its_entry_in_the_expected_way() {
    let book = PriceBook::bundled();
    for (model, key, how) in KNOWN {
        let Rated::Known(found) = book.rate(model) else { panic!("{model} should be {key}") };
        assert_eq!((found.key, found.how), (*key, *how), "{model}");
    }
}

#[test]
fn an_unlisted_model_is_unknown_and_never_has_another_models_price() {
    let book = PriceBook::bundled();
    for model in UNKNOWN {
        let rated = book.rate(model);
        assert_eq!(rated, Rated::Unknown, "{model}");
        assert_eq!(
            rated.cost(&Usage { input: 1, ..Usage::default() }, ServiceTier::Standard),
            Cost::UNKNOWN,
            "{model}"
        );
    }
}

#[test]
fn a_local_model_is_free_and_marked_local() {
    let book = PriceBook::bundled();
    for model in LOCAL {
        let rated = book.rate(model);
        assert_eq!(rated, Rated::Local, "{model}");
        assert_eq!(rated.cost(&Usage { input: 1, ..Usage::default() }, ServiceTier::Standard), Cost::LOCAL);
        assert_eq!(rated.quote(&Usage::default(), ServiceTier::Standard), None);
    }
}

#[test]
fn a_retired_price_names_the_list_it_was_in() {
    let book = PriceBook::bundled();
    let Rated::Known(found) = book.rate("claude-opus-4-20250514") else { panic!("priced") };
    assert_eq!(found.source, PriceSource::Retired("litellm 1.100.0, 2026-11-21"));
}
