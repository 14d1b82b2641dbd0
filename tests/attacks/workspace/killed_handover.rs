//! **What it does**: ends the process between two steps of whatever writes outside of the workspace: a further signature on a packet, a
//! fork proof, a file or folder out of quarantine; an export, a key, a trust file.
//! **What it wants**: a file that custody does not know, an entry for a file that never was, half a folder, two histories signed with one
//! key, or something that lies about for ever.
//! **What stops it**: one way for all that custody records (`bench/src/delivery.rs`): written under a name that nobody can guess,
//! recorded, then named; the next open ends what was begun. What custody does not record is held locked while it is written, and what
//! nobody holds is removed by the next file that is begun there. Before, `packet sign` and `quarantine export` recorded first and wrote
//! then, and what a kill left beside an export stayed.

use std::path::Path;

use muniment_tests::exports::{Log, put};
use muniment_tests::killed::{around, ended_at_as, left_over, steps, steps_as};
use muniment_tests::programs::{PASSPHRASE, SECOND_PASSPHRASE, Terminal};

use super::place::{below, copy, findings, workspace};

/// Something that custody records and that is written outside of the workspace.
struct HandedOver {
    name: &'static str,
    arguments: Vec<String>,
    passphrase: &'static str,
    /// The entry's kind.
    recorded: &'static str,
}

fn same(a: &Path, b: &Path) -> bool {
    let read = |path: &Path| {
        let all = below(path).into_iter().filter(|p| p.is_file());
        let mut all: Vec<_> = all
            .map(|p| {
                let name = p.strip_prefix(path).expect("below it").to_owned();
                (name, std::fs::read(p).expect("read"))
            })
            .collect();
        all.sort();
        all
    };
    read(a) == read(b)
}

/// Ends a run at each step, and holds what is there to what custody knows.
fn held(prepared: &Terminal, what: &HandedOver, honest: Option<&Path>) {
    let root = prepared.home.parent().expect("a folder").to_owned();
    let whole = root.join("whole");
    copy(&prepared.home, &whole);
    let mut arguments: Vec<&str> = what.arguments.iter().map(String::as_str).collect();
    arguments.extend(["-o", "out"]);
    let names = steps_as(&Terminal::new(&whole), &arguments, what.passphrase);
    assert!(
        names.iter().any(|n| n == "commit"),
        "{}: {names:?}",
        what.name
    );
    let count = |terminal: &Terminal| {
        let custody = terminal.done(&["custody"]);
        let entries = custody["entries"].as_array().expect("entries").iter();
        entries
            .filter(|entry| entry.to_string().contains(what.recorded))
            .count()
    };
    let recorded_before = count(prepared);
    let (mut with, mut without) = (0, 0);
    for step in around(&names) {
        let home = root.join(format!("at-{step}"));
        copy(&prepared.home, &home);
        let terminal = Terminal::new(&home);
        let said = format!(
            "{} ended before step {step}, {}",
            what.name,
            names[step - 1]
        );
        assert!(
            ended_at_as(&terminal, &arguments, what.passphrase, step),
            "{said}"
        );
        let out = home.join("out");
        let stood = out.exists();
        // This opens the workspace, and ends what was begun.
        let known = count(&terminal) > recorded_before;
        assert!(known || !stood, "{said}: custody does not know it");
        assert_eq!(out.exists(), known, "{said}");
        assert_eq!(left_over(&home), Vec::<String>::new(), "{said}");
        assert_eq!(
            left_over(&terminal.workspace),
            Vec::<String>::new(),
            "{said}"
        );
        assert_eq!(findings(&terminal), Vec::<String>::new(), "{said}");
        if !known {
            // The same command does it now.
            steps_as(&terminal, &arguments, what.passphrase);
        }
        let good = honest.is_none_or(|honest| same(&out, honest));
        assert!(good, "{said}: it is not whole");
        if what.name != "quarantine" {
            let (_, report) = terminal.json(&["verify", "out"]);
            assert_ne!(report["outcome"], "failed", "{said}: {report:#}");
        }
        with += usize::from(known);
        without += usize::from(!known);
        std::fs::remove_dir_all(&home).expect("removed");
    }
    std::fs::remove_dir_all(&whole).expect("removed");
    assert!(with > 0 && without > 0, "{}: {with}, {without}", what.name);
}

fn owned(arguments: &[&str]) -> Vec<String> {
    arguments.iter().map(|a| (*a).to_owned()).collect()
}

/// The prepared workspace in a folder of its own, so that copies of it lie beside.
fn place() -> (tempfile::TempDir, Terminal) {
    let (made, _) = workspace();
    let dir = tempfile::tempdir().expect("a folder");
    let home = dir.path().join("prepared");
    copy(made.path(), &home);
    (dir, Terminal::new(&home))
}

