//! The spellings under which the list may have a model, best first.
//!
//! A model id may have decorations: providers and regions before it, dates, contexts and efforts after it. Each step
//! removes one that is known not to change the model. The rest is never guessed: a word outside these tables may be a
//! size or a variant with its own price (`mini`, `codex`, `luna`), and a number may be a version, so an id with one
//! matches only itself.

use crate::rated::MatchKind;

/// Maximum length of a model id, in bytes.
const MAX_ID_BYTES: usize = 200;

/// Maximum number of providers before a model, as in `openrouter/anthropic/…`.
const MAX_PREFIXES: usize = 8;

/// Maximum number of words removed from the end of an id.
const MAX_DROPPED_WORDS: usize = 4;

/// Families whose maker's list prices exist only under a provider prefix.
const MAKER_PREFIXES: [(&str, &str); 22] = [
    ("codestral", "mistral/"),
    ("deepseek-", "deepseek/"),
    ("devstral", "mistral/"),
    ("gemini-", "gemini/"),
    ("glm-", "zai/"),
    ("grok-", "xai/"),
    ("kimi-", "moonshot/"),
    ("magistral", "mistral/"),
    ("mercury", "inception/"),
    ("mimo-", "xiaomi_mimo/"),
    ("minimax-", "minimax/"),
    ("ministral", "mistral/"),
    ("mistral-", "mistral/"),
    ("moonshot-", "moonshot/"),
    ("muse-", "meta/"),
    ("nova-", "amazon-nova/"),
    ("open-mi", "mistral/"),
    ("pixtral", "mistral/"),
    ("qwen", "dashscope/"),
    ("qwq", "dashscope/"),
    ("sonar", "perplexity/"),
    ("swe-", "cognition/"),
];

/// Regions and vendors that clouds write before a model, with a dot.
const DOTTED_PREFIXES: [&str; 24] = [
    "us-gov.",
    "global.",
    "apac.",
    "us.",
    "eu.",
    "jp.",
    "au.",
    "ca.",
    "in.",
    "anthropic.",
    "openai.",
    "meta.",
    "amazon.",
    "mistral.",
    "deepseek.",
    "qwen.",
    "moonshotai.",
    "moonshot.",
    "zai.",
    "xai.",
    "google.",
    "minimax.",
    "nvidia.",
    "cohere.",
];

/// Suffixes that do not change the model: contexts, aliases of the newest snapshot, a mode with the same price.
const ALIAS_SUFFIXES: [&str; 8] =
    ["[1m]", "[2m]", "-1m-context", "-latest", "@latest", "@default", ":latest", ":thinking"];

/// Last words that do not change the model, with the families to which that applies ("" for all).
const DROPPABLE_WORDS: [(&str, &[&str]); 16] = [
    ("preview", &[""]),
    ("exp", &[""]),
    ("experimental", &[""]),
    ("beta", &[""]),
    ("latest", &[""]),
    ("customtools", &["gemini-"]),
    ("context", &[""]),
    ("1m", &[""]),
    ("2m", &[""]),
    ("1000k", &[""]),
    ("thinking", &["claude-", "gemini-"]),
    ("minimal", REASONING_FAMILIES),
    ("low", REASONING_FAMILIES),
    ("medium", REASONING_FAMILIES),
    ("high", REASONING_FAMILIES),
    ("xhigh", REASONING_FAMILIES),
];

/// Families whose ids some agents end with the reasoning effort.
const REASONING_FAMILIES: &[&str] = &["gpt-", "claude-", "o1", "o3", "o4"];

/// A spelling, and how it was derived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spelling {
    pub(crate) id: String,
    pub(crate) how: MatchKind,
}

/// The id in the form used for comparisons; `None` if it cannot be a model id.
pub(crate) fn normal(model: &str) -> Option<String> {
    let id = model.trim();
    let fits = !id.is_empty() && id.len() <= MAX_ID_BYTES && !id.contains(char::is_control);
    fits.then(|| id.to_ascii_lowercase())
}

