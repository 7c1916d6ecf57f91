//! What the keyword filter costs: judging a message of 1 KB with 100,000 words, against passes over the same bytes, in
//! this process and in turns, so that whatever else the machine does falls on all of them.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use ringback_filter::WordFilter;
use ringback_model::keyword::{ChatKind, KeywordVerdict, Setting, WordList};
use ringback_model::message::Origin;
use ringback_model::time::UnixMs;
use serde_json::{Value, json};

const WORDS: usize = 100_000;
const BYTES: usize = 1024;
/// Texts of each kind.
const TEXTS: usize = 200;
/// Turns; the median of them counts.
const TURNS: usize = 41;
/// Highest ratio of judging to the plain scan.
const TARGET: f64 = 20.0;
const HERE: Setting = Setting { chat: ChatKind::Single, origin: Origin::Client, by_admin: false };

/// Numbers that are the same in every run (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        u32::try_from(self.0 % u64::from(most)).unwrap_or(0)
    }

    fn letters(&mut self, first: char, many: u32, least: u32, span: u32) -> String {
        let count = least + self.below(span);
        (0..count).filter_map(|_| char::from_u32(u32::from(first) + self.below(many))).collect()
    }

    /// Made of the letters that words are made of, evenly: the hardest case, because every text is full of beginnings.
    fn word(&mut self, script: Script) -> String {
        match script {
            Script::Latin => self.letters('a', 26, 4, 9),
            Script::Chinese => self.letters('\u{4E00}', 3000, 2, 4),
            Script::Mixed if self.below(2) == 0 => self.word(Script::Latin),
            Script::Mixed => self.word(Script::Chinese),
        }
    }

    fn text(&mut self, script: Script, hits: &[String]) -> String {
        let mut text = String::new();
        while text.len() < BYTES {
            if !hits.is_empty() && self.below(20) == 0 {
                let at = self.below(u32::try_from(hits.len()).unwrap_or(u32::MAX));
                text.extend(hits.get(usize::try_from(at).unwrap_or(0)).map(String::as_str));
            }
            text.push_str(&self.word(script));
            if !matches!(script, Script::Chinese) {
                text.push(' ');
            }
        }
        while text.len() > BYTES {
            text.pop();
        }
        text
    }
}

#[derive(Clone, Copy)]
enum Script {
    Latin,
    Chinese,
    Mixed,
}

type Scan<'a> = &'a dyn Fn(&str) -> u64;

/// A pass that does one dependent step per byte and skips none: FNV-1a.
fn hashed(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// Nanoseconds per text of each scan: the median of many turns, in which each has its go.
fn measure(texts: &[String], scans: &[Scan<'_>]) -> Vec<f64> {
    let mut took = vec![Vec::with_capacity(TURNS); scans.len()];
    for _ in 0..TURNS {
        for (scan, took) in scans.iter().zip(&mut took) {
            let begun = Instant::now();
            for text in texts {
                black_box(scan(black_box(text)));
            }
            took.push(begun.elapsed().as_secs_f64() * 1e9);
        }
    }
    let count = f64::from(u32::try_from(texts.len()).unwrap_or(u32::MAX));
    let median = |mut all: Vec<f64>| {
        all.sort_by(f64::total_cmp);
        all.get(TURNS / 2).copied().unwrap_or_default() / count
    };
    took.into_iter().map(median).collect()
}

/// Measures, prints, and writes the figures where it is told to. Answers whether the target is met.
pub(crate) fn run(out: Option<&Path>) -> anyhow::Result<bool> {
    let mut numbers = Numbers(88_172_645_463_325_252);
    let mut words: Vec<String> = Vec::new();
    while words.len() < WORDS {
        let missing = WORDS - words.len();
        words.extend((0..missing).map(|_| numbers.word(Script::Mixed)));
        words.sort();
        words.dedup();
    }
    let list = WordList {
        name: "bench".to_owned(),
        verdict: KeywordVerdict::Replace,
        enabled: true,
        chats: Vec::new(),
        origins: Vec::new(),
        admins: false,
        words: words.clone(),
        changed_at: UnixMs(0),
    };
    let begun = Instant::now();
    let filter = WordFilter::compile(vec![Arc::new(list)])?;
    let compiled_ms = begun.elapsed().as_millis();
    println!("{WORDS} words compiled in {compiled_ms} ms; ns per message of {BYTES} bytes");
    println!("{:24} {:>9} {:>9} {:>9} {:>9} {:>7}", "", "judge", "scan", "find", "memchr", "ratio");
    let mut cases = Vec::new();
    for (name, script, hits) in [
        ("ASCII", Script::Latin, false),
        ("Chinese", Script::Chinese, false),
        ("mixed", Script::Mixed, false),
        ("ASCII, with hits", Script::Latin, true),
        ("Chinese, with hits", Script::Chinese, true),
        ("mixed, with hits", Script::Mixed, true),
    ] {
        let planted: &[String] = if hits { &words } else { &[] };
        let texts: Vec<String> = (0..TEXTS).map(|_| numbers.text(script, planted)).collect();
        let found = texts.iter().filter(|text| filter.judge(text, HERE).is_some()).count();
        let judge = |text: &str| u64::from(filter.judge(text, HERE).is_some());
        let find = |text: &str| u64::from(text.contains("zzqqxxyy"));
        let byte = |text: &str| u64::from(memchr::memchr(0, text.as_bytes()).is_some());
        let took = measure(&texts, &[&judge, &hashed, &find, &byte]);
        let [judged, scanned, searched, memchr] = took.as_slice() else { anyhow::bail!("four scans") };
        let ratio = judged / scanned;
        println!("{name:24} {judged:9.0} {scanned:9.0} {searched:9.0} {memchr:9.0} {ratio:7.1}");
        cases.push(json!({
            "texts": name, "texts_with_words": found, "of": TEXTS, "judge_ns": judged.round(),
            "plain_scan_ns": scanned.round(), "search_for_one_word_ns": searched.round(),
            "memchr_ns": memchr.round(), "ratio": (ratio * 10.0).round() / 10.0,
        }));
    }
    let worst = cases.iter().filter_map(|case| case["ratio"].as_f64()).fold(0.0, f64::max);
    let met = worst <= TARGET;
    println!("highest ratio {worst:.1}, target {TARGET}: {}", if met { "met" } else { "missed" });
    if let Some(out) = out {
        let plain = "FNV-1a over the bytes: one dependent step per byte";
        let report: Value = json!({
            "scenario": "keywords", "words": WORDS, "message_bytes": BYTES, "compile_ms": u64::try_from(compiled_ms)?,
            "plain_scan": plain, "target_ratio": TARGET, "highest_ratio": worst, "met": met, "cases": cases,
        });
        let text = serde_json::to_string_pretty(&report)? + "\n";
        std::fs::write(out, text).with_context(|| format!("writing {}", out.display()))?;
    }
    Ok(met)
}
