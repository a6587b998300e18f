//! A new agent is one file, its fixtures and two lines; these tests find what was forgotten.

#![expect(clippy::unwrap_used, reason = "what fails in a test fails the test")]

use std::collections::BTreeSet;
use std::path::Path;

use agtop_clients::CLIENTS;

/// Files of the clients' crate that are not clients.
const SHARED: &[&str] = &[
    "bounded",
    "checkpoint",
    "client",
    "cost",
    "danger",
    "decode",
    "env",
    "facts",
    "hooks",
    "interner",
    "knowledge",
    "large_document_tests",
    "lib",
    "list",
    "message_text",
    "message_text_tests",
    "parse",
    "paths",
    "process_only",
    "program_name",
    "question_tools",
    "refusal_tests",
    "signature",
    "store",
    "testing",
    "tool_arguments",
];

/// Clients that share the file of another one, because they differ only in names and paths.
const FAMILIES: &[(&str, &[&str])] = &[("cline", &["roo", "kilo-code"])];

fn names_in(directory: &str) -> BTreeSet<String> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(directory);
    let entries = std::fs::read_dir(directory).unwrap().map(Result::unwrap);
    let stem = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    entries.map(|entry| stem(&entry.path())).collect()
}

#[test]
fn every_client_has_a_file_a_registration_and_fixtures() {
    let registered: BTreeSet<String> = CLIENTS.iter().map(|client| client.info().id.as_str().to_owned()).collect();
    assert_eq!(registered.len(), CLIENTS.len(), "an id is used twice");
    let files: BTreeSet<String> =
        names_in("crates/clients/src").into_iter().filter(|name| !SHARED.contains(&name.as_str())).collect();
    let relatives: Vec<&str> = FAMILIES.iter().flat_map(|(_, relatives)| *relatives).copied().collect();
    let own = registered.iter().filter(|id| !relatives.contains(&id.as_str()));
    assert_eq!(files, own.map(|id| id.replace('-', "_")).collect());
    assert_eq!(names_in("fixtures"), registered);
}
