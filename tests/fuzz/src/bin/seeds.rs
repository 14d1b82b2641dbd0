//! Writes the first inputs of each parser below `corpus/`.

fn main() -> std::io::Result<()> {
    let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for (parser, name, bytes) in muniment_fuzz::seeds() {
        let folder = corpus.join(parser);
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join(name), bytes)?;
    }
    Ok(())
}
