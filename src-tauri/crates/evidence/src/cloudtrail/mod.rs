//! AWS CloudTrail's digest chain, checked offline: digest files and log files as copies, the
//! public keys as `aws cloudtrail list-public-keys` printed them, and a pinned policy.
//!
//! Signed string of a digest (AWS CloudTrail User Guide, "Custom implementations of CloudTrail
//! log file integrity validation"):
//!
//! ```text
//! digestEndTime \n digestS3Bucket/digestS3Object \n hex(SHA-256(inflated digest)) \n
//! (previousDigestSignature or "null")                 RSA PKCS#1 v1.5, SHA-256
//! ```
//!
//! Copies lose the object metadata in which a digest's signature stands, but digest N+1 carries
//! the signature of digest N. So a contiguous set proves all but its newest, for which a saved
//! `head-object` answer may stand in.
//!
//! [`survey`] is a pure function of a *set* of files and the policies: it gives the same report
//! in whatever order, and out of however many deliveries, the files came.

mod chain;
mod digest;
mod inflate;
mod key;
mod place;
mod report;
mod survey;
mod trust;

pub use digest::{
    DigestContent, DigestFacts, DigestFault, ListedLog, MAX_DIGEST_BYTES, Previous, Signature,
    SignatureFault, is_digest_name, is_log_name, is_signature_name,
};
pub use inflate::{InflateFault, MAX_LOG_BYTES, inflate};
pub use key::{KeysFault, PublicKey, read_keys};
pub use place::KeyName;
pub use report::{
    Chain, DigestLine, DigestVerdict, Finding, FindingCode, Hour, LogLine, LogVerdict,
    REPORT_FORMAT, Span, TrailReport, TrailVerdict,
};
pub use survey::{BrokenFile, LogFacts, Trail, survey};
pub use trust::{
    Confirmation, Interval, Location, PinnedKey, TRAIL_TRUST_FORMAT, TrailTrust, TrailTrustFault,
};
