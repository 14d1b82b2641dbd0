//! CloudTrail digests: with the signatures beside them they are one import, of which each is a record.

use std::sync::Arc;

use evidence::archive::Container;
use evidence::cloudtrail::{DigestFacts, MAX_DIGEST_BYTES, Trail, survey};
use evidence::{ArchiveError, Assurance, Hash};
use serde_json::json;
use sources::PACKED_BOUNDS;
use vault::{ImportSession, SealedFile};

use crate::folder;
use crate::held::Failure;
use crate::imported::finished;
use crate::imported::stopped;
use crate::input::Input;
use crate::native::Done;
use crate::sealed as copy;
use crate::trail::{Part, read_zip};
use bench::about::{about_file, text};
use bench::jobs::Job;
use bench::{Bench, Error};
use standing::{FACTS, Workspace};

/// Remembers the digests of a folder or ZIP, from its sealed copy.
pub(crate) async fn digests(
    bench: &Bench,
    workspace: &Workspace,
    job: &Arc<Job>,
    input: &Input,
    sealed: &SealedFile,
    mut session: ImportSession,
) -> Result<Done, Error> {
    let reader = copy::open(workspace, &sealed.id).await?;
    let reader = copy::Followed::new(reader, job);
    let zipped = matches!(input.trail, Some(Part::ZippedDigests));
    let read = tokio::task::spawn_blocking(move || {
        let mut trail = Trail::default();
        let done = if zipped {
            Container::open(reader, PACKED_BOUNDS)
                .and_then(|mut zip| read_zip(&mut zip, &mut trail, false))
        } else {
            folder::for_each(reader, MAX_DIGEST_BYTES, &mut |name, bytes| {
                trail.read(name, bytes);
            })
            .map_err(ArchiveError::from)
        };
        done.map(|()| trail)
    })
    .await
    .map_err(|_| stopped())?;
    let trail = match read {
        Ok(trail) => trail,
        Err(ArchiveError::Read(error)) => {
            session.abandon().await?;
            return Err(copy::unreadable_copy(input, &error));
        }
        Err(error) => {
            let hint = "copy the files from the bucket again";
            let failure = Failure::new(error.code(), error.to_string(), hint);
            return Ok(Err((failure, session)));
        }
    };
    let standing = workspace.standing();
    let mut all = standing.trails.trail.clone();
    all.extend(Trail {
        logs: Vec::new(),
        ..trail.clone()
    });
    let report = survey(&all, &standing.trails.policies);
    let mut index = session.next_index();
    let mut events = Vec::new();
    let mut push = |fields: Vec<(&'static str, String)>| {
        let seed = workspace.vault.draw_seed();
        events.push(about_file(index, seed, Assurance::Unproven, fields));
        index += 1;
    };
    for digest in &trail.digests {
        push(digest_fields(digest));
    }
    for signature in &trail.signatures {
        let digest = Hash::sha256(signature.hex.as_bytes()).to_hex();
        push(vec![
            ("/file/name", text(&signature.of)),
            ("/file/format", text("CloudTrail digest signature")),
            ("/signature/sha256", text(&digest)),
        ]);
    }
    for broken in &trail.broken_digests {
        push(vec![
            ("/file/name", text(&broken.path)),
            ("/file/format", text("CloudTrail digest")),
            ("/fault", text(&broken.fault)),
        ]);
    }
    session.append(events).await?;
    let counted = json!({
        "digests": trail.digests.len(),
        "unreadable": trail.broken_digests.len(),
        "found": report.verdict.word(),
    });
    let verdict = json!({
        "assurance": Assurance::Unproven.word(),
        "system": "aws-cloudtrail",
        FACTS: trail,
    });
    let done = session
        .finish_recommit(
            verdict,
            finished(workspace, input, &sealed.sha256, counted)?,
            bench.now(),
        )
        .await?;
    Ok(Ok(done.import))
}

/// What a digest says. Whether it is proven follows from all that is here, and is no part of it.
fn digest_fields(digest: &DigestFacts) -> Vec<(&'static str, String)> {
    let content = &digest.content;
    vec![
        ("/file/name", text(&digest.path)),
        ("/file/format", text("CloudTrail digest")),
        ("/digest/sha256", text(&digest.sha256.to_hex())),
        ("/digest/start", text(&content.start.to_rfc3339())),
        ("/digest/end", text(&content.end.to_rfc3339())),
        ("/digest/logs", content.logs.len().to_string()),
        ("/key/md5", text(&content.fingerprint)),
    ]
}
