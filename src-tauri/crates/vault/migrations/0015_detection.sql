-- All of these are derived: from sealed records (exposure) and from the visible rows with their source files
-- (the others). They can be emptied and are made again; what a person decided of a candidate is in the ledger.

-- Secrets and protected content that a record should not hold: what kind, in which field; never what.
CREATE TABLE exposure (
  seq  INTEGER NOT NULL,
  path TEXT NOT NULL,
  kind TEXT NOT NULL,
  PRIMARY KEY (seq, path, kind)
) STRICT, WITHOUT ROWID;

-- Lifecycles by number: `system/lifecycle`.
CREATE TABLE life (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

-- Records that change a subject's state or are judged by a rule of its lifecycle.
CREATE TABLE life_step (
  life    INTEGER NOT NULL,
  subject INTEGER NOT NULL,
  seq     INTEGER NOT NULL,
  PRIMARY KEY (life, subject, seq)
) STRICT, WITHOUT ROWID;

-- The state that a subject was last seen in, and whether something of it is still to be watched: a state in which
-- activity contradicts (1), a deadline that may pass (2).
CREATE TABLE life_now (
  life    INTEGER NOT NULL,
  subject INTEGER NOT NULL,
  state   TEXT NOT NULL,
  watch   INTEGER NOT NULL,
  PRIMARY KEY (life, subject)
) STRICT, WITHOUT ROWID;

-- Detection candidates. `scope` groups those of one rule: a subject's number, or a system with a field.
CREATE TABLE detection (
  id      TEXT PRIMARY KEY,
  kind    TEXT NOT NULL,
  rule    TEXT NOT NULL,
  scope   TEXT NOT NULL,
  life    INTEGER,
  subject INTEGER,
  at_us   INTEGER,
  seq     INTEGER NOT NULL,
  body    TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX detection_group ON detection (rule, scope, at_us);
CREATE INDEX detection_subject ON detection (subject) WHERE subject IS NOT NULL;

-- The records that prove a candidate.
CREATE TABLE detection_proof (
  seq       INTEGER NOT NULL,
  detection TEXT NOT NULL,
  PRIMARY KEY (seq, detection)
) STRICT, WITHOUT ROWID;

-- How far it was derived, under which rules.
CREATE TABLE derived (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
