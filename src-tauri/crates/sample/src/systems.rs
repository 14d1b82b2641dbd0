//! A small export of every system: the worked life that its source file gives as examples, sealed as
//! the system itself would. The bytes are the same in every run.

use std::path::{Path, PathBuf};

use evidence::{CompactRange, ExportWriter, Hash, Record, Seed, SigningKey};
use sources::{Catalogue, SourceFile};

use crate::SampleError;
use crate::chance::bytes_for;
use crate::log::put;

/// The sample export of one system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemExport {
    /// Source file id.
    pub system: String,
    /// Origin of its log; none for a file that its system did not sign in the native format.
    pub origin: Option<String>,
    /// Key that signs the origin's checkpoints.
    pub vkey: Option<String>,
    /// The export.
    pub path: PathBuf,
    /// Records in it.
    pub records: u64,
}

/// Writes a sample export of each system of the catalogue into a folder, in the order of their ids:
/// native exports, a CloudTrail log file, and JSON lines with a manifest for records that no source
/// file describes.
pub fn write_systems(dir: &Path) -> Result<Vec<SystemExport>, SampleError> {
    let catalogue = Catalogue::builtin();
    let mut exports = Vec::new();
    for source in catalogue.newest() {
        let examples: Vec<String> = (source.examples())
            .map(|example| example.to_string())
            .collect();
        let records = examples.len() as u64;
        let export = |name: String, bytes: &[u8]| -> Result<SystemExport, SampleError> {
            Ok(SystemExport {
                system: source.id.clone(),
                origin: None,
                vkey: None,
                path: put(dir, &name, bytes)?,
                records,
            })
        };
        exports.push(match source.id.as_str() {
            "aws-cloudtrail" => {
                let text = format!("{{\"Records\":[{}]}}", examples.join(","));
                export("aws-cloudtrail.json".into(), text.as_bytes())?
            }
            sources::GENERIC_ID => {
                let lines = "{\"level\":\"info\",\"msg\":\"service started\",\"pid\":4711}\n\
                             {\"level\":\"warn\",\"msg\":\"disk almost full\",\"host\":\"build-3\"}\n";
                let sum = Hash::sha256(lines.as_bytes()).to_hex();
                let listed = format!("{sum}  service.ndjson\n");
                put(dir, "unclassified/SHA256SUMS", listed.as_bytes())?;
                SystemExport {
                    records: 2,
                    ..export("unclassified/service.ndjson".into(), lines.as_bytes())?
                }
            }
            id => {
                let origin = format!("enigm.example/{}", id.trim_start_matches("enigm-"));
                let (bytes, vkey) = native(source, &origin, &examples)?;
                SystemExport {
                    origin: Some(origin),
                    vkey: Some(vkey),
                    ..export(format!("{id}.zip"), &bytes)?
                }
            }
        });
    }
    exports.sort_by(|a, b| a.system.cmp(&b.system));
    Ok(exports)
}

fn native(
    source: &SourceFile,
    origin: &str,
    examples: &[String],
) -> Result<(Vec<u8>, String), SampleError> {
    let key = SigningKey::from_seed(origin, &bytes_for(&format!("system sample of {origin}")))?;
    let secret = bytes_for(&format!("system sample seeds of {origin}"));
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut writer = ExportWriter::new(
        origin,
        0,
        CompactRange::new().frontier().to_vec(),
        None,
        &mut bytes,
    )?;
    for (index, example) in (0_u64..).zip(examples) {
        let mut seed = secret.to_vec();
        seed.extend_from_slice(&index.to_be_bytes());
        writer.push(&Record {
            index,
            seed: Seed::new(Hash::sha256(&seed).0),
            fields: source.commit(example)?,
        })?;
    }
    writer.finish(&key)?;
    Ok((bytes.into_inner(), key.verifier_key().to_string()))
}
