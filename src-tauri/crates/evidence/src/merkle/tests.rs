use proptest::prelude::*;

use super::*;

fn leaves(n: u64) -> Vec<Hash> {
    (0..n).map(|i| leaf_hash(&i.to_be_bytes())).collect()
}

/// RFC 6962 section 2.1 word for word, as an oracle.
fn mth(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [one] => *one,
        many => {
            let k = many.len().next_power_of_two() / 2;
            node_hash(&mth(&many[..k]), &mth(&many[k..]))
        }
    }
}

#[test]
fn roots_of_the_certificate_transparency_test_log() {
    // The eight entries and roots that RFC 6962 implementations share.
    let entries: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let mut range = CompactRange::new();
    assert_eq!(range.root().to_hex(), Hash::sha256(b"").to_hex());
    for (entry, root) in entries.iter().zip(roots) {
        range.push(leaf_hash(entry));
        assert_eq!(range.root().to_hex(), root);
    }
}

#[test]
fn every_proof_of_small_trees() {
    let all = leaves(40);
    for n in 1..=40u64 {
        let tree = &all[..n as usize];
        let root = mth(tree);
        for i in 0..n {
            let proof = inclusion_proof(tree, i);
            assert_eq!(
                verify_inclusion(i, n, &tree[i as usize], &proof, &root),
                Ok(())
            );
            assert!(verify_inclusion(i, n, &all[39], &proof, &root).is_err() || i == 39);
            // The same proof when the front of the log is known by its frontier alone.
            for first in 0..=i {
                let mut front = CompactRange::new();
                tree[..first as usize].iter().for_each(|l| front.push(*l));
                assert_eq!(
                    inclusion_proof_in_range(first, front.frontier(), &tree[first as usize..], i),
                    Ok(proof.clone())
                );
            }
        }
        for old in 1..=n {
            let proof = consistency_proof(tree, old);
            let old_root = mth(&tree[..old as usize]);
            assert_eq!(verify_consistency(old, n, &proof, &old_root, &root), Ok(()));
            let wrong = leaf_hash(b"other");
            assert!(verify_consistency(old, n, &proof, &wrong, &root).is_err());
            assert!(verify_consistency(old, n, &proof, &old_root, &wrong).is_err());
        }
    }
}

#[test]
fn proof_of_an_unknown_front_is_refused() {
    let all = leaves(8);
    assert_eq!(
        inclusion_proof_in_range(4, &[mth(&all[..4])], &all[4..], 2),
        Err(MerkleError::OutOfRange { index: 2, size: 8 })
    );
    assert_eq!(
        CompactRange::from_frontier(3, vec![all[0]]),
        Err(MerkleError::WrongLength {
            expected: 2,
            found: 1
        })
    );
}

#[test]
fn a_range_tree_has_the_root_and_the_consistency_proofs() {
    let all = leaves(37);
    for n in 1..=37usize {
        for first in 0..=n {
            let mut front = CompactRange::new();
            all[..first].iter().for_each(|l| front.push(*l));
            let known = all[first..n].to_vec();
            let tree = RangeTree::new(first as u64, front.frontier(), known).unwrap();
            assert_eq!(tree.root(), mth(&all[..n]), "{first} {n}");
            for old in first.max(1)..=n {
                let proof = tree.consistency(old as u64);
                assert_eq!(proof, Ok(consistency_proof(&all[..n], old as u64)));
            }
        }
    }
}

proptest! {
    #[test]
    fn compact_range_has_the_root_of_the_definition(n in 0u64..300, cut in 0u64..300) {
        let all = leaves(n);
        let cut = cut.min(n);
        let mut range = CompactRange::new();
        all[..cut as usize].iter().for_each(|l| range.push(*l));
        let mut resumed = CompactRange::from_frontier(cut, range.frontier().to_vec()).unwrap();
        all[cut as usize..].iter().for_each(|l| resumed.push(*l));
        prop_assert_eq!(resumed.root(), mth(&all));
        prop_assert_eq!(resumed.size(), n);
    }
}
