//! JSON values one after the other: lines (NDJSON), pretty printed, on one line without a break, with commas
//! between them, after record separators (RFC 7464), and the elements of arrays, of which several may follow.
//!
//! Where one cannot be read the reading ends, or goes on behind it: [`Values::recover`].

use std::io::{BufRead, Read};

use crate::error::{JsonFault, ReadError};
use crate::json::Parser;
use crate::packed::refusal;
use crate::text::BOM;

/// The largest value that is held as a whole: an object around an array of records.
pub const MAX_VALUE_BYTES: usize = 64 * 1024 * 1024;
/// How much is read at once of a line without an end.
const CHUNK: u64 = 1 << 20;
/// How much of what is at hand is looked at first to find a value; then twice as much, and so on.
const FIRST: usize = 1 << 12;
/// A text that breaks off may do so in a word or an escape: what is at fault so close to its end may not be.
const UNSURE: usize = 12;
/// How often the text as it was read so far is looked through for an array of records in objects that cannot be read,
/// beyond the bytes of the largest value.
const LOOKED: usize = 16;

/// Where a value stands in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A line, from 1: the one that it begins on.
    Line(u64),
    /// An element of an array of records, from 0.
    Element(u64),
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Element(index) => write!(f, "element {index}"),
        }
    }
}

/// A value that was found, to be taken with [`Values::text`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    pub(crate) place: Place,
    /// Byte of the text at which it begins, and at which it ends.
    start: usize,
    end: usize,
    /// The byte at which its first line begins.
    line_start: usize,
    /// Whether it goes over more than one line.
    spread: bool,
}

/// What has to follow in an array.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// An element, or the end of an array without one.
    First,
    /// An element, after a comma.
    Element,
    /// A comma or the end.
    Comma,
}

/// What came of reading a value from what is at hand.
enum Attempt {
    /// It has so many bytes.
    Whole(usize),
    /// It goes on behind what is at hand.
    More,
    /// It is at fault there.
    Fault(usize, JsonFault),
    /// It is no text from there on.
    NotText(usize),
}

/// The values of a text. Positions are bytes of the whole text.
pub(crate) struct Values<R> {
    reader: R,
    /// What was read and is not done with.
    buffer: Vec<u8>,
    /// Where the buffer begins.
    base: usize,
    /// Where the reading stands: always within the buffer, or at its end.
    at: usize,
    /// The line there, from 1, and where it begins.
    line: u64,
    line_start: usize,
    ended: bool,
    /// Why what is packed could not be unpacked further. It is told when what came before is done with.
    broken: Option<ReadError>,
    array: Option<Next>,
    /// Whether the array stands in an object that could not be read as a whole.
    inside: bool,
    /// Elements so far, of all arrays.
    elements: u64,
    /// Whether a fault left nothing to go on with.
    lost: bool,
    /// Whether what was at fault last goes over more than one line.
    spread: bool,
    /// Bytes that were looked through for arrays in objects that cannot be read.
    looked: usize,
}

