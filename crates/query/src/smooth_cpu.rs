use agtop_model::Agent;

/// Processor use smoothed over the last readings, so that a list sorted by it can be read; each reading counts four
/// tenths against those before it, as in agtop 2.
pub fn smooth_cpu(agent: &Agent) -> Option<f64> {
    let latest = agent.cpu_percent.ok().filter(|percent| percent.is_finite())?;
    let recent = agent.cpu_history.iter().rev().take(12).rev().map(|&percent| f64::from(percent));
    Some(recent.filter(|percent| percent.is_finite()).reduce(|mean, next| 0.6 * mean + 0.4 * next).unwrap_or(latest))
}
