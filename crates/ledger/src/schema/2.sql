-- What the person calls sessions: their agents' environments said so, and no transcript tells it.
CREATE TABLE tags (
    client TEXT NOT NULL,
    session TEXT NOT NULL,
    tag TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (client, session)
) STRICT, WITHOUT ROWID;
CREATE INDEX tags_at ON tags (at);
