//! Generated records of Enigm Command: 26 fields, about 1 KB, every one of them from a fixed seed.

use std::fs::File;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use evidence::{CompactRange, ExportWriter, Field, Record, Seed, SigningKey};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

use crate::Result;

/// The log that the records are of.
pub(crate) const ORIGIN: &str = "bench.example/command";
/// An account that many records name; the query for a handle looks for it.
pub(crate) const ACCOUNT: &str = "user-0007@bench.example";
/// What everything follows from.
const SEED: u64 = 20_261_121;
/// Milliseconds from one record to the next.
const STEP_MS: i64 = 900;
/// Records of so many neighbours are out of order in time, as in logs that several machines write to.
const DISORDER: u64 = 0x3f;

const ACTIONS: [&str; 10] = [
    "authorisation.decided",
    "administrator.signed-in",
    "session.reviewed",
    "session.ended",
    "device.removed",
    "policy.changed",
    "key.revocation.requested",
    "key.revocation.approved",
    "grant.reviewed",
    "grant.revoked",
];
const ROLES: [&str; 5] = [
    "support",
    "device-administrator",
    "security-administrator",
    "auditor",
    "service",
];
const AGENTS: [&str; 4] = [
    "Enigm Console 4.2 (Linux; x86-64) Gecko 128",
    "Enigm Console 4.1 (macOS; arm64) WebKit 620",
    "Enigm Console 5.0 (Windows; x86-64) Chromium 131",
    "enigmctl 2.9 (Linux; x86-64)",
];
const POLICIES: [&str; 5] = [
    "admin-devices",
    "admin-sessions",
    "admin-keys",
    "audit-read",
    "support",
];
const REASONS: [&str; 4] = ["routine", "user-request", "policy", "offboarding"];
const NOTES: [&str; 4] = [
    "Change as planned with the owners of the service, ticket is linked in the calendar.",
    "The holder asked for it by telephone and was called back on the number on file.",
    "Part of the quarterly review of all accounts with more than ordinary rights.",
    "Left the company at the end of last month; device was handed back in person.",
];

/// Makes records one after the other.
pub(crate) struct Source {
    chance: ChaCha8Rng,
    next: u64,
}

impl Source {
    pub(crate) fn new() -> Self {
        Self {
            chance: ChaCha8Rng::seed_from_u64(SEED),
            next: 0,
        }
    }

    /// The lower of two draws, so that some values are much more frequent than others.
    fn pick(&mut self, bound: u64) -> u64 {
        (self.chance.next_u64() % bound).min(self.chance.next_u64() % bound)
    }

    fn of(&mut self, list: &[&'static str]) -> &'static str {
        list[self.pick(list.len() as u64) as usize]
    }

    fn uuid(&mut self) -> String {
        let (a, b) = (self.chance.next_u64(), self.chance.next_u64());
        format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            a >> 32,
            a >> 16 & 0xffff,
            a & 0xfff,
            b >> 48 & 0xfff,
            b & 0xffff_ffff_ffff
        )
    }

    fn time(&mut self, index: u64) -> DateTime<Utc> {
        let start = DateTime::from_timestamp(1_790_000_000, 0).unwrap_or_default();
        let place = (index ^ DISORDER) as i64 * STEP_MS;
        // Times differ from record to record, so that there is only one order of newest first.
        let within = (self.chance.next_u64() % STEP_MS as u64) as i64;
        start + TimeDelta::milliseconds(place + within)
    }
}

impl Iterator for Source {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        let index = self.next;
        self.next += 1;
        let mut seed = [0; 32];
        self.chance.fill_bytes(&mut seed);
        let at = self.time(index);
        let time = |at: DateTime<Utc>| at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
        let denied = self.chance.next_u64() % 100 < 7;
        let (actor, subject) = (self.pick(40), self.pick(2_000));
        let person = self.pick(2_000);
        let minor = self.pick(6) + 1;
        let values = [
            ("/type", self.of(&ACTIONS).to_owned()),
            ("/id", self.uuid()),
            ("/time", time(at)),
            ("/recorded", time(at + TimeDelta::milliseconds(37))),
            (
                "/outcome",
                if denied { "refused" } else { "accepted" }.to_owned(),
            ),
            ("/correlation", self.uuid()),
            ("/actor/account", format!("admin-{actor:02}@bench.example")),
            ("/actor/role", self.of(&ROLES).to_owned()),
            ("/actor/session", format!("ss-{:05x}", self.pick(20_000))),
            (
                "/subject/account",
                format!("user-{subject:04}@bench.example"),
            ),
            ("/subject/device", format!("dh-{:05x}", self.pick(5_000))),
            (
                "/subject/serial",
                format!("EN{:09}", person * 7_919 % 999_983),
            ),
            ("/subject/imei", format!("35{:013}", person * 1_000_003)),
            ("/subject/phone", format!("+49151{:08}", person * 40_009)),
            ("/policy/id", self.of(&POLICIES).to_owned()),
            ("/policy/version", format!("3.{minor}")),
            ("/policy/previous-version", format!("3.{}", minor - 1)),
            (
                "/policy/decision",
                if denied { "deny" } else { "allow" }.to_owned(),
            ),
            (
                "/authentication/method",
                self.of(&["passkey", "enigm-key", "password-and-code"])
                    .to_owned(),
            ),
            (
                "/source/address",
                format!("198.51.{}.{}", self.pick(100), self.pick(250)),
            ),
            ("/source/agent", self.of(&AGENTS).to_owned()),
            (
                "/source/site",
                self.of(&["berlin", "madrid", "lyon", "graz"]).to_owned(),
            ),
            (
                "/source/region",
                self.of(&["eu-central", "eu-west", "eu-south"]).to_owned(),
            ),
            ("/reason/code", self.of(&REASONS).to_owned()),
            ("/reason/note", self.of(&NOTES).to_owned()),
        ];
        let schema = Field {
            path: "@schema".to_owned(),
            value: "{\"id\":\"enigm-command\",\"version\":1}".to_owned(),
        };
        // None of the values has a character that JSON escapes.
        let fields = values.into_iter().map(|(path, value)| Field {
            path: path.to_owned(),
            value: format!("\"{value}\""),
        });
        Some(Record {
            index,
            seed: Seed::new(seed),
            fields: std::iter::once(schema).chain(fields).collect(),
        })
    }
}

