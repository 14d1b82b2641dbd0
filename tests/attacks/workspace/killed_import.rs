//! **What it does**: ends the process between two steps of an import, at its end above all.
//! **What it wants**: records that are half there, sealed files that nothing knows, a workspace that does not open.
//! **What stops it**: rows become visible in one commit with the entry; sealed files take their names when they are whole, and what no row
//! refers to is removed by the next open.

use muniment_tests::killed::{chosen, ended_at, steps};
use muniment_tests::programs::Terminal;

use super::place::{copy, findings, sealed_export};

#[test]
fn an_import_is_there_or_it_is_not() {
    let dir = tempfile::tempdir().expect("a folder");
    let prepared = Terminal::new(&dir.path().join("prepared"));
    std::fs::create_dir_all(&prepared.home).expect("a folder");
    sealed_export(&prepared, "in", 40);
    prepared.done(&["init"]);
    let import = ["import", "in.zip"];
    let whole = dir.path().join("whole");
    copy(&prepared.home, &whole);
    let names = steps(&Terminal::new(&whole), &import);
    let mut known = [0, 0];
    for step in chosen(names.len()) {
        let home = dir.path().join(format!("at-{step}"));
        copy(&prepared.home, &home);
        let terminal = Terminal::new(&home);
        let what = format!("before step {step}, {}", names[step - 1]);
        assert!(ended_at(&terminal, &import, step), "{what}: it was to end");
        assert_eq!(findings(&terminal), Vec::<String>::new(), "{what}");
        let total = terminal.done(&["search"])["total"]
            .as_u64()
            .expect("a total");
        assert!(total == 0 || total == 40, "{what}: {total}");
        known[usize::from(total == 40)] += 1;
        terminal.done(&import);
        assert_eq!(terminal.done(&["search"])["total"], 40, "{what}");
        std::fs::remove_dir_all(&home).expect("removed");
    }
    assert!(known[0] > 0 && known[1] > 0, "{known:?}");
}
