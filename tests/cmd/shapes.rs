//! What people have, as they have it: records in every shape, manifests in every spelling, names as other systems
//! write them. Each comes in, or is told what it is and what to do.

use serde_json::Value;

use super::given::{by_name, loose, put, sha256, terminal, text, zipped};

/// A call that CloudTrail recorded.
fn call(name: &str, more: &str) -> String {
    format!(
        r#"{{"eventVersion":"1.08","userIdentity":{{"type":"IAMUser","userName":"alice"}},"eventTime":"2026-10-05T00:00:03Z","eventSource":"cloudtrail.amazonaws.com","eventName":"{name}","awsRegion":"eu-west-1","eventID":"3fcfb182-98f8-4744-bd45-0000000000{:02}","eventType":"AwsApiCall"{more}}}"#,
        name.len()
    )
}

#[test]
fn each_record_is_what_it_is_and_says_how_it_ended() {
    let (_dir, terminal) = terminal();
    let denied = call("StopLogging", r#","errorCode":"AccessDenied""#);
    let carried = serde_json::Value::from(call("DeleteTrail", ""));
    put(
        &terminal,
        "in/mixed.ndjson",
        format!("{{\"message\":\"x\"}}\n{denied}\n").as_bytes(),
    );
    put(
        &terminal,
        "in/lookup.json",
        format!("{{\"Events\":[{{\"EventId\":\"1\",\"CloudTrailEvent\":{carried}}}]}}").as_bytes(),
    );
    put(
        &terminal,
        "in/notification.json",
        br#"{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","awsRegion":"eu-west-1","eventTime":"2024-05-02T08:48:40Z","eventName":"ObjectCreated:Copy"}]}"#,
    );
    let utf16: Vec<u8> = std::iter::once(0xfeff)
        .chain(call("UpdateTrail", "").encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    put(&terminal, "in/powershell.json", &utf16);
    put(
        &terminal,
        "in/AuditLog.csv",
        b"CreationDate,UserIds\r\n2026-11-01,d@example.com\r\n",
    );
    put(
        &terminal,
        "in/object.json",
        b"{\n \"a\": [{\"x\": 1}],\n \"b\": [{\"y\": 1}]\n}\n",
    );
    terminal.done(&["init"]);
    let report = terminal.done(&["import", "in"]);
    assert_eq!(report["total"], 7);
    let origin = |file: &str| text(&by_name(&report, "files", file)["origin"]);
    assert_eq!(origin("mixed.ndjson"), "aws-cloudtrail, unclassified");
    assert_eq!(origin("lookup.json"), "aws-cloudtrail");
    assert_eq!(origin("powershell.json"), "aws-cloudtrail");
    assert_eq!(origin("notification.json"), "unclassified");
    let remark = &by_name(&report, "files", "object.json")["remark"];
    assert!(text(remark).contains("one record"));
    let format = |file: &str| text(&by_name(&report, "files", file)["format"]);
    assert_eq!(
        [format("AuditLog.csv"), format("lookup.json")],
        ["table", "JSON records"]
    );

    let titles = |query: &str| -> Vec<(String, Value)> {
        let found = terminal.done(&["search", query, "--limit", "100"]);
        let rows = found["rows"].as_array().expect("rows").iter();
        rows.map(|row| (text(&row["title"]), row["outcome"].clone()))
            .collect()
    };
    assert_eq!(
        titles("StopLogging"),
        [("Failed: Trail stopped".into(), "AccessDenied".into())]
    );
    assert_eq!(titles("DeleteTrail")[0].1, "success");
    assert_eq!(titles("outcome:success").len(), 2);
    assert_eq!(terminal.done(&["fsck"])["ok"], true);
}

#[test]
fn what_cannot_be_read_is_told_what_it_is_and_the_rest_of_it_can_be_admitted() {
    let (_dir, terminal) = terminal();
    let twice = "{\"a\":1}\n{\"a\":2}\n{\"a\":1,\"a\":2}\n{\"a\":3}\n";
    put(&terminal, "in/twice.ndjson", twice.as_bytes());
    put(
        &terminal,
        "in/cut.json",
        b"{\"Records\":[{\"a\":1},{\"a\":2},{\"a\":",
    );
    put(
        &terminal,
        "in/auth.log",
        b"Nov  2 03:14:15 host sshd[4711]: Failed password\n",
    );
    put(
        &terminal,
        "in/events.xml",
        b"<Events><Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'/></Events>",
    );
    put(&terminal, "in/notes.txt", b"nothing to see\nhere\n");
    terminal.done(&["init"]);
    let (code, report) = terminal.json(&["import", "in"]);
    assert_eq!((code, &report["total"]), (1, &0.into()));
    for (file, code, reason, hint) in [
        ("twice.ndjson", "unreadable", "line 3", "admit"),
        ("cut.json", "unreadable", "line 1", "admits"),
        ("auth.log", "syslog", "syslog", "JSON"),
        ("events.xml", "event-xml", "XML", "evtx_dump -o jsonl"),
        ("notes.txt", "text", "text", "CSV"),
    ] {
        let held = by_name(&report, "quarantine", file);
        assert_eq!(held["code"], code, "{file}");
        assert!(text(&held["reason"]).contains(reason), "{held:#}");
        assert!(text(&held["hint"]).contains(hint), "{held:#}");
        assert!(!text(&held["hint"]).contains("by hand"));
    }
    for (file, total, unread, places) in [
        ("twice.ndjson", 3, 1, vec!["line 3"]),
        ("cut.json", 2, 1, vec!["element 2"]),
    ] {
        let id = by_name(&report, "quarantine", file)["id"].to_string();
        let admitted = terminal.done(&["quarantine", "admit", &id, "--reason", "needed"]);
        assert_eq!(admitted["total"], total, "{file}");
        assert_eq!(admitted["unread"], unread, "{file}");
        assert_eq!(admitted["places"], Value::from(places), "{file}");
    }
    assert_eq!(terminal.done(&["search", "assurance:unproven"])["total"], 5);
}

/// Manifests of one file, each in its folder, as programs and people write them.
fn manifests(file: &str, digest: &str) -> Vec<(&'static str, String, Vec<u8>)> {
    let upper = digest.to_uppercase();
    let utf16 = |text: &str| -> Vec<u8> {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units.flat_map(u16::to_le_bytes).collect()
    };
    let sums = || "SHA256SUMS".to_owned();
    let table = format!(
        "\r\nAlgorithm       Hash                     Path\r\n---------       ----                     ----\r\nSHA256          {upper}       C:\\evidence\\{file}\r\n\r\n"
    );
    vec![
        ("gnu", sums(), format!("{digest}  {file}\n").into()),
        ("crlf", sums(), format!("{digest}  {file}\r\n").into()),
        ("binary", sums(), format!("{upper} *./{file}\n").into()),
        ("one-blank", sums(), format!("{digest} {file}\r\n").into()),
        ("absolute", sums(), format!("{digest}  /mnt/evidence/{file}\n").into()),
        ("bsd", sums(), format!("SHA256 ({file}) = {digest}\n").into()),
        (
            "certutil",
            sums(),
            format!("SHA256 hash of {file}:\r\n{digest}\r\nCertUtil: -hashfile command completed successfully.\r\n").into(),
        ),
        ("get-filehash", "hashes.txt".into(), table.clone().into()),
        ("redirected", "hashes.txt".into(), utf16(&table)),
        ("bare-utf16", sums(), utf16(&format!("{upper}\r\n"))),
        ("bare", format!("{file}.sha256"), digest.to_owned().into()),
    ]
}

#[test]
fn a_manifest_counts_however_it_is_spelled() {
    let (_dir, terminal) = terminal();
    terminal.done(&["init"]);
    let all = manifests("a.ndjson", "").len();
    for (at, (how, ..)) in manifests("a.ndjson", "").into_iter().enumerate() {
        let bytes = loose(how, 2);
        put(&terminal, &format!("in/{how}/a.ndjson"), &bytes);
        let (_, name, manifest) = manifests("a.ndjson", &sha256(&bytes)).swap_remove(at);
        put(&terminal, &format!("in/{how}/{name}"), &manifest);
        put(&terminal, &format!("in/{how}/.DS_Store"), b"\0\0\0\x01Bud1");
    }
    let report = terminal.done(&["import", "in"]);
    let files = report["files"].as_array().expect("files");
    assert_eq!(
        (files.len(), report["failed"].as_array().map(Vec::len)),
        (all, Some(0))
    );
    for file in files {
        assert_eq!(file["assurance"], "hash-matched", "{file:#}");
    }
    assert_eq!(report["left_out"].as_array().map(Vec::len), Some(all));

    // Imported alone, a file is held to what lies beside it too.
    let bytes = loose("alone", 1);
    put(&terminal, "alone/a.ndjson", &bytes);
    put(
        &terminal,
        "alone/a.ndjson.sha256",
        sha256(b"other").as_bytes(),
    );
    let (code, report) = terminal.json(&["import", "alone/a.ndjson"]);
    assert_eq!(
        (code, text(&report["quarantine"][0]["code"]).as_str()),
        (1, "hash-mismatch")
    );

    // A digest that names no file, beside two, is named and proves nothing.
    put(&terminal, "two/a.ndjson", &loose("two-a", 1));
    put(&terminal, "two/b.ndjson", &loose("two-b", 1));
    put(
        &terminal,
        "two/SHA256SUMS",
        sha256(&loose("two-a", 1)).as_bytes(),
    );
    let (code, report) = terminal.json(&["import", "two"]);
    assert_eq!((code, report["total"].as_u64()), (2, Some(2)));
    assert!(text(&report["failed"][0]["reason"]).contains("names no file"));
}

#[test]
fn names_of_other_systems_are_one_name() {
    let (_dir, terminal) = terminal();
    terminal.done(&["init"]);
    let decomposed = loose("decomposed", 1);
    put(&terminal, "nfd/Pru\u{308}fung.ndjson", &decomposed);
    let listed = format!("{}  Pr\u{fc}fung.ndjson\n", sha256(&decomposed));
    put(&terminal, "nfd/SHA256SUMS", listed.as_bytes());
    let backward = loose("backward", 1);
    let listed = format!("{}  logs/a.ndjson\n", sha256(&backward));
    put(
        &terminal,
        "windows.zip",
        &zipped(&[
            ("logs\\a.ndjson", &backward),
            ("SHA256SUMS", listed.as_bytes()),
            ("__MACOSX/._a.ndjson", b"x"),
            ("Thumbs.db", b"x"),
        ]),
    );
    // A name in code page 437: the writer of the test can only write UTF-8, so the byte is put in afterwards.
    let page = loose("page", 1);
    let mut old = zipped(&[("PrXf.ndjson", &page)]);
    let names: Vec<usize> = (0..old.len() - 4)
        .filter(|at| &old[*at..*at + 4] == b"PrXf")
        .collect();
    assert_eq!(names.len(), 2);
    for at in names {
        old[at + 2] = 0x81;
    }
    put(&terminal, "dos.zip", &old);
    let report = terminal.done(&["import", "nfd", "windows.zip", "dos.zip"]);
    assert_eq!(report["total"], 3);
    for (name, level) in [
        ("Pru\u{308}fung.ndjson", "hash-matched"),
        ("windows.zip/logs/a.ndjson", "hash-matched"),
        ("dos.zip/Pr\u{fc}f.ndjson", "unproven"),
    ] {
        assert_eq!(by_name(&report, "files", name)["assurance"], level);
    }
    let left: Vec<String> = (report["left_out"].as_array().expect("a list").iter())
        .map(|one| text(&one["file"]))
        .collect();
    assert_eq!(
        left,
        ["windows.zip/__MACOSX/._a.ndjson", "windows.zip/Thumbs.db"]
    );
    assert_eq!(terminal.done(&["fsck"])["ok"], true);
}

#[test]
fn a_word_for_what_records_hide_says_so_and_the_identity_is_looked_up() {
    let (_dir, terminal) = terminal();
    let event = call("PutObject", r#","sourceIPAddress":"203.0.113.77""#);
    let other = call("GetObject", r#","sourceIPAddress":"203.0.113.78""#);
    put(
        &terminal,
        "ct.ndjson",
        format!("{event}\n{other}\n").as_bytes(),
    );
    terminal.done(&["init"]);
    terminal.done(&["import", "ct.ndjson"]);
    for typed in [
        "203.0.113.77",
        "2001:db8::66",
        "arn:aws:iam::111122223333:user/mallory",
        "CORP\\Administrator",
        "s3://example-secret/dump.tgz",
        "mallory@example.com",
        "111122223333",
    ] {
        let found = terminal.done(&["search", typed]);
        assert_eq!(found["total"], 0, "{typed}");
        assert_eq!(found["unseen"][0]["text"], typed);
        assert!(
            text(&found["unseen"][0]["why"]).contains("look it up"),
            "{found:#}"
        );
    }
    assert_eq!(
        terminal.done(&["search", "PutObject"])["unseen"],
        serde_json::json!([])
    );
    assert_eq!(
        terminal.done(&["search", "nowhere"])["unseen"][0]["text"],
        "nowhere"
    );

    let id = text(&terminal.done(&["incident", "open", "A look", "--pin", "2"])["row"]["id"]);
    let (code, _) = terminal.refused(&["look-up", "203.0.113.77", "--incident", "INC-2026-0099"]);
    assert_eq!(code, 2);
    let looked = terminal.done(&["look-up", "::ffff:203.0.113.77", "--incident", &id]);
    assert_eq!(
        (
            &looked["handles"][0]["domain"],
            &looked["handles"][0]["total"]
        ),
        (&"ip".into(), &1.into())
    );
    assert_eq!(looked["left"], 49);
    let query = text(&looked["query"]);
    let found = terminal.done(&["search", &query]);
    assert_eq!(
        (&found["total"], &found["rows"][0]["action"]),
        (&1.into(), &"PutObject".into())
    );
    // The handle, as a word, finds what names it too.
    let handle = text(&looked["handles"][0]["handle"]);
    assert_eq!(terminal.done(&["search", &handle])["total"], 1);
    let nobody = terminal.done(&["look-up", "192.0.2.1", "--incident", &id]);
    assert_eq!(
        (&nobody["handles"], &nobody["query"]),
        (&serde_json::json!([]), &Value::Null)
    );

    // Custody knows that and what for, not what.
    let custody = terminal.done(&["custody", "reveal.identity"]);
    assert_eq!(custody["total"], 2);
    assert!(!custody.to_string().contains("203.0.113"));
    // What could not be seen is no absence.
    let refused = terminal.refused(&[
        "incident",
        "save-search",
        &id,
        "192.0.2.1",
        "--purpose",
        "x",
    ]);
    assert_eq!(refused.0, 1);
    let (code, _) =
        terminal.refused(&["look-up", "x", "--incident", &id, "--purpose", "curiosity"]);
    assert_eq!(code, 2);
}

#[test]
fn a_file_that_begins_like_a_folder_leaves_quarantine_as_the_file_it_is() {
    let (dir, terminal) = terminal();
    terminal.done(&["init"]);
    let trick = b"muniment/folder/v1\n\0\x06planted\0\0\0\0\0\0\0\x01x";
    put(&terminal, "trick.bin", trick);
    let (_, report) = terminal.json(&["import", "trick.bin"]);
    let id = report["quarantine"][0]["id"].to_string();
    terminal.done(&["quarantine", "export", &id, "-o", "out.bin"]);
    let out = std::fs::read(dir.path().join("out.bin")).expect("a file, not a folder");
    assert_eq!(out, trick);
}
