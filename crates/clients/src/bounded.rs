//! Lists and maps that are held whole: each is bounded, since the file's writer decides how many entries it has.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// The most entries of one list or map that are read: a conversation with more is damaged, or means harm.
pub(crate) const MAX_ENTRIES: usize = 32_768;

/// Marks a deserialisation error as a list or map of more entries; [`crate::DecodeError`] looks for it.
pub(crate) const TOO_MANY_ENTRIES: &str = "more entries than are read";

/// Fails once there are as many entries as may be held.
pub(crate) fn check_room<E: Error>(held: usize) -> Result<(), E> {
    if held < MAX_ENTRIES { Ok(()) } else { Err(E::custom(TOO_MANY_ENTRIES)) }
}

struct List<T>(Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
            type Value = List<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<List<T>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = seq.next_element()? {
                    check_room(entries.len())?;
                    entries.push(entry);
                }
                Ok(List(entries))
            }
        }

        deserializer.deserialize_seq(ListVisitor(PhantomData))
    }
}

/// For `deserialize_with`: a list of at most [`MAX_ENTRIES`] entries.
pub(crate) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    List::deserialize(deserializer).map(|list| list.0)
}

/// The same where the list may be null.
pub(crate) fn list_or_null<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Vec<T>>, D::Error> {
    Ok(Option::<List<T>>::deserialize(deserializer)?.map(|list| list.0))
}

/// The same for a list that stands alone.
pub(crate) fn from_slice<'a, T: Deserialize<'a>>(json: &'a [u8]) -> serde_json::Result<Vec<T>> {
    serde_json::from_slice::<List<T>>(json).map(|list| list.0)
}

struct Entries<K, V>(BTreeMap<K, V>);

impl<'de, K: Deserialize<'de> + Ord, V: Deserialize<'de>> Deserialize<'de> for Entries<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor<K, V>(PhantomData<(K, V)>);

        impl<'de, K: Deserialize<'de> + Ord, V: Deserialize<'de>> Visitor<'de> for EntriesVisitor<K, V> {
            type Value = Entries<K, V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = BTreeMap::new();
                while let Some((key, value)) = map.next_entry()? {
                    check_room(entries.len())?;
                    entries.insert(key, value);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(EntriesVisitor(PhantomData))
    }
}

/// For `deserialize_with`: a map of at most [`MAX_ENTRIES`] entries.
pub(crate) fn map<'de, D: Deserializer<'de>, K: Deserialize<'de> + Ord, V: Deserialize<'de>>(
    deserializer: D,
) -> Result<BTreeMap<K, V>, D::Error> {
    Entries::deserialize(deserializer).map(|entries| entries.0)
}

/// The same where the map may be null, which is as good as empty.
pub(crate) fn map_or_null<'de, D: Deserializer<'de>, K: Deserialize<'de> + Ord, V: Deserialize<'de>>(
    deserializer: D,
) -> Result<BTreeMap<K, V>, D::Error> {
    Ok(Option::<Entries<K, V>>::deserialize(deserializer)?.map(|entries| entries.0).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use agtop_model::IssueKind;
    use serde::Deserialize;

    use super::*;
    use crate::DecodeError;

    #[derive(Debug, Deserialize)]
    struct Held {
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
        let held: Held = serde_json::from_str(&map_of(MAX_ENTRIES)).unwrap();
        assert_eq!((held.agents.len(), held.parts), (MAX_ENTRIES, None));
        let error = DecodeError::from(serde_json::from_str::<Held>(&map_of(MAX_ENTRIES + 1)).unwrap_err());
        assert_eq!(error.kind, IssueKind::TooLarge);
        assert!(error.detail.contains(&MAX_ENTRIES.to_string()), "{}", error.detail);
    }
}