/// The records' signed exports: one to import, and one that continues it.
pub(crate) struct Exports {
    pub(crate) base: PathBuf,
    pub(crate) tail: PathBuf,
    pub(crate) verifier: String,
    pub(crate) key: evidence::VerifierKey,
}

/// What is known of the records besides their exports.
pub(crate) struct Generated {
    pub(crate) exports: Exports,
    /// How many records the first export has.
    pub(crate) count: u64,
    /// Bytes of its lines, as sealed.
    pub(crate) bytes: u64,
    /// On how many of them the floors are measured.
    pub(crate) measured: u64,
    /// Whether an earlier run had sealed them already.
    pub(crate) found: bool,
}

/// Some consecutive records of the first export, held ready for the floors.
pub(crate) struct Chunk {
    pub(crate) records: Vec<Record>,
    /// Their lines, as sealed.
    pub(crate) lines: Vec<u8>,
}

/// Most records that are held at once, so that a run over many takes no more memory than one over few.
const CHUNK: usize = 100_000;

impl Generated {
    /// The records of the first export once more, some at a time, as far as floors are measured on them.
    pub(crate) fn chunks(&self) -> impl Iterator<Item = Chunk> {
        let mut source = Source::new().take(self.measured as usize);
        std::iter::from_fn(move || {
            let records: Vec<Record> = source.by_ref().take(CHUNK).collect();
            let mut lines = String::new();
            for record in &records {
                record.push_line(&mut lines);
                lines.push('\n');
            }
            (!records.is_empty()).then(|| Chunk {
                records,
                lines: lines.into_bytes(),
            })
        })
    }
}

/// What was sealed in a folder, so that a later run need not do it again.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Made {
    seed: u64,
    count: u64,
    more: u64,
    bytes: u64,
}

/// Seals `count` records and then `more` in `dir`, unless they are there from an earlier run. Floors are measured on
/// the first `measured` of them.
pub(crate) fn generate(dir: &Path, count: u64, more: u64, measured: u64) -> Result<Generated> {
    let signing = SigningKey::from_seed(ORIGIN, &[7; 32])?;
    let mut source = Source::new();
    let exports = Exports {
        base: dir.join("base.zip"),
        tail: dir.join("tail.zip"),
        verifier: signing.verifier_key().to_string(),
        key: signing.verifier_key().clone(),
    };
    let note_file = dir.join("made.json");
    let made = std::fs::read(&note_file).ok();
    let made = made.and_then(|made| serde_json::from_slice::<Made>(&made).ok());
    if let Some(made) = made.filter(|m| (m.seed, m.count, m.more) == (SEED, count, more)) {
        return Ok(Generated {
            exports,
            count,
            bytes: made.bytes,
            measured,
            found: true,
        });
    }
    let mut writer = ExportWriter::new(ORIGIN, 0, Vec::new(), None, File::create(&exports.base)?)?;
    let mut range = CompactRange::new();
    let (mut line, mut bytes) = (String::new(), 0);
    for record in source.by_ref().take(count as usize) {
        range.push(writer.push(&record)?);
        line.clear();
        record.push_line(&mut line);
        bytes += line.len() as u64 + 1;
    }
    let (_, note) = writer.finish(&signing)?;
    let frontier = range.frontier().to_vec();
    let tail = File::create(&exports.tail)?;
    let mut writer = ExportWriter::new(ORIGIN, count, frontier, Some(note), tail)?;
    for record in source.take(more as usize) {
        writer.push(&record)?;
    }
    writer.finish(&signing)?;
    let made = Made {
        seed: SEED,
        count,
        more,
        bytes,
    };
    std::fs::write(note_file, serde_json::to_vec(&made)?)?;
    Ok(Generated {
        exports,
        count,
        bytes,
        measured,
        found: false,
    })
}
