-- What rows of before hold in the open is looked for at every opening, by those who may seal it: found by these, and not by
-- reading all that is stored. A row that holds nothing in the open is in none of them.
CREATE INDEX sealed_open ON sealed (id) WHERE digest IS NULL;
CREATE INDEX import_open ON import (id) WHERE digest IS NULL;
CREATE INDEX quarantine_open ON quarantine (id) WHERE digest IS NULL;
CREATE INDEX import_open_name ON import (id) WHERE name NOT LIKE 'sealed-name:%';
CREATE INDEX import_open_member ON import (id) WHERE member NOT LIKE 'sealed-name:%';
CREATE INDEX quarantine_open_name ON quarantine (id) WHERE name NOT LIKE 'sealed-name:%';
CREATE INDEX quarantine_open_member ON quarantine (id) WHERE member NOT LIKE 'sealed-name:%';
CREATE INDEX quarantine_open_reason ON quarantine (id) WHERE reason NOT LIKE '%"sealed":%';
CREATE INDEX import_open_agreed ON import (id)
  WHERE facts LIKE '%"agreed":"%' AND facts NOT LIKE '%"agreed":"sealed-name:%';
CREATE INDEX segment_open_agreed ON segment (id)
  WHERE verdict LIKE '%"agreed":"%' AND verdict NOT LIKE '%"agreed":"sealed-name:%';
