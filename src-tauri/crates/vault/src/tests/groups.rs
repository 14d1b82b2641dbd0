//! What is made durable together: seen by nobody before it is, all of it afterwards, and nothing of it after a kill.

use super::*;

/// Imports one file of two records into the group that is open.
async fn in_group(vault: &Vault, bytes: &'static [u8]) -> Result<Imported, VaultError> {
    let original = vault
        .seal_file_lasting(Lasting::InGroup, "original", bytes)
        .await?;
    let head = ImportHead {
        name: "small.ndjson".to_owned(),
        kind: "json-lines".to_owned(),
        original,
        recommit: true,
        member: None,
        admits: None,
    };
    let mut session = vault
        .begin_import_lasting(Lasting::InGroup, head, now())
        .await?;
    let first = session.next_index();
    let batch = (first..first + 2)
        .map(|i| event(&record(i, vault.draw_seed())))
        .collect();
    session.append(batch).await?;
    session
        .finish_recommit(json!({ "word": "unproven" }), finished, now())
        .await
}

fn sealed(dir: &Path) -> usize {
    let parts = std::fs::read_dir(dir.join("sealed")).unwrap();
    parts
        .map(|part| std::fs::read_dir(part.unwrap().path()).unwrap().count())
        .sum()
}

#[tokio::test]
async fn a_group_is_seen_when_it_is_settled_and_not_before() {
    let p = place(Role::Responder).await;
    let vault = p.open().await;
    let before = vault.ledger_head();
    for bytes in [&b"one"[..], b"two", b"three"] {
        in_group(&vault, bytes).await.unwrap();
    }
    assert_eq!(vault.count().await.unwrap(), 0);
    assert_eq!(vault.ledger_head(), before);
    assert!(vault.imports(0, 10).await.unwrap().is_empty());
    vault.settle().await.unwrap();
    assert_eq!(vault.count().await.unwrap(), 6);
    assert_eq!(vault.ledger_head().size, before.size + 3);
    assert_eq!(vault.imports(0, 10).await.unwrap().len(), 3);
    let head = vault.recommit_head().await.unwrap();
    assert_eq!(head.size, 6);
    clean(&vault).await;
    vault.close().await;
    let vault = p.open().await;
    assert_eq!(vault.count().await.unwrap(), 6);
    clean(&vault).await;
}

#[tokio::test]
async fn an_act_of_anybody_settles_what_came_before_it() {
    let p = place(Role::Responder).await;
    let vault = p.open().await;
    in_group(&vault, b"one").await.unwrap();
    vault.record(act(1), now()).await.unwrap();
    assert_eq!(vault.count().await.unwrap(), 2);
    in_group(&vault, b"two").await.unwrap();
    import(&vault, b"alone", 3).await;
    assert_eq!(vault.count().await.unwrap(), 7);
    clean(&vault).await;
}

#[tokio::test]
async fn a_group_that_is_cut_off_leaves_nothing_and_can_be_repeated() {
    let p = place(Role::Responder).await;
    let vault = p.open().await;
    in_group(&vault, b"kept").await.unwrap();
    vault.settle().await.unwrap();
    let (head, files) = (vault.ledger_head(), sealed(&p.dir));
    in_group(&vault, b"lost").await.unwrap();
    in_group(&vault, b"lost as well").await.unwrap();
    assert_eq!(sealed(&p.dir), files + 4);
    vault.close().await;
    let vault = p.open().await;
    assert_eq!((vault.ledger_head(), sealed(&p.dir)), (head, files));
    assert_eq!(vault.count().await.unwrap(), 2);
    clean(&vault).await;
    in_group(&vault, b"lost").await.unwrap();
    vault.settle().await.unwrap();
    assert_eq!(vault.count().await.unwrap(), 4);
    clean(&vault).await;
}

#[tokio::test]
async fn the_same_bytes_are_known_within_a_group() {
    let p = place(Role::Responder).await;
    let vault = p.open().await;
    let first = in_group(&vault, b"same").await.unwrap();
    let again = in_group(&vault, b"same").await;
    let Err(VaultError::AlreadyImported { import }) = again else {
        panic!("{again:?}");
    };
    assert_eq!(import, first.import);
    in_group(&vault, b"other").await.unwrap();
    vault.settle().await.unwrap();
    assert_eq!(vault.count().await.unwrap(), 4);
}

#[tokio::test]
async fn an_import_that_is_given_up_takes_nothing_of_its_group_with_it() {
    let p = place(Role::Responder).await;
    let vault = p.open().await;
    in_group(&vault, b"whole").await.unwrap();
    let bytes = &b"given up"[..];
    let original = vault
        .seal_file_lasting(Lasting::InGroup, "original", bytes)
        .await
        .unwrap();
    let head = ImportHead {
        name: "half.ndjson".to_owned(),
        kind: "json-lines".to_owned(),
        original,
        recommit: true,
        member: None,
        admits: None,
    };
    let begun = vault.begin_import_lasting(Lasting::InGroup, head, now());
    let mut session = begun.await.unwrap();
    let first = session.next_index();
    let batch = vec![event(&record(first, vault.draw_seed()))];
    session.append(batch).await.unwrap();
    session.abandon().await.unwrap();
    in_group(&vault, b"after").await.unwrap();
    vault.settle().await.unwrap();
    assert_eq!(vault.count().await.unwrap(), 4);
    clean(&vault).await;
}
