-- Records of events that another file has told before, as an event's own id says (the source file names it). With the
-- same content (`same`) such a record has no row of its own: `seq` is the event's row. With other content it has one, and
-- `seq` is the row that says otherwise. What lies here is stated by a digest in the segment's verdict.
CREATE TABLE retold (
  segment   INTEGER NOT NULL,
  log_index INTEGER NOT NULL,
  seq       INTEGER NOT NULL,
  same      INTEGER NOT NULL CHECK (same IN (0, 1)),
  leaf      BLOB NOT NULL CHECK (length(leaf) = 32),
  PRIMARY KEY (segment, log_index)
) STRICT, WITHOUT ROWID;

-- By which an event is known again: HMACs of its id and of its content under keys below the originals key. `bound` binds
-- both to the leaf of the row, so that no row is named here but the one that was told first.
CREATE TABLE event_identity (
  mark    BLOB NOT NULL CHECK (length(mark) = 16),
  content BLOB NOT NULL CHECK (length(content) = 16),
  seq     INTEGER NOT NULL,
  bound   BLOB NOT NULL CHECK (length(bound) = 16),
  PRIMARY KEY (mark, content)
) STRICT, WITHOUT ROWID;
