//! Rules of the repository, as tests that anyone can run. Fast, and without a server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Files of more than 500 lines, each with the reason why it is not two files. Keep this list short.
const LONG_FILES: &[(&str, &str)] = &[];

/// Longest file.
const LINES: usize = 500;

/// Rooms: they know the ground floor and nothing else of ours.
const ROOMS: &[&str] = &["domain", "callbacks", "store", "objects", "filter", "dialects"];

/// Names of vendors, in lower case; spelled in parts, so that this file does not name them either.
fn vendors() -> [String; 4] {
    ["open\u{0}im", "ago\u{0}ra", "sheng\u{0}wang", "ease\u{0}mob"].map(|name| name.replace('\u{0}', ""))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// All files below a folder of the repository, as paths relative to the root, sorted. Build output and what
/// tools leave behind do not count.
fn files(folder: &str) -> Vec<String> {
    fn walk(folder: &Path, root: &Path, found: &mut Vec<String>) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        for entry in entries {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if !["target", ".git", "node_modules"].contains(&name.as_str()) {
                    walk(&path, root, found);
                }
            } else {
                found.push(path.strip_prefix(root).unwrap().to_string_lossy().into_owned());
            }
        }
    }
    let root = root();
    let mut found = Vec::new();
    walk(&root.join(folder), &root, &mut found);
    found.sort();
    found
}

fn rust_files() -> Vec<String> {
    let mut found: Vec<String> =
        ["crates", "e2e", "bench", "fuzz", "powercut"].iter().flat_map(|folder| files(folder)).collect();
    found.retain(|path| path.ends_with(".rs"));
    assert!(found.len() > 50, "the walk finds the sources: {}", found.len());
    found
}

