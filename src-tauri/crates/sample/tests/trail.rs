//! Every way in which a CloudTrail trail can be wrong has its own verdict.

use std::collections::{BTreeMap, BTreeSet};

use evidence::cloudtrail::{
    DigestFacts, DigestVerdict as D, FindingCode as F, LogVerdict as L, Trail, TrailReport,
    TrailTrust, TrailVerdict as T, inflate, is_digest_name, read_keys, survey,
};
use sample::trail::{TrailCase, TrailFiles, TrailSigner};

fn read(files: &BTreeMap<String, Vec<u8>>) -> Trail {
    let mut trail = Trail::default();
    for (path, bytes) in files {
        trail.read(path, bytes);
    }
    trail
}

fn report(case: TrailCase) -> TrailReport {
    let TrailFiles { files, policy, .. } = case.files();
    policy.check().expect("a policy");
    survey(&read(&files), &[policy])
}

/// What is not as in the good trail: overall verdict, digests and logs by verdict, problems with
/// the hours that they name.
type Row = (T, Vec<(D, usize)>, Vec<(L, usize)>, Vec<(F, u64)>);

fn row(report: &TrailReport) -> Row {
    let mut digests = BTreeMap::new();
    for line in report.digests.iter().filter(|d| d.verdict != D::Verified) {
        *digests.entry(line.verdict).or_insert(0) += 1;
    }
    let mut logs = BTreeMap::new();
    for line in report.logs.iter().filter(|l| l.verdict != L::Verified) {
        *logs.entry(line.verdict).or_insert(0) += 1;
    }
    let problems = report.findings.iter().filter(|f| f.problem);
    (
        report.verdict,
        digests.into_iter().collect(),
        logs.into_iter().collect(),
        problems.map(|f| (f.code, f.hours_missing)).collect(),
    )
}

fn expected(case: TrailCase) -> Row {
    use TrailCase as C;
    let none = Vec::new;
    match case {
        C::Good | C::Backfill | C::MovedWithMap => (T::Verified, vec![], vec![], none()),
        C::KeyUnconfirmed => (
            T::Pending,
            vec![(D::KeyUnconfirmed, 14)],
            vec![(L::KeyUnconfirmed, 19)],
            none(),
        ),
        C::EditedLog => (T::Failed, vec![], vec![(L::Changed, 1)], none()),
        C::EditedDigest => (
            T::Failed,
            vec![(D::BadSignature, 1)],
            vec![(L::DigestUnproven, 2)],
            vec![(F::Gap, 1)],
        ),
        C::MissingOne => (
            T::Incomplete,
            vec![],
            vec![(L::Unlisted, 1)],
            vec![(F::Gap, 1)],
        ),
        C::MissingTwo => (
            T::Incomplete,
            vec![],
            vec![(L::Unlisted, 3)],
            vec![(F::Gap, 2)],
        ),
        C::MissingTen => (
            T::Incomplete,
            vec![],
            vec![(L::Unlisted, 13)],
            vec![(F::Gap, 10)],
        ),
        C::DeletedNewest => (
            T::Incomplete,
            vec![],
            vec![(L::Unlisted, 2)],
            vec![(F::EndMissing, 1)],
        ),
        C::NewestWithoutSignature => (
            T::Incomplete,
            vec![(D::Unsigned, 1)],
            vec![(L::DigestUnproven, 2)],
            vec![(F::EndMissing, 1)],
        ),
        C::WrongPreviousHash => (
            T::Failed,
            vec![(D::WrongPreviousHash, 1)],
            vec![(L::DigestUnproven, 2)],
            vec![(F::Gap, 1)],
        ),
        C::WrongAlgorithm => (
            T::Failed,
            vec![(D::WrongAlgorithm, 1)],
            vec![(L::DigestUnproven, 2)],
            vec![(F::Gap, 1)],
        ),
        C::LyingKeys => (
            T::Failed,
            vec![(D::FalseKey, 14)],
            vec![(L::DigestUnproven, 19)],
            vec![(F::EndMissing, 14)],
        ),
        C::ForgersKey => (
            T::Failed,
            vec![(D::UnknownKey, 14)],
            vec![(L::DigestUnproven, 19)],
            vec![(F::EndMissing, 14)],
        ),
        C::Stranger => (
            T::Failed,
            vec![(D::OtherAccount, 14)],
            vec![(L::DigestUnproven, 19)],
            vec![(F::EndMissing, 14)],
        ),
        C::OtherBucket => (
            T::Failed,
            vec![(D::OtherBucket, 14)],
            vec![(L::DigestUnproven, 19)],
            vec![(F::EndMissing, 14)],
        ),
        C::BackfillMissing => (
            T::Incomplete,
            vec![],
            vec![(L::Unlisted, 1)],
            vec![(F::BackfillMissing, 0)],
        ),
        C::Moved => (T::Incomplete, vec![(D::Moved, 14)], vec![], none()),
        C::Restart => (T::Incomplete, vec![], vec![], vec![(F::Restart, 2)]),
        C::TimeBreak => (
            T::Incomplete,
            vec![],
            vec![],
            vec![(F::Gap, 1), (F::TimeBreak, 0)],
        ),
        C::MultiMember => (T::Failed, vec![], vec![(L::Unreadable, 1)], none()),
        // The signature of the digest before is lost with the unreadable one.
        C::TrailingData | C::DuplicateKey => (
            T::Failed,
            vec![(D::Unsigned, 1), (D::Unreadable, 1)],
            vec![(L::DigestUnproven, 1), (L::Unlisted, 2)],
            vec![(F::Gap, 2)],
        ),
        C::Unlisted => (T::Incomplete, vec![], vec![(L::Unlisted, 1)], none()),
        C::LogMissing => (T::Incomplete, vec![], vec![], vec![(F::LogMissing, 0)]),
        C::ExpiredKey => (
            T::Failed,
            vec![(D::OutsideKeyValidity, 14)],
            vec![(L::DigestUnproven, 19)],
            vec![(F::EndMissing, 14)],
        ),
    }
}

