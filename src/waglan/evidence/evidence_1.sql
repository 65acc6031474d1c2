-- Counts of what tests say of live decisions, made from the log; a judge is what one catalogue's test asks.
CREATE TABLE standing (
    one INTEGER PRIMARY KEY CHECK (one = 1), log TEXT NOT NULL, facts TEXT NOT NULL, size INTEGER NOT NULL,
    root TEXT NOT NULL
);
CREATE TABLE period (start INTEGER PRIMARY KEY, catalogue TEXT NOT NULL);
CREATE TABLE judge (
    judge INTEGER PRIMARY KEY, catalogue TEXT NOT NULL, digest TEXT NOT NULL, UNIQUE (catalogue, digest)
);
CREATE TABLE counted (
    judge INTEGER, use_case TEXT, failed INTEGER NOT NULL, total INTEGER NOT NULL, PRIMARY KEY (judge, use_case)
) WITHOUT ROWID;
CREATE TABLE day (
    judge INTEGER, use_case TEXT, at INTEGER, passed INTEGER NOT NULL, failed INTEGER NOT NULL,
    unknown INTEGER NOT NULL, scope_unknown INTEGER NOT NULL, PRIMARY KEY (judge, use_case, at)
) WITHOUT ROWID;
CREATE TABLE month (
    judge INTEGER, use_case TEXT, at INTEGER, passed INTEGER NOT NULL, failed INTEGER NOT NULL,
    unknown INTEGER NOT NULL, scope_unknown INTEGER NOT NULL, PRIMARY KEY (judge, use_case, at)
) WITHOUT ROWID;
CREATE TABLE failing (
    judge INTEGER, use_case TEXT, log_index INTEGER, id TEXT NOT NULL, at_ms INTEGER NOT NULL,
    PRIMARY KEY (judge, use_case, log_index)
) WITHOUT ROWID
