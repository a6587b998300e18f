use std::fmt;
use std::str::FromStr;

use agtop_model::{FIELDS, Field, field};
use thiserror::Error;

use crate::nearest::suggestion;

/// What rows are sorted by.
#[derive(Clone, Copy, Default)]
pub enum SortKey {
    /// By status, those that wait for the user first; within one status, the most recently active first.
    #[default]
    Smart,
    /// By a field: the largest and newest first, text by the alphabet.
    Field(&'static Field),
}

/// Sort keys of agtop 2.3 whose field has another name here.
const SORT_ALIASES: &[(&str, &str)] = &[("agent", "client")];

impl SortKey {
    /// Every name that can be parsed, in the order of help texts.
    pub fn names() -> impl Iterator<Item = &'static str> {
        let aliases = SORT_ALIASES.iter().map(|(alias, _)| *alias);
        std::iter::once("smart").chain(aliases).chain(FIELDS.iter().map(|field| field.id))
    }

    /// The name it is parsed from.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Smart => "smart",
            Self::Field(field) => field.id,
        }
    }
}

impl FromStr for SortKey {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        if name == "smart" {
            return Ok(Self::Smart);
        }
        let id = SORT_ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, id)| id);
        field(id).map(Self::Field).ok_or_else(|| UnknownName::new("sort key", name, Self::names()))
    }
}

impl fmt::Debug for SortKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The fields that a list such as `status,pid,cost` names, in that order.
///
/// # Errors
///
/// If one of the names is not the name of a field.
pub fn fields(list: &str) -> Result<Vec<&'static Field>, UnknownName> {
    let find = |id| field(id).ok_or_else(|| UnknownName::new("field", id, FIELDS.iter().map(|field| field.id)));
    list.split(',').map(str::trim).map(find).collect()
}

/// A name that does not exist, with those that do.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown {what} '{name}'{}; choose from {}", suggestion(name, valid.iter().copied()), valid.join(", "))]
pub struct UnknownName {
    what: &'static str,
    name: String,
    valid: Vec<&'static str>,
}

impl UnknownName {
    fn new(what: &'static str, name: &str, valid: impl Iterator<Item = &'static str>) -> Self {
        Self { what, name: name.to_owned(), valid: valid.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_sort_key_parses() {
        for name in SortKey::names() {
            assert!(name.parse::<SortKey>().is_ok(), "{name}");
        }
    }

    #[test]
    fn every_sort_key_of_agtop_2_parses() {
        for (name, field) in [("cpu", "cpu"), ("mem", "mem"), ("tokens", "tokens"), ("uptime", "uptime")] {
            assert_eq!(name.parse::<SortKey>().unwrap().as_str(), field);
        }
        assert_eq!("agent".parse::<SortKey>().unwrap().as_str(), "client");
        assert_eq!("smart".parse::<SortKey>().unwrap().as_str(), "smart");
    }

    #[test]
    fn an_unknown_name_gets_a_message_that_lists_the_valid_ones() {
        let error = "speed".parse::<SortKey>().unwrap_err().to_string();
        assert!(error.starts_with("unknown sort key 'speed'; choose from smart, agent, status, "), "{error}");
        let error = fields("pid,nope").err().unwrap().to_string();
        assert!(error.starts_with("unknown field 'nope'; choose from status, client, pid"), "{error}");
    }

    #[test]
    fn fields_keep_the_order_of_the_list() {
        let ids: Vec<_> = fields("cost, pid,status").unwrap().iter().map(|field| field.id).collect();
        assert_eq!(ids, ["cost", "pid", "status"]);
    }
}
