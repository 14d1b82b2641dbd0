//! The one door: a change is a closure that returns its acts, and both commit together or not at all.

use std::cell::RefCell;
use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use evidence::{Hash, Seed};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::group::{Change, Lasting};
use crate::keys::KeyName;
use crate::ledger::{
    Act, Acts, CREATED, ENROLLED, INCIDENT_EVENT, LedgerHead, RECOVERED, RESTORED, Signer, Tip,
    may_record,
};
use crate::marks::Marks;
use crate::ring::MEMBERS;
use crate::seal::SealedFile;
use crate::state::{Remembered, head_name};
use crate::stated::{self, Statements};
use crate::table::{
    self, import, incident, ledger, member, note, packet, pinned, quarantine, scope_key, sealed,
    segment, setting, subject, trust,
};
use crate::{Inner, Stored, Vault, VaultError};

/// An open transaction of the writer. It only exists inside [`Vault::write`].
pub struct Tx<'a> {
    pub(crate) conn: &'a Connection,
    pub(crate) now: DateTime<Utc>,
    signer: &'a Signer,
    marks: Option<&'a Marks>,
    pub(crate) statements: &'a Statements,
    /// Where the ledger stood when the transaction began.
    pub(crate) before: LedgerHead,
    /// Incident events that must be among the acts at commit.
    promised: RefCell<BTreeSet<(String, i64)>>,
}

impl std::fmt::Debug for Tx<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tx")
    }
}

impl Vault {
    /// Changes the workspace. `f` runs in one transaction on a blocking thread; the acts it returns are signed
    /// and appended to the ledger in that same transaction.
    ///
    /// # Errors
    /// Those of `f`; [`VaultError::NotAllowed`] when an act's signer may not record its kind. Nothing changed then.
    pub async fn write<T, F>(&self, now: DateTime<Utc>, f: F) -> Result<T, VaultError>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<(T, Acts), VaultError> + Send + 'static,
    {
        let inner = self.inner.clone();
        tokio::task::spawn_blocking(move || inner.write(now, f)).await?
    }

    /// Records acts that change nothing else, such as a reveal.
    pub async fn record(
        &self,
        acts: impl Into<Acts>,
        now: DateTime<Utc>,
    ) -> Result<(), VaultError> {
        let acts = acts.into();
        self.write(now, move |_| Ok(((), acts))).await
    }

    /// Appends `events` to an incident at `expected` version (0: a new one) and stores the state they lead to.
    /// Returns its new version.
    pub async fn append_incident(
        &self,
        id: &str,
        expected: i64,
        events: Vec<Value>,
        state: Value,
        now: DateTime<Utc>,
    ) -> Result<i64, VaultError> {
        let id = id.to_owned();
        self.write(now, move |tx| {
            let acts = tx.append_incident(&id, expected, &events, &state, None)?;
            Ok((expected + events.len() as i64, acts))
        })
        .await
    }
}

