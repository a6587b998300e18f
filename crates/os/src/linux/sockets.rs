//! Whose connections are whose: the tables of each network namespace, read once for all processes in it.

use std::os::fd::OwnedFd;

use agtop_model::{Gap, ProcId, Reading, Sockets};

use super::procfs::{ProcFs, gap};
use super::tcp::Holders;
use super::{descriptors, directory_of};

/// A process and the sockets it holds.
struct Holder {
    /// Its place among those asked for.
    place: usize,
    directory: OwnedFd,
    /// The text of the link that tells network namespaces apart.
    namespace: Vec<u8>,
    inodes: Vec<u64>,
}

/// The connections of these processes. A socket that a process was handed from another network namespace than its own
/// is in none of the tables that are read, and not counted.
pub(super) fn of(fs: &mut ProcFs, ids: &[ProcId]) -> Vec<Reading<Sockets>> {
    let mut readings = vec![Ok(Sockets::default()); ids.len()];
    let mut holders = Vec::new();
    for (place, (&id, reading)) in ids.iter().zip(&mut readings).enumerate() {
        match look(fs, id, place) {
            Ok(holder) => holders.push(holder),
            Err(gap) => *reading = Err(gap),
        }
    }
    // Without a socket there is nothing to look for.
    holders.retain(|holder| !holder.inodes.is_empty());
    holders.sort_by(|one, other| one.namespace.cmp(&other.namespace));
    for group in holders.chunk_by(|one, other| one.namespace == other.namespace) {
        let counts = count(group);
        for (number, holder) in group.iter().enumerate() {
            if let Some(reading) = readings.get_mut(holder.place) {
                *reading = counts.as_ref().map_err(|&gap| gap).map(|all| all.get(number).cloned().unwrap_or_default());
            }
        }
    }
    readings
}

fn look(fs: &mut ProcFs, id: ProcId, place: usize) -> Reading<Holder> {
    let directory = directory_of(fs, id)?;
    let inodes = descriptors::socket_inodes(fs, &directory)?;
    let namespace = fs.link(&directory, c"ns/net").map_err(gap)?.to_vec();
    Ok(Holder { place, directory, namespace, inodes })
}

/// Counts for the processes of one namespace, through whichever of them is still there.
fn count(group: &[Holder]) -> Reading<Vec<Sockets>> {
    let pairs = group.iter().enumerate();
    let pairs = pairs.flat_map(|(number, holder)| holder.inodes.iter().map(move |&inode| (inode, number)));
    let holders = Holders::new(pairs.collect());
    let mut answer = Err(Gap::NotReported);
    for holder in group {
        let mut sockets = vec![Sockets::default(); group.len()];
        answer = holders.count_in(&holder.directory, &mut sockets).map(|()| sockets).map_err(gap);
        if answer != Err(Gap::NotReported) {
            break;
        }
    }
    answer.map(|mut all| {
        for sockets in &mut all {
            sockets.listening.sort_unstable();
            sockets.listening.dedup();
        }
        all
    })
}
