//! What was checked of the ledger is not checked twice, and nothing is taken from whoever cannot have checked it.

use super::*;

/// Acts enough that the result of their check is worth keeping.
async fn many_acts(vault: &Vault, count: u32) {
    let acts = (1..count).fold(Acts::from(act(0)), |acts, n| acts.and(act(n)));
    vault.record(acts, now()).await.unwrap();
}

fn kept(place: &Place) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(&place.state).unwrap();
    entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "checked"))
        .collect()
}

#[tokio::test]
async fn what_was_checked_is_not_checked_twice_and_every_byte_of_it_is_compared() {
    let p = place(Role::Responder).await;
    let vault = p.open().await;
    many_acts(&vault, 1_200).await;
    import(&vault, b"first file", 10).await;
    vault.close().await;
    assert!(kept(&p).is_empty());
    let vault = p.open().await;
    assert_eq!(kept(&p).len(), 1);
    vault.record(act(1), now()).await.unwrap();
    let (head, members) = (vault.ledger_head(), vault.members().await.unwrap());
    vault.close().await;

    // It goes on from there, and whatever is read is held to what was stated before.
    let vault = p.open().await;
    assert_eq!(vault.ledger_head(), head);
    assert_eq!(vault.members().await.unwrap(), members);
    assert_eq!(vault.imports(0, 10).await.unwrap().len(), 1);
    clean(&vault).await;
    let change = |sql: &str| {
        let changed = vault.inner.writer().conn.execute(sql, []).unwrap();
        assert_eq!(changed, 1, "{sql}");
    };

    // One byte of one entry that was checked long ago.
    change("UPDATE ledger SET actor = 'C-AAAAA' WHERE idx = 700");
    vault.close().await;
    let refused = p.try_open(PASS, Mode::Normal).await.unwrap_err();
    let OpenError::Ledger(fault) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(fault.index, 700);
}

#[tokio::test]
async fn what_is_kept_of_a_check_is_believed_of_nobody_else() {
    let p = place(Role::Responder).await;
    let vault = p.open().await;
    many_acts(&vault, 1_100).await;
    vault.close().await;
    p.open().await.close().await;
    let path = kept(&p).remove(0);
    let bytes = std::fs::read(&path).unwrap();
    for at in [0, 11, 12, bytes.len() / 2, bytes.len() - 1] {
        flip(&path, at);
        let vault = p.open().await;
        clean(&vault).await;
        vault.close().await;
        // Kept anew, by a replay of all.
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
    }
    // Nor of the same member in an older copy of the workspace.
    let older = p.dir.with_file_name("older");
    copy_dir(&p.dir, &older);
    let vault = p.open().await;
    vault.record(act(1), now()).await.unwrap();
    vault.close().await;
    let opened = Vault::open(&older, options(&p.state, PASS, Mode::Normal)).await;
    assert!(matches!(opened, Err(OpenError::LedgerRolledBack { .. })));
}
