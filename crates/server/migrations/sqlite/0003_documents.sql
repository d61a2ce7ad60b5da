-- Schema version 3. Documents and results that people attach as evidence; their bytes are files of the home, by hash.
-- Rows are never removed: what was withdrawn says since when, by whom and why.
CREATE TABLE document (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sha256 BLOB NOT NULL,
    size BIGINT NOT NULL,
    name TEXT NOT NULL,
    title TEXT,
    kind TEXT NOT NULL,
    items TEXT NOT NULL,
    owner TEXT NOT NULL,
    attached_by TEXT NOT NULL,
    attached_at BIGINT NOT NULL,
    until TEXT NOT NULL,
    summary TEXT,
    withdrawn_at BIGINT,
    withdrawn_by TEXT,
    withdrawn_why TEXT
);
