//! One byte string for each identity, however it was spelled.

use std::borrow::Cow;
use std::net::IpAddr;

use unicode_normalization::UnicodeNormalization;

/// Known identity spaces and the prefix of their handles.
pub(crate) const DOMAINS: [(&str, &str); 36] = [
    ("account", "acc"),
    ("email", "mail"),
    ("name", "name"),
    ("phone", "tel"),
    ("ip", "net"),
    ("host", "host"),
    ("arn", "arn"),
    ("cloud-account", "cla"),
    ("key-id", "kid"),
    ("principal", "prn"),
    ("sid", "sid"),
    ("path", "path"),
    ("admin", "adm"),
    ("device", "dev"),
    ("key", "key"),
    ("message", "msg"),
    ("server", "srv"),
    ("session", "ses"),
    ("grant", "grt"),
    ("workflow", "wfl"),
    ("policy", "pol"),
    ("indicator", "ind"),
    ("release", "rel"),
    ("attestation", "att"),
    ("assessment", "asm"),
    ("recovery", "rec"),
    ("backup", "bak"),
    ("finding", "fnd"),
    ("product", "prd"),
    ("sim", "sim"),
    ("network", "vpc"),
    ("imei", "imei"),
    ("serial", "ser"),
    ("mac", "mac"),
    ("iccid", "icc"),
    ("meid", "meid"),
];

/// The identity spaces that have a prefix of their own, for a search form.
pub fn known_domains() -> impl Iterator<Item = &'static str> {
    DOMAINS.iter().map(|(domain, _)| *domain)
}

pub(crate) fn domain_index(domain: &str) -> Option<usize> {
    DOMAINS.iter().position(|(known, _)| *known == domain)
}

/// The canonical bytes of an identity, from a JSON value as a record holds it: the characters of a
/// string, the digits of a number.
///
/// Values that do not fit their domain's shape (a host name where an address belongs) fall back to
/// trimmed, case-folded NFKC, so that they still get one handle.
pub fn canonical(domain: &str, value_text: &str) -> Vec<u8> {
    match crate::string_chars(value_text) {
        Some(plain) => canonical_text(domain, &plain),
        None => canonical_text(domain, value_text),
    }
}

/// The canonical bytes of an identity as plain text (what somebody typed).
pub fn canonical_text(domain: &str, plain: &str) -> Vec<u8> {
    match domain {
        "ip" => ip(plain),
        "imei" => imei(plain).unwrap_or_else(|| folded(plain)).into_bytes(),
        "meid" => meid(plain).unwrap_or_else(|| folded(plain)).into_bytes(),
        "mac" => mac(plain).unwrap_or_else(|| folded(plain)).into_bytes(),
        "iccid" => iccid(plain).unwrap_or_else(|| folded(plain)).into_bytes(),
        "phone" => phone(plain).unwrap_or_else(|| folded(plain)).into_bytes(),
        "account" | "email" | "name" | "sid" | "serial" => folded(plain).into_bytes(),
        "host" => folded(plain).trim_end_matches('.').to_owned().into_bytes(),
        _ => trimmed(plain).into_bytes(),
    }
}

/// Four or sixteen bytes; an IPv4-mapped address is the IPv4 one. Anything else is text behind a
/// zero byte, and never four or sixteen bytes long, so that it cannot pass for an address.
fn ip(plain: &str) -> Vec<u8> {
    let text = trimmed(plain);
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(&text);
    let bare = bare
        .split_once('%')
        .map_or(bare, |(address, _zone)| address);
    match bare.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V4(address)) => address.octets().to_vec(),
        Ok(IpAddr::V6(address)) => address.octets().to_vec(),
        Err(_) => {
            let folded = folded(plain);
            if folded.is_empty() {
                return Vec::new();
            }
            let mut out = vec![0];
            out.extend_from_slice(folded.as_bytes());
            if matches!(out.len(), 4 | 16) {
                out.push(0);
            }
            out
        }
    }
}

/// 14 digits: without the check digit of an IMEI or the software version of an IMEISV.
fn imei(plain: &str) -> Option<String> {
    let digits = stripped(plain);
    (matches!(digits.len(), 14..=16) && digits.bytes().all(|b| b.is_ascii_digit()))
        .then(|| digits[..14].to_owned())
}

/// 14 lower case hexadecimal digits; the decimal spelling has 10 + 8 digits (3GPP2 S.R0048).
fn meid(plain: &str) -> Option<String> {
    let text = stripped(plain).to_ascii_lowercase();
    if text.len() == 18 && text.bytes().all(|b| b.is_ascii_digit()) {
        let manufacturer: u32 = text[..10].parse().ok()?;
        let serial: u32 = text[10..].parse().ok()?;
        return (serial < 1 << 24).then(|| format!("{manufacturer:08x}{serial:06x}"));
    }
    (matches!(text.len(), 14 | 15) && text.bytes().all(|b| b.is_ascii_hexdigit()))
        .then(|| text[..14].to_owned())
}

/// 12 (EUI-48) or 16 (EUI-64) lower case hexadecimal digits.
fn mac(plain: &str) -> Option<String> {
    let text = stripped(plain).to_ascii_lowercase();
    (matches!(text.len(), 12 | 16) && text.bytes().all(|b| b.is_ascii_hexdigit())).then_some(text)
}

/// 18 to 20 digits, without the filler that some modems append.
fn iccid(plain: &str) -> Option<String> {
    let text = stripped(plain).to_ascii_lowercase();
    let text = text.trim_end_matches('f');
    (matches!(text.len(), 18..=20) && text.bytes().all(|b| b.is_ascii_digit()))
        .then(|| text.to_owned())
}

