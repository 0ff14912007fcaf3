-- +goose Up
-- The ledger. Only ids, names of models and figures stand here: no content, no address, no token.
CREATE TABLE requests (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    began             INTEGER NOT NULL, -- Unix milliseconds
    request_id        TEXT    NOT NULL,
    token_id          TEXT    NOT NULL, -- a digest
    model             TEXT    NOT NULL, -- the public name, or 'other'
    endpoint          TEXT    NOT NULL,
    account_id        TEXT    NOT NULL, -- empty: none was tried
    outcome           TEXT    NOT NULL,
    status            INTEGER NOT NULL, -- of the HTTP answer
    prompt_tokens     INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    usage_source      INTEGER NOT NULL, -- 0 unknown, 1 measured, 2 estimated
    first_delta       INTEGER NOT NULL, -- milliseconds; 0: none came
    duration          INTEGER NOT NULL, -- milliseconds
    stream            INTEGER NOT NULL, -- 0 or 1
    attempts          INTEGER NOT NULL, -- upstream queries begun
    continued         INTEGER NOT NULL, -- 0 or 1
    cost              INTEGER NOT NULL  -- nano-dollars
);
CREATE INDEX requests_by_time ON requests (began);
CREATE INDEX requests_by_model ON requests (model, began);
CREATE INDEX requests_by_outcome ON requests (outcome, began);
CREATE INDEX requests_by_account ON requests (account_id, began);

-- Sums over requests, by one name at a time. They outlive the rows.
CREATE TABLE rollups (
    step              INTEGER NOT NULL, -- its width in hours: 1 or 24
    dimension         TEXT    NOT NULL, -- what name is: 'all' (empty), 'model', 'account', 'token'
    at                INTEGER NOT NULL, -- number of the step since 1970, UTC
    name              TEXT    NOT NULL,
    outcome           TEXT    NOT NULL,
    requests          INTEGER NOT NULL,
    prompt_tokens     INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    estimated_tokens  INTEGER NOT NULL, -- of both kinds
    cost              INTEGER NOT NULL, -- nano-dollars
    attempts          INTEGER NOT NULL,
    streams           INTEGER NOT NULL,
    last              INTEGER NOT NULL, -- when the latest began, Unix milliseconds
    PRIMARY KEY (step, dimension, at, name, outcome)
) WITHOUT ROWID;

-- Histograms of times, a row for each step and not one for each bucket: a year has to be
-- read at once. Each is a list of counts as unsigned varints; bucket i holds the times from
-- 1.1^i to 1.1^(i+1) milliseconds.
CREATE TABLE latencies (
    step        INTEGER NOT NULL, -- as in rollups
    at          INTEGER NOT NULL, -- as in rollups
    first_delta BLOB    NOT NULL,
    duration    BLOB    NOT NULL,
    PRIMARY KEY (step, at)
) WITHOUT ROWID;

-- Which batch was written last, so that none is counted twice when it is not known
-- whether a write went well.
CREATE TABLE last_batch (
    only  INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
    batch INTEGER NOT NULL
);

-- +goose Down
DROP TABLE last_batch;
DROP TABLE latencies;
DROP TABLE rollups;
DROP TABLE requests;
