-- The workspace's own source files, every version of each. `digest` is the SHA-256 of `body`; the ledger's
-- source.added entry names it too.
CREATE TABLE source_file (
  id      TEXT NOT NULL,
  version INTEGER NOT NULL CHECK (version > 0),
  digest  BLOB NOT NULL CHECK (length(digest) = 32),
  body    BLOB NOT NULL,
  reason  TEXT,
  actor   TEXT NOT NULL,
  at_us   INTEGER NOT NULL,
  PRIMARY KEY (id, version)
) STRICT, WITHOUT ROWID;

-- Imports whose records no source file described, and the source file that somebody said they are of.
CREATE TABLE source_import (
  import INTEGER PRIMARY KEY,
  source TEXT NOT NULL
) STRICT;
