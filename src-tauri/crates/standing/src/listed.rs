//! The newest imports, read as they come: what was stored of one does not change.

use std::collections::VecDeque;
use std::sync::Arc;

use vault::{Basis, Import, Vault};

use bench::Error;

/// Imports that are kept read, and read at once.
const KEPT: u32 = 10_000;

/// Imports that were read, the newest last.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    basis: Option<Basis>,
    imports: VecDeque<Arc<Import>>,
}

/// The newest imports, at most [`KEPT`] of them, newest first.
pub(crate) async fn newest(listed: &mut Listed, vault: &Vault) -> Result<Vec<Arc<Import>>, Error> {
    let basis = vault.basis();
    let newest = listed.imports.back().map(|import| import.id);
    let fresh = match newest {
        Some(newest) if basis.is_some() && listed.basis == basis => {
            let fresh = vault.imports(newest, KEPT).await;
            fresh?
        }
        _ => Vec::new(),
    };
    // More than are kept came at once, or something of what was read was changed.
    if newest.is_none() || listed.basis != basis || basis.is_none() || fresh.len() >= KEPT as usize
    {
        let all = vault.newest_imports(KEPT).await?;
        listed.imports = all.into_iter().rev().map(Arc::new).collect();
    } else {
        listed.imports.extend(fresh.into_iter().map(Arc::new));
    }
    listed.basis = basis;
    while listed.imports.len() > KEPT as usize {
        listed.imports.pop_front();
    }
    Ok(listed.imports.iter().rev().cloned().collect())
}
