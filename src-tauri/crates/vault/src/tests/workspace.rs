//! Members, keys, the ledger, and every way to tamper with them.

use super::*;
use crate::ledger::{Tip, message};

#[tokio::test]
async fn opens_with_the_passphrase_in_any_spelling_and_only_once() {
    let p = place(Role::Responder).await;
    let vault = p.open().await;
    assert_eq!(
        vault.member(),
        (p.created.members[0].as_str(), Role::Custodian)
    );
    assert!(p.created.members[0].starts_with("C-") && p.created.members[1].starts_with("R-"));
    assert!(matches!(
        p.try_open(PASS, Mode::Normal).await,
        Err(OpenError::Locked)
    ));
    clean(&vault).await;
    drop(vault);
    // The same letters, decomposed.
    drop(
        p.try_open("correct horse ba\u{308}ttery", Mode::Normal)
            .await
            .unwrap(),
    );
    assert!(matches!(
        p.try_open("wrong", Mode::Normal).await,
        Err(OpenError::WrongPassphrase)
    ));
    let mut named = options(&p.state, SECOND, Mode::Normal);
    named.member = Some(p.created.members[0].clone());
    assert!(matches!(
        Vault::open(&p.dir, named).await,
        Err(OpenError::WrongPassphrase)
    ));
    let empty = p.state.join("empty");
    let none = Vault::open(&empty, options(&p.state, PASS, Mode::Normal)).await;
    assert!(matches!(none, Err(OpenError::NotAWorkspace { .. })));
    assert!(RecoveryKey::parse(&p.created.recovery_key.to_text()).is_some());
    assert!(
        RecoveryKey::parse(&p.created.recovery_key.to_text().replace(['A', 'B'], "C")).is_none()
    );
}

#[tokio::test]
async fn refuses_passphrase_costs_outside_the_bounds() {
    let tmp = tempfile::tempdir().unwrap();
    for memory_kib in [64 * 1024 - 1, 4 * 1024 * 1024 + 1] {
        let cost = KdfCost { memory_kib, ..COST };
        let new = NewVault {
            custodian: None,
            passphrase: PASS.to_owned(),
            second: None,
            cost,
        };
        let made = Vault::create(
            &tmp.path().join("x"),
            &new,
            &mut ChaCha20Rng::seed_from_u64(1),
            now(),
        )
        .await;
        assert!(
            matches!(made, Err(OpenError::KeyFile(PassphraseError::Cost { .. }))),
            "{memory_kib}"
        );
    }
}

#[tokio::test]
async fn notices_altered_key_files() {
    let p = place(Role::Reviewer).await;
    let keyring = p.dir.join("keyring.json");
    let text = std::fs::read_to_string(&keyring).unwrap();
    let mut json: serde_json::Value = serde_json::from_str(&text).unwrap();
    // Two sealed keys exchanged: each is genuine, neither is in its place.
    let keys = json["identities"][1]["keys"].as_array_mut().unwrap();
    let (a, b) = (keys[0]["sealed"].clone(), keys[1]["sealed"].clone());
    keys[0]["sealed"] = b;
    keys[1]["sealed"] = a;
    std::fs::write(&keyring, json.to_string()).unwrap();
    let opened = p.try_open(PASS, Mode::Normal).await;
    assert!(
        matches!(&opened, Err(OpenError::Damaged { file, .. }) if file == "keyring.json"),
        "{opened:?}"
    );
    std::fs::write(&keyring, &text).unwrap();

    let own = p
        .dir
        .join("members")
        .join(format!("{}.json", p.created.members[1]));
    let member = std::fs::read_to_string(&own).unwrap();
    std::fs::write(&own, member.replace("\"reviewer\"", "\"custodian\"")).unwrap();
    let opened = p.try_open(SECOND, Mode::Normal).await;
    assert!(
        matches!(opened, Err(OpenError::WrongPassphrase)),
        "{opened:?}"
    );
    std::fs::write(&own, member).unwrap();
    p.try_open(SECOND, Mode::Normal).await.unwrap();
}

