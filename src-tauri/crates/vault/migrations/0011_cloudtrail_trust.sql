-- What custodians pinned about CloudTrail trails, every version of it.
CREATE TABLE cloudtrail_trust (
  trail   TEXT NOT NULL,
  version INTEGER NOT NULL,
  policy  TEXT NOT NULL,
  at_us   INTEGER NOT NULL,
  PRIMARY KEY (trail, version)
) STRICT, WITHOUT ROWID;
