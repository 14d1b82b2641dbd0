use super::{key::SMALL_ORDER, *};
use crate::checkpoint::Checkpoint;
use data_encoding::BASE64;

fn key(name: &str, seed: u8) -> SigningKey {
    SigningKey::from_seed(name, &[seed; 32]).unwrap()
}

#[test]
fn signs_and_verifies() {
    let key = key("log.example/a", 1);
    let note = key.sign_note("first\nsecond\n").unwrap();
    let parsed = SignedNote::parse(note.as_bytes()).unwrap();
    assert_eq!(parsed.text(), "first\nsecond\n");
    let known = [key.verifier_key().clone()];
    assert_eq!(parsed.verify(&known).unwrap(), known);
    let vkey = key.verifier_key().to_string();
    assert_eq!(vkey.parse::<VerifierKey>().as_ref(), Ok(key.verifier_key()));
    assert!(!format!("{key:?}").contains("0101"));
}

#[test]
fn a_note_by_strangers_has_no_signers_and_a_forged_one_is_rejected() {
    let (mine, other) = (key("log", 1), key("log", 2));
    let known = [mine.verifier_key().clone()];
    let note = other.sign_note("text\n").unwrap();
    let parsed = SignedNote::parse(note.as_bytes()).unwrap();
    assert_eq!(parsed.verify(&known), Ok(vec![]));
    assert_eq!(parsed.unknown(&known).count(), 1);
    let forged = mine
        .sign_note("text\n")
        .unwrap()
        .replacen("text", "next", 1);
    let parsed = SignedNote::parse(forged.as_bytes()).unwrap();
    let bad = NoteError::BadSignature { name: "log".into() };
    assert_eq!(parsed.verify(&known), Err(bad));
}

#[test]
fn no_byte_of_a_note_by_one_key_is_without_meaning() {
    let key = key("log", 3);
    let known = [key.verifier_key().clone()];
    let note = key.sign_note("origin\n12\nroot\n").unwrap().into_bytes();
    for at in 0..note.len() {
        for bit in 0..8 {
            let mut changed = note.clone();
            changed[at] ^= 1 << bit;
            let verified = SignedNote::parse(&changed).and_then(|n| n.verify(&known));
            assert!(
                verified.is_err() || verified == Ok(vec![]),
                "byte {at} bit {bit}"
            );
        }
    }
}

#[test]
fn each_bad_form_has_its_error() {
    let good = key("log", 1).sign_note("a\n").unwrap();
    let line = good.lines().last().unwrap().to_owned();
    let parse = |note: String| SignedNote::parse(note.as_bytes()).unwrap_err();
    assert_eq!(
        parse("x".repeat(MAX_NOTE + 1)),
        NoteError::TooLong(MAX_NOTE + 1)
    );
    assert_eq!(SignedNote::parse(b"\xff\n\n"), Err(NoteError::NotUtf8));
    assert_eq!(
        parse(good.replace("a\n", "a\r\n")),
        NoteError::ControlCharacter(1)
    );
    assert_eq!(parse("a\nb\n".into()), NoteError::NoSignatures);
    assert_eq!(parse(good.trim_end().into()), NoteError::NoSignatures);
    assert_eq!(parse(format!("{good}{line}\n")), NoteError::RepeatedKey(2));
    assert_eq!(parse(format!("{good}- x y\n")), NoteError::SignatureLine(2));
    assert_eq!(
        parse(good.replace(" log ", " l+g ")),
        NoteError::SignatureLine(1)
    );
    let many = (0..17u8).map(|i| key(&format!("k{i}"), i).sign_note("a\n").unwrap());
    let many: String = many
        .map(|n| n.lines().last().unwrap().to_owned() + "\n")
        .collect();
    assert_eq!(parse(format!("a\n\n{many}")), NoteError::TooManySignatures);
    for text in ["a", "a\tb\n"] {
        assert_eq!(
            key("log", 1).sign_note(text),
            Err(NoteError::UnsignableText)
        );
    }
}

#[test]
fn weak_and_misspelled_keys_are_refused() {
    let mut y = [0xff; 32];
    for (low, high) in [(0xed, 0x7f), (0xee, 0xff), (0xff, 0x7f)] {
        y[0] = low;
        y[31] = high;
        assert_eq!(VerifierKey::new("k", y), Err(NoteError::KeyNotCanonical));
    }
    for hex in SMALL_ORDER {
        let bytes = data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap();
        let mut key: [u8; 32] = bytes.try_into().unwrap();
        assert_eq!(VerifierKey::new("k", key), Err(NoteError::KeySmallOrder));
        key[31] |= 0x80;
        assert_eq!(VerifierKey::new("k", key), Err(NoteError::KeySmallOrder));
    }
    for name in ["", "a b", "a+b", "a\n"] {
        assert_eq!(VerifierKey::new(name, [5; 32]), Err(NoteError::KeyName));
    }
    let vkey = key("log", 1).verifier_key().to_string();
    assert_eq!(
        "log+00000000+AQ==".parse::<VerifierKey>(),
        Err(NoteError::KeyText)
    );
    assert_eq!(
        "log+00000000+BgAA".parse::<VerifierKey>(),
        Err(NoteError::KeyText)
    );
    assert_eq!(
        "log+00000000+BAAA".parse::<VerifierKey>(),
        Err(NoteError::KeyType(4))
    );
    let renamed = vkey.replacen("log", "lag", 1);
    assert_eq!(renamed.parse::<VerifierKey>(), Err(NoteError::KeyText));
}

