//! The tokens of the filter language.

use crate::error::FilterError;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Open,
    Close,
    Not,
    And,
    Or,
    Quoted(String),
    Word(String),
}

/// A token with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PlacedToken {
    pub(super) token: Token,
    /// The character of the text at which it begins, from 1.
    pub(super) character: usize,
}

/// Splits a condition into its tokens.
pub(super) fn tokens(text: &str) -> Result<Vec<PlacedToken>, FilterError> {
    let mut tokens = Vec::new();
    let mut chars = PlacedChars { chars: text.chars().peekable(), read: 0 };
    while let Some(&c) = chars.peek() {
        let character = chars.read + 1;
        let token = match c {
            c if c.is_whitespace() => {
                chars.next();
                continue;
            }
            '(' | ')' | '!' | '&' | '|' => {
                chars.next();
                // `&&` and `||` are one sign each.
                if matches!(c, '&' | '|') {
                    chars.next_if_eq(c);
                }
                sign(c)
            }
            '"' => {
                chars.next();
                Token::Quoted(quoted(&mut chars).map_err(|error| error.at(character))?)
            }
            _ => word(&mut chars).map_err(|error| error.at(character))?,
        };
        tokens.push(PlacedToken { token, character });
    }
    Ok(tokens)
}

const fn sign(c: char) -> Token {
    match c {
        '(' => Token::Open,
        ')' => Token::Close,
        '!' => Token::Not,
        '&' => Token::And,
        _ => Token::Or,
    }
}

/// The characters of a text, counted as they are read.
struct PlacedChars<'a> {
    chars: std::iter::Peekable<std::str::Chars<'a>>,
    read: usize,
}

impl PlacedChars<'_> {
    fn peek(&mut self) -> Option<&char> {
        self.chars.peek()
    }

    fn next_if_eq(&mut self, c: char) -> Option<char> {
        let next = self.chars.next_if_eq(&c);
        self.read += usize::from(next.is_some());
        next
    }
}

impl Iterator for PlacedChars<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let next = self.chars.next();
        self.read += usize::from(next.is_some());
        next
    }
}

fn quoted(chars: &mut PlacedChars<'_>) -> Result<String, FilterError> {
    let mut text = String::new();
    for c in chars.by_ref() {
        if c == '"' {
            return Ok(text);
        }
        text.push(c);
    }
    Err(FilterError::Quotation)
}

/// Reads a word up to a blank or a sign. A quotation or a parenthesis that opens within it belongs to it: `title:"two words"`, `main(argc)`.
fn word(chars: &mut PlacedChars<'_>) -> Result<Token, FilterError> {
    let mut text = String::new();
    let mut open: usize = 0;
    while let Some(&c) = chars.peek() {
        match c {
            '(' if keyword(&text).is_some() => break,
            '(' => open += 1,
            ')' if open > 0 => open -= 1,
            ')' | '&' | '|' => break,
            c if c.is_whitespace() => break,
            _ => {}
        }
        chars.next();
        if c == '"' { text.push_str(&quoted(chars)?) } else { text.push(c) }
    }
    Ok(keyword(&text).unwrap_or(Token::Word(text)))
}

/// The operator that the word stands for; `None` if it is text.
fn keyword(word: &str) -> Option<Token> {
    match word.to_lowercase().as_str() {
        "and" => Some(Token::And),
        "or" => Some(Token::Or),
        "not" => Some(Token::Not),
        _ => None,
    }
}
