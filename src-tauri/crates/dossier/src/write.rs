//! Packets: planning, writing, and what was written.
//!
//! A plan approves exact bytes, so planning and writing lay the packet out from the same state
//! and neither looks at the clock: the time of making is that of the newest custody entry.
//! Whatever is recorded in between changes the custody log's head, and so voids the plan.

use std::io::{BufWriter, Write as _};
use std::path::PathBuf;

use casework::Command;
use evidence::packet::{Limitation, PacketReport, PacketTrust};
use evidence::{Hash, SigningKey};
use files::NewFile;
use packet::{KeySigner, PacketError, PacketInput, Plan, Prepared};
use serde_json::{Value, json};
use vault::{Act, NewPacket};

use crate::assemble::{Assembled, assemble, may_write, policy_of};
use crate::show;
use crate::verified::packet_view;
use crate::wording::{ScopeKeys, capital};
use bench::delivery::{Delivery, Handing, Thing, exists};
use bench::view::{PacketPlanView, PacketRowView, PacketsView};
use bench::{Bench, Code, Error};
use incidents::json as to_json;
use standing::Workspace;

/// What a signer says with their signature.
const STATEMENT: &str = "I prepared this packet from the records of this workspace; what is withheld follows the \
                         policy it names.";

/// What a packet for an audience would hold: what leaves, what is withheld and why, open
/// gates, limitations and the leak check. Nothing is written; only a handle key that the
/// audience needs for the first time is made, which custody records.
///
/// # Errors
/// A reviewer cannot plan: the leak check needs the sealed originals.
pub async fn packet_plan(
    bench: &Bench,
    workspace: &Workspace,
    incident: String,
    audience: String,
) -> Result<PacketPlanView, Error> {
    let assembled = assembled(bench, workspace, &incident, &audience).await?;
    let (input, prepared) = prepare(assembled.input).await?;
    let plan = prepared.plan();
    Ok(show::plan(&input, plan, digest_of(plan)?))
}

/// Writes the packet whose plan has this digest to a new file, signed by the open member.
/// The file is handed over only if it verifies with this workspace's own keys and none of
/// the withheld values is found in it; both results are recorded.
///
/// # Errors
/// When the plan has changed, something forbids writing, the file exists, or the result
/// does not verify. Nothing is handed over and nothing recorded then.
pub async fn packet_write(
    bench: &Bench,
    workspace: &Workspace,
    incident: String,
    audience: String,
    digest: String,
    path: String,
) -> Result<PacketRowView, Error> {
    let path = absolute(&path)?;
    // A packet that custody cannot hear of is not even begun.
    workspace.vault.may_write()?;
    let assembled = assembled(bench, workspace, &incident, &audience).await?;
    let (loaded, policy) = (assembled.loaded, assembled.policy);
    let job = Writing {
        key: assembled.key,
        role: capital(assembled.role),
        trust: assembled.trust,
        approved: digest,
        path: path.clone(),
        from: Handing::here(workspace),
    };
    let (done, delivery) = tokio::task::spawn_blocking(move || job.run(assembled.input))
        .await
        .map_err(|_| stopped())??;
    let recorded = async {
        let lines = packet_view(done.name.clone(), &done.report).lines;
        let facts = json!({
            "id": done.plan.packet,
            "version": done.plan.version,
            "packetDigest": done.packet_digest,
            "plan": done.plan_digest,
            "content": done.plan.content,
            "policy": done.plan.policy,
            "leaving": done.plan.leaving,
            "withheld": done.plan.withheld,
            "limitations": codes(&done.plan.limitations),
            "lines": lines,
            "path": path.display().to_string(),
        });
        let new = NewPacket {
            incident: incident.clone(),
            audience: policy.id.clone(),
            name: done.name.clone(),
            size: done.size,
            sha256: done.digest,
            facts,
        };
        let act = Act::new(
            "packet.written",
            json!({
                "packet": done.plan.packet,
                "version": done.plan.version,
                "audience": policy.id,
                "policy": done.plan.policy.digest,
                "plan": done.plan_digest,
                "sha256": done.digest.to_hex(),
                "size": done.size,
                "evidence": done.plan.leaving.evidence,
            }),
        )
        .about(&incident);
        // A closed record is read-only: a packet of it is in custody, and changes no gate.
        let events = match loaded.incident.closed {
            Some(_) => None,
            None => {
                let command = Command::RecordPacket {
                    id: done.plan.packet.clone(),
                    digest: done.plan.content.to_hex(),
                    verified: done.report.passed(),
                    leak_clean: true,
                };
                let (events, after) =
                    incidents::decided(bench, workspace, &loaded, &command, &workspace.me())
                        .await?;
                let events: Vec<Value> = events.iter().map(to_json).collect();
                Some((events, to_json(&after)))
            }
        };
        let (id, version) = (incident.clone(), loaded.version);
        workspace
            .vault
            .write(bench.now(), move |tx| {
                let number = tx.add_packet(&new)?;
                let acts = match events {
                    Some((events, state)) => tx
                        .append_incident(&id, version, &events, &state, None)?
                        .and(act),
                    None => act.into(),
                };
                Ok((number, acts))
            })
            .await
            .map_err(Error::from)
    }
    .await;
    // What custody does not know of is not handed over: the delivery takes it back.
    let number = recorded?;
    tokio::task::spawn_blocking(move || delivery.hand_over())
        .await
        .map_err(|_| stopped())??;
    bench.vault_changed();
    let rows = workspace.vault.packets(Some(&incident)).await?;
    rows.into_iter()
        .find(|row| row.id == number)
        .map(incidents::packet_row)
        .ok_or_else(|| Error::failed("the written packet is not in the list", "run fsck"))
}

