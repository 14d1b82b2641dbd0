//! JSON text in the order in which it is built. (`serde_json` orders an object's members by a
//! feature that any other crate of a build can switch, and these bytes must not depend on that.)

/// A JSON value.
#[derive(Clone, Debug)]
pub(crate) enum Json {
    /// A scalar as it is written.
    Written(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    pub(crate) const fn object() -> Self {
        Self::Object(Vec::new())
    }

    pub(crate) fn null() -> Self {
        Self::Written("null".to_owned())
    }

    /// Sets the member at a path of names (`/subject/key`), replacing what stands there.
    pub(crate) fn set(&mut self, path: &str, value: impl Into<Json>) {
        let mut here = self;
        for name in path.split('/').filter(|name| !name.is_empty()) {
            if !matches!(here, Self::Object(_)) {
                *here = Self::object();
            }
            let Self::Object(members) = here else { return };
            let at = match members.iter().position(|(known, _)| known == name) {
                Some(at) => at,
                None => {
                    members.push((name.to_owned(), Self::object()));
                    members.len() - 1
                }
            };
            here = &mut members[at].1;
        }
        *here = value.into();
    }

    /// [`Json::set`] for a chain.
    pub(crate) fn with(mut self, path: &str, value: impl Into<Json>) -> Self {
        self.set(path, value);
        self
    }

    pub(crate) fn text(&self) -> String {
        let mut out = String::with_capacity(512);
        self.push(&mut out);
        out
    }

    fn push(&self, out: &mut String) {
        match self {
            Self::Written(text) => out.push_str(text),
            Self::List(values) => {
                out.push('[');
                for (at, value) in values.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    value.push(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (at, (name, value)) in members.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    out.push_str(&quoted(name));
                    out.push(':');
                    value.push(out);
                }
                out.push('}');
            }
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::Written(quoted(text))
    }
}

impl From<&String> for Json {
    fn from(text: &String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<u64> for Json {
    fn from(number: u64) -> Self {
        Self::Written(number.to_string())
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Written(value.to_string())
    }
}

impl<const N: usize> From<[&str; N]> for Json {
    fn from(values: [&str; N]) -> Self {
        Self::List(values.into_iter().map(Json::from).collect())
    }
}
