-- Where each projection stands in the log, and which objects of the file are its own.
CREATE TABLE projection (
    name TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    tables TEXT NOT NULL,
    log TEXT NOT NULL,
    size INTEGER NOT NULL,
    peaks BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE owned (
    name TEXT PRIMARY KEY,
    type TEXT NOT NULL,
    projection TEXT NOT NULL
) WITHOUT ROWID
