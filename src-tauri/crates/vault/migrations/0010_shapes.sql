-- The fields that rows have in common: path, class and what is shown of each, in order. A row names its shape by
-- number and holds values only (src/table/row.rs). `import` marks what an unfinished import added.
CREATE TABLE shape (id INTEGER PRIMARY KEY, fields BLOB NOT NULL UNIQUE, import INTEGER) STRICT;
CREATE INDEX shape_staged ON shape (import) WHERE import IS NOT NULL;
