//! Passphrases: from the environment, else from the terminal. Never an argument.

use workbench::{Code, Error};

use crate::screen;

/// The acting member's passphrase.
pub(crate) fn own(who: &str) -> Result<String, Error> {
    ask("MUNIMENT_PASSPHRASE", who)
}

/// The second member's passphrase.
pub(crate) fn second(who: &str) -> Result<String, Error> {
    ask("MUNIMENT_SECOND_PASSPHRASE", who)
}

fn ask(variable: &str, who: &str) -> Result<String, Error> {
    if let Ok(passphrase) = std::env::var(variable) {
        return Ok(passphrase);
    }
    screen::passphrase(who).map_err(|error| {
        Error::new(
            Code::Failed,
            format!("no passphrase could be asked for: {error}"),
            format!("run it in a terminal, or set {variable}"),
        )
    })
}
