//! How the process takes memory from the system, and returns it.

/// Returns freed memory to the system. The allocator would keep it for later, but nothing needs as much as the first scan.
pub fn release_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: the call takes a number and changes only the state of the allocator, under its locks.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Takes large blocks of memory from the system one by one, so that each is returned as soon as it is freed.
///
/// After the first large block is freed, the allocator of GNU's C library would take the next ones from the heap, where
/// small blocks that stay would keep what lies between them: a fifth of what the process holds with a long history. To be
/// called before threads are started.
pub fn return_large_blocks_at_once() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: the call takes two numbers and sets a parameter of the allocator.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE_BLOCK_BYTES);
    }
}

/// Blocks of this size are large: twice that of the buffers that transcripts are read into, which are used again.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE_BLOCK_BYTES: libc::c_int = 512 * 1024;
