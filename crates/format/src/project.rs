use agtop_model::{Agent, Untrusted};

/// The project of an agent, as in its column, in one line without control characters.
pub fn project(agent: &Agent) -> String {
    let of_session = agent.session.as_ref().and_then(|session| session.project.clone());
    let of_directory = || {
        let name = agent.process.cwd.as_ref().ok()?.file_name()?;
        Some(Untrusted::from(name.to_string_lossy().into_owned()))
    };
    of_session.or_else(of_directory).map_or_else(|| "no project".to_owned(), |name| name.for_terminal().into_owned())
}
