//! The check, line by line.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Seek};

use super::bag;
use super::bounds;
use super::container::{parse, printable, read_bounded};
use super::content;
use super::model::{PacketJson, ProofMode};
use super::report::{
    Finding, Findings, Line, LineName, Outcome, PacketIdentity, PacketReport, Status,
};
use super::statement::{PAYLOAD_TYPE, STATEMENT_FORMAT, Statement, public_key_pem, raw_public_key};
use super::tables::table_names;
use super::trust::PacketTrust;
use super::{Layout, PACKET_FORMAT, PACKET_FORMAT_BEFORE, signers, sources};
use crate::base64;
use crate::dsse::{Envelope, pae};
use crate::hash::Hash;
use crate::note::VerifierKey;
use crate::record::SchemaRef;

/// The files of a packet, by name.
pub(super) type Files<'a> = BTreeMap<String, &'a [u8]>;

/// Checks a packet and says five lines.
///
/// # Errors
/// Only when reading fails or the input is larger than
/// [`MAX_PACKET_BYTES`](super::MAX_PACKET_BYTES); whatever is wrong *in* the
/// packet is in the report.
pub fn verify(mut zip: impl Read + Seek, trust: &PacketTrust) -> io::Result<PacketReport> {
    let bytes = read_bounded(&mut zip)?;
    Ok(verify_bytes(&bytes, trust))
}

/// [`verify`] for a packet in memory. What this crate cannot look at is *not checked*.
#[must_use]
pub fn verify_bytes(zip: &[u8], trust: &PacketTrust) -> PacketReport {
    verify_bytes_with(
        zip,
        trust,
        Beside {
            source_file: &|_| None,
            checks: &|_| BesideAnswers::default(),
        },
    )
}

/// What the checks beside this crate's own are given: a packet of which everything else holds.
#[derive(Debug)]
pub struct Checked<'a> {
    /// The record.
    pub packet: &'a PacketJson,
    /// All files, by name.
    pub files: &'a BTreeMap<String, &'a [u8]>,
}

/// What a check beside this crate's own says.
#[derive(Debug, Default)]
pub enum Answer {
    /// It could not run; the findings say why.
    #[default]
    NotRun,
    /// It could not run, for a reason.
    CouldNot(Finding),
    /// It ran and found this; nothing, where it holds.
    Ran(Vec<Finding>),
}

/// Answers to the checks that need more than this crate has: source files and a typesetter.
#[derive(Debug, Default)]
pub struct BesideAnswers {
    /// Titles, systems and times of the register are what the source files read in the records.
    pub reading: Answer,
    /// The pages are the ones that `packet.json` gives.
    pub pages: Answer,
}

/// What is known and can be done outside of this crate.
#[derive(Clone, Copy)]
pub struct Beside<'a> {
    /// SHA-256 of the source file of a schema, where there is one.
    pub source_file: &'a dyn Fn(&SchemaRef) -> Option<Hash>,
    /// The checks that this crate cannot do. They are asked only where nothing else failed: what
    /// they cost is not spent on what is refused anyway.
    pub checks: &'a dyn Fn(&Checked<'_>) -> BesideAnswers,
}

