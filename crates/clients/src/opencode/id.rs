//! The id of the client.

use agtop_model::ClientId;

/// Its id.
pub(crate) const ID: ClientId = ClientId::new("opencode");
