//! The page about rules, generated from their table, so that it cannot go stale.

use std::fmt::Write as _;
use std::sync::Arc;

use ringback_model::dialect::{Contract, EventName};
use ringback_model::event::Phase;
use serde_json::Value;

use super::draft::preset_rule;
use super::fields::{FIELDS, Field, Initially, Phases};
use super::shown::READ_ONLY;

/// `{dialect}` stands for a name.
const HEAD: &str = "# Rules\n\n\
[中文](zh/rules.md)\n\n\
Generated from the table in `crates/server/src/rules/fields.rs`; a test keeps it up to date.\n\n\
A rule says which events are sent where, in whose dialect, and what happens when nobody answers. Rules are made with \
`POST /admin/v1/rules` or `ringback rules add`, and take effect at once; those that stand in the operator's files are \
listed too, but are changed in their files only.\n\n\
```sh\n\
TOKEN=$(ringback token admin --data-dir DIR)\n\
curl -X POST http://127.0.0.1:10002/admin/v1/rules -H \"Authorization: Bearer $TOKEN\" -d '{\n\
\x20 \"name\": \"history\", \"dialect\": \"{dialect}\", \"phase\": \"after\",\n\
\x20 \"url\": \"https://app.example/callbacks\", \"enabled\": true}'\n\
```\n\n\
`GET /admin/v1/openapi.json` describes the whole interface for machines, `ringback rules --help` the commands.\n\n\
- `PATCH` changes what it names; null brings the default back. `PUT` brings the default back for everything that it \
does not name, except the secrets.\n\
- A rule is named by its name or its id, percent-encoded where it stands in a path (`a/b` is `a%2Fb`).\n\
- Every change raises `version`, which is also the `ETag` of answers; with `If-Match` a change is made only if the \
version is still that one.\n\
- At most `rules.max` rules can be made (setting; 0 = no limit); rules in files do not count.\n\
- Deleting a rule keeps what it has parked, unless the request says `?purge=true`.\n\
- `ringback rules list` shows how each is doing: `on`; `off`; `paused` (the receiver is left alone after failures in a \
row, the log waits); `banned` (until the app's ban is over); `problem` (`ringback rules show NAME` says which). \
`status.parks` says whether what cannot be delivered is kept.\n";

/// `docs/rules.md`.
#[must_use]
pub fn page(contracts: &[Arc<dyn Contract>]) -> String {
    let sample = contracts.iter().find(|contract| contract.storage().is_some()).or(contracts.first());
    let mut page = HEAD.replace("{dialect}", sample.map_or("", |contract| contract.name()));
    page.push_str("\n## Fields\n\n| field | rules | value | meaning |\n|---|---|---|---|\n");
    for field in FIELDS {
        // Writing to a String cannot fail.
        let _ = writeln!(page, "| `{}` | {} | {} | {} |", field.name, phases(field), value(field), field.doc);
    }
    page.push_str("\nOnly in answers; passed over in requests:\n\n| field | meaning |\n|---|---|\n");
    for field in READ_ONLY {
        let _ = writeln!(page, "| `{}` | {} |", field.name, field.doc);
    }
    for phase in [Phase::Before, Phase::After] {
        push_defaults(&mut page, contracts, phase);
    }
    page.push_str("\n## Events\n\nWhat `events` may name; an empty list selects everything.\n");
    push_events(&mut page, contracts);
    page
}

fn phases(field: &Field) -> &'static str {
    match field.phases {
        Phases::Both => "all",
        Phases::Only(phase) => phase.name(),
    }
}

fn value(field: &Field) -> String {
    let unit = if field.unit.is_empty() { String::new() } else { format!(" ({})", field.unit) };
    let required = match field.initially {
        Initially::Required => "; required".to_owned(),
        Initially::Said(what) => format!("; default: {what}"),
        Initially::Preset => String::new(),
    };
    format!("{}{unit}{required}", field.shape.words())
}

