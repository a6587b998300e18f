//! Numbers as lengths on the screen.

/// A number as a count: 0 if it is negative or NaN.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates as intended")]
pub(crate) fn whole(number: f64) -> u64 {
    number.max(0.0) as u64
}

/// A length on the screen.
pub(crate) fn cols(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}

/// How many of `steps` a share from 0 to 1 fills; a share above 0 fills at least one.
pub(crate) fn steps(share: f64, steps: usize) -> usize {
    if share.is_nan() || share <= 0.0 {
        return 0;
    }
    let filled = usize::try_from(whole((share.min(1.0) * steps as f64).round())).unwrap_or(steps);
    filled.clamp(usize::from(steps > 0), steps)
}
