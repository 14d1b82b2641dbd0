//! From characters to tokens, with columns.

use super::QueryError;

/// Characters a query may have. Far beyond what is typed; a bound for what is pasted.
const MAX_CHARS: usize = 16_384;

/// A token and the columns it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) span: (usize, usize),
    pub(super) what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    Open,
    Close,
    And,
    Or,
    Not,
    /// A word, phrase or `name:value`.
    Atom {
        name: Option<String>,
        value: Value,
    },
}

/// A value as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// Without quotes; `prefix` when it ended with `*`, which is taken off.
    Plain { text: String, prefix: bool },
    /// In quotes.
    Quoted(String),
    /// `[from .. to]`, trimmed; an empty end is open.
    Range {
        from: String,
        to: String,
        from_at: usize,
        to_at: usize,
    },
}

pub(super) fn error(at: usize, message: impl Into<String>, hint: impl Into<String>) -> QueryError {
    QueryError {
        at,
        message: message.into(),
        hint: hint.into(),
    }
}

/// Whether a character ends an unquoted word.
fn ends_word(c: char) -> bool {
    c.is_whitespace() || matches!(c, '(' | ')' | '"')
}

/// Puts a value in quotes where it would mean something else without.
pub(super) fn quoted(value: &str) -> String {
    let safe = !value.is_empty()
        && !value.starts_with(['-', '[', '/'])
        && !value
            .chars()
            .any(|c| ends_word(c) || matches!(c, '*' | '\\' | ':'))
        && !matches!(value, "AND" | "OR" | "NOT");
    if safe {
        return value.to_owned();
    }
    let mut out = String::from('"');
    for c in value.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

/// Escapes what would end a path.
pub(super) fn escaped_path(path: &str) -> String {
    let mut out = String::new();
    for c in path.chars() {
        if ends_word(c) || matches!(c, ':' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, QueryError> {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() > MAX_CHARS {
        let hint = "Shorten it, or split it into two searches.";
        return Err(error(MAX_CHARS, "the query is too long", hint));
    }
    let mut lexer = Lexer { chars, at: 0 };
    let mut out = Vec::new();
    loop {
        while lexer.peek().is_some_and(char::is_whitespace) {
            lexer.at += 1;
        }
        let Some(c) = lexer.peek() else {
            return Ok(out);
        };
        let start = lexer.at;
        let what = match c {
            '(' => lexer.single(What::Open),
            ')' => lexer.single(What::Close),
            '-' if lexer
                .chars
                .get(start + 1)
                .is_some_and(|c| !ends_word(*c) || *c == '(' || *c == '"') =>
            {
                lexer.single(What::Not)
            }
            _ => lexer.atom()?,
        };
        out.push(Token {
            span: (start, lexer.at),
            what,
        });
    }
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
}

impl Lexer {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn single(&mut self, what: What) -> What {
        self.at += 1;
        what
    }

    fn atom(&mut self) -> Result<What, QueryError> {
        let name = self.name()?;
        let value = match self.peek() {
            Some('"') => self.quoted()?,
            Some('[') if name.is_some() => self.range()?,
            _ => self.plain(name.is_some())?,
        };
        if name.is_none()
            && let Value::Plain {
                text,
                prefix: false,
            } = &value
        {
            match text.as_str() {
                "AND" | "&&" => return Ok(What::And),
                "OR" | "||" => return Ok(What::Or),
                "NOT" => return Ok(What::Not),
                _ => {}
            }
        }
        Ok(What::Atom { name, value })
    }

    /// `name:` or `/path:` before a value. A colon after anything else belongs to a word, as in `10:30`.
    fn name(&mut self) -> Result<Option<String>, QueryError> {
        let start = self.at;
        let is_path = self.peek() == Some('/');
        let mut name = String::new();
        let mut at = start;
        while let Some(&c) = self.chars.get(at) {
            match c {
                ':' if !name.is_empty() => {
                    self.at = at + 1;
                    return Ok(Some(name));
                }
                '\\' if is_path => {
                    let Some(&next) = self.chars.get(at + 1) else {
                        break;
                    };
                    name.push(next);
                    at += 1;
                }
                c if is_path && !ends_word(c) => name.push(c),
                c if c.is_ascii_alphabetic() || c == '_' => name.push(c),
                _ => break,
            }
            at += 1;
        }
        if is_path && at > start + 1 {
            let hint = "Write /path:value, or put it in quotes to look for the words of it.";
            return Err(error(start, "a path has no value", hint));
        }
        Ok(None)
    }

    fn quoted(&mut self) -> Result<Value, QueryError> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            match self.peek() {
                Some('"') => {
                    self.at += 1;
                    return Ok(Value::Quoted(text));
                }
                Some('\\') if matches!(self.chars.get(self.at + 1), Some('"' | '\\')) => {
                    text.push(self.chars[self.at + 1]);
                    self.at += 2;
                }
                Some(c) => {
                    text.push(c);
                    self.at += 1;
                }
                None => {
                    let hint = "Close it with \", or write \\\" for a quotation mark itself.";
                    return Err(error(start, "a quotation is not closed", hint));
                }
            }
        }
    }

    fn range(&mut self) -> Result<Value, QueryError> {
        let start = self.at;
        let Some(end) = (start..self.chars.len()).find(|&at| self.chars[at] == ']') else {
            let hint = "Write [from .. to] and leave out an end that is open.";
            return Err(error(start, "a range is not closed", hint));
        };
        let dots = (start..end).find(|&at| self.chars[at] == '.' && self.chars[at + 1] == '.');
        let Some(dots) = dots else {
            let hint = "Put two dots between the ends: [from .. to].";
            return Err(error(start, "a range has no two ends", hint));
        };
        self.at = end + 1;
        let side = |from: usize, to: usize| {
            let text: String = self.chars[from..to].iter().collect();
            let lead = text.chars().take_while(|c| c.is_whitespace()).count();
            (text.trim().to_owned(), from + lead)
        };
        let (from, from_at) = side(start + 1, dots);
        let (to, to_at) = side(dots + 2, end);
        Ok(Value::Range {
            from,
            to,
            from_at,
            to_at,
        })
    }

    fn plain(&mut self, named: bool) -> Result<Value, QueryError> {
        let start = self.at;
        while self.peek().is_some_and(|c| !ends_word(c)) {
            self.at += 1;
        }
        let word = &self.chars[start..self.at];
        if word.is_empty() && named {
            let hint = "Put a value right after the colon; in quotes if it has spaces.";
            return Err(error(start, "a field has no value", hint));
        }
        let (word, prefix) = match word {
            [rest @ .., '*'] => (rest, true),
            _ => (word, false),
        };
        if let Some(star) = word.iter().position(|c| *c == '*') {
            let hint = "* stands for the rest of a word, at its end. Put it in quotes for the character itself.";
            return Err(error(start + star, "* can only be at the end", hint));
        }
        Ok(Value::Plain {
            text: word.iter().collect(),
            prefix,
        })
    }
}
