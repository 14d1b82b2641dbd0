//! Lives of subjects: order, refused activity, and what depends on values and times.

use chrono::{DateTime, Utc};
use sources::{
    Catalogue, ContradictionFault, Judged, Judgement, Life, Lifecycle, SourceError, SourceFile,
};

fn life_of(system: &str, name: &str) -> Lifecycle {
    let catalogue = Catalogue::builtin();
    let lives = catalogue.get(system, None).unwrap().lifecycles();
    lives.iter().find(|life| life.name == name).unwrap().clone()
}

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

fn judge<'a>(
    life: &mut Life,
    machine: &'a Lifecycle,
    record: i64,
    time: &str,
    action: &str,
    fields: &[(&str, &'static str)],
) -> Judgement<'a> {
    let field = |path: &str| {
        let found = fields.iter().find(|(name, _)| *name == path);
        found.map(|(_, value)| *value)
    };
    let judged = Judged {
        record,
        at: Some(at(time)),
        action,
        outcome: Some("accepted"),
        field: &field,
    };
    life.judge(machine, judged)
}

fn names(judgement: &Judgement<'_>) -> Vec<(String, Vec<i64>)> {
    let all = judgement.contradictions.iter();
    all.map(|one| (one.name().to_owned(), one.rests_on.clone()))
        .collect()
}

#[test]
fn a_message_kept_past_its_lifetime_contradicts_by_record_and_by_silence() {
    let machine = life_of("enigm-server", "message");
    let mut life = Life::unknown();
    let stored = [
        ("/message/lifetime-days", "7"),
        ("/message/expires", "\"2026-11-09T03:15:00Z\""),
    ];
    let first = judge(
        &mut life,
        &machine,
        10,
        "2026-11-02T03:15:00Z",
        "message.stored",
        &stored,
    );
    assert_eq!(first.to, Some("stored"));
    assert!(first.contradictions.is_empty());
    // In time, and silent until an hour after the lifetime: nothing is wrong.
    assert!(
        life.overdue(&machine, at("2026-11-09T04:15:00Z"))
            .is_empty()
    );
    let silent = life.overdue(&machine, at("2026-11-09T04:15:01Z"));
    assert_eq!(silent.len(), 1);
    assert_eq!(silent[0].name(), "kept-past-lifetime");
    assert_eq!(silent[0].rests_on, [10]);
    let silent = life.overdue(&machine, at("2026-12-03T03:15:00Z"));
    let both: Vec<&str> = silent.iter().map(|one| one.name()).collect();
    assert_eq!(both, ["kept-past-lifetime", "kept-past-maximum"]);

    let late = judge(
        &mut life,
        &machine,
        11,
        "2026-11-09T03:15:01Z",
        "message.delivered",
        &[],
    );
    assert_eq!(late.to, Some("delivered"));
    assert_eq!(
        names(&late),
        [("delivered-past-lifetime".to_owned(), vec![10])]
    );
    let late = judge(
        &mut life,
        &machine,
        12,
        "2026-11-10T00:00:00Z",
        "message.deleted",
        &[],
    );
    assert_eq!(names(&late), [("removed-late".to_owned(), vec![10, 11])]);
    // What is gone is not overdue.
    assert!(
        life.overdue(&machine, at("2027-01-01T00:00:00Z"))
            .is_empty()
    );
}

#[test]
fn a_lifetime_beyond_thirty_days_contradicts_at_once() {
    let machine = life_of("enigm-server", "message");
    for (days, wrong) in [("30", false), ("31", true), ("\"soon\"", false)] {
        let mut life = Life::unknown();
        let found = judge(
            &mut life,
            &machine,
            1,
            "2026-11-02T03:15:00Z",
            "message.stored",
            &[("/message/lifetime-days", days)],
        );
        assert_eq!(!found.contradictions.is_empty(), wrong, "{days}");
    }
}

