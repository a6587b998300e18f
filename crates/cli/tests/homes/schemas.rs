//! The JSON of agtop matches `schema/`, for a home with many sessions and for an empty one.

use agtop_testkit::corpus::{self, Plan, Profile};

use crate::support::json;

const SHAPES: [(&str, &str); 3] = [
    ("--json=agents", include_str!("../../../../schema/agents.schema.json")),
    ("--json=sessions", include_str!("../../../../schema/sessions.schema.json")),
    ("--json=tree", include_str!("../../../../schema/tree.schema.json")),
];

#[test]
fn every_json_shape_matches_its_schema() {
    let (empty, full) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    corpus::write(full.path(), Plan { seed: 3, size: 1_000_000, profile: Profile::Real }).unwrap();
    for (shape, schema) in SHAPES {
        let schema = serde_json::from_str(schema).unwrap();
        let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
        for (home, args) in [(&empty, &[shape][..]), (&full, &[shape]), (&full, &[shape, "--include-content"])] {
            let document = json(home.path(), args);
            let errors: Vec<_> = validator.iter_errors(&document).map(|e| format!("{} {e}", e.instance_path)).collect();
            assert!(errors.is_empty(), "{args:?}: {errors:#?}");
        }
    }
}
