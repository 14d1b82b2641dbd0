//! Trust as people change it: keys that are pinned, policies, keys that origins propose.

mod change;
mod proposals;
mod show;

pub use change::*;
pub use proposals::Proposed;
pub use show::*;
