//! The part of the ledger that goes into a packet.

use data_encoding::BASE64;
use evidence::ledger::{ledger_key_name, ledger_origin};
use evidence::{Checkpoint, DisclosedRecord, Hash, RangeTree, RecordLine, SigningKey};
use serde::Serialize;

use super::{LedgerRow, Signer};
use crate::VaultError;

/// The ledger as a packet shows it.
#[derive(Clone, Debug, Serialize)]
pub struct LedgerExtract {
    /// Vault id.
    pub vault: String,
    /// Epochs, oldest first.
    pub epochs: Vec<EpochExtract>,
}

/// One epoch's log. All leaves are there, so every entry's inclusion follows from them.
#[derive(Clone, Debug, Serialize)]
pub struct EpochExtract {
    /// Epoch.
    pub epoch: u64,
    /// Entries in it.
    pub size: u64,
    /// Its root.
    pub root: Hash,
    /// Checkpoint as a C2SP note, signed by the member who made the extract; origin
    /// `<vault id>/ledger/<epoch>`, key name `<vault id>/ledger`.
    pub checkpoint: String,
    /// Every leaf hash in order.
    pub leaves: Vec<Hash>,
    /// Entries shown in full.
    pub entries: Vec<ExtractEntry>,
}

/// An entry shown in full.
#[derive(Clone, Debug, Serialize)]
pub struct ExtractEntry {
    /// Index in the epoch.
    pub index: u64,
    /// Who signed it.
    pub actor: String,
    /// Root of the log before it.
    pub previous_root: Hash,
    /// Ed25519 signature, base64, over the ledger-entry message.
    pub signature: String,
    /// Its record, every field disclosed; a packet may withhold fields of it.
    pub record: DisclosedRecord,
    /// Inclusion proof against the epoch's root.
    pub proof: Vec<Hash>,
    /// Consistency proof from the log before the entry to the epoch's root.
    pub consistency: Vec<Hash>,
}

impl LedgerExtract {
    pub(crate) fn of(
        vault: &str,
        signer: &Signer,
        rows: &[LedgerRow],
        incident: Option<&str>,
    ) -> Result<Self, VaultError> {
        let key = SigningKey::from_seed(&ledger_key_name(vault), signer.identity.sign.bytes())
            .map_err(|e| VaultError::Evidence(e.to_string()))?;
        let mut epochs = Vec::new();
        for rows in rows.chunk_by(|a, b| a.epoch == b.epoch) {
            let leaves: Vec<Hash> = rows.iter().map(|r| r.leaf).collect();
            let damaged = |e: evidence::merkle::MerkleError| VaultError::corrupt("ledger", e);
            let tree = RangeTree::new(0, &[], leaves.clone()).map_err(damaged)?;
            let epoch = rows.first().map_or(0, |r| r.epoch);
            let checkpoint = Checkpoint {
                origin: ledger_origin(vault, epoch),
                size: tree.size(),
                root: tree.root(),
            };
            let note = key
                .sign_note(&checkpoint.to_text())
                .map_err(|e| VaultError::Evidence(e.to_string()))?;
            let shown = |r: &&LedgerRow| {
                (r.incident.is_some() && r.incident.as_deref() == incident)
                    || ["member.", "vault.", "ledger."]
                        .iter()
                        .any(|p| r.kind.starts_with(p))
            };
            let entries = rows.iter().filter(shown).map(|r| {
                let line = RecordLine::parse(r.line.as_bytes(), r.index)
                    .map_err(|e| VaultError::corrupt("ledger", e))?;
                Ok(ExtractEntry {
                    index: r.index,
                    actor: r.actor.clone(),
                    previous_root: r.previous,
                    signature: BASE64.encode(&r.signature),
                    record: line.to_owned().disclose(|_, _| true),
                    proof: tree.inclusion(r.index).map_err(damaged)?,
                    // RFC 9162 has no proof from the empty tree.
                    consistency: match r.index {
                        0 => Vec::new(),
                        old => tree.consistency(old).map_err(damaged)?,
                    },
                })
            });
            let entries = entries.collect::<Result<_, VaultError>>()?;
            epochs.push(EpochExtract {
                epoch,
                size: tree.size(),
                root: tree.root(),
                checkpoint: note,
                leaves,
                entries,
            });
        }
        Ok(Self {
            vault: vault.to_owned(),
            epochs,
        })
    }
}
