//! What must hold of agtop's decoders whatever they are fed. Each target in `src/bin` is a call into this library.

mod decode;
mod hooks;
mod process;
mod untrusted;

pub use decode::decode;
pub use hooks::hooks;
pub use libfuzzer_sys::fuzz_target;
pub use process::process;
pub use untrusted::untrusted;
