//! What may be claimed now: the trust policies, the trails, and how every segment, origin and record stands under them.

mod bands;
mod cloudtrail;
mod groups;
mod policies;
mod shown;
mod standing;
mod trails;
mod trust;
mod workspace;

pub use bands::{band, in_words, silent_words};
pub use cloudtrail::{TrailRequest, cloudtrail, pin_trail, set_trail};
pub use groups::{ForeignGroup, ForeignGroups};
pub use policies::{Policies, act_words, in_force, is_known_schema, refusal, schemas_json};
pub use shown::row_view;
pub use standing::{Gap, OriginStanding, SegmentStanding, Standing, missing_words, sizes};
pub use trails::{FACTS, TrailStanding, Trails, place, report_view};
pub use trust::{
    Approval, Proposed, key_views, trust, trust_add, trust_anchor, trust_change, trust_confirm,
    trust_distrust, trust_file, trust_heartbeat, trust_load, trust_pin, trust_policy,
    trust_preview, trust_proposals, trust_save, trust_set,
};
pub use workspace::Workspace;
