use std::cmp::Ordering;

/// Lines sorted by [`folded`] key, searched where they lie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sheet<'a> {
    text: &'a str,
}

/// One line, split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row<'a> {
    pub(crate) key: &'a str,
    pub(crate) items: &'a str,
    pub(crate) note: &'a str,
}

impl<'a> Row<'a> {
    fn split(line: &'a str) -> Self {
        let mut parts = line.splitn(3, '\t');
        let mut part = || parts.next().unwrap_or_default();
        Self { key: part(), items: part(), note: part() }
    }
}

impl<'a> Sheet<'a> {
    /// Over lines that [`sorted`] has put in order.
    pub(crate) const fn new(text: &'a str) -> Self {
        Self { text }
    }

    /// The same, without the comment that a file begins with.
    pub(crate) fn of_file(text: &'a str) -> Self {
        let mut rest = text;
        while rest.starts_with('#') {
            rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
        }
        Self::new(rest)
    }

    /// Every row.
    pub(crate) fn rows(self) -> impl Iterator<Item = Row<'a>> {
        self.text.lines().map(Row::split)
    }

    /// The row of `key`, in any spelling that folds to the same; the very same spelling if there are several.
    pub(crate) fn find(self, key: &str) -> Option<Row<'a>> {
        let mut spellings = self.spellings(key).peekable();
        let first = *spellings.peek()?;
        Some(spellings.find(|row| row.key == key).unwrap_or(first))
    }

    /// The rows of this very `key`, where a sheet has several.
    pub(crate) fn rows_of(self, key: &str) -> impl Iterator<Item = Row<'a>> {
        self.spellings(key).filter(move |row| row.key == key)
    }

    /// The rows of all keys that fold to the same, in no order.
    fn spellings(self, key: &str) -> impl Iterator<Item = Row<'a>> {
        let (mut low, mut high) = (0, self.text.len());
        let mut found = None;
        while low < high && found.is_none() {
            let (start, end) = self.line_around(low, low.midpoint(high));
            let row = Row::split(self.text.get(start..end).unwrap_or_default());
            match folded(row.key).cmp(folded(key)) {
                Ordering::Less => low = end + 1,
                Ordering::Greater => high = start,
                Ordering::Equal => found = Some((row, start, end)),
            }
        }
        found.into_iter().flat_map(move |(row, start, end)| self.with_neighbours(row, start, end))
    }

    /// The line that holds the byte at `middle`, no line before `low` considered.
    fn line_around(self, low: usize, middle: usize) -> (usize, usize) {
        let bytes = self.text.as_bytes();
        let before = bytes.get(low..middle).unwrap_or_default();
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(low, |at| low + at + 1);
        let after = bytes.get(middle..).unwrap_or_default();
        let end = after.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| middle + at);
        (start, end)
    }

    /// `found` and its neighbours of the same folded key.
    fn with_neighbours(self, found: Row<'a>, start: usize, end: usize) -> impl Iterator<Item = Row<'a>> {
        let before = self.text.get(..start).unwrap_or_default().trim_end_matches('\n').rsplit('\n').map(Row::split);
        let after = self.text.get(end..).unwrap_or_default().trim_start_matches('\n').split('\n').map(Row::split);
        let same = move |row: &Row<'_>| folded(row.key).eq(folded(found.key));
        std::iter::once(found).chain(before.take_while(same)).chain(after.take_while(same))
    }
}

/// Bytes of `key` as they compare: lower case, and a dot between digits as a hyphen (4.8 is 4-8).
pub(crate) fn folded(key: &str) -> impl Iterator<Item = u8> {
    let bytes = key.as_bytes();
    let digit_at = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    bytes.iter().enumerate().map(move |(at, byte)| {
        let in_number = *byte == b'.' && digit_at(at.checked_sub(1)) && digit_at(at.checked_add(1));
        if in_number { b'-' } else { byte.to_ascii_lowercase() }
    })
}

/// Lines as a [`Sheet`] wants them, one a key.
pub(crate) fn sorted(mut lines: Vec<(String, String)>) -> String {
    sort(&mut lines);
    lines.dedup_by(|(a, _), (b, _)| a == b);
    text(lines)
}

/// Lines as a [`Sheet`] wants them, those of a key in the order in which they come.
pub(crate) fn sorted_all(mut lines: Vec<(String, String)>) -> String {
    sort(&mut lines);
    text(lines)
}

/// By folded key, then by key.
fn sort(lines: &mut [(String, String)]) {
    lines.sort_by(|(a, _), (b, _)| folded(a).cmp(folded(b)).then_with(|| a.cmp(b)));
}

fn text(lines: Vec<(String, String)>) -> String {
    lines.into_iter().fold(String::new(), |text, (key, items)| text + &key + "\t" + &items + "\n")
}

/// The number of lines, if there are any and they are in the order in which they are searched.
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
    fn every_row_is_found_and_nothing_between() {
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
    fn a_dot_in_a_version_is_a_hyphen_but_the_same_spelling_goes_first() {
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
