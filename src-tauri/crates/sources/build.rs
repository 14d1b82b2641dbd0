//! Lists the files of `schemas/sources`, so that adding a system means adding a file there.

#![allow(clippy::print_stdout)] // how a build script speaks to cargo

use std::{env, fmt::Write as _, fs, path::Path};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../../schemas/sources");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "json") {
            println!("cargo::rerun-if-changed={}", path.display());
            files.push(fs::canonicalize(path)?);
        }
    }
    files.sort();
    let mut list = String::from("[\n");
    for file in files {
        writeln!(
            list,
            "    include_bytes!({:?}),",
            file.display().to_string()
        )?;
    }
    list.push_str("]\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("builtin.rs"), list)?;
    Ok(())
}
