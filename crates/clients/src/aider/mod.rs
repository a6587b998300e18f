//! Aider.

use agtop_model::{ClientId, Role};

use crate::{Client, ClientInfo, Decoder, Env, ProcFacts, Source, Store};

/// Aider.
pub(crate) struct Aider;

static INFO: ClientInfo = ClientInfo { id: ClientId::new("aider"), name: "Aider", danger_flags: &[], blind_spots: &[] };

impl Client for Aider {
    fn info(&self) -> &'static ClientInfo {
        &INFO
    }

    fn recognise(&self, _process: &ProcFacts<'_>) -> Option<Role> {
        None
    }

    fn stores(&self, _env: &Env) -> Vec<Store> {
        Vec::new()
    }

    fn decoder(&self, _store: &Store, _source: &Source<'_>) -> Box<dyn Decoder> {
        Box::new(Nothing)
    }

    fn session_argument(&self, _process: &ProcFacts<'_>) -> Option<String> {
        None
    }
}

struct Nothing;

impl Decoder for Nothing {
    fn feed(&mut self, _input: crate::Input<'_>, _out: &mut Vec<agtop_model::Event>) -> Result<(), crate::DecodeError> {
        Ok(())
    }
}