/// All spellings of a [`normal`] id to search for, best first.
pub(crate) fn spellings(id: &str) -> Vec<Spelling> {
    let mut found = Vec::new();
    let mut stems = vec![(id.to_owned(), MatchKind::Exact)];
    let clean = without_alias_suffixes(id);
    stems.push((clean.to_owned(), MatchKind::Alias));
    let undated = without_date(clean);
    stems.push((undated.to_owned(), MatchKind::Date));
    let mut rest = undated;
    for _ in 0..MAX_DROPPED_WORDS {
        let Some(shorter) = without_last_word(rest) else { break };
        stems.push((shorter.to_owned(), MatchKind::Segments));
        rest = without_date(shorter);
        stems.push((rest.to_owned(), MatchKind::Segments));
    }
    stems.push((format!("{rest}-preview"), MatchKind::Segments));
    stems.dedup_by(|(later, _), (earlier, _)| later == earlier);
    for (stem, how) in &stems {
        under_providers(stem, *how, &mut found);
    }
    found
}

/// Adds `stem` as it is, then with one provider or region fewer at a time.
fn under_providers(stem: &str, how: MatchKind, out: &mut Vec<Spelling>) {
    let mut rest = stem;
    let mut reached = how;
    for _ in 0..=MAX_PREFIXES {
        out.push(Spelling { id: rest.to_owned(), how: reached });
        let alias = reached.max(MatchKind::Alias);
        out.extend(swapped(rest).map(|id| Spelling { id, how: alias }));
        out.extend(by_maker(rest).map(|id| Spelling { id, how: alias }));
        let Some(shorter) = without_provider(rest) else { break };
        rest = shorter;
        reached = how.max(MatchKind::Prefix);
    }
}

/// The id after the first provider, path or region.
fn without_provider(id: &str) -> Option<&str> {
    let (_, model) = id
        .split_once('/')
        .or_else(|| DOTTED_PREFIXES.into_iter().find_map(|vendor| Some((vendor, id.strip_prefix(vendor)?))))?;
    (!model.is_empty()).then_some(model)
}

/// Whether the id begins with a provider, path or region.
pub(crate) fn has_provider(id: &str) -> bool {
    without_provider(id).is_some()
}

/// The id with the provider that makes its family.
fn by_maker(id: &str) -> Option<String> {
    let (_, provider) = MAKER_PREFIXES.into_iter().find(|(family, _)| id.starts_with(family))?;
    Some(format!("{provider}{id}"))
}

/// `claude-4.5-sonnet` as `claude-sonnet-4.5` and vice versa: agents and the vendor use different orders.
fn swapped(id: &str) -> Option<String> {
    let words: Vec<&str> = id.strip_prefix("claude-")?.split('-').collect();
    let is_number = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit()) && word.len() <= 3;
    let leading = words.iter().take_while(|word| is_number(word)).count();
    let order: Vec<&str> = if leading > 0 {
        let (version, rest) = words.split_at(leading);
        let (family, rest) = rest.split_first()?;
        std::iter::once(family).chain(version).chain(rest).copied().collect()
    } else {
        let (family, rest) = words.split_first()?;
        let version = rest.iter().take_while(|word| is_number(word)).count();
        let (version, rest) = rest.split_at(version);
        version.iter().chain(std::iter::once(family)).chain(rest).copied().collect()
    };
    Some(format!("claude-{}", order.join("-")))
}

fn without_alias_suffixes(id: &str) -> &str {
    let mut rest = id;
    loop {
        let shorter = ALIAS_SUFFIXES.into_iter().find_map(|suffix| rest.strip_suffix(suffix));
        match shorter.or_else(|| without_revision(rest)) {
            Some(shorter) if !shorter.is_empty() => rest = shorter,
            _ => return rest,
        }
    }
}

/// The id without the revision of a Bedrock model: `-v1:0`.
fn without_revision(id: &str) -> Option<&str> {
    let (rest, revision) = id.rsplit_once("-v")?;
    let (version, patch) = revision.split_once(':')?;
    (is_digits(version, 1..=2) && is_digits(patch, 1..=2)).then_some(rest)
}

