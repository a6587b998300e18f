/// The similarity (Jaro-Winkler, 0 to 1) from which a name may be a mistyped other one.
const MIN_SIMILARITY: f64 = 0.8;

/// The name that is most like `name`, if any is enough like it to be what the user meant.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    let rated = known.into_iter().map(|known| (strsim::jaro_winkler(&name, &known.to_lowercase()), known));
    let best = rated.max_by(|(left, _), (right, _)| left.total_cmp(right))?;
    (best.0 >= MIN_SIMILARITY).then_some(best.1)
}

/// What is appended to the message about an unknown name: ` (did you mean 'cost'?)` if it is mistyped, otherwise nothing.
pub fn suggestion<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(name, known).map_or_else(String::new, |meant| format!(" (did you mean '{meant}'?)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_name_is_recognised_and_another_word_is_not() {
        let known = ["status", "project", "tokens", "cost", "context"];
        for (typed, meant) in [("projct", "project"), ("Token", "tokens"), ("cots", "cost"), ("contxt", "context")] {
            assert_eq!(nearest(typed, known), Some(meant), "{typed}");
        }
        assert_eq!(nearest("beauty", known), None);
        assert_eq!(nearest("x", []), None);
    }
}
