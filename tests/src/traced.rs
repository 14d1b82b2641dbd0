//! The system calls with which a run of `muniment` changes files: seen, and cut short before any of them, by `strace`.
//!
//! `strace` counts the calls of each thread for itself (strace(1), *Tampering*): "before the n-th `rename` of a thread" is what can be
//! asked for. Which call of the whole run that was is read from what the same run wrote down until then.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::programs::Terminal;

/// Calls that change a file, its name or its folder, or wait until a change is durable. One that a system does not have is left out.
const CHANGING: [&str; 36] = [
    "open",
    "openat",
    "creat",
    "write",
    "writev",
    "pwrite64",
    "pwritev",
    "pwritev2",
    "rename",
    "renameat",
    "renameat2",
    "unlink",
    "unlinkat",
    "rmdir",
    "mkdir",
    "mkdirat",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "truncate",
    "ftruncate",
    "fallocate",
    "fsync",
    "fdatasync",
    "syncfs",
    "sync",
    "sync_file_range",
    "copy_file_range",
    "sendfile",
    "splice",
    "chmod",
    "fchmod",
    "fchmodat",
    "utimensat",
    "ioctl",
];

/// A call of one thread that changes something below the terminal's home.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    /// Name of the system call.
    pub name: String,
    /// Which one of this name it is in its thread, from 1 on.
    pub nth: usize,
    /// What it was called with.
    pub with: String,
    /// Whether no other thread came to its n-th call of this name before: then a run can be ended here.
    pub first: bool,
}

/// What a traced run did.
#[derive(Clone, Debug)]
pub struct Traced {
    /// Whether it came to its end, successfully.
    pub done: bool,
    /// Its changing calls, in the order in which they began. Of a run that was ended, the last one did not happen.
    pub calls: Vec<Call>,
}

/// Why no program can be traced here; nothing, where it can.
#[must_use]
pub fn why_not() -> Option<String> {
    let tried = Command::new("strace")
        .args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=?open,openat"])
        .args(["-e", "inject=openat:signal=SIGKILL:when=1"])
        .args(["cat", "/dev/null"])
        .stdin(Stdio::null())
        .output();
    match tried {
        Err(error) => Some(format!("strace does not start: {error}")),
        // It has to have been ended: with some options a strace traces and ends nothing.
        Ok(output) if output.status.signal() != Some(SIGKILL) => Some(format!(
            "strace ends no program here: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        )),
        Ok(_) => None,
    }
}

/// Number of the signal that ends a process at once (signal(7)).
const SIGKILL: i32 = 9;

/// Runs `muniment` and ends it as SIGKILL does, at the moment at which a thread begins its `nth` call of this name; to its end without.
///
/// # Panics
/// If `strace` does not start or writes nothing down.
#[must_use]
pub fn traced(terminal: &Terminal, arguments: &[&str], end: Option<(&str, usize)>) -> Traced {
    // Beside the terminal's home, so that writing it down is none of what is looked for.
    let list = tempfile::NamedTempFile::new().expect("a file");
    let plain = terminal.command(arguments);
    let known = CHANGING.map(|name| format!("?{name}")).join(",");
    let mut command = Command::new("strace");
    // Paths of descriptors, no content, nothing of signals. Not `--seccomp-bpf`: strace 6.1 injects no signal with it.
    command.args(["-f", "-qq", "-y", "-s", "0", "-e", "signal=none"]);
    command.arg("-o").arg(list.path());
    command.args(["-e", &format!("trace={known}")]);
    if let Some((name, nth)) = end {
        command.args(["-e", &format!("inject={name}:signal=SIGKILL:when={nth}")]);
    }
    command
        .arg("--")
        .arg(plain.get_program())
        .args(plain.get_args());
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let output = command
        // Fewer threads, each with more of the calls: more of them can be named.
        .env("TOKIO_WORKER_THREADS", "1")
        .current_dir(&terminal.home)
        .stdin(Stdio::null())
        .output()
        .expect("strace starts");
    let text = std::fs::read(list.path()).expect("strace writes");
    let calls = changing(&String::from_utf8_lossy(&text), &terminal.home);
    // One that was ended may have changed nothing yet.
    assert!(
        end.is_some() || !calls.is_empty(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Traced {
        done: output.status.success(),
        calls,
    }
}

/// The calls among the lines of `strace -f -y` that change something below this folder.
fn changing(text: &str, home: &Path) -> Vec<Call> {
    let home = home.to_string_lossy();
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut reached = BTreeSet::new();
    let mut calls = Vec::new();
    for line in text.lines() {
        // `<... name resumed>` is the end of a call that was counted when it began.
        let Some((thread, call)) = line.split_once(' ') else {
            continue;
        };
        let Some((name, with)) = call.trim_start().split_once('(') else {
            continue;
        };
        if !CHANGING.contains(&name) {
            continue;
        }
        let count = counts.entry((thread, name)).or_default();
        *count += 1;
        let first = reached.insert((name, *count));
        let opens = name.starts_with("open");
        let makes = ["O_CREAT", "O_TRUNC", "O_TMPFILE"];
        let changes = match name {
            _ if opens => makes.iter().any(|flag| with.contains(flag)),
            // Of all that it can be asked, a copy that shares its blocks.
            "ioctl" => with.contains("FICLONE"),
            _ => true,
        };
        if changes && with.contains(&*home) {
            calls.push(Call {
                name: name.to_owned(),
                nth: *count,
                with: with.to_owned(),
                first,
            });
        }
    }
    calls
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::changing;

    #[test]
    fn calls_are_counted_for_each_thread_when_they_begin() {
        let text = "\
7 openat(AT_FDCWD</h/x>, \"a\", O_RDONLY) = 3</h/x/a>
7 openat(AT_FDCWD</h/x>, \"b\", O_WRONLY|O_CREAT, 0600) = 3</h/x/b>
8 write(4</h/x/b>, \"\"..., 9 <unfinished ...>
7 write(2<pipe:[1]>, \"\"..., 3) = 3
8 <... write resumed>)              = 9
8 write(4</h/x/b>, \"\"..., 9) = 9
7 write(3</h/x/b>, \"\"..., 9) = 9
7 write(3</other/b>, \"\"..., 9) = 9
7 +++ killed by SIGKILL +++
";
        let calls = changing(text, Path::new("/h/x"));
        let calls: Vec<(&str, usize, bool)> =
            calls.iter().map(|c| (&*c.name, c.nth, c.first)).collect();
        let expected = [
            ("openat", 2, true),
            ("write", 1, true),
            ("write", 2, true),
            ("write", 2, false),
        ];
        assert_eq!(calls, expected);
    }
}
