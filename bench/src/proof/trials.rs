//! Proofs that are no measurements: what each counted, and tables of what it counted for each of several things.

use std::collections::BTreeSet;

use super::figures::{none, thousands};
use super::names::{self, Total};
use super::page::section;
use super::results::{Item, Results, Trial};
use super::translation::translated;
use super::words::{Language, TrialClaim};

/// A section: a paragraph for each result, and one table of those that are one row each, such as `fuzz-tokens.json`.
pub(super) fn tried(page: &mut String, results: &Results, claim: &TrialClaim, language: Language) {
    let (mut whole, mut parts) = (Vec::new(), Vec::new());
    for (trial, what) in results.trials(claim.results) {
        match what {
            // One that has a command or rows of its own is nobody's row.
            Some(what) if trial.command.is_none() && trial.lists.is_empty() => parts.push((what, trial)),
            _ => whole.push(trial),
        }
    }
    if whole.is_empty() && parts.is_empty() {
        return;
    }
    section(page, claim.title, claim.proves, language);
    for trial in whole {
        alone(page, trial, claim, language);
    }
    if !parts.is_empty() {
        together(page, &parts, claim, language);
    }
    page.truncate(page.trim_end().len());
    page.push('\n');
}

fn alone(page: &mut String, trial: &Trial, claim: &TrialClaim, language: Language) {
    let command = trial.command.as_deref().unwrap_or(claim.command);
    let seed =
        trial.seed.map_or_else(String::new, |seed| format!(", {} {seed}", language.pick("seed", "种子")));
    line!(page, "`{command}`, `{}`{seed}, `{}.json`:\n", trial.commit, trial.file);
    let mut figures: Vec<&(String, f64)> = trial.figures.iter().collect();
    figures.sort_by_key(|(key, _)| names::rank(key));
    let said: Vec<String> = figures.into_iter().map(|(key, value)| counted(key, *value, language)).collect();
    if !said.is_empty() {
        line!(page, "{}\n", said.join(" · "));
    }
    for items in &trial.lists {
        table(page, items, claim, language);
    }
}

/// `kills 1,000`.
fn counted(key: &str, value: f64, language: Language) -> String {
    let said = format!("{} {}", names::called(key, language), thousands(value));
    if names::is_fault(key, value) { bold(&said) } else { said }
}

fn together(page: &mut String, parts: &[(&str, &Trial)], claim: &TrialClaim, language: Language) {
    let commits: BTreeSet<&str> = parts.iter().map(|(_, trial)| trial.commit.as_str()).collect();
    let commits: Vec<String> = commits.into_iter().map(|commit| format!("`{commit}`")).collect();
    line!(page, "`{}`, {}, `{}-*.json`:\n", claim.command, commits.join(", "), claim.results);
    let items: Vec<Item> = parts
        .iter()
        .map(|(what, trial)| Item { name: (*what).to_owned(), figures: trial.figures.clone() })
        .collect();
    table(page, &items, claim, language);
}

/// A row per item, a column per figure that any of them has, and what it comes to.
fn table(page: &mut String, items: &[Item], claim: &TrialClaim, language: Language) {
    let keys: BTreeSet<(usize, &str)> = items
        .iter()
        .flat_map(|item| &item.figures)
        .map(|(key, _)| (names::rank(key), key.as_str()))
        .collect();
    let keys: Vec<&str> = keys.into_iter().map(|(_, key)| key).collect();
    let within: Option<Vec<bool>> = items.iter().map(is_within).collect();
    let mut head = vec![language.pick(claim.each.0, claim.each.1).to_owned()];
    head.extend(keys.iter().map(|key| names::called(key, language)));
    if within.is_some() {
        head.push(language.pick("within its bound", "在上限内").to_owned());
    }
    line!(page, "| {} |\n|{}", head.join(" | "), "---|".repeat(head.len()));
    for (at, item) in items.iter().enumerate() {
        let chinese = if language == Language::Chinese { translated(&item.name) } else { None };
        let mut row = vec![chinese.unwrap_or_else(|| item.name.clone())];
        row.extend(keys.iter().map(|key| figure(item, key).map_or_else(none, |value| cell(key, value))));
        row.extend(within.as_ref().map(|within| {
            language
                .pick(if within[at] { "yes" } else { "**no**" }, if within[at] { "是" } else { "**否**" })
                .to_owned()
        }));
        line!(page, "| {} |", row.join(" | "));
    }
    if items.len() > 1 {
        let mut row = vec![bold(&match language {
            Language::English => format!("{} {}s", items.len(), claim.each.0),
            Language::Chinese => format!("共 {} 项", items.len()),
        })];
        row.extend(keys.iter().map(|key| total(items, key, language)));
        row.extend(within.map(|within| of_all(&within, language)));
        line!(page, "| {} |", row.join(" | "));
    }
    page.push('\n');
}

