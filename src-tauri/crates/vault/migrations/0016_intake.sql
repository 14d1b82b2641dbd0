-- An import that was asked for and has not ended: what it was to read, and the file it has come to.
-- The sealed copy of that file is kept over a crash, so that it need not be read a second time.
CREATE TABLE intake (
  id       INTEGER PRIMARY KEY,
  paths    TEXT NOT NULL,
  ended    INTEGER NOT NULL DEFAULT 0,
  current  TEXT,
  sealed   TEXT REFERENCES sealed (id),
  actor    TEXT NOT NULL,
  begun_us INTEGER NOT NULL
) STRICT;

-- A file inside a sealed archive: `original` is the archive, size and sha256 are the file's own.
ALTER TABLE import ADD COLUMN member TEXT;
ALTER TABLE quarantine ADD COLUMN member TEXT;
-- The import that a custodian's admission became.
ALTER TABLE quarantine ADD COLUMN import INTEGER REFERENCES import (id);
