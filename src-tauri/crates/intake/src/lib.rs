//! Import: the bytes are sealed first, the sealed copy is verified, its records are
//! staged where nobody sees them, and become visible together with their verdict.

mod admit;
mod agreed;
mod archive;
mod digests;
mod folder;
mod foreign;
mod hashing;
mod held;
mod imported;
mod input;
mod interrupted;
mod native;
mod run;
mod sealed;
mod shown;
mod trail;
mod turn;

pub use admit::quarantine_admit;
pub use held::{quarantine, quarantine_export, quarantine_views, quarantined};
pub use imported::stopped;
pub use interrupted::{find as take_interrupted, views as interrupted_views};
pub use native::event;
pub use run::{import_all, import_discard, import_now, import_resume_now, summary};
pub use shown::view_of;
pub use trail::verify_trail;
pub use turn::{Resumed, Taken, title};
