//! The search index follows the vault: it remembers how far it came, catches up, goes ahead of an import's verdict
//! uncommitted, and is asked.

mod ahead;
mod ask;
mod index;
mod unseen;

pub use ahead::{Ahead, WORTH_IT};
pub use ask::{count_records, resolved};
pub use index::{catch_up, compare_index, open_index, start_anew, with_index};
pub use unseen::{Unseen, unseen};
