//! The data classes and the rule that a source file states for a field.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::value::ValueType;

/// How much a value could say about a person, a device or protected content.
///
/// The order is that of the table in the design; it is not a ranking for comparisons of risk
/// (`H`, a handle that the platform itself issued, is less telling than `C3`).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum Class {
    /// Taxonomic: event code, outcome, system.
    C0,
    /// Operational: time, version, counter.
    C1,
    /// Quasi-identity: site, role, coarse place, user agent.
    C2,
    /// Identity: account, name, e-mail, phone, IP, host or user path, SID, ARN.
    C3,
    /// A privacy-preserving handle that the platform itself issued.
    H,
    /// Direct device identifier: IMEI, serial, MAC, ICCID, MEID.
    C4,
    /// Protected content: message, attachment, call or media text.
    C5,
    /// Secret: key, token, password, cookie.
    C6,
    /// Whatever no source file classifies.
    #[serde(rename = "unknown")]
    Unknown,
}

/// The text is not one of the data classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a data class; use C0, C1, C2, C3, H, C4, C5, C6 or unknown")]
pub struct UnknownClass;

impl Class {
    /// Every class, in the order of the design's table.
    pub const ALL: [Class; 9] = [
        Class::C0,
        Class::C1,
        Class::C2,
        Class::C3,
        Class::H,
        Class::C4,
        Class::C5,
        Class::C6,
        Class::Unknown,
    ];

    /// What the class holds, in one or two words for a heading.
    pub fn title(self) -> &'static str {
        match self {
            Class::C0 => "taxonomic",
            Class::C1 => "operational",
            Class::C2 => "quasi-identity",
            Class::C3 => "identity",
            Class::H => "platform handle",
            Class::C4 => "direct device identifier",
            Class::C5 => "protected content",
            Class::C6 => "secret",
            Class::Unknown => "unclassified",
        }
    }

    /// The class as source files and packets spell it: `C0` … `C6`, `H`, `unknown`.
    pub fn code(self) -> &'static str {
        match self {
            Class::C0 => "C0",
            Class::C1 => "C1",
            Class::C2 => "C2",
            Class::C3 => "C3",
            Class::H => "H",
            Class::C4 => "C4",
            Class::C5 => "C5",
            Class::C6 => "C6",
            Class::Unknown => "unknown",
        }
    }

    /// Whether values of this class stand in the store as handles, and so need a handle domain.
    pub fn needs_handle(self) -> bool {
        matches!(self, Class::C3 | Class::C4)
    }

    /// Whether a value of this class may be revealed at all, given purpose and approval.
    /// Protected content and secrets never are.
    pub fn revealable(self) -> bool {
        matches!(self, Class::C3 | Class::C4)
    }

    /// Whether revealing a value of this class needs a second member.
    pub fn reveal_needs_second(self) -> bool {
        matches!(self, Class::C4)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Class {
    type Err = UnknownClass;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Class::ALL
            .into_iter()
            .find(|class| class.code() == text)
            .ok_or(UnknownClass)
    }
}

/// What a source file says about one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldRule {
    /// The class, which decides what becomes of the value.
    pub class: Class,
    /// The purposes for which the field may be used or revealed, as ids (`x-purpose`).
    pub purposes: Vec<String>,
    /// The identity space of its handle (`account`, `ip`, …); required for C3 and C4.
    pub handle_domain: Option<String>,
    /// Text that people typed: hidden whatever its class, until the free-text engine read it.
    pub free_text: bool,
    /// The type that a C0, C1, C2 or H value must parse as to be trusted.
    pub value_type: ValueType,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_one_spelling_everywhere() {
        for class in Class::ALL {
            assert_eq!(class.code().parse::<Class>(), Ok(class));
            assert_eq!(serde_json::to_value(class).unwrap(), class.code());
        }
        assert_eq!("c3".parse::<Class>(), Err(UnknownClass));
    }
}
