use agtop_model::{PicoUsd, RateLimit, RateLimitWindow, Timestamp, Untrusted};
use serde_json::Value;

/// The status that Claude Code writes to its status line command. A part that is missing or of another type is ignored,
/// and the others are read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatuslineInput {
    /// The session's id.
    pub session: Option<Untrusted>,
    /// The name of the model.
    pub model: Option<Untrusted>,
    /// The cost of the session since it began or was cleared, as Claude Code computes it.
    pub cost: Option<PicoUsd>,
    /// The age of the session in milliseconds.
    pub duration_ms: Option<u64>,
    /// The fill of the context window in percent.
    pub context_percent: Option<f64>,
    /// The size of the context window in tokens.
    pub context_size: Option<u64>,
    /// Rate limit windows of the account: only with a subscription, after the first response.
    pub limits: Vec<RateLimitWindow>,
}

/// Rate limit windows by name, with their length in minutes.
const RATE_LIMIT_WINDOWS: [(&str, u32); 2] = [("five_hour", 300), ("seven_day", 10_080)];

impl StatuslineInput {
    /// Longer input is no status, and is cut.
    pub const MAX_INPUT_BYTES: usize = 1024 * 1024;

    /// Parses the status; `None` if it is no JSON object.
    pub fn parse(json: &[u8]) -> Option<Self> {
        let root: Value = serde_json::from_slice(json.get(..Self::MAX_INPUT_BYTES).unwrap_or(json)).ok()?;
        root.is_object().then(|| Self::of(&root))
    }

    fn of(root: &Value) -> Self {
        let at = |path: &str| root.pointer(path);
        let text = |path: &str| {
            let text = at(path)?.as_str()?;
            (!text.is_empty()).then(|| Untrusted::from(text))
        };
        let percent = |path: &str| at(path).and_then(Value::as_f64).filter(|percent| is_percent(*percent));
        let used = percent("/context_window/used_percentage");
        let left = || percent("/context_window/remaining_percentage").map(|left| (100.0 - left).max(0.0));
        Self {
            session: text("/session_id"),
            model: text("/model/display_name").or_else(|| text("/model/id")).or_else(|| text("/model")),
            cost: at("/cost/total_cost_usd")
                .and_then(Value::as_f64)
                .filter(|usd| *usd >= 0.0)
                .and_then(PicoUsd::from_usd),
            duration_ms: at("/cost/total_duration_ms").and_then(Value::as_u64),
            context_percent: used.or_else(left).or_else(|| used_of(root)),
            context_size: size_of(root),
            limits: RATE_LIMIT_WINDOWS.into_iter().filter_map(|(name, minutes)| window(root, name, minutes)).collect(),
        }
    }
}

/// A percentage may exceed a hundred, but is neither negative nor absurdly large.
fn is_percent(percent: f64) -> bool {
    (0.0..=10_000.0).contains(&percent)
}

fn size_of(root: &Value) -> Option<u64> {
    root.pointer("/context_window/context_window_size")?.as_u64().filter(|size| *size > 0)
}

/// The fill of the context window in percent, from the tokens of the last response and the size of the window.
fn used_of(root: &Value) -> Option<f64> {
    let size = size_of(root)?;
    let last = root.pointer("/context_window/current_usage")?;
    let bucket = |name: &str| last.get(name).and_then(Value::as_u64).unwrap_or(0);
    let names = ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"];
    let used = names.iter().fold(0_u64, |sum, name| sum.saturating_add(bucket(name)));
    (used > 0).then(|| (used as f64 / size as f64 * 100.0).min(100.0))
}

fn window(root: &Value, name: &str, minutes: u32) -> Option<RateLimitWindow> {
    let limit = root.get("rate_limits")?.get(name)?;
    let used_percent = limit.get("used_percentage")?.as_f64().filter(|percent| is_percent(*percent))?;
    let resets_at = limit.get("resets_at").and_then(moment);
    Some(RateLimitWindow { minutes, used_percent, resets_at })
}

