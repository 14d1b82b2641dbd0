//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Verifies signed audit exports, seals them, walks incidents and writes packets.
///
/// Exit code 0: done. 1: a verification or a gate failed. 2: it could not be done.
/// 3: what was verified is intact, but nobody you trust signed it, or not everything was checked.
/// 130: cancelled with Ctrl-C; nothing is half done.
#[derive(Debug, Parser)]
#[command(name = "muniment", version, propagate_version = true)]
pub(crate) struct Arguments {
    /// Folder of the workspace.
    #[arg(
        long,
        global = true,
        env = "MUNIMENT_WORKSPACE",
        hide_env_values = true,
        value_name = "DIR"
    )]
    pub(crate) workspace: Option<PathBuf>,
    /// Member who acts; unless named, the one whose key file the passphrase opens.
    #[arg(
        long,
        global = true,
        env = "MUNIMENT_MEMBER",
        hide_env_values = true,
        value_name = "ID"
    )]
    pub(crate) member: Option<String>,
    /// Print one JSON document instead of text.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create a workspace with its first custodian and a second member.
    ///
    /// Passphrases are asked for, or taken from MUNIMENT_PASSPHRASE and
    /// MUNIMENT_SECOND_PASSPHRASE. The recovery key is printed once.
    Init {
        /// Role of the second member.
        #[arg(long, default_value = "reviewer", value_parser = ["reviewer", "responder", "custodian"])]
        second_role: String,
    },
    /// Open a workspace with its printed recovery key: enrols a custodian, and prints another recovery key.
    ///
    /// The key is asked for, or taken from MUNIMENT_RECOVERY_KEY; the passphrase of the new custodian from
    /// MUNIMENT_NEW_PASSPHRASE. Its use is recorded, rotates the keys of the workspace, and the key that was used
    /// opens nothing any more. The one printed then is printed once.
    Recover,
    /// Choose another passphrase.
    ///
    /// It is asked for, or taken from MUNIMENT_NEW_PASSPHRASE. Copies of your key file that were made before
    /// still open with the one of before.
    Passphrase,
    /// Take a folder into use that was put back from a backup, or an older copy of it. A custodian's act.
    ///
    /// Until then it opens to look at only, and says what is older. The ledger goes on in a new epoch, whose
    /// first entry names the head that is here and the highest one that is known.
    Restore {
        /// Only show what is older.
        #[arg(long)]
        dry_run: bool,
    },
    /// Make a signing key for an origin and print its verifier key (vkey).
    ///
    /// The key is Ed25519. With --ml-dsa the file holds an ML-DSA-44 key too, which cosigns
    /// every checkpoint; its vkey is printed on a second line, and both are to be pinned.
    Keygen {
        /// Make an ML-DSA-44 key as well.
        #[arg(long)]
        ml_dsa: bool,
        /// Name of the log, such as `enigm.example/command`.
        #[arg(long)]
        origin: String,
        /// File to write the key to; it must not exist.
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Turn JSON lines into the next signed native export of an origin.
    Seal {
        /// Source file that classifies the fields, such as `enigm-command`.
        #[arg(long, value_name = "ID")]
        source: String,
        /// Name of the log.
        #[arg(long)]
        origin: String,
        /// Key file made by `keygen`; it remembers the last signed head.
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// The export before this one.
        #[arg(long, value_name = "EXPORT")]
        previous: Option<PathBuf>,
        /// Propose the keys of this key file, which sign from the next export on. The old key
        /// signs no more.
        #[arg(long, value_name = "NEWKEY")]
        rotate_to: Option<PathBuf>,
        /// JSON lines, one record a line; `-` reads standard input. Not needed with --rotate-to.
        #[arg(required_unless_present = "rotate_to")]
        input: Option<PathBuf>,
        /// Export to write.
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Keys and requirements of each origin: what its exports must be signed with.
    #[command(subcommand)]
    Trust(Trust),
    /// Import exports, CloudTrail files, JSON lines: files, ZIPs or folders, plain or compressed.
    ///
    /// Originals are sealed as they come. A file that fails goes to quarantine with its reason, and stops
    /// none of the others (exit code 1); what cannot be read is named (exit code 2). A file that is here
    /// already is recognised by its content. Ctrl-C cancels: files that were finished stay, nothing is half
    /// done. An import that was cut off otherwise is listed by `sources`.
    Import {
        /// Files or folders.
        #[arg(required_unless_present_any = ["resume", "discard"])]
        paths: Vec<PathBuf>,
        /// Resume every import that was cut off, from the copies sealed then.
        #[arg(long, conflicts_with_all = ["paths", "discard"])]
        resume: bool,
        /// Give every import that was cut off up; what it had finished stays.
        #[arg(long, conflicts_with = "paths")]
        discard: bool,
    },
    /// Files that failed: their reasons, and what can be done with them.
    #[command(subcommand)]
    Quarantine(Quarantine),
    /// Find records, newest first.
    Search {
        /// Query: words, "phrases", field:value, AND OR NOT, time:[a .. b].
        #[arg(default_value = "", allow_hyphen_values = true)]
        query: String,
        /// Rows to print.
        #[arg(long, default_value_t = 20)]
        limit: u32,
        /// Count the values of a field; may be given several times.
        #[arg(long, value_name = "FIELD")]
        facet: Vec<String>,
        /// Count over time in this many buckets.
        #[arg(long, default_value_t = 0, value_name = "N")]
        histogram: u32,
        /// Cursor of the page before, as the last page printed it.
        #[arg(long, value_name = "CURSOR")]
        after: Option<String>,
    },
    /// Find the handles of an identity: an address, account, name or number that records hide.
    ///
    /// Recorded in custody with incident and purpose, never with the value; 50 a day.
    LookUp {
        /// The identity as its source writes it; `-` reads it from standard input, which keeps it out of the shell's history.
        #[arg(allow_hyphen_values = true)]
        value: String,
        /// Incident it is looked up for.
        #[arg(long, value_name = "ID")]
        incident: String,
        /// Purpose: one that source files know.
        #[arg(long, default_value = "security-investigation")]
        purpose: String,
    },
    /// Show one record: fields as this member may see them, and its proof.
    Show {
        /// Number of the record.
        seq: u32,
    },
    /// Walk an incident through its stages.
    #[command(subcommand)]
    Incident(Incident),
    /// Plan and write packets.
    #[command(subcommand)]
    Packet(Packet),
    /// Verify an export, a packet, a fork proof or a CloudTrail trail; needs no workspace.
    Verify {
        /// Export (ZIP or folder), packet or fork proof.
        path: PathBuf,
        /// Trust file (KEYS.json), file of vkeys and fingerprints one a line, or one of them itself.
        #[arg(long, value_name = "FILE")]
        trust: Option<PathBuf>,
        #[command(flatten, next_help_heading = "CloudTrail")]
        trail: crate::trail::TrailVerify,
    },
    /// Write the proof that an origin's keeper signed two histories.
    ///
    /// Whoever has the origin's key can check the file with `muniment verify`; it shows no record.
    ForkProof {
        /// Name of the log, as `sources` lists it.
        origin: String,
        /// Size of the fork, where there are several; the first unless given.
        #[arg(long, value_name = "N")]
        size: Option<u64>,
        /// File to write; standard output unless given.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// List what the records themselves show to be wrong, and decide on it.
    ///
    /// Lifecycle contradictions, contradictions across systems, content exposures. A candidate
    /// is never more than that: a member opens an incident from it, links it or dismisses it.
    Detections {
        /// Without one: list those that wait for a decision.
        #[command(subcommand)]
        command: Option<Detections>,
    },
    /// Show a subject: its state and history in every system, and what contradicts them.
    Subject {
        /// Handle, as a record shows it.
        handle: String,
    },
    /// Check everything sealed, stored and recorded.
    Fsck,
    /// Read the custody ledger, newest first.
    Custody {
        /// Only entries whose kind, actor, incident or words contain this.
        #[arg(default_value = "")]
        filter: String,
    },
    /// List origins with their continuity, imports and quarantine.
    Sources,
    /// Source files: list, show, check, add, assign.
    #[command(subcommand)]
    Source(crate::source::Source),
    /// Classify fields that no source file classifies, by pattern.
    #[command(subcommand)]
    Classify(crate::source::Classify),
    /// Make rows and index anew from the sealed records.
    Rebuild {
        /// Also rows that no change of a source file asks for.
        #[arg(long)]
        all: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Quarantine {
    /// List files that failed.
    List {
        /// Also those that were admitted or verified since.
        #[arg(long)]
        all: bool,
    },
    /// Show why a file failed: file, line, index, field, digests.
    Show {
        /// Number, as `quarantine list` prints it.
        id: u32,
    },
    /// Admit what can be read of a file as unproven. A custodian's act, recorded in custody.
    Admit {
        /// Number, as `quarantine list` prints it.
        id: u32,
        /// Why records that failed verification are wanted here.
        #[arg(long)]
        reason: String,
    },
    /// Write a file out as it came, for its source to look at. Recorded in custody.
    Export {
        /// Number, as `quarantine list` prints it.
        id: u32,
        /// File to write, or folder for an export that came as one; it must not exist.
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Trust {
    /// Pin a key, and say as which systems its origin may speak. What waited for it is decided again.
    ///
    /// An origin that may speak as some systems only needs a second member to speak as another one
    /// too: --as, and MUNIMENT_SECOND_PASSPHRASE or their passphrase when asked.
    Add {
        /// Verifier key as `keygen` printed it.
        vkey: String,
        /// Source file of its records, `ID` or `ID/VERSION` as `source list` prints it; may be given
        /// again. Needed for the first key of an origin: records of any other system are refused.
        #[arg(long, value_name = "ID[/VERSION]")]
        schema: Vec<String>,
        /// Origin it signs for; its own name unless given.
        #[arg(long)]
        origin: Option<String>,
        /// Size from which on it is required (ML-DSA) or suffices too (Ed25519); smaller sizes
        /// keep their requirement.
        #[arg(long, value_name = "SIZE")]
        from: Option<u64>,
        #[command(flatten)]
        approval: Second,
    },
    /// State the cadence at which an origin writes heartbeats, so that silence shows.
    Heartbeat {
        /// Name of the log.
        origin: String,
        /// Seconds within which a heartbeat comes; none unless given.
        #[arg(long, value_name = "SECONDS")]
        every: Option<u64>,
        #[command(flatten)]
        approval: Second,
    },
    /// List pinned keys with full fingerprints.
    List,
    /// Pin CloudTrail trails, or list them with what their digests prove.
    #[command(subcommand)]
    Cloudtrail(crate::trail::TrailCommand),
    /// Show the policy of an origin: keys, requirement, distrust, schemas, anchor, proposals.
    Show {
        /// Name of the log.
        origin: String,
    },
    /// Set the policies of a trust file; those of other origins stay as they are.
    ///
    /// What lowers a requirement needs a second member at this workstation: --as, and
    /// MUNIMENT_SECOND_PASSPHRASE or their passphrase when asked.
    Set {
        /// Trust file (muniment/trust/v1), as `trust export` writes it.
        file: PathBuf,
        /// Only show what would change, and what it lowers.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        approval: Second,
    },
    /// Pin a (size, root), from which on the history of an origin is known.
    Anchor {
        /// Name of the log.
        origin: String,
        /// Size.
        size: u64,
        /// Root, base64: the third line of a checkpoint.
        root: String,
        #[command(flatten)]
        approval: Second,
    },
    /// Distrust a key of an origin from a size on.
    Distrust {
        /// Name of the log.
        origin: String,
        /// Full fingerprint, hex.
        key: String,
        /// First size that it must not sign any more.
        #[arg(long, value_name = "SIZE")]
        from: u64,
        /// When it was compromised (RFC 3339): smaller sizes that were here before still count.
        #[arg(long, value_name = "TIME")]
        compromised: Option<chrono::DateTime<chrono::Utc>>,
        #[command(flatten)]
        approval: Second,
    },
    /// List the keys that origins propose to sign with.
    Proposals {
        /// Name of the log; all unless given.
        origin: Option<String>,
    },
    /// Confirm a proposed key, after comparing its full fingerprint by another way.
    Confirm {
        /// Name of the log.
        origin: String,
        /// Full fingerprint, hex, as the operator of the origin told it.
        key: String,
    },
    /// Write the policies as a trust file, to a new file or standard output.
    Export {
        /// Name of the log; all unless given.
        origin: Option<String>,
        /// File to write; it must not exist.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

/// A second member at this workstation.
#[derive(Debug, Args)]
pub(crate) struct Second {
    /// Second member, who approves what lowers a requirement.
    #[arg(long, value_name = "ID")]
    pub(crate) r#as: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct IncidentId {
    /// Incident, such as INC-2026-0001.
    pub(crate) incident: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Incident {
    /// Open an incident.
    Open {
        /// Title.
        title: String,
        /// Records to pin at once.
        #[arg(long, value_name = "SEQ")]
        pin: Vec<u32>,
    },
    /// List incidents.
    List,
    /// Show an incident: stages, gates, forms, evidence.
    Show(IncidentId),
    /// Fill a field of a stage's form.
    ///
    /// `set INC detection.origin security-monitoring` sets a field;
    /// `set INC investigation.findings+ '{"statement":"…"}'` adds to a list;
    /// `set INC investigation.findings/F1 '{…}'` edits an item of it.
    Set {
        #[command(flatten)]
        id: IncidentId,
        /// Field id, as `incident show` lists them.
        field: String,
        /// Text, or JSON for anything else.
        value: String,
    },
    /// Pin records as evidence.
    Pin {
        #[command(flatten)]
        id: IncidentId,
        /// Records.
        #[arg(required = true)]
        seq: Vec<u32>,
        /// Why.
        #[arg(long)]
        note: Option<String>,
    },
    /// Save a search as evidence, also one that found nothing: with what it could not see.
    SaveSearch {
        #[command(flatten)]
        id: IncidentId,
        /// Query.
        query: String,
        /// What the search was to answer.
        #[arg(long)]
        purpose: String,
    },
    /// Map evidence, a timeline entry or an action to a control.
    Map {
        #[command(flatten)]
        id: IncidentId,
        /// What is mapped, such as E1.
        item: String,
        /// Control identifier, such as 5.28.
        control: String,
        /// Framework.
        #[arg(long, default_value = "iso-27001-2022")]
        framework: String,
        /// supports, partially, contradicts or context.
        #[arg(long, default_value = "supports")]
        relation: String,
        /// What the mapping claims.
        #[arg(long)]
        claim: String,
    },
    /// Leave the current stage through its gate.
    Advance(IncidentId),
    /// Waive a gate that cannot be met.
    Waive {
        #[command(flatten)]
        id: IncidentId,
        /// Gate, such as containment.volatile-preserved.
        gate: String,
        /// Reason, printed in the packet.
        #[arg(long)]
        reason: String,
    },
    /// Go back to an earlier stage.
    Back {
        #[command(flatten)]
        id: IncidentId,
        /// Stage.
        stage: String,
        /// Reason.
        #[arg(long)]
        reason: String,
    },
    /// Approve as a second member at the same workstation.
    Approve {
        #[command(flatten)]
        id: IncidentId,
        /// What is approved: an item id, or `review`.
        what: String,
        /// The approving member.
        #[arg(long, value_name = "ID")]
        r#as: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Detections {
    /// List candidates that wait for a decision.
    List {
        /// Those too that were decided on.
        #[arg(long)]
        all: bool,
    },
    /// Show a candidate with the records that prove it.
    Show {
        /// Id, such as det-k3v5…
        id: String,
    },
    /// Open an incident from candidates; the proving records are pinned to it.
    Open {
        /// Ids.
        #[arg(required = true)]
        id: Vec<String>,
        /// Title of the incident; that of the first candidate unless given.
        #[arg(long)]
        title: Option<String>,
    },
    /// Link candidates to an incident that is there.
    Link {
        /// Ids.
        #[arg(required = true)]
        id: Vec<String>,
        /// The incident, such as INC-2026-0001.
        #[arg(long)]
        incident: String,
    },
    /// Dismiss candidates.
    Dismiss {
        /// Ids.
        #[arg(required = true)]
        id: Vec<String>,
        /// Why this is no incident; kept in custody.
        #[arg(long)]
        reason: String,
    },
    /// Take a decision back.
    Reconsider {
        /// Id.
        id: String,
        /// Why; kept in custody.
        #[arg(long)]
        reason: String,
    },
    /// Forget everything derived and find it again in the sealed records.
    Rebuild,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Packet {
    /// Show what a packet would hold and what stays here.
    Plan {
        #[command(flatten)]
        id: IncidentId,
        /// internal-audit or outside.
        #[arg(long, default_value = "outside")]
        audience: String,
    },
    /// Write a packet whose plan was approved.
    Write {
        #[command(flatten)]
        id: IncidentId,
        /// internal-audit or outside.
        #[arg(long, default_value = "outside")]
        audience: String,
        /// Digest of the plan that is approved, as `packet plan` printed it.
        #[arg(long, value_name = "DIGEST")]
        approve: String,
        /// Packet to write.
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Sign a packet of this workspace beside its preparer: written anew, recorded in custody.
    Sign {
        /// Packet to sign.
        packet: PathBuf,
        /// Packet to write; it must not exist.
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Write the trust file for readers: members' keys, the workspace, its sources' policies.
    ///
    /// Give it to them by another way than the packet. They may add under `require` which roles and
    /// which persons must have signed; see schemas/packet-trust-2.schema.json.
    Keys {
        /// File to write; standard output without it.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}
