//! Checksum files, as people write them.

use evidence::Hash;
use unicode_normalization::UnicodeNormalization as _;

use crate::error::ReadError;
use crate::text::{BOM, head_as_utf8};

/// Most files that a manifest lists. Each costs some hundred bytes until its file is met.
pub const MAX_LISTED: usize = 500_000;

/// A SHA-256 that a manifest lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum {
    /// The digest.
    pub sha256: Hash,
    /// The file it is of, by its [`plain_name`]; `None` where the manifest holds the digest alone.
    pub name: Option<String>,
}

/// A name as it is compared: in Unicode's composed form (macOS writes the decomposed one), with forward slashes
/// (Windows writes backward ones).
pub fn plain_name(name: &str) -> String {
    let name: String = name.nfc().collect();
    name.replace('\\', "/")
}

/// The file that a manifest of one digest stands beside, by the manifest's own name: `a.json` of
/// `a.json.sha256`.
pub fn beside(manifest: &str) -> Option<&str> {
    [".sha256", ".sha256sum", ".sha256.txt", ".sha256sum.txt"]
        .iter()
        .find_map(|end| {
            let (stem, tail) = manifest.split_at_checked(manifest.len().checked_sub(end.len())?)?;
            (!stem.is_empty() && tail.eq_ignore_ascii_case(end)).then_some(stem)
        })
}

/// Whether a file is a manifest: by its name in lower case, or by its first line.
pub(crate) fn is_manifest(name: &str, text: &[u8]) -> bool {
    if name.starts_with("sha256sum") || beside(name).is_some() {
        return true;
    }
    let line = text.trim_ascii_start();
    let hexadecimal = line
        .get(..64)
        .is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
    let listed = hexadecimal && matches!(line.get(64..66), Some([b' ', next]) if *next >= b' ');
    listed
        || line.starts_with(b"SHA256 (")
        || line.starts_with(b"SHA256 hash of ")
        || is_table_head(line.split(|b| *b == b'\n').next().unwrap_or_default())
}

fn is_table_head(line: &[u8]) -> bool {
    let words: Vec<&[u8]> = line
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
        .collect();
    words == [b"Algorithm".as_slice(), b"Hash", b"Path"]
}

/// Reads a manifest in one of these spellings: `<hex>  <name>`, `<hex> *<name>` and `<hex> <name>` (GNU, with a
/// leading backslash for escaped names), `SHA256 (<name>) = <hex>` (BSD), the output of `certutil -hashfile`, of
/// `Get-FileHash` as a table or a list, and a digest alone. UTF-8 or UTF-16. Empty lines and lines that begin
/// with `#` are skipped.
///
/// Of an absolute name the last part counts, because a manifest speaks of what lies beside it; a name that leaves
/// its folder is refused.
///
/// At most [`MAX_LISTED`] entries are read.
///
/// # Errors
/// [`ReadError`]: of the line that is none of these.
pub fn parse_sums(bytes: &[u8]) -> Result<Vec<Sum>, ReadError> {
    parse_within(bytes, MAX_LISTED)
}

fn parse_within(bytes: &[u8], most: usize) -> Result<Vec<Sum>, ReadError> {
    let decoded = head_as_utf8(bytes);
    let text = decoded.strip_prefix(BOM).unwrap_or(&decoded);
    let text = std::str::from_utf8(text).map_err(|error| {
        let valid = &text[..error.valid_up_to()];
        ReadError::Checksum {
            line: 1 + valid.iter().filter(|b| **b == b'\n').count() as u64,
        }
    })?;
    let mut sums: Vec<(u64, Sum)> = Vec::new();
    let mut waiting = Waiting::default();
    for (line, written) in (1u64..).zip(text.lines()) {
        let trimmed = written.trim();
        if trimmed.is_empty() || written.starts_with('#') || waiting.is_frame(trimmed) {
            continue;
        }
        let Some((sha256, name)) = waiting
            .entry(written)
            .map_err(|()| ReadError::Checksum { line })?
        else {
            continue;
        };
        let name = match name {
            None => None,
            Some(name) => Some(inside(&name).ok_or(ReadError::ChecksumName { line })?),
        };
        if sums.len() >= most {
            let limit = most as u64;
            return Err(ReadError::ManifestTooLong { line, limit });
        }
        sums.push((line, Sum { sha256, name }));
    }
    if waiting.is_open() {
        return Err(ReadError::Checksum {
            line: text.lines().count() as u64,
        });
    }
    once_each(sums)
}

/// Each name once, as it came first. In the order of names all lines of one stand together, and nothing is held twice.
fn once_each(mut sums: Vec<(u64, Sum)>) -> Result<Vec<Sum>, ReadError> {
    sums.sort_unstable_by(|(a, one), (b, other)| (&one.name, a).cmp(&(&other.name, b)));
    let conflict = (sums.windows(2))
        .filter(|pair| pair[0].1.name == pair[1].1.name && pair[0].1.sha256 != pair[1].1.sha256)
        .map(|pair| pair[1].0);
    if let Some(line) = conflict.min() {
        return Err(ReadError::ChecksumConflict { line });
    }
    sums.dedup_by(|later, first| later.1.name == first.1.name);
    sums.sort_unstable_by_key(|(line, _)| *line);
    Ok(sums.into_iter().map(|(_, sum)| sum).collect())
}

