//! The twin for platforms without a file of their own: it knows how many processors there are, and nothing else.

use std::sync::Arc;

use agtop_model::{Gap, Process, System};

use crate::{Caps, Os, OsError};

/// A platform that agtop does not know. Transcripts are read there as everywhere; processes are not.
#[derive(Clone, Copy, Debug, Default)]
pub struct UnknownOs;

impl Os for UnknownOs {
    fn caps(&self) -> Caps {
        Caps::NONE
    }

    fn processes(&mut self) -> Result<Vec<Arc<Process>>, OsError> {
        Err(OsError::Unsupported)
    }

    fn system(&mut self) -> System {
        System {
            cpus: crate::processors(),
            cpu_percent: Err(Gap::Unsupported),
            memory_total: Err(Gap::Unsupported),
            memory_available: Err(Gap::Unsupported),
            swap_total: Err(Gap::Unsupported),
            swap_used: Err(Gap::Unsupported),
            load: Err(Gap::Unsupported),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_platform_says_so_instead_of_showing_zeros() {
        let mut os = UnknownOs;
        assert_eq!(os.caps().processes, crate::Support::None);
        assert!(matches!(os.processes(), Err(OsError::Unsupported)));
        let system = os.system();
        assert!(system.cpus >= 1);
        assert_eq!(system.memory_total, Err(Gap::Unsupported));
        assert_eq!(system.cpu_percent, Err(Gap::Unsupported));
    }
}
