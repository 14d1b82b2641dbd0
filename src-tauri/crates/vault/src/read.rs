//! Reading an open workspace.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use evidence::{Hash, Seed, SigningKey, VerifierKey};
use redaction::HandleKey;
use serde_json::{Value, json};

use crate::db::Access;
use crate::import::RecommitState;
use crate::keys::KeyName;
use crate::ledger::{Act, INCIDENT_EVENT, LedgerExtract, read as read_entry};
use crate::seal::SealedReader;
use crate::stated::{event_refused, member_refused};
use crate::store::StoreReader;
use crate::table::{
    self, event, import, incident, ledger, member, note, packet, pinned, quarantine, segment,
    setting, subject, trust,
};
use crate::{
    EventRow, ExposureRow, Import, IncidentRow, Inner, Lasting, LedgerEntry, LedgerFilter,
    LedgerHead, Member, OriginNote, OriginTrust, PacketRow, PinnedEvidence, Quarantined, Retold,
    Role, Segment, StoredRow, Subject, Vault, VaultError,
};

/// The end of the vault's own log of foreign records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecommitHead {
    /// Origin: `<vault id>/recommit`.
    pub origin: String,
    /// Records in it.
    pub size: u64,
    /// Compact range of [0, size).
    pub frontier: Vec<Hash>,
    /// Signed checkpoint at `size`; none while it is empty.
    pub note: Option<String>,
}