/// What was read of an entry that takes several lines.
#[derive(Default)]
struct Waiting {
    /// `certutil` names the file first.
    name: Option<String>,
    /// `Get-FileHash | Format-List` names it last.
    sha256: Option<Hash>,
    /// Whether the lines are those of a `Get-FileHash` table.
    table: bool,
}

type Entry = Option<(Hash, Option<String>)>;

impl Waiting {
    /// Whether a line says nothing by itself.
    fn is_frame(&mut self, line: &str) -> bool {
        if is_table_head(line.as_bytes()) {
            self.table = true;
            return true;
        }
        let rule = line.bytes().all(|b| b == b'-' || b == b' ');
        rule || line.starts_with("CertUtil:")
            || key(line, "Algorithm").is_some_and(|of| of == "SHA256")
    }

    fn is_open(&self) -> bool {
        self.name.is_some() || self.sha256.is_some()
    }

    /// The entry that ends on this line; none where it goes on.
    fn entry(&mut self, line: &str) -> Result<Entry, ()> {
        let trimmed = line.trim();
        if let Some(name) = trimmed.strip_prefix("SHA256 hash of ") {
            let name = name.strip_prefix("file ").unwrap_or(name);
            self.name = Some(name.trim_end_matches(':').to_owned());
            return Ok(None);
        }
        if let Some(name) = self.name.take() {
            // Older versions write the bytes apart.
            let hex: String = trimmed.split(' ').collect();
            return Ok(Some((Hash::from_hex(&hex).map_err(drop)?, Some(name))));
        }
        if let Some(hex) = key(trimmed, "Hash") {
            self.sha256 = Some(Hash::from_hex(hex).map_err(drop)?);
            return Ok(None);
        }
        if let (Some(sha256), Some(path)) = (self.sha256, key(trimmed, "Path")) {
            self.sha256 = None;
            return Ok(Some((sha256, Some(path.to_owned()))));
        }
        if self.table {
            let rest = trimmed.strip_prefix("SHA256").ok_or(())?.trim_start();
            let (hex, path) = rest.split_once(char::is_whitespace).ok_or(())?;
            let sha256 = Hash::from_hex(hex).map_err(drop)?;
            return Ok(Some((sha256, Some(path.trim().to_owned()))));
        }
        entry(line).ok_or(()).map(Some)
    }
}

/// The value of `Name : value`.
fn key<'l>(line: &'l str, name: &str) -> Option<&'l str> {
    let rest = line.strip_prefix(name)?.trim_start();
    rest.strip_prefix(':').map(str::trim)
}

