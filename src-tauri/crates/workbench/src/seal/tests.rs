use std::path::PathBuf;

use super::*;

const ORIGIN: &str = "log.example/enigm-key";

struct Place {
    dir: tempfile::TempDir,
    environment: Environment,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let environment = Environment::of_this_machine();
        let place = Self { dir, environment };
        for key in ["key.json", "next.json"] {
            keygen(ORIGIN, &place.path(key), true, &place.environment).expect("a key");
        }
        let record = |n: u32| {
            format!(
                "{{\"type\":\"dependency.checked\",\"id\":\"00000000-0000-4000-8000-{n:012}\",\
                 \"time\":\"2026-11-02T03:00:00Z\",\"outcome\":\"accepted\"}}\n"
            )
        };
        let put = |name: &str, text: String| std::fs::write(place.path(name), text);
        put("in.ndjson", record(1) + &record(2)).expect("written");
        put("other.ndjson", record(3) + &record(4)).expect("written");
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Seals into `out.zip`; with `cut`, what was begun is killed once the head is recorded.
    fn seal(&self, input: &str, rotate: bool, cut: bool) -> Result<SealedView, Error> {
        let [key, next, input] = ["key.json", "next.json", input].map(|name| self.path(name));
        // A name with no room beside it for the finished export: what is written is never put there.
        let output = self.path(if cut { "gone/out.zip" } else { "out.zip" });
        if cut {
            std::fs::create_dir(self.path("gone")).expect("a folder");
        }
        let request = Request {
            source: "enigm-key",
            origin: ORIGIN,
            key: &key,
            previous: None,
            rotate_to: rotate.then_some(&*next),
            input: Some(&input),
            output: &output,
        };
        if !cut {
            return seal(&request, &self.environment);
        }
        // What `seal` does until its export is out.
        let mut file = read_key(&key)?;
        let base = SignedHead {
            size: 0,
            root: evidence::merkle::empty_root(),
        };
        let successor = match request.rotate_to {
            Some(path) => Some(Successor::read(path, &key, &file, false)?),
            None => None,
        };
        file.sealing = Some(Sealing::begin(base, &self.environment));
        let keys = log_keys(&file)?;
        let catalogue = sources::Catalogue::builtin();
        let source = catalogue.get("enigm-key", None).expect("a source file");
        seal_into(
            &request,
            source,
            &files::NewFile::beside(&output).expect("a new file"),
            None,
            base,
            &mut file,
            &keys,
            successor,
        )
    }
}

#[test]
fn a_run_that_was_cut_off_signs_the_same_head_when_it_is_run_again() {
    for rotate in [false, true] {
        let place = Place::new();
        let cut = place.seal("in.ndjson", rotate, true).expect("signed");
        // Other input would be another log.
        let refused = place.seal("other.ndjson", rotate, false);
        assert_eq!(refused.expect_err("refused").code, Code::Refused);
        let again = place.seal("in.ndjson", rotate, false).expect("sealed");
        assert_eq!((again.root, again.last), (cut.root, cut.last));
        assert_eq!(again.proposed, cut.proposed);
        let key = std::fs::read_to_string(place.path("key.json")).expect("the key");
        assert!(!key.contains("sealing"), "the run's seed stays behind");
    }
}

#[test]
fn a_rotated_key_signs_no_more() {
    let place = Place::new();
    place.seal("in.ndjson", true, false).expect("sealed");
    std::fs::rename(place.path("out.zip"), place.path("first.zip")).expect("moved");
    let refused = place.seal("in.ndjson", false, false);
    assert_eq!(refused.expect_err("refused").code, Code::Refused);
}
