/// A bucket that is billed separately: a kind of token, or web searches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Bucket {
    /// Prompt tokens neither read from nor written to a cache.
    Input,
    /// Prompt tokens read from a cache.
    CacheRead,
    /// Prompt tokens written to a cache with a lifetime of five minutes, or of unknown lifetime.
    CacheWrite5m,
    /// Prompt tokens written to a cache with a lifetime of one hour.
    CacheWrite1h,
    /// Output tokens.
    Output,
    /// Reasoning tokens, if they have a separate price.
    Reasoning,
    /// Web searches that the vendor ran.
    WebSearch,
}

/// The number of buckets that count tokens.
pub(crate) const TOKEN_BUCKETS: usize = 6;

impl Bucket {
    /// The buckets that count tokens.
    pub(crate) const TOKENS: [Self; TOKEN_BUCKETS] =
        [Self::Input, Self::CacheRead, Self::CacheWrite5m, Self::CacheWrite1h, Self::Output, Self::Reasoning];

    /// The name in JSON and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::CacheRead => "cache_read",
            Self::CacheWrite5m => "cache_write_5m",
            Self::CacheWrite1h => "cache_write_1h",
            Self::Output => "output",
            Self::Reasoning => "reasoning",
            Self::WebSearch => "web_search",
        }
    }

    /// The letter before a rate in the table.
    pub(crate) const fn letter(self) -> char {
        match self {
            Self::Input => 'i',
            Self::CacheRead => 'r',
            Self::CacheWrite5m => 'w',
            Self::CacheWrite1h => 'h',
            Self::Output => 'o',
            Self::Reasoning => 't',
            Self::WebSearch => 's',
        }
    }

    /// The token bucket of a letter.
    pub(crate) fn from_letter(letter: char) -> Option<Self> {
        Self::TOKENS.into_iter().find(|bucket| bucket.letter() == letter)
    }
}
