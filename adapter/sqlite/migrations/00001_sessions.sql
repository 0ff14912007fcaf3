-- +goose Up
-- The tips of idle upstream sessions, written at a clean stop and taken over at the
-- next start. Only digests of conversations stand here, never their texts.
CREATE TABLE session_tips (
    tip        BLOB    NOT NULL PRIMARY KEY CHECK (length(tip) = 32),
    session_id TEXT    NOT NULL,
    account_id TEXT    NOT NULL,
    last_used  INTEGER NOT NULL -- Unix milliseconds
) WITHOUT ROWID;

-- One row while the last stop was clean; without it the tips are worth nothing.
CREATE TABLE clean_stop (
    id         INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    stopped_at INTEGER NOT NULL -- Unix milliseconds
);

-- +goose Down
DROP TABLE clean_stop;
DROP TABLE session_tips;