#[test]
fn a_restore_that_skipped_its_validation_contradicts() {
    let machine = life_of("continuity", "recovery");
    let run = |closing: &[(&str, &'static str)]| {
        let mut life = Life::unknown();
        let time = "2026-11-02T03:15:00Z";
        judge(&mut life, &machine, 1, time, "recovery.planned", &[]);
        let passed = [("/restore/validation", "\"passed\"")];
        judge(&mut life, &machine, 2, time, "recovery.tested", &passed);
        judge(&mut life, &machine, 3, time, "recovery.activated", &[]);
        names(&judge(
            &mut life,
            &machine,
            4,
            time,
            "recovery.closed",
            closing,
        ))
    };
    assert!(run(&[("/restore/validation", "\"passed\"")]).is_empty());
    assert_eq!(
        run(&[("/restore/validation", "\"skipped\"")]),
        [("validation-skipped".to_owned(), vec![])]
    );
    assert_eq!(
        run(&[("/restore/validation", "\"failed\"")]),
        [("validation-failed".to_owned(), vec![])]
    );
    assert_eq!(run(&[]), [("validation-unstated".to_owned(), vec![3])]);
}

#[test]
fn order_and_refusals_name_the_record_that_led_there() {
    let machine = life_of("enigm-key", "key");
    let mut life = Life::unknown();
    let time = "2026-11-02T03:15:00Z";
    judge(&mut life, &machine, 5, time, "key.provisioned", &[]);
    judge(&mut life, &machine, 6, time, "key.activated", &[]);
    judge(&mut life, &machine, 7, time, "key.revoked", &[]);
    let found = judge(&mut life, &machine, 8, time, "emergency.triggered", &[]);
    assert_eq!((found.to, life.state()), (None, Some("revoked")));
    assert_eq!(names(&found), [("refused".to_owned(), vec![7])]);
    let found = judge(&mut life, &machine, 9, time, "key.activated", &[]);
    assert_eq!((found.to, life.state()), (Some("active"), Some("active")));
    assert_eq!(names(&found), [("order".to_owned(), vec![7])]);
}

#[test]
fn nothing_contradicts_what_is_not_known() {
    let machine = life_of("enigm-server", "message");
    let mut life = Life::unknown();
    assert!(
        life.overdue(&machine, at("2030-01-01T00:00:00Z"))
            .is_empty()
    );
    let found = judge(
        &mut life,
        &machine,
        1,
        "2026-11-02T03:15:00Z",
        "message.delivered",
        &[],
    );
    assert!(found.contradictions.is_empty());
    // Delivered, but nobody knows when it was stored or how long it may live.
    assert!(
        life.overdue(&machine, at("2030-01-01T00:00:00Z"))
            .is_empty()
    );
}

#[test]
fn a_contradiction_that_is_not_whole_is_refused_with_the_reason() {
    let whole = include_str!("../../../../schemas/sources/enigm-server.json");
    let fails = |from: &str, to: &str| {
        assert!(whole.contains(from), "{from}");
        SourceFile::parse(whole.replacen(from, to, 1).as_bytes()).unwrap_err()
    };
    for (from, to, fault) in [
        (
            r#""name": "lifetime-too-long""#,
            r#""name": "Too long""#,
            ContradictionFault::BadName,
        ),
        (
            r#""name": "removed-late""#,
            r#""name": "lifetime-too-long""#,
            ContradictionFault::NameTwice,
        ),
        (
            r#""if": [{ "field": "/message/lifetime-days", "above": 30 }]"#,
            r#""if": []"#,
            ContradictionFault::NoCondition,
        ),
        (
            r#", "above": 30 }"#,
            r#", "above": 30, "is": ["x"] }"#,
            ContradictionFault::NoForm,
        ),
        (
            r#""on": ["message.stored"],"#,
            "",
            ContradictionFault::NoRecord,
        ),
    ] {
        match fails(from, to) {
            SourceError::Contradiction { fault: found, .. } => assert_eq!(found, fault),
            other => panic!("{fault:?}: {other}"),
        }
    }
    // Its conditions may look at plain values only, and at declared states and record types.
    assert!(matches!(
        fails(
            r#"{ "field": "/message/lifetime-days", "above": 30 }"#,
            r#"{ "absent": "/subject/account" }"#
        ),
        SourceError::NotForHeadline { .. }
    ));
    assert!(matches!(
        fails(r#""since": "stored""#, r#""since": "kept""#),
        SourceError::Lifecycle { what: "state", .. }
    ));
    assert!(matches!(
        fails(
            r#""on": ["message.expired", "message.deleted"]"#,
            r#""on": ["message.gone"]"#
        ),
        SourceError::Lifecycle {
            what: "record type",
            ..
        }
    ));
}
