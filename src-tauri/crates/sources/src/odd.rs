//! Formats that people drop on the window and that are not read: named, with what to do instead.

use crate::sequence::without_prefix;
use crate::table::delimiter;
use crate::text::{BOM, head_as_utf8};

/// A format that is recognised and not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Odd {
    /// Stable kebab-case code.
    pub code: &'static str,
    /// What the file is, in one sentence.
    pub what: &'static str,
    /// What to try.
    pub hint: &'static str,
}

/// First bytes, where they stand, and what they mean.
const SIGNS: &[(&[u8], usize, Odd)] = &[
    (
        b"ustar",
        257,
        Odd {
            code: "tar",
            what: "the file is a tar archive, which is not read",
            hint: "unpack it and import the folder",
        },
    ),
    (b"BZh", 0, PACKED),
    (b"\xfd7zXZ\0", 0, PACKED),
    (b"7z\xbc\xaf\x27\x1c", 0, PACKED),
    (b"Rar!\x1a\x07", 0, PACKED),
    (b"\x04\x22\x4d\x18", 0, PACKED),
    (
        b"%PDF-",
        0,
        Odd {
            code: "document",
            what: "the file is a PDF document; it holds no records",
            hint: "import the export that the document was made from",
        },
    ),
    (b"\x89PNG\r\n", 0, PICTURE),
    (b"\xff\xd8\xff", 0, PICTURE),
    (b"GIF8", 0, PICTURE),
    (b"SQLite format 3\0", 0, DATABASE),
    (b"PAR1", 0, DATABASE),
    (b"Obj\x01", 0, DATABASE),
    (
        b"ElfFile\0",
        0,
        Odd {
            code: "event-log",
            what: "the file is a Windows event log, which is not read",
            hint: "convert its events to JSON lines (`evtx_dump -o jsonl`) and import those",
        },
    ),
];
const PACKED: Odd = Odd {
    code: "packing",
    what: "the file is compressed in a way that is not read; gzip, zstd and ZIP are",
    hint: "unpack it and import what is inside",
};
const PICTURE: Odd = Odd {
    code: "picture",
    what: "the file is a picture; it holds no records",
    hint: "attach it to an incident, or import the export that it shows",
};
const DATABASE: Odd = Odd {
    code: "database",
    what: "the file is a database, which is not read",
    hint: "export the rows as JSON lines and import those",
};
const EMPTY: Odd = Odd {
    code: "empty",
    what: "the file is empty",
    hint: "get it again from where it came; an interrupted copy leaves an empty file",
};
const MARKUP: Odd = Odd {
    code: "markup",
    what: "the file is a web page or XML; it holds no JSON records",
    hint: "a download that asked for a sign-in saves a page like this: download the export again",
};
const RECORDS: Odd = Odd {
    code: "records-alone",
    what: "these are the records of a native export without its checkpoint and range.json",
    hint: "import the folder or ZIP that holds all files of the export: without them nothing can be verified",
};
const NOTE: Odd = Odd {
    code: "checkpoint-alone",
    what: "this is a signed checkpoint without the records that it signs",
    hint: "import the folder or ZIP that holds all files of the export",
};
const EVENTS: Odd = Odd {
    code: "event-xml",
    what: "these are Windows events as XML, which is not read",
    hint: "convert the event log to JSON lines (`evtx_dump -o jsonl`) and import those",
};
const SYSLOG: Odd = Odd {
    code: "syslog",
    what: "these are syslog lines, which are not read: they have no fields that could be classified",
    hint: "let the collector write JSON lines (`journalctl -o json`, a JSON template of rsyslog or syslog-ng) and import those",
};
const TEXT: Odd = Odd {
    code: "text",
    what: "the file is text, and neither JSON nor a table with a header",
    hint: "records are read as JSON (lines, arrays, objects around them) and as CSV or TSV with a header: convert it, then import it",
};

/// Says what a file is that is not read, from its first bytes (512 are plenty), unpacked.
pub fn odd(first: &[u8]) -> Option<Odd> {
    if first.is_empty() {
        return Some(EMPTY);
    }
    let sign = SIGNS
        .iter()
        .find(|(bytes, at, _)| first.get(*at..).is_some_and(|rest| rest.starts_with(bytes)));
    if let Some((_, _, odd)) = sign {
        return Some(*odd);
    }
    let decoded = head_as_utf8(first);
    let text = without_prefix(
        decoded
            .strip_prefix(BOM)
            .unwrap_or(&decoded)
            .trim_ascii_start(),
    );
    if text.starts_with(b"{\"i\":") && text.windows(6).take(64).any(|w| w == b",\"s\":\"") {
        return Some(RECORDS);
    }
    let has = |what: &[u8]| text.windows(what.len()).any(|w| w == what);
    match text.first() {
        Some(b'<') if has(b"schemas.microsoft.com/win/2004/08/events") => Some(EVENTS),
        _ if is_syslog(text) => Some(SYSLOG),
        Some(b'<') => Some(MARKUP),
        Some(b'{' | b'[') => None,
        _ if has("\n\u{2014} ".as_bytes()) => Some(NOTE),
        _ if delimiter("", text).is_some() => None,
        _ if !text.contains(&0)
            && std::str::from_utf8(text).map_or_else(|e| e.error_len().is_none(), |_| true) =>
        {
            Some(TEXT)
        }
        _ => None,
    }
}

/// Whether the first line has the head of RFC 5424 or RFC 3164: `<34>1 `, `<34>Oct 11 22:14:15 `, or the same
/// without a priority, as in files under /var/log.
fn is_syslog(text: &[u8]) -> bool {
    let line = text.split(|b| *b == b'\n').next().unwrap_or_default();
    let after = line.strip_prefix(b"<").and_then(|rest| {
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        (1..=3)
            .contains(&digits)
            .then(|| rest[digits..].strip_prefix(b">"))
            .flatten()
    });
    let rest = after.unwrap_or(line);
    let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let old = months
        .iter()
        .any(|month| rest.starts_with(month.as_bytes()))
        && rest.get(3) == Some(&b' ')
        && rest.get(9) == Some(&b':')
        && rest.get(12) == Some(&b':');
    old || after.is_some_and(|rest| rest.starts_with(b"1 "))
}
