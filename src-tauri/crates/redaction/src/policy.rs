//! Packet policies: for an audience, what becomes of each class.

use std::collections::BTreeMap;

use ring::digest;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::class::Class;

const FORMAT: &str = "muniment/policy/v1";

/// Whose handles a packet shows.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// The same in all packets of an incident for auditors inside.
    Case,
    /// One random key per incident and audience: two audiences cannot join their packets by handle.
    Distribution,
}

/// What a policy does to values of a class.
///
/// In a record that carries a proof a field cannot be changed, only disclosed or withheld: all but
/// [`Transform::Keep`] withhold it there, and what the transform makes of it is a claim beside it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Transform {
    /// Disclose the value.
    Keep,
    /// Show nothing of it, and count it.
    Withhold,
    /// Say what kind of value it is, in a fixed width.
    TypeTag,
    /// Show a handle of this scope.
    Handle(Scope),
    /// Show a coarser value ([`generalise`](crate::generalise)), or withhold where there is none.
    Generalise,
    /// Show the interval it lies in ([`bucket`](crate::bucket)), or withhold where there is none.
    Bucket,
    /// Show that something was there, and roughly how much.
    Presence,
}

impl Transform {
    /// Whether the value itself is disclosed.
    pub fn discloses(self) -> bool {
        self == Transform::Keep
    }
}

/// A policy file is not usable.
#[derive(Debug, Error)]
pub enum PolicyError {
    /// Not JSON, or not of the policy's shape.
    #[error(
        "policy file, line {line}, column {column}: not of the policy format; compare it with schemas/policies"
    )]
    Shape {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// The `format` is another one.
    #[error("policy file: its format is not {FORMAT}; a newer program may be needed to read it")]
    Format,
    /// A class has no transform.
    #[error("policy {id}: no transform for class {class}; every class must be named")]
    MissingClass {
        /// The policy's id.
        id: String,
        /// The class.
        class: Class,
    },
    /// A transform that would show what must never leave.
    #[error(
        "policy {id}: class {class} must not be {transform:?}; protected content, secrets and unclassified fields may only be withheld, tagged or counted, identities never kept"
    )]
    TooOpen {
        /// The policy's id.
        id: String,
        /// The class.
        class: Class,
        /// The transform it names.
        transform: Transform,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    id: String,
    version: u32,
    title: String,
    audience: String,
    classes: BTreeMap<Class, Transform>,
}

/// One version of what an audience may receive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Its id, `internal-audit` for example.
    pub id: String,
    /// Its version, from 1.
    pub version: u32,
    /// A heading.
    pub title: String,
    /// Whom it is for, in a sentence.
    pub audience: String,
    /// SHA-256 of the policy file: packets name it.
    pub digest: [u8; 32],
    classes: BTreeMap<Class, Transform>,
}

impl Policy {
    /// Reads a policy file. Policies that would keep identities, content, secrets or unclassified
    /// values are refused, whoever wrote them.
    pub fn parse(bytes: &[u8]) -> Result<Self, PolicyError> {
        let file: File = serde_json::from_slice(bytes).map_err(|e| PolicyError::Shape {
            line: e.line(),
            column: e.column(),
        })?;
        if file.format != FORMAT {
            return Err(PolicyError::Format);
        }
        for class in Class::ALL {
            let Some(&transform) = file.classes.get(&class) else {
                return Err(PolicyError::MissingClass { id: file.id, class });
            };
            if !may(class, transform) {
                return Err(PolicyError::TooOpen {
                    id: file.id,
                    class,
                    transform,
                });
            }
        }
        let mut digest = [0; 32];
        digest.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
        Ok(Self {
            id: file.id,
            version: file.version,
            title: file.title,
            audience: file.audience,
            digest,
            classes: file.classes,
        })
    }

    /// The policies that come with the program.
    pub fn builtin() -> Vec<Policy> {
        BUILTIN
            .iter()
            .filter_map(|bytes| Policy::parse(bytes).ok())
            .collect()
    }

    /// A policy that comes with the program, by id.
    pub fn builtin_by_id(id: &str) -> Option<Policy> {
        Policy::builtin().into_iter().find(|policy| policy.id == id)
    }

    /// What becomes of values of a class.
    pub fn transform(&self, class: Class) -> Transform {
        self.classes
            .get(&class)
            .copied()
            .unwrap_or(Transform::Withhold)
    }
}

const BUILTIN: [&[u8]; 2] = [
    include_bytes!("../../../../schemas/policies/internal-audit.json"),
    include_bytes!("../../../../schemas/policies/outside.json"),
];

/// What a policy may do at most.
fn may(class: Class, transform: Transform) -> bool {
    match class {
        Class::C0 | Class::C1 | Class::C2 => !matches!(transform, Transform::Handle(_)),
        Class::H | Class::C3 | Class::C4 => {
            matches!(
                transform,
                Transform::Handle(_) | Transform::Withhold | Transform::TypeTag
            )
        }
        Class::C5 => matches!(transform, Transform::Presence | Transform::Withhold),
        Class::C6 => matches!(transform, Transform::TypeTag | Transform::Withhold),
        Class::Unknown => transform == Transform::Withhold,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_policies_follow_the_table() {
        let policies = Policy::builtin();
        assert_eq!(policies.len(), BUILTIN.len());
        let inside = Policy::builtin_by_id("internal-audit").unwrap();
        let outside = Policy::builtin_by_id("outside").unwrap();
        assert_ne!(inside.digest, outside.digest);
        use Transform::*;
        for (class, in_transform, out_transform) in [
            (Class::C0, Keep, Keep),
            (Class::C1, Keep, Keep),
            (Class::C2, Generalise, Generalise),
            (Class::C3, Handle(Scope::Case), Handle(Scope::Distribution)),
            (Class::H, Handle(Scope::Case), Handle(Scope::Distribution)),
            (
                Class::C4,
                Handle(Scope::Distribution),
                Handle(Scope::Distribution),
            ),
            (Class::C5, Presence, Presence),
            (Class::C6, TypeTag, TypeTag),
            (Class::Unknown, Withhold, Withhold),
        ] {
            assert_eq!(inside.transform(class), in_transform, "{class}");
            assert_eq!(outside.transform(class), out_transform, "{class}");
        }
    }

    #[test]
    fn a_policy_that_keeps_identities_or_forgets_a_class_is_refused() {
        let file = String::from_utf8(BUILTIN[1].to_vec()).unwrap();
        let open = file.replace(r#""C3": { "handle": "distribution" }"#, r#""C3": "keep""#);
        assert_ne!(open, file);
        let error = Policy::parse(open.as_bytes()).unwrap_err();
        assert!(matches!(
            error,
            PolicyError::TooOpen {
                class: Class::C3,
                ..
            }
        ));
        let less = file.replace(r#""C6": "type-tag","#, "");
        let error = Policy::parse(less.as_bytes()).unwrap_err();
        assert!(matches!(
            error,
            PolicyError::MissingClass {
                class: Class::C6,
                ..
            }
        ));
        assert!(matches!(
            Policy::parse(b"{}"),
            Err(PolicyError::Shape { .. })
        ));
    }
}
