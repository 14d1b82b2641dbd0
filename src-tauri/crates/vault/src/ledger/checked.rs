//! How far the ledger was checked, kept outside the workspace so that an opening goes on from there.
//!
//! A replay is a pure function of the rows. What is kept is its result and a digest of every byte of the rows that gave it; an
//! opening reads those rows again, and where they are the same bytes the result is the same, so that no signature is verified
//! twice and no record read twice. Where one byte differs, or one row is missing, all of it is replayed.
//!
//! Whoever holds the database key can write rows, and could write a result that fits them. So it is sealed under a key that
//! follows from the member's own signing key, which the passphrase opens: for themselves they could state anything anyway.
//! Deleting it costs time.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use evidence::{CompactRange, Hash};
use files::Folder;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::{digest, hmac};
use serde_json::{Value, json};

use super::{LedgerRow, Replayed, Restoration, Signer, Tip};
use crate::keys::{PublicIdentity, Role};
use crate::stated::StatedRows;
use crate::table;
use crate::table::member::Member;

/// To be raised when a replay takes or refuses what it did not before, or what is kept has another form.
const FORMAT: &str = concat!("muniment/checked-ledger/v1 ", env!("CARGO_PKG_VERSION"));
/// Ten million entries take less.
const MAX: u64 = 4 << 30;
/// So many entries are replayed faster than a result is kept.
const FEW: u64 = 1_000;

/// The result of a replay, and the rows that gave it.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) rows: u64,
    pub(crate) digest: Hash,
    pub(crate) replayed: Replayed,
}

/// Digests rows.
#[derive(Clone)]
pub(crate) struct RowsDigest {
    context: digest::Context,
    row: Vec<u8>,
}

impl RowsDigest {
    pub(crate) fn new() -> Self {
        Self {
            context: digest::Context::new(&digest::SHA256),
            row: Vec::new(),
        }
    }

    /// Everything that the row says.
    pub(crate) fn add(&mut self, row: &LedgerRow) {
        fn text(out: &mut Vec<u8>, text: &str) {
            out.extend((text.len() as u64).to_be_bytes());
            out.extend(text.as_bytes());
        }
        let out = &mut self.row;
        out.clear();
        out.extend(row.epoch.to_be_bytes());
        out.extend(row.index.to_be_bytes());
        out.extend(row.leaf.0);
        out.extend(row.previous.0);
        out.extend(row.at.timestamp_micros().to_be_bytes());
        out.extend(row.signature);
        text(out, &row.line);
        text(out, &row.kind);
        text(out, &row.actor);
        out.push(u8::from(row.incident.is_some()));
        text(out, row.incident.as_deref().unwrap_or_default());
        self.context.update(out);
    }

    pub(crate) fn so_far(&self) -> Hash {
        let mut hash = Hash([0; 32]);
        hash.0
            .copy_from_slice(self.context.clone().finish().as_ref());
        hash
    }
}

/// Where it is kept, and under which key.
pub(crate) struct Memo {
    folder: PathBuf,
    name: String,
    aad: String,
    key: LessSafeKey,
    nonces: hmac::Key,
}

impl Memo {
    pub(crate) fn of(state_dir: &Path, vault: &str, member: &Signer) -> Option<Self> {
        let sign = &member.identity.sign;
        let key = sign.derive("muniment/checked-ledger/seal/v1");
        let nonces = sign.derive("muniment/checked-ledger/nonce/v1");
        Some(Self {
            folder: state_dir.to_owned(),
            name: format!("{vault}.{}.checked", member.id),
            aad: format!("{FORMAT}\n{vault}\n{}", member.id),
            key: LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.bytes()).ok()?),
            nonces: hmac::Key::new(hmac::HMAC_SHA256, nonces.bytes()),
        })
    }

    /// What is kept; none where nothing is, or what lies there is not what this member kept.
    pub(crate) fn read(&self) -> Option<Checked> {
        let folder = Folder::open(&self.folder).ok()?;
        let mut sealed = folder.read(&self.name, MAX).ok()?;
        let nonce = Nonce::try_assume_unique_for_key(sealed.get(..12)?).ok()?;
        let body = sealed.get_mut(12..)?;
        let plain = self.key.open_in_place(nonce, Aad::from(&self.aad), body);
        decode(plain.ok()?)
    }

    /// Whether keeping it is worth more than what `known` saves already.
    pub(crate) fn is_due(known: u64, rows: u64) -> bool {
        rows >= known + FEW.max(known / 4)
    }

    /// Keeps it. It may fail: the next opening takes longer.
    pub(crate) fn write(&self, rows: u64, digest: Hash, replayed: &Replayed) {
        let mut body = encode(rows, &digest, replayed);
        // The content follows from these, so that no two contents share one.
        let mut of = digest.0.to_vec();
        of.extend(rows.to_be_bytes());
        of.extend(self.aad.as_bytes());
        let tag = hmac::sign(&self.nonces, &of);
        let mut nonce = [0; 12];
        nonce.copy_from_slice(&tag.as_ref()[..12]);
        let written = (self.key)
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(&self.aad),
                &mut body,
            )
            .map_err(|_| std::io::Error::other("AES-256-GCM refused to seal"))
            .and_then(|()| {
                let mut sealed = nonce.to_vec();
                sealed.append(&mut body);
                files::replace(&Folder::make(&self.folder)?, &self.name, &sealed)
            });
        if let Err(e) = written {
            tracing::warn!(error = %e.kind(), "how far the ledger was checked could not be kept");
        }
    }
}

