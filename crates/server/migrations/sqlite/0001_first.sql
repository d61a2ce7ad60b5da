-- Schema version 1. Times are microseconds since 1970 (UTC). Hashes and ids are raw bytes.

CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
);

-- Who may join. tries_left falls before a wrong code is answered; used_spki ties a code to the
-- first key that used it, so that a lost answer can be asked for again.
CREATE TABLE invitation (
    name TEXT PRIMARY KEY,
    role TEXT NOT NULL,
    salt BLOB NOT NULL,
    code_hash BLOB NOT NULL,
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    tries_left INTEGER NOT NULL,
    used_spki BLOB
);

-- Every certificate that was signed. It is handed out only after its entry is on the ledger.
CREATE TABLE certificate (
    serial BLOB PRIMARY KEY,
    device BLOB NOT NULL,
    number BIGINT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    spki BLOB NOT NULL,
    salt BLOB NOT NULL,
    der BLOB NOT NULL,
    not_before BIGINT NOT NULL,
    not_after BIGINT NOT NULL
);
CREATE INDEX certificate_by_device ON certificate (device, not_before);
CREATE INDEX certificate_by_spki ON certificate (spki, not_before);

CREATE TABLE ledger_entry (
    position BIGINT PRIMARY KEY,
    kind TEXT NOT NULL,
    device BLOB,
    bytes BLOB NOT NULL
);
CREATE INDEX ledger_entry_by_device ON ledger_entry (device, position);
CREATE INDEX ledger_entry_by_kind ON ledger_entry (kind, position);

-- Hashes of perfect subtrees; level 0 holds the leaves.
CREATE TABLE ledger_node (
    level INTEGER NOT NULL,
    position BIGINT NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (level, position)
) WITHOUT ROWID;

-- Checkpoints signed by the log; published is set once enough witnesses have cosigned.
CREATE TABLE ledger_checkpoint (
    size BIGINT PRIMARY KEY,
    note TEXT NOT NULL,
    published BIGINT
);

-- The newest size that each witness is known to have cosigned.
CREATE TABLE ledger_witness (
    name TEXT PRIMARY KEY,
    size BIGINT NOT NULL
);

CREATE TABLE event (
    sequence BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    code TEXT NOT NULL,
    device TEXT,
    record BLOB NOT NULL
);
CREATE INDEX event_by_device ON event (device, sequence);
CREATE INDEX event_by_code ON event (code, sequence);

CREATE TABLE case_record (
    id BIGINT PRIMARY KEY,
    subject TEXT NOT NULL,
    open INTEGER NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX case_by_subject ON case_record (subject, id);
CREATE INDEX case_by_open ON case_record (open, id);

CREATE TABLE message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    device BLOB NOT NULL,
    name TEXT NOT NULL,
    flow TEXT NOT NULL,
    boot BIGINT,
    sequence BIGINT,
    device_time BIGINT,
    received BIGINT NOT NULL,
    payload BLOB NOT NULL,
    UNIQUE (device, boot, sequence)
);
CREATE INDEX message_by_name ON message (name, id);
CREATE INDEX message_by_flow ON message (flow, id);

-- When each flow of a device last brought something, which seeds the rate budget of a new session,
-- and how many messages it brought in all.
CREATE TABLE device_flow (
    device BLOB NOT NULL,
    flow TEXT NOT NULL,
    last_received BIGINT NOT NULL,
    kept BIGINT NOT NULL,
    PRIMARY KEY (device, flow)
) WITHOUT ROWID;

-- The newest signed report of each device, and when it was last heard.
CREATE TABLE device_report (
    device BLOB PRIMARY KEY,
    received BIGINT NOT NULL,
    report TEXT NOT NULL
);

CREATE TABLE containment (
    device BLOB PRIMARY KEY,
    since BIGINT NOT NULL,
    why TEXT NOT NULL
);

-- Observations, counted by the hour.
CREATE TABLE observation (
    probe TEXT NOT NULL,
    reason TEXT NOT NULL,
    subject TEXT NOT NULL,
    held INTEGER NOT NULL,
    hour BIGINT NOT NULL,
    observed_at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (probe, reason, subject, held, hour)
) WITHOUT ROWID;
CREATE INDEX observation_by_hour ON observation (hour);

CREATE TABLE policy (
    version BIGINT PRIMARY KEY,
    applied BIGINT NOT NULL,
    model TEXT NOT NULL,
    sealed BLOB NOT NULL
);

CREATE TABLE blob (
    sha256 BLOB PRIMARY KEY,
    length BIGINT NOT NULL,
    added BIGINT NOT NULL
);

CREATE TABLE release (
    product TEXT NOT NULL,
    version TEXT NOT NULL,
    counter BIGINT NOT NULL,
    targets BLOB NOT NULL,
    position BIGINT NOT NULL,
    published BIGINT NOT NULL,
    PRIMARY KEY (product, version)
);

CREATE TABLE campaign (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    product TEXT NOT NULL,
    version TEXT NOT NULL,
    role TEXT NOT NULL,
    created BIGINT NOT NULL
);
CREATE INDEX campaign_by_role ON campaign (role, id);

-- One-time links and sessions of operators, hashed.
CREATE TABLE operator_link (
    token_hash BLOB PRIMARY KEY,
    expires BIGINT NOT NULL
);
CREATE TABLE operator_session (
    token_hash BLOB PRIMARY KEY,
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL
);
