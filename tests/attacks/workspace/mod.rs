//! Whoever can write to the folder, without key or passphrase: key ring, member files, heads, links, kills.

mod before;
mod damaged_index;
mod files_beside;
mod key_cost;
mod key_ring;
mod killed_calls;
mod killed_handover;
mod killed_import;
mod killed_packet;
mod killed_recovery;
mod links;
mod mutations;
mod open_to_others;
pub(crate) mod place;
mod read_only;
