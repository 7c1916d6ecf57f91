//! What the keyword filter costs: judging a message of 1 KB with 100,000 words, against a plain scan of the same bytes, in
//! this process and in turns, so that whatever else the machine does falls on both.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use ringback_filter::WordFilter;
use ringback_model::keyword::{ChatKind, KeywordVerdict, Setting, WordList};
use ringback_model::message::Origin;
use ringback_model::time::UnixMs;

use super::figures::add_disturbance;
use super::{Case, Figures, figure};
use crate::machine::Meter;
use crate::settings::Options;
use crate::stats::ratio;
use crate::targets::{Bound, Target};

/// Words of the list.
const WORDS: usize = 100_000;
/// Bytes of a message.
const BYTES: usize = 1024;
/// Messages of a kind.
const TEXTS: usize = 200;
/// Turns; the median of them counts.
const TURNS: usize = 41;
/// Highest cost of judging, by that of a plain scan.
const TARGET: f64 = 20.0;
const HERE: Setting = Setting { chat: ChatKind::Single, origin: Origin::Client, by_admin: false };

/// Messages of one kind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Judging {
    script: Script,
    /// Whether words of the list stand in them, one among twenty.
    hits: bool,
}

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

#[derive(Debug, Clone, Copy)]
enum Script {
    Latin,
    Chinese,
    Mixed,
}

/// A pass that does one dependent step per byte and skips none: FNV-1a.
fn scanned(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// Nanoseconds per text of each scan, each in its turn.
fn measure(texts: &[String], scans: [&dyn Fn(&str) -> u64; 2]) -> [f64; 2] {
    let mut took = [const { Vec::new() }; 2];
    for _ in 0..TURNS {
        for (scan, took) in scans.iter().zip(&mut took) {
            let begun = Instant::now();
            for text in texts {
                black_box(scan(black_box(text)));
            }
            took.push(begun.elapsed().as_secs_f64() * 1e9 / texts.len() as f64);
        }
    }
    took.map(|mut all| {
        all.sort_by(f64::total_cmp);
        all.get(TURNS / 2).copied().unwrap_or_default()
    })
}

/// The words, and the list of them.
fn words(numbers: &mut Numbers) -> (Vec<String>, WordList) {
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
    (words, list)
}

impl Judging {
    pub(super) fn name(self) -> String {
        let script = match self.script {
            Script::Latin => "ASCII",
            Script::Chinese => "Chinese",
            Script::Mixed => "both",
        };
        format!(
            "judge a message of 1 KB ({script}{})",
            if self.hits { ", with words of the list" } else { "" }
        )
    }

    pub(super) fn run(self) -> anyhow::Result<Figures> {
        let mut numbers = Numbers(88_172_645_463_325_252);
        let (words, list) = words(&mut numbers);
        let filter = WordFilter::compile(vec![Arc::new(list)])?;
        let planted: &[String] = if self.hits { &words } else { &[] };
        let texts: Vec<String> = (0..TEXTS).map(|_| numbers.text(self.script, planted)).collect();
        let found = texts.iter().filter(|text| filter.judge(text, HERE).is_some()).count();
        let judge = |text: &str| u64::from(filter.judge(text, HERE).is_some());
        let meter = Meter::start(None, None)?;
        let [judged, scan] = measure(&texts, [&judge, &scanned]);
        let usage = meter.stop()?;
        let mut figures = Figures::from([
            (figure::JUDGED, judged),
            (figure::SCANNED, scan),
            (figure::WITH_WORDS, found as f64 / TEXTS as f64),
        ]);
        figures.extend(ratio(judged, scan).map(|ratio| (figure::OF_SCAN, ratio)));
        add_disturbance(&mut figures, &usage);
        Ok(figures)
    }
}

fn all() -> impl Iterator<Item = Judging> {
    let scripts = [Script::Latin, Script::Chinese, Script::Mixed];
    [false, true].into_iter().flat_map(move |hits| scripts.map(|script| Judging { script, hits }))
}

pub(super) fn cases(_: &Options) -> Vec<Case> {
    all().map(Case::Judging).collect()
}

pub(super) fn targets(_: &Options) -> Vec<Target> {
    let target = |case: Judging| {
        let script = match case.script {
            Script::Latin => "ASCII",
            Script::Chinese => "Chinese",
            Script::Mixed => "ASCII and Chinese",
        };
        let what = match case.hits {
            true => {
                format!("judging 1 KB of {script} with 100,000 words, some of them in it, by a plain scan")
            }
            false => format!("judging 1 KB of {script} with 100,000 words by a plain scan"),
        };
        Target::figure(&what, Bound::AtMost(TARGET), case.name(), figure::OF_SCAN)
    };
    all().map(target).collect()
}
