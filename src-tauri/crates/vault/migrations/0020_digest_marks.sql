-- The digest of a file is an oracle: who knows all of a short file but one address tries addresses until the digest
-- agrees. So `sha256` holds a mark, keyed below the originals key, by which the same bytes are recognised, and `digest`
-- the digest itself, sealed under the mark. A row without `digest` was written before; its `sha256` is the digest until
-- a member with the originals key opens the workspace.
ALTER TABLE sealed ADD COLUMN digest BLOB CHECK (digest IS NULL OR length(digest) = 32);
ALTER TABLE import ADD COLUMN digest BLOB CHECK (digest IS NULL OR length(digest) = 32);
ALTER TABLE quarantine ADD COLUMN digest BLOB CHECK (digest IS NULL OR length(digest) = 32);
