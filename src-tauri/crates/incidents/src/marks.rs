//! Open marks: what in the text of a message may not leave. A secret of any kind is one, and so is every value that the
//! incident's own evidence hides. They are counted here, from the sealed records, when somebody approves; nobody says them.

use std::collections::BTreeSet;

use casework::{Command, Incident};
use evidence::RecordLine;
use redaction::exposure;
use serde_json::Value;

use bench::Error;
use bench::text::count;
use standing::Workspace;

/// The communication whose approval a command is.
pub(crate) fn approved<'c>(incident: &Incident, command: &'c Command) -> Option<&'c str> {
    let (Command::ApproveCommunication { id } | Command::Approve { what: id, .. }) = command else {
        return None;
    };
    let item = incident.item(id);
    item.filter(|(list, _)| *list == "communications")
        .map(|_| id.as_str())
}

/// How many are open in a communication; `None` where this member cannot read what the evidence hides.
pub(crate) async fn open_in(
    workspace: &Workspace,
    incident: &Incident,
    communication: &str,
) -> Result<Option<u32>, Error> {
    if workspace.vault.handle_key().is_err() {
        return Ok(None);
    }
    let Some((_, item)) = incident.item(communication) else {
        return Ok(None);
    };
    let texts: Vec<&str> = item.values.values().filter_map(Value::as_str).collect();
    let secrets: usize = texts.iter().map(|text| exposure::scan(text).len()).sum();
    let mut hidden = BTreeSet::new();
    for disclosure in crate::pin::disclosures(workspace, &incident.id).await? {
        let seq = i64::try_from(disclosure.seq).unwrap_or(i64::MAX);
        let lines = workspace.vault.record_lines(&[seq]).await?;
        let Some(line) = lines.first() else { continue };
        let raw = RecordLine::parse(line, disclosure.record.index).map_err(|error| {
            Error::failed(
                format!("record {}: {error}", disclosure.seq),
                "run fsck: it names what does not hold",
            )
        })?;
        let raw = raw.to_owned();
        let fields = disclosure.record.fields.iter().zip(&disclosure.fields);
        for ((shown, known), field) in fields.zip(&raw.fields) {
            if shown.value.is_none() {
                let texts = redaction::leaves(&field.value).into_iter();
                // A plain word says nothing of anybody, unless it is somebody's name.
                hidden.extend(texts.filter(|text| known.subject.is_some() || !is_word(text)));
            }
        }
    }
    let hidden: Vec<&str> = hidden.iter().map(String::as_str).collect();
    let mut values = BTreeSet::new();
    for text in texts {
        let hits = redaction::scan_for(&hidden, text.as_bytes());
        values.extend(hits.into_iter().map(|hit| hit.value));
    }
    Ok(Some(count(secrets + values.len())))
}

fn is_word(text: &str) -> bool {
    text.chars().all(char::is_alphabetic)
}
