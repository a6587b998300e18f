//! Lists of any length in agents' files. The writer of a file decides how many entries there are, and an entry of two
//! bytes may take some hundred in memory. A decoder therefore reads a list entry by entry, and what it keeps is
//! bounded.

use std::fmt;
use std::ops::ControlFlow;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::DecodeError;
use crate::bounded::MAX_ENTRIES;

/// A list that is not parsed yet; null is an empty list. Each entry is parsed on its own, so that a damaged one does
/// not lose the others.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LazyList<'a>(&'a str);

impl<'de: 'a, 'a> Deserialize<'de> for LazyList<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match <&RawValue>::deserialize(deserializer)?.get() {
            "null" => Ok(Self::default()),
            list if list.starts_with('[') => Ok(Self(list)),
            _ => Err(D::Error::custom("no list")),
        }
    }
}

impl<'a> LazyList<'a> {
    /// Parses the entries one by one and passes each with its index to `visit` before the next is parsed.
    ///
    /// # Errors
    ///
    /// If entries could not be parsed, with their number, or if there are more than [`MAX_ENTRIES`]. `what` names the
    /// entries in the error.
    pub(crate) fn each<T: Deserialize<'a>>(self, what: &str, mut visit: impl FnMut(u32, T)) -> Result<(), DecodeError> {
        let mut seen = 0;
        let mut failed = 0_usize;
        let mut first = None;
        let entry = |raw: &'a RawValue| {
            if seen == MAX_ENTRIES {
                return ControlFlow::Break(());
            }
            match serde_json::from_str(raw.get()) {
                Ok(item) => visit(u32::try_from(seen).unwrap_or(u32::MAX), item),
                Err(error) => {
                    failed += 1;
                    first.get_or_insert((seen, DecodeError::from(error)));
                }
            }
            seen += 1;
            ControlFlow::Continue(())
        };
        if walk(self.0, entry)?.is_break() {
            return Err(DecodeError::too_large(format!("has more than {MAX_ENTRIES} {what}")));
        }
        first.map_or(Ok(()), |(n, error)| {
            let detail = format!("{failed} of {seen} {what}: number {n} {}", error.detail);
            Err(DecodeError { detail, ..error })
        })
    }
}

/// Passes on the entries of a JSON list until `visit` breaks. An empty text has no entries.
fn walk<'a>(list: &'a str, visit: impl FnMut(&'a RawValue) -> ControlFlow<()>) -> serde_json::Result<ControlFlow<()>> {
    struct Walk<'w, F> {
        visit: F,
        end: &'w mut ControlFlow<()>,
    }

    impl<'de, F: FnMut(&'de RawValue) -> ControlFlow<()>> Visitor<'de> for Walk<'_, F> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
            while let Some(raw) = seq.next_element()? {
                *self.end = (self.visit)(raw);
                if self.end.is_break() {
                    break;
                }
            }
            Ok(())
        }
    }

    let mut end = ControlFlow::Continue(());
    if list.is_empty() {
        return Ok(end);
    }
    let walked = serde_json::Deserializer::from_str(list).deserialize_seq(Walk { visit, end: &mut end });
    // The parser reports an error for a list that was not read to its end.
    if end.is_break() { Ok(end) } else { walked.map(|()| end) }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use agtop_model::IssueKind;

    use super::*;
    use crate::bounded::from_slice;
    use crate::parse::LooseText;

    thread_local! {
        static ALIVE: Cell<usize> = const { Cell::new(0) };
    }

    /// Counts its live instances.
    struct Counted;

    impl<'de> Deserialize<'de> for Counted {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            serde::de::IgnoredAny::deserialize(deserializer)?;
            ALIVE.set(ALIVE.get() + 1);
            Ok(Self)
        }
    }

    impl Drop for Counted {
        fn drop(&mut self) {
            ALIVE.set(ALIVE.get() - 1);
        }
    }

    fn list_of(entries: usize) -> String {
        format!("[{}{{}}]", "{},".repeat(entries - 1))
    }

    /// Bug: `[{},{},…]` of 60 MB took 3.3 GB as a Cline task and 2.6 GB as a Gemini chat, because all entries were in
    /// memory at once.
    #[test]
    fn entries_of_a_list_are_passed_on_one_by_one() {
        let json = list_of(1000);
        let list: LazyList<'_> = serde_json::from_str(&json).unwrap();
        let mut numbers = Vec::new();
        let told = list.each("entries", |n, _: Counted| {
            assert_eq!(ALIVE.get(), 1);
            numbers.push(n);
        });
        assert_eq!(told, Ok(()));
        assert_eq!(ALIVE.get(), 0);
        assert_eq!(numbers, (0..1000).collect::<Vec<_>>());
    }

    #[test]
    fn a_list_is_read_up_to_a_bound_with_an_error() {
        for (entries, expected) in [(MAX_ENTRIES, None), (MAX_ENTRIES + 5, Some(IssueKind::TooLarge))] {
            let json = list_of(entries);
            let list: LazyList<'_> = serde_json::from_str(&json).unwrap();
            let mut visits = 0;
            let told = list.each("entries", |_, _: Counted| visits += 1);
            assert_eq!((visits, told.err().map(|error| error.kind)), (MAX_ENTRIES, expected));
            let held = from_slice::<Counted>(json.as_bytes()).map_err(DecodeError::from);
            assert_eq!(held.err().map(|error| error.kind), expected);
        }
        assert_eq!(ALIVE.get(), 0);
    }

    #[test]
    fn a_damaged_entry_does_not_lose_the_others() {
        #[derive(serde::Deserialize)]
        struct Entry<'a> {
            #[serde(borrow)]
            id: LooseText<'a>,
        }
        let list: LazyList<'_> = serde_json::from_str(r#"[{"id":"a"}, 7, {"id":"b"}, []]"#).unwrap();
        let mut ids = Vec::new();
        let told = list.each("entries", |n, entry: Entry<'_>| ids.push((n, entry.id.text().unwrap().to_owned())));
        assert_eq!(ids, [(0, "a".to_owned()), (2, "b".to_owned())]);
        assert!(told.unwrap_err().detail.starts_with("2 of 4 entries: number 1 has a value of an unexpected type"));
        assert!(serde_json::from_str::<LazyList<'_>>("{}").is_err());
        let none: LazyList<'_> = serde_json::from_str("null").unwrap();
        assert_eq!(none.each("entries", |_, _: Counted| unreachable!()), Ok(()));
    }
}
