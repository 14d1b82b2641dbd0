//! What a command answers, as text for people or as JSON for programs.

mod detections;

use std::io::{self, Write};

use serde::{Deserialize, Serialize};
use workbench::seal::{KeyView, SealedView};
use workbench::seen::Seen;
use workbench::view::*;

use crate::source;

/// The answer of one command.
#[derive(Serialize, Deserialize)]
pub(crate) enum Answer {
    Created(CreatedView),
    Recovered(CreatedView),
    Restored(RestoreView),
    PassphraseChanged(PassphraseChangedView),
    Key(KeyView),
    Sealed(SealedView),
    Trust(TrustView),
    Trails(TrailsView),
    TrailVerified(Box<TrailReport>),
    Trusted(TrustChangeView),
    Policy(Box<PolicyView>),
    Proposals(ProposalsView),
    TrustFile(TrustFileView),
    Imported(ImportReportView),
    Quarantine(QuarantineListView),
    Quarantined(Box<QuarantineView>),
    Admitted(Box<AdmittedView>),
    Exported(QuarantineExportView),
    Found(SearchView),
    LookedUp(LookedUpView),
    Record(Box<RecordView>),
    Incident(Box<IncidentView>),
    Incidents(IncidentsView),
    Acted(Box<ActedView>),
    Planned(PacketPlanView),
    Written(PacketRowView),
    Verified(VerifyView),
    Forked(ForkProofView),
    Checked(FsckView),
    Custody(CustodyView),
    Sources(SourcesView),
    SourceFiles(SourceFilesView),
    SourceFile(Box<SourceDetailView>),
    SourceText(Box<SourceDetailView>),
    SourceChecked(CheckedSourceView),
    SourceAdded(AddedSourceView),
    ToClassify(ToClassifyView),
    ClassifyPreview(ClassifyPreview),
    Rebuilt(RebuiltView),
    Detections(DetectionsView),
    Detection(Box<DetectionView>),
    Subject(Box<SubjectView>),
}

impl Answer {
    /// Exit code: 2 where something could not be read, 1 where something was verified and failed, 3 where what was
    /// verified is intact and nobody trusted signed it, or not everything was checked; else 0.
    pub(crate) fn exit(&self) -> u8 {
        const OPEN: u8 = 3;
        if let Self::Imported(report) = self
            && !report.failed.is_empty()
        {
            return 2;
        }
        let held = match self {
            Self::Imported(report) => report.quarantine.is_empty(),
            Self::Verified(report) if report.outcome == "failed" => false,
            Self::Verified(report) if !report.passed => return OPEN,
            Self::TrailVerified(report) if report.verdict == TrailVerdict::Pending => return OPEN,
            Self::TrailVerified(report) => report.passed,
            Self::Checked(report) => report.ok,
            Self::SourceChecked(report) => report.problems.is_empty(),
            _ => true,
        };
        u8::from(!held)
    }

    /// The JSON file that the answer is, unless it went elsewhere.
    pub(crate) fn file(&self) -> serde_json::Result<Option<String>> {
        Ok(match self {
            Self::TrustFile(view) if view.path.is_none() => Some(view.text.clone()),
            Self::SourceText(view) => Some(view.text.clone()),
            Self::Forked(view) if view.path.is_empty() => {
                Some(serde_json::to_string_pretty(&view.proof)? + "\n")
            }
            _ => None,
        })
    }