impl Vault {
    /// Vault id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.inner.id
    }

    /// The member who opened it.
    #[must_use]
    pub fn member(&self) -> (&str, Role) {
        (&self.inner.member.id, self.inner.member.role)
    }

    /// Whether nothing can be changed: it is open for inspection only, or its folder cannot be written.
    #[must_use]
    pub fn read_only(&self) -> bool {
        self.inner.access != Access::Write || self.inner.inspected
    }

    /// In which way the workspace is older than what is remembered of it; only while it is open for inspection.
    #[must_use]
    pub fn older(&self) -> Option<&crate::Older> {
        self.inner.older.as_ref()
    }

    /// For what would do something before it writes: refuses where nothing can be changed.
    pub fn may_write(&self) -> Result<(), VaultError> {
        self.inner.may_write()
    }

    /// Where the search index lies.
    #[must_use]
    pub fn index_dir(&self) -> PathBuf {
        self.inner.index_dir()
    }

    /// The key for what the search index seals: HKDF-SHA256 of the database key, info `muniment/index/v1`.
    pub fn index_key(&self) -> Result<zeroize::Zeroizing<[u8; 32]>, VaultError> {
        let (_, key) = self
            .inner
            .keys
            .newest(KeyName::Database)
            .ok_or_else(|| self.inner.need(KeyName::Database))?;
        Ok(zeroize::Zeroizing::new(
            *key.derive("muniment/index/v1").bytes(),
        ))
    }

    /// A fresh seed for a record of the recommit log.
    #[must_use]
    pub fn draw_seed(&self) -> Seed {
        let mut seed = [0; 32];
        self.inner.entropy(|e| e.fill_bytes(&mut seed));
        Seed::new(seed)
    }

    /// All members, removed ones too.
    pub async fn members(&self) -> Result<Vec<Member>, VaultError> {
        self.as_stated(|inner| async move {
            let members = member::all(&inner.pool).await?;
            let known = inner.known().clone();
            if let Some(known) = known.filter(|known| *known != members) {
                let differs = |id: &&String| known.get(*id) != members.get(*id);
                let id = known.keys().chain(members.keys()).find(differs);
                let id = id.map_or("", String::as_str);
                return Err(member_refused(id, members.contains_key(id)));
            }
            Ok(members.into_values().collect())
        })
        .await
    }

    /// The key that computes handles; reviewers do not hold it.
    pub fn handle_key(&self) -> Result<HandleKey, VaultError> {
        let (_, key) = self
            .inner
            .keys
            .newest(KeyName::Handles)
            .ok_or_else(|| self.inner.need(KeyName::Handles))?;
        Ok(HandleKey::new(*key.bytes()))
    }

    /// The mark of a file's digest: what ledger entries name the file by. It says nothing of its content to
    /// those who do not hold the originals key.
    pub fn mark(&self, digest: &evidence::Hash) -> Result<evidence::Hash, VaultError> {
        Ok(self.inner.marks()?.mark(digest))
    }

    /// A file's name as the ledger and what is kept as JSON may hold it.
    pub fn hide_name(&self, name: &str) -> Result<String, VaultError> {
        Ok(self.inner.marks()?.names.hide(name))
    }

    /// A name that [`hide_name`](Self::hide_name) gave, for a member with the originals key; for others, words that tell
    /// it from other names. Names of before come back as they are.
    pub fn name(&self, kept: &str) -> String {
        crate::names::shown(self.inner.marks.as_ref(), kept)
    }

    /// The mark of a file's digest and the digest sealed under it, for what is kept as JSON.
    pub fn seal_digest(&self, digest: &evidence::Hash) -> Result<[evidence::Hash; 2], VaultError> {
        let (mark, sealed) = self.inner.marks()?.seal(digest);
        Ok([mark, evidence::Hash(sealed)])
    }

    /// The digest that [`seal_digest`](Self::seal_digest) sealed, for a member with the originals key.
    pub fn open_digest(&self, [mark, sealed]: &[evidence::Hash; 2]) -> Option<evidence::Hash> {
        self.inner.marks.as_ref()?.open(mark, &sealed.0)
    }

    /// Whether the open member may know the digests of files.
    pub fn knows_digests(&self) -> bool {
        self.inner.marks.is_some()
    }

    /// Puts marks in the place of the digests that a workspace of before them holds in the open; how many
    /// there were. Recorded, because what it changes stays visible in older copies of the database.
    ///
    /// Rows of that time were minimised by rules that trusted more: those of `systems` wait to be made anew.
    pub async fn seal_digests(
        &self,
        systems: Vec<String>,
        now: DateTime<Utc>,
    ) -> Result<u64, VaultError> {
        let marks = self.inner.marks.clone();
        let Some(marks) = marks.filter(|_| !self.read_only()) else {
            return Ok(0);
        };
        let inner = self.inner.clone();
        let waiting =
            tokio::task::spawn_blocking(move || crate::marks::waiting(&inner.writer().conn));
        if !waiting.await?? {
            return Ok(0);
        }
        self.write(now, move |tx| {
            let rows = crate::marks::seal_rows(tx.conn, &marks)?;
            systems.iter().try_for_each(|id| tx.rows_wait(id))?;
            let act = serde_json::json!({ "files": rows });
            Ok((rows, crate::Act::new("setting.digests-sealed", act).into()))
        })
        .await
    }

    /// The handle key of a case or distribution, made and recorded at its first need.
    pub async fn scope_key(
        &self,
        scope: &str,
        now: DateTime<Utc>,
    ) -> Result<HandleKey, VaultError> {
        let read = |inner: std::sync::Arc<Inner>| {
            let scope = scope.to_owned();
            async move { table::scope_key::read(&inner.pool, &inner.statements, &scope).await }
        };
        if let Some(id) = self.as_stated(read).await? {
            return self.open_scope_key(id).await;
        }
        let inner = self.inner.clone();
        let name = scope.to_owned();
        let id = tokio::task::spawn_blocking(move || {
            inner.may_write()?;
            let key = inner.entropy(|e| crate::keys::Secret::draw(e));
            let file = inner.seal("scope-key", Lasting::AtOnce, key.bytes().as_slice())?;
            let done = inner.write(now, |tx| {
                if tx.scope_key(&name)?.is_some() {
                    return Err(VaultError::ImportOrder(format!(
                        "scope {name} got its key meanwhile"
                    )));
                }
                tx.add_scope_key(&name, &file)?;
                Ok((
                    file.id.clone(),
                    Act::new("handle.scope-created", json!({ "scope": name })).into(),
                ))
            });
            if done.is_err() {
                inner.sealer.remove(&file.id)?;
            }
            done
        })
        .await??;
        self.open_scope_key(id).await
    }

    async fn open_scope_key(&self, id: String) -> Result<HandleKey, VaultError> {
        let reader = self.open_sealed("scope-key", &id).await?;
        tokio::task::spawn_blocking(move || {
            let mut key = zeroize::Zeroizing::new([0; 32]);
            let mut reader = reader;
            std::io::Read::read_exact(&mut reader, &mut *key).map_err(crate::seal::unpack)?;
            Ok(HandleKey::new(*key))
        })
        .await?
    }

    /// Opens a sealed file of `kind` for reading from any position.
    pub async fn open_sealed(&self, kind: &str, id: &str) -> Result<SealedReader, VaultError> {
        let (inner, kind, id) = (self.inner.clone(), kind.to_owned(), id.to_owned());
        tokio::task::spawn_blocking(move || inner.open_sealed(&kind, &id)).await?
    }

    /// A JSON value of the workspace.
    pub async fn setting(&self, name: &str) -> Result<Option<Value>, VaultError> {
        self.setting_text(name)
            .await?
            .map(|t| table::json("setting", &t))
            .transpose()
    }

    pub(crate) async fn setting_text(&self, name: &str) -> Result<Option<String>, VaultError> {
        self.as_stated(|inner| {
            let name = name.to_owned();
            async move { setting::read(&inner.pool, &inner.statements, &name).await }
        })
        .await
    }

    /// Reads rows that are compared with what is stated of them. A commit may fall between the two; then it is read
    /// again, so that only a row that stays otherwise is refused.
    pub(crate) async fn as_stated<T, F>(
        &self,
        read: impl Fn(std::sync::Arc<Inner>) -> F,
    ) -> Result<T, VaultError>
    where
        F: Future<Output = Result<T, VaultError>>,
    {
        loop {
            let turn = self.inner.statements.turn();
            let refused = match read(self.inner.clone()).await {
                Err(refused @ VaultError::NotStated { .. }) => refused,
                done => return done,
            };
            // Whoever holds the writer is at its commit.
            let inner = self.inner.clone();
            tokio::task::spawn_blocking(move || drop(inner.writer())).await?;
            if self.inner.statements.turn() == turn {
                return Err(refused);
            }
        }
    }

    /// Visible events in the order asked for.
    pub async fn rows(&self, seqs: &[i64]) -> Result<Vec<EventRow>, VaultError> {
        event::rows(&self.inner.pool, self.last_visible_seq().await?, seqs).await
    }

    /// Visible events after `seq`, in order: what the search index follows.
    pub async fn rows_after(&self, seq: i64, limit: u32) -> Result<Vec<EventRow>, VaultError> {
        let visible = self.last_visible_seq().await?;
        event::rows_after(&self.inner.pool, visible, seq, limit).await
    }

    /// Exposures of at most `limit` visible records after `seq`, in order.
    pub async fn exposures_after(
        &self,
        seq: i64,
        limit: u32,
    ) -> Result<Vec<ExposureRow>, VaultError> {
        let visible = self.last_visible_seq().await?;
        table::exposure::after(&self.inner.pool, visible, seq, limit).await
    }

    /// The same rows as they lie in the table, to measure what storing them costs.
    pub async fn stored_rows(&self, seq: i64, limit: u32) -> Result<Vec<StoredRow>, VaultError> {
        let visible = self.last_visible_seq().await?;
        event::stored_rows(&self.inner.pool, visible, seq, limit).await
    }

    /// The largest visible event number; 0 when there is none.
    pub async fn last_visible_seq(&self) -> Result<i64, VaultError> {
        self.as_stated(
            |inner| async move { setting::visible_now(&inner.pool, &inner.statements).await },
        )
        .await
    }

    /// How many events are visible. Numbers are never given back, so it is the last one.
    pub async fn count(&self) -> Result<u64, VaultError> {
        table::unsigned("event", self.last_visible_seq().await?)
    }

    /// The canonical line of an event's record, with its seed.
    pub async fn record_line(&self, seq: i64) -> Result<Vec<u8>, VaultError> {
        self.record_lines(&[seq])
            .await?
            .pop()
            .ok_or_else(|| VaultError::missing("event", seq))
    }

    /// The lines of several events, in the order asked for.
    pub async fn record_lines(&self, seqs: &[i64]) -> Result<Vec<Vec<u8>>, VaultError> {
        let mut places = Vec::with_capacity(seqs.len());
        let visible = self.last_visible_seq().await?;
        for seq in seqs {
            places.push(event::place(&self.inner.pool, visible, *seq).await?);
        }
        self.lines_at(&places).await
    }

    /// The lines at these places: segment and log index, in the order asked for.
    pub async fn lines_at(&self, places: &[(i64, u64)]) -> Result<Vec<Vec<u8>>, VaultError> {
        let places = places.to_vec();
        let mut stores: BTreeMap<i64, (String, u64)> = BTreeMap::new();
        for (id, _) in &places {
            let id = *id;
            if let std::collections::btree_map::Entry::Vacant(new) = stores.entry(id) {
                let s = self.segment(id).await?;
                new.insert((s.store, s.facts.first));
            }
        }
        let inner = self.inner.clone();
        tokio::task::spawn_blocking(move || {
            let mut open: Option<(i64, StoreReader)> = None;
            let mut out = Vec::with_capacity(places.len());
            for (id, index) in places {
                let (store, first) = stores
                    .get(&id)
                    .ok_or_else(|| VaultError::missing("segment", id))?;
                if open.as_ref().is_none_or(|(o, _)| *o != id) {
                    open = Some((id, inner.open_store(store)?));
                }
                let Some((_, reader)) = &mut open else {
                    return Err(VaultError::missing("segment", id));
                };
                out.push(reader.line(index.saturating_sub(*first))?);
            }
            Ok(out)
        })
        .await?
    }

    /// Hands every record line of a segment, in order, to `each` on a blocking thread: rebuilds and checks use it.
    pub async fn for_each_line(
        &self,
        segment: i64,
        each: impl FnMut(u64, &[u8]) -> Result<(), VaultError> + Send + 'static,
    ) -> Result<(), VaultError> {
        let s = self.segment(segment).await?;
        let inner = self.inner.clone();
        tokio::task::spawn_blocking(move || inner.for_each_line(&s.store, s.facts.first, each))
            .await?
    }

    /// Leaf hashes of log indices [from, to) of a segment, also of records that have their rows elsewhere.
    pub async fn leaves(&self, segment: i64, from: u64, to: u64) -> Result<Vec<Hash>, VaultError> {
        let own = self.segment(segment).await?;
        if from > to || from < own.facts.first || to > own.facts.last {
            return Err(VaultError::missing(
                "log range",
                format!("{from}..{to} in segment {segment}"),
            ));
        }
        let mut out = Vec::new();
        let mut at = from;
        let mut again = self.retold(&own).await?.into_iter().peekable();
        let mut told_again = |at: &mut u64, until: u64, out: &mut Vec<Hash>| {
            while again.next_if(|one| one.index < *at || !one.same).is_some() {}
            while *at < until
                && let Some(one) = again.next_if(|one| one.same && one.index == *at)
            {
                out.push(one.leaf);
                *at += 1;
            }
        };
        for run in own.stretches() {
            if run.last <= at || at >= to {
                continue;
            }
            told_again(&mut at, to.min(run.first), &mut out);
            if run.first > at {
                break;
            }
            if at >= to {
                break;
            }
            let until = to.min(run.last);
            let seq = run.first_seq.saturating_add_unsigned(at - run.first);
            let part = event::leaves(&self.inner.pool, seq, until - at).await?;
            if part.len() as u64 != until - at {
                return Err(VaultError::corrupt(
                    "event",
                    "rows of a segment are missing",
                ));
            }
            out.extend(part);
            at = until;
        }
        told_again(&mut at, to, &mut out);
        if at < to {
            return Err(VaultError::missing("leaf of record", at));
        }
        Ok(out)
    }

    /// Records of a segment whose events other files had told before, in the order of the log.
    ///
    /// # Errors
    /// [`VaultError::NotStated`] where they are not the ones that the segment's verdict states.
    pub async fn retold(&self, segment: &Segment) -> Result<Vec<Retold>, VaultError> {
        match table::retold::is_stated(&segment.facts.verdict) {
            true => table::retold::of_segment(&self.inner.pool, segment).await,
            false => Ok(Vec::new()),
        }
    }

    /// Of the events of a run: the first and the last that are dated, and all of these (system, record type)
    /// pairs that are, in the order of the log.
    pub async fn moments(
        &self,
        run: &crate::Run,
        types: &[(String, String)],
    ) -> Result<crate::Moments, VaultError> {
        event::moments(&self.inner.pool, run, types).await
    }

    /// Segments in the order of origin and first index.
    pub async fn segments(&self, origin: Option<&str>) -> Result<Vec<Segment>, VaultError> {
        self.as_stated(|inner| {
            let origin = origin.map(str::to_owned);
            async move { segment::all(&inner.pool, &inner.statements, origin.as_deref()).await }
        })
        .await
    }

    /// The segments with numbers after one, by number; `held` is how many there are up to it.
    ///
    /// # Errors
    /// [`VaultError::NotStated`] where one is missing of all that the ledger states, too.
    pub async fn segments_after(&self, id: i64, held: usize) -> Result<Vec<Segment>, VaultError> {
        self.as_stated(|inner| async move {
            segment::after(&inner.pool, &inner.statements, id, held).await
        })
        .await
    }

    /// What verdicts rest on besides the segments that come: equal as long as nothing of it was changed since the workspace
    /// was opened. `None` in a workspace of before rows were stated.
    #[must_use]
    pub fn basis(&self) -> Option<crate::Basis> {
        self.inner.statements.basis()
    }

    /// When visible events occurred, or were recorded where that is all that is known.
    pub async fn times(
        &self,
        seqs: &[i64],
    ) -> Result<BTreeMap<i64, Option<DateTime<Utc>>>, VaultError> {
        event::times(&self.inner.pool, self.last_visible_seq().await?, seqs).await
    }

    /// One segment.
    pub async fn segment(&self, id: i64) -> Result<Segment, VaultError> {
        self.as_stated(
            |inner| async move { segment::get(&inner.pool, &inner.statements, id).await },
        )
        .await
    }

    /// Verified checkpoints of an origin.
    pub async fn notes(&self, origin: &str) -> Result<Vec<OriginNote>, VaultError> {
        self.as_stated(|inner| {
            let origin = origin.to_owned();
            async move { note::of(&inner.pool, &inner.statements, &origin).await }
        })
        .await
    }

    /// The newest pinned policy of each CloudTrail trail.
    pub async fn cloudtrail_trust(&self) -> Result<Vec<serde_json::Value>, VaultError> {
        self.as_stated(|inner| async move {
            table::cloudtrail_trust::newest(&inner.pool, &inner.statements).await
        })
        .await
    }

    /// The newest trust policy of each origin.
    pub async fn trust(&self) -> Result<Vec<OriginTrust>, VaultError> {
        self.as_stated(|inner| async move { trust::newest(&inner.pool, &inner.statements).await })
            .await
    }

    /// All versions of every origin's trust policy, oldest first.
    pub async fn trust_versions(&self) -> Result<Vec<OriginTrust>, VaultError> {
        self.as_stated(|inner| async move { trust::versions(&inner.pool, &inner.statements).await })
            .await
    }

    /// Versions of an origin's trust policy that refused this head of its log.
    pub async fn trust_refused(
        &self,
        origin: &str,
        size: u64,
        root: &Hash,
    ) -> Result<Vec<i64>, VaultError> {
        let size = crate::table::signed("trust_refused", size)?;
        self.as_stated(|inner| {
            let (origin, root) = (origin.to_owned(), *root);
            async move { trust::refused(&inner.pool, &inner.statements, &origin, size, &root).await }
        })
        .await
    }

    /// All versions of an origin's trust policy.
    pub async fn trust_history(&self, origin: &str) -> Result<Vec<OriginTrust>, VaultError> {
        self.as_stated(|inner| {
            let origin = origin.to_owned();
            async move { trust::history(&inner.pool, &inner.statements, &origin).await }
        })
        .await
    }

    /// Finished imports after number `after`.
    pub async fn imports(&self, after: i64, limit: u32) -> Result<Vec<Import>, VaultError> {
        self.as_stated(|inner| async move {
            import::after(
                &inner.pool,
                &inner.statements,
                inner.marks.as_ref(),
                after,
                limit,
            )
            .await
        })
        .await
    }

    /// The newest finished imports with numbers below `before`, newest first.
    pub async fn newest_imports(
        &self,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Import>, VaultError> {
        let before = before.unwrap_or(i64::MAX);
        self.as_stated(|inner| async move {
            import::newest(
                &inner.pool,
                &inner.statements,
                inner.marks.as_ref(),
                before,
                limit,
            )
            .await
        })
        .await
    }

    /// One import.
    pub async fn import(&self, id: i64) -> Result<Import, VaultError> {
        self.as_stated(|inner| async move {
            import::get(&inner.pool, &inner.statements, inner.marks.as_ref(), id).await
        })
        .await
    }

    /// Quarantined files.
    pub async fn quarantined(&self) -> Result<Vec<Quarantined>, VaultError> {
        self.as_stated(|inner| async move {
            quarantine::all(&inner.pool, &inner.statements, inner.marks.as_ref()).await
        })
        .await
    }

    /// The file with these bytes that is held in quarantine.
    pub async fn held(
        &self,
        sha256: &evidence::Hash,
        unreadable: Option<&str>,
    ) -> Result<Option<Quarantined>, VaultError> {
        self.as_stated(|inner| {
            let (sha256, unreadable) = (*sha256, unreadable.map(str::to_owned));
            async move {
                quarantine::held(
                    &inner.pool,
                    &inner.statements,
                    inner.marks()?,
                    &sha256,
                    unreadable.as_deref(),
                )
                .await
            }
        })
        .await
    }

    /// All incidents.
    pub async fn incidents(&self) -> Result<Vec<IncidentRow>, VaultError> {
        self.as_stated(|inner| async move { incident::all(&inner.pool, &inner.statements).await })
            .await
    }

    /// One incident.
    pub async fn incident(&self, id: &str) -> Result<IncidentRow, VaultError> {
        self.as_stated(|inner| {
            let id = id.to_owned();
            async move { incident::get(&inner.pool, &inner.statements, &id).await }
        })
        .await
    }

    /// An incident's events in order, compared with the entries that recorded them.
    pub async fn incident_events(&self, id: &str) -> Result<Vec<serde_json::Value>, VaultError> {
        self.as_stated(|inner| {
            let id = id.to_owned();
            async move {
                let stored = incident::events(&inner.pool, &id).await?;
                let rows = ledger::about(&inner.pool, &id, INCIDENT_EVENT).await?;
                let signed = rows.iter().map(|row| {
                    let (mut entry, _) =
                        read_entry(row).map_err(|e| VaultError::corrupt("ledger", e))?;
                    Ok(entry.detail["event"].take())
                });
                let signed = signed.collect::<Result<Vec<_>, VaultError>>()?;
                let pairs = stored.iter().zip(&signed);
                let same = pairs
                    .take_while(|(stored, signed)| stored == signed)
                    .count();
                if same < stored.len().max(signed.len()) {
                    let found = same < stored.len();
                    return Err(event_refused(&id, same + 1, found));
                }
                Ok(stored)
            }
        })
        .await
    }

    /// Pinned evidence of an incident.
    pub async fn evidence(&self, incident: &str) -> Result<Vec<PinnedEvidence>, VaultError> {
        self.as_stated(|inner| {
            let incident = incident.to_owned();
            async move { pinned::of(&inner.pool, &inner.statements, &incident).await }
        })
        .await
    }

    /// Packets that were written.
    pub async fn packets(&self, incident: Option<&str>) -> Result<Vec<PacketRow>, VaultError> {
        self.as_stated(|inner| {
            let incident = incident.map(str::to_owned);
            async move { packet::all(&inner.pool, &inner.statements, incident.as_deref()).await }
        })
        .await
    }

    /// A subject by its number.
    pub async fn subject(&self, number: i64) -> Result<Subject, VaultError> {
        subject::by_number(&self.inner.pool, number).await
    }

    /// A subject by its handle.
    pub async fn subject_by_handle(&self, handle: &str) -> Result<Option<Subject>, VaultError> {
        subject::by_handle(&self.inner.pool, handle).await
    }

    /// The end of the recommit log.
    pub async fn recommit_head(&self) -> Result<RecommitHead, VaultError> {
        let state = RecommitState::parse(self.setting_text(RecommitState::SETTING).await?)?;
        Ok(RecommitHead {
            origin: self.inner.recommit_origin(),
            size: state.size,
            frontier: state.frontier,
            note: state.note,
        })
    }

    /// The key that verifies the recommit log's checkpoints. Needs the originals key.
    pub fn recommit_verifier(&self) -> Result<VerifierKey, VaultError> {
        Ok(self.inner.recommit_key()?.verifier_key().clone())
    }

    /// The open member's key for signing packets, under the name `<vault id>/<member id>`. It is the Ed25519 key
    /// that signs the member's ledger entries; DSSE's pre-authentication encoding keeps the two kinds of message
    /// apart.
    pub fn packet_signer(&self) -> Result<SigningKey, VaultError> {
        let member = &self.inner.member;
        SigningKey::from_seed(
            &format!("{}/{}", self.inner.id, member.id),
            member.identity.sign.bytes(),
        )
        .map_err(|e| VaultError::Evidence(e.to_string()))
    }

    /// Where the ledger stands.
    #[must_use]
    pub fn ledger_head(&self) -> LedgerHead {
        let writer = self.inner.writer();
        let before = writer.group.as_ref().map(|group| &group.before);
        before.unwrap_or(&writer.tip).head()
    }

    /// Ledger entries, newest first, before (epoch, index).
    pub async fn ledger(
        &self,
        filter: &LedgerFilter,
        before: Option<(u64, u64)>,
        limit: u32,
    ) -> Result<Vec<LedgerEntry>, VaultError> {
        let rows = ledger::page(&self.inner.pool, filter, before, limit).await?;
        rows.iter()
            .map(|r| {
                read_entry(r)
                    .map(|(e, _)| e)
                    .map_err(|e| VaultError::corrupt("ledger", e))
            })
            .collect()
    }

    /// The ledger for a packet about `incident`: entries about it and all memberships fully, the others as leaf
    /// hashes, with a checkpoint that the open member signs now.
    pub async fn ledger_extract(
        &self,
        incident: Option<&str>,
    ) -> Result<LedgerExtract, VaultError> {
        let rows = ledger::all(&self.inner.pool).await?;
        LedgerExtract::of(&self.inner.id, &self.inner.member, &rows, incident)
    }
}

impl Inner {
    pub(crate) fn open_sealed(&self, kind: &str, id: &str) -> Result<SealedReader, VaultError> {
        let opened = self
            .sealer
            .open(kind, id)
            .ok_or_else(|| self.need(KeyName::Originals))?;
        Ok(opened?)
    }

    pub(crate) fn open_store(&self, id: &str) -> Result<StoreReader, VaultError> {
        StoreReader::new(self.open_sealed("segment", id)?, id)
    }

    pub(crate) fn for_each_line(
        &self,
        store: &str,
        first: u64,
        mut each: impl FnMut(u64, &[u8]) -> Result<(), VaultError>,
    ) -> Result<(), VaultError> {
        let mut reader = self.open_store(store)?;
        reader.for_each(|place, line| each(first + place, line))
    }
}
