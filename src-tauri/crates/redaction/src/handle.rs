//! Handles: keyed names for identities, so that the same person or device can be followed through
//! records without being named.
//!
//! `K = HKDF-SHA-256(scope key, info = "muniment/handle/v1/" ‖ domain)` (RFC 5869, no salt) and
//! `handle = prefix ‖ base32(HMAC-SHA-256(K, canonical value)[..10])`. A case or distribution
//! handle is the same over the *full* workspace HMAC in place of the value, so that a reviewer can
//! build a packet without the handle key.

use std::fmt;
use std::sync::OnceLock;

use data_encoding::{BASE32_NOPAD, Encoding};
use ring::{hkdf, hmac};
use zeroize::{Zeroize as _, Zeroizing};

use crate::canonical::{DOMAINS, domain_index};

/// Bytes of the HMAC that a handle shows: 80 bits, 16 characters of base32.
const SHOWN_BYTES: usize = 10;

/// A scope key: the vault's handle key, an incident's case key, or a distribution key.
///
/// The HMAC keys of known domains are derived once and kept, since an import computes several
/// handles for each of millions of records. `ring` does not wipe those when they are dropped; the
/// scope key itself is wiped, and lies on the heap, so that handing it on leaves no copy on a stack.
pub struct HandleKey {
    bytes: Box<Zeroizing<[u8; 32]>>,
    derived: [OnceLock<hmac::Key>; DOMAINS.len()],
}

impl HandleKey {
    /// A scope key from 32 random bytes.
    pub fn new(mut bytes: [u8; 32]) -> Self {
        let mut kept = Box::new(Zeroizing::new([0; 32]));
        kept.copy_from_slice(&bytes);
        bytes.zeroize();
        Self {
            bytes: kept,
            derived: [const { OnceLock::new() }; DOMAINS.len()],
        }
    }

    /// The 32 bytes, for sealing them to a member or a packet's declared inputs.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    fn mac(&self, domain: &str, message: &[u8]) -> [u8; 32] {
        let tag = match domain_index(domain) {
            Some(index) => hmac::sign(
                self.derived[index].get_or_init(|| self.derive(domain)),
                message,
            ),
            None => hmac::sign(&self.derive(domain), message),
        };
        let mut out = [0; 32];
        out.copy_from_slice(tag.as_ref());
        out
    }

    fn derive(&self, domain: &str) -> hmac::Key {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, &[]);
        let info = [b"muniment/handle/v1/".as_slice(), domain.as_bytes()];
        match salt
            .extract(self.bytes.as_slice())
            .expand(&info, hmac::HMAC_SHA256)
        {
            Ok(okm) => okm.into(),
            // HKDF-SHA-256 refuses only outputs longer than 255 × 32 bytes; this one is 32.
            Err(ring::error::Unspecified) => unreachable!("an HKDF output of 32 bytes"),
        }
    }
}

impl Clone for HandleKey {
    fn clone(&self) -> Self {
        Self::new(**self.bytes)
    }
}

impl fmt::Debug for HandleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HandleKey(..)")
    }
}

/// The full HMAC of an identity in the workspace scope; `canonical` comes from
/// [`canonical`](crate::canonical()).
pub fn workspace_mac(key: &HandleKey, domain: &str, canonical: &[u8]) -> [u8; 32] {
    key.mac(domain, canonical)
}

/// The full HMAC of an identity in a case or distribution scope, from its workspace HMAC.
pub fn scoped_mac(scope_key: &HandleKey, domain: &str, workspace_mac: &[u8; 32]) -> [u8; 32] {
    scope_key.mac(domain, workspace_mac)
}

/// The handle as people see and type it: the domain's prefix, a dash, 16 characters of lower case
/// base32.
pub fn handle_text(domain: &str, mac: &[u8; 32]) -> String {
    static LOWER: OnceLock<Encoding> = OnceLock::new();
    let base32 = LOWER.get_or_init(|| {
        let mut spec = BASE32_NOPAD.specification();
        spec.symbols.make_ascii_lowercase();
        // The same table with other letters is a valid specification.
        spec.encoding().unwrap_or(BASE32_NOPAD)
    });
    let mut out = String::with_capacity(24);
    out.push_str(prefix(domain));
    out.push('-');
    base32.encode_append(&mac[..SHOWN_BYTES], &mut out);
    out
}

/// The workspace handle of a plain identity (what somebody typed into a search field).
pub fn handle_text_of(key: &HandleKey, domain: &str, plain: &str) -> String {
    handle_text(
        domain,
        &workspace_mac(key, domain, &crate::canonical_text(domain, plain)),
    )
}

/// The prefix that a domain's handles carry; `id` for a domain this version does not know.
pub fn prefix(domain: &str) -> &'static str {
    domain_index(domain).map_or("id", |index| DOMAINS[index].1)
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::*;
    use crate::canonical;

    /// Computed with Python's `hmac` and a hand-written RFC 5869:
    /// key = 00 01 … 1f, domain `account`, value `alice`.
    #[test]
    fn agrees_with_an_independent_computation() {
        let key = HandleKey::new(std::array::from_fn(|i| i as u8));
        let mac = workspace_mac(&key, "account", b"alice");
        assert_eq!(
            HEXLOWER.encode(&mac),
            "9c71f416a2d6fc56b1b54c70f6c3309cff1d4f8605ba1db544a62a8e6f9a1a9c"
        );
        assert_eq!(handle_text("account", &mac), "acc-try7ifvc236fnmnv");
        assert_eq!(
            handle_text_of(&key, "account", " Alice "),
            "acc-try7ifvc236fnmnv"
        );
    }

    #[test]
    fn scopes_and_domains_do_not_share_handles() {
        let (vault, case) = (HandleKey::new([1; 32]), HandleKey::new([2; 32]));
        let account = workspace_mac(&vault, "account", b"alice");
        assert_ne!(account, workspace_mac(&vault, "host", b"alice"));
        assert_ne!(account, workspace_mac(&vault, "unheard-of", b"alice"));
        let scoped = scoped_mac(&case, "account", &account);
        assert_ne!(scoped, account);
        assert_eq!(scoped, scoped_mac(&case.clone(), "account", &account));
        assert_ne!(
            scoped,
            scoped_mac(&HandleKey::new([3; 32]), "account", &account)
        );
    }

    #[test]
    fn spellings_of_one_identity_share_a_handle() {
        let key = HandleKey::new([7; 32]);
        let handle = |domain, value| handle_text_of(&key, domain, value);
        assert_eq!(handle("ip", "::ffff:10.1.2.3"), handle("ip", "10.1.2.3"));
        assert_eq!(handle("ip", "2001:DB8:0::1"), handle("ip", "2001:db8::1"));
        assert_eq!(
            handle("mac", "AA-BB-CC-00-11-22"),
            handle("mac", "aabb.cc00.1122")
        );
        assert_eq!(
            handle("imei", "49-015420-323751-8"),
            handle("imei", "4901542032375181")
        );
        assert_eq!(
            handle("phone", "+49 (0) 30 901820"),
            handle("phone", "004930901820")
        );
        assert_eq!(
            handle("account", "Stra\u{df}e"),
            handle("account", "STRASSE")
        );
        assert_ne!(handle("account", "alice"), handle("account", "alicf"));
        assert_eq!(canonical("ip", "\"10.1.2.3\""), [10, 1, 2, 3]);
    }

    #[test]
    fn a_debug_print_does_not_show_the_key() {
        assert_eq!(format!("{:?}", HandleKey::new([9; 32])), "HandleKey(..)");
    }
}
