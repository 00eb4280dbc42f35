-- Words that people give to runs: tags to find them by, and a note.
CREATE TABLE tags (
  run INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
  tag TEXT NOT NULL,
  PRIMARY KEY (run, tag)
) WITHOUT ROWID;
CREATE TABLE notes (
  run  INTEGER PRIMARY KEY REFERENCES runs (number) ON DELETE CASCADE,
  note TEXT NOT NULL
);
