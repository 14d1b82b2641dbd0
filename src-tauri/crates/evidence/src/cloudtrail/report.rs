//! What is said about a trail: a verdict for each digest and each log, and findings. The words
//! are spelled here and nowhere else.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::hash::Hash;

/// Value of `format`.
pub const REPORT_FORMAT: &str = "muniment/cloudtrail-report/v1";

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $variant:ident = $code:literal, $message:literal, $hint:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $($(#[$about])* $variant,)* }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Stable kebab-case code.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// One sentence: what it means.
            pub fn message(self) -> &'static str {
                match self { $(Self::$variant => $message,)* }
            }

            /// What to try; empty where there is nothing to do.
            pub fn hint(self) -> &'static str {
                match self { $(Self::$variant => $hint,)* }
            }
        }
    };
}

words! {
    /// What holds of a digest file.
    DigestVerdict {
        /// Signed by a confirmed key of the region, for the pinned trail.
        Verified = "verified",
            "signed by a confirmed key, for the pinned trail",
            "";
        /// As verified, but the copy lies elsewhere than CloudTrail wrote it.
        Moved = "moved",
            "signed by a confirmed key, for the pinned trail; the copy lies elsewhere than CloudTrail wrote it",
            "state in the location map where the bucket's files lie now";
        /// The signature holds under a key that nobody confirmed.
        KeyUnconfirmed = "key-unconfirmed",
            "the signature holds, but nobody has confirmed the key out of band",
            "compare the key's SHA-256 with one that another workstation got from ListPublicKeys, then confirm it";
        /// No signature is at hand.
        Unsigned = "unsigned",
            "no signature is at hand: the next digest, which carries it, is not here",
            "add the next digest, or the object metadata of this one as `aws s3api head-object` prints them";
        /// No policy for its trail.
        Unpinned = "unpinned",
            "no trail is pinned",
            "pin account, region, trail, bucket and keys";
        /// The signature fails.
        BadSignature = "bad-signature",
            "the signature fails: this file, or the signature handed down for it, was changed after CloudTrail signed",
            "keep this copy and get the object again from the bucket, with its versions";
        /// No pinned key has its fingerprint.
        UnknownKey = "unknown-key",
            "it names a key that is not among the pinned ones",
            "get the keys of the region for that time with `aws cloudtrail list-public-keys`";
        /// The keys file gives another key under this fingerprint.
        FalseKey = "false-key",
            "the keys file gives another key under the fingerprint that this digest names",
            "do not use that keys file; ask where it came from and get it again from AWS";
        /// The key was not valid at that time.
        OutsideKeyValidity = "outside-key-validity",
            "the key that it names was not valid at the time of this digest",
            "get the keys of the region for that time; otherwise treat it as forged";
        /// Another algorithm than the ones CloudTrail uses.
        WrongAlgorithm = "wrong-algorithm",
            "an algorithm field does not say what CloudTrail uses (SHA256withRSA, SHA-256)",
            "get the object again from the bucket";
        /// The hash that it gives for the digest before is not that digest's.
        WrongPreviousHash = "wrong-previous-hash",
            "the hash that it gives for the previous digest is not that digest's, though both are signed",
            "keep both files and ask AWS: CloudTrail does not write this";
        /// Another digest with the same object key is signed too.
        Conflict = "conflict",
            "another file with the same object key and other bytes is signed too",
            "keep both files and ask AWS: CloudTrail does not write this";
        /// Its object key and its content contradict each other.
        BadName = "bad-name",
            "its object key does not fit its account or time",
            "get the object again from the bucket";
        /// Another account's.
        OtherAccount = "other-account",
            "it is of another account than the pinned one, whoever signed it",
            "give the digests of the pinned account";
        /// Another trail's.
        OtherTrail = "other-trail",
            "it is of another trail than the pinned one",
            "give the digests of the pinned trail, or pin this one";
        /// Another region's.
        OtherRegion = "other-region",
            "it is of a region that is not pinned",
            "add the region to the policy, if the trail is meant to cover it";
        /// From another bucket or prefix.
        OtherBucket = "other-bucket",
            "it was written to another bucket or prefix than the pinned one",
            "check where the trail delivers to";
        /// Cannot be read.
        Unreadable = "unreadable",
            "it is no digest file as CloudTrail writes them",
            "get the object again from the bucket, without unpacking and packing it";
    }
}

