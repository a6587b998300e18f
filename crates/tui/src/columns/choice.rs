use std::borrow::Cow;

use serde::Deserialize;

use super::column::ids;

/// The default columns of the agents view.
const AGENT_COLUMNS: &[&str] = &[
    "status",
    "client",
    "pid",
    "project",
    "doing",
    "model",
    "activity",
    "cpu",
    "mem",
    "read_rate",
    "write_rate",
    "tokens_rate",
    "tokens",
    "cost",
    "context",
    "active",
    "branch",
    "turns",
    "cost_rate",
    "uptime",
];

/// The default columns of the sessions view.
const SESSION_COLUMNS: &[&str] = &[
    "status",
    "client",
    "pid",
    "project",
    "session",
    "title",
    "model",
    "cpu",
    "mem",
    "read_rate",
    "write_rate",
    "turns",
    "subagents",
    "tokens",
    "cost",
    "context",
    "active",
    "branch",
];

/// A column as the configuration names it: `cpu`, or `title:30` with a width.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ColumnChoice {
    /// The column.
    pub id: Cow<'static, str>,
    /// Its width; `None` if it depends on the room.
    pub width: Option<u16>,
}

impl std::fmt::Display for ColumnChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.width {
            Some(width) => write!(f, "{}:{width}", self.id),
            None => f.write_str(&self.id),
        }
    }
}

impl TryFrom<String> for ColumnChoice {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (id, width) = match text.split_once(':') {
            Some((id, width)) => {
                (id, Some(width.parse().map_err(|_| format!("'{width}' is not a width of a column"))?))
            }
            None => (&*text, None),
        };
        let known = ids().find(|known| *known == id).ok_or_else(|| format!("no column is called '{id}'"))?;
        Ok(Self { id: Cow::Borrowed(known), width })
    }
}

/// The usual columns of the agents view.
pub(crate) fn default_agent_columns() -> Vec<ColumnChoice> {
    chosen(AGENT_COLUMNS)
}

/// The usual columns of the sessions view.
pub(crate) fn default_session_columns() -> Vec<ColumnChoice> {
    chosen(SESSION_COLUMNS)
}

fn chosen(ids: &'static [&'static str]) -> Vec<ColumnChoice> {
    ids.iter().map(|id| ColumnChoice { id: Cow::Borrowed(id), width: None }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_of_rust_agtop_are_shown_or_available() {
        for id in ["pid", "cpu", "mem", "read_rate", "write_rate"] {
            assert!(AGENT_COLUMNS.contains(&id), "{id}");
        }
        for id in ["vsz", "disk_read", "disk_write"] {
            assert!(!AGENT_COLUMNS.contains(&id) && ids().any(|known| known == id), "{id}");
        }
    }

    #[test]
    fn a_column_choice_is_parsed_and_printed_the_same() {
        for text in ["cpu", "title:30"] {
            assert_eq!(ColumnChoice::try_from(text.to_owned()).unwrap().to_string(), text);
        }
        assert_eq!(ColumnChoice::try_from("speed".to_owned()).unwrap_err(), "no column is called 'speed'");
        assert!(ColumnChoice::try_from("cpu:x".to_owned()).is_err());
    }
}
