//! Vectors that others made. They lie beside the project, in `../shared/corpora`, and are not
//! part of it: absent, a test says so and passes, except with `CI=true`.

#![expect(clippy::print_stdout, reason = "says which vectors are absent")]

use std::path::{Path, PathBuf};

use evidence::{
    Checkpoint, CompactRange, Hash, SignedNote, VerifierKey,
    merkle::{leaf_hash, verify_consistency, verify_inclusion},
};
use serde_json::Value;

fn corpus(name: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(3)?;
    let folder = root.join("../shared/corpora").join(name);
    if folder.exists() {
        return Some(folder);
    }
    assert_ne!(
        std::env::var("CI").as_deref(),
        Ok("true"),
        "corpus {name} is absent"
    );
    println!("corpus {name}: not present");
    None
}

fn json_files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            json_files(&path, out);
        } else if path.extension().is_some_and(|e| e == "json") {
            out.push(path);
        }
    }
}

fn cases(folder: &Path) -> Vec<(PathBuf, Value)> {
    let mut files = Vec::new();
    json_files(folder, &mut files);
    files.sort();
    let read = |path: PathBuf| {
        let value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        (path, value)
    };
    files.into_iter().map(read).collect()
}

fn hash(value: &Value) -> Option<Hash> {
    value.as_str()?.parse().ok()
}

/// A root. Some vectors put other bytes where its value does not matter; they stand here as
/// their own SHA-256, so that equal stays equal and different stays different.
fn root(value: &Value) -> Option<Hash> {
    let stand_in = |text: &str| Hash::sha256(format!("stand-in {text}").as_bytes());
    let text = value.as_str().filter(|t| !t.is_empty())?;
    Some(text.parse().unwrap_or_else(|_| stand_in(text)))
}

fn proof(value: &Value) -> Option<Vec<Hash>> {
    match value {
        Value::Null => Some(Vec::new()),
        list => list.as_array()?.iter().map(hash).collect(),
    }
}

fn number(case: &Value, name: &str) -> u64 {
    case[name].as_u64().unwrap()
}

/// A vector agrees when we accept exactly what it accepts.
fn judge(kind: &str, check: impl Fn(&Value) -> Option<bool>, at_least: usize) {
    let Some(folder) = corpus("merkle") else {
        return;
    };
    let cases = cases(&folder.join("testdata").join(kind));
    let mut bad = 0;
    for (path, case) in &cases {
        let wanted = !case["wantErr"].as_bool().unwrap();
        let found = check(case).unwrap_or(false);
        assert_eq!(found, wanted, "{}: {}", path.display(), case["desc"]);
        bad += usize::from(!wanted);
    }
    assert!(
        cases.len() >= at_least && bad > 0,
        "{kind}: {} cases",
        cases.len()
    );
}

#[test]
fn transparency_dev_inclusion_proofs() {
    let check = |case: &Value| {
        let (index, size) = (number(case, "leafIdx"), number(case, "treeSize"));
        let (leaf, root) = (hash(&case["leafHash"])?, hash(&case["root"])?);
        Some(verify_inclusion(index, size, &leaf, &proof(&case["proof"])?, &root).is_ok())
    };
    judge("inclusion", check, 90);
}

#[test]
fn transparency_dev_consistency_proofs() {
    let check = |case: &Value| {
        let (old, new) = (number(case, "size1"), number(case, "size2"));
        let (old_root, new_root) = (root(&case["root1"])?, root(&case["root2"])?);
        Some(verify_consistency(old, new, &proof(&case["proof"])?, &old_root, &new_root).is_ok())
    };
    judge("consistency", check, 90);
}

