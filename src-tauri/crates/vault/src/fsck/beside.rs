//! The files beside the database, held to the ledger: the key ring, every member's key file and remembered head,
//! `vault.json`, and who may read any of it. Whoever can write to the folder can change them; what they should be, members
//! signed.

use std::collections::BTreeMap;
use std::io;

use evidence::Hash;

use crate::create::VaultFile;
use crate::ledger::Restoration;
use crate::open::continues_from;
use crate::ring::{self, MEMBERS, RING, Stated};
use crate::state::{Remembered, head_name};
use crate::{Inner, Member, Role};

/// Heads that are remembered, by member; read before the replay, which is asked for the roots at their sizes.
pub(super) type Heads = BTreeMap<String, io::Result<Option<Remembered>>>;

/// What the replay says.
pub(super) struct Said<'a> {
    pub(super) files: &'a Stated,
    pub(super) members: &'a BTreeMap<String, Member>,
    pub(super) roots: &'a BTreeMap<(u64, u64), Hash>,
    pub(super) restored: &'a [Restoration],
}

impl Inner {
    pub(super) fn remembered_heads(&self, members: &[Member]) -> Heads {
        let folder = self.folder.folder(MEMBERS);
        members
            .iter()
            .filter(|m| m.active && m.role != Role::Recovery)
            .map(|m| {
                let read = match &folder {
                    Ok(folder) => Remembered::read(folder, &head_name(&m.id)),
                    Err(e) => Err(io::Error::new(e.kind(), e.to_string())),
                };
                (m.id.clone(), read)
            })
            .collect()
    }

    pub(super) fn check_beside(
        &self,
        said: &Said<'_>,
        heads: &Heads,
    ) -> Vec<(&'static str, Result<String, String>)> {
        vec![
            ("vault.json", self.check_vault_file(said)),
            ("key ring", self.check_ring(said)),
            ("key files", self.check_key_files(said)),
            ("remembered heads", self.check_heads(said, heads)),
            ("permissions", self.check_permissions()),
        ]
    }

    fn check_vault_file(&self, said: &Said<'_>) -> Result<String, String> {
        let created = said.files.created.as_deref().unwrap_or_default();
        let right = VaultFile::new(&self.id, created).to_bytes();
        let right = right.map_err(|e| e.to_string())?;
        let is = self.folder.read("vault.json", right.len() as u64);
        match is {
            Ok(is) if is == right => Ok("it is as the ledger's first entry says".to_owned()),
            Ok(_) => Err("it says something else than the ledger's first entry".to_owned()),
            Err(e) => Err(e.to_string()),
        }
    }

    fn check_ring(&self, said: &Said<'_>) -> Result<String, String> {
        let found = ring::read_rings(&self.folder).map_err(|e| e.to_string())?;
        match ring::judge(found, said.files, said.members).map_err(|e| e.to_string())? {
            ring::Standing::Stated(_) => Ok("it is the ring that was signed".to_owned()),
            ring::Standing::Before(_) => Err(format!(
                "no entry states {RING}, which is of before rings were stated; a custodian's next open states it"
            )),
        }
    }

    fn check_key_files(&self, said: &Said<'_>) -> Result<String, String> {
        let folder = self.folder.folder(MEMBERS).map_err(|e| e.to_string())?;
        let mut wrong = Vec::new();
        let mut unstated = 0;
        let members = said
            .members
            .values()
            .filter(|m| m.active && m.role != Role::Recovery);
        let mut count = 0;
        for m in members {
            count += 1;
            let name = format!("{}.json", m.id);
            let (file, bytes) = match ring::read_key_file(&folder, &name) {
                Ok(read) => read,
                Err(e) => {
                    wrong.push(e.to_string());
                    continue;
                }
            };
            let stated = said.files.key_files.get(&m.id);
            if stated.is_some_and(|digest| *digest != Hash::sha256(&bytes)) {
                wrong.push(format!("{MEMBERS}/{name} is not the file that was signed"));
            } else if !file.is_of(&self.id, &m.id, m.role, &m.public) {
                wrong.push(format!("{MEMBERS}/{name} is not a key file of this member"));
            }
            unstated += usize::from(stated.is_none());
        }
        let known = |name: &str| {
            let (id, end) = name.rsplit_once('.').unwrap_or((name, ""));
            said.members.contains_key(id) && matches!(end, "json" | "head")
        };
        match folder.entries() {
            Ok(entries) => wrong.extend(
                entries
                    .iter()
                    .filter(|e| e.kind != files::Kind::File || !known(&e.name))
                    .map(|e| format!("{MEMBERS}/{} belongs to no member", e.name)),
            ),
            Err(e) => wrong.push(e.to_string()),
        }
        if !wrong.is_empty() {
            return Err(wrong.join("; "));
        }
        Ok(match unstated {
            0 => format!("{count} are as they were signed"),
            _ => format!("{count} are their members'; {unstated} of before files were stated"),
        })
    }

    fn check_heads(&self, said: &Said<'_>, heads: &Heads) -> Result<String, String> {
        let mut wrong = Vec::new();
        for (member, read) in heads {
            let name = head_name(member);
            match read {
                Ok(Some(head)) if head.vault != self.id => {
                    wrong.push(format!("{MEMBERS}/{name} is of another workspace"));
                }
                Ok(Some(head)) if !continues_from(said.roots, said.restored, head) => {
                    wrong.push(format!(
                        "{MEMBERS}/{name} remembers another ledger, at epoch {} size {}",
                        head.epoch, head.size
                    ));
                }
                Ok(Some(_)) => {}
                // Members of before had none until they opened.
                Ok(None) if !said.files.key_files.contains_key(member) => {}
                Ok(None) => wrong.push(format!("{MEMBERS}/{name} is missing")),
                Err(e) => wrong.push(format!("{MEMBERS}/{name} cannot be read ({e})")),
            }
        }
        if wrong.is_empty() {
            Ok(format!("{} agree with the ledger", heads.len()))
        } else {
            Err(wrong.join("; "))
        }
    }

    fn check_permissions(&self) -> Result<String, String> {
        let wider = self.folder.wider().map_err(|e| e.to_string())?;
        match wider.first() {
            None => Ok("only the owner may read the workspace".to_owned()),
            Some(first) => Err(format!(
                "others than the owner may use {} of its files and folders, such as {}",
                wider.len(),
                first.strip_prefix(self.dir()).unwrap_or(first).display()
            )),
        }
    }
}
