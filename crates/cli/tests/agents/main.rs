//! agtop with real processes that look like agents: it finds each one once, with its client and its session, however it
//! was started and whatever happens to it.

use std::process::ExitCode;

#[cfg(unix)]
#[cfg(test)]
mod alerts;
#[cfg(unix)]
#[cfg(test)]
mod beside;
#[cfg(unix)]
#[cfg(test)]
mod changes;
#[cfg(unix)]
#[cfg(test)]
mod joins;
#[cfg(unix)]
#[cfg(test)]
mod log;
#[cfg(unix)]
#[cfg(test)]
#[path = "../homes/loopback.rs"]
mod loopback;
#[cfg(unix)]
#[cfg(test)]
mod machine;
#[cfg(unix)]
#[cfg(test)]
#[path = "../homes/program.rs"]
mod program;

#[cfg(unix)]
#[cfg(test)]
fn main() -> ExitCode {
    if let Some(ended) = agtop_testkit::run_fake_agent() {
        return ended;
    }
    let tests = [joins::TESTS, changes::TESTS, alerts::TESTS, beside::TESTS, log::TESTS].concat();
    let trials = tests.into_iter().map(|(name, test)| {
        libtest_mimic::Trial::test(name, move || {
            test();
            Ok(())
        })
    });
    libtest_mimic::run(&libtest_mimic::Arguments::from_args(), trials.collect()).exit_code()
}

#[cfg(not(all(unix, test)))]
fn main() -> ExitCode {
    ExitCode::SUCCESS
}