    pub(crate) fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Created(view) | Self::Recovered(view) => json(out, view),
            Self::Restored(view) => json(out, view),
            Self::PassphraseChanged(view) => json(out, view),
            Self::Key(view) => json(out, view),
            Self::Sealed(view) => json(out, view),
            Self::Trust(view) => json(out, view),
            Self::Trails(view) => json(out, view),
            Self::TrailVerified(report) => json(out, report),
            Self::Trusted(view) => json(out, view),
            Self::Policy(view) => json(out, view),
            Self::Proposals(view) => json(out, view),
            Self::TrustFile(view) => json(out, view),
            Self::Imported(view) => json(out, view),
            Self::Quarantine(view) => json(out, view),
            Self::Quarantined(view) => json(out, view),
            Self::Admitted(view) => json(out, view),
            Self::Exported(view) => json(out, view),
            Self::Found(view) => json(out, view),
            Self::LookedUp(view) => json(out, view),
            Self::Record(view) => json(out, view),
            Self::Incident(view) => json(out, view),
            Self::Incidents(view) => json(out, view),
            Self::Acted(view) => json(out, view),
            Self::Planned(view) => json(out, view),
            Self::Written(view) => json(out, view),
            Self::Verified(view) => json(out, view),
            Self::Forked(view) => json(out, view),
            Self::Checked(view) => json(out, view),
            Self::Custody(view) => json(out, view),
            Self::Sources(view) => json(out, view),
            Self::SourceFiles(view) => json(out, view),
            Self::SourceFile(view) | Self::SourceText(view) => json(out, view),
            Self::SourceChecked(view) => json(out, view),
            Self::SourceAdded(view) => json(out, view),
            Self::ToClassify(view) => json(out, view),
            Self::ClassifyPreview(view) => json(out, view),
            Self::Rebuilt(view) => json(out, view),
            Self::Detections(view) => json(out, view),
            Self::Detection(view) => json(out, view),
            Self::Subject(view) => json(out, view),
        }
    }
}

/// Draws an answer. It has been seen to first, so that whatever stands in it can be printed as it is.
pub(crate) fn text(answer: &Seen<Answer>, out: &mut dyn Write) -> io::Result<()> {
    match &**answer {
        Answer::Created(view) => created(out, view),
        Answer::Recovered(view) => recovered(out, view),
        Answer::Restored(view) => restored(out, view),
        Answer::PassphraseChanged(view) => writeln!(
            out,
            "the passphrase of {} is changed; copies of the key file that were made before still open with the one of before",
            view.member
        ),
        Answer::Key(view) => {
            writeln!(out, "{}", view.vkey)?;
            view.ml_dsa_44
                .iter()
                .try_for_each(|half| writeln!(out, "{}", half.vkey))
        }
        Answer::Sealed(view) => {
            writeln!(
                out,
                "{} records of {}, [{}, {}), root {}",
                view.total, view.origin, view.first, view.last, view.root
            )?;
            let proposed = view.proposed.iter();
            proposed
                .clone()
                .try_for_each(|key| writeln!(out, "proposes key sha256 {key}"))
        }
        Answer::Trust(view) => keys(out, &view.keys),
        Answer::Trails(view) => crate::trail::trails(out, view),
        Answer::TrailVerified(report) => crate::trail::report(out, report),
        Answer::Trusted(view) => crate::trust::changed(out, view),
        Answer::Policy(view) => crate::trust::policy(out, view),
        Answer::Proposals(view) => crate::trust::proposals(out, view),
        Answer::TrustFile(view) => {
            let path = view.path.as_deref().unwrap_or_default();
            writeln!(out, "{} origins → {path}", view.total)
        }
        Answer::Imported(view) => imported(out, view),
        Answer::Quarantine(view) => held(out, view),
        Answer::Quarantined(view) => quarantined(out, view),
        Answer::Admitted(view) => {
            writeln!(
                out,
                "{}: {}, {} records, {}",
                view.file.file, view.import.outcome, view.total, view.import.assurance
            )?;
            if view.unread > 0 {
                writeln!(
                    out,
                    "  {} lines, elements or rows could not be read and stay sealed: {}{}",
                    view.unread,
                    view.places.join(", "),
                    if view.places.len() < view.unread as usize {
                        ", …"
                    } else {
                        ""
                    }
                )?;
            }
            match &view.fault {
                Some(fault) => writeln!(out, "  first: {fault}"),
                None => Ok(()),
            }
        }
        Answer::Exported(view) => {
            writeln!(out, "{} bytes → {}", view.size, view.path)?;
            writeln!(out, "sha256 {}", view.sha256)
        }
        Answer::Found(view) => found(out, view),
        Answer::LookedUp(view) => looked_up(out, view),
        Answer::Record(view) => record(out, view),
        Answer::Incident(view) => incident(out, view),
        Answer::Incidents(view) => incidents(out, view),
        Answer::Acted(view) => {
            for line in &view.recorded {
                writeln!(out, "{line}")?;
            }
            stage_line(out, &view.incident)
        }
        Answer::Planned(view) => planned(out, view),
        Answer::Written(view) => {
            writeln!(
                out,
                "{} version {} → {}",
                view.packet, view.version, view.path
            )?;
            writeln!(out, "sha256 {}  {} bytes", view.digest, view.size)?;
            lines(out, &view.lines)
        }
        Answer::Verified(view) => {
            writeln!(out, "{} ({})", view.file, view.kind)?;
            lines(out, &view.lines)?;
            writeln!(out, "{}: {}", view.outcome, view.words)
        }
        Answer::Forked(view) => {
            writeln!(
                out,
                "{} forked at size {}: two roots were signed, {}",
                view.origin,
                view.size,
                view.roots.join(" and ")
            )?;
            for key in &view.keys {
                writeln!(out, "both by {key}")?;
            }
            writeln!(out, "proof → {}", view.path)?;
            writeln!(out, "sha256 {}", view.sha256)
        }
        Answer::Checked(view) => {
            for check in &view.checks {
                let glyph = if check.ok { "✓" } else { "✗" };
                writeln!(out, "{glyph} {:<24} {}", check.name, check.detail)?;
            }
            Ok(())
        }
        Answer::Custody(view) => custody(out, view),
        Answer::Sources(view) => sources(out, view),
        Answer::SourceFiles(view) => source::files(out, view),
        Answer::SourceFile(view) | Answer::SourceText(view) => source::file(out, view),
        Answer::SourceChecked(view) => source::checked(out, view),
        Answer::SourceAdded(view) => source::added(out, view),
        Answer::ToClassify(view) => source::to_classify(out, view),
        Answer::ClassifyPreview(view) => source::preview(out, view),
        Answer::Rebuilt(view) => writeln!(out, "{} records are shown anew", view.records),
        Answer::Detections(view) => detections::list(out, view),
        Answer::Detection(view) => detections::one(out, view),
        Answer::Subject(view) => detections::subject(out, view),
    }
}

