//! Every way a sealed file can be wrong has its own exact error.

use std::io::{Read as _, Seek as _, SeekFrom};

use super::*;

const CHUNK: usize = 64 * 1024;
const SEALED: usize = CHUNK + 16;

async fn content(vault: &Vault, file: &SealedFile) -> Result<Vec<u8>, SealError> {
    let mut reader = match vault.open_sealed("original", &file.id).await {
        Ok(reader) => reader,
        Err(VaultError::Sealed(e)) => return Err(e),
        Err(e) => panic!("{e:?}"),
    };
    let mut out = Vec::new();
    match reader.read_to_end(&mut out) {
        Ok(_) => Ok(out),
        Err(e) => Err(e.downcast::<SealError>().unwrap()),
    }
}

#[tokio::test]
async fn content_of_every_length_comes_back_from_any_position() {
    let p = place(Role::Responder).await;
    let vault = p.open().await;
    for len in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK] {
        let bytes: Vec<u8> = (0..len).map(|i| (i % 251) as u8).collect();
        let file = vault
            .seal_file("original", std::io::Cursor::new(bytes.clone()))
            .await
            .unwrap();
        assert_eq!((file.size, file.sha256), (len as u64, Hash::sha256(&bytes)));
        assert_eq!(content(&vault, &file).await.unwrap(), bytes);
        let mut reader = vault.open_sealed("original", &file.id).await.unwrap();
        assert_eq!(reader.size(), len as u64);
        reader.seek(SeekFrom::End(-(len.min(5) as i64))).unwrap();
        let mut tail = Vec::new();
        reader.read_to_end(&mut tail).unwrap();
        assert_eq!(tail, bytes[len - len.min(5)..]);
    }
}

#[tokio::test]
async fn each_damage_has_its_own_error() {
    let p = place(Role::Responder).await;
    let vault = p.open().await;
    let bytes: Vec<u8> = (0..3 * CHUNK + 100).map(|i| (i % 251) as u8).collect();
    let file = vault
        .seal_file("original", std::io::Cursor::new(bytes))
        .await
        .unwrap();
    let other = vault.seal_file("original", &b"another"[..]).await.unwrap();
    let path = sealed_path(&vault, &file.id);
    let good = std::fs::read(&path).unwrap();
    let base = good.len() - 3 * SEALED - 116;
    let id = file.id.clone();
    let with = async |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = good.clone();
        change(&mut bytes);
        std::fs::write(&path, bytes).unwrap();
        content(&vault, &file).await.unwrap_err()
    };
    assert_eq!(
        with(&|b| b[base + SEALED + 9] ^= 1).await,
        SealError::Altered {
            id: id.clone(),
            chunk: 1
        }
    );
    assert_eq!(
        with(&|b| b.truncate(base + 2 * SEALED)).await,
        SealError::Truncated {
            id: id.clone(),
            chunk: 1
        }
    );
    assert_eq!(
        with(&|b| b.truncate(base + 2 * SEALED + 7)).await,
        SealError::Truncated {
            id: id.clone(),
            chunk: 1
        }
    );
    assert_eq!(
        with(&|b| b.truncate(base + 2 * SEALED + 70)).await,
        SealError::Altered {
            id: id.clone(),
            chunk: 2
        }
    );
    let swap = |b: &mut Vec<u8>| {
        let first = b[base..base + SEALED].to_vec();
        b.copy_within(base + SEALED..base + 2 * SEALED, base);
        b[base + SEALED..base + 2 * SEALED].copy_from_slice(&first);
    };
    let swapped = with(&swap);
    assert_eq!(
        swapped.await,
        SealError::Reordered {
            id: id.clone(),
            chunk: 0,
            belongs: 1
        }
    );
    assert_eq!(
        with(&|b| b[3] ^= 1).await,
        SealError::Header { id: id.clone() }
    );
    assert_eq!(
        with(&|b| b.truncate(5)).await,
        SealError::Header { id: id.clone() }
    );
    let foreign = std::fs::read(sealed_path(&vault, &other.id)).unwrap();
    assert_eq!(
        with(&|b| b.clone_from(&foreign)).await,
        SealError::Exchanged { id: id.clone() }
    );
    std::fs::remove_file(&path).unwrap();
    assert_eq!(
        content(&vault, &file).await,
        Err(SealError::Missing { id: id.clone() })
    );
    std::fs::write(&path, &good).unwrap();
    content(&vault, &file).await.unwrap();
    // As another kind it is refused, too.
    let wrong = vault.open_sealed("segment", &id).await;
    assert!(matches!(
        wrong,
        Err(VaultError::Sealed(SealError::Exchanged { .. }))
    ));
}

#[tokio::test]
async fn fsck_names_the_damaged_file() {
    let p = place(Role::Responder).await;
    let vault = p.open().await;
    let done = import(&vault, b"original bytes", 300).await;
    clean(&vault).await;
    let store = vault.segment(done.segment).await.unwrap().store;
    let path = sealed_path(&vault, &store);
    let len = std::fs::metadata(&path).unwrap().len() as usize;
    flip(&path, len - 40);
    let report = vault.fsck(|_, _| {}, None).await.unwrap();
    let names: Vec<_> = report.findings().map(|c| c.name.clone()).collect();
    assert_eq!(
        names,
        [
            format!("sealed segment {store}"),
            format!("segment {}", done.segment)
        ]
    );
    std::fs::write(sealed_path(&vault, &"ab".repeat(16)), b"stray").unwrap_or_else(|_| {
        std::fs::create_dir_all(p.dir.join("sealed/ab")).unwrap();
        std::fs::write(sealed_path(&vault, &"ab".repeat(16)), b"stray").unwrap();
    });
    let report = vault.fsck(|_, _| {}, None).await.unwrap();
    assert!(report.findings().any(|c| c.name == "files"), "{report:?}");
}
