//! Events that several files tell: counted once, shown and proven by the best of the files, and found where two files do
//! not say the same.

use muniment_tests::programs::Terminal;
use serde_json::{Value, json};

use super::given::{by_name, packet, put, sha256, terminal, text};

/// A call of a trail, with its members in the order of their names.
fn event(n: u32) -> Value {
    json!({
        "awsRegion": "eu-west-1", "eventCategory": "Management",
        "eventID": format!("4ad0c5f1-2a8e-4c7d-9a6b-{n:012}"), "eventName": "DeleteTrail",
        "eventSource": "cloudtrail.amazonaws.com", "eventTime": format!("2026-10-02T03:{n:02}:00Z"),
        "eventType": "AwsApiCall", "eventVersion": "1.08", "managementEvent": true, "readOnly": false,
        "recipientAccountId": "111122223333", "requestParameters": {"name": "trail", "deep": {"b": 1.50, "a": [1, 2]}},
        "responseElements": null, "sourceIPAddress": "203.0.113.66", "userAgent": "aws-cli/2.15.0",
        "userIdentity": {"type": "IAMUser", "principalId": "AIDACKCEVSQ6C2EXAMPLE",
            "arn": "arn:aws:iam::111122223333:user/alice", "accountId": "111122223333", "userName": "alice"},
    })
}

/// The same value with the members of every object in the other order, and with spaces.
fn other_spelling(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members: Vec<String> = (members.iter().rev())
                .map(|(name, value)| format!("{} : {}", json!(name), other_spelling(value)))
                .collect();
            format!("{{ {} }}", members.join(" , "))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(other_spelling).collect();
            format!("[ {} ]", items.join(", "))
        }
        other => other.to_string(),
    }
}

/// Three files that tell three events: lines, a log file in another spelling with a manifest beside it, and what a
/// look-up returns, newest first.
fn files(terminal: &Terminal) -> [&'static str; 3] {
    let lines = format!("{}\n{}\n", event(1), event(2));
    put(terminal, "lines/one.ndjson", lines.as_bytes());
    let told = [event(1), event(2), event(3)].map(|event| other_spelling(&event));
    let log = format!("{{\"Records\": [{}]}}", told.join(", "));
    put(terminal, "log/two.json", log.as_bytes());
    let sums = format!("{}  two.json\n", sha256(log.as_bytes()));
    put(terminal, "log/SHA256SUMS", sums.as_bytes());
    let looked_up = [event(3), event(2)].map(|event| {
        json!({ "EventId": event["eventID"], "CloudTrailEvent": event.to_string(), "EventName": "DeleteTrail" })
    });
    let looked_up = json!({ "Events": looked_up }).to_string();
    put(terminal, "looked-up/three.json", looked_up.as_bytes());
    ["lines", "log", "looked-up"]
}

fn total(terminal: &Terminal, query: &str) -> u64 {
    (terminal.done(&["search", query])["total"].as_u64()).expect("a total")
}

#[test]
fn an_event_of_several_files_is_one_and_stands_as_its_best_file_does() {
    for order in [[0, 1, 2], [1, 0, 2], [2, 1, 0], [2, 0, 1]] {
        let (_dir, terminal) = terminal();
        let files = files(&terminal);
        terminal.done(&["init"]);
        let mut new = 0;
        for at in order {
            let report = terminal.done(&["import", files[at]]);
            new += report["total"].as_u64().expect("a total");
        }
        assert_eq!((new, total(&terminal, "")), (3, 3), "{order:?}");
        assert_eq!(total(&terminal, "assurance:hash-matched"), 3, "{order:?}");
        assert_eq!(total(&terminal, "assurance:unproven"), 0, "{order:?}");
        let rows = terminal.done(&["search"]);
        for row in rows["rows"].as_array().expect("rows") {
            assert_eq!(row["assurance"], "hash-matched", "{order:?}");
            let shown = terminal.done(&["show", &row["seq"].to_string()]);
            assert_eq!(shown["file"], "two.json", "{order:?}: what proves it");
            assert_eq!(shown["proof"]["assurance"], "hash-matched", "{order:?}");
            let retold = shown["retold"].as_array().expect("who else tells it");
            assert!(!retold.is_empty() && retold.iter().all(|one| one["assurance"] == "unproven"));
        }
        assert_eq!(terminal.done(&["detections", "list"])["total"], 0);
        assert_eq!(terminal.done(&["fsck"])["ok"], true, "{order:?}");
        terminal.done(&["rebuild", "--all"]);
        assert_eq!(total(&terminal, ""), 3, "{order:?}");
    }
}

