use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use proptest::prelude::*;

use super::*;
use crate::{
    Checkpoint, ConsistencyLink,
    merkle::{CompactRange, consistency_proof, leaf_hash},
    note::{CosigningKey, LogKeys, SignedNote, SigningKey},
};

fn signing(seed: u8) -> SigningKey {
    SigningKey::from_seed("log", &[seed; 32]).unwrap()
}

fn key(seed: u8) -> VerifierKey {
    signing(seed).verifier_key().clone()
}

fn cosigning(seed: u8) -> CosigningKey {
    CosigningKey::from_seed("log", &[seed; 32]).unwrap()
}

fn fp(seed: u8) -> Fingerprint {
    Fingerprint::of(&key(seed))
}

fn policy(rest: &str) -> String {
    let keys = format!("\"{}\",\"{}\"", key(1), key(2));
    format!(
        r#"{{"format":"muniment/trust/v1","origins":[{{"origin":"log","keys":[{keys}]{rest}}}]}}"#
    )
}

fn parse(rest: &str) -> OriginTrust {
    let trust = Trust::parse(policy(rest).as_bytes()).unwrap();
    trust.origin("log").unwrap().clone()
}

fn at(day: u32) -> DateTime<Utc> {
    format!("2026-11-{day:02}T00:00:00Z").parse().unwrap()
}

/// Root of the log of which every test's candidates are ranges, at a size.
fn root(size: u64) -> Hash {
    let mut range = CompactRange::new();
    (0..size).for_each(|k| range.push(leaf_hash(&k.to_be_bytes())));
    range.root()
}

fn note(size: u64, root: Hash, seeds: &[u8]) -> Attribution {
    let checkpoint = Checkpoint {
        origin: "log".into(),
        size,
        root,
    };
    let text = checkpoint.to_text();
    // A stranger signs too: nothing may rest on that.
    let lines: String = (seeds.iter().chain(&[200]))
        .map(|s| {
            let note = signing(*s).sign_note(&text).unwrap();
            note.lines().last().unwrap().to_owned() + "\n"
        })
        .collect();
    let note = SignedNote::parse(format!("{text}\n{lines}").as_bytes()).unwrap();
    Attribution::of(&note, &(1..=4).map(key).collect::<Vec<_>>())
}

/// The range `[first, last)`, its two checkpoints signed by these keys.
fn range(first: u64, last: u64, seeds: &[u8]) -> Candidate {
    Candidate {
        first,
        last,
        roots: BTreeMap::from([(first, root(first)), (last, root(last))]),
        checkpoint: note(last, root(last), seeds),
        previous: (first > 0).then(|| note(first, root(first), seeds)),
        stored: Some(at(10)),
        schemas: vec![(schema(2), Some(root(1)))],
    }
}

fn schema(version: u32) -> SchemaRef {
    SchemaRef {
        id: "a".into(),
        version,
    }
}

/// `accepted`, or the code of what keeps it from counting, with `!` when that is final.
fn word(decision: &Decision) -> String {
    match decision {
        Decision::Accepted(_) => "accepted".into(),
        Decision::Pending(why) => why.code().into(),
        Decision::Refused(why) => format!("{}!", why.code()),
    }
}

fn decided(policy: &OriginTrust, candidates: &[Candidate]) -> Vec<String> {
    decide(policy, candidates, &[]).iter().map(word).collect()
}

