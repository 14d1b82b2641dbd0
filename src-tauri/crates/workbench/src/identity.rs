//! Looking up by an identity that somebody types: hidden values are in no index, so the handle of what was typed is
//! worked out, and that is searched for. It is for an incident and a purpose, recorded (without the value), and a member
//! may do so many a day: whoever may ask without end asks until every handle has a name.

use std::collections::BTreeSet;

use chrono::{Duration, DurationRound as _};
use search::Query;
use serde_json::json;
use sources::PURPOSES;
use vault::{Act, LedgerFilter, may_record};

use crate::text::count;
use crate::view::{FoundHandleView, LookUp, LookedUpView, UnseenView};
use crate::{Code, Error, Workbench};
use incidents::load;

/// The kind of the entry that a look-up leaves.
const KIND: &str = "reveal.identity";
/// Look-ups of one member in one day (UTC).
const A_DAY: u32 = 50;
/// The longest identity, in bytes.
const LONGEST: usize = 1_024;

impl Workbench {
    /// The handles that an identity has here, in every identity space, and how many records name each. Recorded in
    /// custody with the incident and the purpose, never with the value.
    ///
    /// # Errors
    /// [`Code::Refused`] for a member who may not, or whose look-ups of the day are used up.
    pub async fn look_up(&self, request: LookUp) -> Result<LookedUpView, Error> {
        let workspace = self.workspace().await?;
        let value = request.value.trim();
        if value.is_empty() || value.len() > LONGEST {
            return Err(Error::invalid(
                "no identity was given, or one of more than 1,024 bytes",
                "give the address, account, name or number as its source writes it",
            ));
        }
        let Some((purpose, _)) = PURPOSES.iter().find(|(id, _)| *id == request.purpose) else {
            let known: Vec<&str> = PURPOSES.iter().map(|(id, _)| *id).collect();
            return Err(Error::invalid(
                "the purpose is none that source files know",
                format!("give one of {}", known.join(", ")),
            ));
        };
        let loaded = load(&workspace, &request.incident).await?;
        if loaded.incident.closed.is_some() {
            return Err(Error::new(
                Code::Refused,
                format!("incident {} is closed", request.incident),
                "look identities up for an incident that is being worked on",
            ));
        }
        let (me, role) = workspace.vault.member();
        if may_record(role, KIND) != Some(true) {
            return Err(Error::new(
                Code::Refused,
                format!("a {} may not look identities up", role.word()),
                "ask a responder or a custodian",
            ));
        }
        let now = self.now();
        let filter = LedgerFilter {
            actor: Some(me.to_owned()),
            kind_prefix: Some(KIND.into()),
            from: now.duration_trunc(Duration::days(1)).ok(),
            ..LedgerFilter::default()
        };
        let today = workspace.vault.ledger(&filter, None, A_DAY).await;
        let used = count(today?.len());
        if used >= A_DAY {
            return Err(Error::new(
                Code::Refused,
                format!("{A_DAY} identities were looked up today, which is the most"),
                "go on tomorrow, or let another member look",
            ));
        }
        let key = workspace.vault.handle_key()?;
        let mut domains: BTreeSet<String> = redaction::known_domains().map(str::to_owned).collect();
        for source in workspace.known().catalogue.all() {
            let of_fields = source
                .fields()
                .filter_map(|(_, rule)| rule.handle_domain.clone());
            domains.extend(of_fields);
        }
        // A handle that the platform itself issued stands for itself.
        let texts = domains
            .iter()
            .map(|domain| {
                (
                    redaction::handle_text_of(&key, domain, value),
                    domain.as_str(),
                )
            })
            .chain([(value.to_owned(), "platform")]);
        let mut handles = Vec::new();
        for (handle, domain) in texts {
            let subject = workspace.vault.subject_by_handle(&handle).await;
            if subject?.is_some() {
                let query = Query::default().with_filter("subject", &handle);
                handles.push(FoundHandleView {
                    total: self.count_records(&query).await?,
                    domain: domain.to_owned(),
                    handle,
                });
            }
        }
        let act = Act::new(KIND, json!({ "purpose": purpose, "found": handles.len() }));
        let act = act.about(&request.incident);
        workspace.vault.record(act, now).await?;
        self.vault_changed();
        let terms: Vec<String> = (handles.iter())
            .map(|one| Query::default().with_filter("subject", &one.handle))
            .collect();
        Ok(LookedUpView {
            query: (!terms.is_empty()).then(|| terms.join(" OR ")),
            handles,
            left: A_DAY - used - 1,
        })
    }
}

/// Words of a query that no shown value can hold, or that were looked for in shown values only.
pub(crate) fn unseen(query: &Query, total: u64) -> Vec<UnseenView> {
    let mut out = Vec::new();
    for text in query.words() {
        let why = if redaction::may_be_identity(&text) {
            "records hide identities of this form, so a word finds none: look it up by identity"
        } else if total == 0 {
            "words are looked for in what is shown; names, addresses and free text are hidden: look an identity up"
        } else {
            continue;
        };
        out.push(UnseenView {
            text,
            why: why.into(),
        });
    }
    out
}
