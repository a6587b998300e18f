//! Roff as its checkers want it: short lines, a new line for each sentence, one kind of space between paragraphs.

/// `mandoc -Tlint` objects to longer lines.
const MAX_LINE_BYTES: usize = 78;

/// The page with its text folded. Requests, which begin with a dot, stay as they are. An empty line becomes the request
/// for vertical space; a line break beside it has no effect and goes.
pub(super) fn tidy(page: &str) -> String {
    let mut tidied = String::with_capacity(page.len());
    let lines: Vec<&str> = page.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        let is_beside_space = [at.checked_sub(1), Some(at + 1)]
            .into_iter()
            .flatten()
            .any(|beside| lines.get(beside).is_some_and(|line| line.is_empty()));
        if *line == ".br" && is_beside_space {
            continue;
        }
        if line.is_empty() {
            tidied.push_str(".sp\n");
        } else if is_request(line) {
            tidied.push_str(line);
            tidied.push('\n');
        } else {
            fold(line, &mut tidied);
        }
    }
    tidied
}

fn is_request(line: &str) -> bool {
    line.starts_with(['.', '\''])
}

fn fold(line: &str, folded: &mut String) {
    let mut length = 0;
    let mut ends_sentence = false;
    for word in line.split(' ') {
        let is_too_long = length + 1 + word.len() > MAX_LINE_BYTES;
        // A line that begins with a request's character would be one.
        if length > 0 && (is_too_long || ends_sentence) && !word.is_empty() && !is_request(word) {
            folded.push('\n');
            length = 0;
        } else if length > 0 {
            folded.push(' ');
            length += 1;
        }
        folded.push_str(word);
        length += word.len();
        ends_sentence = word.ends_with('.');
    }
    folded.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_folded_and_requests_are_not() {
        let word = "seventeen";
        let line = [word; 12].join(" ");
        let folded = tidy(&format!(".B {line}\n{line}\n"));
        let lines: Vec<&str> = folded.lines().collect();
        assert_eq!(lines[0], format!(".B {line}"));
        assert_eq!(lines[1..], [[word; 7].join(" "), [word; 5].join(" ")]);
    }

    #[test]
    fn a_sentence_begins_a_line() {
        assert_eq!(tidy("It ends here. The next one does not.\n"), "It ends here.\nThe next one does not.\n");
    }

    #[test]
    fn no_line_begins_with_the_character_of_a_request() {
        let text = format!("{} .hidden 'quoted'", "x".repeat(MAX_LINE_BYTES));
        assert_eq!(tidy(&text), format!("{text}\n"));
    }

    #[test]
    fn a_line_break_beside_space_goes() {
        assert_eq!(tidy("a\n.br\n\n.br\nb\n.br\nc\n"), "a\n.sp\nb\n.br\nc\n");
    }
}
