//! Tools that people load such records with today, on the same records as JSON lines, until they can be asked.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::Result;
use crate::machine::Cost;
use crate::records::Generated;

/// An interpreter that has the packages of `tests/peers/requirements.txt`.
const PYTHON: &str = "MUNIMENT_PEERS";

/// What loading came to.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Loaded {
    records: u64,
    pub(crate) cost: Cost,
    /// Most resident memory, bytes.
    pub(crate) peak: u64,
}

/// Tools that load JSON lines.
pub(crate) struct Peers {
    python: PathBuf,
    dir: tempfile::TempDir,
    lines: PathBuf,
    records: u64,
}

impl Peers {
    /// Writes the records as JSON lines; none where no interpreter is given.
    pub(crate) fn start(place: &Path, generated: &Generated) -> Result<Option<Self>> {
        let Some(python) = std::env::var_os(PYTHON) else {
            return Ok(None);
        };
        let dir = tempfile::tempdir_in(place)?;
        let lines = dir.path().join("records.ndjson");
        let mut out = BufWriter::new(File::create(&lines)?);
        for record in generated.chunks().flat_map(|chunk| chunk.records) {
            for (at, field) in record.fields.iter().enumerate() {
                let begin = if at == 0 { '{' } else { ',' };
                write!(out, "{begin}{:?}:{}", field.path, field.value)?;
            }
            out.write_all(b"}\n")?;
        }
        out.flush()?;
        Ok(Some(Self {
            python: python.into(),
            dir,
            lines,
            records: generated.measured,
        }))
    }

    /// Loads the lines into a new database.
    pub(crate) fn load(&self, tool: &str) -> Result<Loaded> {
        let database = self.dir.path().join(tool);
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/load.py");
        let output = Command::new(&self.python)
            .arg(script)
            .arg(tool)
            .args([&self.lines, &database])
            .stderr(Stdio::inherit())
            .output()?;
        // Some of them keep more than one file.
        for entry in std::fs::read_dir(self.dir.path())? {
            let path = entry?.path();
            if path != self.lines {
                std::fs::remove_file(path)?;
            }
        }
        if !output.status.success() {
            return Err(format!("{tool} did not load the records").into());
        }
        let loaded: Loaded = serde_json::from_slice(&output.stdout)?;
        if loaded.records != self.records {
            return Err(format!("{tool} loaded {} records", loaded.records).into());
        }
        Ok(loaded)
    }
}
