//! The id of the client.

use agtop_model::ClientId;

/// Its id.
pub(super) const ID: ClientId = ClientId::new("goose");