/// [`verify_bytes`], with what is known and can be done outside of this crate.
#[must_use]
pub fn verify_bytes_with(zip: &[u8], trust: &PacketTrust, beside: Beside<'_>) -> PacketReport {
    let mut integrity = Findings::default();
    let files = integrity.run("archive", |findings| parse(zip, findings));
    if !integrity.run("sizes", |findings| bounds::check_sizes(&files, findings)) {
        return unread(integrity);
    }
    let mut content = Findings::default();
    let packet = content.run("packet-json", |findings| read_packet(&files, findings));
    integrity.run("bag", |findings| {
        check_bag(&files, packet.as_ref(), findings)
    });
    let entries = files.len();
    let integrity = integrity.line(
        LineName::Integrity,
        Status::Ok,
        format!("{entries} files against both manifests, the layout and the archive's headers"),
    );

    let mut signatures = Findings::default();
    let signed = signatures.run("signatures", |findings| {
        check_signatures(&files, packet.as_ref(), findings)
    });
    let mut signers = Findings::default();
    let mut members = None;
    let mut pinned = None;
    match &packet {
        Some(packet) => {
            let shown = content::check(&files, packet, trust, &mut content);
            pinned = Some(signers.run("sources", |findings| {
                let digest = beside.source_file;
                sources::check(&files, packet, &shown.proved, trust, digest, findings)
            }));
            members = shown.members;
        }
        None => {
            signers.ran("sources", Outcome::NotRun);
            for name in content::CHECKS {
                content.ran(name, Outcome::NotRun);
            }
        }
    }
    match &members {
        Some(members) => signatures.run("holders", |findings| {
            signers::check_holders(&signed, members, findings);
        }),
        None => signatures.ran("holders", Outcome::NotRun),
    }
    let judged = signers::check(&signed, members.as_ref(), trust, &mut signers);
    let answers = match &packet {
        Some(packet)
            if integrity.status == Status::Ok && !signatures.failed() && !content.failed() =>
        {
            (beside.checks)(&Checked {
                packet,
                files: &files,
            })
        }
        _ => BesideAnswers::default(),
    };
    for (name, answer) in [("reading", answers.reading), ("pages", answers.pages)] {
        settle(name, answer, &mut content);
    }
    let content = content.line(
        LineName::Content,
        Status::Ok,
        packet.as_ref().map_or_else(String::new, |packet| {
            format!(
                "report, tables and {} records agree and fold to {} checkpoints; \
                 {} custody entries, each signed by its member, to the custody head",
                packet.evidence.len(),
                packet.proofs.len(),
                packet.custody.entries.len(),
            )
        }),
    );
    let trusted = judged.trusted && !signers.failed();
    let fine = if judged.trusted {
        Status::Ok
    } else {
        Status::NotTrusted
    };
    let sources = pinned.map_or_else(String::new, |pinned| {
        format!(
            "; {} of {} logs by keys you pinned",
            pinned.pinned, pinned.origins
        )
    });
    let signers = signers.line(
        LineName::Signers,
        fine,
        format!("{}{sources}", judged.summary),
    );
    let signatures = signatures.line(
        LineName::Signatures,
        Status::Ok,
        format!(
            "{} over the tag manifest, by members of the workspace",
            signed.len()
        ),
    );
    PacketReport {
        packet: packet
            .as_ref()
            .zip(files.get(Layout::PACKET))
            .map(|(packet, bytes)| identity(packet, bytes, &signed)),
        trusted,
        lines: [integrity, signatures, signers, time_line(&signed), content],
    }
}

/// The report on a packet with a file that is too long to be looked into.
fn unread(integrity: Findings) -> PacketReport {
    let not_run = |name, checks: &[&'static str]| {
        let mut findings = Findings::default();
        for check in checks {
            findings.ran(check, Outcome::NotRun);
        }
        findings.line(name, Status::NotChecked, "")
    };
    let content: Vec<&'static str> = ["packet-json"]
        .into_iter()
        .chain(content::CHECKS)
        .chain(["reading", "pages"])
        .collect();
    PacketReport {
        packet: None,
        trusted: false,
        lines: [
            integrity.line(LineName::Integrity, Status::Ok, ""),
            not_run(LineName::Signatures, &["signatures", "holders"]),
            not_run(LineName::Signers, &["sources", "signers"]),
            time_line(&[]),
            not_run(LineName::Content, &content),
        ],
    }
}

/// Takes up the answer of a check beside this crate's own.
fn settle(name: &'static str, answer: Answer, findings: &mut Findings) {
    match answer {
        Answer::NotRun => findings.ran(name, Outcome::NotRun),
        Answer::CouldNot(finding) => {
            findings.add(finding);
            findings.ran(name, Outcome::NotRun);
        }
        Answer::Ran(found) => findings.run(name, |findings| {
            found.into_iter().for_each(|finding| findings.add(finding));
        }),
    }
}

fn identity(packet: &PacketJson, bytes: &[u8], signed: &[Signed]) -> PacketIdentity {
    PacketIdentity {
        id: packet.id.clone(),
        version: packet.version,
        title: packet.title.clone(),
        packet_digest: Hash::sha256(bytes).to_hex(),
        evidence: packet.evidence.len() as u64,
        signers: signed
            .iter()
            .map(|signed| {
                (
                    signed.key.fingerprint().to_hex(),
                    signed.statement.role.clone(),
                )
            })
            .collect(),
    }
}

