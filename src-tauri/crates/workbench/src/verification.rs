//! `verify`: an export, a packet or a fork proof, with nothing but its bytes and keys.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::str::FromStr;

use evidence::export::{CheckOutcome, ExportVerdict, verify_export, verify_export_under};
use evidence::packet::{Conclusion, PacketTrust};
use evidence::trust::{OriginTrust, PinnedKey};
use evidence::{Algorithm, ExportFiles, Hash, Trust, VerifierKey};

use crate::view::{FindingView, VerifyLineView, VerifyView};
use crate::{Error, Workbench};
use dossier::{concluded, packet_view};

/// Verifies an export (ZIP or folder), a packet or a fork proof. `trust` is a trust file, a packet trust file (the
/// `KEYS.json` of a packet's own texts), a file of vkeys and fingerprints one a line, or one of them itself. A fingerprint
/// names who may sign a packet, which carries its signers' keys; a source's key is given as a vkey.
///
/// # Errors
/// When something cannot be read; whatever is wrong with the file itself is in the answer.
pub fn verify(path: &Path, trust: Option<&Path>) -> Result<VerifyView, Error> {
    let trust = trust.map(Trusted::read).transpose()?.unwrap_or_default();
    verify_with(path, &trust)
}

fn verify_with(path: &Path, trust: &Trusted) -> Result<VerifyView, Error> {
    let name = path.file_name().map_or_else(
        || path.display().to_string(),
        |n| n.to_string_lossy().into_owned(),
    );
    if path.is_dir() {
        trust.no_packet()?;
        return export(name, crate::open_export_folder(path), trust);
    }
    let mut file = File::open(path).map_err(|e| Error::io("could not open", path, &e))?;
    let fork = crate::forks::read(&mut file).map_err(|e| Error::io("could not read", path, &e))?;
    if let Some(bytes) = fork {
        trust.no_packet()?;
        return Ok(crate::forks::verified(name, &bytes, |origin| {
            trust.keys_for(origin)
        }));
    }
    if is_packet(&mut file).map_err(|e| Error::io("could not read", path, &e))? {
        let report = packet::verify(file, &trust.packet())
            .map_err(|e| Error::io("could not read", path, &e))?;
        return Ok(packet_view(name, &report));
    }
    trust.no_packet()?;
    export(name, ExportFiles::open_zip(file), trust)
}

/// A packet is a bag: its first entry says so. Only a hint, every check follows.
fn is_packet(file: &mut File) -> std::io::Result<bool> {
    let mut start = [0; 64];
    let mut filled = 0;
    while filled < start.len() {
        match file.read(&mut start[filled..])? {
            0 => break,
            n => filled += n,
        }
    }
    file.seek(SeekFrom::Start(0))?;
    Ok(start[..filled]
        .windows(9)
        .any(|w| w == b"bagit.txt" || w == b"bag-info."))
}

fn export(
    file: String,
    files: Result<ExportFiles, evidence::ArchiveError>,
    trust: &Trusted,
) -> Result<VerifyView, Error> {
    let origin = files.as_ref().ok();
    let origin = origin.and_then(|files| evidence::export::peek(files).ok());
    let origin = origin.map(|c| c.origin);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let policy = origin.as_deref().and_then(|o| trust.policy(o));
    let report = match policy {
        Some(policy) => {
            let catalogue = sources::Catalogue::builtin();
            let digest = |schema: &evidence::SchemaRef| {
                let source = catalogue.get(&schema.id, Some(schema.version));
                source.map(|s| s.digest)
            };
            verify_export_under(files, policy, &digest, threads)
        }
        None => {
            let keys = origin.as_deref().map(|origin| trust.keys_for(origin));
            verify_export(files, &keys.unwrap_or_default(), threads)
        }
    }
    .map_err(|error| {
        Error::failed(
            format!("the export could not be read: {error}"),
            "check the file and the disk",
        )
    })?;
    let mut lines: Vec<VerifyLineView> = report
        .checks
        .iter()
        .map(|check| VerifyLineView {
            name: check.name.clone(),
            status: match check.outcome {
                CheckOutcome::Passed => "ok",
                CheckOutcome::Failed => "failed",
                CheckOutcome::Undecided => "pending",
                CheckOutcome::Skipped => "not checked",
            }
            .into(),
            detail: check.about.clone(),
            findings: match (&report.rejection, check.outcome) {
                (Some(rejection), CheckOutcome::Failed) => vec![FindingView {
                    code: rejection.code.clone(),
                    place: bench::text::place(rejection),
                    message: format!("{}; {}", rejection.message, rejection.hint),
                }],
                _ => Vec::new(),
            },
        })
        .collect();
    if let (Some(origin), Some(first), Some(last), Some(root)) =
        (&report.origin, report.first, report.last, &report.root)
    {
        lines.push(VerifyLineView {
            name: "verdict".into(),
            status: report.verdict.word().into(),
            detail: format!(
                "{origin} [{first}, {last}), {} records, root {root}",
                report.records
            ),
            findings: Vec::new(),
        });
    }
    if let Some(because) = &report.because {
        lines.push(VerifyLineView {
            name: "policy".into(),
            status: "pending".into(),
            detail: because.clone(),
            findings: Vec::new(),
        });
    }
    for signer in &report.signers {
        lines.push(VerifyLineView {
            name: "signer".into(),
            status: "ok".into(),
            detail: format!("{}, SHA-256 {}", signer.name, signer.fingerprint.to_hex()),
            findings: Vec::new(),
        });
    }
    lines.push(VerifyLineView {
        name: "time".into(),
        status: "not attested".into(),
        detail: format!("times are {}; no third party attested them", report.time),
        findings: Vec::new(),
    });
    let conclusion = match report.verdict {
        ExportVerdict::Valid => Conclusion::Passed,
        ExportVerdict::Pending => Conclusion::NotTrusted,
        ExportVerdict::Rejected => Conclusion::Failed,
    };
    Ok(concluded(
        "export",
        file,
        conclusion,
        conclusion == Conclusion::Passed,
        lines,
    ))
}

