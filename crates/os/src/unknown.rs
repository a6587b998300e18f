//! Platforms without a file of their own. Only the number of processors is known.

use std::sync::Arc;

use agtop_model::{Gap, HostMetrics, OpenFiles, ProcId, Process, Reading, Sockets};

use crate::{Caps, Os, OsError, Signal};

/// A platform that agtop has no support for. It reads transcripts there as everywhere, but no processes.
#[derive(Clone, Copy, Debug, Default)]
pub struct UnknownOs;

impl Os for UnknownOs {
    fn caps(&self) -> Caps {
        Caps::NONE
    }

    fn processes(&mut self) -> Result<Vec<Arc<Process>>, OsError> {
        Err(OsError::Unsupported)
    }

    fn open_files(&mut self, _id: ProcId) -> Reading<OpenFiles> {
        Err(Gap::Unsupported)
    }

    fn sockets(&mut self, ids: &[ProcId]) -> Vec<Reading<Sockets>> {
        vec![Err(Gap::Unsupported); ids.len()]
    }

    fn signal(&mut self, _id: ProcId, signal: Signal) -> Result<(), OsError> {
        Err(OsError::NoSuchSignal(signal))
    }

    fn system(&mut self) -> HostMetrics {
        HostMetrics {
            cpus: crate::processors::processors(),
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
    fn an_unknown_platform_reports_gaps_and_not_zeros() {
        let mut os = UnknownOs;
        assert_eq!(os.caps().processes, crate::Support::None);
        assert!(matches!(os.processes(), Err(OsError::Unsupported)));
        let id = ProcId { pid: 7, started: 0 };
        assert_eq!(os.open_files(id), Err(Gap::Unsupported));
        assert_eq!(os.sockets(&[id, id]), [Err(Gap::Unsupported), Err(Gap::Unsupported)]);
        assert!(matches!(os.signal(id, Signal::Kill), Err(OsError::NoSuchSignal(Signal::Kill))));
        let system = os.system();
        assert!(system.cpus >= 1);
        assert_eq!(system.memory_total, Err(Gap::Unsupported));
        assert_eq!(system.cpu_percent, Err(Gap::Unsupported));
    }
}
