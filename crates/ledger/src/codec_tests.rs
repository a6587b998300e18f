//! Summaries survive being written, and other bytes are refused.

use proptest::prelude::*;

use crate::codec::DamagedBlob;
use crate::file_summary::FileSummary;
use crate::testing::{CLIENT, CLIENTS, OTHER, response, summaries, summary};
use xxhash_rust::xxh3::xxh3_64;

/// The blob with a true checksum, so that what is behind it is tried.
fn sealed(mut blob: Vec<u8>) -> Vec<u8> {
    if blob.len() >= 9 {
        let sum = xxh3_64(&blob[9..]).to_le_bytes();
        blob[1..9].copy_from_slice(&sum);
    }
    blob
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_summary_survives_being_written(summary in summaries()) {
        prop_assert_eq!(FileSummary::decode(&summary.encode(), CLIENTS), Ok(summary));
    }

    #[test]
    fn a_damaged_blob_is_known_as_such(summary in summaries(), at in any::<prop::sample::Index>(), bits in 1_u8..) {
        let mut blob = summary.encode();
        let at = at.index(blob.len());
        blob[at] ^= bits;
        prop_assert_eq!(FileSummary::decode(&blob, CLIENTS), Err(DamagedBlob));
    }

    #[test]
    fn a_forged_blob_does_no_harm(
        summary in summaries(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut blob = summary.encode();
        for (at, byte) in changes {
            let at = at.index(blob.len());
            blob[at] = byte;
        }
        let _ = FileSummary::decode(&sealed(blob.clone()), CLIENTS);
        blob.truncate(cut.index(blob.len()));
        let _ = FileSummary::decode(&sealed(blob), CLIENTS);
    }

    #[test]
    fn random_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = FileSummary::decode(&sealed([&[1; 9][..], &bytes].concat()), CLIENTS);
    }
}

#[test]
fn a_count_beyond_the_bytes_that_are_there_allocates_nothing() {
    // No texts, no names, no sessions, and as many turns as there can be numbers.
    let mut blob = vec![1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    blob.extend([0xff; 9]);
    blob.push(1);
    assert_eq!(FileSummary::decode(&sealed(blob), CLIENTS), Err(DamagedBlob));
}

#[test]
fn what_refers_to_nothing_is_damaged() {
    let mut strange = summary("s", 1..3);
    strange.responses[1].session = 1;
    assert_eq!(FileSummary::decode(&strange.encode(), CLIENTS), Err(DamagedBlob));
    let nameless = FileSummary { names: Vec::new(), ..summary("s", 1..3) };
    assert_eq!(FileSummary::decode(&nameless.encode(), CLIENTS), Err(DamagedBlob));
}

#[test]
fn a_client_that_this_program_does_not_know_is_not_decoded_as_another() {
    let blob = summary("s", 1..3).encode();
    assert_eq!(FileSummary::decode(&blob, &[OTHER]), Err(DamagedBlob));
    assert!(FileSummary::decode(&blob, &[OTHER, CLIENT]).is_ok());
}

#[test]
fn a_usual_response_takes_thirty_bytes() {
    let size = |responses| summary("s", 0..responses).encode().len();
    let each = (size(1100) - size(100)) / 1000;
    assert!(each <= 30, "{each} bytes");
}

#[test]
fn the_first_response_is_written_like_any_other() {
    let first = FileSummary { responses: vec![response(0)], ..summary("s", []) };
    assert_eq!(FileSummary::decode(&first.encode(), CLIENTS), Ok(first));
}