/// A SHA-256 fingerprint as it is printed: 64 hexadecimal digits, perhaps in groups, perhaps after `sha256`.
fn fingerprint(text: &str) -> Option<Hash> {
    let text = text.trim().to_ascii_lowercase();
    let digits = text.strip_prefix("sha256").unwrap_or(&text);
    let digits = digits.replace([' ', ':', '-'], "");
    Hash::from_hex(&digits).ok()
}

/// What the caller trusts, from whatever form it was given in.
#[derive(Default)]
struct Trusted {
    /// Keys for any origin: vkeys given without one.
    loose: Vec<VerifierKey>,
    /// Keys of signers, of which only the fingerprint was given.
    fingerprints: Vec<Hash>,
    origins: Option<Trust>,
    packet: Option<PacketTrust>,
}

impl Trusted {
    fn read(path: &Path) -> Result<Self, Error> {
        let mut trusted = Self::default();
        if path.to_str().is_some_and(|text| trusted.take(text).is_ok()) {
            return Ok(trusted);
        }
        let bytes = std::fs::read(path)
            .map_err(|e| Error::io("could not read the trust file", path, &e))?;
        if bytes.trim_ascii_start().first() == Some(&b'{') {
            let format: Option<String> = serde_json::from_slice::<serde_json::Value>(&bytes)
                .ok()
                .and_then(|v| v["format"].as_str().map(str::to_owned));
            if format.as_deref() == Some(evidence::trust::TRUST_FORMAT) {
                let origins = Trust::parse(&bytes).map_err(|error| {
                    Error::invalid(
                        format!("{}: {error}", path.display()),
                        "see the format muniment/trust/v1",
                    )
                })?;
                return Ok(Self {
                    origins: Some(origins),
                    ..Self::default()
                });
            }
            let packet = PacketTrust::parse(&bytes).map_err(|error| {
                Error::invalid(
                    format!("{}: {error}", path.display()),
                    "give a trust file or one vkey a line",
                )
            })?;
            return Ok(Self {
                packet: Some(packet),
                ..Self::default()
            });
        }
        let text = String::from_utf8_lossy(&bytes);
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            trusted.take(line).map_err(|error| {
                Error::invalid(
                    format!("{} line {}: {error}", path.display(), number + 1),
                    "write one vkey or one fingerprint (SHA-256, 64 hexadecimal digits) a line",
                )
            })?;
        }
        Ok(trusted)
    }

    /// Takes a vkey or a fingerprint.
    fn take(&mut self, text: &str) -> Result<(), evidence::note::NoteError> {
        match fingerprint(text) {
            Some(fingerprint) => self.fingerprints.push(fingerprint),
            None => self.loose.push(VerifierKey::from_str(text)?),
        }
        Ok(())
    }

    /// What to say of fingerprints that were given for a file that carries no keys.
    fn no_packet(&self) -> Result<(), Error> {
        if self.fingerprints.is_empty() {
            return Ok(());
        }
        Err(Error::invalid(
            "a fingerprint cannot check this file: it does not carry the keys that signed it",
            "give the source's key as a vkey, or a trust file; fingerprints name the signers of a packet",
        ))
    }

    /// Keys that count for an origin, whoever vouched for them. A vkey that was given by itself
    /// counts for the log that it names, and for no other; a cosigner's is of no log, and counts for
    /// every one that it cosigned.
    fn keys_for(&self, origin: &str) -> Vec<VerifierKey> {
        let counts =
            |key: &&VerifierKey| key.name() == origin || key.algorithm() == Algorithm::MlDsa44;
        let loose = self.loose.iter().filter(counts);
        let pinned = self.policy(origin).map_or(&[][..], |policy| &policy.keys);
        let pinned = pinned.iter().map(|key| key.0.clone());
        loose.cloned().chain(pinned).collect()
    }

    /// The policy of an origin, where a trust file states one.
    fn policy(&self, origin: &str) -> Option<&OriginTrust> {
        let policy = self.origins.as_ref().and_then(|trust| trust.origin(origin));
        policy.or_else(|| self.packet.as_ref()?.source(origin))
    }

    fn packet(&self) -> PacketTrust {
        let mut trust = self.packet.clone().unwrap_or_default();
        trust.fingerprints.clone_from(&self.fingerprints);
        // A vkey names its log or its member, so a plain list serves for sources and signers alike.
        for key in &self.loose {
            trust.pin_source(key.name(), [key.clone()]);
            trust.signers.push(PinnedKey(key.clone()));
        }
        let origins = self.origins.iter().flat_map(|trust| &trust.origins);
        trust.sources.extend(origins.cloned());
        trust
    }
}

impl Workbench {
    /// Verifies a file with the keys given; for a packet of this workspace's own, without any.
    ///
    /// # Errors
    /// As [`verify`].
    pub async fn verify_file(
        &self,
        path: String,
        trust: Option<String>,
    ) -> Result<VerifyView, Error> {
        let trust = trust.filter(|t| !t.trim().is_empty());
        tokio::task::spawn_blocking(move || {
            verify(Path::new(&path), trust.as_deref().map(Path::new))
        })
        .await
        .map_err(|_| Error::failed("verifying stopped", "try again; report it if it stays"))?
    }
}
