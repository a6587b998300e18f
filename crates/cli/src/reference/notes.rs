//! What the definition of the command line does not hold: exit codes, variables and files.

/// Statements about the whole program, each a term and what it means.
pub(super) struct Notes {
    pub(super) heading: &'static str,
    pub(super) terms: &'static [(&'static str, &'static str)],
}

pub(super) const NOTES: &[Notes] = &[
    Notes {
        heading: "Exit status",
        terms: &[
            ("0", "success"),
            ("1", "a check found something (doctor, config check, ledger verify, prices), or the command failed"),
            ("2", "the command line, the environment or the configuration is invalid"),
            ("3", "--watch: the processor time of all agents exceeded --threshold-cpu"),
            ("4", "--watch: the tokens per minute exceeded --threshold-tokens-rate"),
            ("5", "report: the current period cost more than --budget"),
        ],
    },
    Notes {
        heading: "Environment",
        terms: &[
            ("AGTOP_MATCH", "matchers as -m takes them, with ';' between them; they add to the others"),
            ("AGTOP_PRICES", "a TOML file with your own prices; --prices wins"),
            ("AGTOP_LOG", "the level of --log-file: error, warn, info (the default), debug or trace"),
            ("AGTOP_DATA_DIR", "the directory of the ledger"),
            ("AGTOP_TAG", "set for an agent: what you call its sessions, as its hooks report it"),
            ("AGTOP_COMPLETE", "set by completion scripts: the shell that asks what may follow"),
            ("NO_COLOR", "do not use colours, as --no-color"),
            ("XDG_CONFIG_HOME", "the directory of configurations instead of ~/.config"),
            ("XDG_CACHE_HOME", "the directory of fetched price lists and logos instead of ~/.cache"),
            ("XDG_DATA_HOME", "the directory of data instead of ~/.local/share"),
        ],
    },
    Notes {
        heading: "Files",
        terms: &[
            ("~/.config/agtop/config.toml", "the configuration; agtop config init writes one with every key explained"),
            ("~/.local/share/agtop/ledger.db", "the ledger: the usage of transcripts, deleted ones included"),
            ("~/.cache/agtop", "fetched price lists and logos"),
        ],
    },
];
