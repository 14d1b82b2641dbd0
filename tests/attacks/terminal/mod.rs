//! Text of strangers that would act on a terminal, a log or the window.

mod commands;
mod packets;

use evidence::text::acts;
use std::num::NonZero;
use std::process::Output;

/// What acts on a terminal or on the order of letters, and a line that would look like one of ours. No `/` and no NUL, so
/// that a file can have it as a name.
const HOSTILE: &str = "x\u{1b}[2J\u{1b}]0;owned\u{7}\u{1b}]52;c;b3duZWQ=\u{7}\u{9b}31m\r\u{8}\u{85}\u{202e}\u{2066}\
    \u{200f}\u{61c}\u{2028}\u{200b}\u{feff}\u{e0041}\n✓ signers yours\r✓ signers yours";

/// The same as far as a log may be named so: white space and controls are refused there.
const NAME: &str = "x\u{202e}\u{2066}\u{200f}\u{61c}\u{200b}\u{feff}\u{e0041}";

/// A terminal counts what was asked of it.
#[derive(Default)]
struct Asked(Vec<&'static str>);

impl vt100::Callbacks for Asked {
    fn audible_bell(&mut self, _: &mut vt100::Screen) {
        self.0.push("bell");
    }
    fn visual_bell(&mut self, _: &mut vt100::Screen) {
        self.0.push("visual bell");
    }
    fn resize(&mut self, _: &mut vt100::Screen, _: (u16, u16)) {
        self.0.push("resize");
    }
    fn set_window_icon_name(&mut self, _: &mut vt100::Screen, _: &[u8]) {
        self.0.push("icon name");
    }
    fn set_window_title(&mut self, _: &mut vt100::Screen, _: &[u8]) {
        self.0.push("title");
    }
    fn copy_to_clipboard(&mut self, _: &mut vt100::Screen, _: &[u8], _: &[u8]) {
        self.0.push("clipboard");
    }
    fn unhandled_control(&mut self, _: &mut vt100::Screen, _: u8) {
        self.0.push("control");
    }
    fn unhandled_escape(&mut self, _: &mut vt100::Screen, _: Option<u8>, _: Option<u8>, _: u8) {
        self.0.push("escape");
    }
    fn unhandled_csi(
        &mut self,
        _: &mut vt100::Screen,
        _: Option<u8>,
        _: Option<u8>,
        _: &[&[u16]],
        _: char,
    ) {
        self.0.push("sequence");
    }
    fn unhandled_osc(&mut self, _: &mut vt100::Screen, _: &[&[u8]]) {
        self.0.push("command");
    }
}

/// What in these bytes acts: in the bytes themselves, and on a terminal that shows them.
fn acting(bytes: &[u8]) -> Result<(), String> {
    let text = std::str::from_utf8(bytes).map_err(|e| format!("no text: {e}"))?;
    if let Some(c) = text.chars().find(|c| *c != '\n' && acts(*c)) {
        return Err(format!("U+{:04X}", u32::from(c)));
    }
    let size = |n| NonZero::new(n).expect("a size");
    let mut terminal =
        vt100::Parser::new_with_callbacks(size(200), size(2_000), 100, Asked::default());
    terminal.process(text.replace('\n', "\r\n").as_bytes());
    if !terminal.callbacks().0.is_empty() {
        return Err(format!("{:?}", terminal.callbacks().0));
    }
    let screen = terminal.screen().contents();
    match screen
        .lines()
        .find(|line| line.starts_with("✓ signers yours"))
    {
        Some(_) => Err("a line of his own".to_owned()),
        None => Ok(()),
    }
}

/// # Panics
/// If anything that this program said acts.
fn harmless(what: &str, output: &Output) {
    for (stream, bytes) in [("output", &output.stdout), ("error", &output.stderr)] {
        if let Err(why) = acting(bytes) {
            panic!(
                "{what}, {stream}: {why} in {:?}",
                String::from_utf8_lossy(bytes)
            );
        }
    }
}

/// Whether the text came through at all, written out.
fn shows_it(output: &Output) -> bool {
    let has = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        ["\\u{1b}", "\\u{202e}", "\\u001b", "\\u202e"]
            .iter()
            .any(|written| text.contains(written))
    };
    has(&output.stdout) || has(&output.stderr)
}

#[test]
fn the_terminal_would_see_it() {
    for control in [HOSTILE, NAME, "\u{202e}", "a\n✓ signers yours"] {
        assert!(acting(control.as_bytes()).is_err(), "{control:?}");
    }
    assert_eq!(acting("✓ signers ok\nmore".as_bytes()), Ok(()));
}
