//! **What it does**: ends the process between two steps of `packet write`, as a power cut, a full disk or a kill does.
//! **What it wants**: a packet at its place that custody does not know of, handed out and denied later.
//! **What stops it**: the packet is written under a name that nobody can guess, then recorded, then named; the next open ends what was begun.
//! Before, the packet took its name first, and custody heard of it after that.

use muniment_tests::killed::{chosen, ended_at, left_over, steps};
use muniment_tests::programs::Terminal;

use super::place::{copy, findings, workspace};

#[test]
fn a_packet_stands_at_its_place_only_if_custody_knows_it() {
    let (dir, prepared) = workspace();
    prepared.done(&["incident", "open", "A heartbeat", "--pin", "1"]);
    let list = prepared.done(&["incident", "list"]);
    let incident = list["incidents"][0]["id"].as_str();
    let incident = incident.expect("an id").to_owned();
    // It makes the handle key of the audience, which voids a plan of before.
    let plan = prepared.done(&["packet", "plan", &incident]);
    let digest = plan["digest"].as_str().expect("a digest").to_owned();
    let write = [
        "packet",
        "write",
        &incident,
        "--approve",
        &digest,
        "-o",
        "out.zip",
    ];

    let whole = dir.path().join("whole");
    copy(&prepared.workspace, &whole.join("case"));
    copy(&dir.path().join("state"), &whole.join("state"));
    let names = steps(&Terminal::new(&whole), &write);
    assert!(names.iter().any(|n| n == "commit"), "{names:?}");
    assert!(names.iter().any(|n| n == "place"), "{names:?}");
    assert!(whole.join("out.zip").is_file());

    let (mut before, mut after, mut finished) = (0, 0, 0);
    for step in chosen(names.len()) {
        let home = dir.path().join(format!("at-{step}"));
        copy(&prepared.workspace, &home.join("case"));
        copy(&dir.path().join("state"), &home.join("state"));
        let terminal = Terminal::new(&home);
        let what = format!("before step {step}, {}", names[step - 1]);
        assert!(ended_at(&terminal, &write, step), "{what}: it was to end");
        let stood = home.join("out.zip").exists();
        let custody = terminal.done(&["custody"]).to_string();
        let known = custody.contains("packet.written");
        assert!(
            known || !stood,
            "{what}: a packet that custody does not know"
        );
        // The command above opened the workspace: what was begun is ended.
        assert_eq!(home.join("out.zip").exists(), known, "{what}");
        assert_eq!(left_over(&home), Vec::<String>::new(), "{what}");
        assert_eq!(
            left_over(&terminal.workspace),
            Vec::<String>::new(),
            "{what}"
        );
        assert_eq!(findings(&terminal), Vec::<String>::new(), "{what}");
        before += usize::from(!known);
        after += usize::from(stood);
        finished += usize::from(known && !stood);
        if known {
            let (code, report) = terminal.json(&["verify", "out.zip"]);
            assert!(
                report["failures"].as_array().is_none_or(Vec::is_empty),
                "{code} {report:#}"
            );
        }
        std::fs::remove_dir_all(&home).expect("removed");
    }
    assert!(before > 0 && finished > 0, "{before}, {finished}, {after}");
}