#[tokio::test]
async fn notices_an_altered_database_page() {
    let p = place(Role::Reviewer).await;
    let vault = p.open().await;
    import(&vault, b"some bytes", 6_000).await;
    vault
        .inner
        .writer()
        .conn
        .execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
        .unwrap();
    vault.close().await;
    let db = p.dir.join("vault.db");
    let len = std::fs::metadata(&db).unwrap().len() as usize;
    // A page in the middle: event rows, which opening does not read.
    flip(&db, len / 4096 / 2 * 4096 + 77);
    match p.try_open(PASS, Mode::Normal).await {
        Err(OpenError::Database) => {}
        Err(other) => panic!("{other:?}"),
        Ok(vault) => {
            let report = vault.fsck(|_, _| {}, None).await;
            let noticed = report
                .as_ref()
                .map_or(true, |r| r.findings().any(|c| c.name == "database"));
            assert!(noticed, "{report:?}");
        }
    }
}

#[tokio::test]
async fn a_ledger_of_fifty_acts_replays_and_reads_back() {
    let p = place(Role::Responder).await;
    let vault = p.open().await;
    for n in 0..50 {
        vault
            .record(act(n), now() + Duration::seconds(i64::from(n)))
            .await
            .unwrap();
    }
    assert_eq!(vault.replay().await.unwrap(), Ok(52));
    assert_eq!(vault.ledger_head().size, 52);
    let page = vault
        .ledger(&LedgerFilter::default(), None, 2)
        .await
        .unwrap();
    assert_eq!(page.iter().map(|e| e.index).collect::<Vec<_>>(), [51, 50]);
    assert_eq!(page[0].detail, act(49).detail, "flattening is reversible");
    let next = vault
        .ledger(&LedgerFilter::default(), Some((0, 50)), 1)
        .await
        .unwrap();
    assert_eq!(next[0].index, 49);
    let filter = LedgerFilter {
        kind_prefix: Some("member.".to_owned()),
        ..LedgerFilter::default()
    };
    assert_eq!(vault.ledger(&filter, None, 10).await.unwrap().len(), 1);

    let extract = vault.ledger_extract(Some("INC-2026-0001")).await.unwrap();
    let epoch = &extract.epochs[0];
    assert_eq!((epoch.leaves.len(), epoch.entries.len()), (52, 2));
    for e in &epoch.entries {
        let leaf = e.record.leaf().unwrap();
        evidence::merkle::verify_inclusion(e.index, epoch.size, &leaf, &e.proof, &epoch.root)
            .unwrap();
        let signer = vault
            .members()
            .await
            .unwrap()
            .into_iter()
            .find(|m| m.id == e.actor)
            .unwrap();
        let signature = data_encoding::BASE64
            .decode(e.signature.as_bytes())
            .unwrap();
        assert!(signer.public.verifies(
            &message(vault.id(), 0, e.index, &e.previous_root, &leaf),
            &signature
        ));
    }
    clean(&vault).await;
}

#[tokio::test]
async fn tampered_ledger_rows_stop_the_replay() {
    let cases = [
        (
            "UPDATE ledger SET line = replace(line, 'number', 'numbed') WHERE idx = 3",
            "leaf",
        ),
        (
            "UPDATE ledger SET kind = 'note.changed' WHERE idx = 3",
            "kind",
        ),
        (
            "UPDATE ledger SET signature = zeroblob(64) WHERE idx = 3",
            "signature",
        ),
        ("DELETE FROM ledger WHERE idx = 3", "missing"),
        ("UPDATE ledger SET at_us = at_us + 1 WHERE idx = 3", "at_us"),
    ];
    let p = place(Role::Responder).await;
    let vault = p.open().await;
    for n in 0..5 {
        vault.record(act(n), now()).await.unwrap();
    }
    vault.close().await;
    for (sql, word) in cases {
        let copy = p.state.join(format!("copy-{word}"));
        copy_dir(&p.dir, &copy);
        let state = copy.join("state");
        let vault = Vault::open(&copy, options(&state, PASS, Mode::Normal))
            .await
            .unwrap();
        assert_eq!(vault.inner.writer().conn.execute(sql, []).unwrap(), 1);
        vault.close().await;
        let opened = Vault::open(&copy, options(&state, PASS, Mode::Normal)).await;
        let Err(OpenError::Ledger(fault)) = opened else {
            panic!("{sql}: {opened:?}")
        };
        assert!(fault.to_string().contains(word), "{sql}: {fault}");
        let vault = Vault::open(&copy, options(&state, PASS, Mode::Inspect))
            .await
            .unwrap();
        let report = vault.fsck(|_, _| {}, None).await.unwrap();
        assert!(report.findings().any(|c| c.name == "ledger"), "{report:?}");
        assert!(matches!(
            vault.record(act(9), now()).await,
            Err(VaultError::ReadOnly)
        ));
    }
}

