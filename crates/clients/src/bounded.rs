//! Bounded lists and maps: they are held in memory, and the writer of the file decides how many entries they have.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Maximum number of entries of one list or map; a conversation with more is damaged or hostile.
pub(crate) const MAX_ENTRIES: usize = 32_768;

/// Marks a deserialisation error as a list or map with too many entries; [`crate::DecodeError`] checks for it.
pub(crate) const TOO_MANY_ENTRIES: &str = "more entries than are read";

/// Fails if there is no room for another entry.
pub(crate) fn check_room<E: Error>(count: usize) -> Result<(), E> {
    if count < MAX_ENTRIES { Ok(()) } else { Err(E::custom(TOO_MANY_ENTRIES)) }
}

struct BoundedList<T>(Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for BoundedList<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
            type Value = BoundedList<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<BoundedList<T>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = seq.next_element()? {
                    check_room(entries.len())?;
                    entries.push(entry);
                }
                Ok(BoundedList(entries))
            }
        }

        deserializer.deserialize_seq(ListVisitor(PhantomData))
    }
}

/// For `deserialize_with`: a list of at most [`MAX_ENTRIES`] entries.
pub(crate) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    BoundedList::deserialize(deserializer).map(|list| list.0)
}

/// Like [`list`], for a list that may be null.
pub(crate) fn list_or_null<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Vec<T>>, D::Error> {
    Ok(Option::<BoundedList<T>>::deserialize(deserializer)?.map(|list| list.0))
}

/// Like [`list`], for a list that is a whole document.
pub(crate) fn from_slice<'a, T: Deserialize<'a>>(json: &'a [u8]) -> serde_json::Result<Vec<T>> {
    serde_json::from_slice::<BoundedList<T>>(json).map(|list| list.0)
}

struct BoundedMap<K, V>(BTreeMap<K, V>);

impl<'de, K: Deserialize<'de> + Ord, V: Deserialize<'de>> Deserialize<'de> for BoundedMap<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor<K, V>(PhantomData<(K, V)>);

        impl<'de, K: Deserialize<'de> + Ord, V: Deserialize<'de>> Visitor<'de> for EntriesVisitor<K, V> {
            type Value = BoundedMap<K, V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = BTreeMap::new();
                while let Some((key, value)) = map.next_entry()? {
                    check_room(entries.len())?;
                    entries.insert(key, value);
                }
                Ok(BoundedMap(entries))
            }
        }

        deserializer.deserialize_map(EntriesVisitor(PhantomData))
    }
}

/// For `deserialize_with`: a map of at most [`MAX_ENTRIES`] entries.
pub(crate) fn map<'de, D: Deserializer<'de>, K: Deserialize<'de> + Ord, V: Deserialize<'de>>(
    deserializer: D,
) -> Result<BTreeMap<K, V>, D::Error> {
    BoundedMap::deserialize(deserializer).map(|entries| entries.0)
}

/// Like [`map`], for a map that may be null, which counts as empty.
pub(crate) fn map_or_null<'de, D: Deserializer<'de>, K: Deserialize<'de> + Ord, V: Deserialize<'de>>(
    deserializer: D,
) -> Result<BTreeMap<K, V>, D::Error> {
    Ok(Option::<BoundedMap<K, V>>::deserialize(deserializer)?.map(|entries| entries.0).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use agtop_model::IssueKind;
    use serde::Deserialize;

    use super::*;
    use crate::DecodeError;

    #[derive(Debug, Deserialize)]
    struct Fixture {
        #[serde(default, deserialize_with = "map")]
        agents: BTreeMap<u32, u32>,
        #[serde(default, deserialize_with = "list_or_null")]
        parts: Option<Vec<u32>>,
    }

    #[test]
    fn a_map_of_too_many_entries_is_an_error_that_names_the_bound() {
        let map_of = |entries: usize| {
            let entries: Vec<String> = (0..entries).map(|n| format!("\"{n}\":0")).collect();
            format!("{{\"agents\":{{{}}},\"parts\":null}}", entries.join(","))
        };
        let count: Fixture = serde_json::from_str(&map_of(MAX_ENTRIES)).unwrap();
        assert_eq!((count.agents.len(), count.parts), (MAX_ENTRIES, None));
        let error = DecodeError::from(serde_json::from_str::<Fixture>(&map_of(MAX_ENTRIES + 1)).unwrap_err());
        assert_eq!(error.kind, IssueKind::TooLarge);
        assert!(error.detail.contains(&MAX_ENTRIES.to_string()), "{}", error.detail);
    }
}