fn time_line(signed: &[Signed]) -> Line {
    let summary = match signed.iter().map(|signed| signed.statement.time).min() {
        Some(time) => format!("the signers state {time}; nobody else attests it"),
        None => "no signature states a time".to_owned(),
    };
    Findings::default().line(LineName::Time, Status::NotAttested, summary)
}

fn read_packet(files: &Files<'_>, findings: &mut Findings) -> Option<PacketJson> {
    let Some(bytes) = files.get(Layout::PACKET) else {
        findings.fail(
            "packet-json-missing",
            Layout::PACKET,
            "there is no packet.json",
        );
        return None;
    };
    if !bounds::texts_within(bytes) {
        findings.fail(
            "text-too-long",
            Layout::PACKET,
            format!("a text has at most {} bytes", bounds::MAX_TEXT),
        );
        return None;
    }
    let packet: PacketJson = match serde_json::from_slice(bytes) {
        Ok(packet) => packet,
        Err(error) => {
            findings.fail(
                "packet-json-form",
                format!("{} line {}", Layout::PACKET, error.line()),
                "packet.json does not follow schema packet-2",
            );
            return None;
        }
    };
    if let Some((place, c)) = bounds::acting_text(bytes) {
        let place = printable(format!("{} {place}", Layout::PACKET).as_bytes());
        findings.fail("text-acts", place, bounds::acting_reason(c));
        return None;
    }
    if ![PACKET_FORMAT, PACKET_FORMAT_BEFORE].contains(&packet.format.as_str()) {
        findings.fail(
            "packet-json-format",
            Layout::PACKET,
            "packet.json states another format",
        );
        return None;
    }
    if packet.to_bytes().ok().as_deref() != Some(*bytes) {
        findings.fail(
            "packet-json-spelling",
            Layout::PACKET,
            "packet.json is not in its one accepted spelling",
        );
    }
    bounds::check_rows(&packet, findings).then_some(packet)
}

/// Every path that this packet has outside of `signatures/`.
fn expected_paths(packet: &PacketJson) -> BTreeSet<String> {
    let mut paths: BTreeSet<String> = [
        Layout::BAGIT,
        Layout::BAG_INFO,
        Layout::MANIFEST,
        Layout::TAG_MANIFEST,
        Layout::README,
        Layout::VERIFY,
        Layout::PACKET,
        Layout::REPORT,
        Layout::LEDGER,
        Layout::LEDGER_CHECKPOINT,
    ]
    .into_iter()
    .map(str::to_owned)
    .collect();
    paths.extend(table_names().into_iter().map(Layout::table));
    paths.extend(
        packet
            .evidence
            .iter()
            .map(|entry| Layout::evidence(&entry.id)),
    );
    for range in &packet.proofs {
        let folder = Layout::proofs(&range.origin, range.first, range.last);
        let hashes = match range.mode {
            ProofMode::Leaves => "leaves",
            ProofMode::Inclusion => "inclusion.json",
        };
        for file in ["checkpoint", "range.json", hashes] {
            paths.insert(format!("{folder}{file}"));
        }
    }
    paths
}

fn is_manifest(name: &str) -> bool {
    !name.contains('/') && (name.starts_with("manifest-") || name.starts_with("tagmanifest-"))
}

