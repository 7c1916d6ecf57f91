//! All schemas as files, with an index for people and one for machines.

use std::fmt::Write as _;
use std::sync::Arc;

use ringback_model::dialect::{CallbackSchema, Contract};
use ringback_model::event::Phase;
use serde::Serialize;
use serde_json::{Map, Value};

use super::Side;

/// A file below the folder of schemas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Relative to the folder, with `/` between its parts.
    pub path: String,
    /// What is in it.
    pub text: String,
}

/// Every schema of these contracts, `README.md` and `index.json`: what `docs/schemas` holds.
#[must_use]
pub fn files(contracts: &[Arc<dyn Contract>]) -> Vec<File> {
    let described: Vec<_> = contracts.iter().map(|contract| (contract.name(), contract.schemas())).collect();
    let mut files = vec![
        File { path: "README.md".to_owned(), text: page(&described) },
        File { path: "index.json".to_owned(), text: index(&described) },
    ];
    for (contract, callbacks) in described {
        for callback in callbacks {
            for (side, text) in [(Side::Request, callback.request), (Side::Answer, callback.answer)] {
                files.push(File { path: path(contract, callback.name, side), text });
            }
        }
    }
    files
}

fn path(contract: &str, name: &str, side: Side) -> String {
    format!("{contract}/{name}.{}.json", side.name())
}

type Contracts = [(&'static str, Vec<CallbackSchema>)];

#[derive(Serialize)]
struct Index<'a> {
    contracts: Vec<IndexedContract<'a>>,
}

#[derive(Serialize)]
struct IndexedContract<'a> {
    name: &'a str,
    callbacks: Vec<IndexedCallback<'a>>,
}

#[derive(Serialize)]
struct IndexedCallback<'a> {
    name: &'a str,
    phase: &'static str,
    trigger: &'a str,
    events: &'a [&'static str],
    method: &'static str,
    /// Of a rule whose own is `https://receiver.example.test/callback`.
    url: &'a str,
    headers: Map<String, Value>,
    request: String,
    answer: String,
}

fn index(contracts: &Contracts) -> String {
    let contracts = contracts.iter().map(|(name, callbacks)| IndexedContract {
        name,
        callbacks: callbacks.iter().map(|callback| indexed(name, callback)).collect(),
    });
    // Writing our own structs into memory cannot fail: no maps with odd keys, no I/O.
    let mut text =
        serde_json::to_string_pretty(&Index { contracts: contracts.collect() }).unwrap_or_default();
    text.push('\n');
    text
}

fn indexed<'a>(contract: &str, callback: &'a CallbackSchema) -> IndexedCallback<'a> {
    let headers = callback.example.headers.iter();
    IndexedCallback {
        name: callback.name,
        phase: phase(callback.phase),
        trigger: &callback.trigger,
        events: &callback.events,
        method: "POST",
        url: &callback.example.url,
        headers: headers.map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect(),
        request: path(contract, callback.name, Side::Request),
        answer: path(contract, callback.name, Side::Answer),
    }
}

const fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Before => "before",
        Phase::After => "after",
    }
}

const HEAD: &str = "# Schemas of callbacks\n\n\
JSON Schema (draft 2020-12) of every callback's body and of every answer, in every contract. Generated from the code that \
writes the ones and reads the others; tests keep them up to date, and every golden request and answer of `fixtures` fits \
them. How to use them: [receiving.md](../receiving.md#schemas). A running server has its own at `/admin/v1/schemas`, and \
`ringback schemas` prints them.\n\n\
Bodies of requests may get more members in later versions; none of those listed goes or changes its type without another \
number at the end of its `$id`. Members that are not in `required` are absent under some settings or where nothing is to be \
said. Every callback is a `POST`. [index.json](index.json) shows the URL and the headers of each as they go out to a rule \
whose URL is `https://receiver.example.test/callback`; besides those, every call has a `webhook-id`, calls after events have \
`ringback-pos`, and signed ones the headers of Standard Webhooks.\n";

fn page(contracts: &Contracts) -> String {
    let mut page = String::from(HEAD);
    for (contract, callbacks) in contracts {
        // Writing to a String cannot fail.
        let _ = writeln!(
            page,
            "\n## {contract}\n\n| callback | called when | request | answer |\n|---|---|---|---|"
        );
        for callback in callbacks {
            let link = |side: Side| format!("[{}]({})", side.name(), path(contract, callback.name, side));
            let _ = writeln!(
                page,
                "| `{}` | {} | {} | {} |",
                callback.name,
                callback.trigger,
                link(Side::Request),
                link(Side::Answer)
            );
        }
    }
    page
}