impl DigestVerdict {
    /// Whether the logs it lists are proven.
    pub fn is_proven(self) -> bool {
        matches!(self, Self::Verified | Self::Moved)
    }

    /// Whether a key with its fingerprint signed it for the pinned trail, confirmed or not.
    pub fn is_signed(self) -> bool {
        self.is_proven() || self == Self::KeyUnconfirmed
    }

    /// Whether it speaks for a manipulation or a mix-up, and not just for something absent.
    pub fn is_failure(self) -> bool {
        !self.is_signed() && !matches!(self, Self::Unsigned | Self::Unpinned)
    }
}

words! {
    /// What holds of a log file.
    LogVerdict {
        /// A proven digest lists exactly these bytes.
        Verified = "verified",
            "a proven digest lists exactly these bytes",
            "";
        /// Listed by a digest whose key nobody confirmed.
        KeyUnconfirmed = "key-unconfirmed",
            "listed by a digest whose key nobody has confirmed",
            "confirm the key";
        /// Listed only by a digest that is not proven.
        DigestUnproven = "digest-unproven",
            "listed only by a digest that is not proven itself",
            "see what is wrong with that digest";
        /// A signed digest lists other bytes under this name.
        Changed = "changed",
            "a signed digest lists other bytes for this file: it was changed after delivery",
            "keep this copy and get the object again from the bucket, with its versions";
        /// The digest names another hash algorithm.
        WrongAlgorithm = "wrong-algorithm",
            "the digest names another hash algorithm than SHA-256 for it",
            "get the digest again from the bucket";
        /// No digest lists it.
        Unlisted = "unlisted",
            "no digest lists it",
            "add the digests of its hour and of the hour after";
        /// Cannot be read.
        Unreadable = "unreadable",
            "its bytes cannot be what CloudTrail delivered",
            "get the object again from the bucket, without unpacking and packing it";
    }
}

impl LogVerdict {
    /// Whether it speaks for a manipulation, and not just for something absent.
    pub fn is_failure(self) -> bool {
        matches!(
            self,
            Self::Changed | Self::WrongAlgorithm | Self::Unreadable
        )
    }
}

words! {
    /// What was found about a chain.
    FindingCode {
        /// Hours without a proven digest between two.
        Gap = "gap",
            "hours between two digests are not covered by a proven digest",
            "get the missing digests from the bucket, with deleted versions";
        /// The beginning of the requested interval is not covered.
        StartMissing = "start-missing",
            "the requested interval begins before the oldest proven digest",
            "get the older digests, or ask since when the trail validates";
        /// The end of the requested interval is not covered.
        EndMissing = "end-missing",
            "the requested interval goes on after the newest proven digest; CloudTrail writes one each hour",
            "get the newest digests; if the bucket has none, they were deleted or the trail was stopped";
        /// The chain starts anew.
        Restart = "restart",
            "the chain starts anew here: logging or validation was stopped and started",
            "look for StopLogging, UpdateTrail and DeleteTrail around that time";
        /// The end of one hour is not the start of the next.
        TimeBreak = "time-break",
            "the digest before ends at another time than this one starts",
            "keep both files and ask AWS: CloudTrail does not write this";
        /// A backfill digest's predecessor is absent.
        BackfillMissing = "backfill-missing",
            "the backfill digest before this one is not proven here",
            "get it from the bucket";
        /// A listed log file is absent.
        LogMissing = "log-missing",
            "log files that a signed digest lists are not here",
            "get them from the bucket, with deleted versions";
        /// Digests from before the oldest exist.
        HistoryBefore = "history-before-unknown",
            "the oldest digest names one before it that is not proven here",
            "state the interval you need, or get the older digests";
        /// No log was delivered.
        NoEvents = "no-events",
            "signed digests say that no log file was delivered in these hours",
            "";
    }
}

