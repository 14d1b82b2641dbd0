//! The report: a Typst template over `packet.json`, rendered in a world of
//! its own that has two data files, the bundled fonts and no clock, network or
//! file system. Data never becomes template source.

use std::sync::LazyLock;

use evidence::Hash;
use evidence::packet::{PacketJson, report_keywords};
use serde::Serialize;
use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration, Smart};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};
use typst_pdf::{PdfOptions, Timestamp};

use chrono::{Datelike, Timelike};

/// Number of the template that reports are written with.
pub(crate) const TEMPLATE: u32 = 2;

/// Every template that reports were ever written with. A number stands for the bytes that come out
/// for a record, so for template, typesetter and fonts: what changes them gets a new number, and
/// the old one stays for as long as it gives what it gave.
///
/// Since 2 the title of a record says how it ended (`reading::Wording`); what is rendered is the same.
const TEMPLATES: [(u32, &str); 2] = [
    (1, include_str!("report-1.typ")),
    (2, include_str!("report-1.typ")),
];

/// The words of the template that reports are written with.
pub(crate) fn template_text() -> &'static str {
    let newest = TEMPLATES.iter().find(|(number, _)| *number == TEMPLATE);
    newest.map_or("", |(_, text)| text)
}

/// Why a report was not rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// A template of another version of the program.
    #[error(
        "the report was rendered from template {0}, which this program does not have; use a newer one"
    )]
    UnknownTemplate(u32),
    /// A fault of the template, never of an input's content, which is not repeated here.
    #[error("the report could not be rendered: {0}")]
    Template(String),
}

static FONTS: LazyLock<(LazyHash<FontBook>, Vec<Font>)> = LazyLock::new(|| {
    let fonts: Vec<Font> = typst_assets::fonts()
        .flat_map(|data| Font::iter(Bytes::new(data)))
        .collect();
    (LazyHash::new(FontBook::from_fonts(&fonts)), fonts)
});

static LIBRARY: LazyLock<LazyHash<Library>> = LazyLock::new(|| LazyHash::new(Library::default()));

/// What the template reads besides `packet.json`.
#[derive(Serialize)]
struct Facts {
    digest: String,
    keywords: Vec<String>,
    command: String,
}

struct ReportWorld {
    main: Source,
    packet: (FileId, Bytes),
    facts: (FileId, Bytes),
}

fn file_id(name: &str) -> Result<FileId, RenderError> {
    let path =
        VirtualPath::new(name).map_err(|_| RenderError::Template(format!("file name {name}")))?;
    Ok(FileId::new(RootedPath::new(VirtualRoot::Project, path)))
}

impl World for ReportWorld {
    fn library(&self) -> &LazyHash<Library> {
        &LIBRARY
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &FONTS.0
    }

    fn main(&self) -> FileId {
        self.main.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.main.id() {
            Ok(self.main.clone())
        } else {
            Err(FileError::AccessDenied)
        }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        [&self.packet, &self.facts]
            .into_iter()
            .find(|file| file.0 == id)
            .map(|file| file.1.clone())
            .ok_or(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        FONTS.1.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}

/// Renders the report of a packet: a function of `packet.json` alone, so the
/// same record gives the same bytes. `json` is [`PacketJson::to_bytes`] of it.
///
/// # Errors
/// When the record names a template that is not known here, or the template fails, which a test
/// would have shown.
pub fn render_report(packet: &PacketJson, json: &[u8]) -> Result<Vec<u8>, RenderError> {
    let number = packet.engine.template();
    let template = TEMPLATES.iter().find(|(known, _)| *known == number);
    let (_, template) = template.ok_or(RenderError::UnknownTemplate(number))?;
    let digest = Hash::sha256(json);
    let facts = Facts {
        digest: digest.to_hex(),
        keywords: report_keywords(packet, &digest),
        command: format!(
            "muniment verify {}_v{}.zip --trust keys.json",
            packet.id, packet.version
        ),
    };
    let facts =
        serde_json::to_vec(&facts).map_err(|_| RenderError::Template("facts".to_owned()))?;
    let world = ReportWorld {
        main: Source::new(file_id("report.typ")?, (*template).to_owned()),
        packet: (file_id("packet.json")?, Bytes::new(json.to_vec())),
        facts: (file_id("facts.json")?, Bytes::new(facts)),
    };
    let document = typst::compile(&world)
        .output
        .map_err(|errors| fault(&errors))?;
    let at = packet.created.0;
    let timestamp = u8::try_from(at.month())
        .ok()
        .zip(u8::try_from(at.day()).ok())
        .and_then(|(month, day)| {
            Datetime::from_ymd_hms(
                at.year(),
                month,
                day,
                at.hour() as u8,
                at.minute() as u8,
                at.second() as u8,
            )
        })
        .map(Timestamp::new_utc);
    let options = PdfOptions {
        ident: Smart::Custom(digest.to_hex()),
        timestamp,
        ..PdfOptions::default()
    };
    let pdf = typst_pdf::pdf(&document, &options).map_err(|errors| fault(&errors))?;
    // Layout results are memoised by content; a packet is rendered rarely and
    // its content should not stay in memory longer than needed.
    typst::comemo::evict(0);
    Ok(pdf)
}

/// The first message of the typesetter. Its messages name template code and
/// types; positions point into the template.
fn fault(errors: &[typst::diag::SourceDiagnostic]) -> RenderError {
    RenderError::Template(
        errors
            .first()
            .map_or_else(|| "unknown".to_owned(), |error| error.message.to_string()),
    )
}
