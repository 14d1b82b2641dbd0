//! Imports: what becomes visible, what a killed one leaves, and what fsck finds.

use std::collections::BTreeMap;
use std::io::Read as _;

use evidence::{Checkpoint, CompactRange, SignedNote, SigningKey};

use super::*;

#[tokio::test]
async fn an_import_becomes_visible_with_its_act_and_reads_back() {
    let p = place(Role::Responder).await;
    let vault = p.open().await;
    let done = import(&vault, b"first file", 700).await;
    assert_eq!(
        (done.first_seq, done.records, vault.count().await.unwrap()),
        (1, 700, 700)
    );
    let rows = vault.rows(&[700, 1, 257, 1]).await.unwrap();
    assert_eq!(
        rows.iter().map(|r| r.seq).collect::<Vec<_>>(),
        [700, 1, 257, 1]
    );
    let r = &rows[2];
    assert_eq!(
        (r.index, r.system.as_str(), r.outcome.as_deref(), r.kind),
        (256, "enigm-app", Some("ok"), EventKind::Audit)
    );
    assert_eq!(r.occurred, Some(now() + Duration::seconds(256)));
    assert_eq!(r.assurance, Assurance::HashMatched);
    let shown: Vec<_> = r
        .fields
        .iter()
        .map(|f| (f.path.as_str(), f.shown.clone()))
        .collect();
    assert_eq!(
        shown[0],
        (
            "/event",
            RowShown::Kept {
                text: "\"session.opened\"".to_owned()
            }
        )
    );
    assert_eq!(
        shown[3],
        (
            "/count",
            RowShown::Kept {
                text: "256.50".to_owned()
            }
        )
    );
    assert_eq!(
        shown[4],
        (
            "/key",
            RowShown::TypeTag {
                tag: "private key".to_owned()
            }
        )
    );
    assert_eq!(
        shown[5],
        (
            "/body",
            RowShown::Presence {
                size: SizeBucket::Medium
            }
        )
    );
    let RowShown::Handle {
        subject,
        handle: Some(handle),
        ..
    } = &shown[1].1
    else {
        panic!("{shown:?}")
    };
    assert_eq!(
        vault
            .subject_by_handle(handle)
            .await
            .unwrap()
            .unwrap()
            .number,
        *subject
    );

    let line = vault.record_line(257).await.unwrap();
    let parsed = evidence::RecordLine::parse(&line, 256).unwrap();
    assert_eq!(parsed.leaf(), r.leaf);
    let leaves = vault.leaves(done.segment, 250, 260).await.unwrap();
    assert_eq!((leaves.len(), leaves[6]), (10, r.leaf));

    let head = vault.recommit_head().await.unwrap();
    assert_eq!(head.size, 700);
    let note = SignedNote::parse(head.note.unwrap().as_bytes()).unwrap();
    assert_eq!(
        note.verify(&[vault.recommit_verifier().unwrap()])
            .unwrap()
            .len(),
        1
    );
    let again = begin(&vault, b"first file", true).await;
    assert!(matches!(
        again,
        Err(VaultError::AlreadyImported { import: 1 })
    ));
    let more = import(&vault, b"second file", 30).await;
    assert_eq!(vault.segment(more.segment).await.unwrap().facts.first, 700);
    assert_eq!(vault.rows_after(700, 10).await.unwrap().len(), 10);

    let mut original = Vec::new();
    let id = vault.import(1).await.unwrap().original;
    vault
        .open_sealed("original", &id)
        .await
        .unwrap()
        .read_to_end(&mut original)
        .unwrap();
    assert_eq!(original, b"first file");
    let key = vault.scope_key("case/INC-2026-0001", now()).await.unwrap();
    assert_eq!(
        key.as_bytes(),
        vault
            .scope_key("case/INC-2026-0001", now())
            .await
            .unwrap()
            .as_bytes()
    );
    vault.close().await;
    // The second file's import left a sealed "first file" copy behind, which opening removes.
    clean(&p.open().await).await;
}

