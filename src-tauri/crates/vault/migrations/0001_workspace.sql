-- Times are microseconds since 1970-01-01T00:00:00Z. Hashes are 32 bytes.

-- Projection of the ledger: who may sign.
CREATE TABLE member (
  id     TEXT PRIMARY KEY,
  role   TEXT NOT NULL,
  name   TEXT,
  kem    BLOB NOT NULL CHECK (length(kem) = 32),
  sign   BLOB NOT NULL CHECK (length(sign) = 32),
  state  TEXT NOT NULL CHECK (state IN ('active', 'removed')),
  epoch  INTEGER NOT NULL,
  idx    INTEGER NOT NULL
) STRICT;

-- The custody ledger: one Merkle log for each epoch.
CREATE TABLE ledger (
  epoch     INTEGER NOT NULL,
  idx       INTEGER NOT NULL,
  leaf      BLOB NOT NULL CHECK (length(leaf) = 32),
  previous  BLOB NOT NULL CHECK (length(previous) = 32),
  line      TEXT NOT NULL,
  kind      TEXT NOT NULL,
  at_us     INTEGER NOT NULL,
  actor     TEXT NOT NULL,
  incident  TEXT,
  signature BLOB NOT NULL CHECK (length(signature) = 64),
  PRIMARY KEY (epoch, idx)
) STRICT, WITHOUT ROWID;
CREATE INDEX ledger_incident ON ledger (incident, epoch, idx) WHERE incident IS NOT NULL;

CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- Every sealed file that something here refers to.
CREATE TABLE sealed (
  id     TEXT PRIMARY KEY,
  kind   TEXT NOT NULL,
  size   INTEGER NOT NULL,
  sha256 BLOB NOT NULL CHECK (length(sha256) = 32)
) STRICT, WITHOUT ROWID;

