use std::os::fd::OwnedFd;

use agtop_model::{Gap, ProcId, ProcessState, Reading};

use super::procfs::{self, ProcFs};
use super::stat::{self, Stat};

/// The directory of a process that has not ended. A zombie has ended: it holds nothing open.
pub(super) fn directory_of(fs: &mut ProcFs, id: ProcId) -> Reading<OwnedFd> {
    let directory = fs.process(id.pid).map_err(procfs::gap)?;
    let mut line = [0; stat::MAX_STAT_BYTES];
    let line = procfs::read_start(&directory, c"stat", &mut line).map_err(procfs::gap)?;
    let stat = Stat::parse(line).ok_or(Gap::Failed)?;
    let has_ended = stat.started != id.started || stat.state == ProcessState::Zombie;
    if has_ended { Err(Gap::NotReported) } else { Ok(directory) }
}
