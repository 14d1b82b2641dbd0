//! The only way out of this program to a terminal, a pipe or a log.
//!
//! What is printed holds names, roles, paths and words of others. Two things keep those from acting on the terminal or
//! drawing lines of their own: an answer is drawn only as [`Seen`], in which each text is one line that can only be
//! read; and every byte goes through [`Gate`], which writes out what acts wherever it came from. JSON passes the same
//! gate, and reads back as what it was.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write};
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue};
use workbench::seen::{EventLines, Seen, acts, quiet_panics, visible};
use workbench::{Code, Error};

use crate::print::{self, Answer};

/// How a character that acts is spelled.
#[derive(Clone, Copy)]
enum Spelling {
    /// `\u{1b}`; only line feeds pass.
    Text,
    /// `\u001b`, which JSON reads as the character. Line feeds and tabs pass: in JSON they stand between tokens only.
    Json,
}

impl Spelling {
    fn passes(self, c: char) -> bool {
        match self {
            Self::Text => c == '\n' || !acts(c),
            Self::Json => matches!(c, '\n' | '\t') || !acts(c),
        }
    }

    fn spell(self, c: char, out: &mut String) {
        // A `String` takes whatever it is given.
        let _ = match self {
            Self::Text => write!(out, "{}", c.escape_unicode()),
            Self::Json => (c.encode_utf16(&mut [0; 2]).iter())
                .try_for_each(|unit| write!(out, "\\u{unit:04x}")),
        };
    }
}

/// Writes on what was given to it, and what acts in it as it is spelled.
struct Gate<W: Write> {
    out: W,
    spelling: Spelling,
    /// The beginning of a character whose end was not written yet.
    half: Vec<u8>,
}

impl<W: Write> Gate<W> {
    fn new(out: W, spelling: Spelling) -> Self {
        Self {
            out,
            spelling,
            half: Vec::new(),
        }
    }
}

impl<W: Write> Write for Gate<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut all = std::mem::take(&mut self.half);
        all.extend_from_slice(bytes);
        let mut text = String::with_capacity(all.len());
        let mut chunks = all.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            for c in chunk.valid().chars() {
                if self.spelling.passes(c) {
                    text.push(c);
                } else {
                    self.spelling.spell(c, &mut text);
                }
            }
            let cut = chunks.peek().is_none()
                && std::str::from_utf8(chunk.invalid()).is_err_and(|e| e.error_len().is_none());
            if cut {
                self.half = chunk.invalid().to_vec();
            } else if !chunk.invalid().is_empty() {
                text.push(char::REPLACEMENT_CHARACTER);
            }
        }
        self.out.write_all(text.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Where logs go, and what a panic says.
pub(crate) fn begin() {
    quiet_panics();
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_ansi(false)
        .with_writer(|| EventLines(io::stderr()))
        .init();
}

/// Prints an answer, as text or as one JSON document.
pub(crate) fn answer(answer: &Answer, as_json: bool) -> ExitCode {
    match write(answer, as_json) {
        // A reader that closed the pipe, such as `head`, has what it wanted.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            complain(&format!("the output could not be written: {error}"), "")
        }
        _ => ExitCode::from(answer.exit()),
    }
}

fn write(answer: &Answer, as_json: bool) -> io::Result<()> {
    let out = io::BufWriter::new(io::stdout().lock());
    if as_json {
        let mut out = Gate::new(out, Spelling::Json);
        answer.write_json(&mut out)?;
        out.flush()
    } else if let Some(file) = answer.file()? {
        let mut out = Gate::new(out, Spelling::Json);
        // In JSON a carriage return is white space.
        out.write_all(file.replace('\r', "").as_bytes())?;
        out.flush()
    } else {
        let mut out = Gate::new(out, Spelling::Text);
        print::text(&Seen::of(answer)?, &mut out)?;
        out.flush()
    }
}

/// Says on standard error what could not be done, as text or as one JSON document.
pub(crate) fn error(error: &Error, as_json: bool) -> ExitCode {
    if as_json {
        let mut err = Gate::new(io::stderr().lock(), Spelling::Json);
        // Standard error is the last place to say anything.
        let _ = serde_json::to_writer(&mut err, error);
        let _ = writeln!(err);
    } else {
        complain(&error.message, &error.hint);
    }
    ExitCode::from(match error.code {
        Code::Refused => 1,
        Code::Cancelled => 130,
        _ => 2,
    })
}