fn figure(item: &Item, key: &str) -> Option<f64> {
    item.figures.iter().find(|(known, _)| known == key).map(|(_, value)| *value)
}

/// Whether memory grew by less than it may; none where that was not asked.
fn is_within(item: &Item) -> Option<bool> {
    Some(figure(item, "growth_kib")? < figure(item, "bound_kib")?)
}

fn of_all(within: &[bool], language: Language) -> String {
    let (met, all) = (within.iter().filter(|met| **met).count(), within.len());
    match language {
        _ if met == all => language.pick("all", "全部").to_owned(),
        Language::English => bold(&format!("{met} of {all}")),
        Language::Chinese => bold(&format!("{all} 项中 {met} 项")),
    }
}

fn cell(key: &str, value: f64) -> String {
    if names::is_fault(key, value) { bold(&thousands(value)) } else { thousands(value) }
}

fn total(items: &[Item], key: &str, language: Language) -> String {
    let values = items.iter().filter_map(|item| figure(item, key));
    match names::total(key) {
        Total::Sum => cell(key, values.sum()),
        Total::Most => values.max_by(f64::total_cmp).map_or_else(none, |most| match language {
            Language::English => format!("largest {}", thousands(most)),
            Language::Chinese => format!("最大 {}", thousands(most)),
        }),
        Total::None => none(),
    }
}

fn bold(text: &str) -> String {
    format!("**{text}**")
}

#[cfg(test)]
mod tests {
    use super::super::words::TRIALS;
    use super::*;

    /// The section that results make, without its title and what it proves.
    fn section_of(kind: &str, files: &[(&str, &str)], language: Language) -> String {
        let mut results = Results::default();
        for (name, text) in files {
            results.add(name, text.as_bytes()).unwrap();
        }
        let claim = TRIALS.iter().find(|claim| claim.results == kind).unwrap();
        let mut page = String::new();
        tried(&mut page, &results, claim, language);
        page.split_once("\n\n`").map_or(page.clone(), |(_, section)| format!("`{section}"))
    }

    const FUZZ: [(&str, &str); 2] = [
        (
            "fuzz-admin",
            r#"{"commit":"c","target":"admin","seconds":60,"cpu_seconds":59,"executions":1200,"coverage":7,"crashes":0}"#,
        ),
        (
            "fuzz-tokens",
            r#"{"commit":"d","target":"tokens","seconds":60,"executions":800,"coverage":9,"crashes":2}"#,
        ),
    ];

    #[test]
    fn fuzz_targets_are_one_table() {
        let expected = "\
`fuzz/run`, `c`, `d`, `fuzz-*.json`:

| target | executions | coverage, edges | seconds | processor seconds | crashes |
|---|---|---|---|---|---|
| admin | 1,200 | 7 | 60 | 59 | 0 |
| tokens | 800 | 9 | 60 | – | **2** |
| **2 targets** | 2,000 | – | 120 | 59 | **2** |
";
        assert_eq!(section_of("fuzz", &FUZZ, Language::English), expected);
        let chinese = section_of("fuzz", &FUZZ, Language::Chinese);
        assert!(chinese.contains("| 目标 | 执行次数 | 覆盖的边 | 秒 | 处理器秒 | 崩溃 |\n"), "{chinese}");
        assert!(chinese.ends_with("\n| **共 2 项** | 2,000 | – | 120 | 59 | **2** |\n"), "{chinese}");
    }

