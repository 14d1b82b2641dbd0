//! A record as it leaves the vault: some fields with salt and value, the others as
//! commitments. Either way the leaf can be computed.

use std::{borrow::Cow, fmt};

use data_encoding::BASE64;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{RecordError, SchemaRef, check_paths};
use crate::{
    base64,
    commitment::{commit, encode_entry},
    hash::Hash,
    json,
    merkle::{MAX_SIZE, leaf_hash},
};

/// The 16 bytes that hide a value behind its commitment until disclosed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt(pub [u8; 16]);

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(hidden)")
    }
}

impl Serialize for Salt {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&BASE64.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Salt {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(from)?;
        let bytes = base64::decode(text.as_bytes());
        bytes
            .and_then(|b| b.try_into().ok())
            .map(Self)
            .ok_or_else(|| de::Error::custom("not canonical base64 of 16 bytes"))
    }
}

impl JsonSchema for Salt {
    fn schema_name() -> Cow<'static, str> {
        "Salt".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "16 bytes in padded standard base64",
            "pattern": "^[A-Za-z0-9+/]{21}[AQgw]==$"
        })
    }
}

/// A field with its value and salt, or with its commitment only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DisclosedField {
    /// JSON Pointer, or `@schema` for field 0.
    pub path: String,
    /// The value's text, where disclosed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The salt, where disclosed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salt: Option<Salt>,
    /// The commitment, where withheld.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commitment: Option<Hash>,
}

impl DisclosedRecord {
    /// The value text of the field at a path, where it is disclosed.
    pub fn value(&self, path: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        fields.find(|field| field.path == path)?.value.as_deref()
    }

    /// The string that the field at a path holds, where it is disclosed and holds one.
    pub fn text(&self, path: &str) -> Option<String> {
        serde_json::from_str(self.value(path)?).ok()
    }
}

impl DisclosedField {
    /// Turns a disclosed field into its commitment. The record's leaf stays the same.
    pub fn withhold(&mut self) {
        if let (Some(value), Some(salt)) = (self.value.take(), self.salt.take()) {
            self.commitment = Some(commit(&salt.0, &value));
        }
    }
}

impl fmt::Debug for DisclosedField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.value.is_some() {
            "disclosed"
        } else {
            "withheld"
        };
        write!(f, "DisclosedField({}, {state})", self.path)
    }
}

impl DisclosedField {
    /// Whether the value is in sight.
    pub fn is_disclosed(&self) -> bool {
        self.value.is_some()
    }

    fn hash(&self, number: usize) -> Result<Hash, RecordError> {
        match (&self.value, &self.salt, &self.commitment) {
            (Some(value), Some(salt), None) => {
                json::check_value(value).map_err(|fault| RecordError::Value {
                    field: number,
                    fault,
                })?;
                Ok(commit(&salt.0, value))
            }
            (None, None, Some(commitment)) => Ok(*commitment),
            _ => Err(RecordError::Disclosure(number)),
        }
    }
}

/// A record of which every path is in sight and some values are withheld.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DisclosedRecord {
    /// Index in the log.
    pub index: u64,
    /// Fields in order; field 0 is `@schema`, disclosed.
    pub fields: Vec<DisclosedField>,
}

impl DisclosedRecord {
    /// The schema that field 0 names.
    ///
    /// # Errors
    /// [`RecordError::SchemaMissing`], [`RecordError::SchemaWithheld`],
    /// [`RecordError::SchemaValue`].
    pub fn schema(&self) -> Result<SchemaRef, RecordError> {
        let first = self.fields.first().ok_or(RecordError::SchemaMissing)?;
        if first.path != super::SCHEMA_PATH {
            return Err(RecordError::SchemaMissing);
        }
        SchemaRef::parse(first.value.as_deref().ok_or(RecordError::SchemaWithheld)?)
    }

    /// The leaf hash, after checking the rules of the format on what is in sight.
    ///
    /// # Errors
    /// The first rule broken.
    pub fn leaf(&self) -> Result<Hash, RecordError> {
        if self.index >= MAX_SIZE {
            return Err(RecordError::IndexTooLarge(self.index));
        }
        let paths: Vec<&str> = self.fields.iter().map(|f| f.path.as_str()).collect();
        check_paths(&paths)?;
        self.schema()?;
        let hashes = self.fields.iter().enumerate().map(|(k, f)| f.hash(k));
        let hashes = hashes.collect::<Result<Vec<_>, _>>()?;
        Ok(leaf_hash(&encode_entry(paths.into_iter().zip(hashes))?))
    }
}
