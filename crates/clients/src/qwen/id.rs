//! The id of the client.

use agtop_model::ClientId;

pub(crate) const ID: ClientId = ClientId::new("qwen");
