//! What must not come out: names, digests, numbers and texts that hold an identity.

mod digests;
mod meaning;
pub(crate) mod names;
mod other_system;

use std::io::{Cursor, Read as _};
use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use chrono::DateTime;
use rand_core::SeedableRng as _;
use workbench::{Environment, Error, Workbench};

/// Passphrase of the custodian; the reviewer's has a word more.
pub(crate) const PASS: &str = "correct horse battery staple";

/// A workbench with this home, nothing open.
fn closed(home: &Path) -> Workbench {
    static SEED: AtomicU64 = AtomicU64::new(1);
    let seconds = AtomicI64::new(1_795_132_800);
    let mut environment = Environment::new(
        move || {
            DateTime::from_timestamp(seconds.fetch_add(1, Ordering::Relaxed), 0).expect("a time")
        },
        move || {
            let seed = SEED.fetch_add(1, Ordering::Relaxed);
            Box::new(rand_chacha::ChaCha20Rng::seed_from_u64(seed))
        },
        home.join("state"),
        home.join("data"),
    );
    environment.argon2_kib = 65_536;
    Workbench::new(environment)
}

/// A workbench with a workspace `ws` of a custodian and a reviewer, open for the custodian.
pub(crate) async fn bench(home: &Path) -> Workbench {
    let bench = closed(home);
    let dir = home.join("ws").display().to_string();
    let created =
        bench.create_workspace(dir, PASS.into(), "reviewer".into(), format!("{PASS} two"));
    created.await.expect("a workspace");
    bench
}

/// The workspace opened by its custodian in another process, or the workbench that could not open it.
pub(crate) async fn reopened(
    home: &Path,
    workspace: &Path,
) -> Result<Workbench, Box<(Workbench, Error)>> {
    let bench = closed(home);
    let dir = workspace.display().to_string();
    match bench.open_workspace(dir, None, PASS.into()).await {
        Ok(_) => Ok(bench),
        Err(error) => Err(Box::new((bench, error))),
    }
}

/// Everything in a ZIP, unpacked.
fn unpacked(zip: &Path) -> Vec<(String, Vec<u8>)> {
    let bytes = std::fs::read(zip).expect("a file");
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).expect("a ZIP");
    (0..zip.len())
        .map(|number| {
            let mut file = zip.by_index(number).expect("an entry");
            let name = file.name().expect("a name").into_owned();
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).expect("readable");
            if name.ends_with(".zst") {
                bytes = zstd::decode_all(bytes.as_slice()).expect("zstd");
            }
            (name, bytes)
        })
        .collect()
}

/// The bytes, and every PDF stream in them inflated.
fn inflated(bytes: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    let mut rest = bytes;
    let find = |hay: &[u8], what: &[u8]| hay.windows(what.len()).position(|part| part == what);
    if !bytes.starts_with(b"%PDF") {
        return out;
    }
    while let Some(at) = find(rest, b"stream\n")
        .map(|at| at + 7)
        .or_else(|| find(rest, b"stream\r\n").map(|at| at + 8))
    {
        rest = &rest[at..];
        let mut plain = Vec::new();
        let mut stream = flate2::read::ZlibDecoder::new(rest);
        // What is no compressed stream ends at once.
        let _ = stream.read_to_end(&mut plain);
        out.extend(plain);
    }
    out
}
