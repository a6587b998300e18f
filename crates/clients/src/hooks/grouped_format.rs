//! The settings format that Claude Code introduced and others adopted: `{"hooks": {EVENT: [{"matcher": …, "hooks":
//! [{"type": "command", "command": …}]}]}}`.

use agtop_model::ClientId;
use jsonc_parser::ast::{Object, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::cst::{CstArray, CstInputValue, CstNode, CstObject, CstRootNode};
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::payload::Events;
use super::{HookCommand, SettingsError, SettingsFormat};

const HOOKS_KEY: &str = "hooks";
const COMMAND_KEY: &str = "command";

/// A client's variant of the format.
pub(super) struct GroupedFormat {
    /// The client.
    pub(super) client: ClientId,
    /// The events for which agtop is called.
    pub(super) events: Events,
    /// The fields of an entry besides the command, such as a timeout.
    pub(super) extras: &'static [(&'static str, ExtraField)],
    /// The setting that turns off all hooks.
    pub(super) switch: Option<&'static str>,
}

/// The value of such a field.
pub(super) enum ExtraField {
    Number(u32),
    Flag(bool),
    Text(&'static str),
}

impl SettingsFormat for GroupedFormat {
    fn with(&self, text: &str, command: &HookCommand) -> Result<String, SettingsError> {
        let (mark, text) = split_mark(text);
        let root = self.open(if text.trim().is_empty() { "{}\n" } else { text })?;
        let hooks = root.object_value_or_set().object_value_or_set(HOOKS_KEY);
        let line = command.shell(self.client);
        for (event, _) in self.events {
            self.name_once(&hooks.array_value_or_set(event), &line);
        }
        Ok(format!("{mark}{root}"))
    }

    fn without(&self, text: &str) -> Result<String, SettingsError> {
        let (mark, text) = split_mark(text);
        let root = self.open(text)?;
        if let Some(hooks) = hooks_of(&root) {
            // All events are searched, because an older agtop may have used others.
            let lists = hooks.properties().into_iter().filter_map(|event| Some((event.array_value()?, event)));
            let emptied = lists.filter(|(list, _)| clear(list)).map(|(_, event)| event.remove()).count();
            if emptied > 0
                && hooks.properties().is_empty()
                && !has_comment(&hooks.children())
                && let Some(property) = root.object_value().and_then(|top| top.get(HOOKS_KEY))
            {
                property.remove();
            }
        }
        Ok(format!("{mark}{root}"))
    }

    fn found(&self, text: &str) -> Result<Option<HookCommand>, SettingsError> {
        let (_, text) = split_mark(text);
        if text.trim().is_empty() {
            return Ok(None);
        }
        let events = hooks_of(&self.open(text)?).map(|hooks| hooks.properties()).unwrap_or_default();
        let lists = events.iter().filter_map(jsonc_parser::cst::CstObjectProp::array_value);
        Ok(lists.flat_map(|list| entries(&list)).find_map(|entry| ours(&entry)))
    }

    fn obstacle(&self, text: &str) -> Result<Option<&'static str>, SettingsError> {
        let (_, text) = split_mark(text);
        let Some(switch) = self.switch else { return Ok(None) };
        let top = self.open(text)?.object_value();
        let value = top.and_then(|top| top.get(switch)?.value()?.as_boolean_lit());
        Ok(value.filter(jsonc_parser::cst::CstBooleanLit::value).map(|_| "the file turns all hooks off"))
    }
}

impl GroupedFormat {
    /// Parses the text and checks the shape of everything that will be changed.
    fn open(&self, text: &str) -> Result<CstRootNode, SettingsError> {
        let options = strict();
        let parsed = parse_to_ast(text, &CollectOptions::default(), &options);
        let parsed = parsed.map_err(|error| SettingsError::at(text, error.range().start, error.kind().to_string()))?;
        match &parsed.value {
            Some(Value::Object(top)) => self.check(text, top)?,
            Some(other) => return Err(SettingsError::at(text, other.start(), "settings are an object")),
            None => {}
        }
        CstRootNode::parse(text, &options)
            .map_err(|error| SettingsError::at(text, error.range().start, error.kind().to_string()))
    }

    fn check(&self, text: &str, top: &Object<'_>) -> Result<(), SettingsError> {
        match sole(text, top, HOOKS_KEY)? {
            None => Ok(()),
            Some(Value::Object(hooks)) => {
                self.events.iter().try_for_each(|(event, _)| match sole(text, hooks, event)? {
                    None | Some(Value::Array(_)) => Ok(()),
                    Some(other) => {
                        Err(SettingsError::at(text, other.start(), format!("{HOOKS_KEY}.{event} is no array")))
                    }
                })
            }
            Some(other) => Err(SettingsError::at(text, other.start(), format!("{HOOKS_KEY} is no object"))),
        }
    }

