//! What must hold of agtop's decoders whatever they are fed: one program for all targets of `targets.tsv`, because each
//! program takes seconds to link. `AGTOP_FUZZ_TARGET` names the target; `.ci/fuzz` sets it.

#![no_main]

mod decode;
mod hooks;
mod process;
mod untrusted;

use std::sync::LazyLock;

use decode::DecodeTarget;

/// What is done with an input.
enum Target {
    Decode(DecodeTarget),
    Function(fn(&[u8])),
}

static TARGETS: &str = include_str!("../targets.tsv");

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var("AGTOP_FUZZ_TARGET").unwrap_or_default();
    find(&name).unwrap_or_else(|| panic!("AGTOP_FUZZ_TARGET={name} names no target of targets.tsv"))
});

libfuzzer_sys::fuzz_target!(|input: &[u8]| match &*TARGET {
    Target::Decode(target) => target.run(input),
    Target::Function(run) => run(input),
});

fn find(name: &str) -> Option<Target> {
    let mut cells = TARGETS.lines().find(|line| line.split('\t').next() == Some(name))?.split('\t').skip(1).peekable();
    if cells.peek().is_some() {
        let client = name.split('_').next().unwrap_or(name);
        return Some(Target::Decode(DecodeTarget::new(client, cells.collect())));
    }
    match name {
        "hooks" => Some(Target::Function(hooks::run)),
        "process" => Some(Target::Function(process::run)),
        "untrusted" => Some(Target::Function(untrusted::run)),
        _ => None,
    }
}
