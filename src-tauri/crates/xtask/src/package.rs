//! `cargo xtask package`: the release archive, and the comparison of two builds.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cargo::{self, CLI, DESKTOP};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::system::Need;
use crate::{process, system, ui};

const DESKTOP_ENTRY: &str = "[Desktop Entry]
Type=Application
Name=Muniment
Comment=Workbench for security incidents and audit evidence
Exec=muniment-desktop
Icon=muniment
Terminal=false
Categories=Office;Utility;Security;
StartupWMClass=muniment-desktop
";

/// Writes `target/package/muniment-VERSION-x86_64-linux.tar.gz` and `SHA256SUMS`.
pub(crate) fn package(context: &Context) -> Result<()> {
    let built = release_binaries(context, &context.target)?;
    let name = format!(
        "muniment-{}-{}-linux",
        context.version,
        std::env::consts::ARCH
    );
    let out = context.target.join("package");
    let stage = out.join(&name);
    if stage.exists() {
        fs::remove_dir_all(&stage).map_err(|error| Error::file("remove", &stage, &error))?;
    }
    for (binary, to) in built.iter().zip(["bin/muniment", "bin/muniment-desktop"]) {
        let to = stage.join(to);
        copy(binary, &to, 0o755)?;
        // Line tables are for those who build; function names stay, so that a backtrace can be read.
        process::run(
            process::program("strip", &out)
                .arg("--strip-debug")
                .arg(&to),
        )?;
    }
    let root = &context.root;
    for (from, to) in [
        ("README.md", "README.md"),
        ("LICENSE-MIT", "LICENSE-MIT"),
        ("LICENSE-APACHE", "LICENSE-APACHE"),
        (
            "src-tauri/icons/icon.svg",
            "share/icons/hicolor/scalable/apps/muniment.svg",
        ),
        (
            "src-tauri/icons/128x128.png",
            "share/icons/hicolor/128x128/apps/muniment.png",
        ),
    ] {
        copy(&root.join(from), &stage.join(to), 0o644)?;
    }
    let entry = stage.join("share/applications/muniment.desktop");
    write(&entry, DESKTOP_ENTRY, 0o644)?;

    let archive = out.join(format!("{name}.tar.gz"));
    let tar = out.join(format!("{name}.tar"));
    process::run(
        archive_command(&out, &name, &tar, source_date(context)?)
            .stdin(std::process::Stdio::null()),
    )?;
    // -n: neither name nor time of the tar file in the header.
    process::run(
        process::program("gzip", &out)
            .args(["-9", "-n", "-f"])
            .arg(&tar),
    )?;
    let sum = process::output(process::program("sha256sum", &out).arg(format!("{name}.tar.gz")))?;
    write(&out.join("SHA256SUMS"), &sum, 0o644)?;
    println!("\n{}\n{}", archive.display(), sum.trim_end());
    Ok(())
}

/// Builds the window and the command line tool with optimisation, and without the paths of this machine inside.
fn release_binaries(context: &Context, target: &Path) -> Result<Vec<PathBuf>> {
    system::ensure(context, &[Need::Build])?;
    ui::check_tools()?;
    ui::ensure_built(context)?;
    let mut command = cargo::cargo(
        context,
        &[
            "build",
            "--workspace",
            "--release",
            "--message-format=json-render-diagnostics",
        ],
    );
    command.args(["--bin", CLI, "--bin", DESKTOP]);
    command.env("CARGO_TARGET_DIR", target).env(
        "CARGO_ENCODED_RUSTFLAGS",
        rust_flags(&context.root, target, cargo_home().as_deref()),
    );
    cargo::read_binaries(&mut command, &[CLI, DESKTOP])
}

/// The compiler's flags that replace folders of this machine by fixed names, in cargo's own encoding.
fn rust_flags(root: &Path, target: &Path, cargo_home: Option<&Path>) -> String {
    let folders = [
        Some((root, "/muniment")),
        Some((target, "/target")),
        cargo_home.map(|home| (home, "/cargo")),
    ];
    // The last match wins, so that the target directory may lie inside the repository.
    let flags: Vec<String> = folders
        .into_iter()
        .flatten()
        .map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()))
        .collect();
    flags.join("\u{1f}")
}

