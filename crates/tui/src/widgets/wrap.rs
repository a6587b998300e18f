//! Lines that do not fit are continued in the next row.

use ratatui::text::{Line, Span};

/// Breaks a line into rows of at most `columns` columns, at blanks where there are any.
pub(crate) fn wrap(line: &Line<'_>, columns: usize) -> Vec<Line<'static>> {
    let columns = columns.max(1);
    let mut rows = Rows { columns, done: Vec::new(), row: Vec::new(), used: 0 };
    for span in &line.spans {
        for word in span.content.split_inclusive(' ') {
            rows.add_word(&Span::styled(word, span.style));
        }
    }
    rows.end_row();
    rows.done
}

struct Rows {
    columns: usize,
    done: Vec<Line<'static>>,
    row: Vec<Span<'static>>,
    used: usize,
}

impl Rows {
    fn add_word(&mut self, word: &Span<'_>) {
        // A blank at the end of a row need not fit.
        let width = agtop_format::text::width(word.content.trim_end());
        if self.used > 0 && self.used + width > self.columns {
            self.end_row();
        }
        if width <= self.columns {
            self.used += word.width();
            self.row.push(Span::styled(word.content.to_string(), word.style));
            return;
        }
        for c in word.content.chars() {
            let c = Span::styled(c.to_string(), word.style);
            if self.used + c.width() > self.columns {
                self.end_row();
            }
            self.used += c.width();
            self.row.push(c);
        }
    }

    fn end_row(&mut self) {
        // The blank at which the line was broken would make the row too long.
        if let Some(last) = self.row.last_mut() {
            last.content = last.content.trim_end().to_owned().into();
            self.done.push(Line::from(std::mem::take(&mut self.row)));
        }
        self.used = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str, columns: usize) -> Vec<String> {
        let line = Line::from(text.split('|').map(Span::raw).collect::<Vec<_>>());
        wrap(&line, columns).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_line_is_broken_at_blanks_and_a_long_word_anywhere() {
        assert_eq!(rows("one two| three", 7), ["one two", "three"]);
        assert_eq!(rows("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(rows("日本語 x", 4), ["日本", "語 x"]);
        assert_eq!(rows("fits", 4), ["fits"]);
        assert_eq!(rows("x", 0), ["x"]);
    }
}
