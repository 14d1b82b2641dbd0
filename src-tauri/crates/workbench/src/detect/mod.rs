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

pub(crate) use follow::{follow, forget};
pub(crate) use show::open;
