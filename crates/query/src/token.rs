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

/// Splits a condition into its tokens.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, FilterError> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(&c) = chars.peek() {
        match c {
            c if c.is_whitespace() => drop(chars.next()),
            '(' | ')' | '!' | '&' | '|' => {
                chars.next();
                // `&&` and `||` are one sign each.
                if matches!(c, '&' | '|') {
                    chars.next_if_eq(&c);
                }
                tokens.push(sign(c));
            }
            '"' => {
                chars.next();
                tokens.push(Token::Quoted(quoted(&mut chars)?));
            }
            _ => tokens.push(word(&mut chars)?),
        }
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

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn quoted(chars: &mut Chars<'_>) -> Result<String, FilterError> {
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
fn word(chars: &mut Chars<'_>) -> Result<Token, FilterError> {
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
