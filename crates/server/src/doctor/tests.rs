//! Every check, with a scripted receiver.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use ringback_callbacks::{CallError, CallErrorKind, CallPolicy, Response};
use ringback_model::app::App;
use ringback_model::delivery::{Answer, Outbound};
use ringback_model::ports::Fut;

use super::*;

const NOW: UnixMs = UnixMs(1_785_542_400_123);
const OK: &str = r#"{"actionCode":0,"errCode":0,"errMsg":"","errDlt":"","nextCode":0}"#;

/// A request, as the scripts look at it.
struct Seen<'a> {
    body: String,
    headers: HashMap<&'a str, &'a str>,
    /// How often its id has come, this time included.
    times: usize,
    /// Requests under way, this one included.
    at_once: usize,
}

impl Seen<'_> {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).copied().unwrap_or_default()
    }
}

/// What a script does with a request.
enum Reply {
    Say(u16, String),
    Late(u64, u16, String),
    Never(CallErrorKind),
}

fn ok() -> Reply {
    Reply::Say(200, OK.to_owned())
}

type Script = Box<dyn Fn(&Seen<'_>) -> Reply + Send + Sync>;

/// A receiver without a network.
struct Scripted {
    script: Script,
    seen: Mutex<HashMap<String, usize>>,
    at_once: AtomicUsize,
}

impl Caller for Scripted {
    fn call<'a>(
        &'a self,
        request: &'a Outbound,
        extra: &'a [(String, String)],
        how: &'a CallPolicy,
    ) -> Fut<'a, Result<Response, CallError>> {
        Box::pin(async move {
            let at_once = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
            let headers: HashMap<&str, &str> = extra
                .iter()
                .chain(&request.headers)
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            let times = {
                let mut seen = self.seen.lock().unwrap();
                let times = seen.entry(headers.get("webhook-id").unwrap().to_string()).or_insert(0);
                *times += 1;
                *times
            };
            let body = String::from_utf8(request.body.to_vec()).unwrap();
            let reply = (self.script)(&Seen { body, headers, times, at_once });
            if how.pace.is_some() {
                tokio::time::sleep(limits::DOCTOR_SLOW).await;
            }
            let (late, result) = match reply {
                Reply::Say(status, body) => (0, Ok((status, body))),
                Reply::Late(late, status, body) => (late, Ok((status, body))),
                Reply::Never(kind) => (0, Err(CallError::new(kind, "nobody is there"))),
            };
            tokio::time::sleep(Duration::from_millis(1 + late)).await;
            self.at_once.fetch_sub(1, Ordering::SeqCst);
            let (status, body) = result?;
            let answer = Answer { status, body: body.into_bytes(), cut: false };
            Ok(Response { answer, retry_after: None })
        })
    }
}

struct Noon;
impl Clock for Noon {
    fn now(&self) -> UnixMs {
        NOW
    }
}

struct Fixed;
impl Dice for Fixed {
    fn roll(&self) -> u64 {
        0x1234_5678_9abc_def0
    }
}

fn options(contract: &str) -> Options {
    let dialects = ringback_dialects::all(&App::default());
    Options {
        url: "http://receiver.test/cb".to_owned(),
        contract: Arc::clone(dialects.contract(contract).unwrap()),
        switches: Vec::new(),
        phases: vec![Phase::Before, Phase::After],
        events: Vec::new(),
        secret: None,
        standard_webhooks: false,
        timeout: None,
        burst: 8,
        refused: None,
        ca_file: None,
    }
}

async fn examined(options: Options, script: impl Fn(&Seen<'_>) -> Reply + Send + Sync + 'static) -> Report {
    let caller = Scripted { script: Box::new(script), seen: Mutex::default(), at_once: AtomicUsize::new(0) };
    let with = Instruments {
        caller: &caller,
        clock: &Noon,
        dice: &Fixed,
        samples: ringback_dialects::samples,
        texts: ringback_dialects::texts,
        say: &|_| {},
    };
    examine(&options, &with).await
}

/// Checks that came to this level, in whichever phase.
fn at(report: &Report, level: Level) -> Vec<&'static str> {
    let found: BTreeSet<Check> = report
        .outcomes
        .iter()
        .filter(|outcome| outcome.level() == level)
        .map(|outcome| outcome.check)
        .collect();
    found.into_iter().map(Check::id).collect()
}

