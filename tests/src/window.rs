//! Drives the real window by WebDriver (W3C), under its own virtual display and
//! D-Bus session.

use std::io::Write as _;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long an element may take to appear.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running window.
pub struct Window {
    display: Child,
    url: String,
    agent: ureq::Agent,
}

/// Key codes of the WebDriver specification.
pub mod keys {
    /// Control.
    pub const CONTROL: &str = "\u{e009}";
    /// Enter.
    pub const ENTER: &str = "\u{e007}";
    /// Escape.
    pub const ESCAPE: &str = "\u{e00c}";
    /// Tab.
    pub const TAB: &str = "\u{e004}";
    /// Arrow down.
    pub const DOWN: &str = "\u{e015}";
}

impl Window {
    /// Starts the window's program with everything of its user below `home`, as [`crate::programs::Terminal`] does.
    ///
    /// # Panics
    /// As [`Window::open`].
    pub fn at_home(home: &Path) -> Self {
        let window = Self::open(
            &crate::programs::desktop(),
            &[
                ("HOME", home),
                ("XDG_STATE_HOME", &home.join("state")),
                ("XDG_DATA_HOME", &home.join("data")),
                ("XDG_CONFIG_HOME", &home.join("config")),
                ("XDG_CACHE_HOME", &home.join("cache")),
            ],
        );
        window.size(1440, 900);
        window
    }

