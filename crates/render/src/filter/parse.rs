use agtop_model::{Field, Kind, field};

use super::{Comparison, FilterError, Match, Node, Subject, Substring, value};

/// Names that users know from columns and other programs, and the field they mean.
const ALIASES: &[(&str, &str)] = &[
    ("agent", "client"),
    ("ctx", "context"),
    ("dir", "cwd"),
    ("directory", "cwd"),
    ("id", "session"),
    ("memory", "mem"),
    ("name", "title"),
    ("quiet", "active"),
    ("state", "status"),
    ("up", "uptime"),
];

/// Parentheses within parentheses, at most.
const DEEPEST: usize = 32;

/// Understands a filter; `None` if there is nothing in it.
pub(super) fn parse(text: &str) -> Result<Option<Node>, FilterError> {
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return Ok(None);
    }
    let mut parser = Parser { tokens: tokens.into_iter().peekable(), depth: 0 };
    let node = parser.any()?;
    if parser.tokens.next().is_some() {
        return Err(FilterError::Parentheses);
    }
    Ok(Some(node))
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    Not,
    And,
    Or,
    Quoted(String),
    Word(String),
}

fn tokens(text: &str) -> Result<Vec<Token>, FilterError> {
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

/// Up to a blank or a sign; a quotation within belongs to it: `title:"two words"`.
fn word(chars: &mut Chars<'_>) -> Result<Token, FilterError> {
    let mut text = String::new();
    while let Some(c) = chars.next_if(|c| !c.is_whitespace() && !matches!(c, '(' | ')' | '&' | '|')) {
        match c {
            '"' => text.push_str(&quoted(chars)?),
            c => text.push(c),
        }
    }
    Ok(match text.to_lowercase().as_str() {
        "and" => Token::And,
        "or" => Token::Or,
        "not" => Token::Not,
        _ => Token::Word(text),
    })
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    depth: usize,
}

impl Parser {
    fn any(&mut self) -> Result<Node, FilterError> {
        let mut nodes = vec![self.all()?];
        while self.tokens.next_if_eq(&Token::Or).is_some() {
            nodes.push(self.all().map_err(|error| after("or", error))?);
        }
        Ok(one_or(nodes, Node::Any))
    }

    fn all(&mut self) -> Result<Node, FilterError> {
        let mut nodes = vec![self.term()?];
        loop {
            if self.tokens.next_if_eq(&Token::And).is_some() {
                nodes.push(self.term().map_err(|error| after("and", error))?);
            } else if matches!(self.tokens.peek(), None | Some(Token::Or | Token::Close)) {
                return Ok(one_or(nodes, Node::All));
            } else {
                nodes.push(self.term()?);
            }
        }
    }

    fn term(&mut self) -> Result<Node, FilterError> {
        match self.tokens.next() {
            Some(Token::Not) => {
                self.deeper()?;
                let node = self.term().map_err(|error| after("!", error))?;
                self.depth -= 1;
                Ok(Node::Not(Box::new(node)))
            }
            Some(Token::Open) => {
                self.deeper()?;
                let node = self.any()?;
                self.depth -= 1;
                self.tokens.next_if_eq(&Token::Close).map(|_| node).ok_or(FilterError::Parentheses)
            }
            Some(Token::Quoted(text)) => Ok(Node::Holds(Substring::new(&text))),
            Some(Token::Word(text)) => term(&text),
            Some(Token::Close) => Err(FilterError::Parentheses),
            Some(Token::And) => Err(FilterError::Unfinished("and".to_owned())),
            Some(Token::Or) => Err(FilterError::Unfinished("or".to_owned())),
            None => Err(FilterError::Unfinished(String::new())),
        }
    }

    fn deeper(&mut self) -> Result<(), FilterError> {
        self.depth += 1;
        if self.depth > DEEPEST { Err(FilterError::TooDeep) } else { Ok(()) }
    }
}

fn after(what: &str, error: FilterError) -> FilterError {
    match error {
        FilterError::Unfinished(at) if at.is_empty() => FilterError::Unfinished(what.to_owned()),
        other => other,
    }
}

fn one_or(mut nodes: Vec<Node>, many: fn(Vec<Node>) -> Node) -> Node {
    match nodes.pop() {
        Some(only) if nodes.is_empty() => only,
        Some(last) => {
            nodes.push(last);
            many(nodes)
        }
        None => many(nodes),
    }
}

#[derive(Clone, Copy)]
enum Operator {
    Contains,
    Is,
    IsNot,
    Compare(Comparison),
}

/// Longer operators first, so that `<=` is not read as `<`.
const OPERATORS: &[(&str, Operator)] = &[
    ("<=", Operator::Compare(Comparison::AtMost)),
    (">=", Operator::Compare(Comparison::AtLeast)),
    ("!=", Operator::IsNot),
    ("<", Operator::Compare(Comparison::Less)),
    (">", Operator::Compare(Comparison::More)),
    ("=", Operator::Is),
    (":", Operator::Contains),
];

fn term(text: &str) -> Result<Node, FilterError> {
    let earliest = OPERATORS.iter().filter_map(|(sign, operator)| Some((text.find(sign)?, *sign, *operator)));
    let Some((at, sign, operator)) = earliest.min_by_key(|(at, sign, _)| (*at, std::cmp::Reverse(sign.len()))) else {
        return Ok(Node::Holds(Substring::new(text)));
    };
    let (name, rest) = text.split_at(at);
    let written = rest.strip_prefix(sign).unwrap_or_default();
    match subject(name) {
        // Paths, flags and addresses hold these signs, too: without a name in front, the whole is a substring.
        None if name.is_empty() || name.contains(['/', '-', '.']) => Ok(Node::Holds(Substring::new(text))),
        None => Err(FilterError::UnknownField(name.to_owned())),
        Some(_) if written.is_empty() => Err(FilterError::Unfinished(text.to_owned())),
        Some(subject) => condition(subject, operator, written),
    }
}

fn subject(name: &str) -> Option<Subject> {
    let name = name.to_lowercase();
    let id = ALIASES.iter().find(|(alias, _)| *alias == name).map_or(&*name, |(_, id)| id);
    if id == "status" { Some(Subject::Status) } else { field(id).map(Subject::Field) }
}

fn condition(subject: Subject, operator: Operator, written: &str) -> Result<Node, FilterError> {
    let node = match (subject, operator) {
        (Subject::Field(field), operator) if field.kind != Kind::Text => numeric(field, operator, written)?,
        (subject, Operator::Contains) => Node::Text(subject, Match::Contains, written.to_lowercase()),
        (subject, Operator::Is | Operator::IsNot) => Node::Text(subject, Match::Is, written.to_lowercase()),
        (Subject::Field(field), Operator::Compare(_)) => return Err(FilterError::TextComparison(field.id)),
        (Subject::Status, Operator::Compare(_)) => return Err(FilterError::TextComparison("status")),
    };
    Ok(if matches!(operator, Operator::IsNot) { Node::Not(Box::new(node)) } else { node })
}

fn numeric(field: &'static Field, operator: Operator, written: &str) -> Result<Node, FilterError> {
    let comparison = match operator {
        Operator::Compare(comparison) => comparison,
        Operator::Contains | Operator::Is | Operator::IsNot => Comparison::Equal,
    };
    Ok(Node::Number(field, comparison, value::parsed(written, field.kind)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn error(text: &str) -> String {
        parse(text).err().unwrap().to_string()
    }

    #[test]
    fn mistakes_are_told_in_words() {
        let cases = [
            ("speed>3", "no field is called 'speed'"),
            ("cpu>fast", "'fast' is no percentage"),
            ("cpu>", "something is missing after 'cpu>'"),
            ("a or", "something is missing after 'or'"),
            ("!", "something is missing after '!'"),
            ("(a", "parentheses do not match"),
            ("a)", "parentheses do not match"),
            ("\"a", "a quotation does not end"),
            ("project>3", "'project' holds text: use ':' or '='"),
        ];
        for (text, expected) in cases {
            assert_eq!(error(text), expected, "{text}");
        }
    }

    #[test]
    fn nothing_is_no_filter() {
        for text in ["", "   "] {
            assert!(parse(text).unwrap().is_none());
        }
    }

    #[test]
    fn paths_and_flags_are_substrings_though_they_hold_signs() {
        for text in ["/work/a:b", "--model=opus", "1.2.3.4:80"] {
            assert!(parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_tower_of_parentheses_is_refused_and_not_climbed() {
        assert_eq!(error(&"(".repeat(100_000)), "too many parentheses");
        assert_eq!(error(&"!".repeat(100_000)), "too many parentheses");
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_answered(text in "[a-z0-9 :<>=!()&|\"$%.é]{0,40}") {
            let _ = parse(&text);
        }
    }
}