/// The text of a file; empty where it is not text.
fn text(path: &str) -> String {
    fs::read(root().join(path)).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

/// Fails with every line found, so that one run shows all of them.
fn none_of(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
}

/// Lines of these files for which `wrong` says yes.
fn lines_where(paths: &[String], wrong: impl Fn(&str, &str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for path in paths {
        for (number, line) in text(path).lines().enumerate() {
            if wrong(path, line) {
                found.push(format!("{path}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    found
}

fn is_test_code(path: &str) -> bool {
    ["/tests/", "/examples/", "/benches/"].iter().any(|folder| path.contains(folder))
        || path.ends_with("/tests.rs")
        || path.starts_with("e2e/")
        || path.starts_with("fuzz/")
}

/// The part of a source file before its unit tests.
fn without_unit_tests(text: &str) -> &str {
    let marks = ["\n#[cfg(test)]\nmod ", "\n#[cfg(test)]\npub(crate) mod tests "];
    let ends = marks.iter().filter_map(|mark| text.find(mark)).min();
    &text[..ends.unwrap_or(text.len())]
}

#[test]
fn vendors_are_named_only_by_dialects_fixtures_tests_and_docs() {
    let mut sources: Vec<String> = ["crates", "bench"].iter().flat_map(|folder| files(folder)).collect();
    sources.retain(|path| {
        !path.starts_with("crates/dialects/") && !path.starts_with("bench/results/") && !is_test_code(path)
    });
    sources.extend(["Cargo.toml", "clippy.toml", "rustfmt.toml"].map(str::to_owned));
    let vendors = vendors();
    let mut found = Vec::new();
    for path in &sources {
        let text = text(path);
        for (number, line) in without_unit_tests(&text).lines().enumerate() {
            let lower = line.to_lowercase();
            if vendors.iter().any(|vendor| lower.contains(vendor)) {
                found.push(format!("{path}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    none_of("a vendor's name", &found);
}

#[test]
fn rooms_know_the_model_and_nothing_else_of_ours() {
    for (name, allowed) in
        ROOMS.iter().map(|room| (*room, &["ringback-model"][..])).chain([("model", &[][..])])
    {
        let manifest = text(&format!("crates/{name}/Cargo.toml"));
        let ours: BTreeSet<&str> = manifest
            .lines()
            .skip_while(|line| !line.contains("dependencies]"))
            .filter_map(|line| line.split(['.', '=', ' ']).next())
            .filter(|word| word.starts_with("ringback-"))
            .collect();
        let extra: Vec<String> =
            ours.iter().filter(|dep| !allowed.contains(dep)).map(|dep| (*dep).to_owned()).collect();
        none_of(&format!("crates/{name} may not know"), &extra);
    }
    let others: Vec<String> = rust_files().into_iter().filter(|path| path.starts_with("crates/")).collect();
    let found = lines_where(&others, |path, line| {
        let room = ROOMS.iter().find(|room| path.starts_with(&format!("crates/{room}/")));
        room.is_some_and(|room| {
            ROOMS.iter().any(|other| other != room && line.contains(&format!("ringback_{other}::")))
                || line.contains("ringback_server::")
        })
    });
    none_of("a room imports another", &found);
}

/// What two dialects have to say to each other stands beside them (`content`, `tokens`, `samples`), so that a third
/// one is a folder and a line in the registry.
#[test]
fn dialects_do_not_know_each_other() {
    let [first, .., last] = vendors();
    let mut found = Vec::new();
    let mut read = 0;
    for (own, other) in [(&first, &last), (&last, &first)] {
        for path in files(&format!("crates/dialects/src/{own}")) {
            if is_test_code(&path) {
                continue;
            }
            read += 1;
            for (number, line) in without_unit_tests(&text(&path)).lines().enumerate() {
                if line.contains(&format!("{other}::")) {
                    found.push(format!("{path}:{}: {}", number + 1, line.trim()));
                }
            }
        }
    }
    assert!(read > 40, "the dialects are found: {read} files");
    none_of("a dialect imports another", &found);
}

#[test]
fn ground_and_rooms_leave_http_servers_and_databases_to_their_owners() {
    for (library, owners) in [
        ("axum", &["server"][..]),
        ("rusqlite", &["store"]),
        ("clap", &["server"]),
        ("tokio", &["server", "callbacks", "store", "objects", "domain"]),
    ] {
        for name in ROOMS.iter().chain(&["model", "server"]) {
            let manifest = text(&format!("crates/{name}/Cargo.toml"));
            let uses = manifest.split("[dev-dependencies]").next().is_some_and(|text| {
                text.lines().any(|line| line.split(['.', '=', ' ']).next() == Some(library))
            });
            assert!(!uses || owners.contains(name), "crates/{name} uses {library}");
        }
    }
}

#[test]
fn no_file_is_too_long() {
    let mut sources = rust_files();
    sources.extend(["test", "fuzz/run", ".ci/run"].map(str::to_owned));
    for folder in ["e2e/sdk", "e2e/schemas"] {
        sources.extend(files(folder).into_iter().filter(|path| !path.ends_with(".json")));
    }
    let mut found = Vec::new();
    for path in sources {
        let lines = text(&path).lines().count();
        let excused = LONG_FILES.iter().any(|(known, reason)| *known == path && !reason.is_empty());
        if lines > LINES && !excused {
            found.push(format!("{path}: {lines} lines"));
        }
        if lines <= LINES && excused {
            found.push(format!("{path} is short again: take it off the list"));
        }
    }
    none_of(&format!("more than {LINES} lines"), &found);
}

#[test]
fn nothing_is_left_to_do_in_the_sources() {
    let marks = ["TO\u{0}DO", "FIX\u{0}ME", "XX\u{0}X", "unimpl\u{0}emented!", "to\u{0}do!("]
        .map(|mark| mark.replace('\u{0}', ""));
    let found = lines_where(&rust_files(), |_, line| marks.iter().any(|mark| line.contains(mark.as_str())));
    none_of("left to do", &found);
}

#[test]
fn every_source_file_is_reachable() {
    let all: BTreeSet<String> = rust_files().into_iter().collect();
    let mut reached: BTreeSet<String> = BTreeSet::new();
    let mut queue: Vec<String> = all.iter().filter(|path| is_crate_root(path)).cloned().collect();
    while let Some(path) = queue.pop() {
        if !reached.insert(path.clone()) {
            continue;
        }
        queue.extend(modules_of(&path).into_iter().filter(|next| all.contains(next)));
    }
    let lost: Vec<String> = all.difference(&reached).cloned().collect();
    none_of("no `mod` names", &lost);
}

fn is_crate_root(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        [.., "src", "main.rs" | "lib.rs"] | [.., "src", "bin", _] | [.., "tests", _, "main.rs"] => true,
        // The fuzzer's own.
        ["fuzz", "fuzz_targets", _] => true,
        // Direct children of `tests`, `benches` and `examples` folders beside a Cargo.toml are crates.
        [package @ .., "tests" | "benches" | "examples", _] => {
            root().join(package.join("/")).join("Cargo.toml").exists()
        }
        [package @ .., "build.rs"] => root().join(package.join("/")).join("Cargo.toml").exists(),
        _ => false,
    }
}

/// Where the modules that this file declares may lie, both styles.
fn modules_of(path: &str) -> Vec<String> {
    let text = text(path);
    let (folder, file) = path.rsplit_once('/').unwrap();
    let inside = match file {
        "main.rs" | "lib.rs" | "mod.rs" => folder.to_owned(),
        _ if is_crate_root(path) => folder.to_owned(),
        _ => path.trim_end_matches(".rs").to_owned(),
    };
    let mut found = Vec::new();
    let mut named = None;
    for line in text.lines() {
        let line = line.trim();
        if let Some(path) = line.strip_prefix("#[path = \"").and_then(|rest| rest.strip_suffix("\"]")) {
            named = Some(path.to_owned());
            continue;
        }
        let declared = line
            .trim_start_matches("pub(crate) ")
            .trim_start_matches("pub(super) ")
            .trim_start_matches("pub ");
        let Some(name) = declared.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';')) else {
            continue;
        };
        match named.take() {
            Some(path) => found.push(format!("{folder}/{path}")),
            None => found.extend([format!("{inside}/{name}.rs"), format!("{inside}/{name}/mod.rs")]),
        }
    }
    found
}

#[test]
fn decisions_are_numbered() {
    let mut found = files("docs/decisions");
    found.retain(|path| path.ends_with(".md") && !path.ends_with("README.md"));
    for (at, path) in found.iter().enumerate() {
        let name = path.rsplit('/').next().unwrap();
        let start = format!("{:04}-", at + 1);
        assert!(
            name.starts_with(&start),
            "{name} should start with {start}: numbers have no gap and no twin"
        );
        let title = text(path).lines().next().unwrap_or_default().to_owned();
        assert!(title.starts_with("# "), "{path} begins with a title");
    }
}

#[test]
fn documents_name_files_that_exist() {
    let mut missing = Vec::new();
    let mut documents: Vec<String> = files("docs").into_iter().filter(|path| path.ends_with(".md")).collect();
    documents.extend(["ARCHITECTURE.md", "README.md"].map(str::to_owned));
    for document in &documents {
        for path in named_paths(&text(document)) {
            if !root().join(&path).exists() {
                missing.push(format!("{document} names {path}"));
            }
        }
    }
    none_of("no such file or folder", &missing);
}

/// Paths in back quotes that begin with a folder of this repository. Patterns and placeholders do not count.
fn named_paths(text: &str) -> BTreeSet<String> {
    let folders = ["crates/", "docs/", "e2e/", "bench/", "powercut/", "fixtures/", "fuzz/", ".ci/"];
    text.split('`')
        .skip(1)
        .step_by(2)
        .filter(|quoted| folders.iter().any(|folder| quoted.starts_with(folder)))
        .filter(|quoted| !quoted.contains(['*', '<', '{', '…', ' ', '$']))
        .map(|quoted| quoted.split([':', '#']).next().unwrap().trim_end_matches('/').to_owned())
        .collect()
}

#[test]
fn sources_that_comments_cite_exist() {
    let mut missing = Vec::new();
    for path in rust_files() {
        for (number, line) in text(&path).lines().enumerate() {
            let Some(rest) =
                line.split("docs/decisions/").nth(1).filter(|_| line.trim_start().starts_with("//"))
            else {
                continue;
            };
            let name: String =
                rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-._".contains(*c)).collect();
            let name = name.trim_end_matches('.');
            if !name.is_empty() && !root().join("docs/decisions").join(name).exists() {
                missing.push(format!("{path}:{}: docs/decisions/{name}", number + 1));
            }
        }
    }
    none_of("cited and not there", &missing);
}

/// The lint of the workspace forbids unsafe code wherever it is asked, so everybody has to ask it; one crate has a
/// table of its own, and in it one file that may.
#[test]
fn unsafe_code_has_one_place() {
    let mut found = Vec::new();
    for manifest in ["crates", "e2e", "bench", "powercut"].iter().flat_map(|folder| files(folder)) {
        let asks = || text(&manifest).contains("[lints]\nworkspace = true");
        if manifest.ends_with("Cargo.toml") && manifest != "powercut/Cargo.toml" && !asks() {
            found.push(manifest);
        }
    }
    found.extend(lines_where(&rust_files(), |path, line| {
        path != "powercut/src/vfs.rs" && line.contains(&"allow(unsafe\0_code".replace('\0', ""))
    }));
    none_of("unsafe code may be there", &found);
}

#[test]
fn clock_dice_and_environment_are_read_in_their_places() {
    // Where a thing may be named besides tests, and why.
    let places: &[(&str, &[&str])] = &[
        // One clock; the benchmark and the harness measure real time.
        ("SystemTime", &["crates/server/src/clock.rs"]),
        ("UNIX_EPOCH", &["crates/server/src/clock.rs"]),
        // One source of dice; the secret and certificates are made by the server too.
        ("rand::", &["crates/server/src/clock.rs", "crates/server/src/settings/secret.rs"]),
        // Configuration is read by the server alone.
        ("std::env::", &["crates/server/src/"]),
        ("env::var", &["crates/server/src/"]),
        ("thread::sleep", &[]),
    ];
    let mut found = Vec::new();
    for path in rust_files() {
        if !path.starts_with("crates/") || is_test_code(&path) {
            continue;
        }
        let whole = text(&path);
        for (number, line) in without_unit_tests(&whole).lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for (name, allowed) in places {
                if code.contains(name) && !allowed.iter().any(|place| path.starts_with(place)) {
                    found.push(format!("{path}:{}: {}", number + 1, line.trim()));
                }
            }
        }
    }
    none_of("outside its place", &found);
}

#[test]
fn every_limit_says_what_it_counts() {
    let text = text("crates/model/src/limits.rs");
    let units = [
        "byte",
        "time",
        "how long",
        "how often",
        "silence",
        "connection",
        "item",
        "id",
        "message",
        "frame",
        "receiver",
        "request",
        "call",
        "deliver",
        "event",
        "commit",
        "idle",
        "bytes",
        "longest",
        "waits",
        "window",
        "validity",
        "rule",
        "level",
        "file",
        "entr",
        "number",
        "depth",
        "record",
        "group",
        "row",
        "segment",
    ];
    let mut doc = String::new();
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in text.lines() {
        if let Some(comment) = line.strip_prefix("///") {
            doc.push_str(comment);
        } else if let Some(item) = line.strip_prefix("pub const ") {
            count += 1;
            let name = item.split(':').next().unwrap();
            let lower = doc.to_lowercase();
            if !units.iter().any(|unit| lower.contains(unit)) {
                wrong.push(format!("{name}: {doc:?}"));
            }
            doc.clear();
        }
    }
    assert!(count > 30, "the limits are found: {count}");
    none_of("a limit without a unit", &wrong);
}

#[test]
fn the_project_speaks_of_itself_alone() {
    // Paths of somebody's machine, hosts of package registries, and the ways of those who built it.
    let words = [
        "/wo\u{0}rk/",
        "/ro\u{0}ot/",
        "/ho\u{0}me/",
        "crates\u{0}.io/api",
        "static.crates\u{0}.io",
        "index.crates\u{0}.io",
        "registry.npm\u{0}js",
        "artifact\u{0}ory",
    ]
    .map(|word| word.replace('\u{0}', ""));
    let mut tracked: Vec<String> = ["crates", "e2e", "bench", "powercut", "docs", "fixtures", ".ci"]
        .iter()
        .flat_map(|folder| files(folder))
        .collect();
    for name in [
        "README.md",
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "LICENSE",
        "Cargo.toml",
        "clippy.toml",
        "test",
        ".gitignore",
    ] {
        tracked.push(name.to_owned());
    }
    let found = lines_where(&tracked, |_, line| words.iter().any(|word| line.contains(word.as_str())));
    none_of("not of this project", &found);
}

#[test]
fn allowances_have_reasons_and_scripts_are_executable() {
    use std::os::unix::fs::PermissionsExt as _;
    for script in ["test", ".ci/run", "e2e/sdk/run", "e2e/schemas/run"] {
        let mode = fs::metadata(root().join(script))
            .unwrap_or_else(|error| panic!("{script}: {error}"))
            .permissions()
            .mode();
        assert_eq!(mode & 0o111, 0o111, "{script} is executable");
    }
    let ignored =
        lines_where(&rust_files(), |path, line| !path.ends_with("tidy.rs") && line.trim() == "#[ignore]");
    none_of("ignored without a reason", &ignored);
}
