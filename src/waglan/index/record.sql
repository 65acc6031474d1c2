-- Decisions, what came later, and what is counted of both. Texts that repeat stand once, in shape and detail.
CREATE TABLE shape (
    shape INTEGER PRIMARY KEY, use_case TEXT NOT NULL, route TEXT NOT NULL, effect TEXT NOT NULL, adverse INTEGER,
    model TEXT NOT NULL, model_version TEXT NOT NULL, mode TEXT NOT NULL, tier TEXT NOT NULL, n INTEGER NOT NULL,
    first_index INTEGER NOT NULL, last_index INTEGER NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL
);
CREATE UNIQUE INDEX shape_of ON shape (
    use_case, route, effect, ifnull(adverse, -1), model, model_version, mode, tier
);
CREATE TABLE detail (detail INTEGER PRIMARY KEY, said TEXT NOT NULL UNIQUE);
CREATE TABLE pair (
    detail INTEGER, shape INTEGER, n INTEGER NOT NULL, PRIMARY KEY (detail, shape)
) WITHOUT ROWID;
CREATE TABLE decision (
    idx INTEGER PRIMARY KEY, id TEXT NOT NULL, at_ms INTEGER NOT NULL, day INTEGER NOT NULL, shape INTEGER NOT NULL,
    detail INTEGER NOT NULL, who INTEGER, subject TEXT NOT NULL, score TEXT, stakes_hkd TEXT, latency_us INTEGER NOT NULL
);
CREATE INDEX decision_id ON decision (id);
CREATE INDEX decision_shape ON decision (shape);
CREATE INDEX decision_detail ON decision (detail, shape);
CREATE INDEX decision_day ON decision (day, shape);
CREATE INDEX decision_who ON decision (who, shape) WHERE who NOT NULL;
CREATE TABLE count_shape (
    day INTEGER, shape INTEGER, n INTEGER NOT NULL, PRIMARY KEY (day, shape)
) WITHOUT ROWID;
CREATE TABLE count_control (
    day INTEGER, control TEXT, use_case TEXT, mode TEXT, verdict TEXT, n INTEGER NOT NULL,
    PRIMARY KEY (day, control, use_case, mode, verdict)
) WITHOUT ROWID;
CREATE TABLE count_model (
    day INTEGER, model TEXT, model_version TEXT, use_case TEXT, mode TEXT, answered INTEGER, n INTEGER NOT NULL,
    PRIMARY KEY (day, model, model_version, use_case, mode, answered)
) WITHOUT ROWID;
CREATE TABLE count_trait (
    day INTEGER, use_case TEXT, mode TEXT, trait TEXT, value TEXT, n INTEGER NOT NULL,
    PRIMARY KEY (day, use_case, mode, trait, value)
) WITHOUT ROWID;
CREATE TABLE count_bucket (
    use_case TEXT, measure TEXT, mode TEXT, day INTEGER, low INTEGER, n INTEGER NOT NULL,
    PRIMARY KEY (use_case, measure, mode, day, low)
) WITHOUT ROWID;
CREATE TABLE count_later (
    day INTEGER, basis TEXT, use_case TEXT, mode TEXT, kind TEXT, what TEXT, n INTEGER NOT NULL,
    PRIMARY KEY (day, basis, use_case, mode, kind, what)
) WITHOUT ROWID;
CREATE TABLE count_event (day INTEGER, kind TEXT, n INTEGER NOT NULL, PRIMARY KEY (day, kind)) WITHOUT ROWID;
CREATE TABLE event (
    idx INTEGER PRIMARY KEY, id TEXT NOT NULL, kind TEXT NOT NULL, at_ms INTEGER NOT NULL, actor TEXT NOT NULL,
    who INTEGER, subject TEXT NOT NULL, refs TEXT NOT NULL, facts TEXT NOT NULL
);
CREATE INDEX event_id ON event (id);
CREATE INDEX event_kind ON event (kind);
CREATE INDEX event_actor ON event (actor, kind) WHERE actor != '';
CREATE INDEX event_who ON event (who) WHERE who NOT NULL;
CREATE TABLE event_ref (
    ref TEXT, idx INTEGER, kind TEXT NOT NULL, PRIMARY KEY (ref, idx)
) WITHOUT ROWID;
CREATE TABLE registered (
    kind TEXT, name TEXT, idx INTEGER, version TEXT NOT NULL, PRIMARY KEY (kind, name, idx)
) WITHOUT ROWID;
CREATE TABLE erased (kid TEXT PRIMARY KEY, idx INTEGER NOT NULL, at_ms INTEGER NOT NULL) WITHOUT ROWID