/// `u64be(length of JSON) || JSON || rows of each table: u32be(length of key) || key || digest`
fn encode(rows: u64, digest: &Hash, replayed: &Replayed) -> Vec<u8> {
    let head = |(epoch, size, root): &(u64, u64, Hash)| json!([epoch, size, root.to_hex()]);
    let members: Vec<Value> = (replayed.members.values())
        .map(|m| {
            json!({
                "id": m.id,
                "role": m.role.word(),
                "name": m.name,
                "kem": BASE64.encode(&m.public.kem),
                "sign": BASE64.encode(&m.public.sign),
                "active": m.active,
                "epoch": m.epoch,
                "index": m.index,
            })
        })
        .collect();
    let files = &replayed.files;
    let key_files: BTreeMap<&str, String> = (files.key_files.iter())
        .map(|(id, digest)| (id.as_str(), digest.to_hex()))
        .collect();
    let frontier: Vec<String> = (replayed.tip.range.frontier().iter())
        .map(Hash::to_hex)
        .collect();
    let (begun, tables) = replayed.rows.parts();
    let counts: BTreeMap<&str, usize> = tables
        .iter()
        .map(|(name, rows)| (*name, rows.len()))
        .collect();
    let json = json!({
        "rows": rows,
        "digest": digest.to_hex(),
        "epoch": replayed.tip.epoch,
        "size": replayed.tip.range.size(),
        "frontier": frontier,
        "at": replayed.tip.at.timestamp_micros(),
        "members": members,
        "restored": replayed.restored.iter().copied().map(Restoration::to_value).collect::<Vec<_>>(),
        "ends": replayed.ends.iter().map(head).collect::<Vec<_>>(),
        "ring": files.ring.map(|ring| ring.to_hex()),
        "keyFiles": key_files,
        "created": files.created,
        "begun": begun,
        "tables": counts,
    });
    let json = json.to_string();
    let mut out = (json.len() as u64).to_be_bytes().to_vec();
    out.extend(json.as_bytes());
    for (key, digest) in tables.values().flatten() {
        out.extend((key.len() as u32).to_be_bytes());
        out.extend(key.as_bytes());
        out.extend(digest);
    }
    out
}

/// Takes bytes off the front.
fn take<'b>(bytes: &mut &'b [u8], many: usize) -> Option<&'b [u8]> {
    let (taken, left) = bytes.split_at_checked(many)?;
    *bytes = left;
    Some(taken)
}

fn decode(mut bytes: &[u8]) -> Option<Checked> {
    let length = u64::from_be_bytes(take(&mut bytes, 8)?.try_into().ok()?);
    let json: Value =
        serde_json::from_slice(take(&mut bytes, usize::try_from(length).ok()?)?).ok()?;
    let hash = |value: &Value| Hash::from_hex(value.as_str()?).ok();
    let number = |name: &str| json[name].as_u64();
    let head = |value: &Value| Some((value[0].as_u64()?, value[1].as_u64()?, hash(&value[2])?));
    let member = |value: &Value| {
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        let key = |name: &str| evidence::base64::decode_32(value[name].as_str()?.as_bytes());
        let id = text("id")?;
        let member = Member {
            id: id.clone(),
            role: Role::from_word(value["role"].as_str()?)?,
            name: text("name"),
            public: PublicIdentity {
                kem: key("kem")?,
                sign: key("sign")?,
            },
            active: value["active"].as_bool()?,
            epoch: value["epoch"].as_u64()?,
            index: value["index"].as_u64()?,
        };
        Some((id, member))
    };
    let frontier: Option<Vec<Hash>> = json["frontier"].as_array()?.iter().map(hash).collect();
    let tip = Tip {
        epoch: number("epoch")?,
        range: CompactRange::from_frontier(number("size")?, frontier?).ok()?,
        at: table::time("ledger", json["at"].as_i64()?).ok()?,
    };
    let key_files: Option<BTreeMap<String, Hash>> = (json["keyFiles"].as_object()?.iter())
        .map(|(id, digest)| Some((id.clone(), hash(digest)?)))
        .collect();
    let mut tables = BTreeMap::new();
    for (name, count) in json["tables"].as_object()? {
        let table = crate::stated::table(name)?;
        let mut rows = Vec::new();
        for _ in 0..count.as_u64()? {
            let length = u32::from_be_bytes(take(&mut bytes, 4)?.try_into().ok()?);
            let key = take(&mut bytes, usize::try_from(length).ok()?)?;
            let digest = take(&mut bytes, 32)?.try_into().ok()?;
            rows.push((String::from_utf8(key.to_vec()).ok()?, digest));
        }
        // They come in order.
        tables.insert(table.name, rows.into_iter().collect());
    }
    if !bytes.is_empty() {
        return None;
    }
    let members: Option<BTreeMap<String, Member>> =
        json["members"].as_array()?.iter().map(member).collect();
    let restored: Option<Vec<Restoration>> = (json["restored"].as_array()?.iter())
        .map(Restoration::from_value)
        .collect();
    let ends: Option<Vec<(u64, u64, Hash)>> = json["ends"].as_array()?.iter().map(head).collect();
    let rows = number("rows")?;
    Some(Checked {
        rows,
        digest: hash(&json["digest"])?,
        replayed: Replayed {
            tip,
            members: members?,
            entries: rows,
            roots: BTreeMap::new(),
            ends: ends?,
            restored: restored?,
            files: crate::ring::Stated {
                ring: match &json["ring"] {
                    Value::Null => None,
                    ring => Some(hash(ring)?),
                },
                key_files: key_files?,
                created: json["created"].as_str().map(str::to_owned),
            },
            rows: StatedRows::of_parts(json["begun"].as_bool()?, tables),
        },
    })
}
