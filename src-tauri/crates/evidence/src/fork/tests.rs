use super::*;
use crate::merkle::{CompactRange, consistency_proof, leaf_hash};
use crate::note::SigningKey;

const ORIGIN: &str = "log.example/forked";

fn key(name: &str, seed: u8) -> SigningKey {
    SigningKey::from_seed(name, &[seed; 32]).unwrap()
}

/// Leaves of a log that differ from record 5 on in its second branch.
fn leaves(branch: u8, size: u64) -> Vec<Hash> {
    (0..size)
        .map(|i| leaf_hash(&[u8::from(i >= 5) * branch, i as u8]))
        .collect()
}

fn root(branch: u8, size: u64) -> Hash {
    let mut range = CompactRange::new();
    leaves(branch, size).into_iter().for_each(|l| range.push(l));
    range.root()
}

fn note(key: &SigningKey, origin: &str, branch: u8, size: u64) -> String {
    let (origin, root) = (origin.to_owned(), root(branch, size));
    let checkpoint = Checkpoint { origin, size, root };
    key.sign_note(&checkpoint.to_text()).unwrap()
}

fn step(branch: u8, from: u64, to: u64) -> Step {
    Step {
        size: to,
        root: root(branch, to),
        proof: consistency_proof(&leaves(branch, to), from),
    }
}

fn branch(key: &SigningKey, number: u8, sizes: &[u64]) -> Branch {
    let steps = sizes.windows(2).map(|w| step(number, w[0], w[1]));
    Branch {
        root: root(number, sizes[0]),
        steps: steps.collect(),
        note: note(key, ORIGIN, number, sizes[sizes.len() - 1]),
    }
}

#[test]
fn equal_sizes_greater_sizes_and_several_steps_prove_a_fork() {
    let key = key(ORIGIN, 1);
    let keys = [key.verifier_key().clone()];
    for (a, b) in [
        (&[6][..], &[6][..]),
        (&[6], &[6, 9]),
        (&[6, 8], &[6, 7, 11, 20]),
        (&[8, 9], &[8]),
    ] {
        let proof = ForkProof::new(ORIGIN, a[0], [branch(&key, 1, a), branch(&key, 2, b)]);
        let read = ForkProof::parse(proof.to_json().as_bytes()).unwrap();
        assert_eq!(read, proof);
        let found = read.verify(&keys).unwrap();
        assert!(found.is_proven());
        assert_eq!(found.forkers(), [&keys[0]]);
        assert_eq!((found.size, found.trees[1].size), (a[0], b[b.len() - 1]));
        // Without the key it is arithmetic about two notes of nobody.
        assert!(!read.verify(&[]).unwrap().is_proven());
    }
}

#[test]
fn what_is_no_fork_or_was_changed_proves_nothing() {
    let (key, other) = (key(ORIGIN, 1), key("log.example/other", 2));
    let keys = [key.verifier_key().clone()];
    let good = ForkProof::new(
        ORIGIN,
        6,
        [branch(&key, 1, &[6, 9]), branch(&key, 2, &[6, 7, 12])],
    );
    let refused = |change: &dyn Fn(&mut ForkProof)| {
        let mut proof = good.clone();
        change(&mut proof);
        proof.verify(&keys).unwrap_err()
    };
    // One honest log, seen at two sizes.
    let same = refused(&|p| p.branches[1] = branch(&key, 1, &[6, 12]));
    assert_eq!(same, ForkProofError::SameRoot(6));
    let common = ForkProof::new(
        ORIGIN,
        5,
        [branch(&key, 1, &[5, 9]), branch(&key, 2, &[5, 12])],
    );
    assert_eq!(common.verify(&keys), Err(ForkProofError::SameRoot(5)));
    // A root that the signed tree does not have at that size.
    let claimed = refused(&|p| p.branches[0].root = Hash::sha256(b"x"));
    assert!(matches!(
        claimed,
        ForkProofError::Consistency {
            branch: 0,
            step: 0,
            ..
        }
    ));
    let bent = refused(&|p| p.branches[1].steps[1].proof[0] = Hash::sha256(b"x"));
    assert!(matches!(
        bent,
        ForkProofError::Consistency {
            branch: 1,
            step: 1,
            ..
        }
    ));
    let unsigned = refused(&|p| {
        p.branches[1].steps.pop();
    });
    assert_eq!(unsigned, ForkProofError::End(1));
    let downwards = refused(&|p| p.branches[1].steps[1].size = 7);
    assert_eq!(downwards, ForkProofError::Steps(1));
    let endless = refused(&|p| p.branches[0].steps = vec![step(1, 6, 7); 65]);
    assert_eq!(endless, ForkProofError::Steps(0));
    let foreign = refused(&|p| p.branches[0].note = note(&key, "log.example/2", 1, 9));
    assert_eq!(foreign, ForkProofError::Origin(0));
    let edited = refused(&|p| p.branches[0].note = p.branches[0].note.replace("\n9\n", "\n8\n"));
    assert!(matches!(edited, ForkProofError::Note { branch: 0, .. }));
    assert_eq!(refused(&|p| p.size = 0), ForkProofError::Head);
    assert_eq!(refused(&|p| p.origin = "a\nb".into()), ForkProofError::Head);
    // A branch that a stranger signed binds nobody.
    let mut strange = good.clone();
    strange.branches[1] = branch(&other, 2, &[6, 12]);
    let found = strange.verify(&keys).unwrap();
    assert!(!found.is_proven() && found.forkers().is_empty());
    for text in [
        "{}".to_owned(),
        good.to_json().replace("/v1", "/v2"),
        good.to_json()
            .replacen("\"size\"", "\"size\": 6, \"more\"", 1),
        " ".repeat(MAX_FORK_PROOF + 1),
    ] {
        let error = ForkProof::parse(text.as_bytes()).unwrap_err();
        assert_eq!(error.code(), "fork-proof-format");
    }
}
