//! From a case and its records to a packet: planning, writing, and further signatures.

mod assemble;
mod custody;
mod findings;
mod follow_up;
mod limits;
mod records;
mod sections;
mod show;
mod sign;
mod telling;
mod verified;
mod wording;
mod write;

pub use assemble::Assembled;
pub use sign::{packet_keys, packet_keys_save, packet_sign};
pub use verified::{concluded, packet_view};
pub use write::{assembled, packet_plan, packet_write, packets};