/// E.164: `+` and up to 15 digits. A national number stays as its digits, since no region is known.
fn phone(plain: &str) -> Option<String> {
    let text = trimmed(plain);
    let text = text
        .strip_prefix("tel:")
        .unwrap_or(&text)
        .replace("(0)", "");
    let mut digits = stripped(&text);
    digits.retain(|c| !matches!(c, '(' | ')'));
    let mut international = false;
    if let Some(rest) = digits.strip_prefix('+') {
        digits = rest.to_owned();
        international = true;
    } else if let Some(rest) = digits.strip_prefix("00") {
        digits = rest.to_owned();
        international = true;
    }
    if !(4..=15).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(if international {
        format!("+{digits}")
    } else {
        digits
    })
}

/// NFKC without the separators that people put into numbers.
fn stripped(plain: &str) -> String {
    if plain.is_ascii() {
        let part = |c: &char| !c.is_whitespace() && !matches!(c, ':' | '-' | '.' | '/');
        return plain.chars().filter(part).collect();
    }
    stripped_slowly(plain)
}

fn stripped_slowly(plain: &str) -> String {
    plain
        .nfkc()
        .filter(|c| {
            !is_ignorable(*c)
                && !c.is_whitespace()
                && !matches!(
                    c,
                    ':' | '-' | '.' | '/' | '\u{2010}'..='\u{2015}' | '\u{2212}'
                )
        })
        .collect()
}

/// NFKC, without default-ignorable characters, trimmed.
fn trimmed(plain: &str) -> String {
    // ASCII is its own NFKC, and none of it is ignorable.
    if plain.is_ascii() {
        return plain.trim().to_owned();
    }
    trimmed_slowly(plain)
}

fn trimmed_slowly(plain: &str) -> String {
    stable(plain, |text| {
        let text: String = text.nfkc().filter(|c| !is_ignorable(*c)).collect();
        text.trim().to_owned()
    })
}

/// As [`trimmed`], and case-folded. Upper then lower case by character comes close to the full
/// case folding of Unicode (ß is ss, the final sigma a sigma); unlike it, it also merges the
/// dotless i with i, which errs on the side of one handle.
fn folded(plain: &str) -> String {
    if plain.is_ascii() {
        return plain.trim().to_ascii_lowercase();
    }
    folded_slowly(plain)
}

fn folded_slowly(plain: &str) -> String {
    stable(plain, |text| {
        let folded: String = text
            .nfkc()
            .filter(|c| !is_ignorable(*c))
            .flat_map(char::to_uppercase)
            .flat_map(char::to_lowercase)
            .collect();
        let text: String = folded.nfkc().collect();
        text.trim().to_owned()
    })
}

/// Repeats a normalisation until it changes nothing: dropping a character can bring two others
/// together that compose. Plain ASCII settles at once.
fn stable(plain: &str, step: impl Fn(&str) -> String) -> String {
    let mut text = Cow::Borrowed(plain);
    for _ in 0..8 {
        let next = step(&text);
        if next == *text {
            return next;
        }
        text = Cow::Owned(next);
    }
    text.into_owned()
}

/// Default_Ignorable_Code_Point of Unicode: invisible, so never part of an identity.
fn is_ignorable(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ascii_takes_a_short_way_to_the_same_text(plain in "[\\x00-\\x7f]{0,24}") {
            prop_assert_eq!(stripped(&plain), stripped_slowly(&plain));
            prop_assert_eq!(trimmed(&plain), trimmed_slowly(&plain));
            prop_assert_eq!(folded(&plain), folded_slowly(&plain));
        }
    }

    fn text(domain: &str, plain: &str) -> String {
        String::from_utf8(canonical_text(domain, plain)).unwrap()
    }

    #[test]
    fn each_domain_has_its_shape() {
        assert_eq!(text("imei", "49-015420-323751-8"), "49015420323751");
        assert_eq!(text("mac", "AA:BB:CC:00:11:22"), "aabbcc001122");
        assert_eq!(text("phone", "+1 (415) 555-2671"), "+14155552671");
        assert_eq!(text("phone", "tel:+44 20 7946 0958"), "+442079460958");
        assert_eq!(
            text("iccid", "8944 1100 6890 4212 345F"),
            "8944110068904212345"
        );
        assert_eq!(text("meid", "A1-000000-10C7B4"), "a100000010c7b4");
        assert_eq!(
            text("meid", "270113177601099700"),
            text("meid", "a1000000 10c7b4")
        );
        assert_eq!(text("account", "  \u{ff21}lice\u{200b} "), "alice");
        assert_eq!(text("host", "DB1.Example.ORG."), "db1.example.org");
        assert_eq!(
            text("arn", "arn:aws:iam::1:user/Bob"),
            "arn:aws:iam::1:user/Bob"
        );
        assert_eq!(canonical("cloud-account", "123"), b"123");
    }

    #[test]
    fn an_address_and_a_text_never_share_bytes() {
        assert_eq!(canonical_text("ip", "97.98.99.100"), b"abcd");
        assert_ne!(canonical_text("ip", "abcd"), b"abcd");
        assert_eq!(
            canonical_text("ip", "fe80::1%eth0"),
            canonical_text("ip", "[FE80::1]")
        );
        for host in ["abc", "abcdefghijklmno", "AWS Internal"] {
            assert!(
                !matches!(canonical_text("ip", host).len(), 4 | 16),
                "{host}"
            );
        }
    }
}
