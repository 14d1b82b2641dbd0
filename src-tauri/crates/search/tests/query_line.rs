//! The query line: what is refused and why, and how conditions are shown, added and removed.
#![allow(clippy::unwrap_used, missing_docs)]

use search::{Query, time_filter};

#[test]
fn what_has_no_meaning_says_where_and_what_to_try() {
    for (text, at, message) in [
        ("a (b", 2, "a parenthesis is not closed"),
        ("a) b", 1, "a parenthesis is closed that was not opened"),
        ("a \"b", 2, "a quotation is not closed"),
        ("a AND", 5, "a condition is missing at the end"),
        ("OR a", 0, "an operator has nothing on its left"),
        ("a ()", 2, "there is nothing in these parentheses"),
        ("x sistem:iam", 2, "there is no such field"),
        ("system: x", 7, "a field has no value"),
        ("a*b", 1, "* can only be at the end"),
        ("system:[a .. b]", 7, "this field has no ranges"),
        ("time:[2026-10", 5, "a range is not closed"),
        ("time:2026-13", 5, "this is not a time"),
        (
            "time:[2026-11 .. 2026-10]",
            6,
            "the range ends before it starts",
        ),
        ("import:x", 7, "this is not a whole number"),
        (
            "subject:acc-*",
            8,
            "a handle cannot be searched by its beginning",
        ),
        ("/path", 0, "a path has no value"),
        ("!!!", 0, "there is no word in this"),
    ] {
        let error = Query::parse(text).unwrap_err();
        assert_eq!((error.at, error.message.as_str()), (at, message), "{text}");
        assert!(!error.hint.is_empty());
    }
    let hint = Query::parse("sistem:iam").unwrap_err().hint;
    assert!(hint.starts_with("Did you mean system?") && hint.contains("verdict"));
    assert!(Query::parse(&"(".repeat(10_000)).is_err());
    assert!(Query::parse(&"NOT ".repeat(3_000)).is_err());
}

#[test]
fn every_condition_is_shown_and_can_be_removed() {
    let query = Query::parse("login system:iam -outcome:\"not ok\" (a OR b) time:[2026-10-28 .. ]")
        .unwrap();
    let shown: Vec<_> = query
        .filters()
        .into_iter()
        .map(|f| (f.field, f.value, f.negated))
        .collect();
    let own = |f: &str, v: &str, n| (f.to_owned(), v.to_owned(), n);
    assert_eq!(
        shown,
        [
            own("", "login", false),
            own("system", "iam", false),
            own("outcome", "not ok", true),
            own("", "(a OR b)", false),
            own("time", "[2026-10-28 .. ]", false),
        ]
    );
    assert_eq!(
        query.without(2),
        "login system:iam (a OR b) time:[2026-10-28 .. ]"
    );
    assert_eq!(query.without(9), query.to_string());
    assert_eq!(Query::parse("a").unwrap().without(0), "");
}

#[test]
fn a_condition_is_added_as_it_means() {
    let add = |text: &str, field: &str, value: &str| {
        Query::parse(text).unwrap().with_filter(field, value)
    };
    assert_eq!(add("", "system", "iam"), "system:iam");
    assert_eq!(add("a OR b", "system", "iam"), "(a OR b) system:iam");
    assert_eq!(add("system:iam", "system", "iam"), "system:iam");
    assert_eq!(
        add("a", "outcome", "not \"ok\""),
        r#"a outcome:"not \"ok\"""#
    );
    assert_eq!(add("a", "/x y:z", "v*"), r#"a /x\ y\:z:"v*""#);
    let week = time_filter(Some(0), Some(1_000_000));
    assert_eq!(
        week,
        "[1970-01-01T00:00:00.000000Z .. 1970-01-01T00:00:00.999999Z]"
    );
    assert_eq!(add("time:2026 a", "time", &week), format!("a time:{week}"));
    let text = add("a", "/x y:z", "v*");
    let filters = Query::parse(&text).unwrap().filters();
    assert_eq!(
        (filters[1].field.as_str(), filters[1].value.as_str()),
        ("/x y:z", "v*")
    );
}

#[test]
fn handles_are_resolved_once_and_unknown_ones_named() {
    let mut query = Query::parse("subject:acc-a OR NOT subject:acc-b subject:7").unwrap();
    let unknown = query.resolve_subjects(&mut |_, handle| (handle == "acc-a").then_some(3));
    assert_eq!(unknown, ["acc-b"]);
    assert!(query.resolve_subjects(&mut |_, _| None).is_empty());
    // What was found is no word that could not be seen.
    assert_eq!(query.words(), ["acc-b"]);
}

#[test]
fn each_field_of_handles_asks_for_its_own() {
    let mut query = Query::parse("session:s-1 address:s-1 actor:s-1 s-1").unwrap();
    let mut asked = Vec::new();
    let unknown = query.resolve_subjects(&mut |field, handle| {
        asked.push((field.to_owned(), handle.to_owned()));
        (field != "address").then_some(1)
    });
    let fields: Vec<&str> = asked.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(fields, ["session", "address", "actor", "subject"]);
    assert_eq!(unknown, ["s-1"]);
    for begun in ["session:s*", "address:1*", "actor:a*"] {
        assert!(Query::parse(begun).is_err(), "{begun}");
    }
}
