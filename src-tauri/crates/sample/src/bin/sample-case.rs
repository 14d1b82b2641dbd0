//! Writes the synthetic sample case into a folder and says what to try with it.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use sample::{Scale, build};

const USAGE: &str = "\
Writes the synthetic sample case of Muniment: six weeks of signed exports of four systems.

usage: sample-case DIR [--records N] [--force]

  DIR          folder to write into; it must be absent or empty
  --records N  records over all systems, about (at least 2000; 9000 unless given)
  --force      write into a folder that is not empty; an older sample case in it is replaced,
               other files stay
";

struct Arguments {
    dir: PathBuf,
    scale: Scale,
    force: bool,
}

fn arguments(given: impl Iterator<Item = std::ffi::OsString>) -> Result<Option<Arguments>, String> {
    let (mut dir, mut scale, mut force) = (None, Scale::default(), false);
    let mut given = given;
    while let Some(one) = given.next() {
        match one.to_str() {
            Some("-h" | "--help") => return Ok(None),
            Some("--force") => force = true,
            Some("--records") => {
                let count = given.next().and_then(|text| text.to_str()?.parse().ok());
                scale.records = count.ok_or("--records needs a number")?;
            }
            Some(option) if option.starts_with('-') => {
                return Err(format!("{option} is not an option"));
            }
            _ if dir.is_some() => return Err("only one DIR can be written at a time".to_owned()),
            _ => dir = Some(PathBuf::from(one)),
        }
    }
    let dir = dir.ok_or("DIR is missing")?;
    Ok(Some(Arguments { dir, scale, force }))
}

fn is_empty_or_absent(dir: &std::path::Path) -> io::Result<bool> {
    match std::fs::read_dir(dir) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

fn run(arguments: &Arguments) -> Result<String, String> {
    let Arguments { dir, scale, force } = arguments;
    let shown = dir.display();
    match is_empty_or_absent(dir) {
        Ok(true) => {}
        Ok(false) if *force => {}
        Ok(false) => {
            return Err(format!(
                "{shown} is not empty; name another folder, or add --force to write into it"
            ));
        }
        Err(error) => return Err(format!("{shown} cannot be read: {error}")),
    }
    if *force {
        sample::clear(dir).map_err(|error| format!("{shown} cannot be cleared: {error}"))?;
    }
    let case = build(dir, *scale).map_err(|error| format!("{shown}: {error}"))?;
    let (from, to) = case.span();
    let mut text = format!(
        "Wrote the sample case to {shown}: {} records from {} to {} in {} files and folders,\n\
         {} records in {} exports kept back in further/.\n\n\
         README.txt tells how the story begins. Try, inside {shown}:\n\n\
         \x20 muniment --workspace case init\n",
        case.records_in_first,
        from.format("%Y-%m-%d"),
        to.format("%Y-%m-%d"),
        case.first.len(),
        case.records_in_further,
        case.further.len(),
    );
    for (origin, vkey) in &case.pins {
        let schema = sample::schema_of(origin);
        text.push_str(&format!(
            "  muniment --workspace case trust add '{vkey}' --schema {schema}\n"
        ));
    }
    text.push_str(
        "  muniment --workspace case trust cloudtrail set keys/cloudtrail-trust.json\n\
         \x20 muniment --workspace case import exports cloudtrail trail   one file is refused, one origin waits for its key\n\
         \x20 muniment --workspace case sources                     ... and one has a gap\n\
         \x20 muniment --workspace case trust cloudtrail list       an hour of the trail is missing\n\
         \x20 muniment --workspace case search 'emergency'          what a revoked key did\n\
         \x20 muniment --workspace case import further              what was missing\n",
    );
    Ok(text)
}

fn main() -> ExitCode {
    let (text, code) = match arguments(std::env::args_os().skip(1)) {
        Ok(None) => (USAGE.to_owned(), 0),
        Err(message) => (format!("sample-case: {message}\n\n{USAGE}"), 2),
        Ok(Some(arguments)) => match run(&arguments) {
            Ok(text) => (text, 0),
            Err(message) => (format!("sample-case: {message}\n"), 2),
        },
    };
    let written = if code == 0 {
        io::stdout().lock().write_all(text.as_bytes())
    } else {
        io::stderr().lock().write_all(text.as_bytes())
    };
    match written {
        Ok(()) => ExitCode::from(code),
        Err(_) => ExitCode::from(2),
    }
}