    /// Starts the binary with these environment variables and waits for its window.
    ///
    /// # Panics
    /// If the display, the driver or the window does not come up.
    pub fn open(binary: &Path, environment: &[(&str, &Path)]) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .and_then(|l| l.local_addr())
            .expect("a free port on loopback")
            .port();
        let mut command = Command::new("xvfb-run");
        command
            .args([
                "-a",
                "-s",
                "-screen 0 1920x1200x24",
                "dbus-run-session",
                "--",
            ])
            .args(["WebKitWebDriver", "--host=127.0.0.1"])
            .arg(format!("--port={port}"))
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .env("NO_AT_BRIDGE", "1")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        for (name, value) in environment {
            command.env(name, value);
        }
        let display = command
            .spawn()
            .expect("xvfb-run starts (Debian: xvfb xauth dbus-x11 webkit2gtk-driver)");
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .new_agent();
        let mut window = Self {
            display,
            url: format!("http://127.0.0.1:{port}"),
            agent,
        };
        let begun = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < PATIENCE, "the WebDriver did not come up");
            std::thread::sleep(Duration::from_millis(50));
        }
        let session = window.call(
            "POST",
            "/session",
            &json!({"capabilities": {"alwaysMatch": {
                "webkitgtk:browserOptions": {"binary": binary, "args": []}
            }}}),
        );
        let id = session["sessionId"].as_str().expect("a session id");
        window.url = format!("{}/session/{id}", window.url);
        window
    }

    fn try_call(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let url = format!("{}{path}", self.url);
        let answer = match method {
            "GET" => self.agent.get(&url).call(),
            "DELETE" => self.agent.delete(&url).call(),
            _ => self.agent.post(&url).send_json(body),
        };
        let mut answer = answer.map_err(|error| error.to_string())?;
        let value: Value = answer
            .body_mut()
            .with_config()
            .limit(64 * 1024 * 1024)
            .read_json()
            .map_err(|error| error.to_string())?;
        if answer.status().is_success() {
            Ok(value["value"].clone())
        } else {
            Err(format!(
                "{}: {}",
                value["value"]["error"], value["value"]["message"]
            ))
        }
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        self.try_call(method, path, body)
            .unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    fn find(&self, css: &str) -> Option<String> {
        let wanted = json!({"using": "css selector", "value": css});
        let begun = Instant::now();
        let found = loop {
            match self.try_call("POST", "/elements", &wanted) {
                Ok(found) => break found,
                // An element went while the driver was making its list: what is there now?
                Err(error) if error.contains("stale element") && begun.elapsed() < PATIENCE => {}
                Err(error) => panic!("{css}: {error}"),
            }
        };
        let first = found.as_array()?.first()?.as_object()?;
        first.values().next()?.as_str().map(str::to_owned)
    }

    /// Waits until an element is there and gives its WebDriver id.
    ///
    /// # Panics
    /// If it does not appear within a minute; a picture of the window is kept.
    pub fn wait(&self, css: &str) -> String {
        let begun = Instant::now();
        loop {
            if let Some(id) = self.find(css) {
                return id;
            }
            if begun.elapsed() > PATIENCE {
                let picture = std::env::temp_dir().join("muniment-e2e-failure.png");
                self.picture(&picture);
                panic!(
                    "nothing matches {css}; picture in {}; the page says: {}",
                    picture.display(),
                    self.text("body")
                );
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until nothing matches.
    ///
    /// # Panics
    /// If something still matches after a minute.
    pub fn gone(&self, css: &str) {
        let begun = Instant::now();
        while self.find(css).is_some() {
            assert!(begun.elapsed() < PATIENCE, "{css} is still there");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Whether an element is there now.
    pub fn has(&self, css: &str) -> bool {
        self.find(css).is_some()
    }

    /// Clicks an element, once it is there and can be clicked.
    pub fn click(&self, css: &str) {
        let begun = Instant::now();
        loop {
            let id = self.wait(css);
            // The driver takes an element that shows only its edge for visible and then misses it.
            let quoted = Value::from(css);
            self.script(&format!(
                "document.querySelector({quoted})?.scrollIntoView({{block: 'center'}})"
            ));
            match self.try_call("POST", &format!("/element/{id}/click"), &json!({})) {
                Ok(_) => return,
                Err(error) if begun.elapsed() > PATIENCE => {
                    let picture = std::env::temp_dir().join("muniment-e2e-failure.png");
                    self.picture(&picture);
                    panic!("{css}: {error}; picture in {}", picture.display());
                }
                // Re-rendered between finding and clicking, or still covered: look again.
                Err(_) => std::thread::sleep(Duration::from_millis(100)),
            }
        }
    }

    /// Replaces the value of a field, again if the page was just being drawn.
    ///
    /// # Panics
    /// If the field does not hold the text in the end.
    pub fn fill(&self, css: &str, text: &str) {
        let begun = Instant::now();
        loop {
            let id = self.wait(css);
            let typed = self
                .try_call("POST", &format!("/element/{id}/clear"), &json!({}))
                .and_then(|_| {
                    let keys = json!({"text": text});
                    self.try_call("POST", &format!("/element/{id}/value"), &keys)
                })
                .and_then(|_| {
                    self.try_call(
                        "GET",
                        &format!("/element/{id}/property/value"),
                        &Value::Null,
                    )
                });
            match typed {
                Ok(held) if held == text => return,
                other => assert!(
                    begun.elapsed() < PATIENCE,
                    "{css} was not filled: {other:?}"
                ),
            }
            std::thread::sleep(Duration::from_millis(150));
        }
    }

    /// Presses keys together.
    pub fn chord(&self, keys: &[&str]) {
        let down = keys.iter().map(|k| json!({"type": "keyDown", "value": k}));
        let up = keys
            .iter()
            .rev()
            .map(|k| json!({"type": "keyUp", "value": k}));
        let actions: Vec<Value> = down.chain(up).collect();
        self.call(
            "POST",
            "/actions",
            &json!({"actions": [{"type": "key", "id": "keyboard", "actions": actions}]}),
        );
    }

    /// Text of an element.
    pub fn text(&self, css: &str) -> String {
        let id = self.wait(css);
        let text = self.call("GET", &format!("/element/{id}/text"), &Value::Null);
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until an element's text contains this.
    ///
    /// # Panics
    /// If it does not within a minute.
    pub fn says(&self, css: &str, text: &str) {
        let begun = Instant::now();
        loop {
            let said = self.text(css);
            if said.contains(text) {
                return;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "{css} says {said:?}, not {text:?}"
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// An attribute of an element.
    pub fn attribute(&self, css: &str, name: &str) -> Option<String> {
        let id = self.wait(css);
        let value = self.call(
            "GET",
            &format!("/element/{id}/attribute/{name}"),
            &Value::Null,
        );
        value.as_str().map(str::to_owned)
    }

    /// Runs a script in the page and gives what it returns.
    pub fn script(&self, code: &str) -> Value {
        self.call(
            "POST",
            "/execute/sync",
            &json!({"script": code, "args": []}),
        )
    }

    /// Calls a command of the shell past the screen, as a script in the page could.
    ///
    /// # Errors
    /// What the command answered, when it refused.
    pub fn invoke(&self, command: &str, arguments: &Value) -> Result<Value, Value> {
        let script = "const d = arguments[arguments.length - 1];              window.__TAURI_INTERNALS__.invoke(arguments[0], arguments[1])              .then(v => d({ok: v === undefined ? null : v}), e => d({error: e}))";
        let answer = self.call(
            "POST",
            "/execute/async",
            &json!({"script": script, "args": [command, arguments]}),
        );
        match answer.get("error") {
            Some(error) => Err(error.clone()),
            None => Ok(answer["ok"].clone()),
        }
    }

    /// Chooses an option of a native select by its value, again if the page was just being drawn.
    ///
    /// # Panics
    /// If there is no such option, or it does not stay chosen.
    pub fn choose(&self, css: &str, value: &str) {
        self.wait(&format!("{css} option[value=\"{value}\"]"));
        let (select, wanted) = (Value::from(css), Value::from(value));
        let choose = format!(
            "const s = document.querySelector({select}); if (!s || s.disabled) return; \
             s.value = {wanted}; \
             s.dispatchEvent(new Event('input', {{bubbles: true}})); \
             s.dispatchEvent(new Event('change', {{bubbles: true}}));"
        );
        let chosen = format!("return document.querySelector({select})?.value ?? null");
        let begun = Instant::now();
        loop {
            self.script(&choose);
            std::thread::sleep(Duration::from_millis(150));
            let now = self.script(&chosen);
            if now == wanted {
                return;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "{css} stays {now}, not {wanted}"
            );
        }
    }

    /// Runs axe-core from this source and gives its violations, one a line.
    pub fn axe(&self, source: &str) -> Vec<String> {
        self.script(source);
        let found = self.call(
            "POST",
            "/execute/async",
            &json!({"script": "const d = arguments[0]; axe.run().then(r => d(r.violations.map(v => v.id + ' ' + v.nodes.map(n => n.target.join(' ')).join(', '))))", "args": []}),
        );
        found
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|v| v.as_str().map(str::to_owned))
            .collect()
    }

    /// Saves a picture of the window.
    pub fn picture(&self, file: &Path) {
        let png = self.call("GET", "/screenshot", &Value::Null);
        let png = data_encoding::BASE64
            .decode(png.as_str().unwrap_or_default().as_bytes())
            .expect("the driver sends base64");
        let mut out = std::fs::File::create(file).expect("a picture can be saved");
        out.write_all(&png).expect("a picture can be saved");
    }

    /// Sets the size of the window.
    pub fn size(&self, width: u32, height: u32) {
        self.call(
            "POST",
            "/window/rect",
            &json!({"x": 0, "y": 0, "width": width, "height": height}),
        );
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        let _ = self.try_call("DELETE", "", &Value::Null);
        // The group holds the virtual display, the session bus and the driver: all ours.
        let _ = Command::new("kill")
            .args(["-TERM", "--", &format!("-{}", self.display.id())])
            .status();
        let _ = self.display.wait();
    }
}
