-- What is known of the ledger itself: the number of the last batch.
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO meta (name, value) VALUES ('generation', 0);

-- One row a transcript, small: a start reads all of them. state: 0 live, 1 gone, 2 what is left of replaced content.
CREATE TABLE files (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    client TEXT NOT NULL,
    path BLOB NOT NULL,
    state INTEGER NOT NULL,
    device INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    size INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    log BLOB,
    head_length INTEGER NOT NULL,
    head_hash INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    fragment INTEGER,
    seen INTEGER NOT NULL,
    last_active INTEGER,
    turns INTEGER NOT NULL,
    generation INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX files_place ON files (path, client, (state = 2));
CREATE INDEX files_generation ON files (generation);

-- What each told: large, so apart.
CREATE TABLE memories (
    file INTEGER PRIMARY KEY REFERENCES files (id) ON DELETE CASCADE,
    checkpoint BLOB,
    memory BLOB NOT NULL
) STRICT;

-- Sums over all memories up to a generation; made from them, and made anew whenever it is missing.
CREATE TABLE image (
    part TEXT PRIMARY KEY,
    generation INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT;

-- Readings of allowances, only where they changed.
CREATE TABLE limits (
    client TEXT NOT NULL,
    name TEXT NOT NULL,
    minutes INTEGER NOT NULL,
    at INTEGER NOT NULL,
    used REAL NOT NULL,
    resets_at INTEGER,
    PRIMARY KEY (client, name, minutes, at)
) STRICT, WITHOUT ROWID;