#[tokio::test]
async fn what_was_killed_at_any_point_leaves_nothing() {
    let p = place(Role::Responder).await;
    let vault = p.open().await;
    import(&vault, b"before", 20).await;
    let mut copies = Vec::new();
    let mut kill = |name: &str| {
        let copy = p.state.join(name);
        copy_dir(&p.dir, &copy);
        copies.push(copy);
    };
    let original = vault.seal_file("original", &b"killed"[..]).await.unwrap();
    kill("sealed");
    let head = ImportHead {
        name: "x".to_owned(),
        kind: "json-lines".to_owned(),
        original,
        recommit: true,
        member: None,
        admits: None,
    };
    let mut session = vault.begin_import(head, now()).await.unwrap();
    kill("begun");
    for _ in 0..2 {
        let from = session.next_index();
        session
            .append(
                (from..from + 300)
                    .map(|i| event(&record(i, vault.draw_seed())))
                    .collect(),
            )
            .await
            .unwrap();
        kill(&format!("appended-{from}"));
    }
    assert_eq!(
        vault.count().await.unwrap(),
        20,
        "staged rows are invisible"
    );
    assert!(vault.rows(&[21]).await.is_err());
    assert!(matches!(
        begin(&vault, b"other", true).await,
        Err(VaultError::ImportRunning)
    ));
    // Refused verdict: nothing of it stays.
    let wrong = session
        .finish_recommit(json!({}), |_| Act::new("trust.", json!({})).into(), now())
        .await;
    assert!(matches!(wrong, Err(VaultError::UnknownAct(_))));
    let session = begin(&vault, b"third", true).await.unwrap();
    session.abandon().await.unwrap();
    vault.close().await;

    copies.push(p.dir.clone());
    for copy in copies {
        let vault = Vault::open(&copy, options(&copy.join("state"), PASS, Mode::Normal))
            .await
            .unwrap();
        clean(&vault).await;
        assert_eq!(vault.count().await.unwrap(), 20);
        let sql = "SELECT (SELECT count(*) FROM event) + (SELECT count(*) FROM import) + (SELECT count(*) FROM subject)";
        let left: i64 = vault
            .inner
            .writer()
            .conn
            .query_row(sql, [], |r| r.get(0))
            .unwrap();
        assert_eq!(left, 20 + 1 + 5, "{}", copy.display());
        import(&vault, b"killed", 5).await;
        assert_eq!(vault.rows_after(20, 9).await.unwrap().len(), 5);
        clean(&vault).await;
    }
}

/// A native export of `[first, last)` of a log whose record seeds follow from their index.
fn native(first: u64, last: u64) -> (SegmentFacts, Vec<NewEvent>) {
    let key = SigningKey::from_seed("example/log", &[3; 32]).unwrap();
    let mut range = CompactRange::new();
    let mut frontier = Vec::new();
    let mut events = Vec::new();
    for index in 0..last {
        if index == first {
            frontier = range.frontier().to_vec();
        }
        let r = record(
            index,
            evidence::Seed::new(Hash::sha256(&index.to_be_bytes()).0),
        );
        range.push(r.leaf());
        if index >= first {
            events.push(event(&r));
        }
    }
    let checkpoint = Checkpoint {
        origin: "example/log".to_owned(),
        size: last,
        root: range.root(),
    };
    let facts = SegmentFacts {
        origin: "example/log".to_owned(),
        first,
        last,
        frontier,
        root: range.root(),
        roots: BTreeMap::from([(last, range.root())]),
        checkpoint_note: Some(key.sign_note(&checkpoint.to_text()).unwrap()),
        previous_note: None,
        range_json: None,
        signers: vec![key.verifier_key().to_string()],
        links: json!([]),
        verdict: json!("extends"),
    };
    (facts, events)
}

