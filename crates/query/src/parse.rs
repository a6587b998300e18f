use agtop_model::FieldKind;

use crate::error::FilterError;
use crate::expression::{Comparison, Expression, TextMatch};
use crate::filter_word::FilterWord;
use crate::number::parse_number;
use crate::status_words::status_words;
use crate::substring::Substring;
use crate::token::{PlacedToken, Token, tokens};

/// Deeper nesting of parentheses and negations is refused: the parser is recursive.
const MAX_NESTING_DEPTH: usize = 32;

/// The word whose values are statuses.
const STATUS_WORD: &str = "status";

/// The placeholder for a rule's threshold.
const THRESHOLD_PLACEHOLDER: &str = "threshold";

/// Where a condition comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum ConditionOrigin {
    /// The user typed it to find rows: a word with signs but without a field before them is text to search for.
    Typed,
    /// A rule of the configuration, in which `threshold` may stand for that number. A word with signs but without a field
    /// before them is a mistake: the rule would never match.
    Rule { threshold: Option<f64> },
}

/// Parses a condition; `None` if it is empty.
pub(super) fn parse<W: FilterWord>(text: &str, origin: ConditionOrigin) -> Result<Option<Expression<W>>, FilterError> {
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return Ok(None);
    }
    let end = text.chars().count();
    let mut parser = Parser { tokens: tokens.into_iter().peekable(), depth: 0, origin };
    let expression = parser.any().map_err(|error| error.at(end))?;
    match parser.tokens.next() {
        Some(rest) => Err(UNOPENED.at(rest.character)),
        None => Ok(Some(expression)),
    }
}

/// A parenthesis closes that none has opened.
const UNOPENED: FilterError = FilterError::Parentheses("')' without a '(' before it; \"quotation marks\" make it text");
/// A parenthesis is not closed.
const UNCLOSED: FilterError = FilterError::Parentheses("'(' is not closed; write a ')' behind it");

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<PlacedToken>>,
    depth: usize,
    origin: ConditionOrigin,
}

impl Parser {
    /// The next token, if it is this one.
    fn next_if(&mut self, token: &Token) -> Option<PlacedToken> {
        self.tokens.next_if(|next| next.token == *token)
    }

    fn any<W: FilterWord>(&mut self) -> Result<Expression<W>, FilterError> {
        let mut parts = vec![self.all()?];
        while self.next_if(&Token::Or).is_some() {
            parts.push(self.all().map_err(|error| after("or", error))?);
        }
        Ok(one_or_many(parts, Expression::Any))
    }

    fn all<W: FilterWord>(&mut self) -> Result<Expression<W>, FilterError> {
        let mut parts = vec![self.term()?];
        loop {
            if self.next_if(&Token::And).is_some() {
                parts.push(self.term().map_err(|error| after("and", error))?);
            } else if matches!(self.tokens.peek().map(|next| &next.token), None | Some(Token::Or | Token::Close)) {
                return Ok(one_or_many(parts, Expression::All));
            } else {
                parts.push(self.term()?);
            }
        }
    }

    fn term<W: FilterWord>(&mut self) -> Result<Expression<W>, FilterError> {
        let Some(PlacedToken { token, character }) = self.tokens.next() else {
            return Err(FilterError::Unfinished(String::new()));
        };
        match token {
            Token::Not => {
                self.nest().map_err(|error| error.at(character))?;
                let expression = self.term().map_err(|error| after("!", error))?;
                self.depth -= 1;
                Ok(Expression::Not(Box::new(expression)))
            }
            Token::Open => {
                self.nest().map_err(|error| error.at(character))?;
                let expression = self.any().map_err(|error| after("(", error))?;
                self.depth -= 1;
                self.next_if(&Token::Close).map(|_| expression).ok_or_else(|| UNCLOSED.at(character))
            }
            Token::Quoted(text) => bare(&text).map_err(|error| error.at(character)),
            Token::Word(text) => term(&text, self.origin).map_err(|error| error.at(character)),
            Token::Close => Err(UNOPENED.at(character)),
            Token::And => Err(FilterError::Unfinished("and".to_owned()).at(character)),
            Token::Or => Err(FilterError::Unfinished("or".to_owned()).at(character)),
        }
    }

    fn nest(&mut self) -> Result<(), FilterError> {
        self.depth += 1;
        if self.depth > MAX_NESTING_DEPTH { Err(FilterError::TooDeep) } else { Ok(()) }
    }
}

fn after(what: &str, error: FilterError) -> FilterError {
    match error {
        FilterError::Unfinished(at) if at.is_empty() => FilterError::Unfinished(what.to_owned()),
        other => other,
    }
}

fn one_or_many<W>(mut parts: Vec<Expression<W>>, many: fn(Vec<Expression<W>>) -> Expression<W>) -> Expression<W> {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            many(parts)
        }
        None => many(parts),
    }
}

