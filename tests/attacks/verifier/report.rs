//! Does: names another version of the program, or another template, in `packet.json`, puts a PDF of his
//! own wording beside it, and signs.
//! Wants: a report that says anything, in a packet that verifies.
//! Stops it: every template that was ever written with is known by number and the report is rendered
//! again and compared; where the number is not known, the content line is *not checked* and says so.

use evidence::packet::{Layout, LineName, Outcome, Status};

use super::given::{edit_packet, files, pack, rederive, reviewer_key, settle, trust};

/// A packet whose report says what its writer likes, with this engine.
fn of_own_wording(version: &str, template: Option<u32>) -> Vec<u8> {
    let mut files = files();
    edit_packet(&mut files, |packet| {
        packet.engine.version = version.into();
        packet.engine.template = template;
    });
    rederive(&mut files);
    let wording = String::from_utf8_lossy(b"%PDF-1.7\nNothing was found.\n%%EOF\n").into_owned();
    files.insert(Layout::REPORT.into(), wording.into_bytes());
    pack(&settle(files, Some(&reviewer_key())))
}

#[test]
fn another_version_of_the_program_compares_the_report_all_the_same() {
    for (version, template) in [("0.1.01", Some(1)), ("9.9.9", Some(1)), ("0.0.1", None)] {
        let report = packet::verify_whole(&of_own_wording(version, template), &trust());
        assert_eq!(report.failure_codes(), ["report-pages"], "{version}");
        assert!(!report.passed());
    }
}

#[test]
fn a_template_that_nobody_has_leaves_the_content_unchecked() {
    for template in [0, 3, u32::MAX] {
        let report = packet::verify_whole(&of_own_wording("0.1.0", Some(template)), &trust());
        assert!(!report.passed(), "{template}");
        let content = report.line(LineName::Content);
        assert_eq!(content.status, Status::NotChecked);
        assert!(
            content.summary.starts_with("not checked: pages"),
            "{}",
            content.summary
        );
        assert!(!content.summary.contains("agree"));
        let codes: Vec<_> = content.findings.iter().map(|f| f.code).collect();
        assert_eq!(codes, ["report-template-unknown"]);
        let pages = content.checks.iter().find(|check| check.name == "pages");
        assert_eq!(pages.map(|check| check.outcome), Some(Outcome::NotRun));
    }
}

#[test]
fn a_check_that_did_not_run_is_none_that_passed() {
    // Something else fails first: what comes after it did not run, and no line says that it agrees.
    let mut files = files();
    files.insert(Layout::README.into(), b"Nothing was found.\n".to_vec());
    let report = packet::verify_whole(&pack(&settle(files, Some(&reviewer_key()))), &trust());
    let content = report.line(LineName::Content);
    let of = |name| content.checks.iter().find(|check| check.name == name);
    assert_eq!(
        of("texts").map(|check| check.outcome),
        Some(Outcome::Failed)
    );
    assert_eq!(
        of("records").map(|check| check.outcome),
        Some(Outcome::Held)
    );
    assert_eq!(
        of("pages").map(|check| check.outcome),
        Some(Outcome::NotRun)
    );
    assert!(!content.summary.contains("agree"), "{}", content.summary);
    // A packet without a record of its own is not checked at all.
    let mut files = super::given::files();
    files.insert(Layout::PACKET.into(), b"{}".to_vec());
    let report = packet::verify_whole(&pack(&settle(files, None)), &trust());
    let content = report.line(LineName::Content);
    let held = content
        .checks
        .iter()
        .filter(|check| check.outcome == Outcome::Held);
    assert_eq!(held.count(), 0);
}
