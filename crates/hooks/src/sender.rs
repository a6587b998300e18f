/// The process that sent an event. It belongs to the same user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventSender {
    /// Its process id.
    pub pid: u32,
    /// Its ancestors, the nearest first. The agent whose session the event names must be one of them.
    pub ancestors: Vec<u32>,
    /// How this is known.
    pub proof: SenderProof,
}

/// How it is known which process sent an event, and which are its ancestors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SenderProof {
    /// The kernel reported it.
    Kernel,
    /// The kernel reported it to the agtop that relayed the event.
    Relay,
    /// The sender says so: the event was spooled, or the sender had ended already, or the platform does not report it.
    Claim,
}

impl SenderProof {
    /// Whether it is more than a claim.
    pub const fn is_verified(self) -> bool {
        matches!(self, Self::Kernel | Self::Relay)
    }
}

impl EventSender {
    /// Whether the process with this id is an ancestor of the sender.
    pub fn descends_from(&self, pid: u32) -> bool {
        self.ancestors.contains(&pid)
    }
}
