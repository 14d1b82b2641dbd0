//! What entries say of members.

use data_encoding::BASE32_NOPAD;

use super::{CREATED, ENROLLED, RECOVERED, Role};
use crate::base64;
use crate::hash::Hash;

/// A member as an entry enrols it. Its key exchange key is the vault's concern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolledMember {
    /// Id, derived from the signing key.
    pub id: String,
    /// Role.
    pub role: Role,
    /// Ed25519 public key that signs entries and packets.
    pub sign: [u8; 32],
}

impl EnrolledMember {
    /// The id of a member with this key: the role's letter and five base32 letters of the key's
    /// SHA-256.
    #[must_use]
    pub fn id_of(role: Role, sign: &[u8; 32]) -> String {
        let text = BASE32_NOPAD.encode(&Hash::sha256(sign).0);
        format!("{}-{}", role.letter(), &text[..5])
    }

    /// A member of these words, where they fit each other: nobody is enrolled under another's id.
    fn read(text: &dyn Fn(&str) -> Option<String>, stem: &str) -> Option<Self> {
        let text = |name: &str| text(&format!("{stem}/{name}"));
        let role = Role::from_word(&text("role")?)?;
        let sign = base64::decode_32(text("sign")?.as_bytes())?;
        let id = text("id")?;
        (Self::id_of(role, &sign) == id).then_some(Self { id, role, sign })
    }
}

/// What an entry changes of who is a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Membership {
    /// Nothing.
    Unchanged,
    /// These members are there from this entry on; for the genesis, the first custodian and the
    /// recovery identity, in this order.
    Enrols(Vec<EnrolledMember>),
    /// These are there from this entry on, a custodian and the next recovery identity, and whoever
    /// signed it, the recovery identity before, is no member after it.
    Replaces(Vec<EnrolledMember>),
    /// It says it changes something that cannot be.
    Impossible,
}

/// What an entry of this kind changes. `text` gives the string at a path of the entry, such as
/// `/detail/member/id`, where there is one. The caller refuses ids that are there already.
#[must_use]
pub fn membership(vault: &str, kind: &str, text: &dyn Fn(&str) -> Option<String>) -> Membership {
    let enrolled = match kind {
        CREATED => genesis(vault, text),
        ENROLLED => EnrolledMember::read(text, "/detail/member")
            .filter(|member| member.role != Role::Recovery)
            .map(|member| vec![member]),
        RECOVERED => return recovered(text),
        // The ledger knows no other change, so an entry that claims one is none that was written.
        kind if kind.starts_with("member.") => None,
        _ => return Membership::Unchanged,
    };
    enrolled.map_or(Membership::Impossible, Membership::Enrols)
}

/// A recovery enrols a custodian, and puts another recovery identity in the place of the one that
/// was used. Entries of before keys were rotated name none, and the same one stays.
fn recovered(text: &dyn Fn(&str) -> Option<String>) -> Membership {
    let named = |stem: &str, role| {
        EnrolledMember::read(text, stem).filter(|member: &EnrolledMember| member.role == role)
    };
    let Some(custodian) = named("/detail/member", Role::Custodian) else {
        return Membership::Impossible;
    };
    if text("/detail/recovery/id").is_none() {
        return Membership::Enrols(vec![custodian]);
    }
    named("/detail/recovery", Role::Recovery).map_or(Membership::Impossible, |recovery| {
        Membership::Replaces(vec![custodian, recovery])
    })
}

/// Genesis names the vault, its first custodian and the recovery identity.
fn genesis(vault: &str, text: &dyn Fn(&str) -> Option<String>) -> Option<Vec<EnrolledMember>> {
    if text("/detail/vault")? != vault {
        return None;
    }
    let named = |name, role| {
        EnrolledMember::read(text, &format!("/detail/{name}")).filter(|member| member.role == role)
    };
    Some(vec![
        named("custodian", Role::Custodian)?,
        named("recovery", Role::Recovery)?,
    ])
}