/// An entry of one line.
fn entry(line: &str) -> Option<(Hash, Option<String>)> {
    let (escaped, line) = match line.strip_prefix('\\') {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    let (hex, name) = match line.strip_prefix("SHA256 (") {
        Some(bsd) => {
            let (name, hex) = bsd.rsplit_once(") = ")?;
            (hex.trim_end(), Some(name))
        }
        None => {
            let (hex, name) = line.trim_start().split_at_checked(64)?;
            let listed = (name.strip_prefix("  "))
                .or_else(|| name.strip_prefix(" *"))
                .or_else(|| name.strip_prefix(' '))
                .or_else(|| name.strip_prefix('\t'));
            match listed {
                Some(name) if !name.trim().is_empty() => (hex, Some(name)),
                _ if name.trim().is_empty() => (hex, None),
                _ => return None,
            }
        }
    };
    let name = match (name, escaped) {
        (Some(name), true) => Some(unescape(name)?),
        (name, _) => name.map(str::to_owned),
    };
    Some((Hash::from_hex(hex).ok()?, name))
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

/// A name as it is compared, if it stays inside its folder.
fn inside(name: &str) -> Option<String> {
    let name = plain_name(name.trim_end_matches('\r'));
    let drive = name.as_bytes().get(1) == Some(&b':');
    let name = match drive || name.starts_with('/') {
        true => name.rsplit('/').next().unwrap_or_default().to_owned(),
        false => name.strip_prefix("./").unwrap_or(&name).to_owned(),
    };
    let stays =
        !name.is_empty() && !name.contains('\0') && name.split('/').all(|part| part != "..");
    stays.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &[u8]) -> Vec<Option<String>> {
        let sums = parse_sums(text).unwrap();
        let expected = Hash::sha256(b"x");
        assert!(sums.iter().all(|sum| sum.sha256 == expected));
        sums.into_iter().map(|sum| sum.name).collect()
    }

    #[test]
    fn each_spelling_is_read() {
        let hex = Hash::sha256(b"x").to_hex();
        let upper = hex.to_uppercase();
        let apart: Vec<&str> = (0..32).map(|at| &hex[2 * at..2 * at + 2]).collect();
        let apart = apart.join(" ");
        for (text, expected) in [
            (
                format!("# made by hand\n{hex}  a.json\r\n\n{upper} *dir/b c.json\n"),
                vec!["a.json", "dir/b c.json"],
            ),
            (
                format!("{hex} a.json\r\n{hex}\tb.json"),
                vec!["a.json", "b.json"],
            ),
            (
                format!("SHA256 (d (1).json) = {hex}\r\n"),
                vec!["d (1).json"],
            ),
            (format!("\\{hex}  e\\\\f\n"), vec!["e/f"]),
            (format!("{hex}  ./a.json\n{hex}  a.json\n"), vec!["a.json"]),
            (format!("{hex}  /evidence/of/a.json\n"), vec!["a.json"]),
            (format!("{hex}  logs\\a.json\n"), vec!["logs/a.json"]),
            (
                format!("{hex}  Pru\u{308}fung.json\n"),
                vec!["Prüfung.json"],
            ),
            (
                format!(
                    "SHA256 hash of a.json:\r\n{hex}\r\nCertUtil: -hashfile command completed successfully.\r\n"
                ),
                vec!["a.json"],
            ),
            (
                format!("SHA256 hash of file C:\\x\\a.json:\r\n{apart}\r\n"),
                vec!["a.json"],
            ),
            (
                format!(
                    "\r\nAlgorithm       Hash      Path\r\n---------       ----      ----\r\nSHA256          {upper}       C:\\e v\\a.json\r\n\r\n"
                ),
                vec!["a.json"],
            ),
            (
                format!(
                    "\r\nAlgorithm : SHA256\r\nHash      : {upper}\r\nPath      : C:\\e\\a.json\r\n\r\n"
                ),
                vec!["a.json"],
            ),
        ] {
            let expected: Vec<_> = expected
                .into_iter()
                .map(|name| Some(name.to_owned()))
                .collect();
            assert_eq!(names(text.as_bytes()), expected, "{text}");
            let utf16: Vec<u8> = std::iter::once(0xfeff)
                .chain(text.encode_utf16())
                .flat_map(u16::to_le_bytes)
                .collect();
            assert_eq!(names(&utf16), expected, "{text}");
            let first = text.trim_start().as_bytes();
            assert!(
                first.starts_with(b"#")
                    || first.starts_with(b"\\")
                    || first.starts_with(b"Algorithm :")
                    || is_manifest("list.txt", first),
                "{text}"
            );
        }
        for bare in [hex.clone(), format!("{upper}\r\n"), format!("  {hex}  \n")] {
            assert_eq!(names(bare.as_bytes()), [None]);
        }
        assert_eq!(beside("a.json.SHA256"), Some("a.json"));
        assert_eq!(beside(".sha256"), None);
        assert!(is_manifest("a.json.sha256", b""));
        assert!(!is_manifest("a.json", b"{}"));
    }

    #[test]
    fn what_is_none_is_named_by_its_line() {
        let hex = Hash::sha256(b"x").to_hex();
        let other = Hash::sha256(b"y").to_hex();
        let fails = |text: String| parse_sums(text.as_bytes()).unwrap_err();
        assert!(matches!(
            fails(format!("{hex}  a\nnonsense\n")),
            ReadError::Checksum { line: 2 }
        ));
        assert!(matches!(
            fails(format!("{hex}  a\nSHA256 hash of b:\n")),
            ReadError::Checksum { line: 2 }
        ));
        assert!(matches!(
            fails(format!("{}  a\n", &hex[..40])),
            ReadError::Checksum { line: 1 }
        ));
        for name in ["../a", "a/../../b", "..", "C:\\x\\.."] {
            let error = fails(format!("{hex}  {name}\n"));
            assert!(
                matches!(error, ReadError::ChecksumName { line: 1 }),
                "{name}"
            );
        }
        let many = |count: usize| {
            let lines: String = (0..count).map(|n| format!("{hex}  {n}\n")).collect();
            parse_within(lines.as_bytes(), 40)
        };
        assert_eq!(many(40).unwrap().len(), 40);
        let error = many(41).unwrap_err();
        let long = ReadError::ManifestTooLong {
            line: 41,
            limit: 40,
        };
        assert_eq!(error.to_string(), long.to_string());
        assert_eq!((error.code(), error.line()), ("manifest", Some(41)));
        let twice = fails(format!("{hex}  a\n{other}  ./a\n"));
        assert!(matches!(twice, ReadError::ChecksumConflict { line: 2 }));
        // The first line that contradicts one before it, wherever its name stands among the others.
        let two = fails(format!(
            "{hex}  z\n{hex}  a\n{hex}  z\n{other}  z\n{other}  a\n"
        ));
        assert!(matches!(two, ReadError::ChecksumConflict { line: 4 }));
        let same = parse_sums(format!("{hex}  b\n{hex}  a\n{hex}  ./b\n").as_bytes()).unwrap();
        let same: Vec<_> = same.iter().map(|sum| sum.name.as_deref()).collect();
        assert_eq!(same, [Some("b"), Some("a")]);
    }
}