fn check_bag(files: &Files<'_>, packet: Option<&PacketJson>, findings: &mut Findings) {
    if files.is_empty() {
        return;
    }
    for name in files.keys() {
        if name.eq_ignore_ascii_case("fetch.txt") {
            findings.fail(
                "fetch-file",
                name,
                "a packet never fetches files from elsewhere",
            );
        } else if is_manifest(name) && name != Layout::MANIFEST && name != Layout::TAG_MANIFEST {
            findings.fail(
                "extra-manifest",
                name,
                "a packet has exactly one SHA-256 manifest of each kind",
            );
        }
    }
    check_manifest(files, Layout::MANIFEST, findings, |name| {
        name.starts_with(Layout::DATA)
    });
    check_manifest(files, Layout::TAG_MANIFEST, findings, |name| {
        [Layout::BAGIT, Layout::BAG_INFO, Layout::MANIFEST].contains(&name)
    });
    if files
        .get(Layout::BAGIT)
        .is_some_and(|bytes| *bytes != bag::bag_declaration().as_bytes())
    {
        findings.fail(
            "bagit-declaration",
            Layout::BAGIT,
            "the bag declaration is not that of BagIt 1.0 in UTF-8",
        );
    }
    let Some(packet) = packet else { return };
    let expected = expected_paths(packet);
    for name in files.keys() {
        if !expected.contains(name) && !name.starts_with(Layout::SIGNATURES) {
            findings.fail(
                "outside-layout",
                printable(name.as_bytes()),
                "the file is not one that packet.json accounts for",
            );
        }
    }
    for name in expected {
        if !files.contains_key(&name) {
            findings.fail(
                "missing-file",
                printable(name.as_bytes()),
                "a file that packet.json accounts for is missing",
            );
        }
    }
    let (mut count, mut bytes) = (0, 0);
    for (_, data) in files
        .iter()
        .filter(|(name, _)| name.starts_with(Layout::DATA))
    {
        count += 1;
        bytes += data.len() as u64;
    }
    let info = bag::bag_info(packet, bytes, count);
    if files
        .get(Layout::BAG_INFO)
        .is_some_and(|found| *found != info.as_bytes())
    {
        findings.fail(
            "bag-info",
            Layout::BAG_INFO,
            "date, identifier or Payload-Oxum differ from packet.json and the payload",
        );
    }
}

fn check_manifest(
    files: &Files<'_>,
    manifest: &'static str,
    findings: &mut Findings,
    covers: impl Fn(&str) -> bool,
) {
    let Some(text) = files
        .get(manifest)
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
    else {
        findings.fail(
            "manifest-missing",
            manifest,
            "the manifest is missing or not UTF-8",
        );
        return;
    };
    let mut listed = BTreeMap::new();
    let mut well_formed = text.is_empty() || text.ends_with('\n');
    let mut previous: Option<&str> = None;
    for line in text.lines() {
        match line.split_once("  ") {
            Some((digest, name))
                if digest.len() == 64
                    && digest
                        .bytes()
                        .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) =>
            {
                well_formed &= previous.is_none_or(|previous| previous < name);
                previous = Some(name);
                listed.insert(name, digest);
            }
            _ => well_formed = false,
        }
    }
    if !well_formed || text.contains('\r') {
        findings.fail(
            "manifest-form",
            manifest,
            "lines are not a lower-case SHA-256, two spaces and a path, in order of paths",
        );
    }
    for (name, data) in files.iter().filter(|(name, _)| covers(name)) {
        match listed.remove(name.as_str()) {
            None => findings.fail(
                "unlisted-file",
                printable(name.as_bytes()),
                format!("the file is not listed in {manifest}"),
            ),
            Some(digest) if digest != Hash::sha256(data).to_hex() => findings.fail(
                "digest-mismatch",
                printable(name.as_bytes()),
                format!("the file's SHA-256 is not the one in {manifest}"),
            ),
            Some(_) => {}
        }
    }
    for name in listed.keys() {
        findings.fail(
            "listed-but-absent",
            printable(name.as_bytes()),
            format!("{manifest} lists a file that is not there or not its to list"),
        );
    }
}

/// A signature that verified.
pub(super) struct Signed {
    pub(super) key: VerifierKey,
    pub(super) statement: Statement,
}

const PARTS: [&str; 4] = ["dsse.json", "pae", "pub.pem", "sig"];

