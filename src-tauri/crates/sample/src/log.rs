//! A system's log: drafts become records, and intervals of it become signed exports.

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use evidence::{CompactRange, ExportWriter, Hash, Record, Seed, SigningKey};
use sources::SourceFile;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::SampleError;
use crate::chance::bytes_for;
use crate::draft::Draft;

/// The transparency log of one origin.
pub(crate) struct Log<'a> {
    pub(crate) origin: &'static str,
    source: &'a SourceFile,
    drafts: Vec<Draft>,
    key: SigningKey,
    /// Seeds of the records, from the index.
    secret: [u8; 32],
}

/// One export of a log.
pub(crate) struct Export {
    /// File name: origin and range of indices.
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) first: u64,
    pub(crate) last: u64,
}

impl<'a> Log<'a> {
    pub(crate) fn new(
        origin: &'static str,
        source: &'a SourceFile,
        drafts: Vec<Draft>,
    ) -> Result<Self, SampleError> {
        let key = SigningKey::from_seed(origin, &bytes_for(&format!("signing key of {origin}")))?;
        let secret = bytes_for(&format!("record seeds of {origin}"));
        Ok(Self {
            origin,
            source,
            drafts,
            key,
            secret,
        })
    }

    pub(crate) fn vkey(&self) -> String {
        self.key.verifier_key().to_string()
    }

    pub(crate) fn system(&self) -> &str {
        &self.source.title
    }

    pub(crate) fn drafts(&self) -> &[Draft] {
        &self.drafts
    }

    fn record(&self, index: u64, json: &str) -> Result<Record, SampleError> {
        let mut seed = [0; 40];
        seed[..32].copy_from_slice(&self.secret);
        seed[32..].copy_from_slice(&index.to_be_bytes());
        Ok(Record {
            index,
            seed: Seed::new(Hash::sha256(&seed).0),
            fields: self.source.commit(json)?,
        })
    }

    fn file_name(&self, first: u64, last: u64) -> String {
        format!("{}-{first}-{last}.zip", self.origin.replace('/', "-"))
    }

    /// The exports between consecutive cuts, in order.
    pub(crate) fn exports(&self, cuts: &[DateTime<Utc>]) -> Result<Vec<Export>, SampleError> {
        let mut range = CompactRange::new();
        let mut previous = None;
        let mut exports = Vec::with_capacity(cuts.len());
        for pair in cuts.windows(2) {
            let first = range.size();
            let end = self.drafts.partition_point(|draft| draft.at < pair[1]) as u64;
            let mut bytes = Cursor::new(Vec::new());
            let frontier = range.frontier().to_vec();
            let mut writer =
                ExportWriter::new(self.origin, first, frontier, previous.take(), &mut bytes)?;
            for index in first..end {
                let json = self.drafts[index as usize].json.text();
                range.push(writer.push(&self.record(index, &json)?)?);
            }
            let (_, note) = writer.finish(&self.key)?;
            previous = Some(note);
            exports.push(Export {
                name: self.file_name(first, end),
                bytes: bytes.into_inner(),
                first,
                last: end,
            });
        }
        Ok(exports)
    }

    /// The export with one value of one record changed after it was signed: its checkpoint and
    /// its form are as they were, and its records no longer lead to the root.
    pub(crate) fn tampered(
        &self,
        export: &Export,
        draft: usize,
        (path, value): (&str, &str),
    ) -> Result<Vec<u8>, SampleError> {
        let mut changed = Vec::new();
        let mut packed = zstd::stream::write::Encoder::new(&mut changed, 1)?;
        for index in export.first..export.last {
            let mut json = self.drafts[index as usize].json.clone();
            if index == draft as u64 {
                json.set(path, value);
            }
            let line = self.record(index, &json.text())?.to_line();
            packed.write_all(line.as_bytes())?;
            packed.write_all(b"\n")?;
        }
        packed.finish()?;
        let mut original = ZipArchive::new(Cursor::new(&export.bytes))?;
        let mut out = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(zip::DateTime::default())
            .unix_permissions(0o644);
        for at in 0..original.len() {
            let mut file = original.by_index(at)?;
            let name = file.name()?.into_owned();
            out.start_file(&name, options)?;
            if name == "records.ndjson.zst" {
                out.write_all(&changed)?;
            } else {
                std::io::copy(&mut file, &mut out)?;
            }
        }
        Ok(out.finish()?.into_inner())
    }
}

/// Writes a file below `dir` and gives its path.
pub(crate) fn put(dir: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf, SampleError> {
    let path = dir.join(name);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    std::fs::write(&path, bytes)?;
    Ok(path)
}
