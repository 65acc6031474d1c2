-- One schema for many logs. Each row names its log; row-level security, forced on the owner too, shows a session
-- only the logs of the tenant it set. A row of chunk holds up to 256 entries of one commit (waglan.ledger.chunk).
CREATE TABLE waglan_log (
    log    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant text NOT NULL,
    name   text NOT NULL,
    size   bigint NOT NULL DEFAULT 0,
    peaks  bytea NOT NULL DEFAULT '',
    note   text NOT NULL DEFAULT '',
    dual   text NOT NULL DEFAULT '',
    UNIQUE (tenant, name)
);
CREATE TABLE waglan_chunk (
    tenant text NOT NULL,
    log    bigint NOT NULL REFERENCES waglan_log,
    first  bigint NOT NULL,
    ids    text NOT NULL,
    sizes  bytea NOT NULL,
    leaves bytea NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (log, first)
);
CREATE TABLE waglan_span (
    tenant text NOT NULL,
    log    bigint NOT NULL REFERENCES waglan_log,
    prefix text COLLATE "C" NOT NULL,
    first  bigint NOT NULL,
    PRIMARY KEY (log, prefix, first)
);
CREATE TABLE waglan_tile (
    tenant text NOT NULL,
    log    bigint NOT NULL REFERENCES waglan_log,
    level  smallint NOT NULL,
    idx    bigint NOT NULL,
    data   bytea NOT NULL,
    PRIMARY KEY (log, level, idx)
);
CREATE TABLE waglan_edge (
    tenant text NOT NULL,
    log    bigint NOT NULL REFERENCES waglan_log,
    level  smallint NOT NULL,
    hashes bytea NOT NULL,
    PRIMARY KEY (log, level)
);
-- Hashes and ciphertexts don't compress; trying costs more than writing them.
ALTER TABLE waglan_chunk ALTER COLUMN ids SET STORAGE EXTERNAL, ALTER COLUMN sizes SET STORAGE EXTERNAL,
    ALTER COLUMN leaves SET STORAGE EXTERNAL, ALTER COLUMN sealed SET STORAGE EXTERNAL;
ALTER TABLE waglan_tile ALTER COLUMN data SET STORAGE EXTERNAL;
ALTER TABLE waglan_edge ALTER COLUMN hashes SET STORAGE EXTERNAL;
ALTER TABLE waglan_edge SET (fillfactor = 50);
ALTER TABLE waglan_log SET (fillfactor = 50);

ALTER TABLE waglan_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE waglan_log FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON waglan_log USING (tenant = current_setting('app.tenant', true));
ALTER TABLE waglan_chunk ENABLE ROW LEVEL SECURITY;
ALTER TABLE waglan_chunk FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON waglan_chunk USING (tenant = current_setting('app.tenant', true));
ALTER TABLE waglan_span ENABLE ROW LEVEL SECURITY;
ALTER TABLE waglan_span FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON waglan_span USING (tenant = current_setting('app.tenant', true));
ALTER TABLE waglan_tile ENABLE ROW LEVEL SECURITY;
ALTER TABLE waglan_tile FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON waglan_tile USING (tenant = current_setting('app.tenant', true));
ALTER TABLE waglan_edge ENABLE ROW LEVEL SECURITY;
ALTER TABLE waglan_edge FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON waglan_edge USING (tenant = current_setting('app.tenant', true));

CREATE TABLE waglan_version (version integer NOT NULL);
INSERT INTO waglan_version VALUES (1);
