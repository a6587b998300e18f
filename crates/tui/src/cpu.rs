//! Processor use as the screen shows and sorts it.

use agtop_model::Agent;

/// Processor use smoothed over the last readings, so that a list sorted by it can be read; each reading counts four
/// tenths against those before it, as in agtop 2.
pub(crate) fn smoothed_cpu(agent: &Agent) -> Option<f64> {
    let latest = agent.cpu_percent.ok().filter(|percent| percent.is_finite())?;
    let recent = agent.cpu_history.iter().rev().take(12).rev().map(|&percent| f64::from(percent));
    Some(recent.filter(|percent| percent.is_finite()).reduce(|mean, next| 0.6 * mean + 0.4 * next).unwrap_or(latest))
}

#[cfg(test)]
mod tests {
    use agtop_demo as demo;

    use super::*;

    #[test]
    fn processor_use_is_smoothed() {
        let mut agent = demo::crowd(1, 1).agents[0].clone();
        agent.cpu_history = [0.0, 100.0].into();
        agent.cpu_percent = Ok(100.0);
        assert!((smoothed_cpu(&agent).unwrap() - 40.0).abs() < 1e-9);
    }
}
