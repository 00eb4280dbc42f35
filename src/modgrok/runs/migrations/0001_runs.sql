-- Runs, what was observed of them, and the weights that were kept.
CREATE TABLE runs (
  number        INTEGER PRIMARY KEY,
  id            TEXT NOT NULL UNIQUE,          -- first 12 hex digits of the experiment's SHA-256
  experiment    TEXT NOT NULL,                 -- canonical JSON
  expression    TEXT NOT NULL,                 -- display name of the task
  p             INTEGER NOT NULL,
  learner       TEXT NOT NULL,
  created       TEXT NOT NULL,                 -- UTC, ISO 8601
  updated       TEXT NOT NULL,
  status        TEXT NOT NULL CHECK (status IN ('running', 'interrupted', 'finished', 'diverged', 'failed')),
  step          INTEGER NOT NULL,              -- of the state from which the run resumes
  budget        INTEGER NOT NULL,              -- steps asked for last
  early_stop    INTEGER NOT NULL,
  observe_every INTEGER,
  memorised_at  INTEGER,
  grokked_at    INTEGER,
  seconds       REAL NOT NULL,                 -- wall time, all sessions together
  step_seconds  REAL NOT NULL,                 -- time inside steps, compilation and observation excluded
  timed_steps   INTEGER NOT NULL,
  scalars       TEXT NOT NULL,                 -- JSON list: names of a record's numbers
  histograms    TEXT NOT NULL,                 -- JSON list of [name, bins]
  context       TEXT NOT NULL,                 -- JSON: chance levels, sizes, basis, version, command
  state         TEXT,                          -- file of the full state, relative to the store
  state_sha256  TEXT
);
CREATE TABLE records (
  run        INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
  step       INTEGER NOT NULL,
  seconds    REAL NOT NULL,                    -- since the run began, observation included
  scalars    TEXT NOT NULL,                    -- JSON list in the order of runs.scalars; null where undefined
  histograms BLOB NOT NULL,                    -- little-endian uint16 counts, one histogram after the other
  PRIMARY KEY (run, step)
) WITHOUT ROWID;
CREATE TABLE checkpoints (
  run    INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
  step   INTEGER NOT NULL,
  reason TEXT NOT NULL,                        -- schedule, memorised, grokked, final
  file   TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  bytes  INTEGER NOT NULL,
  PRIMARY KEY (run, step, reason)
) WITHOUT ROWID;
CREATE INDEX runs_by_task ON runs (expression, p, learner);
