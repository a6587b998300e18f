//! agtop on homes that the testkit builds: its figures equal what was written, its JSON matches the schemas, and
//! hostile files do not stop it.

#[cfg(test)]
mod alerts;
#[cfg(test)]
mod completion;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod doctor;
#[cfg(test)]
mod explain;
#[cfg(test)]
mod hooks;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod loopback;
#[cfg(test)]
mod pipes;
#[cfg(test)]
mod prices;
#[cfg(test)]
mod program;
#[cfg(test)]
mod reports;
#[cfg(test)]
mod schemas;
#[cfg(test)]
mod sinks;
#[cfg(test)]
mod support;
#[cfg(test)]
mod truth;
