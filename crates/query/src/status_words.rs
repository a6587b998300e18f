use agtop_model::Status;

/// Whether the agent waits for the user.
pub const fn needs_user(status: Status) -> bool {
    matches!(status, Status::NeedsPermission | Status::NeedsInput)
}

/// The words by which a filter finds a status: its own name, and those of its groups.
pub(super) fn status_names(status: Status) -> Vec<&'static str> {
    let is_busy = matches!(status, Status::Working | Status::Spawning | Status::Active);
    let groups = [("attention", needs_user(status)), ("busy", is_busy)];
    let in_groups = groups.into_iter().filter(|(_, is_in)| *is_in).map(|(name, _)| name);
    std::iter::once(status.as_str()).chain(in_groups).collect()
}

/// All words by which a filter finds statuses, each once.
pub(super) fn status_words() -> Vec<&'static str> {
    let mut words: Vec<&'static str> = Vec::new();
    for word in Status::ALL.into_iter().flat_map(status_names) {
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words
}
