//! Files that fail: sealed in quarantine with the exact reason, listed, written out as they came.

use std::path::Path;

use evidence::{ArchiveError, Hash, RejectionReport};
use serde_json::json;
use sources::ReadError;
use vault::{Act, Quarantined, SealedFile};

use crate::imported::content;
use crate::input::Input;
use crate::input::NATIVE;
use crate::input::Part;
use bench::delivery::{Delivery, Handing, Thing};
use bench::text::{count, time};
use bench::view::{QuarantineExportView, QuarantineListView, QuarantineView};
use bench::{Bench, Error};
use standing::Workspace;
use std::sync::Arc;

/// The code of a file that is not the one its manifest lists.
pub(crate) const HASH_MISMATCH: &str = "hash-mismatch";

/// Why a file went to quarantine, as the vault keeps it. Never content.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Failure {
    pub(crate) code: String,
    pub(crate) reason: String,
    #[serde(default)]
    pub(crate) place: String,
    #[serde(default)]
    pub(crate) hint: String,
    /// File within the export.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) part: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) index: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expected: Option<Hash>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) found: Option<Hash>,
    /// Digests of files that differ, as they are kept: each a mark and the digest sealed under it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) digests: Option<[[Hash; 2]; 2]>,
}

impl Failure {
    pub(crate) fn new(code: &str, reason: impl Into<String>, hint: &str) -> Self {
        Self {
            code: code.into(),
            reason: reason.into(),
            hint: hint.into(),
            ..Self::default()
        }
    }

    pub(crate) fn of(rejection: &RejectionReport) -> Self {
        Self {
            code: rejection.code.clone(),
            reason: rejection.message.clone(),
            place: bench::text::place(rejection),
            hint: rejection.hint.clone(),
            part: rejection.file.clone(),
            line: rejection.line,
            index: rejection.index,
            field: rejection.field.map(|field| field.to_string()),
            expected: rejection.expected,
            found: rejection.found,
            digests: None,
        }
    }

    pub(crate) fn of_reading(error: &ReadError) -> Self {
        let place = match (error.line(), error.element()) {
            (Some(line), _) => format!("line {line}"),
            (None, Some(element)) => format!("element {element}"),
            (None, None) => String::new(),
        };
        Self {
            place,
            line: error.line(),
            index: error.element(),
            ..Self::new(error.code(), error.to_string(), error.hint())
        }
    }

    pub(crate) fn of_archive(error: &ArchiveError) -> Self {
        Self::new(
            error.code(),
            error.to_string(),
            "pack the files again where they came from, or import them unpacked",
        )
    }

    /// The same, with the digests that differ.
    pub(crate) fn digests(mut self, expected: Hash, found: Hash) -> Self {
        (self.expected, self.found) = (Some(expected), Some(found));
        self
    }
}

/// What is known of a file from an earlier failure of the same bytes.
pub(crate) enum Before {
    /// Nothing.
    Nothing,
    /// It failed, and nothing that could change now would make it less of a failure.
    Stays(i64),
    /// It was not the file that a manifest listed, and there is a manifest to ask again.
    Asked(i64),
}

/// Whether these bytes failed before. What was rejected once stays rejected whatever is trusted since;
/// only a manifest that lists these very bytes speaks for them.
pub(crate) async fn held_before(
    workspace: &Workspace,
    input: &Input,
    sha256: &Hash,
) -> Result<Before, Error> {
    let held = workspace.vault.held(sha256, None).await;
    let Some(held) = held? else {
        return Ok(Before::Nothing);
    };
    let mismatch = held.reason["code"] == HASH_MISMATCH;
    Ok(match mismatch && input.manifest.is_some() {
        true => Before::Asked(held.id),
        false => Before::Stays(held.id),
    })
}

/// Seals the reason with the file; the same file again is the same entry.
pub(crate) async fn hold(
    bench: &Bench,
    workspace: &Workspace,
    input: &Input,
    sealed: &SealedFile,
    failure: &Failure,
) -> Result<i64, Error> {
    let (sha256, member) = content(input, sealed);
    let unreadable = match &input.part {
        Part::Unreadable { name } => Some(name.as_str()),
        _ => None,
    };
    let held = workspace.vault.held(&sha256, unreadable).await;
    if let Some(same) = held? {
        return Ok(same.id);
    }
    let mut kept = failure.clone();
    if failure.code == HASH_MISMATCH
        && let (Some(expected), Some(found)) = (kept.expected.take(), kept.found.take())
    {
        // Digests of files, of which one at least is of a file that may be guessed.
        let seal = |digest| workspace.vault.seal_digest(digest);
        let sealed = seal(&expected).and_then(|one| Ok([one, seal(&found)?]));
        kept.digests = Some(sealed?);
    }
    let reason = serde_json::to_value(&kept).unwrap_or_default();
    let (name, kind, sealed) = (
        input.name.clone(),
        input.format().to_owned(),
        sealed.clone(),
    );
    let hide = |name: &str| workspace.vault.hide_name(name).map_err(Error::from);
    let act = json!({
        "file": hide(&name)?,
        "mark": workspace.vault.mark(&sha256)?.to_hex(),
        "code": failure.code,
        "place": hide(&failure.place)?,
    });
    workspace
        .vault
        .write(bench.now(), move |tx| {
            let id = tx.quarantine(&name, &kind, &sealed, member.as_ref(), &reason)?;
            Ok((id, Act::new("quarantine.held", act).into()))
        })
        .await
        .map_err(Error::from)
}

