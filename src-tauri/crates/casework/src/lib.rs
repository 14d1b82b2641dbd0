//! The incident: seven stages, their forms and gates, controls and notification clocks.
//!
//! Pure: [`decide()`] turns a command into events or refuses it, [`Incident::apply`] folds an
//! event into the state, and replaying all events gives the same state. Time and measured
//! facts are passed in; nothing here reads a file, a clock or a random number.

mod apply;
mod approve;
pub mod clock;
pub mod command;
mod condition;
pub mod control;
mod decide;
mod entry;
pub mod event;
mod facts;
mod fill;
pub mod form;
mod forms;
pub mod gate;
pub mod incident;
pub mod next;
mod reference;
pub mod refusal;
pub mod role;
mod spec;
pub mod stage;
pub mod summary;

pub use clock::{Clock, ClockState, clocks, next_clock};
pub use command::{Command, Fields};
pub use control::{Framework, coverage, frameworks};
pub use decide::{decide, open};
pub use event::{Event, What};
pub use form::{FieldSpec, Kind, beside, form};
pub use gate::{
    EvidenceFact, Facts, GapFact, GateStatus, Missing, PacketFacts, blocking, gate, gates,
};
pub use incident::{EvidenceRef, Incident, Item, Period, Relation, SavedSearch, Waiver};
pub use next::{NextStep, next_steps};
pub use refusal::Refusal;
pub use role::{Actor, Role};
pub use stage::Stage;
pub use summary::{Summary, summary};
