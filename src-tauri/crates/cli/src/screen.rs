//! The only way out of this program to a terminal, a pipe or a log.
//!
//! What is printed holds names, roles, paths and words of others. Two things keep those from acting on the terminal or
//! drawing lines of their own: an answer is drawn only as [`Seen`](workbench::seen::Seen), in which each text is one
//! line that can only be read; and every byte goes through [`Gate`], which writes out what acts wherever it came from.
//! JSON passes the same gate, and reads back as what it was.

use std::io::{self, IsTerminal as _, Write};
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue};
use workbench::seen::{EventLines, quiet_panics, visible};
use workbench::{Code, Error};

use crate::answer::{Answer, Page};
use crate::gate::{Gate, Spelling};

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
        return out.flush();
    }
    match answer.page()? {
        Page::File(file) => {
            let mut out = Gate::new(out, Spelling::Json);
            // In JSON a carriage return is white space.
            out.write_all(file.replace('\r', "").as_bytes())?;
            out.flush()
        }
        Page::Text(lines) => {
            let mut out = Gate::new(out, Spelling::Text);
            out.write_all(&lines)?;
            out.flush()
        }
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
