//! A change to a settings file keeps links, permissions and former bytes, and either happens completely or not at all.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "what fails in a test fails the test")]

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use agtop_clients::{Env, HookCommand, HookScope, HookStatus, SettingsFile};
use agtop_hooks::settings::{install, status, uninstall};

/// A home directory with Claude Code's settings in it.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        fs::create_dir(home.0.path().join(".claude")).unwrap();
        home
    }

    fn with(text: &str) -> Self {
        let home = Self::new();
        fs::write(home.path(), text).unwrap();
        home
    }

    fn path(&self) -> PathBuf {
        self.0.path().join(".claude/settings.json")
    }

    fn file(&self, client: &str) -> SettingsFile {
        let env = Env { home: self.0.path().to_owned(), ..Env::default() };
        agtop_clients::client(client).unwrap().hooks().unwrap().files(&env, HookScope::User).remove(0)
    }

    fn claude(&self) -> SettingsFile {
        self.file("claude")
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path().join(".claude")).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort_unstable();
        names
    }
}

fn agtop(path: &str) -> HookCommand {
    HookCommand::new(Path::new(path)).unwrap()
}

const TEXTS: [&str; 6] = [
    "",
    "{}",
    "{\"hooks\":{\"Stop\":[]}}",
    "{ \"b\":1,\n\n\t\"a\" : [ ] }  ",
    "// mine\r\n{\r\n  \"model\": \"opus\", // why\r\n}\r\n",
    "\u{feff}{\"hooks\":{\"Stop\":[{\"hooks\":[{\"type\":\"command\",\"command\":\"say done\"}]}]}}\n",
];

#[test]
fn uninstalling_restores_the_former_bytes() {
    for text in TEXTS {
        let home = Home::with(text);
        install(&home.claude(), &agtop("/old/agtop")).unwrap().apply().unwrap();
        install(&home.claude(), &agtop("/new/agtop")).unwrap().apply().unwrap();
        assert_eq!(status(&home.claude(), &agtop("/new/agtop")).unwrap(), HookStatus::Installed);
        assert!(install(&home.claude(), &agtop("/new/agtop")).unwrap().is_none(), "the second time changes nothing");
        assert_eq!(home.names(), ["settings.json", "settings.json.agtop-backup"]);
        uninstall(&home.claude()).unwrap().apply().unwrap();
        assert_eq!(fs::read_to_string(home.path()).unwrap(), text);
        assert_eq!(home.names(), ["settings.json"], "the backup is removed");
    }
}

#[test]
fn a_file_that_install_created_is_removed_by_uninstall() {
    let home = Home::new();
    for client in ["claude", "codex", "gemini", "qwen", "copilot", "opencode"] {
        let file = home.file(client);
        install(&file, &agtop("/bin/agtop")).unwrap().apply().unwrap();
        assert_eq!(status(&file, &agtop("/bin/agtop")).unwrap(), HookStatus::Installed, "{client}");
        uninstall(&file).unwrap().apply().unwrap();
        assert!(!file.path.exists(), "{client}");
        assert!(uninstall(&file).unwrap().is_none());
    }
}

#[test]
fn a_later_change_survives_uninstall() {
    let home = Home::with("{\"model\": \"opus\"}\n");
    install(&home.claude(), &agtop("/bin/agtop")).unwrap().apply().unwrap();
    let changed = fs::read_to_string(home.path()).unwrap().replace("opus", "sonnet");
    fs::write(home.path(), changed).unwrap();
    uninstall(&home.claude()).unwrap().apply().unwrap();
    let text = fs::read_to_string(home.path()).unwrap();
    assert!(text.contains("sonnet") && !text.contains("agtop"), "{text}");
}

#[test]
fn a_link_stays_a_link_and_keeps_its_permissions() {
    let home = Home::new();
    let target = home.0.path().join("dotfiles.json");
    fs::write(&target, "{}").unwrap();
    fs::set_permissions(&target, fs::Permissions::from_mode(0o640)).unwrap();
    symlink(&target, home.path()).unwrap();
    for change in [install(&home.claude(), &agtop("/bin/agtop")), uninstall(&home.claude())] {
        change.unwrap().apply().unwrap();
        assert!(home.path().symlink_metadata().unwrap().is_symlink());
        assert_eq!(fs::metadata(&target).unwrap().mode() & 0o777, 0o640);
    }
    fs::remove_file(&target).unwrap();
    let error = install(&home.claude(), &agtop("/bin/agtop")).unwrap_err().to_string();
    assert!(error.ends_with("is a link that leads nowhere; nothing was changed"), "{error}");
}

#[test]
fn a_read_only_file_is_left_unchanged() {
    let home = Home::with("{}");
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o444)).unwrap();
    let error = install(&home.claude(), &agtop("/bin/agtop")).unwrap().apply().unwrap_err().to_string();
    assert!(error.ends_with("settings.json is read-only; nothing was changed"), "{error}");
    assert_eq!((fs::read_to_string(home.path()).unwrap().as_str(), home.names().len()), ("{}", 1));
}

#[test]
fn invalid_settings_are_left_unchanged_and_the_error_names_the_position() {
    let cases: [(&[u8], &str); 4] = [
        (b"{\n  \"hooks\": []\n}", "settings.json:2:12: hooks is no object"),
        (b"{\"a\": }", "settings.json:1:7: "),
        (b"\xff\xfe{", "is not UTF-8; nothing was changed"),
        (b"[1]", "settings.json:1:1: settings are an object"),
    ];
    for (bytes, message) in cases {
        let home = Home::new();
        fs::write(home.path(), bytes).unwrap();
        let error = install(&home.claude(), &agtop("/bin/agtop")).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
        assert_eq!(fs::read(home.path()).unwrap(), bytes);
        assert_eq!(home.names(), ["settings.json"]);
    }
}

#[test]
fn a_concurrent_change_is_not_overwritten() {
    let home = Home::with("{}");
    let change = install(&home.claude(), &agtop("/bin/agtop")).unwrap();
    fs::write(home.path(), "{\"new\": 1}").unwrap();
    assert!(change.apply().is_err());
    assert_eq!(fs::read_to_string(home.path()).unwrap(), "{\"new\": 1}");
}

#[test]
fn a_directory_in_place_of_the_file_is_refused() {
    let home = Home::new();
    fs::create_dir(home.path()).unwrap();
    assert!(install(&home.claude(), &agtop("/bin/agtop")).is_err());
}
