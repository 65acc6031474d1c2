-- Times are milliseconds since 1970 UTC. No secret stands here: passwords as argon2id, everything else as an HMAC.
CREATE TABLE person (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    email      TEXT NOT NULL,
    folded     TEXT UNIQUE, -- the e-mail address as it is looked up; NULL of somebody forgotten
    roles      TEXT NOT NULL,
    state      TEXT NOT NULL,
    language   TEXT NOT NULL,
    until_ms   INTEGER,
    vendor     TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    password   TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
-- One-time links.
CREATE TABLE token (
    mac        BLOB PRIMARY KEY,
    person     TEXT NOT NULL, -- empty: the first set-up
    expires_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE session (
    mac              BLOB PRIMARY KEY,
    id               TEXT NOT NULL,
    person           TEXT NOT NULL,
    authenticator    TEXT NOT NULL,
    authenticated_ms INTEGER NOT NULL,
    started_ms       INTEGER NOT NULL,
    seen_ms          INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_person ON session (person);
CREATE TABLE api_key (
    id         TEXT PRIMARY KEY,
    mac        BLOB NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    scopes     TEXT NOT NULL,
    made_by    TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    revoked_ms INTEGER,
    used_ms    INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE passkey (
    credential BLOB PRIMARY KEY,
    person     TEXT NOT NULL,
    public_key BLOB NOT NULL,
    sign_count INTEGER NOT NULL,
    name       TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    used_ms    INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX passkey_person ON passkey (person);
-- What a browser was asked to sign or to bring back, once: passkeys and OpenID Connect.
CREATE TABLE challenge (
    mac        BLOB PRIMARY KEY,
    purpose    TEXT NOT NULL,
    person     TEXT NOT NULL,
    kept       BLOB NOT NULL,
    expires_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- Failed sign-ins, counted by an HMAC of the account, the address, and both.
CREATE TABLE failure (
    mac   BLOB PRIMARY KEY,
    count INTEGER NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- Who at an identity provider is who here; the name there as an HMAC.
CREATE TABLE link (
    mac    BLOB PRIMARY KEY,
    person TEXT NOT NULL
) STRICT, WITHOUT ROWID;
PRAGMA user_version = 1;
