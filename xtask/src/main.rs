//! Chores of this repository: generated files, checks, and the test corpus.

mod bench;
#[cfg(unix)]
mod beside;
mod clients;
mod corpus;
mod layers;
mod newcomer;
mod prices;
mod targets;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Chores of the agtop repository")]
struct Args {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Turn LiteLLM's price list into the compact table that agtop carries
    Prices(prices::Args),
    /// Check that crates depend only on the layers below them
    Layers(layers::Args),
    /// Write the README's table of what can be known of each agent
    Clients(clients::Args),
    /// Write a home of made-up agents with a known truth beside it
    Corpus(corpus::Args),
    /// Time agtop on a home, beside the peers that are installed
    Bench(bench::Args),
    /// Run a command while eight made-up agents run beside it
    #[cfg(unix)]
    BesideAgents(beside::Args),
    /// Add the made-up agent of CONTRIBUTING.md to a copy of the repository, build it and run its tests
    Newcomer,
    /// Check that agtop compiles for every platform it is written for
    Targets(targets::Args),
}

fn main() -> anyhow::Result<ExitCode> {
    #[cfg(unix)]
    if let Some(ended) = agtop_testkit::run_fake_agent() {
        return Ok(ended);
    }
    match Args::parse().chore {
        Chore::Prices(args) => prices::run(&args),
        Chore::Layers(args) => layers::run(&args),
        Chore::Clients(args) => clients::run(&args),
        Chore::Corpus(args) => corpus::run(&args),
        Chore::Bench(args) => bench::run(&args),
        #[cfg(unix)]
        Chore::BesideAgents(args) => return beside::run(&args),
        Chore::Newcomer => newcomer::run(),
        Chore::Targets(args) => targets::run(&args),
    }?;
    Ok(ExitCode::SUCCESS)
}
