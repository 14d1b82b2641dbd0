//! What a reader is given by another way than the packet, and a further member's signature.

use std::fs::File;
use std::io::{Cursor, Write as _};
use std::path::Path;

use evidence::packet::{Conclusion, Layout, PacketJson, PacketTrust, PinnedWorkspace};
use packet::KeySigner;
use serde_json::json;
use vault::{Act, LedgerFilter};

use crate::assemble::own_trust;
use crate::verified::packet_view;
use crate::write::{absolute, packet_error, stopped};
use bench::delivery::{Delivery, Handing, Thing};
use bench::text::count;
use bench::view::{TrustFileView, VerifyView};
use bench::{Bench, Code, Error};
use standing::Workspace;
use standing::in_force;

/// What a further signer says with their signature.
const STATEMENT: &str = "I have read this packet, and sign it beside its preparer.";

/// The trust file for readers of this workspace's packets: the workspace by the first entry of
/// its ledger, its members' keys, and the policies of its sources. It is only as good as the way
/// by which a reader gets it, which is another one than the packet's.
///
/// # Errors
/// When the workspace cannot be read.
pub async fn packet_keys(workspace: &Workspace) -> Result<TrustFileView, Error> {
    let mut trust = whole_trust(workspace).await?;
    let policies = in_force(&workspace.vault).await?;
    for policy in policies.origins {
        trust
            .sources
            .retain(|source| source.origin != policy.origin);
        trust.sources.push(policy);
    }
    let text = trust.to_json().map_err(|_| stopped())?;
    Ok(TrustFileView {
        total: count(trust.sources.len()),
        path: None,
        text,
    })
}

/// Writes [`packet_keys`] to a new file.
///
/// # Errors
/// As there, and when the file exists or cannot be written.
pub async fn packet_keys_save(workspace: &Workspace, path: String) -> Result<TrustFileView, Error> {
    let mut view = packet_keys(workspace).await?;
    let at = Path::new(&path);
    files::write_new(at, view.text.as_bytes())
        .map_err(|e| Error::io("could not write the trust file", at, &e))?;
    view.path = Some(path);
    Ok(view)
}

/// Writes a packet of this workspace anew with the open member's signature beside the others,
/// after it was verified. It is recorded before it stands at its place. Nothing else in it changes, so every earlier
/// signature stays valid.
///
/// # Errors
/// When the packet does not hold, is of another workspace, or is signed by this member already;
/// when the file exists or cannot be written.
pub async fn packet_sign(
    bench: &Bench,
    workspace: &Workspace,
    packet: String,
    path: String,
) -> Result<VerifyView, Error> {
    let path = absolute(&path)?;
    workspace.vault.may_write()?;
    let trust = whole_trust(workspace).await?;
    let key = workspace.vault.packet_signer()?;
    let role = crate::wording::capital(workspace.vault.member().1.word());
    let now = bench.now();
    let from = packet.clone();
    let (here, to) = (Handing::here(workspace), path.clone());
    let signed = tokio::task::spawn_blocking(move || {
        let at = Path::new(&from);
        let io = |e: std::io::Error| Error::io("could not read the packet", at, &e);
        let report = packet::verify(File::open(at).map_err(io)?, &trust).map_err(io)?;
        let refused = |what: String, hint: &str| Err(Error::new(Code::Refused, what, hint));
        let codes: Vec<&str> = report.failure_codes();
        if codes.iter().any(|code| *code != "missing-signer") {
            return refused(
                format!("{} does not hold: {}", at.display(), codes.join(", ")),
                "verify it to see each reason, and ask who wrote it for another",
            );
        }
        if codes.is_empty() && report.conclusion() != Conclusion::Passed {
            return refused(
                format!("{}: {}", at.display(), report.conclusion().words()),
                "sign packets that this workspace wrote, in the format that shows its members",
            );
        }
        let mut bytes = Vec::new();
        let mut zip = File::open(at).map_err(io)?;
        std::io::Read::read_to_end(&mut zip, &mut bytes).map_err(io)?;
        let files = evidence::packet::read_container(&mut Cursor::new(&bytes)).map_err(io)?;
        let mine = key.verifier_key().fingerprint().to_hex();
        if files.contains_key(&format!("{}{mine}.sig", Layout::SIGNATURES)) {
            return refused(
                "this member has signed the packet already".into(),
                "let another member sign it",
            );
        }
        let record: PacketJson = files
            .get(Layout::PACKET)
            .and_then(|json| serde_json::from_slice(json).ok())
            .ok_or_else(stopped)?;
        let signer = KeySigner {
            key: &key,
            role: &role,
            statement: STATEMENT,
        };
        let mut out = Vec::new();
        packet::cosign(Cursor::new(&bytes), &signer, now, &mut out)
            .map_err(|e| packet_error(&e))?;
        let report = packet::verify_whole(&out, &trust);
        if report.conclusion() == Conclusion::Failed
            && report
                .failure_codes()
                .iter()
                .any(|code| *code != "missing-signer")
        {
            return refused(
                format!(
                    "the signed packet does not verify: {}",
                    report.failure_codes().join(", ")
                ),
                "nothing was written; run fsck",
            );
        }
        let (delivery, mut file) = Delivery::file(&here, Thing::SignedPacket, &to)?;
        let put = |e: std::io::Error| Error::io("could not write the packet to", &to, &e);
        file.write_all(&out).map_err(put)?;
        file.sync().map_err(put)?;
        Ok((record, report, evidence::Hash::sha256(&out), mine, delivery))
    })
    .await
    .map_err(|_| stopped())??;
    let (record, report, digest, fingerprint, delivery) = signed;
    let act = Act::new(
        "packet.signed",
        json!({
            "packet": record.id,
            "version": record.version,
            "key": fingerprint,
            "sha256": digest.to_hex(),
        }),
    )
    .about(&record.incident.id);
    workspace
        .vault
        .write(bench.now(), move |_| Ok(((), act.into())))
        .await?;
    tokio::task::spawn_blocking(move || delivery.hand_over())
        .await
        .map_err(|_| stopped())??;
    bench.vault_changed();
    let name = path.file_name().unwrap_or_default();
    Ok(packet_view(name.to_string_lossy().into_owned(), &report))
}

/// What this workspace itself holds true of its members and logs, with the workspace pinned.
async fn whole_trust(workspace: &Workspace) -> Result<PacketTrust, Error> {
    let vault = &workspace.vault;
    let policies = in_force(vault).await?;
    let members = vault.members().await?;
    let epoch = vault.ledger_head().epoch;
    let mut trust = own_trust(workspace, &policies, &members, &epoch).await?;
    let first = vault
        .ledger(&LedgerFilter::default(), Some((0, 1)), 1)
        .await?;
    trust
        .workspaces
        .extend(first.first().map(|genesis| PinnedWorkspace {
            vault: vault.id().to_owned(),
            genesis: genesis.leaf,
        }));
    Ok(trust)
}