/// A subtree that starts at 0 is a prefix, and its proof an ordinary consistency proof;
/// inside an aligned subtree, inclusion is that of a tree by itself.
#[test]
fn transparency_dev_subtree_proofs() {
    let Some(folder) = corpus("merkle") else {
        return;
    };
    let mut seen = 0;
    for (path, case) in cases(&folder.join("testdata/subtreeconsistency")) {
        if number(&case, "start") != 0 || number(&case, "end") == 0 {
            continue;
        }
        seen += 1;
        let (end, size) = (number(&case, "end"), number(&case, "size"));
        let check = || {
            let (one, two) = (root(&case["root1"])?, root(&case["root2"])?);
            let proof = proof(&case["proof"])?;
            Some(verify_consistency(end, size, &proof, &one, &two).is_ok())
        };
        let wanted = !case["wantErr"].as_bool().unwrap();
        assert_eq!(
            check().unwrap_or(false),
            wanted,
            "{}: {}",
            path.display(),
            case["desc"]
        );
    }
    for (path, case) in cases(&folder.join("testdata/subtreeinclusion")) {
        seen += 1;
        let (index, start, end) = (
            number(&case, "leafIdx"),
            number(&case, "start"),
            number(&case, "end"),
        );
        let check = || {
            let width = end.checked_sub(start)?;
            let aligned = width > 0 && start.is_multiple_of(width.checked_next_power_of_two()?);
            let (leaf, root) = (hash(&case["leafHash"])?, hash(&case["root"])?);
            let index = index.checked_sub(start)?;
            let proof = proof(&case["proof"])?;
            Some(aligned && verify_inclusion(index, width, &leaf, &proof, &root).is_ok())
        };
        let wanted = !case["wantErr"].as_bool().unwrap();
        assert_eq!(
            check().unwrap_or(false),
            wanted,
            "{}: {}",
            path.display(),
            case["desc"]
        );
    }
    assert!(seen > 50, "{seen} cases");
}

fn verified(note: &Path, vkey: &VerifierKey) -> SignedNote {
    let note = SignedNote::parse(&std::fs::read(note).unwrap()).unwrap();
    assert_eq!(
        note.verify(std::slice::from_ref(vkey)),
        Ok(vec![vkey.clone()])
    );
    note
}

fn vkey(path: &Path) -> VerifierKey {
    let text = std::fs::read_to_string(path).unwrap();
    let key: VerifierKey = text.trim_end().parse().unwrap();
    assert_eq!(key.to_string(), text.trim_end());
    key
}

#[test]
fn notes_and_checkpoints_that_others_signed() {
    let Some(folder) = corpus("checkpoints") else {
        return;
    };
    let key = vkey(&folder.join("c2sp-example.vkey"));
    let note = verified(&folder.join("c2sp-example.note"), &key);
    assert_eq!(note.text(), "This is an example message.\n");
    for (note, key, size) in [
        (
            "sum.golang.org-35225469.note",
            "sum.golang.org.vkey",
            35_225_469,
        ),
        ("tessera-15.note", "tessera-testdata.vkey", 15),
    ] {
        let key = vkey(&folder.join(key));
        let path = folder.join(note);
        let note = verified(&path, &key);
        let checkpoint = Checkpoint::parse(note.text()).unwrap();
        assert_eq!(checkpoint.size, size);
        assert_eq!(checkpoint.to_text(), note.text());
        let bytes = std::fs::read(&path).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let result =
                SignedNote::parse(&changed).and_then(|n| n.verify(std::slice::from_ref(&key)));
            assert!(result.is_err() || result == Ok(vec![]), "byte {at}");
        }
    }
}

