//! Records of foreign files, one after the other, each with the source file that knows it.

use std::io::BufRead;
use std::ops::ControlFlow;

use evidence::Field;

use crate::catalogue::Catalogue;
use crate::error::ReadError;
use crate::kind::InputKind;
use crate::packed::unpacked;
use crate::sequence::{Found, Place, Values};
use crate::source::SourceFile;
use crate::text::as_utf8;
use crate::wrapped::{Meaning, Recognition, WRAPPERS};

/// The most places of what could not be read that are kept; all are counted.
pub const MAX_PLACES: usize = 20;

/// A record that did not come in the native format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignRecord<'a> {
    /// Where it stands.
    pub place: Place,
    /// Its text, exactly as in the file; of a record in a string of JSON, and of a row, what that says.
    pub text: &'a str,
    /// Its fields under the source file, `@schema` first.
    pub fields: Vec<Field>,
}

/// Who says what the records of a file are.
#[derive(Clone, Copy, Debug)]
pub enum Known<'c> {
    /// Each record by itself, by what the source files declare.
    Each(&'c Catalogue),
    /// All are of this system.
    All(&'c SourceFile),
}

/// What was found in a file.
#[derive(Debug, Default)]
pub struct Read {
    /// Records that were handed over.
    pub records: u64,
    /// What could not be read: lines, elements, rows.
    pub unread: u64,
    /// Where the first of that stands, at most [`MAX_PLACES`].
    pub places: Vec<String>,
    /// What was wrong first.
    pub fault: Option<ReadError>,
    /// Whether the file is one JSON object that was taken for one record, since no single array of objects stands in
    /// it.
    pub one_object: bool,
    /// Whether the records stood in an array under `Records`, as in a log file of CloudTrail.
    pub under_records: bool,
}

type OnRecord<'a> = &'a mut dyn FnMut(&SourceFile, ForeignRecord<'_>) -> ControlFlow<()>;

/// Reads the records of a foreign file in their order and hands each to `on_record`, which may
/// stop. What no source file knows is one unclassified field.
///
/// Bounded memory: only one value is held at a time, at most [`MAX_VALUE_BYTES`](crate::MAX_VALUE_BYTES).
/// gzip (of several members too) and zstd are recognised by their first bytes. Records handed over before an error
/// have been read well, but the file as a whole has not.
///
/// # Errors
/// [`ReadError`]: the first thing that cannot be read.
pub fn read_foreign(
    kind: InputKind,
    reader: impl BufRead,
    known: Known<'_>,
    on_record: OnRecord<'_>,
) -> Result<Read, ReadError> {
    let mut reading = Reading::new(known, false, on_record);
    reading.file(kind, reader)?;
    Ok(reading.read)
}

/// Reads what can be read of a file that [`read_foreign`] refuses: every value that can be told from those
/// beside it, up to the point where a compressed file is damaged. `on_record` may stop.
///
/// # Errors
/// [`ReadError::Io`], [`ReadError::Stopped`], [`ReadError::NotForeign`]: what says nothing about the file.
pub fn salvage_foreign(
    kind: InputKind,
    reader: impl BufRead,
    known: Known<'_>,
    on_record: OnRecord<'_>,
) -> Result<Read, ReadError> {
    let mut reading = Reading::new(known, true, on_record);
    match reading.file(kind, reader) {
        Err(error @ (ReadError::Io(_) | ReadError::Stopped | ReadError::NotForeign)) => {
            return Err(error);
        }
        // What comes after cannot be reached, or is counted already.
        Err(error) => {
            reading.read.fault.get_or_insert(error);
        }
        Ok(()) => {}
    }
    Ok(reading.read)
}

struct Reading<'r, 'c> {
    recognition: Recognition<'c>,
    salvaging: bool,
    on_record: OnRecord<'r>,
    read: Read,
}

impl<'r, 'c> Reading<'r, 'c> {
    fn new(known: Known<'c>, salvaging: bool, on_record: OnRecord<'r>) -> Self {
        Self {
            recognition: match known {
                Known::Each(catalogue) => Recognition::each(catalogue),
                Known::All(source) => Recognition::all(source),
            },
            salvaging,
            on_record,
            read: Read::default(),
        }
    }

    fn file(&mut self, kind: InputKind, reader: impl BufRead) -> Result<(), ReadError> {
        if kind == InputKind::Table {
            return self.table(as_utf8(unpacked(reader)?)?);
        }
        if !kind.is_json() {
            return Err(ReadError::NotForeign);
        }
        self.values(Values::new(as_utf8(unpacked(reader)?)?))
    }

    fn table(&mut self, reader: impl BufRead) -> Result<(), ReadError> {
        crate::table::rows(reader, &mut |row| {
            match row {
                Err(error) => self.unread(error)?,
                Ok((place, text)) => match self.recognition.meaning(&text, false) {
                    Meaning::Record(source, inner) => {
                        self.record(source, place, &inner, &|at, fault| match place {
                            Place::Line(line) => ReadError::Line { line, at, fault },
                            Place::Element(index) => ReadError::Element { index, at, fault },
                        })?;
                    }
                    // A row holds texts only.
                    Meaning::Around { .. } => {}
                },
            }
            Ok(true)
        })
    }

    fn values(&mut self, mut values: Values<impl BufRead>) -> Result<(), ReadError> {
        let mut first = true;
        loop {
            let found = match values.next() {
                Ok(None) => return Ok(()),
                Ok(Some(found)) => found,
                Err(error) if self.salvaging && values.enter(&WRAPPERS)? => {
                    self.read.fault.get_or_insert(error);
                    continue;
                }
                Err(error) => {
                    self.unread(error)?;
                    values.recover()?;
                    continue;
                }
            };
            let alone = first && values.is_last()?;
            let is_line = matches!(found.place, Place::Line(_));
            first = false;
            match self
                .recognition
                .meaning(values.text(&found), alone && is_line)
            {
                Meaning::Record(source, text) => {
                    self.read.one_object = alone && is_line && found.is_spread();
                    self.record(source, found.place, &text, &|at, fault| {
                        found.fault(at, fault)
                    })?;
                }
                Meaning::Around { array, records } => {
                    self.read.under_records = alone && records;
                    self.elements(&found, array, values.text(&found))?;
                }
            }
        }
    }

    /// The records of an array in an object around them.
    fn elements(&mut self, around: &Found, array: &str, object: &str) -> Result<(), ReadError> {
        // Where the array begins in the object that it is a part of.
        let offset = array.as_ptr() as usize - object.as_ptr() as usize;
        let mut values = Values::new(array.as_bytes());
        while let Some(found) = values.next()? {
            let start = around.start() + offset + found.start();
            let element = match found.place {
                Place::Element(index) => index,
                Place::Line(_) => 0,
            };
            let place = Place::Element(element);
            let (source, text) = match self.recognition.meaning(values.text(&found), false) {
                Meaning::Record(source, text) => (source, text),
                Meaning::Around { .. } => {
                    (self.recognition.otherwise(), values.text(&found).into())
                }
            };
            self.record(source, place, &text, &|at, fault| ReadError::Element {
                index: element,
                at: start + at,
                fault,
            })?;
        }
        Ok(())
    }

    fn record(
        &mut self,
        source: &SourceFile,
        place: Place,
        text: &str,
        fault: &dyn Fn(usize, crate::JsonFault) -> ReadError,
    ) -> Result<(), ReadError> {
        let fields = match source.commit_at(text) {
            Ok(fields) => fields,
            Err((at, wrong)) => return self.unread(fault(at, wrong)),
        };
        self.read.records += 1;
        let record = ForeignRecord {
            place,
            text,
            fields,
        };
        match (self.on_record)(source, record) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(ReadError::Stopped),
        }
    }

    /// Something that cannot be read: the end, unless such things are only counted.
    fn unread(&mut self, error: ReadError) -> Result<(), ReadError> {
        if !self.salvaging || !error.is_of_one_record() {
            return Err(error);
        }
        self.read.unread += 1;
        if self.read.places.len() < MAX_PLACES {
            self.read.places.push(error.place());
        }
        self.read.fault.get_or_insert(error);
        Ok(())
    }
}