/// The checks that a receiver with this script fails.
async fn failed(script: impl Fn(&Seen<'_>) -> Reply + Send + Sync + 'static) -> Vec<&'static str> {
    let report = examined(options("openim"), script).await;
    assert_eq!(report.outcomes.len(), 2 * Check::ALL.len(), "every check in every phase");
    at(&report, Level::Failure)
}

fn is_before(seen: &Seen<'_>) -> bool {
    seen.body.contains("callbackBefore")
}

#[tokio::test(start_paused = true)]
async fn a_good_receiver_has_nothing_to_mend() {
    for (contract, body) in [
        ("openim", OK),
        ("openim-v3.5", "{}"),
        ("openim-v3.0", "{}"),
        ("openim-v2", "{}"),
        ("shengwang", r#"{"valid":true}"#),
        ("agora", r#"{"valid":true}"#),
        ("easemob", r#"{"valid":true}"#),
    ] {
        let report = examined(options(contract), move |_| Reply::Say(200, body.to_owned())).await;
        let none: [&str; 0] = [];
        assert_eq!(at(&report, Level::Failure), none, "{contract}");
        assert_eq!(at(&report, Level::Warning), none, "{contract}");
        let skipped = ["refusal", "replay", "stale", "signature-wrong", "signature-missing"];
        assert_eq!(at(&report, Level::Skipped), skipped, "{contract}");
        assert!(report.calls > 80 && report.passes(true), "{contract}: {}", report.calls);
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_not_there_is_asked_once() {
    for kind in
        [CallErrorKind::Connect, CallErrorKind::Tls, CallErrorKind::Dns, CallErrorKind::AddressRefused]
    {
        let report = examined(options("openim"), move |_| Reply::Never(kind)).await;
        assert_eq!((at(&report, Level::Failure), report.calls), (vec!["reachable"], 2), "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn answers_are_judged_one_by_one() {
    let say = |status: u16, body: &'static str| move |_: &Seen<'_>| Reply::Say(status, body.to_owned());
    assert_eq!(failed(say(302, "")).await, ["redirect"]);
    assert_eq!(failed(say(500, "")).await, ["status"]);
    assert_eq!(failed(say(200, "<html>hello</html>")).await, ["answer"]);
    assert_eq!(failed(say(200, r#"{"actionCode":0,"nextCode":"0"}"#)).await, ["answer"]);
    assert_eq!(failed(say(200, r#"{"actionCode":1,"nextCode":1,"errCode":5001}"#)).await, ["meaning"]);
    let one = |seen: &Seen<'_>| match seen.body.contains("callbackBeforeAddFriendCommand") {
        true => Reply::Say(404, "no such route".to_owned()),
        false => ok(),
    };
    let report = examined(options("openim"), one).await;
    assert_eq!(at(&report, Level::Failure), ["status"]);
    let finding = report.outcomes.iter().flat_map(|outcome| &outcome.findings).next().unwrap();
    assert_eq!(
        (finding.events.clone(), finding.count),
        (vec!["callbackBeforeAddFriendCommand".to_owned()], 1)
    );
    assert_eq!(finding.evidence.as_ref().unwrap().text, "no such route");
}

#[tokio::test(start_paused = true)]
async fn the_family_has_its_own_faults() {
    for (answer, expected) in [
        ((201, r#"{"valid":true}"#.to_owned()), "status"),
        ((200, r#"{"valid":"true"}"#.to_owned()), "answer"),
        ((200, format!(r#"{{"valid":true,"x":"{}"}}"#, "x".repeat(1000))), "length"),
        ((200, r#"{"valid":true,"code":"spam"}"#.to_owned()), "meaning"),
    ] {
        let (status, body) = answer;
        let report = examined(options("easemob"), move |_| Reply::Say(status, body.clone())).await;
        assert!(
            at(&report, Level::Failure).contains(&expected),
            "{expected}: {:?}",
            at(&report, Level::Failure)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_works_and_should_be_looked_at_is_a_warning() {
    let long = format!(r#"{{"x":"{}"}}"#, "x".repeat(5000));
    let report = examined(options("openim"), move |_| Reply::Say(200, long.clone())).await;
    assert_eq!((at(&report, Level::Failure), at(&report, Level::Warning)), (vec![], vec!["length"]));

    let swallows = |seen: &Seen<'_>| {
        if is_before(seen) { ok() } else { Reply::Say(200, r#"{"errCode":500}"#.to_owned()) }
    };
    let report = examined(options("openim"), swallows).await;
    assert!(at(&report, Level::Warning).contains(&"meaning"));

    let tells = |seen: &Seen<'_>| Reply::Say(200, format!(r#"{{"duplicate":{}}}"#, seen.times > 1));
    let report = examined(options("openim"), tells).await;
    assert_eq!(at(&report, Level::Warning), ["duplicates"]);
}

#[tokio::test(start_paused = true)]
async fn receivers_that_do_things_twice_show_it() {
    let conflict = |seen: &Seen<'_>| if seen.times > 1 { Reply::Say(409, String::new()) } else { ok() };
    assert_eq!(failed(conflict).await, ["duplicates", "replay"]);
    let counts = |seen: &Seen<'_>| Reply::Say(200, format!(r#"{{"stored":{}}}"#, seen.times));
    assert_eq!(failed(counts).await, ["duplicates"]);
    let timed = |seen: &Seen<'_>| Reply::Say(200, format!(r#"{{"serverTime":{}}}"#, seen.times));
    assert_eq!(failed(timed).await, Vec::<&str>::new());
}

#[tokio::test(start_paused = true)]
async fn texts_that_receivers_stumble_over_are_found() {
    let bmp = |seen: &Seen<'_>| match seen.body.chars().any(|letter| u32::from(letter) > 0xffff) {
        true => Reply::Say(500, "Incorrect string value".to_owned()),
        false => ok(),
    };
    assert_eq!(failed(bmp).await, ["unicode"]);
    let escapes = |seen: &Seen<'_>| match seen.body.contains(r"\ud83d") {
        true => Reply::Say(400, String::new()),
        false => ok(),
    };
    assert_eq!(failed(escapes).await, ["unicode"]);
    let small =
        |seen: &Seen<'_>| if seen.body.len() > 100_000 { Reply::Say(413, String::new()) } else { ok() };
    assert_eq!(failed(small).await, ["largest"]);
}

#[tokio::test(start_paused = true)]
async fn refusals_have_to_refuse() {
    let refuses = |body: &'static str| {
        move |seen: &Seen<'_>| match seen.body.contains("buy now") {
            true => Reply::Say(200, body.to_owned()),
            false => ok(),
        }
    };
    for (body, expected) in [
        (r#"{"actionCode":0,"nextCode":1,"errCode":5001,"errMsg":"no"}"#, &[][..]),
        (r#"{"actionCode":1,"nextCode":1,"errCode":5001,"errMsg":"no"}"#, &["refusal"]),
        (OK, &["refusal"]),
    ] {
        let asked = Options { refused: Some("buy now".to_owned()), ..options("openim") };
        let report = examined(asked, refuses(body)).await;
        assert_eq!(at(&report, Level::Failure), expected, "{body}");
    }
    let asked = Options { refused: Some("buy now".to_owned()), ..options("openim") };
    let report = examined(asked, refuses(r#"{"actionCode":1,"nextCode":1,"errCode":5001}"#)).await;
    let text = report.text(crate::receiver::display::Palette::default());
    assert!(text.contains("mend: actionCode 1 with nextCode 1"), "{text}");
}

/// Looks at the signature of the Standard Webhooks headers; with `fresh` at the time, too.
fn verified(seen: &Seen<'_>, fresh: bool) -> Reply {
    let at: i64 = seen.header("webhook-timestamp").parse().unwrap_or(0);
    let secrets = Secrets { current: Some("s3cret".to_owned()), previous: None };
    let right =
        ringback_callbacks::signature::sign(&secrets, seen.header("webhook-id"), at, seen.body.as_bytes());
    let is_right = right.as_deref() == Some(seen.header("webhook-signature"));
    let is_fresh = !fresh || (NOW.seconds() - at).abs() <= 300;
    if is_right && is_fresh { ok() } else { Reply::Say(401, String::new()) }
}

#[tokio::test(start_paused = true)]
async fn signatures_are_to_be_looked_at() {
    let signed = || Options { secret: Some("s3cret".to_owned()), ..options("openim") };
    let report = examined(signed(), |seen| verified(seen, true)).await;
    assert_eq!((at(&report, Level::Failure), at(&report, Level::Warning)), (vec![], vec![]));
    assert_eq!(
        at(&report, Level::Skipped),
        ["refusal", "replay"],
        "headers are added where nothing else signs"
    );
    let report = examined(signed(), |seen| verified(seen, false)).await;
    assert_eq!((at(&report, Level::Failure), at(&report, Level::Warning)), (vec![], vec!["stale"]));
    let report = examined(signed(), |_| ok()).await;
    assert_eq!(at(&report, Level::Failure), ["signature-wrong", "signature-missing"]);
    let parsed = |seen: &Seen<'_>| {
        let trimmed =
            Seen { body: seen.body.trim_end_matches(' ').to_owned(), headers: seen.headers.clone(), ..*seen };
        verified(&trimmed, true)
    };
    let report = examined(signed(), parsed).await;
    assert_eq!(at(&report, Level::Failure), ["signature-wrong"], "what was changed is accepted");
    let unsure = |seen: &Seen<'_>| match verified(seen, true) {
        Reply::Say(401, _) => Reply::Say(400, String::new()),
        other => other,
    };
    let report = examined(signed(), unsure).await;
    assert_eq!(at(&report, Level::Warning), ["signature-wrong", "signature-missing"]);
}

#[tokio::test(start_paused = true)]
async fn a_contracts_own_signature_counts() {
    let signed = || Options { secret: Some("s3cret".to_owned()), ..options("agora") };
    let verified = |seen: &Seen<'_>| {
        let body: serde_json::Value = serde_json::from_str(&seen.body).unwrap();
        let (id, at) = (body["callId"].as_str().unwrap(), body["timestamp"].as_i64().unwrap());
        let right = ringback_dialects::easemob::callbacks::signature::security(id, "s3cret", at);
        assert_eq!(seen.header("webhook-signature"), "", "nobody has asked for another one");
        if body["security"] == right {
            Reply::Say(200, r#"{"valid":true}"#.to_owned())
        } else {
            Reply::Say(401, String::new())
        }
    };
    let report = examined(signed(), verified).await;
    assert_eq!(
        (at(&report, Level::Failure), at(&report, Level::Skipped)),
        (vec![], vec!["refusal", "replay", "stale"])
    );
    let report = examined(signed(), |_| Reply::Say(200, r#"{"valid":true}"#.to_owned())).await;
    assert_eq!(at(&report, Level::Failure), ["signature-wrong", "signature-missing"]);
}

#[tokio::test(start_paused = true)]
async fn replays_are_taken_or_refused_and_nothing_else() {
    let replay = |first: u16, then: u16| {
        move |seen: &Seen<'_>| match (seen.header("ringback-replay"), seen.times) {
            ("", _) => ok(),
            (_, 1) => Reply::Say(first, OK.to_owned()),
            _ => Reply::Say(then, OK.to_owned()),
        }
    };
    for (first, then, expected) in [
        (200, 200, &[][..]),
        (409, 409, &[]),
        (500, 500, &["replay"]),
        (200, 409, &["replay"]),
        (409, 200, &["replay"]),
    ] {
        assert_eq!(failed(replay(first, then)).await, expected, "{first}, then {then}");
    }
}

#[tokio::test(start_paused = true)]
async fn slow_answers_are_measured_against_the_contract() {
    // One of the calls in each phase is late: the slowest is what p99 of a hundred answers is.
    let one = |late: u64| {
        move |seen: &Seen<'_>| match seen.body.contains("BeforeAddFriend") {
            true => Reply::Late(late, 200, OK.to_owned()),
            false => ok(),
        }
    };
    assert_eq!(failed(one(2000)).await, Vec::<&str>::new());
    assert_eq!(failed(one(2600)).await, ["time"]);
    let report = examined(options("openim"), one(2600)).await;
    let time = report.outcomes.iter().find(|outcome| outcome.check == Check::Time).unwrap();
    assert!(time.findings[0].what.starts_with("p99 is 2601 ms"), "{:?}", time.findings);
    // What one rule waits for is too late for another.
    let hurried = Options { timeout: Some(Duration::from_millis(100)), ..options("openim") };
    let report = examined(hurried, one(300)).await;
    assert!(
        report
            .outcomes
            .iter()
            .any(|it| it.findings.iter().any(|it| it.what.contains("after the contract's timeout")))
    );
}

#[tokio::test(start_paused = true)]
async fn bursts_are_to_be_served_beside_each_other() {
    let alone = |seen: &Seen<'_>| if seen.at_once > 2 { Reply::Say(503, String::new()) } else { ok() };
    assert_eq!(failed(alone).await, ["burst"]);
    let serial = |seen: &Seen<'_>| Reply::Late(30 * (seen.at_once as u64), 200, OK.to_owned());
    let report = examined(options("openim"), serial).await;
    assert_eq!((at(&report, Level::Failure), at(&report, Level::Warning)), (vec![], vec!["burst"]));
}

#[tokio::test(start_paused = true)]
async fn slow_callers_are_to_be_served_and_not_to_be_in_the_way() {
    let blocked = |seen: &Seen<'_>| match seen.body.contains("slowly") && seen.at_once == 2 {
        true => Reply::Late(4000, 200, OK.to_owned()),
        false => ok(),
    };
    assert_eq!(failed(blocked).await, ["slow-sending", "slow-reading"]);
    let cuts = |seen: &Seen<'_>| match seen.body.contains("slowly") && seen.at_once == 1 {
        true => Reply::Say(408, String::new()),
        false => ok(),
    };
    assert_eq!(failed(cuts).await, ["slow-sending", "slow-reading"]);
}

#[tokio::test(start_paused = true)]
async fn an_examination_has_an_end() {
    let hanging = |seen: &Seen<'_>| match seen.body.contains("hello bob") {
        true => ok(),
        false => Reply::Late(9000, 200, OK.to_owned()),
    };
    let began = Instant::now();
    let report = examined(options("openim"), hanging).await;
    assert!(began.elapsed() <= limits::DOCTOR_TIME + Duration::from_secs(20), "{:?}", began.elapsed());
    let text = report.text(crate::receiver::display::Palette::default());
    assert!(text.contains(OVER) || text.contains(&OVER.replace("the exam", "The exam")), "{text}");
}

#[tokio::test(start_paused = true)]
async fn few_events_may_be_chosen() {
    let of = |events: &[&str], phases| Options {
        events: events.iter().map(|event| (*event).to_owned()).collect(),
        phases,
        ..options("openim")
    };
    let report = examined(of(&["callbackBeforeAddFriendCommand"], vec![Phase::Before]), |seen| {
        assert!(seen.body.contains("callbackBeforeAddFriendCommand"), "{}", seen.body);
        ok()
    })
    .await;
    assert!(report.passes(true));
    let skipped = at(&report, Level::Skipped);
    assert!(skipped.contains(&"unicode") && skipped.contains(&"largest"), "no message, no text: {skipped:?}");
    assert_eq!(report.outcomes.len(), Check::ALL.len());
}