    /// Makes the list of an event name agtop exactly once. Other changes by the user to the entry, such as the timeout,
    /// are kept.
    fn name_once(&self, list: &CstArray, line: &str) {
        let Some(first) = entries(list).into_iter().find(|entry| ours(entry).is_some()) else {
            list.append(self.group(line));
            return;
        };
        if command(&first).as_deref() != Some(line)
            && let Some(property) = first.get(COMMAND_KEY)
        {
            property.set_value(CstInputValue::String(line.to_owned()));
        }
        remove_ours(list, 1);
    }

    fn group(&self, line: &str) -> CstInputValue {
        let fixed = [("type", CstInputValue::from(COMMAND_KEY)), (COMMAND_KEY, CstInputValue::from(line))];
        let extras = self.extras.iter().map(|(name, extra)| (*name, extra.value()));
        let entry = fixed.into_iter().chain(extras).map(|(name, value)| (name.to_owned(), value)).collect();
        let entries = CstInputValue::Array(vec![CstInputValue::Object(entry)]);
        CstInputValue::Object(vec![(HOOKS_KEY.to_owned(), entries)])
    }
}

impl ExtraField {
    fn value(&self) -> CstInputValue {
        match self {
            Self::Number(number) => CstInputValue::Number(number.to_string()),
            Self::Flag(flag) => CstInputValue::Bool(*flag),
            Self::Text(text) => CstInputValue::from(*text),
        }
    }
}

/// JSON with comments and trailing commas, as users write settings, and no other extension.
fn strict() -> ParseOptions {
    ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    }
}

/// The byte order mark that some editors write, and the rest.
fn split_mark(text: &str) -> (&str, &str) {
    text.strip_prefix('\u{feff}').map_or(("", text), |rest| ("\u{feff}", rest))
}

/// The value of a name that must be unique, because parsers disagree about which of two values counts.
fn sole<'o, 'a>(text: &str, object: &'o Object<'a>, name: &str) -> Result<Option<&'o Value<'a>>, SettingsError> {
    let mut named = object.properties.iter().filter(|property| property.name.as_str() == name);
    let first = named.next();
    match named.next() {
        Some(second) => Err(SettingsError::at(text, second.range.start, format!("{name} is there twice"))),
        None => Ok(first.map(|property| &property.value)),
    }
}

fn hooks_of(root: &CstRootNode) -> Option<CstObject> {
    root.object_value()?.object_value(HOOKS_KEY)
}

/// The entries in all groups of an event.
fn entries(list: &CstArray) -> Vec<CstObject> {
    let groups = objects(list);
    groups.iter().filter_map(|group| group.array_value(HOOKS_KEY)).flat_map(|entries| objects(&entries)).collect()
}

fn objects(list: &CstArray) -> Vec<CstObject> {
    list.elements().iter().filter_map(CstNode::as_object).collect()
}

fn command(entry: &CstObject) -> Option<String> {
    entry.get(COMMAND_KEY)?.value()?.as_string_lit()?.decoded_value().ok()
}

fn ours(entry: &CstObject) -> Option<HookCommand> {
    HookCommand::of_shell(&command(entry)?)
}

/// Removes agtop from an event's list; returns whether the list is empty now.
fn clear(list: &CstArray) -> bool {
    remove_ours(list, 0) && list.elements().is_empty() && !has_comment(&list.children())
}

/// Whether there is a comment: agtop removes neither comments nor what contains them.
fn has_comment(nodes: &[CstNode]) -> bool {
    nodes.iter().any(CstNode::is_comment)
}

/// Removes agtop's entries except the first `spared`, and groups that are then empty; returns whether any was removed.
/// A group with settings besides its matcher is kept.
fn remove_ours(list: &CstArray, mut spared: usize) -> bool {
    let mut has_removed = false;
    for group in objects(list) {
        let Some(entries) = group.array_value(HOOKS_KEY) else { continue };
        let mut is_changed = false;
        for entry in objects(&entries).into_iter().filter(|entry| ours(entry).is_some()) {
            if spared > 0 {
                spared -= 1;
            } else {
                entry.remove();
                is_changed = true;
            }
        }
        let mut names = group.properties().into_iter().filter_map(|property| property.decoded_name());
        if is_changed && entries.elements().is_empty() && names.all(|name| name == HOOKS_KEY || name == "matcher") {
            group.remove();
        }
        has_removed |= is_changed;
    }
    has_removed
}
