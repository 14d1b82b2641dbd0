//! Secrets that are made up, in the forms of real ones, and texts that only look like them.

use super::*;

fn kinds(text: &str) -> Vec<&'static str> {
    scan(text).into_iter().map(|one| one.kind.code()).collect()
}

const BODY: &str = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\nMzEfYyjiWA4R4/M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNbvJZHtCSuYEvu\n";

#[test]
fn every_pattern_compiles() {
    assert_eq!(patterns::patterns_built(), 15);
}

#[test]
fn private_keys_are_found_in_every_dress() {
    for label in ["", "RSA ", "EC ", "ENCRYPTED ", "OPENSSH ", "DSA "] {
        let pem =
            format!("-----BEGIN {label}PRIVATE KEY-----\n{BODY}-----END {label}PRIVATE KEY-----\n");
        let json = serde_json::to_string(&pem).unwrap();
        let twice = serde_json::to_string(&json).unwrap();
        let spaces = pem.replace('\n', " ");
        let encoded = data_encoding::BASE64.encode(pem.as_bytes());
        for text in [&pem, &json, &twice, &spaces, &encoded] {
            assert_eq!(kinds(text), ["private-key"], "{label}");
        }
        let hidden = json.replace("PRIVATE", "\\u0050RIVATE");
        assert_eq!(kinds(&hidden), ["private-key"], "{label}");
    }
    let pgp = format!(
        "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n{BODY}-----END PGP PRIVATE KEY BLOCK-----"
    );
    assert_eq!(kinds(&pgp), ["private-key"]);
    for jwk in [
        r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
        r#"{"d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","kty":"EC"}"#,
        r#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75"}"#,
    ] {
        assert_eq!(kinds(jwk), ["private-key"]);
        assert_eq!(kinds(&serde_json::to_string(jwk).unwrap()), ["private-key"]);
    }
}

#[test]
fn what_only_speaks_of_keys_is_none() {
    for text in [
        "-----BEGIN PRIVATE KEY----- was found in the file and removed by the custodian yesterday evening, see the ticket",
        r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
        "-----BEGIN CERTIFICATE-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n-----END CERTIFICATE-----",
        "-----BEGIN PUBLIC KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n-----END PUBLIC KEY-----",
        "the private key was rotated on 2026-10-01",
        "-----BEGIN RSA PRIVATE KEY-----\nHIDDEN\n-----END RSA PRIVATE KEY-----",
    ] {
        assert_eq!(kinds(text), [""; 0], "{text}");
    }
}

