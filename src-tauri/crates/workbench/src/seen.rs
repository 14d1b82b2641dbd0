//! What shells show of text that others wrote, whichever way it leaves: answers, log lines, panics.
//!
//! See [`evidence::text`]: a character that acts on a terminal, a log or a window is written out.

use std::io::{self, Write};
use std::ops::Deref;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use evidence::text::{acts, visible, visible_lines};

/// A view of which every text is one line that can only be read: no field of it has to be thought of by who prints it.
#[derive(Clone, Debug)]
pub struct Seen<T>(T);

impl<T: Serialize + DeserializeOwned> Seen<T> {
    /// The view as it may be drawn.
    ///
    /// # Errors
    /// When the view does not read back from its own JSON: a mistake in the view.
    pub fn of(view: &T) -> serde_json::Result<Self> {
        let mut value = serde_json::to_value(view)?;
        write_out(&mut value);
        serde_json::from_value(value).map(Self)
    }
}

impl<T> Deref for Seen<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

fn write_out(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let std::borrow::Cow::Owned(shown) = visible(text) {
                *text = shown;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(write_out),
        Value::Object(members) => {
            members.values_mut().for_each(write_out);
            if members.keys().any(|name| name.contains(acts)) {
                let named = std::mem::take(members).into_iter();
                members.extend(named.map(|(name, value)| (visible(&name).into_owned(), value)));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Writes events of a log, one line each: whatever values stand in one, it neither ends its line nor acts.
///
/// `tracing` hands over each event whole, in one write.
#[derive(Debug)]
pub struct EventLines<W>(pub W);

impl<W: Write> Write for EventLines<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let line = text.strip_suffix('\n').unwrap_or(&text);
        self.0
            .write_all(format!("{}\n", visible(line)).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// From here on a panic says where it happened and not what: its words may quote a text of a stranger, or content.
pub fn quiet_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        let place = place.as_deref().unwrap_or("an unknown place");
        // Nobody is left to tell when this fails.
        let _ = writeln!(
            io::stderr(),
            "a mistake in the program, at {}; what was being done is taken back when the workspace is opened next",
            visible(place)
        );
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Serialize, Deserialize)]
    struct Example {
        name: String,
        more: Vec<Value>,
    }

    #[test]
    fn every_text_of_a_view_is_written_out() {
        let view = Example {
            name: "a\u{1b}[2J\nb".into(),
            more: vec![serde_json::json!({"k\u{202e}": ["\r", 1.5, null, u64::MAX]})],
        };
        let seen = Seen::of(&view).expect("a view");
        assert_eq!(seen.name, "a\\u{1b}[2J\\u{a}b");
        let expected = serde_json::json!({"k\\u{202e}": ["\\u{d}", 1.5, null, u64::MAX]});
        assert_eq!(seen.more, [expected]);
    }

    #[test]
    fn an_event_stays_one_line() {
        let mut out = EventLines(Vec::new());
        out.write_all(b"INFO why=a\nERROR false\x1b[31m\n")
            .expect("written");
        assert_eq!(out.0, b"INFO why=a\\u{a}ERROR false\\u{1b}[31m\n");
    }
}
