//! The index takes in what an import stages, while it is being staged. Nothing of it can be found before the import's
//! act committed; whatever goes wrong here costs time only, because the index then follows the vault as always.

use std::sync::Arc;
use std::thread::JoinHandle;

use search::{Doc, IndexWriter, SearchError};
use sources::Catalogue;
use tokio::sync::{MutexGuard, mpsc};
use vault::{Appended, Vault};

use crate::follow::{doc_of, position};
use crate::workspace::Workspace;

/// Originals below this are followed after they were stored: a commit of the index of their own is not worth it.
pub(crate) const WORTH_IT: u64 = 128 << 10;
/// Batches that wait for the index.
const IN_FLIGHT: usize = 1;

/// A running import's share of the index.
pub(crate) struct Ahead<'a> {
    feed: mpsc::Sender<Appended>,
    thread: JoinHandle<Result<IndexWriter, SearchError>>,
    /// Nobody else writes to the index meanwhile.
    _alone: MutexGuard<'a, ()>,
}

impl<'a> Ahead<'a> {
    /// Begins, if the original of so many bytes is worth it and the index holds everything before event `first_seq`.
    pub(crate) async fn begin(
        workspace: &'a Arc<Workspace>,
        original: u64,
        first_seq: i64,
        origin: String,
        import: i64,
    ) -> Option<Self> {
        if original < WORTH_IT {
            return None;
        }
        let alone = workspace.following.lock().await;
        let writer = {
            let index = workspace.index();
            if i64::try_from(index.last_seq()).ok()? + 1 != first_seq {
                return None;
            }
            index.writer().ok()?
        };
        let (feed, batches) = mpsc::channel(IN_FLIGHT);
        let import = u64::try_from(import).ok()?;
        let thread = std::thread::Builder::new().name("index-ahead".into());
        let known = workspace.known();
        let thread = thread.spawn(move || take(writer, batches, &origin, import, &known.catalogue));
        Some(Self {
            feed,
            thread: thread.ok()?,
            _alone: alone,
        })
    }

    /// Hands over what was staged. `false` when the index has given up.
    pub(crate) async fn add(&self, staged: Appended) -> bool {
        self.feed.send(staged).await.is_ok()
    }

    /// The import's act stands: makes everything up to `last_seq` searchable. `false` when it has to be followed.
    pub(crate) async fn commit(self, vault: &Vault, last_seq: i64) -> bool {
        let Self { feed, thread, .. } = self;
        drop(feed);
        let of = position(vault, last_seq).await;
        let done = tokio::task::spawn_blocking(move || {
            let mut writer = thread
                .join()
                .map_err(|_| SearchError::Engine("a worker thread failed"))??;
            let of = of.map_err(|_| SearchError::Engine("the vault's state could not be read"))?;
            writer.commit(u64::try_from(last_seq).unwrap_or_default(), &of)
        });
        match done.await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::info!(%error, "the index follows the import instead");
                false
            }
            Err(_) => false,
        }
    }

    /// The import came to nothing: so does its share of the index.
    pub(crate) async fn abandon(self) {
        let Self { feed, thread, .. } = self;
        drop(feed);
        let done = tokio::task::spawn_blocking(move || match thread.join() {
            Ok(Ok(writer)) => writer.abandon(),
            _ => Ok(()),
        });
        if let Ok(Err(error)) = done.await {
            tracing::info!(%error, "segments of an import that was taken back stay until the next one");
        }
    }
}

fn take(
    mut writer: IndexWriter,
    mut batches: mpsc::Receiver<Appended>,
    origin: &str,
    import: u64,
    catalogue: &Catalogue,
) -> Result<IndexWriter, SearchError> {
    let mut doc = Doc::default();
    while let Some(batch) = batches.blocking_recv() {
        for (seq, event, subjects) in batch.iter() {
            doc_of(&mut doc, seq, event, subjects, origin, import, catalogue);
            writer.add(&doc)?;
        }
    }
    Ok(writer)
}
