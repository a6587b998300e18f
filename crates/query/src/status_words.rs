use agtop_model::{Liveness, SnapshotRow, Status};

/// Whether the agent waits for the user.
pub const fn needs_user(status: Status) -> bool {
    matches!(status, Status::NeedsPermission | Status::NeedsInput)
}

/// What outputs call a status besides its own name.
const OTHER_NAMES: &[(Status, &[&str])] = &[
    (Status::NeedsPermission, &["permission", "needs permission"]),
    (Status::NeedsInput, &["your turn", "needs input", "input"]),
    (Status::RateLimited, &["rate limit", "rate limited", "limited"]),
];

/// The words by which a filter finds a status: its own name, what outputs call it, and those of its groups.
pub(super) fn status_names(status: Status) -> impl Iterator<Item = &'static str> {
    let is_busy = matches!(status, Status::Working | Status::Spawning | Status::Active);
    let groups = [("attention", needs_user(status)), ("waiting", needs_user(status)), ("busy", is_busy)];
    let in_groups = groups.into_iter().filter(|(_, is_in)| *is_in).map(|(name, _)| name);
    let others = OTHER_NAMES.iter().filter(move |(of, _)| *of == status).flat_map(|(_, names)| names.iter().copied());
    std::iter::once(status.as_str()).chain(others).chain(in_groups)
}

/// The words for the state of a row: those of its status, and what outputs say of a process that does not run.
pub(super) fn state_words(row: &SnapshotRow<'_>) -> impl Iterator<Item = &'static str> {
    let has_ended = row.agent.is_some_and(|agent| agent.liveness == Liveness::Stopped);
    status_names(row.status()).chain(has_ended.then_some("ended"))
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
