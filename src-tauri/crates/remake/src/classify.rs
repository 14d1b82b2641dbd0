//! To classify: what stands in hidden values, by path, and decisions about patterns of paths. Only
//! counts, types and the shapes of paths leave the sealed records, never values or names that may be
//! data.

use std::collections::BTreeMap;
use std::str::FromStr as _;
use std::sync::Arc;

use redaction::{Class, HandleKey, handle_text, workspace_mac};
use serde_json::json;
use sources::{Decision, ELEMENT, Fit, GENERIC_ID, PURPOSES, Pattern, REST, SourceFile};
use vault::Act;

use bench::hidden::{MAX_PATHS, Seen, System};
use bench::known::Known;
use bench::text::count;
use bench::view::{
    AddedSourceView, ClassView, ClassifiedPathView, ClassifyPreview, ClassifyRequest,
    HiddenPathView, HiddenSystemView, PurposeView, ToClassifyView,
};
use bench::{Bench, Code, Error};
use standing::Workspace;

/// A request that was read.
struct Wanted {
    pattern: Pattern,
    decision: Decision,
}

/// Paths inside values that no source file classifies, by system. Needs a member who may read
/// records.
pub async fn to_classify(
    bench: &Bench,
    workspace: &Arc<Workspace>,
) -> Result<ToClassifyView, Error> {
    let systems = bench::hidden::hidden(bench, workspace).await?;
    let known = workspace.known();
    let names = Names::new(workspace, &known)?;
    let mut views: Vec<HiddenSystemView> = systems
        .iter()
        .map(|(id, system)| {
            let source = known.catalogue.get(id, None);
            HiddenSystemView {
                id: id.clone(),
                title: source.map_or_else(|| id.clone(), |one| one.title.clone()),
                version: source.map_or(0, |one| one.version),
                records: system.records,
                imports: system.imports.iter().map(|import| count(*import)).collect(),
                more: system.more,
                paths: names.listed(source, &system.paths, |path, seen| HiddenPathView {
                    path,
                    records: seen.records,
                    fits: seen.fit.best(Class::C2).0.into(),
                }),
            }
        })
        .collect();
    views.sort_by(|a, b| b.records.cmp(&a.records).then_with(|| a.id.cmp(&b.id)));
    Ok(ToClassifyView {
        systems: views,
        purposes: PURPOSES
            .iter()
            .map(|(id, title)| PurposeView {
                id: (*id).into(),
                title: (*title).into(),
            })
            .collect(),
        domains: redaction::known_domains().map(str::to_owned).collect(),
        classes: Class::ALL
            .into_iter()
            .filter(|class| *class != Class::Unknown)
            .map(|class| ClassView {
                code: class.code().into(),
                title: class.title().into(),
                needs_domain: class.needs_handle() || class == Class::H,
            })
            .collect(),
    })
}

/// What a decision about a pattern would do. Changes nothing, shows no value.
pub async fn classify_preview(
    bench: &Bench,
    workspace: &Arc<Workspace>,
    request: ClassifyRequest,
) -> Result<ClassifyPreview, Error> {
    let wanted = wanted(&request)?;
    let known = workspace.known();
    let (source, system) = taken(bench, workspace, &known, &request, &wanted).await?;
    let types = types(source, &system, &wanted);
    let classified = source
        .classified(&types, &wanted.decision)
        .map_err(refused)?;
    let class = wanted.decision.class;
    let names = Names::new(workspace, &known)?;
    let paths = names.listed(Some(source), &system.paths, |path, seen| {
        let (value_type, misfits) = seen.fit.best(class);
        ClassifiedPathView {
            path,
            records: seen.records,
            value_type: value_type.into(),
            misfits: count(misfits),
        }
    });
    Ok(ClassifyPreview {
        misfits: paths
            .iter()
            .fold(0, |sum, path| sum.saturating_add(path.misfits)),
        paths,
        records: system.touched,
        mixed: classified.mixed,
        version: source.version + 1,
    })
}