#[derive(Clone, Copy)]
enum Operator {
    Contains,
    Equals,
    NotEquals,
    Compare(Comparison),
}

/// Longer operators come first, so that `<=` is not read as `<`.
const OPERATORS: &[(&str, Operator)] = &[
    ("<=", Operator::Compare(Comparison::AtMost)),
    (">=", Operator::Compare(Comparison::AtLeast)),
    ("!=", Operator::NotEquals),
    ("<", Operator::Compare(Comparison::Less)),
    (">", Operator::Compare(Comparison::More)),
    ("=", Operator::Equals),
    (":", Operator::Contains),
];

/// The name before the first operator, the operator, and the value after it.
fn parts(text: &str) -> Option<(&str, Operator, &str)> {
    let earliest = OPERATORS.iter().filter_map(|(sign, operator)| Some((text.find(sign)?, *sign, *operator)));
    let (at, sign, operator) = earliest.min_by_key(|(at, sign, _)| (*at, std::cmp::Reverse(sign.len())))?;
    let (name, rest) = text.split_at(at);
    Some((name, operator, rest.strip_prefix(sign).unwrap_or_default()))
}

/// The first word that is searched as text because the name before its operator is no field: that name, and the word.
pub(super) fn unknown_field<W: FilterWord>(text: &str) -> Option<(String, String)> {
    tokens(text).ok()?.into_iter().find_map(|placed| {
        let Token::Word(text) = placed.token else { return None };
        let name = parts(&text).map(|(name, ..)| name).filter(|name| !name.is_empty())?;
        W::named(&name.to_lowercase()).is_none().then(|| (name.to_owned(), text.clone()))
    })
}

fn term<W: FilterWord>(text: &str, origin: ConditionOrigin) -> Result<Expression<W>, FilterError> {
    let Some((name, operator, value)) = parts(text) else { return bare(text) };
    match W::named(&name.to_lowercase()) {
        // Models, addresses, flags and code contain these signs, too: without a field's name before them, the word is text.
        None if matches!(origin, ConditionOrigin::Typed) => bare(text),
        None if name.is_empty() || name.contains(['/', '-', '.']) => bare(text),
        None => Err(FilterError::UnknownField(name.to_owned())),
        Some(_) if value.is_empty() => Err(FilterError::Unfinished(text.to_owned())),
        Some(word) if word.kind() == FieldKind::Text => textual(word, operator, Term { name, value }),
        Some(word) => numeric(word, operator, value, origin),
    }
}

fn bare<W: FilterWord>(text: &str) -> Result<Expression<W>, FilterError> {
    if W::HAS_FREE_TEXT {
        Ok(Expression::FreeText(Substring::new(text)))
    } else {
        Err(FilterError::Bare(text.to_owned()))
    }
}

/// A comparison as it was typed.
#[derive(Clone, Copy)]
struct Term<'a> {
    name: &'a str,
    value: &'a str,
}

/// Refuses a word that no status has: such a filter would show nothing, and such a rule would never match.
fn check_status(how: TextMatch, text: &str) -> Result<(), FilterError> {
    let is_known = status_words().iter().any(|word| how.matches(word, text));
    if is_known { Ok(()) } else { Err(FilterError::UnknownStatus(text.to_owned())) }
}

fn textual<W: FilterWord>(
    word: W,
    operator: Operator,
    Term { name, value }: Term<'_>,
) -> Result<Expression<W>, FilterError> {
    let text = value.to_lowercase();
    match operator {
        Operator::Contains if word.id() == STATUS_WORD => check_status(TextMatch::Contains, &text)?,
        Operator::Equals if word.id() == STATUS_WORD => check_status(TextMatch::Equals, &text)?,
        _ => {}
    }
    match operator {
        Operator::Contains => Ok(Expression::Text(word, TextMatch::Contains, text)),
        Operator::Equals => Ok(Expression::Text(word, TextMatch::Equals, text)),
        Operator::NotEquals => Ok(Expression::Not(Box::new(Expression::Text(word, TextMatch::Equals, text)))),
        Operator::Compare(_) => Err(FilterError::TextComparison(name.to_owned())),
    }
}

fn numeric<W: FilterWord>(
    word: W,
    operator: Operator,
    value: &str,
    origin: ConditionOrigin,
) -> Result<Expression<W>, FilterError> {
    let number = match origin {
        ConditionOrigin::Rule { threshold: Some(threshold) } if value == THRESHOLD_PLACEHOLDER => threshold,
        _ => parse_number(value, word.kind())?,
    };
    Ok(match operator {
        Operator::Compare(comparison) => Expression::Number(word, comparison, number),
        Operator::Contains | Operator::Equals => Expression::Number(word, Comparison::Equal, number),
        Operator::NotEquals => Expression::Not(Box::new(Expression::Number(word, Comparison::Equal, number))),
    })
}

