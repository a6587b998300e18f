//! The JSON schema of the configuration file, for editors that complete and check it.

mod keys;

use serde_json::{Map, Value, json};

use self::keys::{CONFIG_KEYS, ConfigKey, ConfigValue, REQUIRED_KEYS};

/// The schema.
pub(crate) fn schema() -> Value {
    let mut schema = object(CONFIG_KEYS, "");
    let head = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$comment": "made by agtop config schema from the table of keys, do not edit",
        "title": "agtop configuration",
        "description": "The file ~/.config/agtop/config.toml. Every key is optional.",
    });
    if let (Some(schema), Value::Object(head)) = (schema.as_object_mut(), head) {
        schema.extend(head);
    }
    schema
}

/// The schema of a table: of the keys whose paths begin so, those directly in it and the tables in it.
fn object(keys: &[ConfigKey], prefix: &str) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for key in keys {
        let Some(rest) = key.path.strip_prefix(prefix) else { continue };
        let Some((table, _)) = rest.split_once('.') else {
            properties.insert(rest.to_owned(), described(value(key.value), key.help));
            if REQUIRED_KEYS.contains(&key.path) {
                required.push(rest);
            }
            continue;
        };
        let name = table.trim_end_matches("[]");
        if properties.contains_key(name) {
            continue;
        }
        let inner = object(keys, &format!("{prefix}{table}."));
        let schema = if table.ends_with("[]") { json!({"type": "array", "items": inner}) } else { inner };
        properties.insert(name.to_owned(), schema);
    }
    let mut schema = json!({"type": "object", "additionalProperties": false, "properties": properties});
    if let (Some(schema), false) = (schema.as_object_mut(), required.is_empty()) {
        schema.insert("required".to_owned(), json!(required));
    }
    schema
}

fn value(value: ConfigValue) -> Value {
    match value {
        ConfigValue::Text => json!({"type": "string"}),
        ConfigValue::Texts => json!({"type": "array", "items": {"type": "string"}}),
        ConfigValue::Number => json!({"type": "number"}),
        ConfigValue::Flag => json!({"type": "boolean"}),
        ConfigValue::Choice(words) => json!({"enum": words}),
        ConfigValue::Choices(words) => json!({"type": "array", "items": {"enum": words}}),
        ConfigValue::Color => json!({"type": "string", "pattern": "^#[0-9a-fA-F]{6}$"}),
        ConfigValue::Columns => json!({"type": "array", "items": {"type": "string", "pattern": "^[a-z_]+(:[0-9]+)?$"}}),
    }
}

fn described(mut schema: Value, help: &str) -> Value {
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("description".to_owned(), help.into());
    }
    schema
}

#[cfg(test)]
mod tests;
