//! What `listen` reads: callbacks of every dialect and contract, their signatures; and rows that come back from disk.
//!
//! Input: a byte for the part and the contract, then what the part takes. A callback: a line with path and query, a line
//! with the headers (as a query), the body.

use ringback_callbacks::signature;
use ringback_model::action::Action;
use ringback_model::delivery::Answer;
use ringback_model::dialect::{Described, EdgeRequest, Effect, Instruction, Method, Receiver};
use ringback_model::event::{EventKind, Fact, Phase};
use ringback_model::message::Message;
use ringback_model::rule::{Rule, Secrets};
use ringback_model::sample;
use ringback_model::time::UnixMs;
use ringback_model::verdict::Verdict;
use ringback_model::{delivery, user};
use ringback_server::http::query_of;
use ringback_server::receiver::signature::{Secret, Signature, Signed, check};

use crate::input::{Input, pairs};
use crate::seeds::{self, Seeds};
use crate::world::{NOW, contracts, dialects, messages};

/// Runs the target.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let choice = input.byte();
    match choice % 4 {
        0 | 1 => callback(input, usize::from(choice / 4)),
        2 => signed(input),
        _ => row(usize::from(choice / 4), input.rest()),
    }
}

/// Reads a callback and answers it in every way.
fn callback(mut input: Input<'_>, which: usize) {
    let line = input.line();
    let (path, query) = line.split_once('?').unwrap_or((&line, ""));
    let request = EdgeRequest {
        route: "",
        method: Method::Post,
        path: path.to_owned(),
        params: Vec::new(),
        query: query_of(query),
        headers: pairs(&input.line()),
        body: input.rest().to_vec(),
        file: None,
        at: NOW,
        secure: false,
    };
    for receiver in &dialects().receivers {
        let names = receiver.contracts();
        // One more than there are: none is named.
        let named = names.get(which % (names.len() + 1)).copied();
        if let Some(own) = receiver.signature(&request, "s3cr3t-demo") {
            assert_eq!(receiver.signature(&request, "s3cr3t-demo"), Some(own));
            assert!(!own || receiver.signature(&request, "another") == Some(false), "of one secret alone");
        }
        let Some(described) = receiver.describe(&request, named) else { continue };
        assert!(names.contains(&described.contract) && named.is_none_or(|name| name == described.contract));
        assert_eq!(receiver.describe(&request, named), Some(described.clone()), "reading is pure");
        answered(receiver.as_ref(), &described);
    }
}

/// Answers are valid for the contract, and mean what the receiver says that they mean.
fn answered(receiver: &dyn Receiver, described: &Described) {
    let deny = Instruction::Deny { code: 5001, text: described.text.clone() };
    let replace = Instruction::Replace { text: described.from.clone() };
    for instruction in [Instruction::Allow, deny, replace] {
        let answered = receiver.answer(described, &instruction);
        let json: serde_json::Value = serde_json::from_slice(&answered.body).expect("an answer is JSON");
        assert!(json.is_object());
        let fits = match described.phase {
            Phase::After => answered.effect == Effect::Noted,
            Phase::Before => match (&instruction, answered.effect) {
                (_, Effect::Allowed) => true,
                (Instruction::Deny { .. }, effect) => effect == Effect::Refused,
                (Instruction::Replace { .. }, effect) => effect == Effect::Replaced,
                (Instruction::Allow, _) => false,
            },
        };
        assert!(fits, "{:?} to {instruction:?}", answered.effect);
        if described.phase == Phase::Before {
            understood(described, answered.effect, answered.body);
        }
    }
}

/// The server reads the answer as it was meant.
fn understood(described: &Described, effect: Effect, body: Vec<u8>) {
    let contract =
        contracts().iter().find(|contract| contract.name() == described.contract).expect("a contract");
    // A callback about a message that may only be refused, or, in the other family, replaced too.
    let question = sample::question(EventKind::MessageSending, text());
    let rule = sample::rule("fuzz", contract.name(), Phase::Before, "http://127.0.0.1:9/callbacks");
    let Ok(asked) = contract.question(&rule, &question) else { return };
    let verdict = contract.verdict(&rule, &question, &Answer { status: 200, body, cut: false });
    match (effect, verdict) {
        (Effect::Refused, Ok(Verdict::Refuse(_)))
        | (Effect::Allowed | Effect::Replaced, Ok(Verdict::Allow { .. })) => {}
        (effect, verdict) => panic!("{effect:?} became {verdict:?} in {}: {}", contract.name(), asked.url),
    }
}

