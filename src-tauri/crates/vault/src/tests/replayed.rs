//! Asking whether the ledger replays goes on from where it was asked last, and believes nobody else.

use super::*;
use crate::keys::KeyName;
use crate::ledger::ReplayReason;

#[tokio::test]
async fn what_came_is_replayed_and_what_somebody_else_changes_has_all_of_it_replayed() {
    let p = place(Role::Responder).await;
    let vault = p.open().await;
    vault.record(act(1), now()).await.unwrap();
    assert_eq!(vault.replay().await.unwrap(), Ok(3));
    vault.record(act(2), now()).await.unwrap();
    assert_eq!(vault.replay().await.unwrap(), Ok(4));
    assert_eq!(vault.replay().await.unwrap(), Ok(4));

    // Whoever holds the database key, beside the program that has it open, and back again.
    let database = vault.inner.keys.oldest(KeyName::Database).unwrap();
    let other = crate::db::writer(&p.dir, database, crate::db::Access::Write).unwrap();
    let change = |sql: &str| assert_eq!(other.execute(sql, []).unwrap(), 1, "{sql}");
    change("UPDATE ledger SET actor = 'C-AAAAA' || actor WHERE idx = 2");
    let fault = vault.replay().await.unwrap().unwrap_err();
    assert_eq!(
        (fault.index, fault.reason),
        (2, ReplayReason::Column("actor"))
    );
    assert!(vault.replay().await.unwrap().is_err(), "and stays so");
    change("UPDATE ledger SET actor = substr(actor, 8) WHERE idx = 2");
    assert_eq!(vault.replay().await.unwrap(), Ok(4));
    // What was replayed before is looked at as well as what came.
    change("UPDATE ledger SET signature = zeroblob(64) WHERE idx = 3");
    vault.record(act(3), now()).await.unwrap();
    let fault = vault.replay().await.unwrap().unwrap_err();
    assert_eq!((fault.index, fault.reason), (3, ReplayReason::Signature));
}

#[tokio::test]
async fn an_opening_is_gone_on_from_and_so_is_an_epoch() {
    let p = place(Role::Responder).await;
    let vault = p.open().await;
    vault.record(act(1), now()).await.unwrap();
    vault.close().await;
    let backup = p.state.join("backup");
    copy_dir(&p.dir, &backup);
    let vault = p.open().await;
    vault.record(act(2), now()).await.unwrap();
    assert_eq!(vault.replay().await.unwrap(), Ok(4));
    vault.close().await;

    let restored = options(&p.state, PASS, Mode::Restore);
    let vault = Vault::open(&backup, restored).await.unwrap();
    vault.record(act(3), now()).await.unwrap();
    // The entries of before, the one of the new epoch that names them, and one more.
    assert_eq!(vault.replay().await.unwrap(), Ok(5));
    assert_eq!(vault.ledger_head().epoch, 1);
    // From its beginning, an entry of the new epoch that continues nothing is found.
    let of_before = "UPDATE ledger SET previous = zeroblob(32) WHERE epoch = 1 AND idx = 1";
    {
        let writer = vault.inner.writer();
        assert_eq!(writer.conn.execute(of_before, []).unwrap(), 1);
    }
    vault.inner.followed.lock().unwrap().take();
    let fault = vault.replay().await.unwrap().unwrap_err();
    assert_eq!((fault.epoch, fault.reason), (1, ReplayReason::Previous));
}
