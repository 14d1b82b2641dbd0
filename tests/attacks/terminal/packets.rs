//! What he does: signs a packet whose signer has a role and whose record has a title, names and roles that move the
//! cursor, clear the screen, turn letters round or begin a line of their own.
//!
//! What he wants: his reader's terminal to show "✓ signers ok" over "not trusted", or a report, table or README that
//! reads in another order than it is written in.
//!
//! What stops him: whatever is printed is written out where it acts, and a packet with such a text is refused.

use std::io::Cursor;

use evidence::packet::{Layout, read_container};
use packet::{KeySigner, cosign};

use super::{HOSTILE, harmless, shows_it};
use crate::verifier::packets::edits::{edit_packet, pack, rederive_texts, settle};
use crate::verifier::packets::{at, input, reviewer_key, written};
use muniment_tests::programs::Terminal;

#[test]
fn a_signer_draws_no_line() {
    let home = tempfile::tempdir().expect("a folder");
    let terminal = Terminal::new(home.path());
    let zip = written(&input(9, 40, &[9, 10, 13]));
    let mut files = read_container(&mut Cursor::new(zip)).expect("a packet");
    edit_packet(&mut files, |packet| {
        packet.title = HOSTILE.into();
        packet.required_signers[0].role = HOSTILE.into();
        packet.offices[0].office = HOSTILE.into();
        packet.analysis[0].text = HOSTILE.into();
        packet.evidence[0].id = HOSTILE.into();
    });
    rederive_texts(&mut files);
    let mut files = settle(files, None);
    files.retain(|name, _| !name.starts_with(Layout::SIGNATURES));
    let key = reviewer_key();
    let signer = KeySigner {
        key: &key,
        role: HOSTILE,
        statement: HOSTILE,
    };
    let mut out = Vec::new();
    cosign(
        Cursor::new(pack(&files)),
        &signer,
        at("2026-11-21T09:30:00Z"),
        &mut out,
    )
    .expect("signed");
    let name = format!("{HOSTILE}.zip");
    std::fs::write(home.path().join(&name), out).expect("a file");
    for arguments in [
        vec!["verify", name.as_str()],
        vec!["--json", "verify", name.as_str()],
    ] {
        let output = terminal.run(&arguments);
        harmless("verify", &output);
        assert!(shows_it(&output), "{arguments:?}");
        assert_ne!(output.status.code(), Some(0));
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("text-acts"), "{said}");
    }
}
