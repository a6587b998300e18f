use std::time::Duration;

use agtop_model::{RateLimitWindow, Timestamp};

/// The time until the window is used up at its average rate so far; `None` if it will reset
/// first, or if too little of it has passed.
pub(crate) fn used_up_in(window: &RateLimitWindow, now: Timestamp) -> Option<Duration> {
    let length = Duration::from_mins(window.minutes.into());
    let left = window.resets_at?.since(now);
    let passed = length.checked_sub(left)?.as_secs_f64();
    if !window.used_percent.is_finite() || window.used_percent <= 0.0 || passed < length.as_secs_f64() / 50.0 {
        return None;
    }
    let per_second = window.used_percent / passed;
    let seconds = ((100.0 - window.used_percent) / per_second).max(0.0);
    Duration::try_from_secs_f64(seconds).ok().filter(|until| *until < left)
}

#[cfg(test)]
mod tests {
    use agtop_demo::DEMO_START;

    use super::*;

    fn window(used: f64, left: u64) -> RateLimitWindow {
        RateLimitWindow {
            minutes: 300,
            used_percent: used,
            resets_at: Some(DEMO_START.plus(Duration::from_secs(left))),
        }
    }

    #[test]
    fn a_window_that_is_used_fast_is_used_up_before_its_reset() {
        // Half of the five hours passed, and three quarters are used: the last quarter lasts 50 minutes.
        assert_eq!(used_up_in(&window(75.0, 9_000), DEMO_START), Some(Duration::from_mins(50)));
        assert_eq!(used_up_in(&window(40.0, 9_000), DEMO_START), None, "it resets first");
        assert_eq!(used_up_in(&window(120.0, 9_000), DEMO_START), Some(Duration::ZERO));
    }

    #[test]
    fn invalid_windows_have_no_forecast() {
        for window in [
            window(f64::NAN, 9_000),
            window(-5.0, 9_000),
            window(50.0, 90_000),
            RateLimitWindow { resets_at: None, ..window(50.0, 1) },
        ] {
            assert_eq!(used_up_in(&window, DEMO_START), None, "{window:?}");
        }
    }
}