    #[test]
    fn attacks_stay_within_bounds_or_say_so() {
        let attacks = |grown: u32| {
            format!(
                r#"{{"commit":"c","violations":0,"worst_growth_kib":{grown},"attacks":[
                    {{"attack":"redirects","count":18,"growth_kib":{grown},"bound_kib":65536}},
                    {{"attack":"odd JSON","count":3000,"growth_kib":900,"bound_kib":65536}}]}}"#
            )
        };
        let expected = "\
`cargo test -p ringback-e2e --test it -- attacks::`, `c`, `attacks.json`:

largest growth of memory KiB 1,024 · violations 0

| attack | how many | growth of memory KiB | bound KiB | within its bound |
|---|---|---|---|---|
| odd JSON | 3,000 | 900 | 65,536 | yes |
| redirects | 18 | 1,024 | 65,536 | yes |
| **2 attacks** | – | largest 1,024 | – | all |
";
        assert_eq!(section_of("attacks", &[("attacks", &attacks(1024))], Language::English), expected);
        let broken = attacks(65_536);
        let broken = |language| section_of("attacks", &[("attacks", &broken)], language);
        assert!(
            broken(Language::English)
                .contains("| 65,536 | **no** |\n| **2 attacks** | – | largest 65,536 | – | **1 of 2** |\n")
        );
        let expected = "\
内存最大增长 KiB 65,536 · 违规 0

| 攻击 | 数量 | 内存增长 KiB | 上限 KiB | 在上限内 |
|---|---|---|---|---|
| 异常的 JSON | 3,000 | 900 | 65,536 | 是 |
| 重定向 | 18 | 65,536 | 65,536 | **否** |
| **共 2 项** | – | 最大 65,536 | – | **2 项中 1 项** |
";
        assert!(broken(Language::Chinese).ends_with(expected));
    }

    #[test]
    fn documents_add_up() {
        let documents = r#"{"commit":"c","documents":[
            {"document":"one","cases":10000,"violations":0,"growth_kib":10},
            {"document":"two","cases":10500,"violations":1,"growth_kib":30}]}"#;
        let expected = "\
`e2e/schemathesis/run`, `c`, `schemathesis.json`:

| document | requests | growth of memory KiB | violations |
|---|---|---|---|
| one | 10,000 | 10 | 0 |
| two | 10,500 | 30 | **1** |
| **2 documents** | 20,500 | largest 30 | **1** |
";
        assert_eq!(section_of("schemathesis", &[("schemathesis", documents)], Language::English), expected);
    }

    #[test]
    fn a_trial_without_rows_is_a_line() {
        let rows = [
            (
                "power-cut",
                r#"{"acknowledged":70000,"commit":"c","cuts":160,"seed":18446744073709551615,"violations":0}"#,
                Language::English,
                "`cargo test -p ringback-store --test power`, `c`, seed 18446744073709551615, `power-cut.json`:\n\n\
                 cuts 160 · acknowledged 70,000 · violations 0\n",
            ),
            (
                "crash",
                r#"{"commit":"c","command":"bench crash","kills":100,"ready_ms":{"p50":61.5},"machine":{"cores":2}}"#,
                Language::Chinese,
                "`bench crash`, `c`, `crash.json`:\n\n杀死次数 100 · 就绪 p50 ms 61.5\n",
            ),
            (
                "test",
                r#"{"commit":"c","command":"./test","passed":1234,"failed":1,"skipped":2,"seconds":600}"#,
                Language::English,
                "`./test`, `c`, `test.json`:\n\npassed 1,234 · skipped 2 · seconds 600 · **failed 1**\n",
            ),
        ];
        for (kind, text, language, expected) in rows {
            assert_eq!(section_of(kind, &[(kind, text)], language), expected);
        }
    }

    #[test]
    fn what_was_not_tried_is_not_there() {
        assert_eq!(section_of("attacks", &FUZZ, Language::English), "");
    }
}