impl FindingCode {
    /// Whether it takes something from what can be claimed.
    pub fn is_problem(self) -> bool {
        !matches!(self, Self::NoEvents | Self::HistoryBefore)
    }
}

/// What holds of a trail as a whole.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum TrailVerdict {
    /// Every file is proven and nothing asked for is missing.
    Verified,
    /// What is here holds, but something is missing or not listed.
    Incomplete,
    /// Nothing is proven yet: no pinned trail, or an unconfirmed key.
    Pending,
    /// A file is not what CloudTrail wrote for the pinned trail.
    Failed,
}

impl TrailVerdict {
    /// Stable word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Incomplete => "incomplete",
            Self::Pending => "pending",
            Self::Failed => "failed",
        }
    }
}

/// From one time to another, UTC.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// Start.
    #[schemars(with = "String")]
    pub from: DateTime<Utc>,
    /// End.
    #[schemars(with = "String")]
    pub to: DateTime<Utc>,
}

/// An hour that no proven digest covers.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Hour {
    /// Start.
    #[schemars(with = "String")]
    pub from: DateTime<Utc>,
    /// End.
    #[schemars(with = "String")]
    pub to: DateTime<Utc>,
    /// Whether a file that claims the hour is here and is not proven.
    pub unproven_file: bool,
}

/// A digest file and its verdict.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DigestLine {
    /// Where the copy lies.
    pub path: String,
    /// Object key that its content names; absent when it cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The hour it is about, as it says itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hour: Option<Span>,
    /// SHA-256 of the inflated bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Hash>,
    /// SHA-256 of the key that signed, 64 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
    /// Whether it belongs to the backfill chain.
    pub backfill: bool,
    /// Log files that it lists.
    pub logs: usize,
    /// Verdict.
    pub verdict: DigestVerdict,
    /// Why it cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// A log file and its verdict.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogLine {
    /// Where the copy lies.
    pub path: String,
    /// SHA-256 of the inflated bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Hash>,
    /// Object key of the digest that lists it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Verdict.
    pub verdict: LogVerdict,
    /// Why it cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// Something found about a chain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// What.
    pub code: FindingCode,
    /// In one sentence.
    pub message: String,
    /// What to try.
    pub hint: String,
    /// Whether it takes something from what can be claimed.
    pub problem: bool,
    /// Trail.
    pub trail: String,
    /// Region.
    pub region: String,
    /// Whether it is about the backfill chain.
    pub backfill: bool,
    /// The time it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    /// How many hours are missing.
    pub hours_missing: u64,
    /// Each missing hour, the first 10,000 of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hours: Vec<Hour>,
    /// Object keys it names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
}

/// One chain: a trail's digests of one region, or its backfill digests.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Chain {
    /// Trail.
    pub trail: String,
    /// Region.
    pub region: String,
    /// Whether it is the backfill chain.
    pub backfill: bool,
    /// Digests that are signed.
    pub digests: usize,
    /// Stretches that signed digests cover without a gap.
    pub covered: Vec<Span>,
}

/// Everything about what is here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrailReport {
    /// `muniment/cloudtrail-report/v1`.
    pub format: String,
    /// As a whole.
    pub verdict: TrailVerdict,
    /// Whether every file is proven and nothing asked for is missing.
    pub passed: bool,
    /// Whether what holds is signed with a key that was pinned and confirmed.
    pub trusted: bool,
    /// Each digest file, by path.
    pub digests: Vec<DigestLine>,
    /// Each log file, by path.
    pub logs: Vec<LogLine>,
    /// Each chain.
    pub chains: Vec<Chain>,
    /// What was found, chain by chain in the order of time.
    pub findings: Vec<Finding>,
}

impl TrailReport {
    /// The verdict of a digest file, by the SHA-256 of its inflated bytes.
    pub fn digest(&self, sha256: &Hash) -> Option<&DigestLine> {
        self.digests
            .iter()
            .find(|d| d.sha256.as_ref() == Some(sha256))
    }
}
