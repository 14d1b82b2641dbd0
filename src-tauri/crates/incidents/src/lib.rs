//! Incidents: every act is decided by `casework`, appended by the vault, and shown again.

mod acts;
mod controls;
mod marks;
mod packets;
mod pin;
mod show;
mod stored;

pub use acts::{
    act, activity_text, add_item, advance, approve, decided, edit_item, go_back, incident,
    incidents, map_control, open_incident, pin_records, reopen, save_search, set_field, waive,
    withdraw_item,
};
pub use controls::controls;
pub use packets::{of_incident, packet_row};
pub use pin::{Disclosure, PinnedField, disclosures, may_leave};
pub use stored::{Loaded, facts, fold, json, load};