/// Says on standard error what the workspace says of itself without being asked.
pub(crate) fn remark(text: &str) {
    // Standard error is the last place to say anything.
    let _ = writeln!(io::stderr(), "muniment: {}", visible(text));
}

/// Says on standard error what went wrong and what to try.
pub(crate) fn complain(message: &str, hint: &str) -> ExitCode {
    let mut err = io::stderr().lock();
    // Standard error is the last place to say anything.
    let _ = writeln!(err, "muniment: {}", visible(message));
    if !hint.is_empty() {
        let _ = writeln!(err, "  try: {}", visible(hint));
    }
    ExitCode::from(2)
}

/// Prints help, or what is wrong with the command line. Arguments may be names of files that a shell filled in.
pub(crate) fn usage(mut error: clap::Error) -> ExitCode {
    let context: Vec<(ContextKind, ContextValue)> = (error.context())
        .filter(|(kind, _)| !matches!(kind, ContextKind::Usage))
        .map(|(kind, value)| (kind, one_line(value)))
        .collect();
    for (kind, value) in context {
        error.insert(kind, value);
    }
    let text = error.render().to_string();
    let written = if error.use_stderr() {
        Gate::new(io::stderr().lock(), Spelling::Text).write_all(text.as_bytes())
    } else {
        Gate::new(io::stdout().lock(), Spelling::Text).write_all(text.as_bytes())
    };
    // A reader that closed the pipe has what it wanted.
    let _ = written;
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

fn one_line(value: &ContextValue) -> ContextValue {
    let line = |text: &str| visible(text).into_owned();
    match value {
        ContextValue::String(text) => ContextValue::String(line(text)),
        ContextValue::Strings(texts) => {
            ContextValue::Strings(texts.iter().map(|text| line(text)).collect())
        }
        ContextValue::StyledStr(text) => ContextValue::StyledStr(line(&text.to_string()).into()),
        ContextValue::StyledStrs(texts) => ContextValue::StyledStrs(
            (texts.iter().map(|text| line(&text.to_string()).into())).collect(),
        ),
        other => other.clone(),
    }
}

/// Asks for a passphrase at the terminal.
pub(crate) fn passphrase(who: &str) -> io::Result<String> {
    rpassword::prompt_password(format!("Passphrase of {}: ", visible(who)))
}

/// Asks for a recovery key at the terminal; it is not shown while it is typed.
pub(crate) fn recovery_key() -> io::Result<String> {
    rpassword::prompt_password("Recovery key: ")
}

/// A line on standard error that is written anew in place. Nothing is shown where that is no terminal.
pub(crate) struct Line {
    /// Whether there is a terminal.
    pub(crate) shown: bool,
    written: bool,
}

impl Line {
    pub(crate) fn new() -> Self {
        Self {
            shown: io::stderr().is_terminal(),
            written: false,
        }
    }

    pub(crate) fn show(&mut self, text: &str) {
        if self.shown {
            self.draw(&visible(text));
            self.written = true;
        }
    }

    pub(crate) fn clear(&mut self) {
        if std::mem::take(&mut self.written) {
            self.draw("");
        }
    }

    /// Back to the start, away with what was there, and the text.
    fn draw(&self, text: &str) {
        // How far the work is may be missed.
        let _ = write!(io::stderr(), "\r\x1b[2K{text}");
        let _ = io::stderr().flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(spelling: Spelling, parts: &[&[u8]]) -> String {
        let mut gate = Gate::new(Vec::new(), spelling);
        for part in parts {
            gate.write_all(part).expect("written");
        }
        String::from_utf8(gate.out).expect("text")
    }

    #[test]
    fn what_acts_is_spelled_even_when_it_comes_in_pieces() {
        let rlo = "\u{202e}".as_bytes();
        let cut = [b"a\n\r".as_slice(), &rlo[..1], &rlo[1..2], &rlo[2..], b"b"];
        assert_eq!(through(Spelling::Text, &cut), "a\n\\u{d}\\u{202e}b");
        assert_eq!(through(Spelling::Text, &[b"\xff\x1b"]), "\u{fffd}\\u{1b}");
    }

    #[test]
    fn json_reads_back_as_what_it_was() {
        let text = "a\u{1b}\u{7f}\u{9b}\u{202e}\u{e0041}✓";
        let json = serde_json::to_string_pretty(&[text]).expect("JSON");
        let written = through(Spelling::Json, &[json.as_bytes()]);
        assert!(!written.replace('\n', "").contains(acts), "{written}");
        let back: Vec<String> = serde_json::from_str(&written).expect("JSON");
        assert_eq!(back, [text]);
    }
}
