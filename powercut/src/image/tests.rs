#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::sync::Arc;

use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::*;

const A: FileId = FileId(0);

fn wrote(at: u64, bytes: &[u8]) -> Step {
    Step::Write { file: A, at, bytes: bytes.into() }
}

fn trace(base: &[u8], steps: Vec<Step>) -> Trace {
    let base = [("a".to_owned(), (A, Arc::from(base)))].into();
    Trace { base, names: vec!["a".to_owned(), "a".to_owned(), "b".to_owned()], steps }
}

/// Everything that a hundred and more cuts after the last step leave.
fn images(trace: &Trace, disk: Disk) -> BTreeSet<Option<Vec<u8>>> {
    let cut = |loss| Cut { position: trace.len(), loss, disk };
    let every = Loss::WAYS.into_iter().flat_map(|loss| (0..100).map(move |seed| (loss, seed)));
    every
        .map(|(loss, seed)| trace.image(&cut(loss), &mut StdRng::seed_from_u64(seed)).0.remove("a"))
        .collect()
}

fn some(bytes: &[u8]) -> Option<Vec<u8>> {
    Some(bytes.to_vec())
}

#[test]
fn what_was_synced_is_there_and_nothing_else_is_sure() {
    let steps = vec![wrote(0, b"one"), Step::Sync { file: A, covers: 1 }, wrote(3, b"two")];
    let found = images(&trace(b"", steps.clone()), Disk::Honest);
    assert!(found.iter().flatten().all(|content| content.starts_with(b"one")), "{found:?}");
    for possible in [&b"one"[..], b"onetwo", b"one\0\0\0"] {
        assert!(found.contains(&some(possible)), "{possible:?} is possible");
    }
    let torn = |content: &&Vec<u8>| content.starts_with(b"onet") && !content.ends_with(b"wo");
    assert!(found.iter().flatten().any(|content| torn(&content)), "{found:?}");
    for liar in [Disk::IgnoresSync, Disk::IgnoresSyncOf("a")] {
        assert!(images(&trace(b"", steps.clone()), liar).contains(&some(b"")));
    }
    assert_eq!(images(&trace(b"", steps.clone()), Disk::IgnoresSyncOf("b")), found);
}

#[test]
fn a_sync_covers_what_was_written_before_it_began() {
    let steps = vec![wrote(0, b"a"), wrote(1, b"b"), Step::Sync { file: A, covers: 1 }];
    assert_eq!(
        images(&trace(b"", steps), Disk::Honest).into_iter().flatten().map(|c| c[0]).max(),
        Some(b'a')
    );
    let late = trace(b"", vec![wrote(0, b"a"), wrote(1, b"b"), Step::Sync { file: A, covers: 1 }]);
    assert!(images(&late, Disk::Honest).contains(&some(b"a")), "b came too late");
}

#[test]
fn later_writes_come_in_any_order() {
    let found = images(&trace(b"....", vec![wrote(0, b"x"), wrote(1, b"y"), wrote(1, b"z")]), Disk::Honest);
    for possible in [&b"...."[..], b"xz..", b"xy..", b".z..", b".y..", b"x..."] {
        assert!(found.contains(&some(possible)), "{possible:?} is possible");
    }
    assert_eq!(found.len(), 6, "and nothing else: {found:?}");
}

#[test]
fn a_truncation_happens_or_not() {
    let steps = vec![Step::Truncate { file: A, size: 1 }];
    assert_eq!(images(&trace(b"long", steps.clone()), Disk::Honest), [some(b"l"), some(b"long")].into());
    let synced = [steps, vec![Step::Sync { file: A, covers: 1 }]].concat();
    assert_eq!(images(&trace(b"long", synced), Disk::Honest), [some(b"l")].into());
}

#[test]
fn a_name_is_sure_once_the_folder_is() {
    let again = vec![Step::Delete(A), Step::Make(FileId(1))];
    let of_new = Step::Write { file: FileId(1), at: 0, bytes: b"new".as_slice().into() };
    let synced = Step::Sync { file: FileId(1), covers: 3 };
    let steps = [again, vec![of_new, synced]].concat();
    let open = images(&trace(b"old", steps.clone()), Disk::Honest);
    assert_eq!(open, [None, some(b"new"), some(b"old")].into());
    let sure = [steps, vec![Step::SyncFolder]].concat();
    assert_eq!(images(&trace(b"old", sure.clone()), Disk::Honest), [some(b"new")].into());
    assert_eq!(images(&trace(b"old", sure), Disk::IgnoresSyncOfFolder), open);
}

#[test]
fn long_writes_are_torn_between_sectors_and_within() {
    let bytes: Vec<u8> = (0..2000u32).map(|number| (number % 250) as u8 + 1).collect();
    let found = images(&trace(&[0; 2100], vec![wrote(100, &bytes)]), Disk::Honest);
    let there = |content: &[u8], at: usize| content[at] != 0;
    let found: Vec<_> = found.into_iter().flatten().collect();
    assert!(found.iter().all(|content| content.len() == 2100));
    let holes =
        |content: &Vec<u8>| (101..2100).filter(|at| there(content, *at) != there(content, at - 1)).collect();
    let edges: Vec<Vec<usize>> = found.iter().map(holes).collect();
    assert!(edges.iter().any(|edges| edges.len() == 1 && edges[0] % SECTOR != 0), "at any byte");
    assert!(
        edges.iter().any(|edges| edges.len() >= 2 && edges.iter().all(|edge| edge % SECTOR == 0)),
        "sectors"
    );
}

#[test]
fn a_write_far_behind_the_end_may_leave_nothing() {
    let found = images(&trace(b"", vec![wrote(1000, b"z")]), Disk::Honest);
    assert!(found.contains(&some(b"")));
    assert!(found.iter().flatten().all(|content| content.is_empty() || content.len() == 1001));
}

#[test]
fn the_same_dice_give_the_same_image() {
    let trace = trace(b"", (0..50).map(|number| wrote(number * 7, b"something")).collect());
    let cut = Cut { position: 40, loss: Loss::Each, disk: Disk::Honest };
    let image = |seed| trace.image(&cut, &mut StdRng::seed_from_u64(seed));
    assert_eq!(image(1), image(1));
    assert_ne!(image(1), image(2));
}
