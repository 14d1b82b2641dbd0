//! The JSON Schema of source files themselves, for whoever writes one: an editor can complete and check
//! it. [`SourceFile::check`](crate::SourceFile::check) checks more (that names are declared, for example).

use redaction::Class;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use crate::block::Block;

/// The schema (JSON Schema 2020-12), as `schemas/source-file.schema.json` holds it.
pub fn file_schema() -> Value {
    let block = SchemaSettings::draft2020_12()
        .for_deserialize()
        .into_generator()
        .into_root_schema_for::<Block>();
    let mut block = block.to_value();
    let mut definitions = block
        .as_object_mut()
        .and_then(|block| block.remove("$defs"))
        .unwrap_or_else(|| json!({}));
    if let Some(block) = block.as_object_mut() {
        block.remove("$schema");
    }
    let classes: Vec<&str> = Class::ALL.iter().map(|class| class.code()).collect();
    definitions["block"] = block;
    definitions["declaration"] = json!({
        "description": "A field, an object with declared members, or an array with declared elements.",
        "oneOf": [
            { "$ref": "#/$defs/field" },
            { "$ref": "#/$defs/object" },
            { "$ref": "#/$defs/array" }
        ]
    });
    definitions["object"] = json!({
        "type": "object",
        "anyOf": [{ "required": ["properties"] }, { "required": ["additionalProperties"] }],
        "properties": {
            "title": { "type": "string" },
            "additionalProperties": {
                "description": "What the values of names are that are data: such an object is committed whole.",
                "anyOf": [{ "type": "boolean" }, { "$ref": "#/$defs/declaration" }]
            },
            "properties": {
                "type": "object",
                "propertyNames": { "not": { "enum": ["*", "-"] } },
                "additionalProperties": { "$ref": "#/$defs/declaration" }
            }
        }
    });
    definitions["array"] = json!({
        "type": "object",
        "required": ["items"],
        "not": { "anyOf": [{ "required": ["x-class"] }, { "required": ["properties"] }] },
        "properties": {
            "title": { "type": "string" },
            "items": { "$ref": "#/$defs/declaration" }
        }
    });
    definitions["field"] = json!({
        "type": "object",
        "required": ["x-class", "x-purpose"],
        "not": { "required": ["properties"] },
        "properties": {
            "title": { "type": "string", "description": "Heading of the field." },
            "x-class": { "enum": classes, "description": "Data class: how much its values could say about somebody." },
            "x-purpose": {
                "type": "array",
                "minItems": 1,
                "items": { "type": "string", "pattern": "^[a-z0-9-]{1,64}$" },
                "description": "Purposes for which the field may be used or revealed."
            },
            "x-type": {
                "enum": ["code", "token", "word", "uuid", "id", "token-list", "label", "integer", "number", "boolean", "timestamp", "version", "text", "subtree"],
                "description": "What a value must parse as to be trusted; \"code\" needs an enum."
            },
            "minimum": { "type": "integer", "description": "Least value of an integer; 0 where only a maximum is stated." },
            "maximum": { "type": "integer", "description": "Greatest value of an integer; without it six digits are trusted." },
            "x-words": { "type": "array", "items": { "type": "string", "pattern": "^[A-Za-z]+$" }, "description": "Words of a token, a token list or a label with products; a value with any other word stays hidden, because it may be a name. Numbers and codes such as 7f3a need no word." },
            "x-among": { "type": "array", "items": { "type": "string", "pattern": "^[A-Za-z]+$" }, "description": "Words of which one stands in a word between capitals, as Create in CreateUser." },
            "x-ends": { "type": "array", "items": { "type": "string", "minLength": 1 }, "description": "A token ends with one of these, with one word before it." },
            "x-products": { "type": "array", "items": { "type": "string", "minLength": 1 }, "description": "Product names with one of which a label begins; others stay hidden, and so does what has words beyond x-words, these names and those of browsers." },
            "x-time": {
                "type": "object",
                "description": "How a timestamp is written, where that is not RFC 3339.",
                "properties": {
                    "form": { "enum": ["rfc3339", "rfc2822", "epoch-seconds", "epoch-milliseconds", "epoch-microseconds", "epoch-nanoseconds", "pattern"] },
                    "pattern": { "type": "string", "description": "strftime pattern with date and time." },
                    "zone": { "type": "string", "description": "UTC or an offset such as +01:00, for times that state none." }
                },
                "additionalProperties": false
            },
            "x-subtree": { "type": "boolean", "description": "The whole value, whatever it is, as one unclassified field." },
            "x-handle-domain": { "type": "string", "description": "Identity space of its handle; for C3, C4 and H." },
            "x-freetext": { "type": "boolean", "description": "Text that people typed: hidden whatever its class." },
            "x-region": { "type": "string", "pattern": "^[A-Z]{2}$", "description": "Region of national numbers in it." }
        },
        "allOf": [
            { "if": { "properties": { "x-subtree": { "const": true } }, "required": ["x-subtree"] }, "else": { "required": ["x-type"] } },
            { "if": { "properties": { "x-type": { "const": "code" } }, "required": ["x-type"] }, "then": { "required": ["enum"] } },
            {
                "if": {
                    "properties": { "x-class": { "enum": ["C3", "C4", "H"] } },
                    "not": { "properties": { "x-freetext": { "const": true } }, "required": ["x-freetext"] }
                },
                "then": { "required": ["x-handle-domain"] }
            }
        ]
    });
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:muniment:schema:source-file",
        "title": "Muniment source file",
        "description": "A JSON Schema of a system's records with a data class and purposes on every field, and one x-source block.",
        "type": "object",
        "required": ["x-source"],
        "properties": {
            "x-source": { "$ref": "#/$defs/block" },
            "properties": {
                "type": "object",
                "propertyNames": { "not": { "enum": ["*", "-"] } },
                "additionalProperties": { "$ref": "#/$defs/declaration" }
            },
            "examples": { "type": "array", "items": { "type": "object" }, "description": "Records: one worked life of each lifecycle." }
        },
        "$defs": definitions
    })
}
