//! What a command answers: text for people, one JSON document for programs, and an exit code.

use std::io::{self, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;
use workbench::seen::Seen;

/// What a command answers, until the screen prints it.
pub(crate) struct Answer {
    document: Box<dyn Document>,
    exit: Exit,
}

/// What is printed where no document was asked for.
pub(crate) enum Page {
    /// Lines that were drawn.
    Text(Vec<u8>),
    /// A JSON file of its own.
    File(String),
}

/// How a program learns what became of its question.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Exit {
    /// It was done, and what was verified held.
    Done = 0,
    /// Something was verified and failed.
    Failed = 1,
    /// Something could not be read.
    Unread = 2,
    /// What was verified is intact, but nobody trusted signed it, or not everything was checked.
    Open = 3,
}

impl Exit {
    /// Of something that holds, or does not.
    pub(crate) fn of(held: bool) -> Self {
        if held { Self::Done } else { Self::Failed }
    }
}

impl Answer {
    /// A view, and how it is drawn as text.
    ///
    /// It is drawn as [`Seen`], so that whatever stands in it can be printed as it is.
    pub(crate) fn new<V: View>(view: V, text: Text<V>) -> Self {
        Self::drawn(view, Form::Text(text))
    }

    /// A view that is a JSON file of its own, which is what is printed where no document was asked for.
    pub(crate) fn file<V: View>(view: V, file: File<V>) -> Self {
        Self::drawn(view, Form::File(file))
    }

    fn drawn<V: View>(view: V, form: Form<V>) -> Self {
        Self {
            document: Box::new(Drawn { view, form }),
            exit: Exit::Done,
        }
    }

    /// The same answer with another exit code.
    pub(crate) fn exiting(self, exit: Exit) -> Self {
        Self { exit, ..self }
    }

    /// The exit code.
    pub(crate) fn exit(&self) -> u8 {
        self.exit as u8
    }

    /// Writes the document for programs.
    pub(crate) fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        self.document.json(out)
    }

    /// What people get to see.
    pub(crate) fn page(&self) -> io::Result<Page> {
        self.document.page()
    }
}

/// What a shell can print of the workbench's answers.
pub(crate) trait View: Serialize + DeserializeOwned + 'static {}

impl<V: Serialize + DeserializeOwned + 'static> View for V {}

/// Draws a view, in which every text is one line that can only be read.
pub(crate) type Text<V> = fn(&mut dyn Write, &V) -> io::Result<()>;

/// Takes the JSON file out of a view.
pub(crate) type File<V> = fn(&V) -> io::Result<String>;

enum Form<V> {
    Text(Text<V>),
    File(File<V>),
}

struct Drawn<V> {
    view: V,
    form: Form<V>,
}

/// A view of whichever type.
trait Document {
    fn json(&self, out: &mut dyn Write) -> io::Result<()>;
    fn page(&self) -> io::Result<Page>;
}

impl<V: View> Document for Drawn<V> {
    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, &self.view)?;
        writeln!(out)
    }

    fn page(&self) -> io::Result<Page> {
        match self.form {
            Form::Text(text) => {
                let mut lines = Vec::new();
                let seen = Seen::of(&self.view)?;
                text(&mut lines, &*seen)?;
                Ok(Page::Text(lines))
            }
            Form::File(file) => file(&self.view).map(Page::File),
        }
    }
}
