-- +goose Up
-- What the attempts at a request were, as tries.go writes it; empty: none, or not known.
ALTER TABLE requests ADD COLUMN tries TEXT NOT NULL DEFAULT '';

-- Steps are counted in minutes from here on: 1, 60 or 1440. Rollups of minutes begin with
-- the requests that come now; they are kept for some days only.
UPDATE rollups SET step = step * 60;
UPDATE latencies SET step = step * 60;

-- +goose Down
DELETE FROM latencies WHERE step = 1;
DELETE FROM rollups WHERE step = 1;
UPDATE latencies SET step = step / 60;
UPDATE rollups SET step = step / 60;
ALTER TABLE requests DROP COLUMN tries;