impl Inner {
    pub(crate) fn write<T>(
        &self,
        now: DateTime<Utc>,
        f: impl FnOnce(&Tx<'_>) -> Result<(T, Acts), VaultError>,
    ) -> Result<T, VaultError> {
        self.write_lasting(Lasting::AtOnce, now, f)
    }

    /// The same, durable when it is asked to be.
    pub(crate) fn write_lasting<T>(
        &self,
        lasting: Lasting,
        now: DateTime<Utc>,
        f: impl FnOnce(&Tx<'_>) -> Result<(T, Acts), VaultError>,
    ) -> Result<T, VaultError> {
        self.may_write()?;
        let mut guard = self.writer_for(lasting)?;
        let crate::Writer { conn, tip, group } = &mut *guard;
        let db = Change::begin(conn, group.is_some())?;
        stated::forget(&db)?;
        let (value, next, states, enrolled) = {
            let tx = Tx {
                conn: &db,
                now,
                signer: &self.member,
                marks: self.marks.as_ref(),
                statements: &self.statements,
                before: tip.head(),
                promised: RefCell::default(),
            };
            let (value, acts) = f(&tx)?;
            let states = self.statements.changed(&db)?;
            let acts = Statements::put_into(acts, &states, self.member.role)?;
            let (next, enrolled) = self.append(&tx, tip, acts)?;
            (value, next, states, enrolled)
        };
        if group.is_some() {
            if !enrolled.is_empty() {
                return Err(VaultError::UnknownAct(ENROLLED.to_owned()));
            }
            db.commit()?;
            self.statements.put_ahead(states);
            *tip = next;
            return Ok(value);
        }
        files::step("commit");
        self.statements.commit(states, || {
            db.commit()?;
            if let Some(known) = &mut *self.known() {
                known.extend(enrolled.into_iter().map(|m| (m.id.clone(), m)));
            }
            Ok(())
        })?;
        *tip = next;
        // Before anybody else writes: what is remembered last is the highest head.
        self.remember(&tip.head());
        drop(guard);
        Ok(value)
    }

    /// Appends the acts, projects those that the tables mirror, and returns the ledger's new end.
    fn append(
        &self,
        tx: &Tx<'_>,
        tip: &Tip,
        acts: impl Iterator<Item = Act>,
    ) -> Result<(Tip, Vec<crate::Member>), VaultError> {
        let mut next = tip.clone();
        let mut enrolled = Vec::new();
        for act in acts {
            let signer = act.signer.as_deref().unwrap_or(&self.member);
            match may_record(signer.role, &act.kind) {
                None => return Err(VaultError::UnknownAct(act.kind)),
                Some(false) => {
                    return Err(VaultError::NotAllowed {
                        role: signer.role,
                        kind: act.kind,
                    });
                }
                Some(true) => {}
            }
            if act.kind == CREATED || (act.kind == RESTORED && next.range.size() > 0) {
                return Err(VaultError::Act {
                    kind: act.kind,
                    reason: "it is only the first entry of an epoch".to_owned(),
                });
            }
            let seed = self.entropy(|e| {
                let mut seed = [0; 32];
                e.fill_bytes(&mut seed);
                Seed::new(seed)
            });
            let row = next.append(&self.id, &act, signer, seed, tx.now)?;
            if act.kind == ENROLLED || act.kind == RECOVERED {
                let members = crate::ledger::enrolled_members(&self.id, &row);
                let m = members
                    .and_then(|mut m| m.pop())
                    .ok_or_else(|| VaultError::Act {
                        kind: act.kind.clone(),
                        reason: "it does not name a member".to_owned(),
                    })?;
                let taken: i64 = tx.conn.query_row(
                    "SELECT count(*) FROM member WHERE id = ?",
                    [&m.id],
                    |r| r.get(0),
                )?;
                if taken > 0 {
                    return Err(VaultError::MemberExists(m.id));
                }
                member::put(tx.conn, &m)?;
                enrolled.push(m);
            } else if act.kind.starts_with("member.") {
                return Err(VaultError::UnknownAct(act.kind));
            }
            if act.kind == INCIDENT_EVENT {
                project_event(tx, &act, row.epoch, row.index)?;
            }
            ledger::insert(tx.conn, &row)?;
        }
        match tx.promised.borrow().iter().next() {
            None => Ok((next, enrolled)),
            Some((incident, version)) => Err(VaultError::Act {
                kind: INCIDENT_EVENT.to_owned(),
                reason: format!(
                    "the change of {incident} to version {version} came without its act"
                ),
            }),
        }
    }

    /// Remembers the head outside the database. The commit stands whatever happens here, so a failure is only
    /// logged: an older memory never accuses a newer ledger.
    pub(crate) fn remember(&self, head: &LedgerHead) {
        let remembered = Remembered::of(&self.id, head);
        let beside = || {
            let members = self.folder.folder(MEMBERS)?;
            remembered.write(&members, &head_name(&self.member.id))
        };
        for written in [self.state.write(&remembered), beside()] {
            if let Err(e) = written {
                tracing::warn!(error = %e.kind(), "could not remember the ledger's head");
            }
        }
    }
}

fn project_event(tx: &Tx<'_>, act: &Act, epoch: u64, index: u64) -> Result<(), VaultError> {
    let refuse = || VaultError::Act {
        kind: act.kind.clone(),
        reason: "it was not made by append_incident".to_owned(),
    };
    let id = act.incident.as_deref().ok_or_else(refuse)?;
    let version = act
        .detail
        .get("version")
        .and_then(Value::as_i64)
        .ok_or_else(refuse)?;
    let event = act.detail.get("event").ok_or_else(refuse)?;
    if !tx.promised.borrow_mut().remove(&(id.to_owned(), version)) {
        return Err(refuse());
    }
    incident::insert_event(tx.conn, id, version, epoch, index, event)
}

impl Tx<'_> {
    /// The open member's id.
    #[must_use]
    pub fn actor(&self) -> &str {
        &self.signer.id
    }

    /// Refuses early what the commit would refuse: the open member may not record `kind`.
    pub fn allowed(&self, kind: &str) -> Result<(), VaultError> {
        match may_record(self.signer.role, kind) {
            Some(true) => Ok(()),
            Some(false) => Err(VaultError::NotAllowed {
                role: self.signer.role,
                kind: kind.to_owned(),
            }),
            None => Err(VaultError::UnknownAct(kind.to_owned())),
        }
    }

    /// The id of the next incident of `year`, such as `INC-2026-0001`.
    pub fn next_incident_id(&self, year: i32) -> Result<String, VaultError> {
        incident::next_id(self.conn, year)
    }

    /// Appends events to an incident; the acts it returns must be among those of the transaction. With `second`,
    /// they are signed by that member.
    pub fn append_incident(
        &self,
        id: &str,
        expected: i64,
        events: &[Value],
        state: &Value,
        second: Option<&crate::SecondMember>,
    ) -> Result<Acts, VaultError> {
        let found = incident::version(self.conn, id)?;
        if found != expected {
            return Err(VaultError::Conflict {
                incident: id.to_owned(),
                expected,
                found,
            });
        }
        let mut acts: Option<Acts> = None;
        let mut version = expected;
        for event in events {
            version += 1;
            self.promised.borrow_mut().insert((id.to_owned(), version));
            let mut act = Act::new(
                INCIDENT_EVENT,
                json!({ "version": version, "event": event }),
            )
            .about(id);
            if let Some(second) = second {
                act = act.signed_by(second);
            }
            acts = Some(match acts {
                None => act.into(),
                Some(acts) => acts.and(act),
            });
        }
        incident::put(self.conn, id, version, state, self.now)?;
        acts.ok_or_else(|| VaultError::Act {
            kind: INCIDENT_EVENT.to_owned(),
            reason: "there is no event".to_owned(),
        })
    }

    /// Remembers that a version of an origin's trust policy refused this head of its log. Record it with
    /// `trust.refused`.
    pub fn refuse_head(
        &self,
        origin: &str,
        size: u64,
        root: &Hash,
        version: i64,
    ) -> Result<(), VaultError> {
        let size = table::signed("trust_refused", size)?;
        trust::refuse(self.conn, origin, size, root, version, self.now)
    }

    /// Sets the trust policy of an origin. Record it with a `trust.` act that names `origin`, `version` and, as `policy`,
    /// the digest: `fsck` holds what is stored to what was signed.
    pub fn set_trust(&self, origin: &str, policy: &Value) -> Result<Stored, VaultError> {
        trust::set(self.conn, origin, policy, self.now)
    }

    /// Sets the pinned policy of a CloudTrail trail. Record it with an act `trust.cloudtrail` that names `trail`,
    /// `version` and, as `policy`, the digest.
    pub fn set_cloudtrail_trust(&self, trail: &str, policy: &Value) -> Result<Stored, VaultError> {
        crate::table::cloudtrail_trust::set(self.conn, trail, policy, self.now)
    }

    /// Remembers a verified checkpoint of an origin.
    pub fn add_note(&self, note: &crate::OriginNote) -> Result<(), VaultError> {
        note::insert(self.conn, note)
    }

    /// A manifest that came later lists the very bytes of an import: from now on its records are matched by it. `agreed`
    /// says which bytes it lists, as [`Vault::hide_name`](crate::Vault::hide_name) keeps it. Record it with an act
    /// `import.agreed`.
    pub fn agree(&self, import: i64, agreed: &str) -> Result<(), VaultError> {
        let level = evidence::Assurance::HashMatched.word();
        for sql in [
            "UPDATE import SET facts = json_set(facts, '$.assurance', ?1, '$.agreed', ?2) WHERE id = ?3 AND state = 'finished'",
            "UPDATE segment SET verdict = json_set(verdict, '$.assurance', ?1, '$.agreed', ?2, '$.later', json('true')) WHERE import = ?3",
        ] {
            let changed = self
                .conn
                .execute(sql, rusqlite::params![level, agreed, import])?;
            if changed == 0 {
                return Err(VaultError::missing("import", import));
            }
        }
        Ok(())
    }

    /// Records the new verdict of a segment and who verified; with a level, its events carry that from now on.
    pub fn set_verdict(
        &self,
        segment: i64,
        verdict: &Value,
        signers: &[String],
        assurance: Option<evidence::Assurance>,
    ) -> Result<(), VaultError> {
        segment::set_verdict(self.conn, segment, verdict, signers)?;
        if let Some(level) = assurance {
            self.conn.execute(
                "UPDATE event SET assurance = ?1 WHERE seq IN (
                   SELECT e.seq FROM segment_run r JOIN event e
                   ON e.seq >= r.first_seq AND e.seq < r.first_seq + (r.last - r.first) WHERE r.segment = ?2)",
                rusqlite::params![table::event::level_code(level), segment],
            )?;
        }
        Ok(())
    }

