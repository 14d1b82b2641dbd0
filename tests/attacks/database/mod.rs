//! Whoever holds the database key only, and writes rows that decide something.

mod before;
mod each_column;
mod lying_detections;
mod lying_index;
mod planted_rules;
mod retold;
mod reviewer;
mod rewritten_rows;
mod shown_rows;
mod taken_away;
mod taken_files;
mod trigger;
