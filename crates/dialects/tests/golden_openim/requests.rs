//! Requests byte for byte, and their fields against the sheet.

use std::fs;

use ringback_dialects::openim::callbacks::commands;
use ringback_dialects::openim::callbacks::generation::Generation;

use crate::samples::{folder, render, root, served};

#[test]
fn requests_are_the_golden_ones_byte_for_byte() {
    let mut seen = 0;
    for (generation, command) in served() {
        let folder = folder(generation, command);
        let outbound = render(generation, command);
        let head: String =
            outbound.headers.iter().fold(format!("POST {}\n", outbound.url), |head, (name, value)| {
                format!("{head}{name}: {value}\n")
            });
        let body = String::from_utf8(outbound.body.into()).unwrap();
        if std::env::var_os("RINGBACK_WRITE_DOCS").is_some() {
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("request.txt"), &head).unwrap();
            fs::write(folder.join("request.json"), &body).unwrap();
        }
        assert_eq!(head, fs::read_to_string(folder.join("request.txt")).unwrap(), "{}", folder.display());
        assert_eq!(body, fs::read_to_string(folder.join("request.json")).unwrap(), "{}", folder.display());
        seen += 1;
    }
    assert_eq!(seen, 4 * commands::WEBHOOK_KEYS + 1, "every key in every contract, and the word filter");
}

#[test]
fn no_folder_is_left_over() {
    for generation in Generation::ALL {
        for entry in fs::read_dir(root().join(generation.version())).unwrap() {
            let entry = entry.unwrap();
            assert!(entry.path().join("SOURCE.md").is_file(), "{}", entry.path().display());
            let name = entry.file_name().into_string().unwrap();
            let known = commands::all().any(|row| row.name_in(generation) == Some(&name));
            assert!(known, "{name} is not a command of {}", generation.contract());
        }
    }
}

#[test]
fn rendering_twice_gives_the_same_bytes() {
    for (generation, command) in served() {
        assert_eq!(render(generation, command), render(generation, command));
    }
}