/// All packets that were written, newest first.
pub async fn packets(workspace: &Workspace) -> Result<PacketsView, Error> {
    let packets = incidents::of_incident(workspace, None).await?;
    Ok(PacketsView {
        total: bench::text::count(packets.len()),
        packets,
    })
}

/// Everything a packet is laid out from, as it stands now.
pub async fn assembled(
    bench: &Bench,
    workspace: &Workspace,
    incident: &str,
    audience: &str,
) -> Result<Assembled, Error> {
    let policy = policy_of(audience)?;
    may_write(workspace)?;
    incidents::load(workspace, incident).await?;
    let before = workspace.vault.ledger_head();
    let keys = ScopeKeys::of(workspace, &policy, incident, bench.now()).await?;
    if workspace.vault.ledger_head() != before {
        bench.vault_changed();
    }
    assemble(workspace, incident, policy, &keys).await
}

/// Lays out and renders on a thread where that may take its time.
async fn prepare(input: PacketInput) -> Result<(PacketInput, Prepared), Error> {
    tokio::task::spawn_blocking(move || {
        let prepared = packet::prepare(&input).map_err(|e| packet_error(&e))?;
        Ok((input, prepared))
    })
    .await
    .map_err(|_| stopped())?
}

fn digest_of(plan: &Plan) -> Result<String, Error> {
    plan.digest().map(|digest| digest.to_hex()).map_err(|_| {
        Error::failed(
            "the plan could not be written as JSON",
            "try again; report it if it stays",
        )
    })
}

/// Signing and writing one approved plan.
struct Writing {
    key: SigningKey,
    role: String,
    trust: PacketTrust,
    /// Digest of the plan that somebody approved.
    approved: String,
    path: PathBuf,
    /// What it is handed over from.
    from: Handing,
}

/// A packet that lies beside its place, verified.
struct Done {
    name: String,
    plan: Plan,
    plan_digest: String,
    digest: Hash,
    size: u64,
    packet_digest: Hash,
    report: PacketReport,
}