/// Classifies every hidden path that a pattern takes: the next version of the source file declares
/// them, the decision is recorded with its reason, and the rows are made anew.
pub async fn classify(
    bench: &Bench,
    workspace: &Arc<Workspace>,
    request: ClassifyRequest,
    reason: String,
    wait: bool,
) -> Result<AddedSourceView, Error> {
    let reason = reason.trim().to_owned();
    if reason.is_empty() {
        return Err(Error::invalid(
            "a classification needs a reason",
            "say why these fields have this class",
        ));
    }
    let wanted = wanted(&request)?;
    let known = workspace.known();
    let (source, system) = taken(bench, workspace, &known, &request, &wanted).await?;
    let types = types(source, &system, &wanted);
    let classified = source
        .classified(&types, &wanted.decision)
        .map_err(refused)?;
    let next = SourceFile::parse(&classified.bytes)
        .map_err(|error| Error::failed(error.to_string(), "choose another class"))?;
    let changes: Vec<bench::view::ChangeView> = (next.changes_since(source).iter())
        .map(|change| bench::view::ChangeView {
            place: change.place.clone(),
            words: change.words(),
            weakens: change.weakens(),
        })
        .collect();
    let act = Act::new(
        "source.classified",
        json!({
            "source": source.id,
            "version": next.version,
            "digest": next.digest.to_hex(),
            "pattern": request.pattern,
            "class": wanted.decision.class.code(),
            "purposes": wanted.decision.purposes.join(", "),
            "domain": wanted.decision.handle_domain,
            "free-text": wanted.decision.free_text,
            "paths": system.paths.len(),
            "records": system.touched,
            "reason": reason,
        }),
    );
    crate::source_files::keep(
        bench,
        workspace,
        &next.id,
        next.version,
        classified.bytes,
        Some(reason),
        act,
    )
    .await?;
    crate::source_files::added(
        bench,
        workspace,
        &next.id,
        next.version,
        changes,
        classified.mixed,
        wait,
    )
    .await
}

/// The source file of a request and the hidden paths that its pattern takes.
async fn taken<'k>(
    bench: &Bench,
    workspace: &Arc<Workspace>,
    known: &'k Known,
    request: &ClassifyRequest,
    wanted: &Wanted,
) -> Result<(&'k SourceFile, System), Error> {
    if request.system == GENERIC_ID {
        return Err(Error::invalid(
            "these records name no source file, so there is none to classify their fields in",
            "say of which system the import is first: `muniment source assign ID --import N --title TITLE`",
        ));
    }
    let source = known.catalogue.get(&request.system, None).ok_or_else(|| {
        Error::not_found(
            format_args!("source file {}", request.system),
            "`muniment classify list` names those with unclassified fields",
        )
    })?;
    let only = Some((request.system.clone(), wanted.pattern.clone()));
    let mut systems = bench::hidden::scan(bench, workspace, only).await?;
    let system = systems.remove(&request.system).unwrap_or_default();
    if system.paths.is_empty() {
        return Err(Error::not_found(
            format_args!("an unclassified field that {} takes", request.pattern),
            "`muniment classify list` shows their paths; ** stands for any number of parts",
        ));
    }
    if system.more {
        return Err(Error::invalid(
            format!("the pattern takes more than {MAX_PATHS} paths"),
            "a map whose keys are data cannot be classified key by key; choose a narrower pattern",
        ));
    }
    Ok((source, system))
}

/// The paths that the next version declares, with the type of each: names that the pattern spells, and
/// what its wildcards took as values of objects whose names are data.
fn types(source: &SourceFile, system: &System, wanted: &Wanted) -> BTreeMap<String, &'static str> {
    let mut fits: BTreeMap<String, Fit> = BTreeMap::new();
    for (path, seen) in &system.paths {
        if let Some(path) = wanted.pattern.declares(source, path) {
            fits.entry(path).or_default().merge(&seen.fit);
        }
    }
    (fits.into_iter())
        .map(|(path, fit)| (path, fit.best(wanted.decision.class).0))
        .collect()
}

/// How names inside hidden values are listed. A name is a value: it is spelled out only where it is
/// made of words that some source file's own names are made of, or of a declared path; any other shows
/// its length class and a handle, which tells two names apart and no more.
struct Names {
    words: std::collections::HashSet<String>,
    handles: HandleKey,
}

/// The identity space of the handles of names.
const NAME_DOMAIN: &str = "name";

impl Names {
    fn new(workspace: &Workspace, known: &Known) -> Result<Self, Error> {
        let mut all = std::collections::HashSet::new();
        for (path, _) in known.catalogue.all().flat_map(SourceFile::fields) {
            path.split('/').for_each(|part| {
                words(part, &mut |word| {
                    all.insert(word);
                    true
                })
            });
        }
        Ok(Self {
            words: all,
            handles: workspace.vault.handle_key()?,
        })
    }

