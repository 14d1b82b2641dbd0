-- Heads (size, root) of an origin's log that a version of its trust policy refused when their export arrived.
-- Lowering a requirement later admits none of them.
CREATE TABLE trust_refused (
  origin  TEXT NOT NULL,
  size    INTEGER NOT NULL,
  root    BLOB NOT NULL,
  version INTEGER NOT NULL,
  at_us   INTEGER NOT NULL,
  PRIMARY KEY (origin, size, root, version)
) STRICT, WITHOUT ROWID;