/// A time in seconds, whole or not, or as RFC 3339 text.
fn moment(value: &Value) -> Option<Timestamp> {
    let at = match value {
        Value::Number(number) => Timestamp::from_float_seconds(number.as_f64()?)?,
        Value::String(text) => Timestamp::from_millis(text.parse::<jiff::Timestamp>().ok()?.as_millisecond()),
        _ => return None,
    };
    (at >= Timestamp::EARLIEST).then_some(at)
}

/// The rate limits of the account in the form of the ledger. A window after its reset is no reading.
pub fn observed_limits(input: &StatuslineInput, now: Timestamp) -> Vec<RateLimit> {
    let windows: Vec<RateLimitWindow> =
        input.limits.iter().copied().filter(|window| window.is_current(now, now)).collect();
    if windows.is_empty() { Vec::new() } else { vec![RateLimit { limit: "claude".into(), plan: None, windows }] }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &[u8] = br#"{"session_id":"s1","model":{"id":"claude-opus-4-8","display_name":"Opus 4.8"},
        "cost":{"total_cost_usd":1.25,"total_duration_ms":3600000},
        "context_window":{"context_window_size":200000,"used_percentage":42,"current_usage":null},
        "rate_limits":{"five_hour":{"used_percentage":23.5,"resets_at":1795273200},"seven_day":{"used_percentage":101}}}"#;

    #[test]
    fn every_part_of_a_status_is_read() {
        let input = StatuslineInput::parse(WHOLE).unwrap();
        assert_eq!(input.model, Some("Opus 4.8".into()));
        assert_eq!(input.cost, Some(PicoUsd::new(1_250_000_000_000)));
        assert_eq!((input.context_percent, input.context_size), (Some(42.0), Some(200_000)));
        let [limit] = &observed_limits(&input, Timestamp::EARLIEST)[..] else { panic!("one account") };
        assert_eq!(limit.windows[0].minutes, 300);
        assert_eq!(limit.windows[0].resets_at, Some(Timestamp::from_millis(1_795_273_200_000)));
        assert_eq!(limit.windows[1], RateLimitWindow { minutes: 10_080, used_percent: 101.0, resets_at: None });
    }

    #[test]
    fn only_a_part_of_the_wrong_type_is_ignored() {
        let input = StatuslineInput::parse(
            br#"{"session_id":7,"model":"opus","cost":{"total_cost_usd":"1"},"context_window":[],
                "rate_limits":{"five_hour":{"used_percentage":-1},"seven_day":{"used_percentage":5,"resets_at":-9e300}}}"#,
        )
        .unwrap();
        let limits = vec![RateLimitWindow { minutes: 10_080, used_percent: 5.0, resets_at: None }];
        assert_eq!(input, StatuslineInput { model: Some("opus".into()), limits, ..StatuslineInput::default() });
    }

    #[test]
    fn a_missing_context_percentage_is_computed() {
        let of = |json: &str| StatuslineInput::parse(json.as_bytes()).unwrap().context_percent;
        let usage = r#"{"input_tokens":10,"cache_creation_input_tokens":20,"cache_read_input_tokens":70}"#;
        let json = format!(r#"{{"context_window":{{"context_window_size":200,"current_usage":{usage}}}}}"#);
        assert_eq!(of(&json), Some(50.0));
        assert_eq!(of(r#"{"context_window":{"remaining_percentage":25}}"#), Some(75.0));
        assert_eq!(of(r#"{"context_window":{"context_window_size":0,"current_usage":{"input_tokens":1}}}"#), None);
    }

    #[test]
    fn a_text_that_is_no_json_object_is_no_status() {
        let deep = "[".repeat(100_000);
        for json in ["", "null", "[1]", "{\"a\":", "\u{0}", deep.as_str()] {
            assert_eq!(StatuslineInput::parse(json.as_bytes()), None, "{json:.20}");
        }
        assert_eq!(StatuslineInput::parse(b"\xff\xfe{}"), None);
        assert_eq!(observed_limits(&StatuslineInput::default(), Timestamp::EARLIEST), []);
    }
}
