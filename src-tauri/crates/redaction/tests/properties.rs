//! Properties that the design relies on, for any input.

use proptest::prelude::*;
use redaction::{
    Class, FieldRule, HandleKey, Shown, ValueType, Vocabulary, canonical, canonical_text,
    known_domains, minimise, minimise_value, scan_for, workspace_mac,
};

fn rule(class: Class, value_type: ValueType) -> FieldRule {
    FieldRule {
        class,
        purposes: vec!["security-investigation".into()],
        handle_domain: class.needs_handle().then(|| "account".to_owned()),
        free_text: false,
        value_type,
    }
}

fn json_value() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
        "[A-Za-z0-9._:/-]{1,64}".prop_map(|text| format!("\"{text}\"")),
        any::<i64>().prop_map(|number| number.to_string()),
        Just("null".to_owned()),
        Just("true".to_owned()),
        any::<String>().prop_map(|text| serde_json::json!({ text: 1 }).to_string()),
    ]
}

fn domain() -> impl Strategy<Value = &'static str> {
    prop::sample::select(known_domains().collect::<Vec<_>>())
}

/// A field that its source file declares harmless may still carry anything: only a value that
/// parses as the declared type is shown.
#[test]
fn a_harmless_class_does_not_make_a_value_harmless() {
    let key = HandleKey::new([1; 32]);
    for class in [Class::C0, Class::C1, Class::C2, Class::H] {
        for (value_type, value) in [
            (ValueType::Word, "\"alice@example.org\""),
            (ValueType::Word, "\"490154203237518\""),
            (ValueType::Word, "{\"a\":1}"),
            (ValueType::Token(Vocabulary::default()), "\"alice\""),
            (ValueType::Code(vec!["on".into()]), "\"alice\""),
            (ValueType::Integer, "\"alice\""),
            (ValueType::Timestamp, "\"alice\""),
            (ValueType::Boolean, "\"alice\""),
            (ValueType::Version, "\"10.1.2.3\""),
            (ValueType::Text, "\"on\""),
        ] {
            let shown = minimise_value(&rule(class, value_type), value, &key);
            assert_eq!(shown, Shown::Hidden, "{class}");
        }
        let good = minimise_value(&rule(class, ValueType::Word), "\"dh-77aa31\"", &key);
        assert_ne!(good, Shown::Hidden, "{class}");
    }
}