#[test]
fn a_further_signature_stands_only_if_custody_knows_it() {
    let (_dir, prepared) = place();
    prepared.done(&["incident", "open", "A heartbeat", "--pin", "1"]);
    let list = prepared.done(&["incident", "list"]);
    let incident = list["incidents"][0]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let plan = prepared.done(&["packet", "plan", &incident]);
    let digest = plan["digest"].as_str().expect("a digest").to_owned();
    prepared.done(&[
        "packet",
        "write",
        &incident,
        "--approve",
        &digest,
        "-o",
        "one.zip",
    ]);
    let sign = HandedOver {
        name: "packet sign",
        arguments: owned(&["packet", "sign", "one.zip"]),
        passphrase: SECOND_PASSPHRASE,
        recorded: "packet.signed",
    };
    held(&prepared, &sign, None);
}

#[test]
fn a_fork_proof_stands_only_if_custody_knows_it() {
    let (_dir, prepared) = place();
    let origin = "log.example/forked";
    let (ours, theirs) = (Log::new(origin, 9, 12), Log::branching(origin, 9, 5, 12));
    put(&prepared.home.join("ours"), &ours.export(0..12, &[]));
    put(&prepared.home.join("theirs"), &theirs.export(0..12, &[]));
    prepared.done(&[
        "trust",
        "add",
        &ours.verifier().to_string(),
        "--schema",
        "enigm-command",
    ]);
    prepared.run(&["import", "ours"]);
    prepared.run(&["import", "theirs"]);
    let fork = HandedOver {
        name: "fork-proof",
        arguments: owned(&["fork-proof", origin]),
        passphrase: PASSPHRASE,
        recorded: "fork-proof.written",
    };
    held(&prepared, &fork, None);
}

#[test]
fn what_leaves_quarantine_is_whole_and_known() {
    let (_dir, prepared) = place();
    std::fs::write(prepared.home.join("bad.ndjson"), "{\"broken\n").expect("written");
    let mut broken = Log::new("log.example/broken", 3, 6).export(0..6, &[]);
    let records = broken.get_mut("records.ndjson").expect("records");
    records.truncate(records.len() / 2);
    put(&prepared.home.join("folder"), &broken);
    prepared.run(&["import", "bad.ndjson"]);
    prepared.run(&["import", "folder"]);
    let list = prepared.done(&["quarantine", "list"]);
    assert_eq!(list["total"], 2, "{list:#}");
    for file in list["files"].as_array().expect("files") {
        let name = file["file"].as_str().expect("a name");
        let honest = if name.contains("bad") {
            "bad.ndjson"
        } else {
            "folder"
        };
        let honest = prepared.home.join(honest);
        let id = file["id"].to_string();
        let export = HandedOver {
            name: "quarantine",
            arguments: owned(&["quarantine", "export", &id]),
            passphrase: PASSPHRASE,
            recorded: "quarantine.exported",
        };
        held(&prepared, &export, Some(&honest));
    }
}

#[test]
fn what_custody_does_not_record_is_whole_or_not_there() {
    let (_dir, prepared) = place();
    let root = prepared.home.parent().expect("a folder").to_owned();
    let seal = "seal --source enigm-key --origin log.example/enigm-key --key 1.key --previous 1.zip 1.ndjson -o out";
    let all = [
        seal,
        "keygen --origin log.example/new -o out",
        "trust export -o out",
        "packet keys -o out",
    ];
    for command in all {
        let arguments: Vec<&str> = command.split(' ').collect();
        let whole = root.join("whole");
        copy(&prepared.home, &whole);
        let names = steps(&Terminal::new(&whole), &arguments);
        std::fs::remove_dir_all(&whole).expect("removed");
        let mut absent = 0;
        for step in around(&names) {
            let home = root.join(format!("at-{step}"));
            copy(&prepared.home, &home);
            let terminal = Terminal::new(&home);
            let said = format!("{command} ended before step {step}, {}", names[step - 1]);
            assert!(
                ended_at_as(&terminal, &arguments, PASSPHRASE, step),
                "{said}"
            );
            let out = home.join("out");
            let first = std::fs::read(&out).ok();
            absent += usize::from(first.is_none());
            if first.is_none() {
                // The same again.
                terminal.done(&arguments);
            }
            let bytes = std::fs::read(&out).expect("it is there");
            assert!(bytes.len() > 40, "{said}");
            if command == seal {
                let (code, report) = terminal.json(&["verify", "out"]);
                assert_ne!(code, 1, "{said}: {report:#}");
                // Whatever was signed is of one history: it goes on from there.
                std::fs::rename(&out, home.join("second.zip")).expect("moved");
                let more = command.replace("1.zip", "second.zip");
                let more: Vec<&str> = more.split(' ').collect();
                terminal.done(&more);
                assert_eq!(
                    terminal.done(&["import", "second.zip", "out"])["total"],
                    6,
                    "{said}"
                );
            } else {
                serde_json::from_slice::<serde_json::Value>(&bytes).expect("whole JSON");
                // The next file that is begun there clears up.
                terminal.done(&["trust", "export", "-o", "later.json"]);
            }
            assert_eq!(left_over(&home), Vec::<String>::new(), "{said}");
            std::fs::remove_dir_all(&home).expect("removed");
        }
        assert!(absent > 0, "{command}");
    }
}