#[tokio::test]
async fn a_role_that_was_not_allowed_is_refused_when_writing_and_at_replay() {
    let p = place(Role::Reviewer).await;
    let vault = p.try_open(SECOND, Mode::Normal).await.unwrap();
    let forbidden = Act::new("trust.pinned", json!({ "origin": "x" }));
    let refused = vault.record(forbidden.clone(), now()).await;
    assert!(
        matches!(
            refused,
            Err(VaultError::NotAllowed {
                role: Role::Reviewer,
                ..
            })
        ),
        "{refused:?}"
    );
    assert!(matches!(
        vault.record(Act::new("made-up", json!({})), now()).await,
        Err(VaultError::UnknownAct(_))
    ));
    assert_eq!(vault.ledger_head().size, 2, "nothing was written");
    // A reviewer holds the database key: nothing stops the write, but nobody accepts it.
    {
        let guard = vault.inner.writer();
        let mut tip: Tip = guard.tip.clone();
        let seed = evidence::Seed::new([9; 32]);
        let row = tip
            .append(vault.id(), &forbidden, &vault.inner.member, seed, now())
            .unwrap();
        crate::table::ledger::insert(&guard.conn, &row).unwrap();
    }
    vault.close().await;
    let opened = p.try_open(PASS, Mode::Normal).await;
    assert!(
        matches!(&opened, Err(OpenError::Ledger(f)) if f.to_string().contains("was not allowed")),
        "{opened:?}"
    );
}

#[tokio::test]
async fn a_reviewer_reads_rows_but_no_originals_and_no_handle_key() {
    let p = place(Role::Reviewer).await;
    let vault = p.open().await;
    let done = import(&vault, b"bytes", 3).await;
    assert_eq!(
        vault.record_line(1).await.unwrap(),
        vault.record_lines(&[1]).await.unwrap()[0]
    );
    let original = vault.import(done.import).await.unwrap().original;
    vault.handle_key().unwrap();
    vault.close().await;

    let vault = p.try_open(SECOND, Mode::Normal).await.unwrap();
    assert_eq!(vault.rows(&[2, 1]).await.unwrap().len(), 2);
    let no = |e: VaultError| {
        matches!(
            e,
            VaultError::NoKey {
                role: Role::Reviewer,
                ..
            }
        )
    };
    assert!(no(vault.handle_key().unwrap_err()));
    assert!(no(vault.record_line(1).await.unwrap_err()));
    assert!(no(vault
        .open_sealed("original", &original)
        .await
        .unwrap_err()));
    assert!(no(vault
        .seal_file("original", &b"x"[..])
        .await
        .unwrap_err()));
    assert!(no(vault.recommit_verifier().unwrap_err()));
    vault.index_key().unwrap();
    clean(&vault).await;
}

