//! The synthetic sample case: six weeks of signed exports of four systems, with a story in them
//! that a responder can find, a gap and a tampered file.
//!
//! Everything follows from a fixed seed, so that the same program writes the same bytes. All
//! names are invented; addresses, numbers and domains are those reserved for documentation or
//! fiction; the signing keys are printed in the source of a public program and protect nothing.

mod cast;
mod chance;
mod cloudtrail;
mod command;
mod copies_trail;
mod draft;
mod fleet;
mod json;
mod key;
mod log;
mod os;
mod readme;
mod story;
mod systems;
pub mod trail;

use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Days, TimeDelta, Utc};
use evidence::Hash;
use evidence::trust::{AllowedSchema, Fingerprint, OriginTrust, PinnedKey, Trust};
use sources::{Catalogue, SourceFile};
use thiserror::Error;

pub use crate::copies_trail::SampleTrail;
use crate::draft::{Draft, Pen};
use crate::fleet::Fleet;
use crate::log::{Log, put};
pub use crate::story::{EXPOSED, VICTIM_DEVICE, VICTIM_KEY};
pub use crate::systems::{SystemExport, write_systems};

/// 2026-09-23T00:00:00Z, when the six weeks begin.
pub(crate) const START: DateTime<Utc> = match DateTime::from_timestamp(1_790_121_600, 0) {
    Some(time) => time,
    None => DateTime::UNIX_EPOCH,
};
/// The six weeks.
pub(crate) const SPAN: (DateTime<Utc>, DateTime<Utc>) = (
    START,
    match DateTime::from_timestamp(1_790_121_600 + 42 * 86_400, 0) {
        Some(time) => time,
        None => DateTime::UNIX_EPOCH,
    },
);

/// Cadence of every origin's heartbeat records, in seconds.
pub const HEARTBEAT_SECONDS: u64 = 6 * 3600;

/// Origin of Enigm Command's log.
pub const COMMAND: &str = "enigm.example/command";
/// Origin of Enigm OS's log.
pub const OS: &str = "enigm.example/os";
/// Origin of the log of a second fleet of Enigm OS, whose key nobody has pinned yet.
pub const FIELD: &str = "enigm.example/os-field";
/// Origin of Enigm Key's log.
pub const KEY: &str = "enigm.example/key";

/// The folders of a sample case.
const PARTS: [&str; 5] = [
    "exports",
    "further",
    "cloudtrail",
    copies_trail::FOLDER,
    "keys",
];

/// How much ordinary activity there is around the story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// Records over all systems, about; at least 2,000.
    pub records: u64,
}

impl Default for Scale {
    fn default() -> Self {
        Self { records: 9_000 }
    }
}

