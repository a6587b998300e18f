/// Beginnings of the ids of models that run on the user's own machine or network.
const LOCAL_PREFIXES: [&str; 14] = [
    "ollama/",
    "ollama:",
    "ollama_chat/",
    "lmstudio/",
    "lm_studio/",
    "vllm/",
    "hosted_vllm/",
    "llamacpp/",
    "llamafile/",
    "lemonade/",
    "localhost:",
    "127.0.0.1:",
    "[::1]:",
    "huggingface/",
];

/// Whether a normal id is a model that is free of charge. Ollama's cloud models have its prefix too, but run elsewhere.
pub(crate) fn is_local(id: &str) -> bool {
    let in_cloud = id.ends_with(":cloud") || id.ends_with("-cloud");
    !in_cloud && LOCAL_PREFIXES.iter().any(|marker| id.starts_with(marker))
}
