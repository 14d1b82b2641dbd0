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

/// A passphrase that is chosen now: at a terminal it is typed twice.
pub(crate) fn chosen(who: &str) -> Result<String, Error> {
    let variable = "MUNIMENT_NEW_PASSPHRASE";
    if std::env::var(variable).is_ok() {
        return ask(variable, who);
    }
    let first = ask(variable, &format!("{who} from now on"))?;
    if ask(variable, &format!("{who}, the same again"))? != first {
        return Err(Error::new(
            Code::Invalid,
            "the two passphrases differ",
            "type the same one twice",
        ));
    }
    Ok(first)
}

/// The printed recovery key.
pub(crate) fn recovery_key() -> Result<String, Error> {
    let variable = "MUNIMENT_RECOVERY_KEY";
    if let Ok(key) = std::env::var(variable) {
        return Ok(key);
    }
    screen::recovery_key().map_err(|error| not_asked(&error, variable))
}

fn not_asked(error: &std::io::Error, variable: &str) -> Error {
    Error::new(
        Code::Failed,
        format!("no passphrase could be asked for: {error}"),
        format!("run it in a terminal, or set {variable}"),
    )
}

fn ask(variable: &str, who: &str) -> Result<String, Error> {
    if let Ok(passphrase) = std::env::var(variable) {
        return Ok(passphrase);
    }
    screen::passphrase(who).map_err(|error| not_asked(&error, variable))
}