#[test]
fn the_table_of_requirements() {
    let (one, two) = (fp(1), fp(2));
    let ranges = format!(
        r#","requirement":[{{"from":0,"to":10,"any":["{one}","{two}"]}},{{"from":20,"all":["{one}","{two}"]}}]"#
    );
    let only_one = format!(r#","requirement":[{{"from":0,"any":["{one}"]}}]"#);
    for (rest, size, seeds, expected) in [
        ("", 5, &[2][..], "accepted"),
        ("", 5, &[3], "unsigned"),
        ("", 5, &[3, 1], "accepted"),
        (&ranges, 9, &[2], "accepted"),
        (&ranges, 9, &[3], "unsigned"),
        (&ranges, 15, &[1, 2], "not-covered"),
        (&ranges, 20, &[1], "requirement!"),
        (&ranges, 20, &[2, 1], "accepted"),
        (&ranges, 2_000, &[2, 1], "accepted"),
        (&only_one, 5, &[2], "requirement!"),
    ] {
        let found = decided(&parse(rest), &[range(0, size, seeds)]);
        assert_eq!(found, [expected], "{rest} {size} {seeds:?}");
    }
    let policy = parse(&ranges);
    let missing = decide(&policy, &[range(0, 20, &[1])], &[]);
    let why = missing[0].why().unwrap();
    assert!(
        matches!(why, TrustError::NotSatisfied { all: true, missing, .. } if *missing == [two])
    );
    assert!(why.to_string().contains(&two.to_string()));
    // The checkpoint before it needs what its own size needs.
    let mut mixed = range(20, 30, &[1, 2]);
    mixed.previous = Some(note(20, root(20), &[1]));
    assert_eq!(decided(&policy, &[mixed]), ["requirement!"]);
}

#[test]
fn pinning_an_ml_dsa_key_makes_all_of_the_default() {
    let mut policy = parse("");
    let cosigner = cosigning(9);
    policy.keys.pop();
    policy.keys.push(PinnedKey(cosigner.verifier_key().clone()));
    assert!(matches!(policy.required_at(3), Some(Signers::All(keys)) if keys.len() == 2));
    let checkpoint = Checkpoint {
        origin: "log".into(),
        size: 5,
        root: root(5),
    };
    let signed = |cosigner| {
        let keys = LogKeys {
            log: signing(1),
            cosigner,
        };
        let note = keys.sign(&checkpoint, 1_700_000_000).unwrap();
        let pinned: Vec<VerifierKey> = policy.keys.iter().map(|k| k.0.clone()).collect();
        let mut candidate = range(0, 5, &[]);
        candidate.checkpoint =
            Attribution::of(&SignedNote::parse(note.as_bytes()).unwrap(), &pinned);
        (note, candidate)
    };
    let (both, candidate) = signed(Some(cosigning(9)));
    assert_eq!(
        decided(&policy, std::slice::from_ref(&candidate)),
        ["accepted"]
    );
    // Stripped of one signature, whichever: a missing one fails.
    assert_eq!(decided(&policy, &[signed(None).1]), ["requirement!"]);
    let pinned: Vec<VerifierKey> = policy.keys.iter().map(|k| k.0.clone()).collect();
    let with = |lines: &[&str]| {
        let text = format!("{}\n{}\n", checkpoint.to_text(), lines.join("\n"));
        let mut changed = candidate.clone();
        changed.checkpoint = Attribution::of(&SignedNote::parse(text.as_bytes()).unwrap(), &pinned);
        changed
    };
    let lines: Vec<&str> = both.lines().skip(4).collect();
    assert_eq!(decided(&policy, &[with(&lines[1..])]), ["requirement!"]);
    assert_eq!(decided(&policy, &[with(&lines)]), ["accepted"]);
    // The known ML-DSA key's signature of another time: the note is refused, not the line ignored.
    let (head, base64) = lines[1].rsplit_once(' ').unwrap();
    let mut bytes = data_encoding::BASE64.decode(base64.as_bytes()).unwrap();
    bytes[11] ^= 1;
    let forged = format!("{head} {}", data_encoding::BASE64.encode(&bytes));
    assert_eq!(
        decided(&policy, &[with(&[lines[0], &forged])]),
        ["bad-signature!"]
    );
    // Somebody else's cosignature is ignored.
    let stranger = cosigning(8).cosign_note(&both, 1).unwrap();
    let lines: Vec<&str> = stranger.lines().skip(4).collect();
    assert_eq!(decided(&policy, &[with(&lines)]), ["accepted"]);
}

#[test]
fn a_distrusted_key_counts_for_what_was_here_before_and_for_prefixes_of_the_successors_tree() {
    let distrust = |rest: &str| {
        parse(&format!(
            r#","distrust":[{{"key":"{}","from":20{rest}}}]"#,
            fp(1)
        ))
    };
    let unknown_time = distrust("");
    let dated = distrust(r#","compromised":"2026-11-15T00:00:00Z""#);
    let later = |mut c: Candidate| {
        c.stored = Some(at(20));
        c
    };
    let alone = |c: Candidate| Candidate { stored: None, ..c };
    for (policy, candidates, expected) in [
        // Stored before the compromise, and of a smaller size: as before.
        (&dated, vec![range(0, 10, &[1])], vec!["accepted"]),
        (&dated, vec![later(range(0, 10, &[1]))], vec!["distrusted"]),
        (&dated, vec![alone(range(0, 10, &[1]))], vec!["distrusted"]),
        // When nobody knows the time, nothing was before.
        (&unknown_time, vec![range(0, 10, &[1])], vec!["distrusted"]),
        // From the size on it never counts by itself.
        (&dated, vec![range(0, 20, &[1])], vec!["distrusted"]),
        // The successor's signature over a longer tree carries all its prefixes, through others.
        (
            &unknown_time,
            vec![range(0, 10, &[1]), range(10, 25, &[1]), range(25, 30, &[2])],
            vec!["accepted", "accepted", "accepted"],
        ),
        // Not across a gap that nothing bridges.
        (
            &unknown_time,
            vec![range(0, 10, &[1]), range(25, 30, &[2])],
            vec!["distrusted", "accepted"],
        ),
        // Signed by both: the other key is enough under any-of.
        (&unknown_time, vec![range(0, 30, &[1, 2])], vec!["accepted"]),
    ] {
        assert_eq!(decided(policy, &candidates), expected, "{candidates:?}");
    }
    // The previous checkpoint may be the compromised key's: the new tree begins with it.
    let mut next = range(10, 30, &[2]);
    next.previous = Some(note(10, root(10), &[1]));
    assert_eq!(decided(&unknown_time, &[next]), ["accepted"]);
    // A rewritten log that the thief signs is no prefix of anything.
    let forged = Hash::sha256(b"forged");
    let mut thief = range(0, 10, &[1]);
    thief.roots.insert(10, forged);
    thief.checkpoint = note(10, forged, &[1]);
    let both = [thief, range(0, 10, &[1]), range(10, 30, &[2])];
    assert_eq!(
        decided(&unknown_time, &both),
        ["distrusted", "accepted", "accepted"]
    );
    // A consistency proof bridges.
    let leaves: Vec<Hash> = (0..25u64).map(|k| leaf_hash(&k.to_be_bytes())).collect();
    let proof = consistency_proof(&leaves, 10);
    let link = ConsistencyLink::verify(10, 25, root(10), root(25), proof).unwrap();
    let gap = [range(0, 10, &[1]), range(25, 30, &[2])];
    let found: Vec<String> = decide(&unknown_time, &gap, &[link])
        .iter()
        .map(word)
        .collect();
    assert_eq!(found, ["accepted", "accepted"]);
    // Under all-of the compromised key cannot be done without.
    let mut all = unknown_time.clone();
    all.requirement = vec![Requirement {
        from: 0,
        to: None,
        signers: Signers::All(vec![fp(1), fp(2)]),
    }];
    assert_eq!(decided(&all, &[range(0, 30, &[1, 2])]), ["distrusted"]);
}

#[test]
fn schemas_are_those_allowed_with_their_source_file() {
    let allowed = |rest: &str| parse(&format!(r#","schemas":[{rest}]"#));
    let digest = Fingerprint(root(1));
    let other = Fingerprint(root(2));
    for (policy, expected) in [
        (parse(""), "accepted"),
        (allowed(r#"{"id":"a","version":2}"#), "accepted"),
        (
            allowed(&format!(r#"{{"id":"a","version":2,"digest":"{digest}"}}"#)),
            "accepted",
        ),
        (
            allowed(&format!(r#"{{"id":"a","version":2,"digest":"{other}"}}"#)),
            "schema-not-allowed!",
        ),
        (allowed(r#"{"id":"a","version":1}"#), "schema-not-allowed!"),
        (allowed(""), "schema-not-allowed!"),
    ] {
        assert_eq!(decided(&policy, &[range(0, 5, &[1])]), [expected]);
    }
    let pinned = allowed(&format!(r#"{{"id":"a","version":2,"digest":"{digest}"}}"#));
    assert!(pinned.allows_schema(&schema(2), None).is_err());
}

#[test]
fn lowering_a_requirement_admits_nothing_that_was_refused() {
    let strict = parse(&format!(
        r#","requirement":[{{"from":0,"all":["{}","{}"]}}]"#,
        fp(1),
        fp(2)
    ));
    let lax = parse("");
    let versions = |policies: &[(&OriginTrust, u32)]| -> Vec<Version> {
        let each = policies.iter().zip(1..);
        each.map(|((policy, day), number)| Version {
            number,
            since: at(*day),
            policy: (*policy).clone(),
        })
        .collect()
    };
    let words = |versions: &[Version], candidates: &[Candidate]| -> Vec<String> {
        let decided = decide_over_time(versions, candidates, &[]);
        decided.iter().map(word).collect()
    };
    // Stored on the 10th.
    let one = [range(0, 5, &[1])];
    for (history, expected) in [
        (vec![(&lax, 1)], "accepted"),
        (vec![(&lax, 20)], "accepted"),
        (vec![(&strict, 1)], "requirement!"),
        // It was here, and refused, when the requirement was lowered.
        (vec![(&strict, 1), (&lax, 12)], "refused-before!"),
        (vec![(&strict, 11), (&lax, 12)], "refused-before!"),
        (
            vec![(&strict, 11), (&lax, 12), (&strict, 13), (&lax, 14)],
            "refused-before!",
        ),
        // Lowered before it came.
        (vec![(&strict, 1), (&lax, 9)], "accepted"),
        // It counted first: raising and lowering again gives back what there was.
        (vec![(&lax, 1), (&strict, 12), (&lax, 13)], "accepted"),
        (vec![(&lax, 1), (&strict, 12)], "requirement!"),
    ] {
        assert_eq!(words(&versions(&history), &one), [expected]);
    }
    // What all required keys signed was never refused.
    let both = [range(0, 5, &[1, 2])];
    assert_eq!(
        words(&versions(&[(&strict, 1), (&lax, 12)]), &both),
        ["accepted"]
    );
    // A key that nobody had pinned leaves an export pending, which refuses nothing.
    let stranger = [range(0, 5, &[3])];
    let mut three = lax.clone();
    three.keys.push(PinnedKey(key(3)));
    assert_eq!(
        words(&versions(&[(&strict, 1), (&three, 12)]), &stranger),
        ["accepted"]
    );
    assert_eq!(words(&[], &one), ["unsigned"]);
}

fn proposal(replaces: Option<u8>, new: u8, index: u64) -> KeyProposal {
    let fields = |k: &SigningKey| {
        let replaces = replaces.map(fp);
        proposal_fields("log", index, replaces.as_ref(), NewKey::Log(k)).unwrap()
    };
    let texts: Vec<(String, String)> = fields(&signing(new))
        .into_iter()
        .map(|(name, text)| (format!("/{name}"), format!("\"{text}\"")))
        .collect();
    let read = texts.iter().map(|(p, v)| (p.as_str(), v.as_str()));
    KeyProposal::read("log", index, read).unwrap()
}

#[test]
fn a_proposal_proves_possession_for_its_place_only() {
    for new in [NewKey::Log(&signing(3)), NewKey::Cosigner(&cosigning(3))] {
        let fields = proposal_fields("log", 7, Some(&fp(1)), new).unwrap();
        let texts: Vec<(String, String)> = fields
            .into_iter()
            .map(|(name, text)| (format!("/{name}"), format!("\"{text}\"")))
            .collect();
        let read = |origin: &str, index: u64, skip: &str, put: Option<(&str, &str)>| {
            let kept = texts.iter().map(|(p, v)| (p.as_str(), v.as_str()));
            let kept = kept.filter(|(p, _)| *p != skip).chain(put);
            KeyProposal::read(origin, index, kept.collect::<Vec<_>>())
        };
        let good = read("log", 7, "", None).unwrap();
        assert_eq!(good.replaces, Some(fp(1)));
        // Another log, another place, another key to replace: the proof is of none of them.
        assert_eq!(read("other", 7, "", None), Err(ProposalError::Proof));
        assert_eq!(read("log", 8, "", None), Err(ProposalError::Proof));
        let other = format!("\"{}\"", fp(2));
        let swapped = read("log", 7, "/replaces", Some(("/replaces", &other)));
        assert_eq!(swapped, Err(ProposalError::Proof));
        assert_eq!(read("log", 7, "/replaces", None), Err(ProposalError::Proof));
        assert_eq!(
            read("log", 7, "/proof", None),
            Err(ProposalError::Field("proof"))
        );
        assert_eq!(
            read("log", 7, "/format", None),
            Err(ProposalError::Field("format"))
        );
        assert!(matches!(
            read("log", 7, "/key", Some(("/key", "\"x\""))),
            Err(ProposalError::Key(_))
        ));
        assert!(read("log", 7, "/key", Some(("/key", "5"))).is_err());
    }
}

#[test]
fn a_confirmed_rotation_moves_the_requirement_and_lowers_nothing() {
    let all = parse(&format!(
        r#","requirement":[{{"from":0,"all":["{}","{}"]}}]"#,
        fp(1),
        fp(2)
    ));
    let rotated = all.rotated(&proposal(Some(1), 3, 19), 21).unwrap();
    assert_eq!(rotated.check(), Ok(()));
    assert_eq!(
        rotated.required_at(20),
        Some(Signers::All(vec![fp(1), fp(2)]))
    );
    assert_eq!(
        rotated.required_at(21),
        Some(Signers::All(vec![fp(3), fp(2)]))
    );
    let old_again = range(20, 30, &[1, 2]);
    assert_eq!(decided(&rotated, &[old_again]), ["requirement!"]);
    let mut next = range(20, 30, &[3, 2]);
    next.previous = Some(note(20, root(20), &[1, 2]));
    assert_eq!(
        decided(&rotated, &[range(0, 20, &[1, 2]), next]),
        ["accepted", "accepted"]
    );
    // One that signs as well.
    let more = all.rotated(&proposal(None, 3, 19), 21).unwrap();
    assert_eq!(
        more.required_at(21),
        Some(Signers::All(vec![fp(1), fp(2), fp(3)]))
    );
    let any = parse("");
    let rotated = any.rotated(&proposal(Some(1), 3, 19), 21).unwrap();
    assert_eq!(
        rotated.required_at(30),
        Some(Signers::Any(vec![fp(3), fp(2)]))
    );

    let distrusting = parse(&format!(r#","distrust":[{{"key":"{}","from":15}}]"#, fp(1)));
    for (policy, proposal, expected) in [
        (&any, proposal(None, 3, 19), "one more key would suffice"),
        (&any, proposal(Some(1), 2, 19), "pinned already"),
        (&any, proposal(Some(4), 3, 19), "not required"),
        (
            &distrusting,
            proposal(Some(1), 3, 19),
            "from which a key of the log is distrusted",
        ),
        (
            &distrusting,
            proposal(None, 3, 15),
            "from which a key of the log is distrusted",
        ),
    ] {
        let error = policy.rotated(&proposal, 21).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    assert!(distrusting.rotated(&proposal(Some(1), 3, 14), 15).is_ok());
    assert!(distrusting.rotated(&proposal(Some(2), 3, 19), 21).is_ok());
    // ML-DSA is not given up for Ed25519.
    let mut safe = any.clone();
    safe.keys
        .push(PinnedKey(cosigning(9).verifier_key().clone()));
    let down = KeyProposal {
        replaces: Some(Fingerprint::of(cosigning(9).verifier_key())),
        ..proposal(Some(1), 3, 19)
    };
    assert!(matches!(
        safe.rotated(&down, 21),
        Err(VoidProposal::Weaker(_))
    ));
}

#[test]
fn each_kind_of_lowering_is_named() {
    let all = format!(
        r#","requirement":[{{"from":0,"all":["{}","{}"]}}]"#,
        fp(1),
        fp(2)
    );
    let any = all.replace("all", "any");
    let one = format!(r#","requirement":[{{"from":0,"all":["{}"]}}]"#, fp(1));
    let late = all.replace(r#""from":0"#, r#""from":10"#);
    let split = format!(
        r#","requirement":[{{"from":0,"to":10,"any":["{0}"]}},{{"from":10,"all":["{0}","{1}"]}}]"#,
        fp(1),
        fp(2)
    );
    let distrust = format!(r#","distrust":[{{"key":"{}","from":9}}]"#, fp(3));
    let later = distrust.replace(r#""from":9"#, r#""from":10"#);
    let dated = distrust.replace(
        r#""from":9"#,
        r#""from":9,"compromised":"2026-11-15T00:00:00Z""#,
    );
    let schema = r#","schemas":[{"id":"a","version":2}]"#;
    let exact = format!(
        r#","schemas":[{{"id":"a","version":2,"digest":"{}"}}]"#,
        fp(1)
    );
    let two = r#","schemas":[{"id":"a","version":2},{"id":"b","version":1}]"#;
    let anchor = format!(r#","anchor":{{"size":5,"root":"{}"}}"#, root(5));
    let moved = anchor.replace(":5", ":6");
    for (old, new, expected) in [
        (all.as_str(), any.as_str(), &["all-to-any"][..]),
        (&all, &one, &["fewer-keys"]),
        (&all, "", &["all-to-any"]),
        (&all, &late, &["requirement-dropped"]),
        (&all, &split, &["all-to-any"]),
        (&one, &any, &["all-to-any"]),
        (&any, &all, &[]),
        (&any, &one, &[]),
        ("", &one, &[]),
        ("", &any, &[]),
        (&split, &all, &[]),
        (&one, &one.replace("all", "any"), &[]),
        (&distrust, "", &["distrust"]),
        (&distrust, &later, &["distrust"]),
        (&distrust, &dated, &["distrust"]),
        (&later, &distrust, &[]),
        (&dated, &distrust, &[]),
        (schema, "", &["schemas-unrestricted"]),
        (schema, two, &["schema-added"]),
        (&exact, schema, &["schema-added"]),
        (schema, &exact, &[]),
        (two, schema, &[]),
        (&anchor, "", &["anchor"]),
        (&anchor, &moved, &["anchor"]),
        ("", &anchor, &[]),
        (r#","heartbeat":60"#, r#","heartbeat":61"#, &["heartbeat"]),
        (r#","heartbeat":60"#, r#","heartbeat":59"#, &[]),
    ] {
        let found = weakens(Some(&parse(old)), &parse(new));
        let codes: Vec<&str> = found.iter().map(Weakening::code).collect();
        assert_eq!(codes, expected, "{old} → {new}");
        assert_eq!(weakens(None, &parse(new)), []);
    }
    let mut fewer = parse("");
    fewer.keys.pop();
    assert_eq!(
        weakens(Some(&parse("")), &fewer),
        [Weakening::KeyRemoved { key: fp(2) }]
    );
    let mut more = parse("");
    more.keys.push(PinnedKey(key(3)));
    assert_eq!(weakens(Some(&parse("")), &more), []);
    // A retired key that suffices again; in words with sizes.
    let retired = weakens(
        Some(&parse(&one)),
        &parse(&one.replace(&fp(1).to_string(), &fp(2).to_string())),
    );
    let words = retired[0].to_string();
    assert!(
        words.contains("every size") && words.contains(&fp(1).to_string()),
        "{words}"
    );
    let dropped = weakens(Some(&parse(&all)), &parse(&late));
    assert_eq!(
        dropped[0].to_string(),
        "sizes 0 to 9 have no requirement any more"
    );
}

fn signers() -> impl Strategy<Value = Signers> {
    let keys = prop::sample::subsequence(vec![fp(1), fp(2), fp(3)], 1..=3);
    (keys, any::<bool>()).prop_map(|(keys, all)| match all {
        true => Signers::All(keys),
        false => Signers::Any(keys),
    })
}

prop_compose! {
    fn any_policy()(
        cuts in prop::collection::btree_set(0u64..12, 0..4),
        rules in prop::collection::vec(prop::option::weighted(0.8, signers()), 4),
        open in any::<bool>(),
        distrust in prop::option::of((1u8..4, 0u64..12, prop::option::of(5u32..20))),
        versions in prop::option::of(prop::collection::btree_set(1u32..4, 0..3)),
    ) -> OriginTrust {
        let mut policy = OriginTrust::new("log");
        policy.keys = (1..=3).map(key).map(PinnedKey).collect();
        let cuts: Vec<u64> = cuts.into_iter().collect();
        for (k, from) in cuts.iter().enumerate() {
            let to = cuts.get(k + 1).copied().or((!open).then_some(from + 3));
            if let Some(signers) = rules[k].clone() {
                policy.requirement.push(Requirement { from: *from, to, signers });
            }
        }
        policy.distrust = distrust.into_iter().map(|(key, from, day)| Distrust {
            key: fp(key), from, compromised: day.map(at),
        }).collect();
        policy.schemas = versions.map(|v| v.into_iter().map(|version| AllowedSchema {
            id: "a".into(), version: (version < 3).then_some(version), digest: None,
        }).collect());
        policy
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// What a change does not name as lowered, it does not admit.
    #[test]
    fn a_change_that_lowers_nothing_admits_nothing_more(
        old in any_policy(), new in any_policy(), size in 0u64..16,
        signed in prop::sample::subsequence(vec![1u8, 2, 3], 0..=3),
        version in 1u32..4, day in 1u32..25,
    ) {
        prop_assert_eq!(old.check(), Ok(()));
        prop_assert_eq!(weakens(Some(&old), &old), vec![]);
        if weakens(Some(&old), &new).is_empty() {
            let candidate = Candidate {
                roots: BTreeMap::from([(0, root(0)), (size, root(size))]),
                checkpoint: note(size, root(size), &signed),
                stored: Some(at(day)),
                schemas: vec![(schema(version), None)],
                ..range(0, size, &[])
            };
            let accepts = |p: &OriginTrust| {
                matches!(decide(p, std::slice::from_ref(&candidate), &[])[0], Decision::Accepted(_))
            };
            // Where the old policy had no requirement, nobody had decided anything yet.
            prop_assert!(!accepts(&new) || accepts(&old) || old.required_at(size).is_none());
        }
    }

    /// Confirming a rotation never lets fewer keys do, nor an old one come back.
    #[test]
    fn a_rotation_requires_as_much_as_before(old in any_policy(), size in 0u64..16, from in 1u64..12) {
        let proposal = proposal(Some(1), 4, from - 1);
        if let Ok(new) = old.rotated(&proposal, from) {
            prop_assert_eq!(new.check(), Ok(()));
            let rename = |k: &Fingerprint| if size >= from && *k == fp(1) { fp(4) } else { *k };
            let set = |s: Signers| {
                let all = matches!(s, Signers::All(_));
                (all, s.keys().iter().map(rename).collect::<BTreeSet<_>>())
            };
            prop_assert_eq!(new.required_at(size).map(set), old.required_at(size).map(set));
        }
    }
}

#[test]
fn a_policy_reads_what_it_writes() {
    let text = policy(&format!(
        r#","requirement":[{{"from":0,"to":10,"any":["{0}","{1}"]}},{{"from":20,"all":["{0}","{1}"]}}],
           "distrust":[{{"key":"{0}","from":7,"compromised":"2026-11-15T00:00:00Z"}}],
           "schemas":[{{"id":"a","version":2,"digest":"{0}"}}],
           "anchor":{{"size":5,"root":"{2}"}},"heartbeat":3600"#,
        fp(1),
        fp(2),
        root(5)
    ));
    let trust = Trust::parse(text.as_bytes()).unwrap();
    assert_eq!(Trust::parse(trust.to_json().as_bytes()), Ok(trust.clone()));
    assert_eq!(trust.keys_for("log"), [key(1), key(2)]);
    assert_eq!(trust.keys_for("other"), []);
    assert_eq!(trust.anchors_for("log"), [(5, root(5))]);
    let spaced = fp(1).to_string().to_uppercase();
    let spaced = format!("{} {}", &spaced[..8], &spaced[8..]);
    assert_eq!(spaced.parse(), Ok(fp(1)));
    assert!("00112233".parse::<Fingerprint>().is_err());
}

#[test]
fn a_bad_policy_is_refused() {
    let one = fp(1);
    let stranger = fp(3);
    for rest in [
        r#","requirement":[{"from":0,"any":[]}]"#.to_owned(),
        format!(r#","requirement":[{{"from":0,"any":["{stranger}"]}}]"#),
        format!(r#","requirement":[{{"from":5,"to":5,"any":["{one}"]}}]"#),
        format!(r#","requirement":[{{"from":0,"any":["{one}"]}},{{"from":9,"any":["{one}"]}}]"#),
        format!(
            r#","requirement":[{{"from":0,"to":9,"any":["{one}"]}},{{"from":8,"any":["{one}"]}}]"#
        ),
    ] {
        let parsed = Trust::parse(policy(&rest).as_bytes());
        assert!(
            matches!(parsed, Err(TrustError::Requirement { .. })),
            "{rest}"
        );
    }
    // What is not understood, or said twice over, is a condition that nobody would keep.
    for rest in [
        format!(r#","requirement":[{{"from":0,"any":["{one}"],"all":["{one}"]}}]"#),
        format!(r#","requirement":[{{"from":0,"any":["{one}"],"any":["{one}"]}}]"#),
        format!(r#","requirement":[{{"from":0,"until":9,"any":["{one}"]}}]"#),
        r#","requirement":[{"from":0}]"#.to_owned(),
    ] {
        let parsed = Trust::parse(policy(&rest).as_bytes());
        assert!(matches!(parsed, Err(TrustError::Format(..))), "{rest}");
    }
    for rest in [
        r#","heartbeat":0"#,
        r#","heartbeat":31622401"#,
        r#","schemas":[{"id":"A","version":1}]"#,
    ] {
        let parsed = Trust::parse(policy(rest).as_bytes());
        assert_eq!(parsed, Err(TrustError::Detail("log".into())), "{rest}");
    }
    let twice = format!(r#","distrust":[{{"key":"{one}","from":1}},{{"key":"{one}","from":2}}]"#);
    let parsed = Trust::parse(policy(&twice).as_bytes());
    assert_eq!(parsed, Err(TrustError::Distrust("log".into())));
    let unknown = policy(r#","extra":1"#);
    assert!(matches!(
        Trust::parse(unknown.as_bytes()),
        Err(TrustError::Format(1, _))
    ));
    let version = policy("").replace("trust/v1", "trust/v2");
    assert!(matches!(
        Trust::parse(version.as_bytes()),
        Err(TrustError::Format(..))
    ));
    let twice = policy("").replace(&key(2).to_string(), &key(1).to_string());
    assert_eq!(
        Trust::parse(twice.as_bytes()),
        Err(TrustError::RepeatedKey("log".into()))
    );
}
