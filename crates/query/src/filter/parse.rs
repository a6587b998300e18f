use agtop_model::FieldKind;

use crate::filter::{Comparison, FilterError, Match, Node, NotAField, Origin, Substring, Word, is_match, value};

/// Parentheses within parentheses, at most.
const DEEPEST: usize = 32;

/// The word whose values are statuses.
const STATUS: &str = "status";

/// What stands for a rule's threshold.
const THRESHOLD: &str = "threshold";

/// Understands a condition; `None` if there is nothing in it.
pub(super) fn parse<W: Word>(text: &str, origin: Origin) -> Result<Option<Node<W>>, FilterError> {
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return Ok(None);
    }
    let mut parser = Parser { tokens: tokens.into_iter().peekable(), depth: 0, origin };
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

/// Up to a blank or a sign. What is opened within belongs to it: `title:"two words"`, `main(argc)`.
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

/// The token that the word stands for, if it is no text.
fn keyword(word: &str) -> Option<Token> {
    match word.to_lowercase().as_str() {
        "and" => Some(Token::And),
        "or" => Some(Token::Or),
        "not" => Some(Token::Not),
        _ => None,
    }
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    depth: usize,
    origin: Origin,
}

impl Parser {
    fn any<W: Word>(&mut self) -> Result<Node<W>, FilterError> {
        let mut nodes = vec![self.all()?];
        while self.tokens.next_if_eq(&Token::Or).is_some() {
            nodes.push(self.all().map_err(|error| after("or", error))?);
        }
        Ok(one_or(nodes, Node::Any))
    }

