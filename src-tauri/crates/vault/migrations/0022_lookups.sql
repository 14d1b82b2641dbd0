-- Each file that comes is looked for among those that are here, and what a killed import staged is looked for before each
-- one: neither is to read all that is stored.
CREATE INDEX import_staged ON import (state) WHERE state = 'staged';
CREATE INDEX import_size ON import (size) WHERE state = 'finished';
CREATE INDEX import_original ON import (original);
CREATE INDEX quarantine_bytes ON quarantine (sha256);
CREATE INDEX quarantine_sealed ON quarantine (sealed);
