//! The ancestors of one process, found with a few look-ups. The process table would cost a hundred times as much.

/// The ids of this process's ancestors, as [`ancestors_of`] returns them.
pub fn ancestors(max_count: usize) -> Vec<u32> {
    ancestors_of(std::process::id(), max_count)
}

/// The ids of up to `max_count` ancestors of a process, the nearest first. The list ends at the first that cannot be
/// read.
pub fn ancestors_of(pid: u32, max_count: usize) -> Vec<u32> {
    let mut found = Vec::with_capacity(max_count);
    let mut next = parent(pid);
    while let Some(pid) = next.filter(|pid| *pid > 0 && found.len() < max_count && !found.contains(pid)) {
        found.push(pid);
        next = parent(pid);
    }
    found
}

#[cfg(target_os = "linux")]
fn parent(pid: u32) -> Option<u32> {
    crate::linux::parent(pid)
}

#[cfg(any(target_os = "macos", target_os = "freebsd", windows))]
fn parent(pid: u32) -> Option<u32> {
    use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};
    let pid = Pid::from_u32(pid);
    let mut system = System::new().ok()?;
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), false, ProcessRefreshKind::nothing());
    Some(system.process(pid)?.parent()?.as_u32())
}

#[cfg(not(any(target_os = "linux", target_os = "macos", target_os = "freebsd", windows)))]
fn parent(_: u32) -> Option<u32> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_ancestor_is_the_parent() {
        let found = ancestors(16);
        let parent = std::os::unix::process::parent_id();
        assert_eq!(found.first().copied(), Some(parent).filter(|&parent| parent > 0));
        assert!(found.len() <= 16);
        assert!(ancestors(0).is_empty());
        assert!(ancestors_of(u32::MAX, 16).is_empty(), "no process has that id");
    }
}
