//! Detection: lifecycle contradictions, contradictions across systems and content exposures, found in the records
//! and offered to people. Nothing here advances anything: a candidate becomes an incident, is linked to one or
//! dismissed only by a member's act, which the ledger keeps.

mod act;
mod candidate;
mod follow;
mod judge;
mod lives;
mod rebuild;
mod rules;
mod show;
mod subject;

pub use act::{dismiss_detections, link_detections, open_detections, reconsider_detection};
pub use follow::{follow, forget};
pub use rebuild::rebuild_detections;
pub use show::{detection, detections, open};
pub use subject::{lifecycle, subject};