impl<R: BufRead> Values<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self {
            reader,
            buffer: Vec::new(),
            base: 0,
            at: 0,
            line: 1,
            line_start: 0,
            ended: false,
            broken: None,
            array: None,
            inside: false,
            elements: 0,
            lost: false,
            spread: false,
            looked: 0,
        }
    }

    /// Finds the next value and checks it to its leaves.
    pub(crate) fn next(&mut self) -> Result<Option<Found>, ReadError> {
        if self.lost {
            return Ok(None);
        }
        self.forget();
        loop {
            let Some(byte) = self.significant()? else {
                if let Some(broken) = self.broken.take() {
                    return Err(broken);
                }
                if self.array.is_none() {
                    return Ok(None);
                }
                self.lost = true;
                return Err(self.fault(self.at, JsonFault::Truncated));
            };
            match (byte, self.array) {
                (b'[', None) => self.array = Some(Next::First),
                (b']', Some(Next::First | Next::Comma)) => {
                    self.array = None;
                    if std::mem::take(&mut self.inside) {
                        self.go_to(self.at + 1);
                        match self.balanced(1)? {
                            Some(end) => self.go_to(end),
                            None => self.lost = true,
                        }
                        if self.lost {
                            return Ok(None);
                        }
                        continue;
                    }
                }
                (b',', Some(Next::Comma)) => self.array = Some(Next::Element),
                (b',' | 0x1e, None) => {}
                (_, Some(Next::Comma)) => return Err(self.fault(self.at, JsonFault::Syntax)),
                _ => return self.value().map(Some),
            }
            self.at += 1;
        }
    }

    /// The text of what was found last.
    pub(crate) fn text(&self, found: &Found) -> &str {
        let bytes = &self.buffer[found.start - self.base..found.end - self.base];
        // It was checked when it was found.
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// Whether nothing follows. What was found last stays at hand.
    pub(crate) fn is_last(&mut self) -> Result<bool, ReadError> {
        /// What is longer is not looked through: it would have to be held.
        const BLANKS: usize = 1 << 16;
        loop {
            let rest = self.rest(self.at);
            if self.array.is_some() || rest.len() > BLANKS || !rest.iter().all(is_blank) {
                return Ok(false);
            }
            if !self.fill()? {
                return Ok(self.broken.is_none());
            }
        }
    }

    /// The rest of the text that is at hand, from a position on.
    fn rest(&self, from: usize) -> &[u8] {
        &self.buffer[from - self.base..]
    }

    /// A fault of the value that begins here.
    fn fault(&self, at: usize, fault: JsonFault) -> ReadError {
        match self.array {
            None => {
                let (line, start) = self.line_of(at);
                ReadError::Line {
                    line,
                    at: at - start,
                    fault,
                }
            }
            Some(_) => ReadError::Element {
                index: self.elements,
                at,
                fault,
            },
        }
    }

    /// The line of a position behind the one where the reading stands, and where it begins.
    fn line_of(&self, at: usize) -> (u64, usize) {
        let between = &self.rest(self.at)[..at - self.at];
        let breaks = between.iter().filter(|b| **b == b'\n').count() as u64;
        let last = between.iter().rposition(|b| *b == b'\n');
        (
            self.line + breaks,
            last.map_or(self.line_start, |last| self.at + last + 1),
        )
    }

    fn go_to(&mut self, at: usize) {
        (self.line, self.line_start) = self.line_of(at);
        self.at = at;
    }

    /// Drops what is done with, where that is little work.
    fn forget(&mut self) {
        let done = self.at - self.base;
        if done == self.buffer.len() || done > 1 << 20 {
            self.buffer.drain(..done);
            self.base = self.at;
        }
    }

    /// Reads one more line, or a piece of it; whether there was one.
    fn fill(&mut self) -> Result<bool, ReadError> {
        if self.ended {
            return Ok(false);
        }
        let mut limited = self.reader.by_ref().take(CHUNK);
        match limited.read_until(b'\n', &mut self.buffer).map_err(refusal) {
            Ok(read) => self.ended = read == 0,
            Err(error @ ReadError::Io(_)) => return Err(error),
            Err(error) => {
                self.ended = true;
                self.broken = Some(error);
            }
        }
        Ok(!self.ended)
    }

    /// The next byte of a value, or of what stands around values.
    fn significant(&mut self) -> Result<Option<u8>, ReadError> {
        loop {
            if self.rest(self.at).is_empty() && !self.fill()? {
                return Ok(None);
            }
            if self.array.is_none() && self.at == self.line_start {
                let rest = self.rest(self.at);
                let skipped = rest.len() - without_prefix(rest).len();
                if skipped > 0 {
                    self.go_to(self.at + skipped);
                    continue;
                }
            }
            let rest = self.rest(self.at);
            match rest.first() {
                Some(byte) if is_blank(byte) => {
                    let blanks = rest.iter().take_while(|byte| is_blank(byte)).count();
                    self.go_to(self.at + blanks);
                    self.forget();
                }
                Some(0xef) if rest.starts_with(BOM) => self.at += BOM.len(),
                Some(byte) => return Ok(Some(*byte)),
                None => {}
            }
        }
    }

    fn value(&mut self) -> Result<Found, ReadError> {
        // A line may hold a million small values: each is to cost what it has, and not what is at hand.
        let mut window = FIRST;
        loop {
            let all = self.rest(self.at).len();
            match self.attempt(window.min(all)) {
                Attempt::More if window < all => window *= 2,
                Attempt::Whole(length) => return Ok(self.found(length)),
                Attempt::Fault(at, fault) => {
                    let at = self.at + at;
                    let (at, fault) = self
                        .cut(at)
                        .map_or((at, fault), |at| (at, JsonFault::Truncated));
                    self.spread = self.line_of(at).0 > self.line;
                    return Err(self.fault(at, fault));
                }
                Attempt::NotText(at) => return Err(self.not_utf8(self.at + at)),
                Attempt::More if all > MAX_VALUE_BYTES => {
                    return Err(ReadError::FileTooLarge {
                        limit: MAX_VALUE_BYTES as u64,
                    });
                }
                Attempt::More => {
                    // Twice as much each time, so that the work stays in proportion.
                    let wanted = 2 * all;
                    let ended = self.ended;
                    while self.rest(self.at).len() < wanted && self.fill()? {}
                    window = wanted;
                    // Once it is known that nothing follows it is looked at again.
                    if ended {
                        self.spread = true;
                        if let Some(broken) = self.broken.take() {
                            return Err(broken);
                        }
                        return match std::str::from_utf8(self.rest(self.at)) {
                            Ok(text) => Err(self.fault(self.at + text.len(), JsonFault::Truncated)),
                            Err(error) => Err(self.not_utf8(self.at + error.valid_up_to())),
                        };
                    }
                }
            }
        }
    }

    /// Tries the next so many bytes.
    fn attempt(&self, length: usize) -> Attempt {
        let bytes = self.rest(self.at);
        let cut = length < bytes.len() || !self.ended;
        let bytes = &bytes[..length];
        let (text, bad) = match std::str::from_utf8(bytes) {
            Ok(text) => (text, None),
            Err(error) => {
                let valid = std::str::from_utf8(&bytes[..error.valid_up_to()]);
                let bad = error.error_len().map(|_| error.valid_up_to());
                (valid.unwrap_or_default(), bad)
            }
        };
        match Parser::new(text).value() {
            // More text could make another number of it.
            Ok(value)
                if value.len() == text.len()
                    && cut
                    && value.ends_with(|c: char| c.is_ascii_digit()) =>
            {
                Attempt::More
            }
            Ok(value) => Attempt::Whole(value.len()),
            Err((_, JsonFault::Truncated)) => bad.map_or(Attempt::More, Attempt::NotText),
            Err((at, _)) if cut && bad.is_none() && text.len() - at < UNSURE => Attempt::More,
            Err((at, fault)) => Attempt::Fault(at, fault),
        }
    }

    /// Where a line ends that the next one does not go on: it breaks off in a string, or another value begins
    /// behind it where this one is not at its end.
    fn cut(&self, at: usize) -> Option<usize> {
        match self.rest(at).first() {
            Some(b'\n') => Some(at),
            Some(b'{' | b'[') if at > self.at && self.rest(at - 1).first() == Some(&b'\n') => {
                Some(at - 1)
            }
            _ => None,
        }
    }

    fn not_utf8(&self, at: usize) -> ReadError {
        let (line, start) = self.line_of(at);
        ReadError::NotUtf8 {
            at: at - start,
            line: Some(line),
        }
    }

    fn found(&mut self, length: usize) -> Found {
        let place = match self.array {
            None => Place::Line(self.line),
            Some(_) => {
                self.array = Some(Next::Comma);
                self.elements += 1;
                Place::Element(self.elements - 1)
            }
        };
        let (start, line, line_start) = (self.at, self.line, self.line_start);
        self.go_to(start + length);
        Found {
            place,
            start,
            end: self.at,
            line_start,
            spread: self.line > line,
        }
    }

    /// Goes on behind what could not be read: in an array behind its last bracket, else on the next line, or, where it
    /// went over several, on the next that a value begins.
    pub(crate) fn recover(&mut self) -> Result<(), ReadError> {
        if self.lost {
            return Ok(());
        }
        if self.array.is_some() {
            self.elements += 1;
            let end = self.balanced(0)?;
            self.lost = end.is_none();
            if let Some(end) = end {
                self.go_to(end);
                self.array = Some(Next::Comma);
            }
            return Ok(());
        }
        let spread = std::mem::take(&mut self.spread);
        loop {
            let end = loop {
                let end = self.rest(self.at).iter().position(|b| *b == b'\n');
                if let Some(end) = end {
                    break self.at + end + 1;
                }
                self.go_to(self.base + self.buffer.len());
                self.forget();
                if !self.fill()? {
                    return Ok(());
                }
            };
            self.go_to(end);
            self.forget();
            if self.rest(self.at).is_empty() && !self.fill()? {
                return Ok(());
            }
            // Nothing of what is left of a value that was spread over lines begins its line with these.
            let begins = matches!(
                without_prefix(self.rest(self.at)).first(),
                Some(b'{' | b'[')
            );
            if begins || !spread {
                return Ok(());
            }
        }
    }

    /// Goes into the array of records in an object that cannot be read as a whole: to the one under the first of
    /// these names. Whether there is one.
    pub(crate) fn enter(&mut self, names: &[&str]) -> Result<bool, ReadError> {
        if self.array.is_some() || self.lost || self.rest(self.at).first() != Some(&b'{') {
            return Ok(false);
        }
        let (mut at, mut depth, mut text) = (self.at, 0_usize, None);
        loop {
            // A file of nothing but objects that break off would be looked through from each of them to its end.
            if self.looked > MAX_VALUE_BYTES + LOOKED * (self.base + self.buffer.len()) {
                return Ok(false);
            }
            self.looked += 1;
            let Some(byte) = self.rest(at).first().copied() else {
                if at - self.at > MAX_VALUE_BYTES || !self.fill()? {
                    return Ok(false);
                }
                continue;
            };
            match (byte, text) {
                (b'\\', Some(_)) => at += 1,
                (b'"', None) => text = Some(at + 1),
                (b'"', Some(start)) => {
                    text = None;
                    let name = &self.buffer[start - self.base..at - self.base];
                    let known = depth == 1 && names.iter().any(|known| known.as_bytes() == name);
                    if known && let Some(array) = self.array_behind(at + 1)? {
                        self.go_to(array + 1);
                        (self.array, self.inside) = (Some(Next::First), true);
                        return Ok(true);
                    }
                }
                (b'{' | b'[', None) => depth += 1,
                (b'}' | b']', None) if depth <= 1 => return Ok(false),
                (b'}' | b']', None) => depth -= 1,
                _ => {}
            }
            at += 1;
            if at > self.base + self.buffer.len() && !self.fill()? {
                return Ok(false);
            }
        }
    }

    /// Where the array begins that is the value of the name before.
    fn array_behind(&mut self, mut at: usize) -> Result<Option<usize>, ReadError> {
        let mut colon = false;
        loop {
            match self.rest(at).first().copied() {
                None if !self.fill()? => return Ok(None),
                None => continue,
                Some(b' ' | b'\t' | b'\r' | b'\n') => {}
                Some(b':') if !colon => colon = true,
                Some(b'[') if colon => return Ok(Some(at)),
                Some(_) => return Ok(None),
            }
            at += 1;
        }
    }

    /// Where the value at hand, or one that is open so many levels deep, ends by its brackets alone.
    fn balanced(&mut self, mut depth: usize) -> Result<Option<usize>, ReadError> {
        let (mut at, mut quoted) = (self.at, false);
        loop {
            let Some(byte) = self.rest(at).first().copied() else {
                if at - self.at > MAX_VALUE_BYTES || !self.fill()? {
                    return Ok(None);
                }
                continue;
            };
            match byte {
                b'\\' if quoted => at += 1,
                b'"' => quoted = !quoted,
                _ if quoted => {}
                // What is no value ends with its element.
                b',' | b']' if depth == 0 => return Ok(Some(at)),
                b'{' | b'[' => depth += 1,
                b'}' | b']' if depth == 1 => return Ok(Some(at + 1)),
                b'}' | b']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            at += 1;
            if at > self.base + self.buffer.len() && !self.fill()? {
                return Ok(None);
            }
        }
    }
}

impl Found {
    /// The fault of a record that was read from this value, so many bytes behind its beginning.
    pub(crate) fn fault(&self, at: usize, fault: JsonFault) -> ReadError {
        match self.place {
            Place::Element(index) => ReadError::Element {
                index,
                at: self.start + at,
                fault,
            },
            Place::Line(line) => ReadError::Line {
                line,
                at: self.start - self.line_start + at,
                fault,
            },
        }
    }

    /// The byte of the text at which it begins.
    pub(crate) fn start(&self) -> usize {
        self.start
    }

    /// Whether it goes over more than one line.
    pub(crate) fn is_spread(&self) -> bool {
        self.spread
    }
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "as iterators hand it over"
)]
fn is_blank(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// A line without what its program writes before the record: a time (exports of CloudWatch Logs), a number of
/// the record (`Record 7`, as `evtx_dump -o json` writes it between its values), a record separator.
pub(crate) fn without_prefix(line: &[u8]) -> &[u8] {
    let line = line.strip_prefix(BOM).unwrap_or(line);
    let line = line.strip_prefix(b"\x1e").unwrap_or(line);
    if let Some(rest) = line.strip_prefix(b"Record ") {
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let after = rest[digits..]
            .strip_prefix(b"\r")
            .unwrap_or(&rest[digits..]);
        if digits > 0
            && let Some(after) = after.strip_prefix(b"\n")
        {
            return after;
        }
        return if digits > 0 && after.is_empty() {
            after
        } else {
            line
        };
    }
    let blank = line.iter().take(48).position(|b| *b == b' ');
    match blank.map(|at| line.split_at(at)) {
        Some((first, rest))
            if rest.get(1) == Some(&b'{')
                && std::str::from_utf8(first).is_ok_and(redaction::is_rfc3339) =>
        {
            &rest[1..]
        }
        _ => line,
    }
}
