//! Tasks of this repository: generated files, checks, benchmarks, and the test corpus.

mod add_agent_guide;
mod bench;
#[cfg(unix)]
mod beside;
mod clients;
mod corpus;
mod docs;
mod generated;
mod layers;
mod package;
mod pictures;
mod prices;
mod process;
mod release;
mod targets;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Tasks of the agtop repository")]
struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Turn LiteLLM's price list into the compact table that agtop carries
    Prices(prices::Args),
    /// Check that crates depend only on layers below them, and files on one another in no circle
    Layers(layers::Args),
    /// Write the README's table of what agtop knows of each agent
    Clients(clients::Args),
    /// Write manual pages, completion scripts, the command line's reference and the configuration's schema
    Docs(docs::Args),
    /// Draw the pictures of the documents from the demo
    Pictures(pictures::Args),
    /// Write a home of fake agents, and the usage that agtop must find there
    Corpus(corpus::Args),
    /// Time agtop on a home, and other programs beside it
    Bench(bench::Args),
    /// Run a command while eight fake agents run beside it
    #[cfg(unix)]
    BesideAgents(beside::Args),
    /// Add the example agent of CONTRIBUTING.md to a copy of the repository, build it and run its tests
    AddAgentGuide,
    /// Make packages, and try those that can be tried on this machine
    Package(package::Args),
    /// Show what a release would publish, and check that it may
    Release(release::Args),
    /// Check that agtop compiles for every platform that it supports
    Targets(targets::Args),
}

fn main() -> anyhow::Result<ExitCode> {
    #[cfg(unix)]
    if let Some(ended) = agtop_testkit::run_fake_agent() {
        return Ok(ended);
    }
    match Args::parse().task {
        Task::Prices(args) => prices::run(&args),
        Task::Layers(args) => layers::run(&args),
        Task::Clients(args) => clients::run(&args),
        Task::Docs(args) => docs::run(&args),
        Task::Pictures(args) => pictures::run(&args),
        Task::Corpus(args) => corpus::run(&args),
        Task::Bench(args) => bench::run(&args),
        #[cfg(unix)]
        Task::BesideAgents(args) => return beside::run(&args),
        Task::AddAgentGuide => add_agent_guide::run(),
        Task::Package(args) => package::run(&args),
        Task::Release(args) => release::run(&args),
        Task::Targets(args) => targets::run(&args),
    }?;
    Ok(ExitCode::SUCCESS)
}