fn text() -> Message {
    messages().last().expect("there are some").clone()
}

/// The headers of a call with this id, time and body: as they were signed, and as a stranger wrote them.
fn signed(mut input: Input<'_>) {
    let (id, entries) = (input.line(), input.line());
    let at_s = NOW.seconds();
    let body = input.rest();
    let (ours, timestamp) = ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", at_s.to_string());
    let secrets = Secrets { current: Some(ours.to_owned()), previous: Some(entries.clone()) };
    let written = signature::sign(&secrets, &id, at_s, body).expect("there is a secret");
    let with = |signature: &str, body: &[u8], now: UnixMs| {
        let signed = Signed { id: Some(&id), timestamp: Some(&timestamp), signature: Some(signature) };
        check(Some(&Secret::new(ours)), signed, body, now)
    };
    assert_eq!(with(&written, body, NOW), Signature::Valid);
    let longer = [body, b" "].concat();
    assert!(matches!(with(&written, &longer, NOW), Signature::Invalid(_)), "a changed body is seen");
    assert!(matches!(with(&written, body, UnixMs(NOW.0 + 600_000)), Signature::Invalid(_)), "an old one too");
    let stranger = with(&entries, body, NOW);
    assert!(
        stranger != Signature::Valid || entries.split(' ').any(|entry| written.contains(entry)),
        "{entries}"
    );
}

/// A row of the store: what can be read is written and read again; the rest is an error.
fn row(which: usize, bytes: &[u8]) {
    fn round<T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
        if let Ok(row) = serde_json::from_slice::<T>(bytes) {
            let text = serde_json::to_string(&row).expect("rows can be written");
            assert_eq!(serde_json::from_str::<T>(&text).expect("and read"), row);
        }
    }
    let kinds: [fn(&[u8]); 7] = [
        round::<Fact>,
        round::<Rule>,
        round::<Message>,
        round::<delivery::Exception>,
        round::<delivery::Outbound>,
        round::<user::User>,
        round::<Action>,
    ];
    kinds[which % kinds.len()](bytes);
}

/// Inputs to begin with: every callback of the fixtures, and rows.
#[must_use]
pub fn seeds() -> Seeds {
    let mut seeds = Seeds::new();
    for folder in ["openim", "easemob"] {
        for (name, body) in seeds::files(folder, "request.json") {
            let head = seeds::files(folder, &format!("{}.txt", name.trim_end_matches(".json")));
            let head = String::from_utf8_lossy(&head[0].1).into_owned();
            let mut lines = head.lines();
            let target = lines.next().unwrap_or_default().trim_start_matches("POST http://127.0.0.1:10006");
            let headers = lines.map(|line| line.replacen(": ", "=", 1)).collect::<Vec<_>>().join("&");
            for choice in [0, 4, 8, 12, 16] {
                let input = [&[choice], format!("{target}\n{headers}\n").as_bytes(), &body].concat();
                seeds.push((format!("{name} {choice}"), input));
            }
        }
    }
    for (name, body) in seeds::files("easemob/documented", ".json") {
        seeds.push((name, [b"\x00/\n\n".as_slice(), &body].concat()));
    }
    seeds.push((
        "signed".to_owned(),
        b"\x02msg_1\nv1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=\n{}".to_vec(),
    ));
    let rule = sample::rule("r", "openim", Phase::After, "http://127.0.0.1:9/x");
    let event = sample::sent(
        ringback_model::ids::LogPos(9),
        text(),
        ringback_model::message::Origin::Client,
        Vec::new(),
    );
    let rows = [serde_json::to_vec(&event.fact), serde_json::to_vec(&rule), serde_json::to_vec(&text())];
    for (which, action) in sample::actions(NOW).into_iter().enumerate() {
        let fact = sample::done(ringback_model::ids::LogPos(9), action.clone(), NOW).fact;
        let (fact, action) = (serde_json::to_vec(&fact), serde_json::to_vec(&action));
        for (kind, row) in [(3, fact), (3 + 4 * 6, action)] {
            let row = row.expect("rows can be written");
            seeds.push((format!("action {which} {kind}"), [&[kind], row.as_slice()].concat()));
        }
    }
    for (which, row) in (0u8..).zip(rows) {
        seeds.push((
            format!("row {which}"),
            [&[3 + 4 * which], row.expect("rows can be written").as_slice()].concat(),
        ));
    }
    seeds
}