CREATE TABLE import (
  id          INTEGER PRIMARY KEY,
  state       TEXT NOT NULL CHECK (state IN ('staged', 'finished')),
  name        TEXT NOT NULL,
  kind        TEXT NOT NULL,
  size        INTEGER NOT NULL,
  sha256      BLOB NOT NULL CHECK (length(sha256) = 32),
  original    TEXT NOT NULL,
  begun_us    INTEGER NOT NULL,
  finished_us INTEGER,
  actor       TEXT NOT NULL,
  facts       TEXT,
  first_seq   INTEGER NOT NULL,
  records     INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX import_once ON import (sha256) WHERE state = 'finished';

CREATE TABLE segment (
  id              INTEGER PRIMARY KEY,
  import          INTEGER NOT NULL REFERENCES import (id),
  origin          TEXT NOT NULL,
  first           INTEGER NOT NULL,
  last            INTEGER NOT NULL,
  frontier        TEXT NOT NULL,
  root            BLOB NOT NULL CHECK (length(root) = 32),
  roots           TEXT NOT NULL,
  checkpoint_note TEXT,
  previous_note   TEXT,
  range_json      TEXT,
  signers         TEXT NOT NULL,
  links           TEXT NOT NULL,
  verdict         TEXT NOT NULL,
  store           TEXT NOT NULL
) STRICT;
CREATE INDEX segment_origin ON segment (origin, first);

-- Which log indices of a segment have event rows, and from which seq on.
CREATE TABLE segment_run (
  segment   INTEGER NOT NULL,
  first     INTEGER NOT NULL,
  last      INTEGER NOT NULL,
  first_seq INTEGER NOT NULL,
  PRIMARY KEY (segment, first)
) STRICT, WITHOUT ROWID;

-- No secondary index: the search index answers look-ups.
CREATE TABLE event (
  seq         INTEGER PRIMARY KEY,
  segment     INTEGER NOT NULL,
  log_index   INTEGER NOT NULL,
  leaf        BLOB NOT NULL,
  occurred_us INTEGER,
  recorded_us INTEGER,
  system      INTEGER NOT NULL,
  action      INTEGER NOT NULL,
  outcome     INTEGER,
  kind        INTEGER NOT NULL,
  assurance   INTEGER NOT NULL,
  rules       INTEGER NOT NULL,
  fields      BLOB NOT NULL
) STRICT;

-- Dictionaries: repeated strings are numbers. `import` marks what an unfinished import added.
CREATE TABLE text (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE, import INTEGER) STRICT;
CREATE INDEX text_staged ON text (import) WHERE import IS NOT NULL;
CREATE TABLE path (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, import INTEGER) STRICT;
CREATE INDEX path_staged ON path (import) WHERE import IS NOT NULL;

-- The one place of handles; an erasure empties `mac` and `handle`.
CREATE TABLE subject (
  number    INTEGER PRIMARY KEY,
  domain    TEXT NOT NULL,
  mac       BLOB CHECK (mac IS NULL OR length(mac) = 32),
  handle    TEXT,
  erased_us INTEGER,
  import    INTEGER,
  UNIQUE (domain, mac)
) STRICT;
CREATE INDEX subject_handle ON subject (handle) WHERE handle IS NOT NULL;
CREATE INDEX subject_staged ON subject (import) WHERE import IS NOT NULL;

-- Verified checkpoints of origins, also those that came without records.
CREATE TABLE note (
  id      INTEGER PRIMARY KEY,
  origin  TEXT NOT NULL,
  size    INTEGER NOT NULL,
  root    BLOB NOT NULL CHECK (length(root) = 32),
  note    TEXT NOT NULL,
  signers TEXT NOT NULL,
  at_us   INTEGER NOT NULL,
  UNIQUE (origin, note)
) STRICT;

CREATE TABLE trust (
  origin  TEXT NOT NULL,
  version INTEGER NOT NULL,
  policy  TEXT NOT NULL,
  at_us   INTEGER NOT NULL,
  PRIMARY KEY (origin, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE quarantine (
  id     INTEGER PRIMARY KEY,
  name   TEXT NOT NULL,
  kind   TEXT NOT NULL,
  sealed TEXT NOT NULL,
  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
  reason TEXT NOT NULL,
  state  TEXT NOT NULL CHECK (state IN ('held', 'admitted', 'released')),
  at_us  INTEGER NOT NULL
) STRICT;

-- Projection of the ledger's incident entries.
CREATE TABLE incident (
  id         TEXT PRIMARY KEY,
  version    INTEGER NOT NULL,
  state      TEXT NOT NULL,
  opened_us  INTEGER NOT NULL,
  changed_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE incident_event (
  incident TEXT NOT NULL,
  version  INTEGER NOT NULL,
  epoch    INTEGER NOT NULL,
  idx      INTEGER NOT NULL,
  event    TEXT NOT NULL,
  PRIMARY KEY (incident, version)
) STRICT, WITHOUT ROWID;

-- Pinned disclosures, readable without the originals key.
CREATE TABLE evidence (
  id       INTEGER PRIMARY KEY,
  incident TEXT NOT NULL,
  seq      INTEGER,
  revision INTEGER NOT NULL,
  body     TEXT NOT NULL,
  actor    TEXT NOT NULL,
  at_us    INTEGER NOT NULL
) STRICT;
CREATE INDEX evidence_incident ON evidence (incident, id);

CREATE TABLE packet (
  id       INTEGER PRIMARY KEY,
  incident TEXT NOT NULL,
  audience TEXT NOT NULL,
  name     TEXT NOT NULL,
  size     INTEGER NOT NULL,
  sha256   BLOB NOT NULL CHECK (length(sha256) = 32),
  facts    TEXT NOT NULL,
  actor    TEXT NOT NULL,
  at_us    INTEGER NOT NULL
) STRICT;

-- Scope keys of case and distribution handles; the keys themselves are sealed files.
CREATE TABLE scope_key (scope TEXT PRIMARY KEY, sealed TEXT NOT NULL) STRICT, WITHOUT ROWID;
