//! Returning freed memory to the system.

/// Returns freed memory to the system. The allocator would keep it for later, but nothing needs as much as the first scan.
pub fn release_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: the call takes a number and changes only the state of the allocator, under its locks.
    unsafe {
        libc::malloc_trim(0);
    }
}
