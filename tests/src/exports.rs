//! Native exports in memory, as their source would write them: what the tests then damage.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use evidence::archive::{RECORDS, RECORDS_ZST, ReadSeek};
use evidence::export::verify_export;
use evidence::merkle::consistency_proof;
use evidence::{
    Checkpoint, CompactRange, ConsistencyLink, ExportFiles, ExportReport, ExportWriter, Field,
    Hash, Record, Seed, SigningKey, VerifierKey,
};

/// The files of one export, by name.
pub type Files = BTreeMap<String, Vec<u8>>;

/// A log with its key and all its records.
#[derive(Debug)]
pub struct Log {
    key: SigningKey,
    records: Vec<Record>,
    leaves: Vec<Hash>,
}

/// The record that the log `salt` has at `index`: fields of every JSON shape.
pub fn record(index: u64, salt: u8) -> Record {
    let field = |path: &str, value: String| Field {
        path: path.into(),
        value,
    };
    let mut seed = index.to_be_bytes().to_vec();
    seed.push(salt);
    Record {
        index,
        seed: Seed::new(Hash::sha256(&seed).0),
        fields: vec![
            field("@schema", "{\"id\":\"enigm-command\",\"version\":1}".into()),
            field("/time", format!("\"2026-11-21T08:00:{:02}Z\"", index % 60)),
            field(
                "/note",
                format!("\"a \\\"quoted\\\" \u{1F511} {index} {salt}\""),
            ),
            field("/big", "1.0e2".into()),
            field("/whole", format!("{{ \"n\" : {index},\"list\":[1,-0]}}")),
        ],
    }
}

impl Log {
    /// A log named `origin` of `size` records.
    pub fn new(origin: &str, key: u8, size: u64) -> Self {
        Self::branching(origin, key, size, size)
    }

    /// A log that has the records of [`Log::new`] up to `common`, and others from there on:
    /// what a source that rewrites its history signs.
    pub fn branching(origin: &str, key: u8, common: u64, size: u64) -> Self {
        let records: Vec<Record> = (0..size)
            .map(|index| record(index, u8::from(index >= common)))
            .collect();
        Self {
            key: SigningKey::from_seed(origin, &[key; 32]).expect("a key"),
            leaves: records.iter().map(Record::leaf).collect(),
            records,
        }
    }

    /// The log with one record replaced, everything before and after it kept.
    pub fn rewritten(origin: &str, key: u8, at: u64, size: u64) -> Self {
        let mut log = Self::new(origin, key, size);
        log.records[at as usize] = record(at, 1);
        log.leaves[at as usize] = log.records[at as usize].leaf();
        log
    }

    /// The same log under a name with a key of its own.
    pub fn named(self, origin: &str, key: u8) -> Self {
        Self {
            key: SigningKey::from_seed(origin, &[key; 32]).expect("a key"),
            ..self
        }
    }

    /// A log of these records.
    pub fn of(origin: &str, key: u8, records: Vec<Record>) -> Self {
        Self {
            key: SigningKey::from_seed(origin, &[key; 32]).expect("a key"),
            leaves: records.iter().map(Record::leaf).collect(),
            records,
        }
    }

    /// Its public key.
    pub fn verifier(&self) -> VerifierKey {
        self.key.verifier_key().clone()
    }

    fn upto(&self, size: u64) -> CompactRange {
        let mut range = CompactRange::new();
        self.leaves[..size as usize]
            .iter()
            .for_each(|leaf| range.push(*leaf));
        range
    }

    /// The signed checkpoint at `size`.
    pub fn note(&self, size: u64) -> String {
        let checkpoint = Checkpoint {
            origin: self.key.name().to_owned(),
            size,
            root: self.upto(size).root(),
        };
        self.key.sign_note(&checkpoint.to_text()).expect("signed")
    }

    /// Its export of a range, plain, with a consistency proof from each of `links`.
    pub fn export(&self, range: Range<u64>, links: &[u64]) -> Files {
        let front = self.upto(range.start).frontier().to_vec();
        let previous = (range.start > 0).then(|| self.note(range.start));
        let (packed, small) = (Shared::default(), Arc::new(Mutex::new(Files::new())));
        let kept = Arc::clone(&small);
        let mut writer = ExportWriter::new_folder(
            self.key.name(),
            range.start,
            front,
            previous,
            packed.clone(),
            move |name: &str, bytes: &[u8]| {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.insert(name.into(), bytes.to_vec());
                Ok(())
            },
        )
        .expect("a writer");
        for index in range.clone() {
            writer
                .push(&self.records[index as usize])
                .expect("a record");
        }
        for from in links {
            let proof = consistency_proof(&self.leaves[..range.end as usize], *from);
            let roots = (self.upto(*from).root(), self.upto(range.end).root());
            let link = ConsistencyLink::verify(*from, range.end, roots.0, roots.1, proof);
            writer.link(link.expect("a link")).expect("it fits");
        }
        writer.finish(&self.key).expect("signed");
        let mut files = small.lock().expect("not poisoned").clone();
        let text = zstd::decode_all(packed.bytes().as_slice()).expect("one frame");
        files.insert(RECORDS.into(), text);
        files
    }
}

/// Writes an export as a folder.
///
/// # Panics
/// If the folder is there already or cannot be written.
pub fn put(folder: &std::path::Path, files: &Files) {
    std::fs::create_dir_all(folder).expect("it can be made");
    for (name, bytes) in files {
        std::fs::write(folder.join(name), bytes).expect("it can be written");
    }
}

/// The same export with its records compressed.
pub fn packed(mut files: Files) -> Files {
    let text = files.remove(RECORDS).expect("plain records");
    let frame = zstd::encode_all(text.as_slice(), 3).expect("memory");
    files.insert(RECORDS_ZST.into(), frame);
    files
}

/// What `muniment verify` says of these files.
pub fn verify(files: &Files, keys: &[VerifierKey]) -> ExportReport {
    let readers = files.iter().map(|(name, bytes)| {
        let reader: Box<dyn ReadSeek> = Box::new(Cursor::new(bytes.clone()));
        (name.clone(), reader)
    });
    verify_export(ExportFiles::open_files(readers), keys, 2).expect("memory can be read")
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    fn bytes(&self) -> Vec<u8> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl std::io::Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