impl Writing {
    fn run(self, input: PacketInput) -> Result<(Done, Delivery), Error> {
        let prepared = packet::prepare(&input).map_err(|e| packet_error(&e))?;
        let plan = prepared.plan().clone();
        let plan_digest = digest_of(&plan)?;
        if plan_digest != self.approved {
            return Err(plan_changed());
        }
        let approved = plan.approve(&self.role, input.header.now).map_err(|e| {
            Error::new(
                Code::Refused,
                e.to_string(),
                "look at the plan: it names each reason",
            )
        })?;
        let (delivery, file) = Delivery::file(&self.from, Thing::Packet, &self.path)?;
        let written = self.write(prepared, &approved, &file)?;
        let withheld = input.withheld_values.iter();
        let withheld: Vec<String> = withheld.map(|one| one.value.clone()).collect();
        let report = self.check(&file, &withheld)?;
        // Somebody may have put a file there meanwhile.
        if self.path.symlink_metadata().is_ok() {
            return Err(exists(&self.path));
        }
        let done = Done {
            name: self
                .path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            plan,
            plan_digest,
            digest: written.digest,
            size: written.size,
            packet_digest: written.packet_digest,
            report,
        };
        Ok((done, delivery))
    }

    fn write(
        &self,
        prepared: Prepared,
        approved: &packet::ApprovedPlan,
        file: &NewFile,
    ) -> Result<packet::Written, Error> {
        let io = |e: std::io::Error| Error::io("could not write the packet to", &self.path, &e);
        let signer = KeySigner {
            key: &self.key,
            role: &self.role,
            statement: STATEMENT,
        };
        let mut out = BufWriter::new(file.handle().map_err(io)?);
        let written = prepared
            .write(approved, &[&signer], &mut out)
            .map_err(|e| packet_error(&e))?;
        out.flush().map_err(io)?;
        file.sync().map_err(io)?;
        Ok(written)
    }

    /// Reads the file again and checks exactly what lies on the disk.
    fn check(&self, file: &NewFile, withheld: &[String]) -> Result<PacketReport, Error> {
        let io =
            |e: std::io::Error| Error::io("could not read the packet again for", &self.path, &e);
        let report = packet::verify(file.again().map_err(io)?, &self.trust).map_err(io)?;
        if !report.passed() {
            return Err(Error::failed(
                format!(
                    "the finished packet does not verify: {}",
                    report.failure_codes().join(", ")
                ),
                "nothing was handed over; look at the evidence and its sources",
            ));
        }
        let hits = packet::leak_check(file.again().map_err(io)?, withheld).map_err(io)?;
        match hits.first() {
            None => Ok(report),
            Some(hit) => Err(Error::new(
                Code::Refused,
                format!("a withheld value stands in {} ({})", hit.file, hit.layer),
                "nothing was handed over; plan again and remove it from the text",
            )),
        }
    }
}

pub(crate) fn absolute(path: &str) -> Result<PathBuf, Error> {
    let path = std::path::absolute(path).map_err(|_| {
        Error::invalid(
            "there is no path to write to",
            "choose a file, such as review.zip",
        )
    })?;
    if path.file_name().is_none() || path.is_dir() {
        return Err(Error::invalid(
            format!("{} is a folder", path.display()),
            "choose a file in it, such as review.zip",
        ));
    }
    // A link that leads nowhere is there, too.
    if path.symlink_metadata().is_ok() {
        return Err(exists(&path));
    }
    Ok(path)
}

fn plan_changed() -> Error {
    Error::new(
        Code::Refused,
        "the plan has changed since it was approved",
        "look at the new plan, and approve that",
    )
}

pub(crate) fn stopped() -> Error {
    Error::failed(
        "laying out the packet stopped",
        "try again; report it if it stays",
    )
}

fn codes(limitations: &[Limitation]) -> Vec<&str> {
    limitations.iter().map(|l| l.code.as_str()).collect()
}

pub(crate) fn packet_error(error: &PacketError) -> Error {
    match error {
        PacketError::PlanChanged => plan_changed(),
        PacketError::Blocked(_) => Error::new(
            Code::Refused,
            error.to_string(),
            "look at the plan: it names each reason",
        ),
        PacketError::Io(_) => Error::failed(error.to_string(), "check the disk and the folder"),
        PacketError::Record { .. } => Error::failed(error.to_string(), "pin the record again"),
        _ => Error::failed(error.to_string(), "run fsck; report it if it stays"),
    }
}