/// One column per set of defaults: contracts that start alike share one.
fn push_defaults(page: &mut String, contracts: &[Arc<dyn Contract>], phase: Phase) {
    let fields: Vec<&Field> = FIELDS
        .iter()
        .filter(|field| field.initially == Initially::Preset && field.phases.contains(phase))
        .collect();
    let mut columns: Vec<(Vec<&str>, Vec<String>)> = Vec::new();
    for contract in contracts {
        let cells: Vec<String> =
            fields.iter().map(|field| default(field, contract.as_ref(), phase)).collect();
        match columns.iter_mut().find(|(_, known)| *known == cells) {
            Some((names, _)) => names.push(contract.name()),
            None => columns.push((vec![contract.name()], cells)),
        }
    }
    let _ = writeln!(page, "\n## Defaults of {}-rules\n", phase.name());
    page.push_str("– = rules of this dialect do not have the field.\n\n| field |");
    for (names, _) in &columns {
        let _ = write!(page, " {} |", names.join(", "));
    }
    let _ = writeln!(page, "\n|---|{}", "---|".repeat(columns.len()));
    for (row, field) in fields.iter().enumerate() {
        let _ = write!(page, "| `{}` |", field.name);
        for (_, cells) in &columns {
            let _ = write!(page, " {} |", cells.get(row).map_or("", String::as_str));
        }
        page.push('\n');
    }
}

fn default(field: &Field, contract: &dyn Contract, phase: Phase) -> String {
    let preset = contract.preset(phase);
    if !field.belongs(phase, &preset) {
        return "–".to_owned();
    }
    let rule = preset_rule(contract.name(), phase, &preset);
    match field.shown(&rule, Some(contract)) {
        Some(Value::Array(items)) if items.is_empty() => "empty".to_owned(),
        Some(Value::String(word)) => word,
        Some(Value::Null) | None => "none".to_owned(),
        Some(other) => other.to_string(),
    }
}

/// A contract, and the phases in which it has a set of names.
type User<'a> = (&'a str, Vec<Phase>);

/// One table per set of names: contracts and phases that have the same ones share it.
fn push_events(page: &mut String, contracts: &[Arc<dyn Contract>]) {
    let mut groups: Vec<(Vec<User<'_>>, Vec<EventName>)> = Vec::new();
    for phase in [Phase::Before, Phase::After] {
        for contract in contracts {
            let names = contract.event_names(phase);
            let at = groups.iter().position(|(_, known)| *known == names).unwrap_or_else(|| {
                groups.push((Vec::new(), names));
                groups.len() - 1
            });
            let Some((users, _)) = groups.get_mut(at) else { continue };
            match users.iter_mut().find(|(name, _)| *name == contract.name()) {
                Some((_, phases)) => phases.push(phase),
                None => users.push((contract.name(), vec![phase])),
            }
        }
    }
    for (users, names) in groups.iter().filter(|(_, names)| !names.is_empty()) {
        let _ = writeln!(page, "\n### {}\n\n| name | selects |\n|---|---|", title(users));
        for event in names {
            let _ = writeln!(page, "| `{}` | {} |", event.name, event.doc);
        }
    }
}

/// Whose events they are. Contracts of one family agree about phases.
fn title(users: &[User<'_>]) -> String {
    let names: Vec<&str> = users.iter().map(|(name, _)| *name).collect();
    let phases = users.first().map_or(&[][..], |(_, phases)| phases);
    let phases: Vec<&str> = phases.iter().map(|phase| phase.name()).collect();
    format!("{}: {}", names.join(", "), phases.join(" and "))
}

#[cfg(test)]
mod tests {
    use ringback_model::app::App;

    use super::*;

    /// Written by hand, in another language: it must at least have every field.
    #[test]
    fn the_chinese_page_has_every_field() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/zh/rules.md");
        let page = std::fs::read_to_string(path).unwrap();
        let names = FIELDS.iter().map(|field| field.name).chain(READ_ONLY.iter().map(|field| field.name));
        let missing: Vec<&str> = names.filter(|name| !page.contains(&format!("`{name}`"))).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    /// Both languages have the same defaults.
    #[test]
    fn the_chinese_page_has_every_default() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/zh/rules.md");
        let page = std::fs::read_to_string(path).unwrap();
        let mut tables = String::new();
        for phase in [Phase::Before, Phase::After] {
            push_defaults(&mut tables, &ringback_dialects::all(&App::default()).contracts, phase);
        }
        let translated = tables.replace(" empty |", " 空 |").replace(" none |", " 无 |");
        let rows: Vec<&str> = translated.lines().filter(|line| line.starts_with("| `")).collect();
        assert!(rows.len() > 20, "{rows:?}");
        let missing: Vec<&&str> = rows.iter().filter(|row| !page.contains(**row)).collect();
        assert!(missing.is_empty(), "{missing:#?}");
    }

    #[test]
    fn the_page_in_docs_is_this_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/rules.md");
        let page = page(&ringback_dialects::all(&App::default()).contracts);
        if std::env::var_os("RINGBACK_WRITE_DOCS").is_some() {
            std::fs::write(path, &page).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap();
        assert!(page == written, "run this test with RINGBACK_WRITE_DOCS=1 and look at the change");
    }
}
