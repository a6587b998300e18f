use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use jsonschema::Validator;

use super::*;
use crate::args::SnapshotChoice;
use crate::config::ConfigFile;

/// What the program says about a configuration file with this text.
fn load(text: &str) -> Result<(), String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config.toml");
    std::fs::write(&path, text).unwrap();
    ConfigFile::load(Some(&path), &path).map(drop).map_err(|error| error.to_string())
}

fn validator() -> Validator {
    jsonschema::validator_for(&schema()).unwrap()
}

fn is_valid(text: &str) -> bool {
    validator().is_valid(&serde_json::to_value(toml::from_str::<toml::Table>(text).unwrap()).unwrap())
}

/// A file in which only this key is set, beside those that its table must have.
fn with_key(key: &ConfigKey, value: &str) -> String {
    let (table, name) = key.path.rsplit_once('.').unwrap_or(("", key.path));
    let mut text = String::new();
    match table.strip_suffix("[]") {
        Some(table) => writeln!(text, "[[{table}]]").unwrap(),
        None if table.is_empty() => {}
        None => writeln!(text, "[{table}]").unwrap(),
    }
    if table.ends_with("[]") && name != "name" {
        text += "name = \"context\"\n";
    }
    if table == "tui.presets[]" && name != "panels" {
        text += "panels = [\"cost\"]\n";
    }
    writeln!(text, "{name} = {value}").unwrap();
    text
}

/// A value that is right for the key, and one that is wrong.
fn examples(key: &ConfigKey) -> (String, &'static str) {
    let by_path = match key.path {
        "prices_as_of" => Some("\"now\""),
        "match" => Some("[\"mine=/opt/mine\"]"),
        "alerts[].name" => Some("\"context\""),
        "alerts[].when" => Some("\"context>threshold\""),
        "alerts[].bad_when" => Some("\"cost>5\""),
        "alerts[].cool_down" => Some("\"30m\""),
        "alerts[].webhook" => Some("\"https://example.org/\""),
        "alerts[].command" => Some("[\"/usr/bin/true\"]"),
        _ => None,
    };
    let (right, wrong) = match key.value {
        ConfigValue::Text => ("\"a\"".to_owned(), "1"),
        ConfigValue::Texts => ("[\"a\"]".to_owned(), "\"a\""),
        ConfigValue::Number => ("20.0".to_owned(), "\"20\""),
        ConfigValue::Flag => ("true".to_owned(), "1"),
        ConfigValue::Choice(words) => (format!("{:?}", words[0]), "1"),
        ConfigValue::Choices(words) => (format!("{words:?}"), "[\"zzz\"]"),
        ConfigValue::Color => ("\"#a0B1c2\"".to_owned(), "\"red\""),
        ConfigValue::Columns => ("[\"cpu\", \"title:30\"]".to_owned(), "[\"a b\"]"),
    };
    (by_path.map_or(right, str::to_owned), wrong)
}

#[test]
fn program_and_schema_agree_on_right_and_wrong_values_of_every_key() {
    for key in CONFIG_KEYS {
        let (right, wrong) = examples(key);
        let (right, wrong) = (with_key(key, &right), with_key(key, wrong));
        assert_eq!(load(&right), Ok(()), "{right}");
        assert!(is_valid(&right), "{right}");
        assert!(load(&wrong).is_err() && !is_valid(&wrong), "{wrong}");
    }
}

/// The names in "expected one of `a`, `b`" of an error.
fn expected_names(error: &str) -> BTreeSet<String> {
    let (_, list) = error.split_once("expected ").unwrap_or_else(|| panic!("{error}"));
    list.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The program's error about an unknown key lists all keys of the table.
#[test]
fn the_table_of_keys_has_exactly_the_keys_of_the_program() {
    let mut tables: BTreeSet<&str> = BTreeSet::from([""]);
    for key in CONFIG_KEYS {
        tables.extend(key.path.match_indices('.').filter_map(|(at, _)| key.path.get(..=at)));
    }
    for table in tables {
        let unknown = ConfigKey { path: format!("{table}zzz").leak(), value: ConfigValue::Flag, help: "" };
        let text = with_key(&unknown, "true");
        let known: BTreeSet<String> = CONFIG_KEYS
            .iter()
            .filter_map(|key| key.path.strip_prefix(table))
            .map(|rest| rest.split('.').next().unwrap_or(rest).trim_end_matches("[]").to_owned())
            .collect();
        assert_eq!(expected_names(&load(&text).unwrap_err()), known, "[{table}]");
        assert!(!is_valid(&text), "{text}");
    }
}

#[test]
fn the_table_of_keys_has_exactly_the_words_of_the_program() {
    for key in CONFIG_KEYS {
        let (ConfigValue::Choice(words) | ConfigValue::Choices(words)) = key.value else { continue };
        let wrong = if matches!(key.value, ConfigValue::Choice(_)) { "\"zzz\"" } else { "[\"zzz\"]" };
        if key.path == "json" {
            assert!(SnapshotChoice::json_shapes().eq(words.iter().copied()));
            continue;
        }
        let words: BTreeSet<String> = words.iter().map(|&word| word.to_owned()).collect();
        assert_eq!(expected_names(&load(&with_key(key, wrong)).unwrap_err()), words, "{}", key.path);
    }
}

#[test]
fn the_examples_of_the_documentation_are_valid() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut examples = 0;
    for document in ["docs/tui.md", "docs/alerts.md", "README.md"] {
        let text = std::fs::read_to_string(root.join(document)).unwrap();
        for block in text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()) {
            // Another file: prices of the user.
            if block.contains("[models.") || block.contains("[prices") {
                continue;
            }
            assert!(is_valid(block), "{document}: {block}");
            examples += 1;
        }
    }
    assert!(examples >= 3, "{examples}");
}