#[test]
fn each_case_has_its_own_verdict() {
    let mut wrong = Vec::new();
    for case in TrailCase::ALL {
        let found = row(&report(case));
        if found != expected(case) {
            wrong.push(format!("{case:?}\n  {found:?}\n  {:?}", expected(case)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_missing_hour_is_named() {
    let report = report(TrailCase::MissingTwo);
    let gap = report
        .findings
        .iter()
        .find(|f| f.code == F::Gap)
        .expect("a gap");
    let hours: Vec<String> = gap.hours.iter().map(|h| h.from.to_rfc3339()).collect();
    assert_eq!(
        hours,
        ["2026-10-28T06:00:00+00:00", "2026-10-28T07:00:00+00:00"]
    );
    // The one right before the next digest is known by its object key, too.
    assert!(
        gap.keys[0].ends_with("_20261028T080000Z.json.gz"),
        "{:?}",
        gap.keys
    );
}

#[test]
fn a_hole_takes_the_signature_of_the_digest_before_it_along() {
    let TrailFiles {
        mut files, policy, ..
    } = TrailCase::MissingOne.files();
    files.retain(|path, _| !path.contains("T060000Z.json.gz.head-object"));
    let found = survey(&read(&files), &[policy]);
    let gap = found
        .findings
        .iter()
        .find(|f| f.code == F::Gap)
        .expect("a gap");
    assert_eq!(gap.hours_missing, 2);
    assert_eq!(
        [gap.hours[0].unproven_file, gap.hours[1].unproven_file],
        [true, false]
    );
    assert_eq!(row(&found).1, [(D::Unsigned, 1)]);
}

#[test]
fn an_idle_hour_is_evidence_of_absence() {
    let report = report(TrailCase::Good);
    let quiet = report
        .findings
        .iter()
        .find(|f| f.code == F::NoEvents)
        .expect("an idle hour");
    let span = quiet.span.expect("its time");
    assert_eq!(span.from.to_rfc3339(), "2026-10-28T05:00:00+00:00");
    assert!(!quiet.problem);
    assert_eq!(report.chains[0].covered.len(), 1);
}

#[test]
fn the_order_of_files_means_nothing() {
    for case in TrailCase::ALL {
        let TrailFiles { files, policy, .. } = case.files();
        let trail = read(&files);
        let mut other = trail.clone();
        other.digests.reverse();
        other.logs.rotate_left(3);
        other.signatures.reverse();
        let again = other.digests.first().cloned();
        other.digests.extend(again);
        let policies = [policy];
        assert_eq!(
            survey(&trail, &policies),
            survey(&other, &policies),
            "{case:?}"
        );
    }
}

#[test]
fn nothing_is_proven_without_a_policy() {
    let report = survey(&read(&TrailCase::Good.files().files), &[]);
    assert_eq!(report.verdict, T::Pending);
    assert!(report.digests.iter().all(|d| d.verdict == D::Unpinned));
    assert!(report.logs.iter().all(|l| l.verdict == L::DigestUnproven));
}

/// Single changed bytes of digests: none leaves a digest that a key signed.
#[test]
fn no_changed_byte_of_a_digest_passes() {
    let TrailFiles { files, policy, .. } = TrailCase::Good.files();
    let trail = read(&files);
    let policies = [policy];
    let mut tried = 0;
    for (path, bytes) in files.iter().filter(|(p, _)| is_digest_name(p)) {
        let text = inflate(bytes, 1 << 20).expect("inflates");
        for at in (0..text.len()).step_by(13) {
            let mut changed = text.to_vec();
            changed[at] ^= 1;
            let Ok(facts) = DigestFacts::read(path, &changed) else {
                continue;
            };
            let mut other = trail.clone();
            let sha256 = facts.sha256;
            let whole = other.digests.iter_mut().find(|d| &d.path == path);
            *whole.expect("it is there") = facts;
            let found = survey(&other, &policies);
            let verdict = found.digest(&sha256).expect("a line").verdict;
            assert!(!verdict.is_signed(), "byte {at} of {path}: {verdict:?}");
            tried += 1;
        }
    }
    assert!(tried > 500, "{tried}");
}

#[test]
fn keys_files_are_read_as_both_versions_of_the_tool_write_them() {
    let signer = TrailSigner::demonstration();
    let keys = read_keys(TrailCase::Good.files().keys.as_bytes()).expect("keys");
    assert_eq!(keys[0].sha256(), signer.sha256());
    assert!(keys[0].is_honest());
    let seconds = format!(
        r#"{{"PublicKeyList":[{{"Value":"{}","ValidityStartTime":1434643020.5,"ValidityEndTime":1437235020.0,"Fingerprint":"{}"}}]}}"#,
        data_encoding::BASE64.encode(signer.public()),
        signer.fingerprint()
    );
    let keys = read_keys(seconds.as_bytes()).expect("keys");
    assert_eq!(keys[0].from.to_rfc3339(), "2015-06-18T15:57:00.500+00:00");
    for bad in [
        "",
        "{}",
        r#"{"PublicKeyList":[]}"#,
        r#"{"PublicKeyList":[],"PublicKeyList":[]}"#,
        r#"{"PublicKeyList":[{"Value":"!","ValidityStartTime":0,"ValidityEndTime":1,"Fingerprint":"00"}]}"#,
    ] {
        assert!(read_keys(bad.as_bytes()).is_err(), "{bad}");
    }
}

#[test]
fn a_policy_whose_key_is_another_is_refused() {
    let mut policy: TrailTrust = TrailCase::Good.files().policy;
    policy.keys[0].sha256 = TrailSigner::stranger().sha256().to_hex();
    assert!(policy.check().is_err());
    let text = serde_json::to_string(&TrailCase::Good.files().policy).expect("JSON");
    assert_eq!(TrailTrust::read(&text), Ok(TrailCase::Good.files().policy));
}

#[test]
fn cases_differ() {
    let all: BTreeSet<String> = TrailCase::ALL
        .iter()
        .map(|case| {
            let files = case.files();
            format!("{:?}{:?}{:?}", files.files, files.keys, files.policy)
        })
        .collect();
    assert_eq!(all.len(), TrailCase::ALL.len());
}