fn json<T: Serialize>(out: &mut dyn Write, view: &T) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, view)?;
    writeln!(out)
}

fn recovered(out: &mut dyn Write, view: &CreatedView) -> io::Result<()> {
    writeln!(out, "workspace {}", view.workspace.dir)?;
    let me = &view.workspace.me;
    writeln!(
        out,
        "{:<10} {}, enrolled with the recovery key, which opens nothing any more",
        me.id, me.role
    )?;
    writeln!(
        out,
        "\nThe recovery key from now on, to be printed and locked away; it is not kept:\n\n  {}",
        view.recovery_key
    )?;
    if view.workspace.older.is_some() {
        writeln!(
            out,
            "\nThe workspace is an older copy: `muniment restore` takes it into use"
        )?;
    }
    Ok(())
}

fn restored(out: &mut dyn Write, view: &RestoreView) -> io::Result<()> {
    writeln!(out, "{}", view.older.words)?;
    match (view.restored, view.older.may_restore) {
        (true, _) => writeln!(out, "taken into use: the ledger goes on in a new epoch"),
        (false, true) => writeln!(
            out,
            "`muniment restore` takes it into use in a new epoch of the ledger"
        ),
        (false, false) => writeln!(out, "a custodian can take it into use"),
    }
}

fn created(out: &mut dyn Write, view: &CreatedView) -> io::Result<()> {
    writeln!(out, "workspace {}", view.workspace.dir)?;
    for member in &view.workspace.members {
        writeln!(out, "{:<10} {}", member.id, member.role)?;
    }
    writeln!(
        out,
        "\nrecovery key, shown once; print it and lock it away:"
    )?;
    writeln!(out, "{}", view.recovery_key)
}

