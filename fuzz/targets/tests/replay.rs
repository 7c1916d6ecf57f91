//! Runs every target over its corpus, its seeds and a bounded number of mutations of them. Says which input fails.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that stops is a test that fails"
)]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use ringback_fuzz_targets::{TARGETS, Target};

/// Mutations of one target unless `RINGBACK_MUTATIONS` says otherwise. All targets together take a few seconds.
const MUTATIONS: u64 = 1500;
/// What they are diced with unless `RINGBACK_MUTATION_SEED` says otherwise.
const SEED: u64 = 7;
/// Bytes of a file of the corpus.
const FILE_BYTES: u64 = 4096;
/// Files of one corpus.
const FILES: usize = 200;

fn corpus(target: &Target) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus").join(target.name)
}

/// The corpus and the seeds of a target, each with where it is from.
fn inputs(target: &Target) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in
        fs::read_dir(corpus(target)).unwrap_or_else(|error| panic!("corpus of {}: {error}", target.name))
    {
        let path = entry.unwrap().path();
        found.push((path.display().to_string(), fs::read(&path).unwrap()));
    }
    found.sort();
    found.extend((target.seeds)().into_iter().map(|(name, input)| (format!("seed {name:?}"), input)));
    found
}

fn run(target: &Target, from: &str, input: &[u8]) {
    let done = catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
    assert!(done.is_ok(), "{} fails on {from}: {}", target.name, input.escape_ascii());
}

/// Bytes that mean something to some decoder.
const LETTERS: &[u8] = b"\0\xff\"{}[]:,\n-/&=.0";

/// Changes an input a little: bytes flipped, cut, doubled, or put in from another one.
fn mutate(input: &[u8], other: &[u8], dice: &mut StdRng) -> Vec<u8> {
    let mut changed = input.to_vec();
    for _ in 0..=dice.next_u32() % 4 {
        let at = dice.next_u32() as usize % (changed.len() + 1);
        let end = (at + dice.next_u32() as usize % 16).min(changed.len());
        match dice.next_u32() % 5 {
            0 if at < changed.len() => changed[at] ^= 1 << (dice.next_u32() % 8),
            1 => drop(changed.drain(at..end)),
            2 => {
                let part = changed[at..end].to_vec();
                changed.splice(at..at, part);
            }
            3 => {
                let start = dice.next_u32() as usize % (other.len() + 1);
                let part = other[start..(start + 32).min(other.len())].to_vec();
                changed.splice(at..end, part);
            }
            _ => changed.insert(at, LETTERS[dice.next_u32() as usize % LETTERS.len()]),
        }
    }
    changed
}

fn variable(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

fn replay(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    let inputs = inputs(target);
    for (from, input) in &inputs {
        run(target, from, input);
    }
    let mut dice = StdRng::seed_from_u64(variable("RINGBACK_MUTATION_SEED", SEED));
    for number in 0..variable("RINGBACK_MUTATIONS", MUTATIONS) {
        let mut pick = || &inputs[dice.next_u32() as usize % inputs.len()];
        let ((from, input), (_, other)) = (pick(), pick());
        run(target, &format!("mutation {number} of {from}"), &mutate(input, other, &mut dice));
    }
}

macro_rules! replays {
    ($($name:ident),* $(,)?) => {
        $(
            #[test]
            fn $name() {
                replay(stringify!($name));
            }
        )*

        /// A target that is added is replayed too.
        #[test]
        fn no_target_is_forgotten() {
            assert_eq!(TARGETS.iter().map(|target| target.name).collect::<Vec<_>>(), [$(stringify!($name)),*]);
        }
    };
}

replays!(openim_rest, family_rest, socket, gob, tokens, configs, answers, files, keywords, admin, callbacks);

#[test]
fn corpora_are_small() {
    for target in TARGETS {
        let mut files = 0;
        for entry in fs::read_dir(corpus(target)).unwrap() {
            let entry = entry.unwrap();
            files += 1;
            assert!(entry.metadata().unwrap().len() <= FILE_BYTES, "{}", entry.path().display());
        }
        assert!((1..=FILES).contains(&files), "{files} files in the corpus of {}", target.name);
    }
}
