-- Messages on their way. id says what it is about and to whom, so nothing is put here twice; body holds ids and codes.
CREATE TABLE message (
    id TEXT PRIMARY KEY,
    channel TEXT NOT NULL,
    target TEXT NOT NULL,
    body TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    next_ms INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'waiting',
    error TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX message_due ON message (state, next_ms);
-- Up to which entry of the log each channel has been told, and when it was last.
CREATE TABLE told (channel TEXT PRIMARY KEY, log_index INTEGER NOT NULL, at_ms INTEGER NOT NULL) WITHOUT ROWID