#[test]
fn a_file_says_how_many_of_its_events_are_here_already() {
    let (_dir, terminal) = terminal();
    let lines = format!("{}\n{}\n", event(1), event(1));
    put(&terminal, "twice.ndjson", lines.as_bytes());
    put(&terminal, "again.json", event(1).to_string().as_bytes());
    terminal.done(&["init"]);
    let report = terminal.done(&["import", "twice.ndjson", "again.json"]);
    let twice = by_name(&report, "files", "twice.ndjson");
    let again = by_name(&report, "files", "again.json");
    // Whichever came first, the event is one.
    let records = |file: &Value| file["records"].as_u64().expect("a number");
    assert_eq!(records(twice) + records(again), 1);
    assert!(text(&twice["remark"]).contains("counted once"), "{twice:#}");
    assert_eq!(total(&terminal, ""), 1);
    // An event without an id is told by itself, however often.
    let mut nameless = event(4);
    nameless
        .as_object_mut()
        .expect("an object")
        .remove("eventID");
    let lines = format!("{nameless}\n{nameless}\n");
    put(&terminal, "nameless.ndjson", lines.as_bytes());
    assert_eq!(terminal.done(&["import", "nameless.ndjson"])["total"], 2);
}

#[test]
fn one_id_with_other_content_is_two_records_and_a_finding() {
    let (_dir, terminal) = terminal();
    let mut denied = event(1);
    denied["errorCode"] = json!("AccessDenied");
    put(&terminal, "one.json", event(1).to_string().as_bytes());
    put(&terminal, "two.json", denied.to_string().as_bytes());
    let lines = format!("{denied}\n{}\n", event(1));
    put(&terminal, "three.ndjson", lines.as_bytes());
    terminal.done(&["init"]);
    terminal.done(&["import", "one.json"]);
    let report = terminal.done(&["import", "two.json"]);
    let two = by_name(&report, "files", "two.json");
    assert!(text(&two["remark"]).contains("told otherwise"), "{two:#}");
    assert_eq!(total(&terminal, ""), 2, "neither hides the other");
    let found = terminal.done(&["detections", "list"]);
    for (seq, other) in [("1", 2), ("2", 1)] {
        // Numbers also go to the record about each file.
        let rows = terminal.done(&["search"]);
        let rows = rows["rows"].as_array().expect("rows");
        let (own, other) = (
            rows.len() - seq.parse::<usize>().expect("one"),
            rows.len() - other,
        );
        let shown = terminal.done(&["show", &rows[own]["seq"].to_string()]);
        assert_eq!(
            shown["retold"][0]["otherwise"], rows[other]["seq"],
            "{shown:#}"
        );
        assert_eq!(shown["detections"].as_array().map(Vec::len), Some(1));
    }
    assert_eq!(
        (&found["total"], &found["groups"][0]["kind"]),
        (&json!(1), &json!("retold"))
    );
    // What says the same as either of them is one with it.
    assert_eq!(terminal.done(&["import", "three.ndjson"])["total"], 0);
    assert_eq!(total(&terminal, ""), 2);
    assert_eq!(terminal.done(&["detections", "list"])["total"], 1);
    let opened = terminal.done(&[
        "detections",
        "open",
        &text(&found["groups"][0]["rows"][0]["id"]),
    ]);
    assert!(text(&opened["row"]["id"]).starts_with("INC-"), "{opened:#}");
    assert_eq!(terminal.done(&["fsck"])["ok"], true);
}

#[test]
fn a_packet_proves_an_event_by_the_file_that_it_names() {
    let (_dir, terminal) = terminal();
    let files = files(&terminal);
    terminal.done(&["init"]);
    for file in files {
        terminal.done(&["import", file]);
    }
    let rows = terminal.done(&["search"]);
    let numbers: Vec<String> = (rows["rows"].as_array().expect("rows").iter())
        .map(|row| row["seq"].to_string())
        .collect();
    let mut open = vec![
        "incident",
        "open",
        "A trail that went",
        "--pin",
        &numbers[0],
    ];
    open.extend(["--pin", &numbers[1], "--pin", &numbers[2]]);
    let id = text(&terminal.done(&open)["row"]["id"]);
    let packet = packet(&terminal, &id, "internal-audit", "out.zip");
    terminal.done(&["packet", "keys", "-o", "keys.json"]);
    let verified = terminal.done(&["verify", "out.zip", "--trust", "keys.json"]);
    assert_eq!(verified["outcome"], "passed", "{verified:#}");
    let evidence = packet["evidence"].as_array().expect("evidence");
    assert_eq!(evidence.len(), 3);
    assert!(
        evidence
            .iter()
            .all(|one| one["assurance"] == "hash-matched"),
        "{evidence:#?}"
    );
}