fn cargo_home() -> Option<PathBuf> {
    std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".cargo")))
}

/// Seconds since 1970 that all files of the archive carry: `SOURCE_DATE_EPOCH`, else the time of the last commit.
fn source_date(context: &Context) -> Result<u64> {
    let text = match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => text,
        Err(_) => process::output(process::program("git", &context.root).args([
            "log",
            "-1",
            "--format=%ct",
        ]))?,
    };
    text.trim().parse().map_err(|_| {
        Error::Failed(format!(
            "`{}` is not a number of seconds since 1970 (SOURCE_DATE_EPOCH)",
            text.trim()
        ))
    })
}

/// GNU tar with everything fixed that would otherwise tell of the machine: order, times, owner, rights.
fn archive_command(dir: &Path, name: &str, tar: &Path, date: u64) -> Command {
    let mut command = process::program("tar", dir);
    command
        .args([
            "--sort=name",
            "--format=gnu",
            "--owner=0",
            "--group=0",
            "--numeric-owner",
            "--mode=u=rwX,go=rX",
        ])
        .arg(format!("--mtime=@{date}"))
        .args(["--create", "--file"])
        .arg(tar)
        .arg(name);
    command
}

fn copy(from: &Path, to: &Path, mode: u32) -> Result<()> {
    let bytes = fs::read(from).map_err(|error| Error::file("read", from, &error))?;
    write(to, bytes, mode)
}

fn write(to: &Path, bytes: impl AsRef<[u8]>, mode: u32) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    let parent = to.parent().unwrap_or(to);
    fs::create_dir_all(parent)
        .and_then(|()| fs::write(to, bytes))
        .and_then(|()| fs::set_permissions(to, fs::Permissions::from_mode(mode)))
        .map_err(|error| Error::file("write", to, &error))
}

/// Builds the release twice from nothing in the same folder and compares the binaries' SHA-256.
pub(crate) fn compare_two_builds(context: &Context) -> Result<()> {
    let target = context.target.join("xtask/two-builds");
    let mut sums = Vec::new();
    for round in ["first", "second"] {
        if target.exists() {
            fs::remove_dir_all(&target).map_err(|error| Error::file("remove", &target, &error))?;
        }
        println!("The {round} build, from nothing.");
        let built = release_binaries(context, &target)?;
        sums.push(process::output(
            process::program("sha256sum", &context.root).args(&built),
        )?);
    }
    fs::remove_dir_all(&target).map_err(|error| Error::file("remove", &target, &error))?;
    print!("{}", sums[0]);
    if sums[0] == sums[1] {
        Ok(())
    } else {
        Err(Error::Failed(format!(
            "the second build differs from the first:\n{}",
            sums[1]
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_archive_does_not_depend_on_when_where_and_by_whom_it_is_made() {
        let command = archive_command(
            Path::new("/out"),
            "muniment-1",
            Path::new("/out/muniment-1.tar"),
            1_700_000_000,
        );
        assert_eq!(
            process::shown(&command),
            "tar --sort=name --format=gnu --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX --mtime=@1700000000 --create --file /out/muniment-1.tar muniment-1"
        );
    }

    #[test]
    fn folders_of_this_machine_are_replaced_the_inner_one_last() {
        let flags = rust_flags(
            Path::new("/home/a/m"),
            Path::new("/home/a/m/target"),
            Some(Path::new("/home/a/.cargo")),
        );
        let flags: Vec<&str> = flags.split('\u{1f}').collect();
        assert_eq!(
            flags,
            [
                "--remap-path-prefix=/home/a/m=/muniment",
                "--remap-path-prefix=/home/a/m/target=/target",
                "--remap-path-prefix=/home/a/.cargo=/cargo"
            ]
        );
    }
}
