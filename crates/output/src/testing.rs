//! What the tests of outputs share.

use agtop_model::Snapshot;
use serde_json::{Value, json};

use crate::{SnapshotFormat, View};

pub(crate) fn view() -> View {
    View::plain("0.1.0", "linux")
}

pub(crate) fn text_of(format: &dyn SnapshotFormat, snapshot: &Snapshot, view: &View) -> String {
    let mut out = Vec::new();
    format.write(snapshot, view, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

pub(crate) fn json_of(format: &dyn SnapshotFormat, snapshot: &Snapshot, view: &View) -> Value {
    serde_json::from_str(&text_of(format, snapshot, view)).unwrap()
}

/// A validator of the schema, with undescribed keys forbidden: readers must accept new keys, but agtop must describe them.
pub(crate) fn strict_validator(schema: &str) -> jsonschema::Validator {
    let mut schema: Value = serde_json::from_str(schema).unwrap();
    forbid_others(&mut schema);
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

fn forbid_others(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if object.get("type") == Some(&json!("object")) && !object.contains_key("additionalProperties") {
                object.insert("additionalProperties".to_owned(), json!(false));
            }
            object.values_mut().for_each(forbid_others);
        }
        Value::Array(array) => array.iter_mut().for_each(forbid_others),
        _ => {}
    }
}

/// Checks that the schema describes and requires every key.
pub(crate) fn assert_every_key_is_described(schema: &Value, at: &str) {
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        let required: Vec<&str> = schema["required"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        for (key, property) in properties {
            assert!(required.contains(&key.as_str()), "{at}.{key} may be absent");
            let is_described = property.get("description").or(property.get("$ref")).is_some();
            assert!(is_described, "{at}.{key} is not described");
            assert_every_key_is_described(property, &format!("{at}.{key}"));
        }
    }
    schema["$defs"].as_object().into_iter().flatten().for_each(|(name, of)| assert_every_key_is_described(of, name));
}
