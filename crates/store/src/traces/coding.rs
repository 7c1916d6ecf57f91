//! A batch of traces as bytes: a chunk. Protocol buffers, so that fields can be added.
//!
//! Numbers and hashes of names have a fixed width: whoever looks for one looks for its eight bytes first, and decodes
//! only what has them. Texts that repeat (rules, outcomes) stand once per chunk.

use std::collections::HashMap;
use std::sync::Arc;

use prost::{Message, Oneof};
use ringback_model::delivery::{DeliveryKey, ParkReason};
use ringback_model::event::{EventKind, Lane};
use ringback_model::ids::{LogPos, MessageId, RuleId};
use ringback_model::message::{Content, ContentClass, Origin};
use ringback_model::time::UnixMs;
use ringback_model::trace::{
    Asked, Ended, Logged, Names, QuestionEnd, Questioned, Trace, TraceQuery, Traced, Tried,
};

/// An encoded batch, and where it lies.
pub(super) struct Chunk {
    pub(super) body: Vec<u8>,
    /// When its last trace was noted.
    pub(super) last_at: UnixMs,
    /// When its first trace was noted.
    pub(super) first_at: UnixMs,
    /// First and last position of events in it; 0 and 0 = none.
    pub(super) positions: (LogPos, LogPos),
}

impl Chunk {
    /// Encodes.
    pub(super) fn of(traces: &[Trace]) -> Self {
        let mut texts = Texts::default();
        let records = traces.iter().map(|trace| record(trace, &mut texts)).collect();
        let positions = || traces.iter().filter_map(Trace::pos);
        let times = || traces.iter().map(|trace| trace.at);
        Self {
            body: Batch { texts: texts.list, records }.encode_to_vec(),
            first_at: times().min().unwrap_or_default(),
            last_at: times().max().unwrap_or_default(),
            positions: (positions().min().unwrap_or_default(), positions().max().unwrap_or_default()),
        }
    }
}

/// Whether a chunk may hold what is looked for.
pub(super) fn may_hold(body: &[u8], query: &TraceQuery) -> bool {
    let wanted = match query {
        TraceQuery::Number(number) => number.0,
        TraceQuery::Name(name) => *name,
        TraceQuery::Event(_) => return true,
    };
    memchr::memmem::find(body, &wanted.to_le_bytes()).is_some()
}

/// Decodes; nothing where it is not a chunk. What another version of the program wrote, and this one has no word for,
/// is left out.
pub(super) fn decode(body: &[u8]) -> Vec<Trace> {
    let Ok(Batch { texts, records }) = Batch::decode(body) else { return Vec::new() };
    records.into_iter().filter_map(|record| trace(record, &texts)).collect()
}

#[derive(Clone, PartialEq, Message)]
struct Batch {
    #[prost(string, repeated, tag = "1")]
    texts: Vec<String>,
    #[prost(message, repeated, tag = "2")]
    records: Vec<Record>,
}

#[derive(Clone, PartialEq, Message)]
struct Record {
    #[prost(int64, tag = "1")]
    at: i64,
    #[prost(fixed64, optional, tag = "2")]
    number: Option<u64>,
    #[prost(fixed64, repeated, tag = "3")]
    names: Vec<u64>,
    #[prost(oneof = "What", tags = "4, 5, 6, 7, 8")]
    what: Option<What>,
}

#[derive(Clone, PartialEq, Oneof)]
enum What {
    #[prost(uint64, tag = "4")]
    Logged(u64),
    #[prost(message, tag = "5")]
    Questioned(Box<QuestionedRecord>),
    #[prost(message, tag = "6")]
    Asked(Box<AskedRecord>),
    #[prost(message, tag = "7")]
    Tried(Box<TriedRecord>),
    #[prost(message, tag = "8")]
    Ended(EndedRecord),
}

/// `kind` and `rule` and `outcome` are places in [`Batch::texts`].
#[derive(Clone, PartialEq, Message)]
struct QuestionedRecord {
    #[prost(uint32, tag = "1")]
    kind: u32,
    #[prost(uint64, tag = "2")]
    after: u64,
    #[prost(bool, tag = "3")]
    rest: bool,
    #[prost(string, tag = "4")]
    operation_id: String,
    #[prost(string, tag = "5")]
    client_id: String,
    #[prost(string, tag = "6")]
    lane: String,
    #[prost(string, tag = "7")]
    from: String,
    #[prost(string, optional, tag = "8")]
    user: Option<String>,
    #[prost(string, optional, tag = "9")]
    group: Option<String>,
    #[prost(string, tag = "10")]
    ex: String,
    #[prost(message, optional, tag = "11")]
    content: Option<ContentRecord>,
    #[prost(uint32, tag = "12")]
    end: u32,
    #[prost(uint64, tag = "13")]
    took_us: u64,
}

