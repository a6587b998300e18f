use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The environment in which clients keep their files; the caller passes it in.
#[derive(Clone, Debug, Default)]
pub struct Env {
    /// The user's home directory.
    pub home: PathBuf,
    /// Environment variables.
    pub vars: BTreeMap<String, OsString>,
    /// Work directories with the roots of their git repositories, from live processes and the configuration. Clients
    /// without a global index keep their files there.
    pub work_dirs: Vec<PathBuf>,
}

impl Env {
    /// The variable, unless it is unset or empty.
    pub fn var(&self, name: &str) -> Option<&std::ffi::OsStr> {
        self.vars.get(name).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// A directory named by a variable; a leading `~/` is the home directory.
    pub fn dir(&self, name: &str) -> Option<PathBuf> {
        self.var(name).map(|value| self.expand(Path::new(value)))
    }

    /// Directories that a variable lists, separated by commas.
    pub fn dirs(&self, name: &str) -> Vec<PathBuf> {
        let Some(value) = self.var(name) else { return Vec::new() };
        let value = value.to_string_lossy();
        value
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(|part| self.expand(Path::new(part)))
            .collect()
    }

    /// `$XDG_DATA_HOME`, or `~/.local/share` on every platform: agents use it on macOS and Windows too.
    pub fn data_home(&self) -> PathBuf {
        self.dir("XDG_DATA_HOME").unwrap_or_else(|| self.home.join(".local/share"))
    }

    /// `$XDG_CONFIG_HOME`, or `~/.config`.
    pub fn config_home(&self) -> PathBuf {
        self.dir("XDG_CONFIG_HOME").unwrap_or_else(|| self.home.join(".config"))
    }

    /// Where desktop programs, including editors, keep their data on Linux, macOS and Windows.
    pub(crate) fn desktop_homes(&self) -> [PathBuf; 3] {
        let roaming = self.dir("APPDATA").unwrap_or_else(|| self.home.join("AppData/Roaming"));
        [self.config_home(), self.home.join("Library/Application Support"), roaming]
    }

    /// Where the extension with this id keeps its files, in VS Code and its variants on every platform.
    pub(crate) fn extension_storages(&self, id: &str) -> Vec<PathBuf> {
        let desktop = self.desktop_homes();
        let of_editors = desktop.iter().flat_map(|home| VSCODE_EDITORS.iter().map(|editor| home.join(editor)));
        let of_servers = VSCODE_SERVERS.iter().map(|server| self.home.join(server));
        of_editors.chain(of_servers).map(|data| data.join("User/globalStorage").join(id)).collect()
    }

    fn expand(&self, path: &Path) -> PathBuf {
        path.strip_prefix("~").map_or_else(|_| path.to_owned(), |rest| self.home.join(rest))
    }
}

/// Editors with VS Code's extensions, by the names of their directories.
const VSCODE_EDITORS: &[&str] = &["Code", "Code - Insiders", "VSCodium", "Cursor", "Windsurf"];

/// Data directories of VS Code's server, on a machine that is used remotely.
const VSCODE_SERVERS: &[&str] = &[".vscode-server/data", ".vscode-server-insiders/data", ".cursor-server/data"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_split_at_commas_and_tildes_are_home() {
        let mut env = Env { home: "/home/u".into(), ..Env::default() };
        env.vars.insert("DIRS".into(), " ~/a , /b,, ".into());
        assert_eq!(env.dirs("DIRS"), [PathBuf::from("/home/u/a"), PathBuf::from("/b")]);
    }

    #[test]
    fn an_empty_variable_is_unset() {
        let mut env = Env { home: "/home/u".into(), ..Env::default() };
        env.vars.insert("XDG_DATA_HOME".into(), "".into());
        assert_eq!(env.data_home(), PathBuf::from("/home/u/.local/share"));
    }
}
