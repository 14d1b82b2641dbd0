-- Log indices of a segment whose records other segments brought before, and the event rows with exactly their
-- leaves: in a fork two branches have the same indices, so an index alone does not name a row.
CREATE TABLE segment_borrowed (
  segment   INTEGER NOT NULL,
  first     INTEGER NOT NULL,
  last      INTEGER NOT NULL,
  first_seq INTEGER NOT NULL,
  PRIMARY KEY (segment, first)
) STRICT, WITHOUT ROWID;