#[test]
fn tokens_and_credentials_are_found() {
    let jwt = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkEifQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c";
    assert_eq!(kinds(&format!("\"{jwt}\"")), ["jwt"]);
    assert_eq!(
        kinds(&format!("Authorization: Bearer {jwt}")),
        ["jwt", "bearer-token"]
    );
    for (text, kind) in [
        (
            "authorization: Bearer mF_9.B5f-4.1JqMx7kPq2Lw8Zr5",
            "bearer-token",
        ),
        (
            r#"{"header":"Basic YWxhZGRpbjpvcGVuc2VzYW1lMjE="}"#,
            "basic-credentials",
        ),
        (
            "postgres://svc:Tr0ub4dor-3@db.example:5432/x",
            "basic-credentials",
        ),
        (
            r#""secretAccessKey":"wJalrXUtnFEMIaK7MDENGabPxRfiCYzzzq8rPKEY""#,
            "aws-secret-key",
        ),
        (
            "aws_secret_access_key = wJalrXUtnFEMIaK7MDENGabPxRfiCYzzzq8rPKEY",
            "aws-secret-key",
        ),
        ("ghp_a8Kd03jfLs92mXpQ7vTzR4yWbN6cEgH1uJ5o", "service-token"),
        (r#"{"password":"Tr0ub4dor-3x"}"#, "password"),
        (r#"{\"masterUserPassword\":\"kA8!vv20pQz\"}"#, "password"),
        ("mysql --password=s3cr3t-Value9 -u root", "password"),
        (
            "caller gave recovery phrase amber-falcon-7719-lantern and hung up",
            "password",
        ),
        ("the password is Winter2026!", "password"),
        (r#""clientSecret":"9vKx2LmQ8rTz5WbN7cYd""#, "named-secret"),
        (r#""api_key": "a91kd02mfk39dkw02mfk""#, "named-secret"),
    ] {
        assert_eq!(kinds(text), [kind], "{text}");
    }
}

#[test]
fn names_masks_and_ordinary_words_are_no_secrets() {
    for text in [
        r#"{"password":"HIDDEN_DUE_TO_SECURITY_REASONS"}"#,
        r#"{"password":"********"}"#,
        r#"{"password":"${DB_PASSWORD}"}"#,
        r#"{"password":"<sensitive>"}"#,
        r#"{"password":null,"passwordResetRequired":true}"#,
        r#"{"passwordLastUsed":"2023-07-10T11:54:39Z","PasswordLastChanged":"Jul 10, 2023 11:54:39 AM"}"#,
        r#"{"eventName":"GetPasswordData","roleName":"stratus-red-team-ec2-get-password-data-role"}"#,
        r#"{"minimumPasswordLength":14,"passwordReusePrevention":24}"#,
        r#"{"method":"password-and-code","pwd":"expired"}"#,
        "user entered the wrong password three times and was locked out",
        "password reset by administrator; passphrase required at next start",
        "the recovery phrase was not shown",
        r#"{"masterUserSecret":{"secretArn":"arn:aws:secretsmanager:eu-west-1:1:secret:x-9vKx2L"}}"#,
        r#"{"apiKey":"arn:aws:apigateway:eu-west-1::/apikeys/9vKx2LmQ8r"}"#,
        r#"{"accessToken":"0f8fad5b-d9cb-469f-a165-70867728950e"}"#,
        r#"{"accessKeyId":"ASIATFQR7NSCZLRUEGMR","session":"IQoJb3Jp"}"#,
        "basic authentication was switched off; bearer of bad news",
        "Basic dGhpc2lzbm90YXBhaXJvZg==",
        "https://example.org/a:b@c",
        "https://example.org:8443/path",
        "eyJustAWordThatBegins.likeAToken_abc.butHasNoHeader",
        "GHp_7Y0nIFb4KBlwHDzUEHS6CYkGrJdBdcL8CXIAJznoHf3",
        "sha256 2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
        "key EK-20417 revoked, token type bearer",
        r#"{"nextToken":"AAAA","tokenType":"Bearer","continuationToken":"1"}"#,
    ] {
        assert_eq!(kinds(text), [""; 0], "{text}");
    }
}

#[test]
fn a_secret_hides_the_field_it_stands_in_and_names_only_its_place() {
    use crate::{FieldRule, HandleKey, ValueType, minimise};
    let rule = |class, domain: Option<&str>| FieldRule {
        class,
        purposes: Vec::new(),
        handle_domain: domain.map(str::to_owned),
        free_text: false,
        value_type: ValueType::Text,
    };
    let rules = [
        ("/agent", rule(Class::C2, None)),
        ("/account", rule(Class::C3, Some("account"))),
        ("/body", rule(Class::C5, None)),
        ("/empty", rule(Class::C5, None)),
        ("/token", rule(Class::C6, None)),
        ("/masked", rule(Class::C6, None)),
    ];
    let fields = [
        ("/agent", r#""curl --password=s3cr3t-Value9""#),
        ("/account", r#""alice@example.org""#),
        ("/body", r#""meet me at nine""#),
        ("/empty", "\"\""),
        ("/token", r#""9f8e7d""#),
        ("/masked", "\"***\""),
        ("/*", r#"{"note":"the password is Winter2026!"}"#),
    ];
    let key = HandleKey::new([7; 32]);
    let look = |path: &str| rules.iter().find(|(p, _)| *p == path).map(|(_, r)| r);
    let mut minimised = minimise(&look, fields.iter().copied(), &key);
    let line: String = fields.iter().map(|(p, v)| format!("{p}{v}")).collect();
    let found = withhold(line.as_bytes(), fields.iter().copied(), &mut minimised);
    let places: Vec<(&str, &str)> = found
        .iter()
        .map(|one| (one.path.as_str(), one.kind.code()))
        .collect();
    assert_eq!(
        places,
        [
            ("/agent", "password"),
            ("/body", "protected-content"),
            ("/token", "declared-secret"),
            ("/*", "password"),
        ]
    );
    assert_eq!(minimised[0].shown, Shown::Hidden);
    assert!(matches!(minimised[1].shown, Shown::Handle { .. }));
    let said = format!("{found:?}");
    for secret in ["s3cr3t", "meet me", "9f8e7d", "Winter"] {
        assert!(!said.contains(secret));
    }
}

#[test]
fn hostile_text_is_scanned_in_linear_time_and_never_panics() {
    let mut deep = "password\\".repeat(20_000);
    deep.push('"');
    for text in [
        deep,
        "{\"kty\":".repeat(20_000),
        "-----BEGIN PRIVATE KEY-----".repeat(20_000),
        "eyJhbGciOiJIUzI1NiJ9.".repeat(20_000),
        "\\u".repeat(50_000) + "kty\u{e9}\\ud800",
        "://a:".repeat(50_000),
    ] {
        scan(&text);
    }
}
