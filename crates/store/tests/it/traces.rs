//! What was decided and tried: noted, found by every name, bounded in time and size, and gone without harm.

use std::sync::Arc;
use std::time::Duration;

use ringback_model::delivery::{DeliveryKey, ParkReason};
use ringback_model::event::{EventKind, Lane};
use ringback_model::ids::{LogPos, MessageId, RuleId};
use ringback_model::message::{Content, ContentClass, Origin};
use ringback_model::ports::Traces;
use ringback_model::time::UnixMs;
use ringback_model::trace::{
    Asked, Ended, Logged, Names, QuestionEnd, Questioned, Trace, TraceQuery, Traced, Tried,
};
use ringback_store::{TraceSettings, memory_traces, traces};

/// Both backends, with the folder of the second.
fn backends(settings: TraceSettings) -> (tempfile::TempDir, Vec<Arc<dyn Traces>>) {
    let folder = tempfile::tempdir().unwrap();
    let file = traces(folder.path(), settings).unwrap();
    (folder, vec![memory_traces(settings), file])
}

fn key(pos: u64, copy: u32) -> DeliveryKey {
    DeliveryKey { pos: LogPos(pos), copy }
}

fn logged(at: i64, number: u64, pos: u64, name: &str) -> Trace {
    Trace {
        at: UnixMs(at),
        number: Some(MessageId(number)),
        operation_id: None,
        names: Names::of(&[name]),
        what: Traced::Logged(Logged { pos: LogPos(pos) }),
    }
}

fn tried(at: i64, pos: u64, error: &str) -> Trace {
    Trace {
        at: UnixMs(at),
        number: None,
        operation_id: None,
        names: Names::of(&["msg_1"]),
        what: Traced::Tried(Box::new(Tried {
            rule: RuleId::new("file:a"),
            key: key(pos, 3),
            attempt: 2,
            took_us: 1234,
            outcome: "timeout".into(),
            status: 0,
            error: error.to_owned(),
            resent: true,
        })),
    }
}

fn questioned() -> Questioned {
    Questioned {
        kind: EventKind::MessageSending,
        after: LogPos(7),
        origin: Origin::Rest,
        operation_id: Arc::from("op-1"),
        client_id: "client-1".to_owned(),
        lane: Lane(Arc::from("single:ann:bob")),
        from: "ann".to_owned(),
        user: Some("bob".to_owned()),
        group: None,
        ex: "{\"a\":1}".to_owned(),
        content: Some(Content {
            form: "openim".to_owned(),
            class: ContentClass::Text,
            code: 101,
            raw: "{}".to_owned(),
        }),
        end: QuestionEnd::Refused,
        took_us: 99,
    }
}

fn of_every_kind() -> Vec<Trace> {
    let asked = Asked {
        rule: RuleId::new("moderation"),
        version: 4,
        kind: EventKind::MessageSending,
        part: 1,
        took_us: 5_000_000,
        outcome: "unusable".into(),
        status: 200,
        answer: "<html>".to_owned(),
        error: "not JSON".to_owned(),
        changes: vec!["content".to_owned()],
    };
    let ended = Ended { rule: RuleId::new("b"), key: key(9, 0), reason: ParkReason::Banned, parked: false };
    let bare = Questioned { user: None, group: Some("g".to_owned()), content: None, ..questioned() };
    let whats = [
        Traced::Questioned(Box::new(questioned())),
        Traced::Questioned(Box::new(Questioned { end: QuestionEnd::Broke, origin: Origin::Client, ..bare })),
        Traced::Asked(Box::new(asked)),
        Traced::Ended(ended),
    ];
    let trace = |(at, what)| Trace {
        at: UnixMs(at),
        number: Some(MessageId(u64::MAX >> 1)),
        operation_id: None,
        names: Names::of(&["op-1", "client-1", ""]),
        what,
    };
    let mut all: Vec<Trace> = (5..).zip(whats).map(trace).collect();
    all.extend([logged(1, 12, 9, "op-2"), tried(2, 9, "no answer")]);
    all
}

