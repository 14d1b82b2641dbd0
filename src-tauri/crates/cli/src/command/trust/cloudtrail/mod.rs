//! `muniment trust cloudtrail`.

mod list;
mod pin;
mod set;
mod text;

use crate::command::commands;

pub(in crate::command) use text::trails;

commands! {
    /// Pin CloudTrail trails, or list them with what their digests prove.
    Cloudtrail {
        Pin(Box<pin::Pin>),
        Set(set::Set),
        List(list::List),
    }
}
