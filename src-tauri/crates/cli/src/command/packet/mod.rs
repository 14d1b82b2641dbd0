//! `muniment packet`.

mod keys;
mod plan;
mod sign;
mod write;

use super::commands;

commands! {
    /// Plan and write packets.
    Packet {
        Plan(plan::Plan),
        Write(write::Write),
        Sign(sign::Sign),
        Keys(keys::Keys),
    }
}