/// A log of 15 entries with a signed checkpoint for each size: our tree over its entries has
/// each of those roots.
#[test]
fn a_tessera_log_from_size_0_to_15() {
    let Some(folder) = corpus("tessera") else {
        return;
    };
    let log = folder.join("testdata/log");
    let Some(keys) = corpus("checkpoints") else {
        return;
    };
    let key = vkey(&keys.join("tessera-testdata.vkey"));
    // An entry bundle is a sequence of u16be length and bytes (C2SP tlog-tiles).
    let bundle = std::fs::read(log.join("tile/entries/000.p/15")).unwrap();
    let mut rest = bundle.as_slice();
    let mut leaves = Vec::new();
    while let Some((length, tail)) = rest.split_first_chunk::<2>() {
        let (entry, tail) = tail.split_at(u16::from_be_bytes(*length).into());
        leaves.push(leaf_hash(entry));
        rest = tail;
    }
    assert_eq!(leaves.len(), 15);
    let tile = std::fs::read(log.join("tile/0/000.p/15")).unwrap();
    let hashes: Vec<&[u8]> = tile.chunks(32).collect();
    assert!(leaves.iter().zip(hashes).all(|(leaf, hash)| leaf.0 == hash));
    let mut range = CompactRange::new();
    let mut older = Vec::new();
    for size in 0..=15u64 {
        let note = verified(&log.join(format!("checkpoint.{size}")), &key);
        let checkpoint = Checkpoint::parse(note.text()).unwrap();
        assert_eq!((checkpoint.size, checkpoint.root), (size, range.root()));
        let so_far = &leaves[..size as usize];
        for (old, old_root) in &older {
            let proof = evidence::merkle::consistency_proof(so_far, *old);
            assert_eq!(
                verify_consistency(*old, size, &proof, old_root, &checkpoint.root),
                Ok(())
            );
        }
        if size > 0 {
            older.push((size, checkpoint.root));
        }
        if let Some(leaf) = leaves.get(size as usize) {
            range.push(*leaf);
        }
    }
}

#[test]
fn wycheproof_ed25519() {
    let Some(folder) = corpus("wycheproof") else {
        return;
    };
    let text = std::fs::read(folder.join("ed25519_test.json")).unwrap();
    let file: Value = serde_json::from_slice(&text).unwrap();
    let hex = |value: &Value| {
        let text = value.as_str().unwrap().as_bytes();
        data_encoding::HEXLOWER.decode(text).unwrap()
    };
    let (mut valid, mut invalid) = (0, 0);
    for group in file["testGroups"].as_array().unwrap() {
        let key = hex(&group["publicKey"]["pk"]).try_into().unwrap();
        let key = VerifierKey::new("wycheproof", key);
        for case in group["tests"].as_array().unwrap() {
            let wanted = case["result"] == "valid";
            let accepts = |k: &VerifierKey| k.verifies(&hex(&case["msg"]), &hex(&case["sig"]));
            let found = key.as_ref().is_ok_and(accepts);
            assert_eq!(found, wanted, "case {}", case["tcId"]);
            *(if wanted { &mut valid } else { &mut invalid }) += 1;
        }
    }
    assert!(
        valid > 50 && invalid > 50,
        "{valid} valid, {invalid} invalid"
    );
}

#[test]
fn wycheproof_ml_dsa_44() {
    let Some(folder) = corpus("wycheproof") else {
        return;
    };
    let text = std::fs::read(folder.join("mldsa_44_verify_test.json")).unwrap();
    let file: Value = serde_json::from_slice(&text).unwrap();
    let hex = |value: &Value| {
        let text = value.as_str().unwrap().as_bytes();
        data_encoding::HEXLOWER.decode(text).unwrap()
    };
    let (mut valid, mut invalid, mut context) = (0, 0, 0);
    for group in file["testGroups"].as_array().unwrap() {
        let key = hex(&group["publicKey"]);
        let key = (key.as_slice().try_into().ok())
            .and_then(|key| VerifierKey::ml_dsa_44("wycheproof", key).ok());
        for case in group["tests"].as_array().unwrap() {
            let mut wanted = case["result"] == "valid";
            // A cosignature has no context, so one made with a context is none of ours.
            if case.get("ctx").is_some_and(|ctx| ctx != "") {
                context += 1;
                wanted = false;
            }
            let accepts = |k: &VerifierKey| k.verifies(&hex(&case["msg"]), &hex(&case["sig"]));
            let found = key.as_ref().is_some_and(accepts);
            assert_eq!(found, wanted, "case {}", case["tcId"]);
            *(if wanted { &mut valid } else { &mut invalid }) += 1;
        }
    }
    println!("{valid} valid, {invalid} invalid, {context} of them with a context");
    assert!(
        valid >= 20 && invalid >= 20,
        "{valid} valid, {invalid} invalid"
    );
}
