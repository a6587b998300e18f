//! The quota view: how much of each account's rate limits is used, and when they will be used up.

mod draw;
mod forecast;
mod history;

pub(crate) use draw::QuotaView;
pub(crate) use forecast::used_up_in;
pub(crate) use history::QuotaHistory;
