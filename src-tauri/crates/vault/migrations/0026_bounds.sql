-- What a manifest lists may be an archive, by its bytes; and of an archive of which many files cannot be unpacked each is
-- looked for by its name, because all of them are held under the archive's bytes.
CREATE INDEX sealed_bytes ON sealed (sha256);
CREATE INDEX quarantine_file ON quarantine (sha256, member);
