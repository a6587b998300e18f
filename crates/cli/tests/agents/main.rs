//! agtop over real processes that look like agents: each is found once, as what it is, with the session that it works
//! on, whatever started it and whatever becomes of it.

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
