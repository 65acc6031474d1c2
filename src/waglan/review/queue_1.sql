-- A review: a decision that went to a person, was sampled or seeded, or that a customer asks about (then id is the
-- request's). waiting: 1 somebody may take it, 2 judged and to be released, 3 released and to be answered, 0 finished.
-- basis: the newest entry of the log that changed what there is to see. escalated: 1 overdue, 2 handed up.
CREATE TABLE review_item (
    id TEXT PRIMARY KEY,
    decision TEXT NOT NULL,
    log_index INTEGER NOT NULL,
    cause TEXT NOT NULL,
    route TEXT NOT NULL,
    state TEXT NOT NULL,
    waiting INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    due_ms INTEGER NOT NULL,
    tier TEXT NOT NULL,
    use_case TEXT NOT NULL,
    policy_digest TEXT NOT NULL,
    stakes_hkd TEXT,
    adverse INTEGER,
    effect TEXT NOT NULL,
    decided_ms INTEGER NOT NULL,
    opened_ms INTEGER NOT NULL,
    subject TEXT NOT NULL,
    kid TEXT NOT NULL,
    author TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    what TEXT NOT NULL,
    channel TEXT NOT NULL,
    language TEXT NOT NULL,
    eyes INTEGER NOT NULL,
    escalated INTEGER NOT NULL DEFAULT 0,
    handed_up_by TEXT NOT NULL DEFAULT '',
    basis INTEGER NOT NULL,
    stale INTEGER NOT NULL DEFAULT 0,
    corrected INTEGER NOT NULL DEFAULT 0,
    review TEXT NOT NULL DEFAULT '',
    verdict TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    changed_effect TEXT NOT NULL DEFAULT '',
    judged_by TEXT NOT NULL DEFAULT '',
    judged_with TEXT NOT NULL DEFAULT '',
    judged_ms INTEGER,
    released_by TEXT NOT NULL DEFAULT '',
    released_ms INTEGER,
    outcome TEXT NOT NULL DEFAULT '',
    answer TEXT NOT NULL DEFAULT '',
    caught INTEGER
) WITHOUT ROWID;
CREATE INDEX review_item_order ON review_item (waiting, priority DESC, due_ms, id, use_case);
CREATE INDEX review_item_finished ON review_item (waiting, log_index);
CREATE INDEX review_item_asked ON review_item (waiting, priority DESC, due_ms, id) WHERE cause = 'request';
CREATE INDEX review_item_asked_finished ON review_item (waiting, log_index) WHERE cause = 'request';
CREATE INDEX review_item_decision ON review_item (decision);
CREATE INDEX review_item_subject ON review_item (subject) WHERE waiting > 0;
CREATE INDEX review_item_kid ON review_item (kid) WHERE waiting > 0;
CREATE INDEX review_item_count ON review_item (waiting, use_case, cause, due_ms) WHERE waiting > 0;
CREATE INDEX review_item_due ON review_item (waiting, due_ms) WHERE escalated & 1 = 0;
-- Every verdict ever given; void says why it no longer counts, final what the release made of it.
CREATE TABLE review_verdict (
    id TEXT PRIMARY KEY,
    item TEXT NOT NULL,
    decision TEXT NOT NULL,
    cause TEXT NOT NULL,
    person TEXT NOT NULL,
    verdict TEXT NOT NULL,
    effect TEXT NOT NULL,
    seconds INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    void TEXT NOT NULL DEFAULT '',
    final TEXT NOT NULL DEFAULT '',
    caught INTEGER
) WITHOUT ROWID;
CREATE INDEX review_verdict_decision ON review_verdict (decision);
CREATE INDEX review_verdict_person ON review_verdict (person, at_ms);
-- Which effects a use case has had, and whether they were to the subject's disadvantage (-1 where it wasn't said).
CREATE TABLE review_effect (
    use_case TEXT NOT NULL,
    effect TEXT NOT NULL,
    adverse INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (use_case, effect, adverse)
) WITHOUT ROWID;
CREATE TABLE review_rate (policy_digest TEXT PRIMARY KEY, ppm INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE review_policy (log_index INTEGER PRIMARY KEY, facts TEXT NOT NULL);
-- What the log says of a decision, for those who look at it.
CREATE TABLE review_event (decision TEXT NOT NULL, log_index INTEGER NOT NULL, PRIMARY KEY (decision, log_index)) WITHOUT ROWID;
-- What somebody may want to be told of.
CREATE TABLE review_notice (log_index INTEGER PRIMARY KEY, kind TEXT NOT NULL, item TEXT NOT NULL);
-- Not from the log: who has a case in hand, and who looks at one since when. A nonce and no content.
CREATE TABLE review_lease (item TEXT PRIMARY KEY, holder TEXT NOT NULL, until_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX review_lease_holder ON review_lease (holder);
CREATE TABLE review_look (
    item TEXT NOT NULL,
    person TEXT NOT NULL,
    nonce TEXT NOT NULL,
    basis INTEGER NOT NULL,
    shown_ms INTEGER NOT NULL,
    until_ms INTEGER NOT NULL,
    PRIMARY KEY (item, person, shown_ms, nonce)
) WITHOUT ROWID