fn keys(out: &mut dyn Write, keys: &[workbench::view::KeyView]) -> io::Result<()> {
    if keys.is_empty() {
        writeln!(out, "no key is pinned; exports stay pending until one is")?;
    }
    for key in keys {
        writeln!(out, "{}  {}  {}", key.origin, key.algorithm, key.name)?;
        writeln!(out, "  sha256 {}", key.fingerprint)?;
    }
    Ok(())
}

fn imported(out: &mut dyn Write, view: &ImportReportView) -> io::Result<()> {
    for file in &view.files {
        writeln!(
            out,
            "{}: {}, {} records, {}, {}",
            file.file, file.outcome, file.records, file.assurance, file.verdict
        )?;
        if let Some(agreed) = &file.agreed {
            writeln!(out, "  {agreed}")?;
        }
        if let Some(first) = &file.known_as {
            writeln!(out, "  the same bytes as {first}")?;
        }
        if let Some(remark) = &file.remark {
            writeln!(out, "  {remark}")?;
        }
    }
    for file in &view.quarantine {
        writeln!(
            out,
            "{}: quarantined as {}, {}",
            file.file, file.id, file.reason
        )?;
        if !file.place.is_empty() {
            writeln!(out, "  at {}", file.place)?;
        }
        if !file.hint.is_empty() {
            writeln!(out, "  try: {}", file.hint)?;
        }
    }
    for file in &view.failed {
        writeln!(out, "{}: not imported, {}", file.file, file.reason)?;
        writeln!(out, "  try: {}", file.hint)?;
    }
    for file in &view.left_out {
        writeln!(out, "{}: left out, {}", file.file, file.what)?;
    }
    writeln!(out, "{} records imported", view.total)
}

fn held(out: &mut dyn Write, view: &QuarantineListView) -> io::Result<()> {
    for file in &view.files {
        writeln!(
            out,
            "{:>4}  {:<9} {}  {}: {}",
            file.id, file.state, file.at, file.file, file.reason
        )?;
    }
    writeln!(out, "{} in quarantine", view.total)
}

fn quarantined(out: &mut dyn Write, view: &QuarantineView) -> io::Result<()> {
    writeln!(out, "{}  {} ({})", view.id, view.file, view.state)?;
    writeln!(out, "reason    {} ({})", view.reason, view.code)?;
    let number = |n: Option<u64>| n.map(|n| n.to_string());
    for (name, value) in [
        ("part", view.part.clone()),
        ("line", number(view.line)),
        ("index", number(view.index)),
        ("field", view.field.clone()),
        ("expected", view.expected.clone()),
        ("found", view.found.clone()),
        ("format", Some(view.format.clone())),
        ("came", Some(view.at.clone())),
        ("sha256", Some(view.sha256.clone())),
        ("import", view.import.map(|n| n.to_string())),
        ("try", Some(view.hint.clone()).filter(|h| !h.is_empty())),
    ] {
        if let Some(value) = value {
            writeln!(out, "{name:<9} {value}")?;
        }
    }
    Ok(())
}

fn looked_up(out: &mut dyn Write, view: &LookedUpView) -> io::Result<()> {
    for one in &view.handles {
        writeln!(out, "{:>9}  {}  ({})", one.total, one.handle, one.domain)?;
    }
    match &view.query {
        Some(query) => writeln!(out, "search: {query}")?,
        None => writeln!(out, "no record here names it")?,
    }
    writeln!(out, "recorded; {} left today", view.left)
}

