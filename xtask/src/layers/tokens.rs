//! The paths in tokens that nobody has parsed: what a macro is given, and what a macro expands to.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

use super::modules::{Segments, plain};

/// The paths in tokens. A bare name is one only if it is called or written like a type: other names are mostly those of
/// variables.
pub(super) fn paths(tokens: TokenStream) -> Vec<Segments> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut paths = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if let TokenTree::Group(group) = &tokens[at] {
            paths.extend(self::paths(group.stream()));
        }
        let path = path_at(&tokens, at);
        let end = at + path.len().max(1) + 2 * path.len().saturating_sub(1);
        if is_free(&tokens, at, &path) && is_name(&tokens, end, &path) {
            paths.push(path);
        }
        at = end;
    }
    paths
}

/// The paths with at least one `::` that strings hold, as derive macros are given functions.
pub(super) fn paths_in_strings(tokens: TokenStream) -> Vec<Segments> {
    let strings = tokens.into_iter().filter_map(|token| match token {
        TokenTree::Literal(literal) => syn::parse_str::<syn::LitStr>(&literal.to_string()).ok(),
        _ => None,
    });
    let paths = strings.filter_map(|text| text.parse::<syn::Path>().ok()).filter(|path| path.segments.len() > 1);
    paths.map(|path| path.segments.iter().map(|segment| plain(&segment.ident)).collect()).collect()
}

/// The identifiers with `::` between that begin at an index.
fn path_at(tokens: &[TokenTree], mut at: usize) -> Segments {
    let mut path = Segments::new();
    while let Some(TokenTree::Ident(name)) = tokens.get(at) {
        path.push(plain(name));
        if !is_double_colon(tokens, at + 1) {
            break;
        }
        at += 3;
    }
    path
}

/// Whether a path is not the rest of something: a field, a method, a variable of a macro, or what a type has.
fn is_free(tokens: &[TokenTree], start: usize, path: &[String]) -> bool {
    let mark = |back: usize| start.checked_sub(back).and_then(|at| mark(tokens, at));
    match mark(1) {
        Some('$') => path.first().is_some_and(|first| first == "crate"),
        Some('.') => mark(2) == Some('.'),
        Some(':') => !start.checked_sub(2).is_some_and(|at| is_double_colon(tokens, at)),
        _ => true,
    }
}

/// Whether what ends at an index names an item.
fn is_name(tokens: &[TokenTree], end: usize, path: &[String]) -> bool {
    let is_called = match tokens.get(end) {
        Some(TokenTree::Group(group)) => matches!(group.delimiter(), Delimiter::Parenthesis | Delimiter::Brace),
        _ => mark(tokens, end) == Some('!'),
    };
    path.len() > 1 || path.first().is_some_and(|name| is_called || name.starts_with(char::is_uppercase))
}

fn is_double_colon(tokens: &[TokenTree], at: usize) -> bool {
    let is_joint = |token: &TokenTree| matches!(token, TokenTree::Punct(mark) if mark.spacing() == Spacing::Joint);
    mark(tokens, at) == Some(':') && is_joint(&tokens[at]) && mark(tokens, at + 1) == Some(':')
}

fn mark(tokens: &[TokenTree], at: usize) -> Option<char> {
    match tokens.get(at) {
        Some(TokenTree::Punct(mark)) => Some(mark.as_char()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        paths(text.parse().unwrap()).iter().map(|path| path.join("::")).collect()
    }

    #[test]
    fn paths_calls_and_types_are_found() {
        assert_eq!(
            found("\"{}\", crate::a::b(x), shorten(y), Title, other!()"),
            ["crate::a::b", "shorten", "Title", "other"]
        );
    }

    #[test]
    fn fields_methods_variables_and_associated_items_are_not() {
        assert_eq!(found("x, x.len(), x.field, $name, $name::Part, <[a]>::new(), [a]"), Vec::<String>::new());
    }

    #[test]
    fn strings_may_hold_paths() {
        let found = paths_in_strings("default, with = \"crate::codec::seconds\", rename = \"type\"".parse().unwrap());
        assert_eq!(found, [["crate", "codec", "seconds"]]);
    }

    #[test]
    fn ranges_types_of_fields_and_the_crate_of_a_macro_are() {
        assert_eq!(found("0..end(), x: Title, $crate::a::B"), ["end", "Title", "crate::a::B"]);
    }
}