#[test]
fn only_a_well_formed_schema_field_is_shown() {
    let key = HandleKey::new([1; 32]);
    for (value, shown) in [
        (r#"{"id":"enigm-key","version":1}"#, true),
        (r#"{"id":"alice@example.org","version":1}"#, false),
        (r#"{"id":"enigm-key","version":01}"#, false),
        (r#"{"id":"enigm-key", "version":1}"#, false),
        (r#""alice""#, false),
    ] {
        let out = minimise(&|_| None, [("@schema", value)].into_iter(), &key);
        assert_eq!(out[0].shown != Shown::Hidden, shown, "{value}");
    }
}

proptest! {
    #[test]
    fn nothing_is_kept_without_a_rule(
        fields in prop::collection::vec(("/[a-z/]{0,12}", json_value()), 0..8),
    ) {
        let known = rule(Class::C0, ValueType::Word);
        let look_up = |path: &str| (path == "/known").then_some(&known);
        let pairs = fields.iter().map(|(path, value)| (path.as_str(), value.as_str()));
        let out = minimise(&look_up, pairs, &HandleKey::new([1; 32]));
        prop_assert_eq!(out.len(), fields.len());
        for field in out.iter().filter(|field| field.path != "/known") {
            prop_assert_eq!(field.class, Class::Unknown);
            prop_assert_eq!(&field.shown, &Shown::Hidden);
        }
    }

    #[test]
    fn identities_content_and_secrets_are_never_kept(value in json_value()) {
        let key = HandleKey::new([1; 32]);
        for class in [Class::C3, Class::C4, Class::C5, Class::C6, Class::Unknown] {
            for value_type in [ValueType::Word, ValueType::Label, ValueType::Integer] {
                let shown = minimise_value(&rule(class, value_type), &value, &key);
                match &shown {
                    Shown::Kept { text } => prop_assert_eq!(text, "null"),
                    Shown::TypeTag { tag } => prop_assert_eq!(tag, "secret"),
                    // Whatever stands for a value, the value is not in it.
                    shown => if value.len() >= 12 {
                        let inner = value.trim_matches('"');
                        prop_assert!(!serde_json::to_string(shown).unwrap().contains(inner));
                    },
                }
            }
        }
    }

    #[test]
    fn free_text_is_never_kept(value in json_value()) {
        let free = FieldRule { free_text: true, ..rule(Class::C0, ValueType::Word) };
        match minimise_value(&free, &value, &HandleKey::new([1; 32])) {
            Shown::Kept { text } => prop_assert_eq!(text, "null"),
            shown => prop_assert_eq!(shown, Shown::Hidden),
        }
    }

    #[test]
    fn canonical_text_is_idempotent(domain in domain(), plain in any::<String>()) {
        let once = canonical_text(domain, &plain);
        if domain != "ip" {
            let again = canonical_text(domain, std::str::from_utf8(&once).unwrap());
            prop_assert_eq!(again, once);
        }
    }

    #[test]
    fn an_address_is_idempotent_and_mapped_addresses_are_ipv4(bits in any::<u128>(), v4 in any::<u32>()) {
        let v4 = std::net::Ipv4Addr::from(v4);
        prop_assert_eq!(canonical_text("ip", &v4.to_string()), v4.octets());
        prop_assert_eq!(canonical_text("ip", &format!("::ffff:{v4}")), v4.octets());
        let v6 = std::net::Ipv6Addr::from(bits);
        let full: Vec<String> = v6.segments().iter().map(|part| format!("{part:04X}")).collect();
        prop_assert_eq!(canonical_text("ip", &full.join(":")), canonical_text("ip", &v6.to_string()));
    }

    #[test]
    fn spellings_of_an_account_share_a_handle(name in "[a-zA-Z0-9 .@_-]{1,24}") {
        let key = HandleKey::new([1; 32]);
        let mac = |text: &str| workspace_mac(&key, "account", &canonical_text("account", text));
        let wide: String = name
            .chars()
            .map(|c| match c {
                '!'..='~' => char::from_u32(c as u32 + 0xfee0).unwrap(),
                c => c,
            })
            .collect();
        let expected = mac(&name);
        prop_assert_eq!(mac(&name.to_uppercase()), expected);
        prop_assert_eq!(mac(&name.to_lowercase()), expected);
        prop_assert_eq!(mac(&format!("  {name}\u{200b}\u{feff} ")), expected);
        prop_assert_eq!(mac(&wide), expected);
        let json = serde_json::to_string(&name).unwrap();
        prop_assert_eq!(workspace_mac(&key, "account", &canonical("account", &json)), expected);
    }
}

proptest! {
    // Each case builds two automata, which is slow in a debug build.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_planted_value_is_found_wherever_it_stands(
        before in prop::collection::vec(any::<u8>(), 0..40),
        value in "[a-zA-Z0-9 @.:/-]{6,30}",
        after in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut plain = before;
        plain.extend_from_slice(value.as_bytes());
        plain.extend_from_slice(&after);
        for haystack in [
            plain.clone(),
            data_encoding::BASE64.encode(&plain).into_bytes(),
            data_encoding::BASE64URL_NOPAD.encode(&plain).into_bytes(),
            data_encoding::BASE32.encode(&plain).into_bytes(),
            data_encoding::HEXLOWER.encode(&plain).into_bytes(),
        ] {
            prop_assert!(!scan_for(&[&value], &haystack).is_empty());
        }
    }
}