#[tokio::test]
async fn an_overlapping_export_keeps_all_lines_and_adds_only_new_rows() {
    let p = place(Role::Responder).await;
    let vault = p.open().await;
    let (facts, events) = native(0, 10);
    let mut session = begin(&vault, b"a", false).await.unwrap();
    session.append(events).await.unwrap();
    session
        .finish(facts, json!({}), finished, now())
        .await
        .unwrap();

    let (facts, mut events) = native(5, 15);
    let new = events.split_off(5);
    let mut session = begin(&vault, b"b", false).await.unwrap();
    session
        .append_known(5, events.into_iter().map(|e| e.line).zip(6..).collect())
        .await
        .unwrap();
    session.append(new).await.unwrap();
    let done = session
        .finish(facts, json!({}), finished, now())
        .await
        .unwrap();
    assert_eq!((done.records, vault.count().await.unwrap()), (5, 15));
    let (_, all) = native(0, 15);
    let leaves = vault.leaves(done.segment, 5, 15).await.unwrap();
    assert_eq!(leaves, all[5..].iter().map(|e| e.leaf).collect::<Vec<_>>());
    assert_eq!(vault.record_line(15).await.unwrap(), all[14].line);
    assert_eq!(vault.notes("example/log").await.unwrap().len(), 2);
    clean(&vault).await;

    // Facts that the records do not bear out are found from the sealed lines.
    let forged = "UPDATE segment SET root = zeroblob(32) WHERE id = 2";
    vault.inner.writer().conn.execute(forged, []).unwrap();
    vault
        .inner
        .writer()
        .conn
        .execute("UPDATE event SET leaf = zeroblob(32) WHERE seq = 3", [])
        .unwrap();
    let report = vault.fsck(|_, _| {}, None).await.unwrap();
    assert_eq!(
        report
            .findings()
            .map(|c| c.name.as_str())
            .collect::<Vec<_>>(),
        ["signed rows", "segment 1", "segment 2"]
    );
}

#[tokio::test]
async fn a_record_out_of_order_or_facts_that_do_not_fit_are_refused() {
    let p = place(Role::Responder).await;
    let vault = p.open().await;
    let (facts, mut events) = native(0, 4);
    events.swap(1, 2);
    let mut session = begin(&vault, b"a", false).await.unwrap();
    assert!(matches!(
        session.append(events).await,
        Err(VaultError::ImportOrder(_))
    ));
    session.abandon().await.unwrap();
    let (_, events) = native(0, 3);
    let mut session = begin(&vault, b"a", false).await.unwrap();
    session.append(events).await.unwrap();
    assert!(matches!(
        session.finish(facts, json!({}), finished, now()).await,
        Err(VaultError::ImportOrder(_))
    ));
    assert_eq!(vault.count().await.unwrap(), 0);
}

#[tokio::test]
async fn rows_are_read_by_their_fields_and_none_is_left_out() {
    let p = place(Role::Responder).await;
    let vault = p.open().await;
    import(&vault, b"first file", 2_500).await;
    let read = async |seq, limit, fields| {
        let pool = &vault.inner.pool;
        let rows = crate::table::event::rows_within(pool, 2_500, seq, limit, fields);
        let rows = rows.await.unwrap();
        rows.iter().map(|row| row.seq).collect::<Vec<_>>()
    };
    // Each row has six fields. What does not fit is read next, and one row always fits.
    for (fields, most) in [
        (1, 1),
        (6, 1),
        (7, 2),
        (60, 10),
        (6 * 1_024, 1_024),
        (1 << 17, 2_500),
    ] {
        let (mut all, mut at) = (Vec::new(), 0);
        while at < 2_500 {
            let some = read(at, u32::MAX, fields).await;
            assert!(
                (1..=most).contains(&some.len()),
                "{} for {fields}",
                some.len()
            );
            at = some[some.len() - 1];
            all.extend(some);
            if fields < 60 && all.len() > 20 {
                break;
            }
        }
        assert_eq!(all, (1..=all.len() as i64).collect::<Vec<_>>());
    }
    assert_eq!(read(2_500, 10, 60).await, Vec::<i64>::new());
    assert_eq!(read(0, 0, 60).await, Vec::<i64>::new());
    assert_eq!(read(700, 3, 60).await, [701, 702, 703]);
    assert_eq!(read(1_000, 1_030, 1 << 17).await.len(), 1_030);
}
