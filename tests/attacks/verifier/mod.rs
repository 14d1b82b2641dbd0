//! Whoever makes or changes a packet or an export and wants a reader to believe it.

#[path = "../../../src-tauri/crates/packet/tests/common/mod.rs"]
pub(crate) mod packets;

mod bounds;
mod facts;
mod given;
mod members;
mod mutations;
mod report;
mod trusted;
