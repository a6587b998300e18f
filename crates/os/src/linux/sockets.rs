//! Which process has which connections. The tables of a network namespace are read once for all processes in it.

use std::os::fd::OwnedFd;

use agtop_model::{Gap, ProcId, Reading, Sockets};

use super::descriptors;
use super::process_dir::directory_of;
use super::procfs::{ProcFs, gap};
use super::tcp::SocketHolders;
use crate::open_files::sort_ports;

/// A process and the sockets it holds.
struct SocketHolder {
    /// Its position among the requested processes.
    position: usize,
    directory: OwnedFd,
    /// The text of the link that identifies the network namespace.
    namespace: Vec<u8>,
    inodes: Vec<u64>,
}

/// The connections of these processes. A socket that a process was given from another network namespace is not in the
/// tables of its own, and is not counted.
pub(super) fn of(fs: &mut ProcFs, ids: &[ProcId]) -> Vec<Reading<Sockets>> {
    let mut readings = vec![Ok(Sockets::default()); ids.len()];
    let mut holders = Vec::new();
    for (position, (&id, reading)) in ids.iter().zip(&mut readings).enumerate() {
        match read_holder(fs, id, position) {
            Ok(holder) => holders.push(holder),
            Err(gap) => *reading = Err(gap),
        }
    }
    // A process without sockets needs no table.
    holders.retain(|holder| !holder.inodes.is_empty());
    holders.sort_by(|one, other| one.namespace.cmp(&other.namespace));
    for group in holders.chunk_by(|one, other| one.namespace == other.namespace) {
        let counts = count_connections(group);
        for (number, holder) in group.iter().enumerate() {
            if let Some(reading) = readings.get_mut(holder.position) {
                *reading = counts.as_ref().map_err(|&gap| gap).map(|all| all.get(number).cloned().unwrap_or_default());
            }
        }
    }
    readings
}

fn read_holder(fs: &mut ProcFs, id: ProcId, position: usize) -> Reading<SocketHolder> {
    let directory = directory_of(fs, id)?;
    let inodes = descriptors::socket_inodes(fs, &directory)?;
    let namespace = fs.link(&directory, c"ns/net").map_err(gap)?.to_vec();
    Ok(SocketHolder { position, directory, namespace, inodes })
}

/// Counts the connections of the processes of one namespace. It reads the tables through the first of them that still
/// runs.
fn count_connections(group: &[SocketHolder]) -> Reading<Vec<Sockets>> {
    let pairs = group.iter().enumerate();
    let pairs = pairs.flat_map(|(number, holder)| holder.inodes.iter().map(move |&inode| (inode, number)));
    let holders = SocketHolders::new(pairs.collect());
    let mut answer = Err(Gap::NotReported);
    for holder in group {
        let mut sockets = vec![Sockets::default(); group.len()];
        answer = holders.count_in(&holder.directory, &mut sockets).map(|()| sockets).map_err(gap);
        if answer != Err(Gap::NotReported) {
            break;
        }
    }
    answer.map(|mut all| {
        all.iter_mut().for_each(sort_ports);
        all
    })
}
