//! Whom and what the sample is about. Every name is invented, and every address, number and
//! domain comes from a range that is reserved for documentation or fiction.

use crate::chance::Chance;

/// An administrator of the platform.
#[derive(Clone, Copy)]
pub(crate) struct Administrator {
    pub(crate) account: &'static str,
    pub(crate) role: &'static str,
    /// The usual address (RFC 5737).
    pub(crate) address: &'static str,
    pub(crate) site: &'static str,
}

const fn administrator(
    account: &'static str,
    role: &'static str,
    address: &'static str,
    site: &'static str,
) -> Administrator {
    Administrator {
        account,
        role,
        address,
        site,
    }
}

/// Those who administer the platform.
pub(crate) const ADMINISTRATORS: [Administrator; 8] = [
    administrator(
        "m.lindqvist@enigm.example",
        "security-administrator",
        "192.0.2.11",
        "hq-1",
    ),
    administrator(
        "p.adeyemi@enigm.example",
        "security-administrator",
        "192.0.2.12",
        "hq-1",
    ),
    administrator(
        "j.castellano@enigm.example",
        "device-administrator",
        "192.0.2.21",
        "hq-2",
    ),
    administrator("s.ivanova@enigm.example", "support", "192.0.2.31", "desk-1"),
    administrator(
        "h.nakamura@enigm.example",
        "support",
        "192.0.2.32",
        "desk-1",
    ),
    administrator("d.okonkwo@enigm.example", "auditor", "192.0.2.41", "hq-2"),
    OSEI,
    VARGA,
];

/// The usual approvers of grants and revocations.
pub(crate) const APPROVERS: [&str; 2] = ["m.lindqvist@enigm.example", "p.adeyemi@enigm.example"];

/// An auditor, who has never approved anything before.
pub(crate) const OSEI: Administrator =
    administrator("r.osei@enigm.example", "auditor", "192.0.2.42", "hq-2");

/// An administrator of devices, who works for a contractor.
pub(crate) const VARGA: Administrator = administrator(
    "t.varga@contractor.example",
    "device-administrator",
    "192.0.2.44",
    "annex-3",
);

/// The address that the misuse comes from (RFC 5737).
pub(crate) const STRANGER_ADDRESS: &str = "203.0.113.77";
/// What it calls itself.
pub(crate) const STRANGER_AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64) Chrome/141.0";
/// The usual client.
pub(crate) const USUAL_AGENT: &str = "EnigmCommand/7.4 (desktop)";

/// Somebody with a device and perhaps an Enigm Key.
#[derive(Clone)]
pub(crate) struct Holder {
    pub(crate) account: String,
    pub(crate) device: String,
    pub(crate) device_name: String,
    pub(crate) serial: String,
    pub(crate) imei: String,
    pub(crate) mac: String,
    pub(crate) address: String,
    pub(crate) key: String,
    pub(crate) key_serial: String,
    pub(crate) phone: String,
    pub(crate) region: &'static str,
}

/// The holder whom the story is about.
pub(crate) fn victim() -> Holder {
    Holder {
        account: "k.moreau@enigm.example".to_owned(),
        device: "dh-5e0c17".to_owned(),
        device_name: "Kim's phone".to_owned(),
        serial: "XK93-540017".to_owned(),
        imei: imei(540_017),
        mac: "00:00:5e:00:53:17".to_owned(),
        address: "198.51.100.117".to_owned(),
        key: "EK-20417".to_owned(),
        key_serial: "EKS-9X-00417".to_owned(),
        phone: "+4930231250417".to_owned(),
        region: "north",
    }
}

const GIVEN: [&str; 20] = [
    "amira", "bela", "carmen", "dario", "edith", "farid", "greta", "hugo", "ines", "jonas", "kaja",
    "luca", "mira", "nadia", "oskar", "paula", "rafi", "sofia", "teo", "vera",
];
const FAMILY: [&str; 20] = [
    "abadi", "brandt", "costa", "dvorak", "eriksen", "fontana", "gruber", "haas", "ibarra",
    "jansen", "kovacs", "lehner", "marek", "novak", "olsen", "petrov", "quist", "rossi", "santos",
    "weber",
];
const REGIONS: [&str; 4] = ["north", "south", "west", "centre"];

/// Ordinary holders of one fleet, `count` of them; `fleet` (0 to 9) keeps their identities apart.
pub(crate) fn holders(fleet: u64, count: usize) -> Vec<Holder> {
    let mut chance = Chance::new(&format!("holders of fleet {fleet}"));
    (0..count as u64)
        .map(|at| {
            let (given, family) = (chance.pick(&GIVEN), chance.pick(&FAMILY));
            let number = fleet * 100_000 + at;
            Holder {
                account: format!("{given}.{family}{at}@example.org"),
                device: format!("dh-{:x}{}", fleet + 10, &chance.hex(6)),
                device_name: format!("{given}-phone-{at}"),
                serial: format!("XK93-{number:06}"),
                imei: imei(number),
                // RFC 7042: 00-00-5E-00-53-00 to -FF are for documentation.
                mac: format!("00:00:5e:00:53:{:02x}", at % 256),
                address: format!("198.51.100.{}", at % 100),
                key: format!("EK-{}", 30_000 + number),
                key_serial: format!("EKS-9X-{number:06}"),
                // Berlin numbers that Germany's regulator keeps for films.
                phone: format!("+49302312{:04}", 5_000 + at % 1_000),
                region: REGIONS[(at % 4) as usize],
            }
        })
        .collect()
}

/// An IMEI of a test phone (reporting body 00, GSMA TS.06), with its Luhn digit.
fn imei(number: u64) -> String {
    let body = format!("001017{number:08}");
    let sum: u32 = body
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, digit)| {
            let digit = u32::from(digit - b'0') * if at % 2 == 0 { 2 } else { 1 };
            digit / 10 + digit % 10
        })
        .sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_phones_have_a_luhn_digit() {
        // 49015420323751 has the check digit 8 (3GPP TS 23.003, annex B, uses the same rule).
        let known = imei(0);
        assert_eq!(known.len(), 15);
        let sum: u32 = known
            .bytes()
            .rev()
            .enumerate()
            .map(|(at, digit)| {
                let digit = u32::from(digit - b'0') * if at % 2 == 1 { 2 } else { 1 };
                digit / 10 + digit % 10
            })
            .sum();
        assert_eq!(sum % 10, 0);
    }
}
