//! Inputs to begin with, made from the fixtures and from the product's own descriptions, so that they follow them.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Inputs, each with a name.
pub type Seeds = Vec<(String, Vec<u8>)>;

/// The folder of the fixtures.
#[must_use]
pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

/// All files below a folder of the fixtures whose names end so: their paths in it, and what is in them.
pub(crate) fn files(folder: &str, ending: &str) -> Vec<(String, Vec<u8>)> {
    let root = fixtures();
    let mut found = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                let name = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
                found.push((name, fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "there are fixtures in {folder}");
    found
}

/// An input for every example of a body in an OpenAPI document, and one without a body for every route.
pub(crate) fn examples<'r>(
    document: &Value,
    routes: impl Iterator<Item = (usize, &'r str, &'r str)>,
    input: impl Fn(usize, &[u8]) -> Vec<u8>,
) -> Seeds {
    let mut seeds = Seeds::new();
    for (index, path, method) in routes {
        let body = &document["paths"][path][method]["requestBody"];
        // What two routes take stands in one place.
        let shared = body["$ref"].as_str().and_then(|place| document.pointer(place.trim_start_matches('#')));
        let content = &shared.unwrap_or(body)["content"]["application/json"];
        let named = content["examples"].as_object();
        let several = named.into_iter().flat_map(|all| all.values()).filter_map(|one| one.get("value"));
        let bodies = content.get("example").into_iter().chain(several).map(Value::to_string);
        for (number, body) in bodies.chain([String::new()]).enumerate() {
            seeds.push((format!("{method} {path} {number}"), input(index, body.as_bytes())));
        }
    }
    seeds
}