#[tokio::test]
async fn a_rolled_back_folder_is_noticed_and_continues_only_in_a_new_epoch() {
    let p = place(Role::Responder).await;
    let vault = p.open().await;
    vault.record(act(1), now()).await.unwrap();
    vault.close().await;
    let backup = p.state.join("backup");
    copy_dir(&p.dir, &backup);
    let vault = p.open().await;
    vault.record(act(2), now()).await.unwrap();
    vault.close().await;

    let old =
        |passphrase: &'static str, mode| Vault::open(&backup, options(&p.state, passphrase, mode));
    let opened = old(PASS, Mode::Normal).await;
    let expected = matches!(
        opened,
        Err(OpenError::LedgerRolledBack {
            memory: "state file",
            known_size: 4,
            found_size: 3,
            ..
        })
    );
    assert!(expected, "{opened:?}");
    assert!(matches!(
        old(SECOND, Mode::Restore).await,
        Err(OpenError::RestoreNeedsCustodian)
    ));
    // To look at it, what is older is said, and nothing changes.
    let vault = old(SECOND, Mode::Inspect).await.unwrap();
    let older = vault.older().unwrap();
    assert_eq!((older.memory, older.known), ("state file", Some((0, 4))));
    assert_eq!((older.found.epoch, older.found.size), (0, 3));
    assert!(matches!(
        vault.record(act(9), now()).await,
        Err(VaultError::ReadOnly)
    ));
    vault.close().await;
    let vault = old(PASS, Mode::Restore).await.unwrap();
    assert_eq!(
        (vault.ledger_head().epoch, vault.ledger_head().size),
        (1, 1)
    );
    vault.record(act(3), now()).await.unwrap();
    clean(&vault).await;
    vault.close().await;
    assert!(matches!(
        old(PASS, Mode::Restore).await,
        Err(OpenError::NothingToRestore)
    ));
    let vault = old(PASS, Mode::Normal).await.unwrap();
    assert_eq!(
        (vault.ledger_head().epoch, vault.ledger_head().size),
        (1, 2)
    );
    vault.close().await;
    // The replaced branch is now the older one.
    assert!(matches!(
        p.try_open(PASS, Mode::Normal).await,
        Err(OpenError::LedgerRolledBack { .. })
    ));
}

#[tokio::test]
async fn whoever_remembers_less_of_what_a_restore_gave_up_goes_on_too() {
    let p = place(Role::Responder).await;
    let vault = p.open().await;
    vault.record(act(1), now()).await.unwrap();
    vault.close().await;
    let backup = p.state.join("backup");
    copy_dir(&p.dir, &backup);
    // The second member works on another machine, whose state folder is the only one that remembers this.
    let theirs = p.state.join("theirs");
    let again = || Vault::open(&p.dir, options(&theirs, SECOND, Mode::Normal));
    let vault = again().await.unwrap();
    vault.record(act(2), now()).await.unwrap();
    vault.close().await;
    let vault = p.open().await;
    vault.record(act(3), now()).await.unwrap();
    vault.record(act(4), now()).await.unwrap();
    vault.close().await;
    let restored = Vault::open(&backup, options(&p.state, PASS, Mode::Restore));
    restored.await.unwrap().close().await;
    let open = |state: &Path| Vault::open(&backup, options(state, SECOND, Mode::Normal));
    open(&theirs).await.unwrap().close().await;
    // Somebody who remembers more than the restore gave up is not talked out of it.
    let more = p.state.join("more");
    std::fs::create_dir_all(&more).unwrap();
    let vault = &p.created.vault;
    let head =
        json!({ "vault": vault, "epoch": 0, "size": 99, "root": Hash::sha256(b"x").to_string() });
    std::fs::write(more.join(format!("{vault}.json")), head.to_string()).unwrap();
    assert!(matches!(
        open(&more).await,
        Err(OpenError::LedgerRolledBack { known_size: 99, .. })
    ));
}

#[tokio::test]
async fn a_head_that_cannot_be_read_keeps_nobody_from_looking_and_a_custodian_from_nothing() {
    let p = place(Role::Responder).await;
    p.open().await.close().await;
    let state = p.state.join(format!("{}.json", p.created.vault));
    let beside = p
        .dir
        .join("members")
        .join(format!("{}.head", p.created.members[0]));
    for damaged in [state, beside] {
        for half in [&b""[..], b"{\"vault\":"] {
            std::fs::write(&damaged, half).unwrap();
            assert!(matches!(
                p.try_open(PASS, Mode::Normal).await,
                Err(OpenError::HeadUnreadable { .. })
            ));
            let vault = p.try_open(PASS, Mode::Inspect).await.unwrap();
            assert_eq!(vault.older().unwrap().known, None);
            vault.close().await;
            let vault = p.try_open(PASS, Mode::Restore).await.unwrap();
            clean(&vault).await;
            vault.close().await;
            p.open().await.close().await;
        }
    }
}