/// Why the sample case could not be written.
#[derive(Debug, Error)]
pub enum SampleError {
    /// A file or folder could not be written.
    #[error("a file of the sample case could not be written: {0}")]
    Write(#[from] io::Error),
    /// Too few records for six weeks.
    #[error("{0} records are too few for six weeks of four systems; ask for at least 2000")]
    TooFew(u64),
    /// A built-in source file is missing.
    #[error("the source file `{0}` is not part of this build")]
    Source(&'static str),
    /// A generated record is not one that its source file reads.
    #[error("a generated record was refused: {0}")]
    Record(#[from] sources::ReadError),
    /// An export could not be sealed.
    #[error("an export could not be sealed: {0}")]
    Seal(#[from] evidence::export::SealError),
    /// A key could not be made.
    #[error("a signing key could not be made: {0}")]
    Key(#[from] evidence::note::NoteError),
    /// The tampered archive could not be written.
    #[error("the tampered archive could not be written: {0}")]
    Zip(#[from] zip::result::ZipError),
    /// The story lacks one of its records or files.
    #[error("the sample case lacks {0}")]
    Lacks(&'static str),
}

/// One beat of the story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoryBeat {
    /// What happened, for people.
    pub title: String,
    /// When it occurred.
    pub at: DateTime<Utc>,
    /// Title of the system.
    pub system: String,
    /// Origin of the log, or the file for a source without one.
    pub origin: String,
    /// Value of the record's action field.
    pub record_type: String,
    /// The record's id in its system.
    pub record_id: String,
    /// Its index in the origin's log; none for a foreign file.
    pub index: Option<u64>,
    /// Whether it arrives with [`SampleCase::first`]; else with [`SampleCase::further`].
    pub in_first: bool,
}

/// What was written.
#[derive(Clone, Debug)]
pub struct SampleCase {
    /// Files and folders to import at once; one of them is [`SampleCase::tampered`].
    pub first: Vec<PathBuf>,
    /// Exports kept back: the one that fills the gap, then the newest of Enigm Key.
    pub further: Vec<PathBuf>,
    /// The export that was changed after signing.
    pub tampered: PathBuf,
    /// Trust file that pins what `pins` lists.
    pub trust: PathBuf,
    /// (origin, vkey) to pin.
    pub pins: Vec<(String, String)>,
    /// (origin, vkey) that nobody has pinned yet, so that its exports are pending.
    pub unpinned: Vec<(String, String)>,
    /// The CloudTrail trail in `first`, and what to pin about it.
    pub trail: SampleTrail,
    /// The story, in the order in which it occurred.
    pub story: Vec<StoryBeat>,
    /// Number of records that `first` holds, pending ones too, the tampered copy not counted.
    pub records_in_first: u64,
    /// Number of records that `further` holds.
    pub records_in_further: u64,
    /// Origin and indices that are missing until `further[0]` arrives.
    pub gap: (String, std::ops::Range<u64>),
}

/// Id of the source file whose records a log of the sample case holds.
#[must_use]
pub fn schema_of(origin: &str) -> &'static str {
    match origin {
        COMMAND => "enigm-command",
        KEY => "enigm-key",
        _ => "enigm-os",
    }
}

fn source<'a>(catalogue: &'a Catalogue, id: &'static str) -> Result<&'a SourceFile, SampleError> {
    catalogue.get(id, None).ok_or(SampleError::Source(id))
}

/// The ends of the weeks, the beginning of the first included; `daily` week 5 by day.
fn cuts(daily: bool) -> Vec<DateTime<Utc>> {
    let days = (0..=42u64).filter(|day| day % 7 == 0 || (daily && (28..35).contains(day)));
    days.map(|day| START + Days::new(day)).collect()
}

/// Writes the sample case into `dir`, which may exist. Files of the same names are
/// replaced; see [`clear`] for those of an earlier sample case.
///
/// # Errors
/// [`SampleError`].
pub fn build(dir: &Path, scale: Scale) -> Result<SampleCase, SampleError> {
    if scale.records < 2_000 {
        return Err(SampleError::TooFew(scale.records));
    }
    // Heartbeats and the story come on top of the activity; they are about 900 records.
    let activity = |percent: u64| ((scale.records - 900) * percent / 100) as usize;
    let fleet_size = |base: u64| (base + scale.records / 500) as usize;
    let (fleet, field) = (Fleet::new(1, fleet_size(60)), Fleet::new(2, fleet_size(20)));
    let catalogue = Catalogue::builtin();
    let daily = cuts(true);
    let weekly = cuts(false);
    // The newest export of Enigm Key begins on 2 November.
    let mut key_cuts = weekly.clone();
    key_cuts.insert(weekly.len() - 1, START + Days::new(40));

    let mut pen = Pen::new(COMMAND, None);
    pen.heartbeats(SPAN);
    story::command(&mut pen);
    command::write(&mut pen, &fleet, activity(28));
    command::announce_exports(&mut pen, &daily);
    let mut drafts = pen.finish();
    command::number_exports(&mut drafts, &daily);
    let command = Log::new(COMMAND, source(&catalogue, "enigm-command")?, drafts)?;

    let mut pen = Pen::new(OS, None);
    pen.heartbeats(SPAN);
    story::os(&mut pen);
    os::write(&mut pen, OS, &fleet, activity(29));
    let os = Log::new(OS, source(&catalogue, "enigm-os")?, pen.finish())?;

    // The gateway of the second fleet writes its local time.
    let mut pen = Pen::new(FIELD, Some(2));
    pen.heartbeats(SPAN);
    os::write(&mut pen, FIELD, &field, activity(10));
    let field = Log::new(FIELD, source(&catalogue, "enigm-os")?, pen.finish())?;

    let mut pen = Pen::new(KEY, Some(1));
    pen.heartbeats(SPAN);
    story::key(&mut pen);
    key::write(&mut pen, &fleet, activity(13));
    let key = Log::new(KEY, source(&catalogue, "enigm-key")?, pen.finish())?;

    let mut case = SampleCase {
        first: Vec::new(),
        further: Vec::new(),
        tampered: PathBuf::new(),
        trust: PathBuf::new(),
        pins: [&command, &os, &key]
            .map(|log| (log.origin.to_owned(), log.vkey()))
            .to_vec(),
        unpinned: vec![(field.origin.to_owned(), field.vkey())],
        trail: SampleTrail::default(),
        story: Vec::new(),
        records_in_first: 0,
        records_in_further: 0,
        gap: (COMMAND.to_owned(), 0..0),
    };
    // Of Enigm Command, the export of 27 October is kept back.
    let missing = 10;
    for (at, export) in command.exports(&daily)?.iter().enumerate() {
        if at == missing {
            case.gap.1 = export.first..export.last;
            case.further.push(put(
                dir,
                &format!("further/{}", export.name),
                &export.bytes,
            )?);
            case.records_in_further += export.last - export.first;
        } else {
            case.add_first(dir, export)?;
        }
    }
    let degraded = (os.drafts().iter())
        .position(|draft| draft.beat.is_some() && draft.kind == "device.degraded")
        .ok_or(SampleError::Lacks("the record to tamper with"))?;
    for export in os.exports(&weekly)? {
        case.add_first(dir, &export)?;
        if (export.first..export.last).contains(&(degraded as u64)) {
            let bytes = os.tampered(&export, degraded, ("/state/security", "trusted"))?;
            let name = format!("exports/{}", export.name.replace(".zip", "-copy.zip"));
            case.tampered = put(dir, &name, &bytes)?;
            case.first.push(case.tampered.clone());
        }
    }
    for export in field.exports(&weekly)? {
        case.add_first(dir, &export)?;
    }
    let mut of_key = key.exports(&key_cuts)?;
    let newest = of_key
        .pop()
        .ok_or(SampleError::Lacks("the newest export of Enigm Key"))?;
    for export in of_key {
        case.add_first(dir, &export)?;
    }
    case.further.push(put(
        dir,
        &format!("further/{}", newest.name),
        &newest.bytes,
    )?);
    case.records_in_further += newest.last - newest.first;

    case.tell(&command, |index| {
        !case_gap(&daily, missing, command.drafts(), index)
    });
    case.tell(&os, |_| true);
    case.tell(&key, |index| index < newest.first);
    case.cloudtrail(dir, activity(18), source(&catalogue, "aws-cloudtrail")?)?;
    case.trail = copies_trail::write(dir)?;
    case.first.push(case.trail.folder.clone());
    case.records_in_first += case.trail.records;
    case.story.sort_by_key(|beat| beat.at);
    case.keys(dir, &catalogue)?;
    readme::write(dir, &case)?;
    Ok(case)
}

/// Removes a sample case that was written into `dir` earlier, whose exports would otherwise lie
/// beside those of another scale as a second log of the same origin. Nothing else is touched, and
/// a folder without a sample case stays as it is.
///
/// # Errors
/// When a folder of it cannot be removed.
pub fn clear(dir: &Path) -> Result<(), SampleError> {
    let is_ours = std::fs::read(dir.join("README.txt"))
        .is_ok_and(|text| text.starts_with(readme::TITLE.as_bytes()));
    for part in PARTS.iter().filter(|_| is_ours) {
        match std::fs::remove_dir_all(dir.join(part)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}

fn case_gap(cuts: &[DateTime<Utc>], missing: usize, drafts: &[Draft], index: u64) -> bool {
    let at = drafts[index as usize].at;
    (cuts[missing]..cuts[missing + 1]).contains(&at)
}

impl SampleCase {
    fn add_first(&mut self, dir: &Path, export: &log::Export) -> Result<(), SampleError> {
        self.first.push(put(
            dir,
            &format!("exports/{}", export.name),
            &export.bytes,
        )?);
        self.records_in_first += export.last - export.first;
        Ok(())
    }

    fn tell(&mut self, log: &Log<'_>, in_first: impl Fn(u64) -> bool) {
        for (index, draft) in (0..).zip(log.drafts()) {
            let Some(title) = draft.beat else { continue };
            self.story.push(StoryBeat {
                title: title.to_owned(),
                at: draft.at,
                system: log.system().to_owned(),
                origin: log.origin.to_owned(),
                record_type: draft.kind.clone(),
                record_id: draft.id.clone(),
                index: Some(index),
                in_first: in_first(index),
            });
        }
    }

    /// Five weeks with checksums that somebody made when they copied them, the sixth without.
    fn cloudtrail(
        &mut self,
        dir: &Path,
        count: usize,
        source: &SourceFile,
    ) -> Result<(), SampleError> {
        let (mut files, notable) = cloudtrail::files(count);
        let loose = files.pop().ok_or(SampleError::Lacks("CloudTrail files"))?;
        let mut sums = String::new();
        for file in &files {
            sums.push_str(&format!(
                "{}  {}\n",
                Hash::sha256(file.text.as_bytes()).to_hex(),
                file.name
            ));
            put(
                dir,
                &format!("cloudtrail/with-checksums/{}", file.name),
                file.text.as_bytes(),
            )?;
            self.records_in_first += file.records;
        }
        put(dir, "cloudtrail/with-checksums/SHA256SUMS", sums.as_bytes())?;
        self.first.push(dir.join("cloudtrail/with-checksums"));
        let path = format!("cloudtrail/loose/{}", loose.name);
        self.first.push(put(dir, &path, loose.text.as_bytes())?);
        self.records_in_first += loose.records;
        for (at, name, id) in notable {
            let title = source.record_type(name).map_or(name, |known| &known.title);
            self.story.push(StoryBeat {
                title: format!("The backup account, from the same address: {title}"),
                at,
                system: source.title.clone(),
                origin: loose.name.clone(),
                record_type: name.to_owned(),
                record_id: id,
                index: None,
                in_first: true,
            });
        }
        Ok(())
    }

    fn keys(&mut self, dir: &Path, catalogue: &Catalogue) -> Result<(), SampleError> {
        let mut trust = Trust::default();
        for (origin, vkey) in &self.pins {
            let schema = source(catalogue, schema_of(origin))?;
            trust.origins.push(OriginTrust {
                keys: vec![PinnedKey(vkey.parse()?)],
                schemas: Some(vec![AllowedSchema {
                    id: schema.id.clone(),
                    version: Some(schema.version),
                    digest: Some(Fingerprint(schema.digest)),
                }]),
                heartbeat: Some(HEARTBEAT_SECONDS),
                ..OriginTrust::new(origin)
            });
        }
        self.trust = put(dir, "keys/trust.json", trust.to_json().as_bytes())?;
        let lines = |keys: &[(String, String)]| -> String {
            keys.iter().map(|(_, vkey)| format!("{vkey}\n")).collect()
        };
        put(dir, "keys/vkeys.txt", lines(&self.pins).as_bytes())?;
        put(
            dir,
            "keys/vkeys-not-pinned-yet.txt",
            lines(&self.unpinned).as_bytes(),
        )?;
        Ok(())
    }

    /// How long the six weeks are and when they end.
    pub fn span(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        let (from, to) = SPAN;
        debug_assert_eq!(to - from, TimeDelta::days(42));
        (from, to)
    }
}