    /// Lists a sealed file that failed verification, or a file inside it, with the reason (never content).
    pub fn quarantine(
        &self,
        name: &str,
        kind: &str,
        file: &SealedFile,
        member: Option<&crate::ImportMember>,
        reason: &Value,
    ) -> Result<i64, VaultError> {
        quarantine::insert(
            self.conn,
            self.marks()?,
            name,
            kind,
            file,
            member,
            reason,
            self.now,
        )
    }

    /// Marks a quarantined file `admitted` or `released`.
    pub fn set_quarantine_state(&self, id: i64, state: &str) -> Result<(), VaultError> {
        quarantine::set_state(self.conn, id, state)
    }

    /// Pins a disclosure as evidence of an incident. Returns its number and revision.
    pub fn pin_evidence(
        &self,
        incident: &str,
        seq: Option<i64>,
        body: &Value,
    ) -> Result<(i64, i64), VaultError> {
        pinned::insert(self.conn, incident, seq, body, &self.signer.id, self.now)
    }

    /// Remembers a packet that was written.
    pub fn add_packet(&self, packet: &crate::NewPacket) -> Result<i64, VaultError> {
        packet::insert(self.conn, packet, &self.signer.id, self.now)
    }

    /// The number of a subject, made if new.
    pub fn intern_subject(&self, domain: &str, mac: &[u8; 32]) -> Result<i64, VaultError> {
        subject::intern(self.conn, domain, mac, None, None)
    }