fn cosigner(name: &str, seed: u8) -> CosigningKey {
    CosigningKey::from_seed(name, &[seed; 32]).unwrap()
}

fn checkpoint(origin: &str) -> Checkpoint {
    Checkpoint {
        origin: origin.into(),
        size: 12,
        root: crate::Hash::sha256(b"root"),
    }
}

#[test]
fn a_cosignature_is_over_the_message_of_the_specification() {
    // Written out byte by byte from tlog-cosignature.md, "ML-DSA-44 signed message".
    let message = key::cosigned_message("w.example/1", 1_679_315_147, &checkpoint("log.example"));
    let mut expected = b"subtree/v1\n\0".to_vec();
    expected.extend_from_slice(b"\x0bw.example/1");
    expected.extend_from_slice(&[0, 0, 0, 0, 0x64, 0x18, 0x50, 0xcb]);
    expected.extend_from_slice(b"\x0blog.example");
    expected.extend_from_slice(&[0; 8]);
    expected.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0, 12]);
    expected.extend_from_slice(&crate::Hash::sha256(b"root").0);
    assert_eq!(message, Some(expected));
    let at = |timestamp| key::cosigned_message("w", timestamp, &checkpoint("log"));
    assert!(at(i64::MAX as u64).is_some() && at(1 << 63).is_none());
    assert!(key::cosigned_message("w", 0, &checkpoint(&"o".repeat(256))).is_none());
    assert!(VerifierKey::ml_dsa_44(&"n".repeat(256), &[0; ML_DSA_44_KEY]).is_err());
}

#[test]
fn both_keys_sign_a_checkpoint_and_the_note_stays_within_bounds() {
    let keys = LogKeys {
        log: key("log", 1),
        cosigner: Some(cosigner("log", 2)),
    };
    let note = keys.sign(&checkpoint("log"), 1_700_000_000).unwrap();
    assert_eq!(
        keys.sign(&checkpoint("log"), 1_700_000_000).as_ref(),
        Ok(&note)
    );
    let parsed = SignedNote::parse(note.as_bytes()).unwrap();
    let known = keys.verifier_keys();
    assert_eq!(parsed.verify(&known).unwrap(), known);
    // Each alone knows its own line, and leaves the other as one of an unknown key.
    for one in &known {
        assert_eq!(
            parsed.verify(std::slice::from_ref(one)).unwrap(),
            *std::slice::from_ref(one)
        );
        assert_eq!(parsed.unknown(std::slice::from_ref(one)).count(), 1);
    }
    let vkey = known[1].to_string();
    assert_eq!(vkey.parse::<VerifierKey>().as_ref(), Ok(&known[1]));
    assert_eq!(known[1].algorithm(), Algorithm::MlDsa44);
    assert!(!format!("{:?}", keys.cosigner).contains("2, 2"));
    // Sixteen of them are 52 kB, so every note with the most signatures allowed fits.
    let mut many = key("log", 1)
        .sign_note(&checkpoint("log").to_text())
        .unwrap();
    for seed in 0..15 {
        many = cosigner("w", seed).cosign_note(&many, 1).unwrap();
    }
    assert!(many.len() < MAX_NOTE);
    let more = cosigner("w", 15).cosign_note(&many, 1);
    assert_eq!(more, Err(NoteError::TooManySignatures));
}

#[test]
fn a_cosignature_that_fails_rejects_the_note() {
    let cosigner = cosigner("log", 2);
    let known = [cosigner.verifier_key().clone()];
    let base = key("log", 1)
        .sign_note(&checkpoint("log").to_text())
        .unwrap();
    let note = cosigner.cosign_note(&base, 7).unwrap();
    let (text, line) = note.trim_end().rsplit_once(' ').unwrap();
    let bytes = BASE64.decode(line.as_bytes()).unwrap();
    assert_eq!(bytes.len(), 4 + 8 + ML_DSA_44_SIGNATURE);
    let with = |bytes: &[u8]| format!("{text} {}\n", BASE64.encode(bytes));
    let verify = |note: &str| SignedNote::parse(note.as_bytes()).unwrap().verify(&known);
    let bad = Err(NoteError::BadSignature { name: "log".into() });
    // One bit of the timestamp, of every part of the signature, its last byte; shorter; longer.
    for at in (4..12)
        .chain((12..bytes.len()).step_by(97))
        .chain([bytes.len() - 1])
    {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert_eq!(verify(&with(&changed)), bad, "byte {at}");
    }
    assert_eq!(verify(&with(&bytes[..bytes.len() - 1])), bad);
    assert_eq!(verify(&with(&[&bytes[..], &[0]].concat())), bad);
    assert_eq!(verify(&with(&bytes[..8])), bad);
    // Another size, another origin; and a text that is no checkpoint.
    assert_eq!(verify(&note.replacen("\n12\n", "\n13\n", 1)), bad);
    assert_eq!(verify(&note.replacen("log\n", "lug\n", 1)), bad);
    assert_eq!(verify(&note.replacen("log\n", "log\n\n", 1)), bad);
    let plain = key("log", 1).sign_note("text\n").unwrap();
    assert_eq!(
        cosigner.cosign_note(&plain, 1),
        Err(NoteError::UnsignableText)
    );
}
