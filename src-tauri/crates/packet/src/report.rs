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

const TEMPLATE: &str = include_str!("report.typ");

/// The report could not be rendered: a fault of the template, never of an
/// input's content, which is not repeated here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the report could not be rendered: {0}")]
pub struct RenderError(String);

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
    let path = VirtualPath::new(name).map_err(|_| RenderError(format!("file name {name}")))?;
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
/// When the template fails, which a test would have shown.
pub fn render_report(packet: &PacketJson, json: &[u8]) -> Result<Vec<u8>, RenderError> {
    let digest = Hash::sha256(json);
    let facts = Facts {
        digest: digest.to_hex(),
        keywords: report_keywords(packet, &digest),
        command: format!(
            "muniment verify {}_v{}.zip --trust keys.json",
            packet.id, packet.version
        ),
    };
    let facts = serde_json::to_vec(&facts).map_err(|_| RenderError("facts".to_owned()))?;
    let world = ReportWorld {
        main: Source::new(file_id("report.typ")?, TEMPLATE.to_owned()),
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
    RenderError(
        errors
            .first()
            .map_or_else(|| "unknown".to_owned(), |error| error.message.to_string()),
    )
}
