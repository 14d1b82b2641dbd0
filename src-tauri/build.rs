//! Lets Tauri read `tauri.conf.json` and the capabilities at build time.

#![allow(
    clippy::print_stdout,
    reason = "cargo reads what a build script prints"
)]

fn main() {
    // The window is embedded in the binary, and nothing else tells cargo that it has changed.
    println!("cargo::rerun-if-changed=../ui/dist");
    tauri_build::build();
}