fn found(out: &mut dyn Write, view: &SearchView) -> io::Result<()> {
    for row in &view.rows {
        writeln!(
            out,
            "{:>9}  {:<24}  {:<18}  {:<28}  {:<22}  {}",
            row.seq,
            row.occurred.as_deref().unwrap_or("–"),
            row.system,
            row.action,
            row.subject.as_deref().unwrap_or("–"),
            row.assurance
        )?;
    }
    writeln!(out, "{} of {} records", view.rows.len(), view.total)?;
    for one in &view.unseen {
        writeln!(out, "{}: {}", one.text, one.why)?;
        writeln!(out, "  try: muniment look-up VALUE --incident ID")?;
    }
    for one in &view.uncovered {
        writeln!(out, "not all seen in {}: {}", one.system, one.why)?;
    }
    for facet in &view.facets {
        writeln!(out, "\n{}", facet.label)?;
        for value in &facet.values {
            writeln!(out, "{:>9}  {}", value.total, value.label)?;
        }
        if facet.other > 0 {
            writeln!(out, "{:>9}  (other values)", facet.other)?;
        }
    }
    if let Some(histogram) = &view.histogram {
        let most = histogram.counts.iter().copied().max().unwrap_or(1).max(1);
        writeln!(
            out,
            "\n{} .. {}, {} s a bucket",
            histogram.from.as_deref().unwrap_or("–"),
            histogram.to.as_deref().unwrap_or("–"),
            histogram.bucket_seconds
        )?;
        for count in &histogram.counts {
            let width = (u64::from(*count) * 50).div_ceil(u64::from(most)) as usize;
            writeln!(out, "{count:>9}  {}", "▇".repeat(width))?;
        }
        writeln!(out, "{:>9}  without a time", histogram.undated)?;
    }
    if let Some(next) = &view.next {
        writeln!(out, "next page: --after {next}")?;
    }
    Ok(())
}

fn record(out: &mut dyn Write, view: &RecordView) -> io::Result<()> {
    writeln!(out, "#{}  {}", view.row.seq, view.row.title)?;
    writeln!(out, "{}  {}", view.row.system, view.row.action)?;
    writeln!(
        out,
        "occurred {}  recorded {}  imported {}",
        view.row.occurred.as_deref().unwrap_or("–"),
        view.recorded.as_deref().unwrap_or("–"),
        view.imported
    )?;
    writeln!(out)?;
    for field in &view.fields {
        writeln!(
            out,
            "{:<8} {:<34} {}",
            field.class,
            field.path,
            field.text.as_deref().unwrap_or("withheld")
        )?;
    }
    let proof = &view.proof;
    writeln!(out, "\n{} · {}", proof.assurance, proof.verdict)?;
    writeln!(
        out,
        "{} leaf {} of [{}, {})",
        proof.origin, proof.index, proof.first, proof.last
    )?;
    writeln!(out, "leaf {}\nroot {}", proof.leaf, proof.root)?;
    for other in &view.retold {
        match other.otherwise {
            Some(seq) => writeln!(
                out,
                "told otherwise in #{seq}, {} ({})",
                other.file, other.assurance
            )?,
            None => writeln!(out, "also told in {} ({})", other.file, other.assurance)?,
        }
    }
    for signer in &proof.signers {
        writeln!(out, "signed by {signer}")?;
    }
    writeln!(out, "{}", proof.claim)
}

fn stage_line(out: &mut dyn Write, view: &IncidentView) -> io::Result<()> {
    write!(out, "{}  {}", view.row.id, view.row.stage_title)?;
    match &view.row.next {
        Some(next) => writeln!(out, "  next: {next}"),
        None => writeln!(out),
    }
}