#[derive(Clone, PartialEq, Message)]
struct ContentRecord {
    #[prost(uint32, tag = "1")]
    form: u32,
    #[prost(uint32, tag = "2")]
    class: u32,
    #[prost(int32, tag = "3")]
    code: i32,
    #[prost(string, tag = "4")]
    raw: String,
}

#[derive(Clone, PartialEq, Message)]
struct AskedRecord {
    #[prost(uint32, tag = "1")]
    rule: u32,
    #[prost(uint64, tag = "2")]
    version: u64,
    #[prost(uint32, tag = "3")]
    kind: u32,
    #[prost(uint32, tag = "4")]
    part: u32,
    #[prost(uint64, tag = "5")]
    took_us: u64,
    #[prost(uint32, tag = "6")]
    outcome: u32,
    #[prost(uint32, tag = "7")]
    status: u32,
    #[prost(string, tag = "8")]
    answer: String,
    #[prost(string, tag = "9")]
    error: String,
    #[prost(string, repeated, tag = "10")]
    changes: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
struct TriedRecord {
    #[prost(uint32, tag = "1")]
    rule: u32,
    #[prost(uint64, tag = "2")]
    pos: u64,
    #[prost(uint32, tag = "3")]
    copy: u32,
    #[prost(uint32, tag = "4")]
    attempt: u32,
    #[prost(uint64, tag = "5")]
    took_us: u64,
    #[prost(uint32, tag = "6")]
    outcome: u32,
    #[prost(uint32, tag = "7")]
    status: u32,
    #[prost(string, tag = "8")]
    error: String,
    #[prost(bool, tag = "9")]
    resent: bool,
}

#[derive(Clone, PartialEq, Message)]
struct EndedRecord {
    #[prost(uint32, tag = "1")]
    rule: u32,
    #[prost(uint64, tag = "2")]
    pos: u64,
    #[prost(uint32, tag = "3")]
    copy: u32,
    #[prost(bool, tag = "4")]
    banned: bool,
    #[prost(bool, tag = "5")]
    parked: bool,
}

/// Texts of a chunk, each once.
#[derive(Default)]
struct Texts {
    list: Vec<String>,
    places: HashMap<String, u32>,
}

impl Texts {
    fn place(&mut self, text: &str) -> u32 {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        let place = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        self.list.push(text.to_owned());
        self.places.insert(text.to_owned(), place);
        place
    }
}

fn record(trace: &Trace, texts: &mut Texts) -> Record {
    let what = match &trace.what {
        Traced::Logged(logged) => What::Logged(logged.pos.0),
        Traced::Questioned(questioned) => What::Questioned(Box::new(questioned_record(questioned, texts))),
        Traced::Asked(asked) => What::Asked(Box::new(asked_record(asked, texts))),
        Traced::Tried(tried) => What::Tried(Box::new(TriedRecord {
            rule: texts.place(&tried.rule.0),
            pos: tried.key.pos.0,
            copy: tried.key.copy,
            attempt: tried.attempt,
            took_us: tried.took_us,
            outcome: texts.place(&tried.outcome),
            status: tried.status.into(),
            error: tried.error.clone(),
            resent: tried.resent,
        })),
        Traced::Ended(ended) => What::Ended(EndedRecord {
            rule: texts.place(&ended.rule.0),
            pos: ended.key.pos.0,
            copy: ended.key.copy,
            banned: ended.reason == ParkReason::Banned,
            parked: ended.parked,
        }),
    };
    Record {
        at: trace.at.0,
        number: trace.number.map(|number| number.0),
        names: trace.names.0.clone(),
        what: Some(what),
    }
}

fn questioned_record(questioned: &Questioned, texts: &mut Texts) -> QuestionedRecord {
    QuestionedRecord {
        kind: texts.place(questioned.kind.name()),
        after: questioned.after.0,
        rest: questioned.origin == Origin::Rest,
        operation_id: questioned.operation_id.to_string(),
        client_id: questioned.client_id.clone(),
        lane: questioned.lane.to_string(),
        from: questioned.from.clone(),
        user: questioned.user.clone(),
        group: questioned.group.clone(),
        ex: questioned.ex.clone(),
        content: questioned.content.as_ref().map(|content| ContentRecord {
            form: texts.place(&content.form),
            class: texts.place(class_name(content.class).as_str()),
            code: content.code,
            raw: content.raw.clone(),
        }),
        end: match questioned.end {
            QuestionEnd::Passed => 0,
            QuestionEnd::Refused => 1,
            QuestionEnd::Broke => 2,
        },
        took_us: questioned.took_us,
    }
}

fn asked_record(asked: &Asked, texts: &mut Texts) -> AskedRecord {
    AskedRecord {
        rule: texts.place(&asked.rule.0),
        version: asked.version,
        kind: texts.place(asked.kind.name()),
        part: asked.part,
        took_us: asked.took_us,
        outcome: texts.place(&asked.outcome),
        status: asked.status.into(),
        answer: asked.answer.clone(),
        error: asked.error.clone(),
        changes: asked.changes.clone(),
    }
}

fn trace(record: Record, texts: &[String]) -> Option<Trace> {
    let text = |place: u32| texts.get(usize::try_from(place).ok()?).map(String::as_str);
    let key = |pos: u64, copy: u32| DeliveryKey { pos: LogPos(pos), copy };
    let what = match record.what? {
        What::Logged(pos) => Traced::Logged(Logged { pos: LogPos(pos) }),
        What::Questioned(record) => Traced::Questioned(Box::new(questioned(*record, texts)?)),
        What::Asked(asked) => Traced::Asked(Box::new(Asked {
            rule: RuleId::new(text(asked.rule)?),
            version: asked.version,
            kind: kind_of(text(asked.kind)?)?,
            part: asked.part,
            took_us: asked.took_us,
            outcome: text(asked.outcome)?.to_owned().into(),
            status: u16::try_from(asked.status).ok()?,
            answer: asked.answer,
            error: asked.error,
            changes: asked.changes,
        })),
        What::Tried(tried) => Traced::Tried(Box::new(Tried {
            rule: RuleId::new(text(tried.rule)?),
            key: key(tried.pos, tried.copy),
            attempt: tried.attempt,
            took_us: tried.took_us,
            outcome: text(tried.outcome)?.to_owned().into(),
            status: u16::try_from(tried.status).ok()?,
            error: tried.error,
            resent: tried.resent,
        })),
        What::Ended(ended) => Traced::Ended(Ended {
            rule: RuleId::new(text(ended.rule)?),
            key: key(ended.pos, ended.copy),
            reason: if ended.banned { ParkReason::Banned } else { ParkReason::Exhausted },
            parked: ended.parked,
        }),
    };
    Some(Trace {
        at: UnixMs(record.at),
        number: record.number.map(MessageId),
        operation_id: None,
        names: Names(record.names),
        what,
    })
}

fn questioned(record: QuestionedRecord, texts: &[String]) -> Option<Questioned> {
    let text = |place: u32| texts.get(usize::try_from(place).ok()?).map(String::as_str);
    let content = match record.content {
        None => None,
        Some(content) => Some(Content {
            form: text(content.form)?.to_owned(),
            class: class_of(text(content.class)?)?,
            code: content.code,
            raw: content.raw,
        }),
    };
    Some(Questioned {
        kind: kind_of(text(record.kind)?)?,
        after: LogPos(record.after),
        origin: if record.rest { Origin::Rest } else { Origin::Client },
        operation_id: Arc::from(record.operation_id),
        client_id: record.client_id,
        lane: Lane(Arc::from(record.lane)),
        from: record.from,
        user: record.user,
        group: record.group,
        ex: record.ex,
        content,
        end: match record.end {
            0 => QuestionEnd::Passed,
            1 => QuestionEnd::Refused,
            _ => QuestionEnd::Broke,
        },
        took_us: record.took_us,
    })
}

fn kind_of(name: &str) -> Option<EventKind> {
    EventKind::ALL.into_iter().find(|kind| kind.name() == name)
}

/// As it is stored in the log.
fn class_name(class: ContentClass) -> String {
    serde_json::to_string(&class).unwrap_or_default()
}

fn class_of(name: &str) -> Option<ContentClass> {
    serde_json::from_str(name).ok()
}