#[cfg(test)]
mod tests {
    use agtop_model::Field;
    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str) -> Result<Option<Expression<&'static Field>>, FilterError> {
        parse(text, ConditionOrigin::Typed)
    }

    fn error(text: &str) -> String {
        parsed(text).err().unwrap().to_string()
    }

    #[test]
    fn an_invalid_filter_gets_a_message_that_names_the_mistake() {
        let cases = [
            ("cpu>fast", "'fast' is not a percentage: write a number such as 50 (at character 1)"),
            ("api cost>much", "'much' is not a dollar amount: write a number such as $2 (at character 5)"),
            ("cpu>", "something is missing after 'cpu>': write the value to compare with (at character 1)"),
            ("a or", "something is missing after 'or': write what is to match (at character 4)"),
            ("or a", "something is missing after 'or': write what is to match (at character 1)"),
            ("!", "something is missing after '!': write what is to match (at character 1)"),
            ("é (a", "unbalanced parentheses: '(' is not closed; write a ')' behind it (at character 3)"),
            (
                "a)",
                "unbalanced parentheses: ')' without a '(' before it; \"quotation marks\" make it text (at character 2)",
            ),
            ("x \"a", "unclosed quotation mark: write another one at the end of the text (at character 3)"),
            ("project>3", "'project' holds text: use ':' or '=', as in project:word (at character 1)"),
        ];
        for (text, expected) in cases {
            assert_eq!(error(text), expected, "{text}");
        }
    }

    /// `-f 'agent>5'` answered "'client' holds text", a name that the user had not typed.
    #[test]
    fn a_mistake_names_the_field_as_it_was_typed() {
        assert_eq!(error("agent>5"), "'agent' holds text: use ':' or '=', as in agent:word (at character 1)");
    }

    /// `status:zzz` was accepted, and showed nothing.
    #[test]
    fn a_word_that_no_status_has_is_a_mistake_that_lists_the_words() {
        for text in ["status:zzz", "state=zzz", "status=work"] {
            let message = error(text);
            assert!(
                message.starts_with("no status matches '") && message.contains("known: needs_permission, permission, "),
                "{message}"
            );
        }
        for text in ["status:work", "status:ATTENTION", "status=idle", "status!=zzz", "!status:busy", "project:zzz"] {
            assert!(parsed(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn an_empty_text_is_no_filter() {
        for text in ["", "   "] {
            assert!(parsed(text).unwrap().is_none());
        }
    }

    /// `-f ollama:llama3`, `-f http://x`, `-f a=b` were errors: "no field is called 'ollama'".
    #[test]
    fn a_text_with_signs_but_no_field_before_them_is_searched_as_it_is() {
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
                Expression::FreeText(found) => assert_eq!(found, Substring::new(text), "{text}"),
                _ => panic!("{text} is no text"),
            }
        }
    }

    /// A rule that searched for such a text would never match.
    #[test]
    fn a_rule_that_names_no_field_is_a_mistake() {
        let rule =
            |text| parse::<&'static Field>(text, ConditionOrigin::Rule { threshold: None }).err().unwrap().to_string();
        assert_eq!(rule("speed>3"), "no field is called 'speed' (at character 1)");
    }

    #[test]
    fn parentheses_after_a_keyword_or_a_blank_group_terms() {
        for text in ["not(a)", "a or(b)", "a and(b or c)", "(a)(b)", "(main( or b)", "project:api (a or b)"] {
            assert!(!matches!(parsed(text), Ok(Some(Expression::FreeText(_))) | Err(_)), "{text}");
        }
        let texts = |text| match parsed(text) {
            Ok(Some(Expression::Text(field, TextMatch::Contains, text))) => (field.id, text),
            _ => panic!("{text} is no text of a field"),
        };
        assert_eq!(texts("project:foo(bar)"), ("project", "foo(bar)".to_owned()));
    }

    #[test]
    fn a_threshold_stands_for_a_number_only_in_a_rule_that_has_one() {
        let with =
            |text, threshold| parse::<&'static Field>(text, ConditionOrigin::Rule { threshold: Some(threshold) });
        assert!(matches!(with("cpu>threshold", 7.0), Ok(Some(Expression::Number(_, Comparison::More, 7.0)))));
        assert!(error("cpu>threshold").starts_with("'threshold' is not a percentage"));
    }

    #[test]
    fn deep_nesting_is_refused_without_recursion() {
        assert!(error(&"(".repeat(100_000)).starts_with("too many parentheses"));
        assert!(error(&"!".repeat(100_000)).starts_with("too many parentheses"));
    }

    proptest! {
        #[test]
        fn any_typed_text_is_parsed_or_refused(text in "[a-z0-9 :<>=!()&|\"$%.é]{0,40}") {
            let _ = parsed(&text);
        }
    }
}
