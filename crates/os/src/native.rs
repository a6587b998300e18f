use crate::Os;
use crate::this_machine::this_machine;

/// The platform agtop runs on.
#[cfg(not(feature = "testing"))]
pub fn native() -> Box<dyn Os> {
    this_machine()
}

/// The platform agtop runs on, or the part of it that a test has set up.
#[cfg(feature = "testing")]
pub fn native() -> Box<dyn Os> {
    crate::testing::restricted(this_machine())
}
