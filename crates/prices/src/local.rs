/// What a model id begins with when the model runs on the user's own machine or network.
const MARKERS: [&str; 14] = [
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

/// Whether a normal id names a model that bills nothing. Ollama's cloud models carry its prefix too, but run elsewhere.
pub(crate) fn is_local(id: &str) -> bool {
    let in_cloud = id.ends_with(":cloud") || id.ends_with("-cloud");
    !in_cloud && MARKERS.iter().any(|marker| id.starts_with(marker))
}
