//! Memory that was needed once.

/// Gives the system back what was freed. An allocator keeps it for the next time, which after a first scan never comes.
pub fn give_back_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: takes a number and touches nothing but the allocator's own books, under its own locks.
    unsafe {
        libc::malloc_trim(0);
    }
}
