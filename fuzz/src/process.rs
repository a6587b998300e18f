//! Recognition of agents among processes.

#[path = "../../crates/clients/tests/shapes/mod.rs"]
mod shapes;

use std::sync::LazyLock;

use agtop_clients::{CLIENTS, ProcFacts, recognise};
use agtop_model::Untrusted;

use shapes::{ProcessShape, process, process_shapes};

static SHAPES: LazyLock<Vec<ProcessShape>> = LazyLock::new(process_shapes);

/// Classifies a process whose executable, kernel name and arguments are the lines of the input, an editor with the same
/// arguments, and a process of the table with the same further arguments.
///
/// # Panics
///
/// If the same process is classified in two ways, the editor as an agent, or the process of the table as another
/// client's.
pub(crate) fn run(input: &[u8]) {
    let mut lines = input.split(|&byte| byte == b'\n').map(Untrusted::from_bytes);
    let (exe, name) = (lines.next(), lines.next());
    let exe = exe.as_ref().map_or("", Untrusted::raw);
    let mut argv: Vec<Untrusted> = lines.collect();
    check_shape(input, &argv);
    let seen = process(name.unwrap_or_else(|| "".into()), if exe.is_empty() { "-" } else { exe }, argv.clone());
    assert_eq!(recognise(&seen), recognise(&seen));
    for client in CLIENTS {
        client.session_argument(&ProcFacts::new(&seen));
    }
    argv.insert(0, "vim".into());
    let editor = process("vim".into(), "/usr/bin/vim", argv);
    assert_eq!(recognise(&editor), None, "an editor is no agent, whatever it edits");
}

/// Checks the process of the table that the first bytes of the input choose.
fn check_shape(input: &[u8], further: &[Untrusted]) {
    let chosen = input.iter().take(2).fold(0, |chosen, &byte| chosen * 256 + usize::from(byte));
    let shape = &SHAPES[chosen % SHAPES.len()];
    assert_eq!(shape.mistake().or_else(|| shape.mistake_with(further)), None);
}
