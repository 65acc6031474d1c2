-- One log. A row of chunk holds up to 256 entries of one commit (waglan.ledger.chunk says how).
CREATE TABLE chunk (
    first  INTEGER PRIMARY KEY,
    ids    TEXT NOT NULL,
    sizes  BLOB NOT NULL,
    leaves BLOB NOT NULL,
    sealed BLOB NOT NULL
);
-- The chunks that hold an id of these 32 milliseconds.
CREATE TABLE span (
    prefix TEXT NOT NULL,
    first  INTEGER NOT NULL,
    PRIMARY KEY (prefix, first)
) WITHOUT ROWID;
-- Full tiles only; what is not full yet lies in edge.
CREATE TABLE tile (
    level INTEGER NOT NULL,
    idx   INTEGER NOT NULL,
    data  BLOB NOT NULL,
    PRIMARY KEY (level, idx)
) WITHOUT ROWID;
CREATE TABLE edge (
    level  INTEGER PRIMARY KEY,
    hashes BLOB NOT NULL
);
-- The newest state, and apart from it the newest checkpoint with the second, larger signature.
CREATE TABLE head (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    size  INTEGER NOT NULL,
    peaks BLOB NOT NULL,
    note  TEXT NOT NULL
);
CREATE TABLE dual (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    note TEXT NOT NULL
);
INSERT INTO head VALUES (1, 0, x'', '');
INSERT INTO dual VALUES (1, '');
