use super::*;
use crate::note::SigningKey;

fn key(seed: u8) -> VerifierKey {
    let key = SigningKey::from_seed("log", &[seed; 32]).unwrap();
    key.verifier_key().clone()
}

fn policy(rest: &str) -> String {
    let keys = format!("\"{}\",\"{}\"", key(1), key(2));
    format!(
        r#"{{"format":"muniment/trust/v1","origins":[{{"origin":"log","keys":[{keys}]{rest}}}]}}"#
    )
}

#[test]
fn requirements_name_keys_by_size() {
    let (one, two) = (key(1).fingerprint(), key(2).fingerprint());
    let text = policy(&format!(
        r#","requirement":[{{"from":0,"to":10,"any":["{one}","{two}"]}},{{"from":20,"all":["{one}","{two}"]}}],
           "schemas":[{{"id":"a","version":2}}],"anchor":{{"size":5,"root":"{one}"}},"heartbeat":3600"#
    ));
    let trust = Trust::parse(text.as_bytes()).unwrap();
    assert_eq!(Trust::parse(trust.to_json().as_bytes()), Ok(trust.clone()));
    assert_eq!(trust.keys_for("log"), [key(1), key(2)]);
    assert_eq!(trust.keys_for("other"), []);
    assert_eq!(trust.anchors_for("log"), [(5, one)]);
    let not = |size| TrustError::NotSatisfied {
        origin: "log".into(),
        size,
    };
    assert_eq!(trust.satisfied("log", 9, &[key(2)]), Ok(()));
    assert_eq!(trust.satisfied("log", 9, &[]), Err(not(9)));
    assert_eq!(trust.satisfied("log", 9, &[key(3)]), Err(not(9)));
    assert!(matches!(
        trust.satisfied("log", 10, &[key(1)]),
        Err(TrustError::NotCovered { .. })
    ));
    assert_eq!(trust.satisfied("log", 20, &[key(1)]), Err(not(20)));
    assert_eq!(trust.satisfied("log", 20, &[key(2), key(1)]), Ok(()));
    assert!(matches!(
        trust.satisfied("x", 1, &[key(1)]),
        Err(TrustError::UnknownOrigin(_))
    ));
    let schema = |version| SchemaRef {
        id: "a".into(),
        version,
    };
    assert_eq!(trust.allows_schema("log", &schema(2), &one), Ok(()));
    assert!(trust.allows_schema("log", &schema(1), &one).is_err());
    let open = Trust::parse(policy("").as_bytes()).unwrap();
    assert_eq!(open.satisfied("log", 1, &[key(2)]), Ok(()));
    assert_eq!(open.allows_schema("log", &schema(1), &one), Ok(()));
}

#[test]
fn a_bad_policy_is_refused() {
    let one = key(1).fingerprint();
    let stranger = key(3).fingerprint();
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
    for rest in [
        r#","heartbeat":0"#,
        r#","schemas":[{"id":"A","version":1}]"#,
    ] {
        let parsed = Trust::parse(policy(rest).as_bytes());
        assert_eq!(parsed, Err(TrustError::Detail("log".into())), "{rest}");
    }
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
