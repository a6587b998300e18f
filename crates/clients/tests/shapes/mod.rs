//! The shapes of processes that recognition is tested with: the names of each client in every form that a program with
//! such a name takes. The fuzz target includes this file.

mod process;

use agtop_clients::{clients, recognise};
use agtop_model::{ClientId, Process, ProcessRole, Untrusted};

pub(crate) use process::process;

/// Forms of one program: the executable, and the arguments. `NAME` stands for the program's name.
const PROGRAM_FORMS: &[(&str, &[&str])] = &[
    ("/usr/bin/NAME", &["NAME"]),
    ("/usr/bin/NAME (deleted)", &["/usr/bin/NAME"]),
    ("/nix/store/abc-NAME-0.60.1/bin/.NAME-wrapped", &["NAME"]),
    ("/nix/store/abc-NAME-0.60.1/bin/.NAME-wrapped", &["/nix/store/abc-NAME-0.60.1/bin/.NAME-wrapped"]),
    ("/gnu/store/abc-NAME-0.60.1/bin/.NAME-real", &["/gnu/store/abc-NAME-0.60.1/bin/.NAME-real"]),
    ("/opt/bin/NAME-linux-x64", &["/opt/bin/NAME-linux-x64"]),
    ("/opt/bin/NAME-darwin-arm64", &["./NAME-darwin-arm64"]),
    ("/opt/bin/NAME-x86_64-unknown-linux-musl", &["NAME-x86_64-unknown-linux-musl"]),
    ("/home/u/bin/NAME-0.60.1", &["NAME-0.60.1"]),
    ("/home/u/bin/NAME-v0.60.1-linux-amd64", &["x"]),
    ("/opt/other/launcher", &["NAME"]),
    ("/lib64/ld-linux-x86-64.so.2", &["/opt/bin/NAME"]),
    ("/usr/bin/node", &["NAME"]),
    ("-", &["NAME"]),
    ("-", &["/opt/bin/NAME-0.60.1"]),
    (r"C:\bin\NAME.exe", &[r"C:\bin\NAME.exe"]),
    (r"C:\bin\NAME-win32-x64.exe", &["NAME"]),
];

/// Forms of a command that Node.js runs.
const COMMAND_FORMS: &[(&str, &[&str])] = &[
    ("/usr/bin/node", &["node", "/usr/bin/NAME"]),
    ("/usr/bin/node22", &["node22", "--enable-source-maps", "/home/u/.npm/_npx/650f1a1d/node_modules/.bin/NAME"]),
    ("/nix/store/abc-nodejs/bin/node", &["node", "/nix/store/abc/bin/.NAME-wrapped"]),
    ("/home/u/.bun/bin/bun", &["bun", "run", "/home/u/.bun/bin/NAME"]),
    ("-", &["node", "/home/u/bin/NAME-0.60.1"]),
];

/// Forms of an npm package.
const PACKAGE_FORMS: &[(&str, &[&str])] = &[
    ("/usr/bin/node", &["node", "/usr/lib/node_modules/NAME/dist/index.js"]),
    ("/usr/bin/node", &["node", "/x/.pnpm/a@1/node_modules/NAME/dist/index.js"]),
    (r"C:\nodejs\node.exe", &["node", r"C:\npm\node_modules\NAME\cli.js"]),
    ("/home/u/.deno/bin/deno", &["deno", "run", "-A", "npm:NAME@0.60.1"]),
];

/// Forms of a command that Python runs.
const PYTHON_FORMS: &[(&str, &[&str])] = &[
    ("/usr/bin/python3.12", &["/usr/bin/python3", "/home/u/.local/bin/NAME"]),
    ("/nix/store/abc/bin/python3.12", &["/nix/store/abc/bin/python3.12", "/nix/store/abc/bin/.NAME-wrapped"]),
    ("/usr/bin/python3.12", &["python3", "-m", "NAME"]),
];

/// Processes that contain the name, and are other programs.
const FOREIGN_FORMS: &[(&str, &[&str])] = &[
    ("/usr/bin/bash", &["bash", "/usr/bin/NAME"]),
    ("/usr/bin/bash", &["NAME"]),
    ("/usr/bin/NAME-squad", &["NAME-squad"]),
    ("/usr/bin/NAMEx", &["NAMEx"]),
    ("/usr/bin/my-NAME", &["my-NAME"]),
    ("/usr/bin/.NAME", &[".NAME"]),
    ("/usr/bin/vim", &["vim", "NAME"]),
    ("/usr/bin/node", &["node", "/srv/NAME.js"]),
    ("/usr/bin/node", &["node", "NAME"]),
    ("/usr/bin/python3.12", &["python3", "/srv/NAME.py"]),
];

/// A process, and the client whose agent it is.
#[derive(Debug)]
pub(crate) struct ProcessShape {
    pub(crate) process: Process,
    /// `None` for another program, though its command line has the name of a client.
    pub(crate) client: Option<ClientId>,
}

/// Every name of every client in every form.
pub(crate) fn process_shapes() -> Vec<ProcessShape> {
    let mut shapes = Vec::new();
    for client in clients() {
        let (id, signature) = (client.info().id, client.signature());
        let forms = [
            (PROGRAM_FORMS, signature.programs, Some(id)),
            (COMMAND_FORMS, signature.node_commands, Some(id)),
            (PACKAGE_FORMS, signature.npm_packages, Some(id)),
            (PYTHON_FORMS, signature.python_commands, Some(id)),
            (FOREIGN_FORMS, signature.programs, None),
        ];
        for (forms, names, client) in forms {
            // A module name with a dot is not a command name.
            let names = names.iter().filter(|name| client.is_none() || !name.contains('.'));
            let processes = names.flat_map(|name| forms.iter().map(move |form| named_process(form, name)));
            shapes.extend(processes.map(|process| ProcessShape { process, client }));
        }
    }
    shapes
}

fn named_process((exe, argv): &(&str, &[&str]), name: &str) -> Process {
    let named = |text: &str| text.replace("NAME", name);
    process("MainThread".into(), &named(exe), argv.iter().map(|arg| named(arg).as_str().into()).collect())
}

impl ProcessShape {
    /// What is wrong about the verdict on this process; `None` if it is an agent of its client, or of none.
    pub(crate) fn mistake(&self) -> Option<String> {
        let expected = self.client.map(|client| (client, ProcessRole::Agent));
        let Process { exe, argv, .. } = &self.process;
        let verdict = recognise(&self.process);
        (verdict != expected).then(|| format!("{exe:?} {argv:?} is {verdict:?} and not {expected:?}"))
    }

    /// The same after further arguments: they may change the role of a client's process, but not the client.
    pub(crate) fn mistake_with(&self, further: &[Untrusted]) -> Option<String> {
        let mut process = self.process.clone();
        process.argv.extend_from_slice(further);
        let verdict = recognise(&process).map(|(client, _)| client);
        let Process { exe, argv, .. } = &process;
        (verdict.is_some() && verdict != self.client)
            .then(|| format!("{exe:?} {argv:?} is of {verdict:?} and not of {:?}", self.client))
    }
}
