//! Passphrases that a person chooses are judged before anything is done with them: by length, and by how many guesses they
//! would take somebody who tries words, names, dates and keyboard patterns first. Whoever has a copy of the folder can guess
//! for as long as they like, at the cost of Argon2id for each try.

use zxcvbn::Score;

use crate::Error;

/// Fewer letters are guessed whatever they are.
const SHORTEST: usize = 12;
/// Words that everybody tries first here.
const OUR_WORDS: [&str; 6] = [
    "muniment",
    "custodian",
    "responder",
    "reviewer",
    "recovery",
    "evidence",
];

/// Refuses a passphrase that is too easily guessed, or that is another member's of this choice.
pub(crate) fn judged(whose: &str, passphrase: &str, others: &[&str]) -> Result<(), Error> {
    if others.contains(&passphrase) {
        return Err(Error::invalid(
            format!("the passphrase of {whose} is another member's too"),
            "each member types one of their own, which nobody else knows",
        ));
    }
    let weak = |why: String, hint: &str| {
        let message = format!("the passphrase of {whose} is too easily guessed: {why}");
        Err(Error::invalid(message, hint))
    };
    let letters = passphrase.chars().count();
    let words = "take four or more words that have nothing to do with each other, or a line that a generator made";
    if letters < SHORTEST {
        return weak(
            format!("it has {letters} of at least {SHORTEST} characters"),
            words,
        );
    }
    let judged = zxcvbn::zxcvbn(passphrase, &OUR_WORDS);
    if judged.score() >= Score::Four {
        return Ok(());
    }
    let warning = judged.feedback().and_then(|feedback| feedback.warning());
    let why = warning.map_or_else(
        || "words, names, dates and patterns are tried first".to_owned(),
        |warning| warning.to_string().trim_end_matches('.').to_lowercase(),
    );
    weak(why, words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_short_known_or_a_pattern_is_refused_and_never_quoted() {
        for weak in [
            "",
            "x",
            "elevenchars",
            "passwordpassword",
            "muniment muniment",
            "custodian custodian",
            "qwertyuiopasdf",
            "aaaaaaaaaaaaaaaaaaaa",
            "1234567890123",
            "Sommer2026!!",
            "abcabcabcabcabc",
            "1990-01-01",
        ] {
            let error = judged("the custodian", weak, &[]).expect_err(weak);
            assert!(weak.len() < 5 || !error.message.contains(weak), "{error}");
            assert!(!error.hint.is_empty());
        }
    }

    #[test]
    fn words_that_have_nothing_to_do_with_each_other_are_taken_in_any_script() {
        for good in [
            "correct horse battery staple",
            "second horse battery staple",
            "anchor violet nineteen harbour",
            "zwölf Kähne treiben südwärts",
            "фиалка якорь девять гавань",
            "Qw8#kd02-Lp!v",
        ] {
            judged("the custodian", good, &["another one"]).expect(good);
        }
        let same = judged(
            "the second member",
            "anchor violet nineteen harbour",
            &["anchor violet nineteen harbour"],
        );
        assert!(same.is_err());
    }
}
