//! One gzip member and nothing else, within bounds.

use std::borrow::Cow;
use std::io::Read;

use flate2::bufread::GzDecoder;

/// The largest log file, inflated, in bytes: 64 MiB.
pub const MAX_LOG_BYTES: u64 = 64 << 20;
/// Inflated bytes that are always allowed, however small the file: 1 MiB.
const FREE: u64 = 1 << 20;
/// Most inflated bytes for one packed byte beyond [`FREE`]. CloudTrail's JSON packs 10 to 60 times.
const MAX_RATIO: u64 = 400;
const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Why a file's bytes cannot be what CloudTrail delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InflateFault {
    /// The gzip stream is damaged or ends early.
    #[error("the gzip stream is damaged or ends early")]
    Damaged,
    /// A second gzip member follows: readers differ in whether they read it.
    #[error("a second gzip member follows the first")]
    MultiMember,
    /// Something else follows the gzip member.
    #[error("something follows the gzip member")]
    TrailingData,
    /// Beyond the bound on size or ratio.
    #[error("it inflates to more than the bounds on size or ratio allow")]
    Expands,
}

impl InflateFault {
    /// Stable kebab-case code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Damaged => "gzip-damaged",
            Self::MultiMember => "gzip-multi-member",
            Self::TrailingData => "gzip-trailing-data",
            Self::Expands => "expands",
        }
    }
}

/// The bytes that CloudTrail hashed: inflated, or as they are when a download tool has inflated
/// them already.
///
/// # Errors
/// [`InflateFault`].
pub fn inflate(bytes: &[u8], limit: u64) -> Result<Cow<'_, [u8]>, InflateFault> {
    if !bytes.starts_with(&MAGIC) {
        return if bytes.len() as u64 > limit {
            Err(InflateFault::Expands)
        } else {
            Ok(Cow::Borrowed(bytes))
        };
    }
    let limit = limit.min(FREE.saturating_add((bytes.len() as u64).saturating_mul(MAX_RATIO)));
    let mut decoder = GzDecoder::new(bytes);
    let mut out = Vec::new();
    (&mut decoder)
        .take(limit + 1)
        .read_to_end(&mut out)
        .map_err(|_| InflateFault::Damaged)?;
    if out.len() as u64 > limit {
        return Err(InflateFault::Expands);
    }
    match decoder.into_inner() {
        [] => Ok(Cow::Owned(out)),
        rest if rest.starts_with(&MAGIC) => Err(InflateFault::MultiMember),
        _ => Err(InflateFault::TrailingData),
    }
}