fn check_signatures(
    files: &Files<'_>,
    packet: Option<&PacketJson>,
    findings: &mut Findings,
) -> Vec<Signed> {
    let mut sets: BTreeMap<&str, BTreeMap<&str, &[u8]>> = BTreeMap::new();
    for (name, data) in files {
        let Some(rest) = name.strip_prefix(Layout::SIGNATURES) else {
            continue;
        };
        match rest.split_once('.') {
            Some((fingerprint, part))
                if fingerprint.len() == 64
                    && fingerprint
                        .bytes()
                        .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
                    && PARTS.contains(&part) =>
            {
                sets.entry(fingerprint).or_default().insert(part, data);
            }
            _ => findings.fail(
                "signature-name",
                printable(name.as_bytes()),
                "the file is not part of a signature",
            ),
        }
    }
    let mut signed = Vec::new();
    for (fingerprint, parts) in &sets {
        let place = format!("{}{fingerprint}", Layout::SIGNATURES);
        match check_one(files, packet, fingerprint, parts) {
            Ok(one) => signed.push(one),
            Err((code, message)) => findings.fail(code, place, message),
        }
    }
    let Some(packet) = packet else {
        if signed.is_empty() {
            findings.fail(
                "no-signature",
                Layout::SIGNATURES,
                "there is no valid signature",
            );
        }
        return signed;
    };
    if packet.required_signers.is_empty() {
        findings.fail(
            "no-required-signer",
            Layout::PACKET,
            "packet.json requires no signature at all",
        );
    }
    for required in &packet.required_signers {
        let found = signed
            .iter()
            .find(|one| one.key.fingerprint().to_hex() == required.fingerprint);
        match found {
            None => findings.fail(
                "missing-signer",
                format!(
                    "{}{}",
                    Layout::SIGNATURES,
                    printable(required.fingerprint.as_bytes())
                ),
                "a signature that packet.json requires is missing or not valid",
            ),
            Some(one) if one.statement.role != required.role => findings.fail(
                "signer-role",
                format!("{}{}", Layout::SIGNATURES, required.fingerprint),
                "the signer signed in another role than packet.json requires",
            ),
            Some(_) => {}
        }
    }
    signed
}

fn check_one(
    files: &Files<'_>,
    packet: Option<&PacketJson>,
    fingerprint: &str,
    parts: &BTreeMap<&str, &[u8]>,
) -> Result<Signed, (&'static str, &'static str)> {
    let part = |name: &str| {
        parts.get(name).copied().ok_or((
            "signature-incomplete",
            "one of .dsse.json, .pae, .sig and .pub.pem is missing",
        ))
    };
    let (dsse, pae_file, pem, sig) = (
        part("dsse.json")?,
        part("pae")?,
        part("pub.pem")?,
        part("sig")?,
    );
    let form = (
        "signature-form",
        "the envelope is not a DSSE envelope with one signature in its one accepted spelling",
    );
    let envelope: Envelope = serde_json::from_slice(dsse).map_err(|_| form)?;
    let mut spelled = serde_json::to_vec_pretty(&envelope).map_err(|_| form)?;
    spelled.push(b'\n');
    let [signature] = envelope.signatures.as_slice() else {
        return Err(form);
    };
    let keyid = Hash::from_hex(fingerprint).map_err(|_| form)?.to_string();
    if spelled != dsse || envelope.payload_type != PAYLOAD_TYPE || signature.keyid != keyid {
        return Err(form);
    }
    let payload = base64::decode(envelope.payload.as_bytes()).ok_or(form)?;
    if base64::decode(signature.sig.as_bytes()).as_deref() != Some(sig) {
        return Err((
            "signature-differs",
            "the .sig file is not the signature of the envelope",
        ));
    }
    let signed_bytes = pae(PAYLOAD_TYPE, &payload);
    if signed_bytes != pae_file {
        return Err((
            "signature-pae",
            "the .pae file is not what the envelope's signature is over",
        ));
    }
    let statement: Statement = serde_json::from_slice(&payload).map_err(|_| form)?;
    if statement.to_bytes().ok() != Some(payload) || statement.format != STATEMENT_FORMAT {
        return Err(form);
    }
    let key_reason = (
        "signature-key",
        "the .pub.pem file is not the Ed25519 key of this fingerprint",
    );
    let raw = raw_public_key(pem).ok_or(key_reason)?;
    let key = VerifierKey::new(&statement.signer, raw).map_err(|_| key_reason)?;
    if key.fingerprint().to_hex() != fingerprint
        || statement.fingerprint != fingerprint
        || public_key_pem(&key).as_bytes() != pem
    {
        return Err(key_reason);
    }
    if !key.verifies(&signed_bytes, sig) {
        return Err((
            "signature-invalid",
            "the signature does not verify under its key",
        ));
    }
    let tag_manifest = files.get(Layout::TAG_MANIFEST).copied().unwrap_or_default();
    if statement.tag_manifest != Hash::sha256(tag_manifest).to_hex() {
        return Err((
            "signature-other-manifest",
            "the signature is over another tag manifest than the one in this packet",
        ));
    }
    if packet
        .is_some_and(|packet| packet.id != statement.packet || packet.version != statement.version)
    {
        return Err((
            "signature-other-packet",
            "the signature is for another packet or version",
        ));
    }
    Ok(Signed { key, statement })
}