    /// Only who holds the originals key seals files, and so names them.
    fn marks(&self) -> Result<&Marks, VaultError> {
        self.marks.ok_or(VaultError::NoKey {
            key: KeyName::Originals,
            role: self.signer.role,
        })
    }

    /// Keeps a sealed file that was made with [`Vault::seal_file`].
    pub fn keep_sealed(&self, file: &SealedFile) -> Result<(), VaultError> {
        sealed::insert(self.conn, self.marks()?, file)
    }

    /// Sets a JSON value of the workspace. Names with `vault/` and `visible_seq` are the vault's own.
    pub fn set_setting(&self, name: &str, value: &Value) -> Result<(), VaultError> {
        if name == setting::VISIBLE || name.starts_with("vault/") {
            return Err(VaultError::Act {
                kind: "setting.".to_owned(),
                reason: "the name is the vault's own".to_owned(),
            });
        }
        setting::put(self.conn, name, &value.to_string())
    }

    /// The import that holds these bytes already.
    pub fn known_import(&self, sha256: &evidence::Hash) -> Result<Option<i64>, VaultError> {
        import::known(self.conn, &self.marks()?.mark(sha256))
    }

    pub(crate) fn add_scope_key(&self, scope: &str, file: &SealedFile) -> Result<(), VaultError> {
        sealed::insert(self.conn, self.marks()?, file)?;
        scope_key::insert(self.conn, scope, &file.id)
    }

    pub(crate) fn scope_key(&self, scope: &str) -> Result<Option<String>, VaultError> {
        scope_key::get(self.conn, scope)
    }
}