    /// Views of paths as they may be listed, in the order of what is listed.
    fn listed<V>(
        &self,
        source: Option<&SourceFile>,
        paths: &BTreeMap<String, Seen>,
        view: impl Fn(String, &Seen) -> V,
    ) -> Vec<V> {
        let mut listed: Vec<(String, &Seen)> = (paths.iter())
            .map(|(path, seen)| (self.path(source, path), seen))
            .collect();
        listed.sort_by(|a, b| a.0.cmp(&b.0));
        listed
            .into_iter()
            .map(|(path, seen)| view(path, seen))
            .collect()
    }

    fn path(&self, source: Option<&SourceFile>, path: &str) -> String {
        let (mut raw, mut out) = (String::new(), String::new());
        for part in path.split('/').skip(1) {
            raw.push('/');
            raw.push_str(part);
            let spelled = source.is_some_and(|source| source.spells(&raw));
            out.push('/');
            match spelled || matches!(part, REST | ELEMENT) || self.is_plain(part) {
                true => out.push_str(part),
                false => out.push_str(&self.shape(part)),
            }
        }
        out
    }

    fn is_plain(&self, part: &str) -> bool {
        let mut plain = part.len() <= MAX_NAME && part.bytes().all(is_name_byte);
        words(part, &mut |word| {
            plain = plain && self.words.contains(&word);
            plain
        });
        plain
    }

    fn shape(&self, part: &str) -> String {
        let size = match part.chars().count() {
            0..=8 => "short",
            9..=24 => "middling",
            _ => "long",
        };
        let mac = workspace_mac(&self.handles, NAME_DOMAIN, part.as_bytes());
        format!("{{{size} {}}}", handle_text(NAME_DOMAIN, &mac))
    }
}

/// The longest name that may be spelled out.
const MAX_NAME: usize = 64;

fn is_name_byte(b: u8) -> bool {
    b.is_ascii_alphabetic() || matches!(b, b'-' | b'_')
}

/// The words of a name, in lower case: parts between dashes, and those that begin with a capital.
/// `each` says whether to go on.
fn words(name: &str, each: &mut dyn FnMut(String) -> bool) {
    let mut word = String::new();
    let mut before_lower = false;
    for c in name.chars() {
        if !c.is_ascii_alphabetic() || c.is_ascii_uppercase() && before_lower {
            if !word.is_empty() && !each(std::mem::take(&mut word)) {
                return;
            }
            word.clear();
        }
        if c.is_ascii_alphabetic() {
            word.push(c.to_ascii_lowercase());
        }
        before_lower = c.is_ascii_lowercase();
    }
    if !word.is_empty() {
        each(word);
    }
}

fn refused(error: sources::ClassifyError) -> Error {
    Error::new(
        Code::Refused,
        error.to_string(),
        "choose a pattern that takes unclassified fields only",
    )
}

fn wanted(request: &ClassifyRequest) -> Result<Wanted, Error> {
    let pattern = Pattern::from_str(request.pattern.trim())
        .map_err(|error| Error::invalid(error.to_string(), "begin with a slash"))?;
    let class = Class::from_str(&request.class)
        .map_err(|error| Error::invalid(format!("{}: {error}", request.class), "choose a class"))?;
    if class == Class::Unknown {
        return Err(Error::invalid(
            "fields that stay unclassified need no decision",
            "choose C0 to C6 or H",
        ));
    }
    let purposes: Vec<String> = (request.purposes.iter())
        .map(|purpose| purpose.trim().to_owned())
        .filter(|purpose| !purpose.is_empty())
        .collect();
    if purposes.is_empty() {
        let known: Vec<&str> = PURPOSES.iter().map(|(id, _)| *id).collect();
        return Err(Error::invalid(
            "a classification needs at least one purpose",
            format!("purposes in use: {}", known.join(", ")),
        ));
    }
    let domain = request.domain.clone().filter(|domain| !domain.is_empty());
    let needs = class.needs_handle() || class == Class::H;
    if needs && domain.is_none() && !request.free_text {
        let known: Vec<&str> = redaction::known_domains().collect();
        return Err(Error::invalid(
            format!("{class} ({}) needs a handle domain", class.title()),
            format!("handle domains: {}", known.join(", ")),
        ));
    }
    Ok(Wanted {
        pattern,
        decision: Decision {
            class,
            purposes,
            handle_domain: domain.filter(|_| needs),
            free_text: request.free_text,
        },
    })
}