/// The id without a snapshot date: `-20250929`, `@20250929` or `-2025-09-29`.
fn without_date(id: &str) -> &str {
    let compact = id.rsplit_once(['-', '@']).filter(|(_, date)| is_digits(date, 8..=8) && is_date(date));
    let dashed = || {
        let (rest, day) = id.rsplit_once('-')?;
        let (rest, month) = rest.rsplit_once('-')?;
        let (rest, year) = rest.rsplit_once(['-', '@'])?;
        let numbers = is_digits(year, 4..=4) && is_digits(month, 2..=2) && is_digits(day, 2..=2);
        (numbers && is_date(&[year, month, day].concat())).then_some(rest)
    };
    compact.map(|(rest, _)| rest).or_else(dashed).filter(|rest| !rest.is_empty()).unwrap_or(id)
}

/// Whether eight digits are a day of this century.
fn is_date(digits: &str) -> bool {
    let number: u32 = digits.parse().unwrap_or(0);
    let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100);
    (2000..2100).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day)
}

fn is_digits(text: &str, length: std::ops::RangeInclusive<usize>) -> bool {
    length.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The id without its last word, if that word does not change the model.
fn without_last_word(id: &str) -> Option<&str> {
    let (rest, word) = id.rsplit_once('-')?;
    let (_, families) = DROPPABLE_WORDS.into_iter().find(|(droppable, _)| *droppable == word)?;
    let model = model_part(id);
    families.iter().any(|family| model.starts_with(family)).then_some(rest)
}

/// The id without providers and regions.
fn model_part(id: &str) -> &str {
    let mut rest = id;
    for _ in 0..=MAX_PREFIXES {
        let Some(shorter) = without_provider(rest) else { break };
        rest = shorter;
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(model: &str) -> Vec<String> {
        spellings(model).into_iter().map(|spelling| spelling.id).collect()
    }

    #[test]
    fn only_real_dates_are_removed() {
        assert_eq!(without_date("claude-opus-5-20260101"), "claude-opus-5");
        assert_eq!(without_date("claude-opus-5@20260101"), "claude-opus-5");
        assert_eq!(without_date("gpt-5-2025-08-07"), "gpt-5");
        for id in ["gpt-4-0613", "gpt-5-2025", "m-12345678", "m-20261301", "gpt-5-2025-8-07", "20250101", "-20250101"] {
            assert_eq!(without_date(id), id);
        }
    }

    #[test]
    fn words_that_may_name_another_model_are_kept() {
        for id in ["gpt-5-mini", "gpt-5-codex", "gpt-5.6-luna", "qwen3-thinking", "mistral-medium", "gpt-5-fast", "m-5"]
        {
            assert_eq!(without_last_word(id), None, "{id}");
        }
        assert_eq!(without_last_word("openai/gpt-5-high"), Some("openai/gpt-5"));
        assert_eq!(without_last_word("us.anthropic.claude-opus-5-thinking"), Some("us.anthropic.claude-opus-5"));
    }

    #[test]
    fn both_orders_of_a_claude_name_are_tried() {
        assert_eq!(swapped("claude-4.5-sonnet").as_deref(), Some("claude-sonnet-4.5"));
        assert_eq!(swapped("claude-sonnet-3-7").as_deref(), Some("claude-3-7-sonnet"));
        assert_eq!(swapped("claude-4-sonnet-20250514").as_deref(), Some("claude-sonnet-4-20250514"));
        assert_eq!(swapped("claude-"), Some("claude-".to_owned()));
        assert_eq!(swapped("claude-4"), None);
    }

    #[test]
    fn the_prefixed_spelling_comes_before_the_bare_one() {
        let ids = ids("azure/eu/gpt-5");
        assert_eq!(ids.iter().take(3).map(String::as_str).collect::<Vec<_>>(), ["azure/eu/gpt-5", "eu/gpt-5", "gpt-5"]);
    }

    #[test]
    fn the_number_of_spellings_is_bounded() {
        let id = "a/".repeat(90) + &"-preview".repeat(2);
        assert!(spellings(&id).len() < 300);
    }
}