#[tokio::test]
async fn members_are_enrolled_by_custodians_and_approve_with_their_own_signature() {
    let p = place(Role::Responder).await;
    let vault = p.open().await;
    let new = NewMember {
        role: Role::Reviewer,
        name: Some("R".to_owned()),
        passphrase: "third".to_owned(),
    };
    let id = vault.enrol_member(new.clone(), COST, now()).await.unwrap();
    assert!(id.starts_with("V-"));
    let second = vault
        .unlock_second(&p.created.members[1], SECOND.to_owned())
        .await
        .unwrap();
    let approval = Act::new("approval.given", json!({ "of": "reveal" })).signed_by(&second);
    vault
        .record(
            Acts::from(Act::new("reveal.field", json!({ "seq": 1 }))).and(approval),
            now(),
        )
        .await
        .unwrap();
    let page = vault
        .ledger(&LedgerFilter::default(), None, 2)
        .await
        .unwrap();
    assert_eq!(
        (page[0].actor.as_str(), page[1].actor.as_str()),
        (second.id(), p.created.members[0].as_str())
    );
    let wrong = vault
        .unlock_second(&p.created.members[1], "no".to_owned())
        .await;
    assert!(matches!(
        wrong,
        Err(VaultError::Passphrase(PassphraseError::Wrong { .. }))
    ));
    vault
        .change_passphrase("another one".to_owned(), COST, now())
        .await
        .unwrap();
    clean(&vault).await;
    vault.close().await;
    assert!(matches!(
        p.try_open(PASS, Mode::Normal).await,
        Err(OpenError::WrongPassphrase)
    ));
    let vault = p.try_open("third", Mode::Normal).await.unwrap();
    assert_eq!(vault.member(), (id.as_str(), Role::Reviewer));
    let refused = vault.enrol_member(new, COST, now()).await;
    assert!(
        matches!(refused, Err(VaultError::NotAllowed { .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn an_incident_is_a_projection_of_its_ledger_entries() {
    let p = place(Role::Responder).await;
    let vault = p.open().await;
    let id = "INC-2026-0001";
    let events = vec![
        json!({ "type": "opened", "tags": ["a"] }),
        json!({ "type": "owner", "to": { "id": "C" } }),
    ];
    let made = vault
        .write(now(), |tx| Ok((tx.next_incident_id(2026)?, act(0).into())))
        .await
        .unwrap();
    assert_eq!(made, id);
    let version = vault
        .append_incident(id, 0, events.clone(), json!({ "n": 2 }), now())
        .await
        .unwrap();
    assert_eq!(
        (version, vault.incident_events(id).await.unwrap()),
        (2, events)
    );
    let stale = vault
        .append_incident(id, 1, vec![json!({})], json!({}), now())
        .await;
    assert!(matches!(
        stale,
        Err(VaultError::Conflict {
            expected: 1,
            found: 2,
            ..
        })
    ));
    // Changing an incident and keeping its acts back does not commit.
    let silent = vault
        .write(now(), |tx| {
            let _acts =
                tx.append_incident("INC-2026-0001", 2, &[json!({ "x": 1 })], &json!({}), None)?;
            Ok(((), act(1).into()))
        })
        .await;
    assert!(matches!(silent, Err(VaultError::Act { .. })));
    assert_eq!(vault.incident(id).await.unwrap().version, 2);

    let fold = |_: &str, events: &[serde_json::Value]| Some(json!({ "n": events.len() }));
    assert!(vault.fsck(|_, _| {}, Some(&fold)).await.unwrap().ok());
    let forged = r#"UPDATE incident SET state = '{"n":3}'"#;
    vault.inner.writer().conn.execute(forged, []).unwrap();
    let report = vault.fsck(|_, _| {}, Some(&fold)).await.unwrap();
    assert_eq!(
        report
            .findings()
            .map(|c| c.name.as_str())
            .collect::<Vec<_>>(),
        ["incidents", "signed rows"]
    );
}

#[tokio::test]
async fn the_recovery_key_enrols_a_custodian_and_its_use_shows() {
    let p = place(Role::Responder).await;
    let vault = p.open().await;
    let done = import(&vault, b"kept", 3).await;
    vault.close().await;
    let printed = RecoveryKey::parse(&p.created.recovery_key.to_text()).unwrap();
    let new = NewMember {
        role: Role::Custodian,
        name: None,
        passphrase: "after the fire".to_owned(),
    };
    let mut rng = ChaCha20Rng::seed_from_u64(55);
    let before = std::fs::read(p.dir.join("keyring.json")).unwrap();
    let first = Vault::recover(&p.dir, &printed, &new, COST, &p.state, &mut rng, now());
    let first = first.await.unwrap();
    let vault = p.try_open("after the fire", Mode::Normal).await.unwrap();
    assert_eq!(vault.member(), (first.member.as_str(), Role::Custodian));
    vault.record_line(done.first_seq).await.unwrap();
    // What is sealed from here on is sealed to keys that the ring of before does not hold.
    let later = import(&vault, b"kept too", 2).await;
    vault.record_line(later.first_seq).await.unwrap();
    let last = &vault
        .ledger(&LedgerFilter::default(), None, 2)
        .await
        .unwrap()[1];
    assert!(last.kind == "member.recovered" && last.actor.starts_with("K-"));
    vault
        .record(Act::new("trust.pinned", json!({})), now())
        .await
        .unwrap();
    clean(&vault).await;
    let old = vault.members().await.unwrap().into_iter();
    let old: Vec<bool> = (old.filter(|m| m.role == Role::Recovery))
        .map(|m| m.active)
        .collect();
    assert_eq!(old.iter().filter(|active| **active).count(), 1);
    assert_eq!(old.len(), 2);
    vault.close().await;
    // The paper that was used and a stranger's open nothing; neither does the one that was used with its own ring.
    let other = RecoveryKey::draw(&mut rng);
    for paper in [&printed, &other] {
        let refused = Vault::recover(&p.dir, paper, &new, COST, &p.state, &mut rng, now()).await;
        assert!(
            matches!(refused, Err(OpenError::WrongRecoveryKey)),
            "{refused:?}"
        );
    }
    let after = std::fs::read(p.dir.join("keyring.json")).unwrap();
    std::fs::write(p.dir.join("keyring.json"), before).unwrap();
    let refused = Vault::recover(&p.dir, &printed, &new, COST, &p.state, &mut rng, now()).await;
    assert!(matches!(refused, Err(OpenError::Database)), "{refused:?}");
    std::fs::write(p.dir.join("keyring.json"), after).unwrap();
    // The second member goes on, and the next paper works as the first one did.
    let vault = p.try_open(SECOND, Mode::Normal).await.unwrap();
    vault.record_line(later.first_seq).await.unwrap();
    vault.close().await;
    let next = &first.recovery_key;
    let second = Vault::recover(&p.dir, next, &new, COST, &p.state, &mut rng, now());
    let second = second.await.unwrap();
    assert_ne!(first.member, second.member);
    let vault = p.open().await;
    vault.record_line(later.first_seq).await.unwrap();
    clean(&vault).await;
}

#[tokio::test]
async fn a_recovery_key_that_was_used_signs_nothing_any_more() {
    let p = place(Role::Responder).await;
    let new = NewMember {
        role: Role::Custodian,
        name: None,
        passphrase: "after the fire".to_owned(),
    };
    let mut rng = ChaCha20Rng::seed_from_u64(57);
    let paper = &p.created.recovery_key;
    let done = Vault::recover(&p.dir, paper, &new, COST, &p.state, &mut rng, now());
    done.await.unwrap();
    let vault = p.open().await;
    assert!(vault.replay().await.unwrap().is_ok());
    // Whoever has the paper and the database key writes an entry of their own: its signature is right.
    let identity = paper.identity();
    let signer = crate::ledger::Signer {
        id: identity.public().id(Role::Recovery),
        role: Role::Recovery,
        identity,
    };
    let mine = crate::keys::Identity::draw(&mut rng).public();
    let detail = json!({ "member": crate::ledger::member_detail(Role::Custodian, &mine, None) });
    let act = Act::new("member.recovered", detail);
    let seed = vault.draw_seed();
    {
        let mut writer = vault.inner.writer();
        let row = writer.tip.append(vault.id(), &act, &signer, seed, now());
        crate::table::ledger::insert(&writer.conn, &row.unwrap()).unwrap();
    }
    let fault = vault.replay().await.unwrap().unwrap_err();
    assert_eq!(fault.reason, crate::ledger::ReplayReason::Stranger);
}

#[tokio::test]
async fn an_older_copy_is_recovered_and_then_taken_into_use() {
    let p = place(Role::Responder).await;
    let vault = p.open().await;
    vault.record(act(1), now()).await.unwrap();
    vault.close().await;
    let backup = p.state.join("backup");
    copy_dir(&p.dir, &backup);
    let vault = p.open().await;
    vault.record(act(2), now()).await.unwrap();
    vault.close().await;
    let new = NewMember {
        role: Role::Custodian,
        name: None,
        passphrase: "after the fire".to_owned(),
    };
    let mut rng = ChaCha20Rng::seed_from_u64(56);
    let paper = &p.created.recovery_key;
    let done = Vault::recover(&backup, paper, &new, COST, &p.state, &mut rng, now());
    assert!(done.await.unwrap().older);
    let old = |mode| Vault::open(&backup, options(&p.state, "after the fire", mode));
    assert!(matches!(
        old(Mode::Normal).await,
        Err(OpenError::LedgerRolledBack { .. })
    ));
    let vault = old(Mode::Restore).await.unwrap();
    assert_eq!(vault.ledger_head().epoch, 1);
    clean(&vault).await;
}

#[tokio::test]
async fn nothing_readable_lies_in_the_workspace() {
    let p = place(Role::Responder).await;
    let vault = p.open().await;
    vault
        .record(
            Act::new("note.added", json!({ "text": "canary-in-ledger" })),
            now(),
        )
        .await
        .unwrap();
    import(&vault, b"canary-in-original", 300).await;
    let needles: [&[u8]; 5] = [
        b"canary-in",
        b"session.opened",
        b"free text that",
        b"SQLite format 3",
        b"First Custodian",
    ];
    let mut folders = vec![p.dir.clone()];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            files += 1;
            let bytes = std::fs::read(&path).unwrap();
            for needle in needles {
                assert!(
                    !bytes.windows(needle.len()).any(|w| w == needle),
                    "{}",
                    path.display()
                );
            }
        }
    }
    assert!(files > 6);
}

/// Shells spawn these: their futures must move between threads. It only has to compile.
#[allow(dead_code, reason = "checked by the compiler")]
fn futures_are_send(vault: &Vault, dir: &Path, new: &NewVault, rng: &mut ChaCha20Rng) {
    fn send<T: Send>(_: T) {}
    send(Vault::create(dir, new, rng, now()));
    send(Vault::open(dir, options(dir, PASS, Mode::Normal)));
    send(vault.write(now(), |tx| Ok((tx.actor().to_owned(), act(1).into()))));
    send(vault.fsck(|_, _| {}, None));
    send(vault.rows(&[1]));
    send(begin(vault, b"", true));
    send(import(vault, b"", 1));
    send(vault.ledger_extract(None));
    send(vault.leaves(1, 0, 1));
    send(vault.for_each_line(1, |_, _| Ok(())));
}

#[tokio::test]
async fn a_policy_that_is_not_what_was_signed_is_found() {
    let p = place(Role::Responder).await;
    let vault = p.open().await;
    let written = vault.write(now(), |tx| {
        let stored = tx.set_trust("log.example/a", &json!({ "keys": ["the pinned one"] }))?;
        let detail = json!({
            "origin": "log.example/a",
            "version": stored.version,
            "policy": stored.digest.to_hex(),
        });
        // Of before digests were stated.
        let old = tx.set_trust("log.example/old", &json!({ "keys": [] }))?;
        let of_old = json!({ "origin": "log.example/old", "version": old.version });
        let acts = Acts::from(Act::new("trust.set", detail));
        Ok(((), acts.and(Act::new("trust.set", of_old))))
    });
    written.await.unwrap();
    assert!(vault.fsck(|_, _| {}, None).await.unwrap().ok());
    // Each change, what is said of it, and how it is taken back.
    for (forged, said, back) in [
        (
            "UPDATE trust SET policy = replace(policy, 'pinned', 'forged')",
            "version 1 of log.example/a is not what was signed",
            "UPDATE trust SET policy = replace(policy, 'forged', 'pinned')",
        ),
        (
            "INSERT INTO trust SELECT origin, 2, policy, at_us FROM trust WHERE origin = 'log.example/a'",
            "nobody signed version 2 of log.example/a",
            "DELETE FROM trust WHERE version = 2",
        ),
        (
            "DELETE FROM trust WHERE origin = 'log.example/a'",
            "version 1 of log.example/a is missing",
            "SELECT 1",
        ),
    ] {
        let run = |sql: &str| vault.inner.writer().conn.execute_batch(sql).unwrap();
        run(forged);
        let report = vault.fsck(|_, _| {}, None).await.unwrap();
        let found: Vec<_> = report.findings().map(|c| (&*c.name, &*c.detail)).collect();
        assert_eq!(found.first(), Some(&("trust policies", said)), "{forged}");
        // Rows are held to what is stated of them too, and are not obeyed.
        assert!(matches!(&found[1..], [("signed rows", _)]), "{found:?}");
        let refused = vault.trust().await.unwrap_err();
        assert!(matches!(
            refused,
            crate::VaultError::NotStated { table: "trust", .. }
        ));
        run(back);
    }
}

/// What each opening asks is found by an index, and not by reading all that is stored.
#[tokio::test]
async fn what_is_in_the_open_is_looked_for_in_what_is_in_the_open() {
    let p = place(Role::Responder).await;
    let vault = p.open().await;
    import(&vault, b"bytes", 3).await;
    let waiting = || crate::marks::waiting(&vault.inner.writer().conn).unwrap();
    assert!(!waiting());
    let change = |sql: &str| {
        let writer = vault.inner.writer();
        assert_eq!(writer.conn.execute(sql, []).unwrap(), 1, "{sql}");
    };
    for (open, sealed) in [
        (
            "UPDATE import SET name = 'm.lind.zip'",
            "UPDATE import SET name = 'sealed-name:x'",
        ),
        (
            "UPDATE import SET member = 'm.lind'",
            "UPDATE import SET member = 'sealed-name:x'",
        ),
        (
            "UPDATE import SET facts = json_set(facts, '$.agreed', 'm.lind/SHA256SUMS')",
            "UPDATE import SET facts = json_set(facts, '$.agreed', 'sealed-name:x')",
        ),
        (
            "UPDATE segment SET verdict = json_set(verdict, '$.agreed', 'm.lind/SHA256SUMS')",
            "UPDATE segment SET verdict = json_set(verdict, '$.agreed', 'sealed-name:x')",
        ),
    ] {
        change(open);
        assert!(waiting(), "{open}");
        change(sealed);
        assert!(!waiting(), "{sealed}");
    }
    let conn = &vault.inner.writer().conn;
    for query in crate::names::questions() {
        let plan: String = conn
            .query_row(&format!("EXPLAIN QUERY PLAN {query}"), [], |row| row.get(3))
            .unwrap();
        assert!(
            plan.contains("_open") || plan.contains("intake"),
            "{query}: {plan}"
        );
    }
}