    fn all<W: Word>(&mut self) -> Result<Node<W>, FilterError> {
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

    fn term<W: Word>(&mut self) -> Result<Node<W>, FilterError> {
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
            Some(Token::Quoted(text)) => bare(&text),
            Some(Token::Word(text)) => term(&text, self.origin),
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

fn one_or<W>(mut nodes: Vec<Node<W>>, many: fn(Vec<Node<W>>) -> Node<W>) -> Node<W> {
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

/// What stands before the first operator, the operator, and what stands behind it.
fn parts(text: &str) -> Option<(&str, Operator, &str)> {
    let earliest = OPERATORS.iter().filter_map(|(sign, operator)| Some((text.find(sign)?, *sign, *operator)));
    let (at, sign, operator) = earliest.min_by_key(|(at, sign, _)| (*at, std::cmp::Reverse(sign.len())))?;
    let (name, rest) = text.split_at(at);
    Some((name, operator, rest.strip_prefix(sign).unwrap_or_default()))
}

/// The first word that was searched for as a text because what stands before its operator is no field, and that name.
pub(super) fn not_a_field<W: Word>(text: &str) -> Option<NotAField> {
    tokens(text).ok()?.into_iter().find_map(|token| {
        let Token::Word(text) = token else { return None };
        let name = parts(&text).map(|(name, ..)| name).filter(|name| !name.is_empty())?;
        W::named(&name.to_lowercase()).is_none().then(|| NotAField { name: name.to_owned(), text: text.clone() })
    })
}

fn term<W: Word>(text: &str, origin: Origin) -> Result<Node<W>, FilterError> {
    let Some((name, operator, written)) = parts(text) else { return bare(text) };
    match W::named(&name.to_lowercase()) {
        // Models, addresses, flags and code hold these signs, too: without a field's name in front, the whole is a text.
        None if matches!(origin, Origin::Typed) => bare(text),
        None if name.is_empty() || name.contains(['/', '-', '.']) => bare(text),
        None => Err(FilterError::UnknownField(name.to_owned())),
        Some(_) if written.is_empty() => Err(FilterError::Unfinished(text.to_owned())),
        Some(word) if word.kind() == FieldKind::Text => textual(word, operator, Term { name, written }),
        Some(word) => numeric(word, operator, written, origin),
    }
}

fn bare<W: Word>(text: &str) -> Result<Node<W>, FilterError> {
    if W::IS_SEARCHED { Ok(Node::Holds(Substring::new(text))) } else { Err(FilterError::Bare(text.to_owned())) }
}

/// A comparison as it was typed.
#[derive(Clone, Copy)]
struct Term<'a> {
    name: &'a str,
    written: &'a str,
}

/// Refuses a word that no status has: such a filter would show nothing, and such a rule keep quiet for ever.
fn check_status(how: Match, text: &str) -> Result<(), FilterError> {
    let is_known = value::status_words().iter().any(|word| is_match(how, word, text));
    if is_known { Ok(()) } else { Err(FilterError::UnknownStatus(text.to_owned())) }
}

fn textual<W: Word>(word: W, operator: Operator, Term { name, written }: Term<'_>) -> Result<Node<W>, FilterError> {
    let text = written.to_lowercase();
    match operator {
        Operator::Contains if word.id() == STATUS => check_status(Match::Contains, &text)?,
        Operator::Is if word.id() == STATUS => check_status(Match::Is, &text)?,
        _ => {}
    }
    match operator {
        Operator::Contains => Ok(Node::Text(word, Match::Contains, text)),
        Operator::Is => Ok(Node::Text(word, Match::Is, text)),
        Operator::IsNot => Ok(Node::Not(Box::new(Node::Text(word, Match::Is, text)))),
        Operator::Compare(_) => Err(FilterError::TextComparison(name.to_owned())),
    }
}

fn numeric<W: Word>(word: W, operator: Operator, written: &str, origin: Origin) -> Result<Node<W>, FilterError> {
    let number = match origin {
        Origin::Rule { threshold: Some(threshold) } if written == THRESHOLD => threshold,
        _ => value::parsed(written, word.kind())?,
    };
    Ok(match operator {
        Operator::Compare(comparison) => Node::Number(word, comparison, number),
        Operator::Contains | Operator::Is => Node::Number(word, Comparison::Equal, number),
        Operator::IsNot => Node::Not(Box::new(Node::Number(word, Comparison::Equal, number))),
    })
}

#[cfg(test)]
mod tests {
    use agtop_model::Field;
    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str) -> Result<Option<Node<&'static Field>>, FilterError> {
        parse(text, Origin::Typed)
    }

    fn error(text: &str) -> String {
        parsed(text).err().unwrap().to_string()
    }

    #[test]
    fn mistakes_are_told_in_words() {
        let cases = [
            ("cpu>fast", "'fast' is not a percentage"),
            ("cpu>", "something is missing after 'cpu>'"),
            ("a or", "something is missing after 'or'"),
            ("!", "something is missing after '!'"),
            ("(a", "unbalanced parentheses"),
            ("a)", "unbalanced parentheses"),
            ("\"a", "unclosed quotation mark"),
            ("project>3", "'project' holds text: use ':' or '='"),
        ];
        for (text, expected) in cases {
            assert_eq!(error(text), expected, "{text}");
        }
    }

    /// `-f 'agent>5'` answered "'client' holds text", a name that nobody had typed.
    #[test]
    fn a_mistake_names_the_field_as_it_was_typed() {
        assert_eq!(error("agent>5"), "'agent' holds text: use ':' or '='");
    }

    /// `status:zzz` was accepted, and showed nothing.
    #[test]
    fn a_word_that_no_status_has_is_a_mistake_that_lists_the_words() {
        for text in ["status:zzz", "state=zzz", "status=work"] {
            let told = error(text);
            assert!(told.starts_with("no status matches '") && told.contains("needs_permission, attention"), "{told}");
        }
        for text in ["status:work", "status:ATTENTION", "status=idle", "status!=zzz", "!status:busy", "project:zzz"] {
            assert!(parsed(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn nothing_is_no_filter() {
        for text in ["", "   "] {
            assert!(parsed(text).unwrap().is_none());
        }
    }

    /// `-f ollama:llama3`, `-f http://x`, `-f a=b` were errors: "no field is called 'ollama'".
    #[test]
    fn a_text_with_signs_and_no_field_in_front_is_looked_for_as_it_is() {
        for text in [
            "/work/a:b",
            "--model=opus",
            "1.2.3.4:80",
            "ollama:llama3",
            "http://x",
            "a=b",
            "speed>3",
            "a->b",
            "x<y",
            "a!=b",
            "main(",
            "main(argc)",
            "f(g(x))",
            "foo(a=b)",
        ] {
            match parsed(text).unwrap().unwrap() {
                Node::Holds(found) => assert_eq!(found, Substring::new(text), "{text}"),
                _ => panic!("{text} is no text"),
            }
        }
    }

    /// A rule that looked for such a text would keep quiet for ever.
    #[test]
    fn a_rule_that_names_no_field_is_a_mistake() {
        let rule = |text| parse::<&'static Field>(text, Origin::Rule { threshold: None }).err().unwrap().to_string();
        assert_eq!(rule("speed>3"), "no field is called 'speed'");
    }

    #[test]
    fn parentheses_after_a_keyword_or_a_blank_are_no_text() {
        for text in ["not(a)", "a or(b)", "a and(b or c)", "(a)(b)", "(main( or b)", "project:api (a or b)"] {
            assert!(!matches!(parsed(text), Ok(Some(Node::Holds(_))) | Err(_)), "{text}");
        }
        let texts = |text| match parsed(text) {
            Ok(Some(Node::Text(field, Match::Contains, text))) => (field.id, text),
            _ => panic!("{text} is no text of a field"),
        };
        assert_eq!(texts("project:foo(bar)"), ("project", "foo(bar)".to_owned()));
    }

    #[test]
    fn a_threshold_is_a_number_where_there_is_one() {
        let with = |text, threshold| parse::<&'static Field>(text, Origin::Rule { threshold: Some(threshold) });
        assert!(matches!(with("cpu>threshold", 7.0), Ok(Some(Node::Number(_, Comparison::More, 7.0)))));
        assert_eq!(error("cpu>threshold"), "'threshold' is not a percentage");
    }

    #[test]
    fn a_tower_of_parentheses_is_refused_and_not_climbed() {
        assert_eq!(error(&"(".repeat(100_000)), "too many parentheses");
        assert_eq!(error(&"!".repeat(100_000)), "too many parentheses");
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_answered(text in "[a-z0-9 :<>=!()&|\"$%.é]{0,40}") {
            let _ = parsed(&text);
        }
    }
}
