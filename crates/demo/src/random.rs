//! Numbers that look random and are the same in every run.

/// A number from 0 to 1 that depends on the seed and the stream only (`SplitMix64`).
pub(crate) fn fraction(seed: usize, stream: u64) -> f64 {
    let mut z =
        (seed as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(stream.wrapping_mul(0xbf58_476d_1ce4_e5b9));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// The number without its fraction; 0 for a negative one.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "never negative, and saturating is right")]
pub(crate) fn whole(number: f64) -> u64 {
    number.max(0.0) as u64
}
