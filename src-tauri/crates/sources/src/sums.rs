//! Checksum files as `sha256sum` writes them.

use std::collections::HashMap;

use evidence::Hash;

use crate::error::ReadError;

/// Reads a SHA256SUMS file: `<hex>  <name>`, `<hex> *<name>`, or the BSD form
/// `SHA256 (<name>) = <hex>`; a leading backslash marks an escaped name, as in GNU coreutils. Empty
/// lines and lines that begin with `#` are skipped. Names stay inside their folder.
pub fn parse_sha256sums(text: &str) -> Result<Vec<(Hash, String)>, ReadError> {
    let mut sums: Vec<(Hash, String)> = Vec::new();
    let mut seen: HashMap<String, Hash> = HashMap::new();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (line, written) in (1u64..).zip(text.lines()) {
        if written.trim().is_empty() || written.starts_with('#') {
            continue;
        }
        let (hash, name) = entry(written).ok_or(ReadError::Checksum { line })?;
        let name = name.strip_prefix("./").unwrap_or(&name).to_owned();
        if !stays_inside(&name) {
            return Err(ReadError::ChecksumName { line });
        }
        match seen.get(&name) {
            Some(known) if *known == hash => continue,
            Some(_) => return Err(ReadError::ChecksumConflict { line }),
            None => seen.insert(name.clone(), hash),
        };
        sums.push((hash, name));
    }
    Ok(sums)
}

fn entry(line: &str) -> Option<(Hash, String)> {
    let (escaped, line) = match line.strip_prefix('\\') {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    let (hex, name) = match line.strip_prefix("SHA256 (") {
        Some(bsd) => {
            let (name, hex) = bsd.rsplit_once(") = ")?;
            (hex, name)
        }
        None => {
            let (hex, name) = line.split_at_checked(64)?;
            (
                hex,
                name.strip_prefix("  ")
                    .or_else(|| name.strip_prefix(" *"))?,
            )
        }
    };
    let name = if escaped {
        unescape(name)?
    } else {
        name.to_owned()
    };
    (!name.is_empty()).then_some((Hash::from_hex(hex).ok()?, name))
}

fn unescape(name: &str) -> Option<String> {
    let mut out = String::with_capacity(name.len());
    let mut chars = name.chars();
    while let Some(c) = chars.next() {
        out.push(match c {
            '\\' => match chars.next()? {
                '\\' => '\\',
                'n' => '\n',
                'r' => '\r',
                _ => return None,
            },
            c => c,
        });
    }
    Some(out)
}

fn stays_inside(name: &str) -> bool {
    !name.starts_with(['/', '\\'])
        && !name.contains('\0')
        && name.as_bytes().get(1) != Some(&b':')
        && name.split(['/', '\\']).all(|part| part != "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_spellings_are_read_and_others_named_by_line() {
        let hash = Hash::sha256(b"x");
        let hex = hash.to_hex();
        let upper = hex.to_uppercase();
        let text = format!(
            "# made by hand\n{hex}  a.json\r\n\n{upper} *dir/b c.json\nSHA256 (d (1).json) = {hex}\n\\{hex}  e\\\\f\n{hex}  ./a.json\n"
        );
        let names: Vec<String> = parse_sha256sums(&text)
            .unwrap()
            .into_iter()
            .map(|(found, name)| {
                assert_eq!(found, hash);
                name
            })
            .collect();
        assert_eq!(names, ["a.json", "dir/b c.json", "d (1).json", "e\\f"]);

        let other = Hash::sha256(b"y").to_hex();
        let fails = |text: String| parse_sha256sums(&text).unwrap_err();
        assert!(matches!(
            fails(format!("{hex}  a\nnonsense\n")),
            ReadError::Checksum { line: 2 }
        ));
        assert!(matches!(
            fails(format!("{hex} a\n")),
            ReadError::Checksum { line: 1 }
        ));
        for name in ["../a", "/etc/passwd", "a/../../b", "C:\\a", "\\\\host\\a"] {
            let error = fails(format!("{hex}  {name}\n"));
            assert!(
                matches!(error, ReadError::ChecksumName { line: 1 }),
                "{name}"
            );
        }
        let twice = fails(format!("{hex}  a\n{other}  ./a\n"));
        assert!(matches!(twice, ReadError::ChecksumConflict { line: 2 }));
    }
}
