//! Writes the inputs to begin with of one target into a folder, one file each: `ringback-fuzz-seeds TARGET FOLDER`.

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

use ringback_fuzz_targets::TARGETS;

fn main() -> ExitCode {
    let mut words = env::args().skip(1);
    let (Some(name), Some(folder)) = (words.next(), words.next()) else {
        eprintln!("ringback-fuzz-seeds TARGET FOLDER");
        return ExitCode::from(2);
    };
    let Some(target) = TARGETS.iter().find(|target| target.name == name) else {
        eprintln!("there is no target {name}");
        return ExitCode::from(2);
    };
    let write = |folder: &Path| -> std::io::Result<()> {
        fs::create_dir_all(folder)?;
        for (number, (_, input)) in (target.seeds)().into_iter().enumerate() {
            fs::write(folder.join(format!("seed-{number:04}")), input)?;
        }
        Ok(())
    };
    match write(Path::new(&folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{folder}: {error}");
            ExitCode::FAILURE
        }
    }
}