/// A held file was verified after all.
pub(crate) async fn release(
    bench: &Bench,
    workspace: &Workspace,
    id: i64,
    import: i64,
) -> Result<(), Error> {
    let act =
        json!({ "quarantine": id, "import": import, "because": "a manifest lists these bytes" });
    workspace
        .vault
        .write(bench.now(), move |tx| {
            tx.set_quarantine_state(id, "released")?;
            Ok(((), Act::new("quarantine.verified", act).into()))
        })
        .await
        .map_err(Error::from)
}

/// Files in quarantine; with `all`, also those that were admitted or verified since.
pub async fn quarantine(
    workspace: &Arc<Workspace>,
    all: bool,
) -> Result<QuarantineListView, Error> {
    let files = views(workspace, all).await?;
    Ok(QuarantineListView {
        total: count(files.len()),
        files,
    })
}

/// One file of the quarantine with its exact reason.
pub async fn quarantined(workspace: &Arc<Workspace>, id: u32) -> Result<QuarantineView, Error> {
    Ok(view(workspace, find(workspace, id).await?))
}

/// Writes a quarantined file out as it came, for its source to look at. Recorded in custody.
pub async fn quarantine_export(
    bench: &Bench,
    workspace: &Arc<Workspace>,
    id: u32,
    path: String,
) -> Result<QuarantineExportView, Error> {
    let held = find(workspace, id).await?;
    let mut reader = crate::sealed::open(workspace, &held.sealed).await?;
    let whole = workspace.vault.sealed_file(&held.sealed).await;
    let sha256 = whole?.sha256;
    let mark = workspace.vault.mark(&sha256)?;
    let name = (workspace.vault.hide_name(&held.name))?;
    let act = json!({ "quarantine": held.id, "file": name, "mark": mark.to_hex() });
    let sha256 = sha256.to_hex();
    workspace.vault.may_write()?;
    let is_folder = held.kind == NATIVE;
    let (from, to) = (Handing::here(workspace), Path::new(&path).to_path_buf());
    let written = tokio::task::spawn_blocking(move || {
        let failed = |e: std::io::Error| Error::io("could not write", &to, &e);
        let what = Thing::Quarantined;
        // Anybody can begin a file as we begin the stream of a folder.
        if is_folder && crate::folder::is_framed(&mut reader).map_err(failed)? {
            let (delivery, new) = Delivery::folder(&from, what, &to, mark.to_hex())?;
            let size = crate::folder::unpack(reader, new.folder()).map_err(failed)?;
            new.sync().map_err(failed)?;
            return Ok::<_, Error>((delivery, size));
        }
        let (delivery, mut file) = Delivery::file(&from, what, &to)?;
        let size = std::io::copy(&mut reader, &mut file).map_err(failed)?;
        file.sync().map_err(failed)?;
        Ok((delivery, size))
    });
    let (delivery, size) = written.await.map_err(|_| crate::imported::stopped())??;
    workspace
        .vault
        .record(Act::new("quarantine.exported", act), bench.now())
        .await?;
    tokio::task::spawn_blocking(move || delivery.hand_over())
        .await
        .map_err(|_| crate::imported::stopped())??;
    bench.vault_changed();
    Ok(QuarantineExportView {
        id,
        path,
        size,
        sha256,
    })
}

pub(crate) async fn find(workspace: &Workspace, id: u32) -> Result<Quarantined, Error> {
    let all = workspace.vault.quarantined().await?;
    let found = all.into_iter().find(|q| q.id == i64::from(id));
    found.ok_or_else(|| {
        Error::not_found(
            format_args!("file {id} in quarantine"),
            "list the quarantine to see the numbers",
        )
    })
}

/// Files that are held.
pub async fn quarantine_views(workspace: &Workspace) -> Result<Vec<QuarantineView>, Error> {
    views(workspace, false).await
}

async fn views(workspace: &Workspace, all: bool) -> Result<Vec<QuarantineView>, Error> {
    let files = workspace.vault.quarantined().await;
    let files = files?.into_iter();
    Ok(files
        .filter(|q| all || q.state == "held")
        .map(|held| view(workspace, held))
        .collect())
}

pub(crate) fn failure(held: &Quarantined) -> Failure {
    serde_json::from_value(held.reason.clone())
        .unwrap_or_else(|_| Failure::new("unknown", "the reason cannot be read", "run fsck"))
}

pub(crate) fn view(workspace: &Workspace, held: Quarantined) -> QuarantineView {
    let mut failure = failure(&held);
    if let Some([expected, found]) = &failure.digests {
        failure.expected = workspace.vault.open_digest(expected);
        failure.found = workspace.vault.open_digest(found);
    }
    if let (HASH_MISMATCH, Some(expected), Some(found)) =
        (failure.code.as_str(), failure.expected, failure.found)
    {
        failure.place = format!("expected {}, found {}", expected.to_hex(), found.to_hex());
    }
    QuarantineView {
        id: count(held.id),
        file: held.name,
        at: time(held.at),
        code: failure.code,
        reason: failure.reason,
        place: failure.place,
        hint: failure.hint,
        sha256: crate::shown::digest_text(workspace, &held.sha256),
        format: held.kind,
        state: held.state,
        part: failure.part,
        line: failure.line,
        index: failure.index,
        field: failure.field,
        expected: failure.expected.map(|d| d.to_hex()),
        found: failure.found.map(|d| d.to_hex()),
        import: held.import.map(count),
    }
}
