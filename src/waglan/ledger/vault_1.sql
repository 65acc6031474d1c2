-- One tenant's keys. Everything here is small and can vanish: a row that is deleted is zeroed (secure_delete).
CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
-- lookup: HMAC of the person's reference, NULL like pseudonym for a key of a single entry.
CREATE TABLE dek (
    kid          TEXT PRIMARY KEY,
    pseudonym    TEXT UNIQUE,
    lookup       BLOB UNIQUE,
    wrapped      BLOB NOT NULL,
    state        TEXT NOT NULL DEFAULT 'active',
    retain_until INTEGER
) WITHOUT ROWID;
CREATE TABLE hold (kid TEXT NOT NULL, basis TEXT NOT NULL, PRIMARY KEY (kid, basis)) WITHOUT ROWID;
CREATE TABLE shredded (kid TEXT PRIMARY KEY, at_ms INTEGER NOT NULL) WITHOUT ROWID;
-- An erasure that is decided, its key and mapping gone: what its event says, until that is on the log.
CREATE TABLE intent (
    kid       TEXT PRIMARY KEY,
    entry_id  TEXT NOT NULL,
    at_ms     INTEGER NOT NULL,
    basis     TEXT NOT NULL,
    actor     TEXT NOT NULL,
    pseudonym TEXT NOT NULL
) WITHOUT ROWID;
-- Backups, and the keys still to be removed from them.
CREATE TABLE copy (path TEXT PRIMARY KEY, made_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE purge (path TEXT NOT NULL, kid TEXT NOT NULL, PRIMARY KEY (path, kid)) WITHOUT ROWID;
INSERT INTO meta VALUES ('epoch', 0), ('reconciled', 0);
PRAGMA user_version = 1;
