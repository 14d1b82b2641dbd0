//! `README.txt` and `VERIFY.txt`, each a function of `packet.json`.

use std::fmt::Write as _;

use super::model::PacketJson;

fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// `data/README.txt`.
#[must_use]
pub fn readme_text(packet: &PacketJson) -> String {
    let mut text = format!(
        "{title}\n{id}, version {version}, {status}, {classification}\n\n\
         This is a Muniment packet: a report for people (report/review.pdf), the same\n\
         record for machines (packet.json), tables, {evidence} redacted records under\n\
         evidence/ with proofs up to the checkpoint of the system that wrote them\n\
         (proofs/), and an extract of the custody log (custody/).\n\n\
         Fields that this audience may not see are withheld: their path and their\n\
         commitment stay, so a record still checks against its source, and you see which\n\
         field was withheld. Policy: {audience}, {policy} version {policy_version}.\n\n\
         Two kinds of signature are in here and say different things. The source's\n\
         signature on a checkpoint says: these fields are mine. The signatures under\n\
         signatures/ say: this extract is honest. Handles and times in tables are the\n\
         redactor's claims wherever the record withholds the field.\n\n\
         What the evidence cannot show is in the report under \"Limitations\" and in\n\
         packet.json under \"limitations\". This packet is neither legal advice nor a\n\
         certification.\n\n\
         Check it with:   muniment verify FILE.zip --trust KEYS.json\n\
         or by hand: see VERIFY.txt. Take the keys or their fingerprints from somewhere\n\
         else than this packet.\n",
        title = plain(&packet.title),
        id = plain(&packet.id),
        version = packet.version,
        status = plain(&packet.status),
        classification = plain(&packet.classification),
        evidence = packet.evidence.len(),
        audience = plain(&packet.policy.audience),
        policy = plain(&packet.policy.id),
        policy_version = packet.policy.version,
    );
    if let Some(old) = &packet.supersedes {
        let _ = write!(
            text,
            "\nIt replaces version {}, whose packet.json has SHA-256 (hex) {}.\n",
            old.version,
            old.packet_digest.to_hex(),
        );
    }
    text
}

/// `data/VERIFY.txt`: how to check with openssl and sha256sum alone.
#[must_use]
pub fn verify_text(packet: &PacketJson) -> String {
    let mut text = String::from(
        "Checking this packet with sha256sum and openssl (3.0 or later) alone\n\
         ====================================================================\n\n\
         Unpack the ZIP into an empty folder and go there.\n\n\
         1. Every file is the one the manifests name:\n\n\
         \x20  sha256sum --strict -c manifest-sha256.txt\n\
         \x20  sha256sum --strict -c tagmanifest-sha256.txt\n\n\
         \x20  find data -type f | wc -l      must equal   wc -l < manifest-sha256.txt\n\n\
         2. The tag manifest is the one that was signed. For each signer below, with F\n\
         \x20  standing for the fingerprint:\n\n\
         \x20  openssl pkeyutl -verify -rawin -pubin -inkey signatures/F.pub.pem \\\n\
         \x20    -in signatures/F.pae -sigfile signatures/F.sig\n\n\
         \x20  prints \"Signature Verified Successfully\". Then compare the digest in the\n\
         \x20  signed text with the tag manifest at hand:\n\n\
         \x20  grep -a -o '\"tagManifest\":\"[0-9a-f]*\"' signatures/F.pae\n\
         \x20  sha256sum tagmanifest-sha256.txt\n\n\
         3. The key is the one you expect. Its fingerprint is SHA-256 over the byte 01\n\
         \x20  and the 32 bytes of the key; it must equal the one its owner gave you by\n\
         \x20  another way than this packet:\n\n\
         \x20  (printf '\\001'; openssl pkey -pubin -in signatures/F.pub.pem -outform DER \\\n\
         \x20    | tail -c 32) | sha256sum\n\n\
         Required signers:\n\n",
    );
    for signer in &packet.required_signers {
        let _ = writeln!(
            text,
            "   {}  {}",
            plain(&signer.fingerprint),
            plain(&signer.role)
        );
    }
    text.push_str(
        "\nThis shows that nothing was changed since it was signed. That every disclosed\n\
         field is one its source committed to, and that report, tables, records and\n\
         proofs agree, is checked by:   muniment verify FILE.zip --trust KEYS.json\n\n\
         The time of the signatures is the signers' own statement; nobody else attests it.\n",
    );
    text
}