fn incident(out: &mut dyn Write, view: &IncidentView) -> io::Result<()> {
    writeln!(out, "{}  {}", view.row.id, view.row.title)?;
    writeln!(
        out,
        "opened {}  stage {}",
        view.row.opened, view.row.stage_title
    )?;
    for stage in &view.stages {
        writeln!(out, "\n{} ({})", stage.title, stage.state)?;
        for gate in &stage.gates {
            let glyph = match gate.state.as_str() {
                "met" => "✓",
                "waived" => "~",
                _ => "○",
            };
            writeln!(out, "  {glyph} {:<34} {}", gate.id, gate.title)?;
            for missing in &gate.missing {
                writeln!(out, "      {}", missing.what)?;
            }
        }
        for field in &stage.fields {
            if field.kind == "list" {
                writeln!(out, "    {}+  {} items", field.id, field.items.len())?;
                for item in &field.items {
                    writeln!(out, "      {} {}", item.id, item.values)?;
                }
            } else {
                writeln!(out, "    {} = {}", field.id, field.value)?;
            }
        }
    }
    writeln!(out, "\nevidence")?;
    for item in &view.evidence {
        writeln!(
            out,
            "  {:<4} #{:<8} {} · {} · {}",
            item.id, item.seq, item.title, item.assurance, item.verdict
        )?;
    }
    Ok(())
}

fn incidents(out: &mut dyn Write, view: &IncidentsView) -> io::Result<()> {
    for row in &view.incidents {
        writeln!(
            out,
            "{}  {:<14} {:<8} {}",
            row.id,
            row.stage_title,
            row.severity.as_deref().unwrap_or("–"),
            row.title
        )?;
    }
    writeln!(out, "{} incidents", view.total)
}

fn planned(out: &mut dyn Write, view: &PacketPlanView) -> io::Result<()> {
    writeln!(
        out,
        "{} version {} for {} under {}",
        view.packet, view.version, view.audience, view.policy
    )?;
    writeln!(out, "\nleaves")?;
    for class in &view.leaves {
        writeln!(
            out,
            "  {:<8} {:>6}  {}",
            class.class, class.total, class.why
        )?;
    }
    writeln!(out, "stays")?;
    for class in &view.withheld {
        writeln!(
            out,
            "  {:<8} {:>6}  {}",
            class.class, class.total, class.why
        )?;
    }
    writeln!(out, "limitations")?;
    for line in &view.limitations {
        writeln!(out, "  {line}")?;
    }
    for gate in &view.open_gates {
        writeln!(out, "open: {gate}")?;
    }
    writeln!(out, "leak check: {}", view.leak_check)?;
    for line in &view.blocked {
        writeln!(out, "blocked: {line}")?;
    }
    writeln!(out, "approve with: --approve {}", view.digest)
}

fn lines(out: &mut dyn Write, lines: &[VerifyLineView]) -> io::Result<()> {
    for line in lines {
        let glyph = match line.status.as_str() {
            "ok" => "✓",
            "failed" => "✗",
            _ => "·",
        };
        writeln!(
            out,
            "{glyph} {:<12} {:<13} {}",
            line.name, line.status, line.detail
        )?;
        for finding in &line.findings {
            writeln!(
                out,
                "    {} at {}: {}",
                finding.code, finding.place, finding.message
            )?;
        }
    }
    Ok(())
}

fn custody(out: &mut dyn Write, view: &CustodyView) -> io::Result<()> {
    for entry in &view.entries {
        writeln!(
            out,
            "{:>6}  {}  {:<9} {:<24} {}",
            entry.index, entry.at, entry.actor, entry.kind, entry.summary
        )?;
    }
    writeln!(out, "{} entries, root {}", view.head.size, view.head.root)
}

fn sources(out: &mut dyn Write, view: &SourcesView) -> io::Result<()> {
    for origin in &view.origins {
        writeln!(
            out,
            "{:<34} {:>9} records  {:<20} {}",
            origin.origin, origin.records, origin.assurance, origin.words
        )?;
        for note in origin.notes.iter().skip(1) {
            writeln!(out, "{:<76} {note}", "")?;
        }
    }
    for file in &view.quarantine {
        writeln!(out, "quarantine: {} {} {}", file.id, file.file, file.reason)?;
    }
    for import in &view.interrupted {
        writeln!(out, "{}", import.words)?;
        writeln!(out, "  try: import --resume, or import --discard")?;
    }
    for field in &view.to_classify {
        writeln!(
            out,
            "to classify: {} {} in {} records",
            field.system, field.path, field.records
        )?;
    }
    Ok(())
}
