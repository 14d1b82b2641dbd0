//! Whoever holds the database key only, and writes rows that decide something.
