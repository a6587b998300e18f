use std::cmp::Ordering;

/// Lines sorted by [`folded`] key, searched in place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sheet<'a> {
    text: &'a str,
}

/// One line, split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SheetRow<'a> {
    pub(crate) key: &'a str,
    pub(crate) items: &'a str,
    pub(crate) note: &'a str,
}

impl<'a> SheetRow<'a> {
    fn split(line: &'a str) -> Self {
        let mut parts = line.splitn(3, '\t');
        let mut part = || parts.next().unwrap_or_default();
        Self { key: part(), items: part(), note: part() }
    }
}

impl<'a> Sheet<'a> {
    /// A sheet over lines in the order of [`sorted`].
    pub(crate) const fn new(text: &'a str) -> Self {
        Self { text }
    }

    /// Like [`new`](Self::new), after the comment at the beginning of a file.
    pub(crate) fn of_file(text: &'a str) -> Self {
        let mut rest = text;
        while rest.starts_with('#') {
            rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
        }
        Self::new(rest)
    }

    /// Every row.
    pub(crate) fn rows(self) -> impl Iterator<Item = SheetRow<'a>> {
        self.text.lines().map(SheetRow::split)
    }

    /// The row of `key` in any spelling with the same folded key; if there are several, the one with the same spelling.
    pub(crate) fn find(self, key: &str) -> Option<SheetRow<'a>> {
        let mut spellings = self.spellings(key).peekable();
        let first = *spellings.peek()?;
        Some(spellings.find(|row| row.key == key).unwrap_or(first))
    }

    /// The rows with exactly this `key`.
    pub(crate) fn rows_of(self, key: &str) -> impl Iterator<Item = SheetRow<'a>> {
        self.spellings(key).filter(move |row| row.key == key)
    }

    /// The rows of all keys with the same folded key, in any order.
    fn spellings(self, key: &str) -> impl Iterator<Item = SheetRow<'a>> {
        let (mut low, mut high) = (0, self.text.len());
        let mut found = None;
        while low < high && found.is_none() {
            let (start, end) = self.line_around(low, low.midpoint(high));
            let row = SheetRow::split(self.text.get(start..end).unwrap_or_default());
            match folded(row.key).cmp(folded(key)) {
                Ordering::Less => low = end + 1,
                Ordering::Greater => high = start,
                Ordering::Equal => found = Some((row, start, end)),
            }
        }
        found.into_iter().flat_map(move |(row, start, end)| self.with_neighbours(row, start, end))
    }

    /// The line that contains the byte at `middle`, not before `low`.
    fn line_around(self, low: usize, middle: usize) -> (usize, usize) {
        let bytes = self.text.as_bytes();
        let before = bytes.get(low..middle).unwrap_or_default();
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(low, |at| low + at + 1);
        let after = bytes.get(middle..).unwrap_or_default();
        let end = after.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| middle + at);
        (start, end)
    }

    /// `found` and its neighbours with the same folded key.
    fn with_neighbours(self, found: SheetRow<'a>, start: usize, end: usize) -> impl Iterator<Item = SheetRow<'a>> {
        let before =
            self.text.get(..start).unwrap_or_default().trim_end_matches('\n').rsplit('\n').map(SheetRow::split);
        let after = self.text.get(end..).unwrap_or_default().trim_start_matches('\n').split('\n').map(SheetRow::split);
        let same = move |row: &SheetRow<'_>| folded(row.key).eq(folded(found.key));
        std::iter::once(found).chain(before.take_while(same)).chain(after.take_while(same))
    }
}

/// The bytes of `key` for comparisons: in lower case, and with hyphens for dots between digits (4.8 is 4-8).
pub(crate) fn folded(key: &str) -> impl Iterator<Item = u8> {
    let bytes = key.as_bytes();
    let digit_at = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    bytes.iter().enumerate().map(move |(at, byte)| {
        let in_number = *byte == b'.' && digit_at(at.checked_sub(1)) && digit_at(at.checked_add(1));
        if in_number { b'-' } else { byte.to_ascii_lowercase() }
    })
}

/// Lines in the order of a [`Sheet`], one per key.
pub(crate) fn sorted(mut lines: Vec<(String, String)>) -> String {
    sort(&mut lines);
    lines.dedup_by(|(a, _), (b, _)| a == b);
    text(lines)
}

/// Lines in the order of a [`Sheet`]; lines with the same key stay in their order.
pub(crate) fn sorted_all(mut lines: Vec<(String, String)>) -> String {
    sort(&mut lines);
    text(lines)
}

/// Sorts by folded key, then by key.
fn sort(lines: &mut [(String, String)]) {
    lines.sort_by(|(a, _), (b, _)| folded(a).cmp(folded(b)).then_with(|| a.cmp(b)));
}

fn text(lines: Vec<(String, String)>) -> String {
    lines.into_iter().fold(String::new(), |text, (key, items)| text + &key + "\t" + &items + "\n")
}

/// The number of lines; `None` if there are none or they are not in the order of a [`Sheet`].
pub(crate) fn checked(text: &str) -> Option<usize> {
    let keys = || Sheet::new(text).rows().map(|row| row.key);
    let is_in_order = keys().zip(keys().skip(1)).all(|(a, b)| folded(a).le(folded(b)));
    let count = keys().count();
    (count > 0 && is_in_order && text.contains('\t')).then_some(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet_of(keys: &[&str]) -> String {
        sorted(keys.iter().map(|key| ((*key).to_owned(), format!("i{}", key.len()))).collect())
    }

    #[test]
    fn every_row_is_found_and_nothing_else() {
        let keys = ["a", "b-1", "b.1", "b-10", "gpt-4.1", "gpt-4.1-mini", "gpt-4", "z/z"];
        let text = sheet_of(&keys);
        for key in keys {
            assert_eq!(Sheet::new(&text).find(key).map(|row| row.key), Some(key), "{key}");
        }
        for key in ["", "A0", "b", "b-1-", "gpt-4.", "zz", "\n", "\t"] {
            assert_eq!(Sheet::new(&text).find(key), None, "{key}");
        }
    }

    #[test]
    fn a_dot_in_a_version_matches_a_hyphen_but_the_same_spelling_wins() {
        let text = sheet_of(&["m-3-5", "m-3.5", "m-4.8"]);
        assert_eq!(Sheet::new(&text).find("m-3.5").map(|row| row.key), Some("m-3.5"));
        assert_eq!(Sheet::new(&text).find("m-3-5").map(|row| row.key), Some("m-3-5"));
        assert_eq!(Sheet::new(&text).find("m-4-8").map(|row| row.key), Some("m-4.8"));
    }

    #[test]
    fn an_empty_sheet_has_no_rows() {
        assert_eq!(Sheet::new("").find("a"), None);
        assert_eq!(Sheet::of_file("# only a comment").find("a"), None);
    }
}
