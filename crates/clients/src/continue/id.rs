//! The id of the client.

use agtop_model::ClientId;

pub(super) const ID: ClientId = ClientId::new("continue");