#[tokio::test]
async fn everything_is_found_by_each_of_its_names() {
    let (_folder, backends) = backends(TraceSettings::default());
    for traces in backends {
        let all = of_every_kind();
        traces.note(all.clone()).await.unwrap();
        traces.note(vec![logged(9, 13, 10, "op-3")]).await.unwrap();
        for query in [
            TraceQuery::Number(MessageId(u64::MAX >> 1)),
            TraceQuery::Number(MessageId(12)),
            TraceQuery::Event(LogPos(9)),
            TraceQuery::Name(Names::hash("op-1")),
            TraceQuery::Name(Names::hash("client-1")),
            TraceQuery::Name(Names::hash("msg_1")),
        ] {
            let wanted: Vec<Trace> = all.iter().filter(|trace| trace.answers(&query)).cloned().collect();
            assert!(!wanted.is_empty());
            assert_eq!(traces.find(&query, 100).await.unwrap(), wanted, "{query:?}");
        }
        assert!(traces.find(&TraceQuery::Name(Names::hash("")), 100).await.unwrap().is_empty());
        let newest = traces.find(&TraceQuery::Event(LogPos(9)), 1).await.unwrap();
        assert_eq!(newest, [tried(2, 9, "no answer")], "of more than are asked for, the newest");
    }
}

#[tokio::test]
async fn what_is_old_or_too_much_goes_oldest_first() {
    let settings = TraceSettings { keep: Duration::from_millis(100), max_bytes: 3_000 };
    let (_folder, backends) = backends(settings);
    for traces in backends {
        for number in 1..=10 {
            traces.note(vec![logged(i64::try_from(number).unwrap(), number, number, "op")]).await.unwrap();
        }
        let bounds = traces.forget(UnixMs(104)).await.unwrap();
        assert_eq!(bounds.oldest, Some(UnixMs(4)));
        let left = traces.find(&TraceQuery::Name(Names::hash("op")), 100).await.unwrap();
        assert_eq!(left.iter().map(|trace| trace.at.0).collect::<Vec<_>>(), [4, 5, 6, 7, 8, 9, 10]);
        let long = "x".repeat(1_000);
        for at in 11..=15 {
            traces.note(vec![tried(at, 1, &long)]).await.unwrap();
        }
        let bounds = traces.forget(UnixMs(15)).await.unwrap();
        assert!(bounds.bytes <= 3_000, "{bounds:?}");
        assert_eq!(bounds.oldest, Some(UnixMs(14)));
        let bounds = traces.forget(UnixMs(1_000)).await.unwrap();
        assert_eq!((bounds.oldest, bounds.bytes), (None, 0));
    }
}

#[tokio::test]
async fn a_file_is_read_again_and_one_that_cannot_be_is_begun_anew() {
    let folder = tempfile::tempdir().unwrap();
    let open = || traces(folder.path(), TraceSettings::default()).unwrap();
    let query = TraceQuery::Number(MessageId(12));
    let first = open();
    first.note(vec![logged(1, 12, 9, "op")]).await.unwrap();
    // The thread answers in order: what was noted is in the file.
    assert_eq!(first.find(&query, 9).await.unwrap().len(), 1);
    drop(first);
    let again = open();
    assert_eq!(again.find(&query, 9).await.unwrap().len(), 1);
    let bounds = again.forget(UnixMs(2)).await.unwrap();
    assert!(bounds.bytes > 0, "what was there before counts");
    drop(again);
    // Its thread writes everything into the file before it lets go of it.
    for _ in 0..2000 {
        if !folder.path().join("why.db-wal").exists() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for end in ["-wal", "-shm"] {
        std::fs::remove_file(folder.path().join(format!("why.db{end}"))).ok();
    }
    std::fs::write(folder.path().join("why.db"), vec![7; 8192]).unwrap();
    let anew = open();
    assert!(anew.find(&query, 9).await.unwrap().is_empty());
    anew.note(vec![logged(1, 12, 9, "op")]).await.unwrap();
    assert_eq!(anew.find(&query, 9).await.unwrap().len(), 1);
}
