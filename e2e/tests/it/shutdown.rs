//! SIGTERM under load, a second one, and the bound of a drain.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use ringback_e2e::app::{App, conversation, single};
use ringback_e2e::receiver::act::Deed;
use ringback_e2e::receiver::{Act, Call, Receiver};
use ringback_e2e::rules::{ON, command, webhooks};
use ringback_e2e::setup::Setup;
use tokio::task::JoinSet;

const SENDERS: usize = 16;
/// Longest end of a server whose drain is over: workers and store.
const END: Duration = Duration::from_secs(15);

async fn start(receiver: &Receiver, setup: Setup) -> App {
    let rules = webhooks(&receiver.url(), &[("beforeSendSingleMsg", ON), ("afterSendSingleMsg", ON)]);
    App::start(setup.webhooks(&rules), &["alice", "bob"]).await
}

/// The ids of stored messages, which are in order and without a gap.
async fn stored(app: &App) -> Vec<String> {
    let history = app.history("bob", &conversation("alice", "bob")).await;
    let seqs: Vec<u64> = history.iter().map(|message| message["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=history.len() as u64).collect::<Vec<_>>());
    history.iter().map(|message| message["serverMsgID"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_server_that_goes_down_under_load_finishes_what_it_has_taken() {
    let receiver = Receiver::start().await;
    receiver.always(command::BEFORE_SINGLE, Act::allow().after(Duration::from_millis(20)));
    receiver.always(command::AFTER_SINGLE, Act::allow().after(Duration::from_millis(60)));
    let mut app = start(&receiver, Setup::dev()).await;
    let mut senders = JoinSet::new();
    for sender in 0..SENDERS {
        let admin = app.admin();
        senders.spawn(async move {
            let mut acknowledged = Vec::new();
            // Ends when the server is gone, or says that it goes.
            for number in 0.. {
                let text = format!("{sender} {number}");
                let Ok(reply) = admin.try_post("/msg/send_msg", &single("alice", "bob", &text)).await else {
                    break;
                };
                if reply.body["errCode"] != serde_json::json!(0) {
                    break;
                }
                acknowledged.push(reply.data()["serverMsgID"].as_str().unwrap().to_owned());
            }
            acknowledged
        });
    }
    receiver.wait_for(command::AFTER_SINGLE, 5).await;
    assert!(app.server.stop().await.success(), "exit code 0");
    let mut acknowledged = Vec::new();
    while let Some(sender) = senders.join_next().await {
        acknowledged.extend(sender.unwrap());
    }
    let told_before = receiver.calls_of(command::AFTER_SINGLE).len();

    app.server.restart().await;
    let stored = stored(&app).await;
    let ids: HashSet<&String> = stored.iter().collect();
    assert_eq!(ids.len(), stored.len());
    assert!(acknowledged.len() > SENDERS && acknowledged.iter().all(|id| ids.contains(id)));
    assert!(told_before < stored.len(), "something was left to tell: {told_before} of {}", stored.len());
    // The sends that nobody was answered are there whole, or not at all: told of as often as they are stored.
    app.send("alice", "bob", "the last").await.data();
    let calls = receiver.wait_for(command::AFTER_SINGLE, stored.len() + 1).await;
    let mut times: HashMap<&str, usize> = HashMap::new();
    for call in &calls {
        *times.entry(call.text("serverMsgID")).or_default() += 1;
    }
    assert_eq!(times.len(), stored.len() + 1, "every stored message, and no other");
    assert!(
        times.values().all(|times| *times == 1),
        "calls in flight were answered before the end: {times:?}"
    );
}

/// A server with one message whose after-callback is never answered.
async fn with_a_hanging_call(receiver: &Receiver, setup: Setup) -> App {
    receiver.always(command::AFTER_SINGLE, Deed::Hang.into());
    let app = start(receiver, setup).await;
    app.send("alice", "bob", "hangs").await.data();
    receiver.wait_for_one(command::AFTER_SINGLE).await;
    app
}

/// After the next start the call is made again, the same.
async fn told_again(receiver: &Receiver, app: &mut App) {
    receiver.always(command::AFTER_SINGLE, Act::allow());
    app.server.restart().await;
    let calls: Vec<Call> = receiver.wait_for(command::AFTER_SINGLE, 2).await;
    assert_eq!(calls[0].bytes, calls[1].bytes);
    assert_eq!(calls[0].header("webhook-id"), calls[1].header("webhook-id"));
    assert_eq!(stored(app).await.len(), 1);
}

#[tokio::test]
async fn a_second_signal_ends_at_once_and_loses_nothing() {
    let receiver = Receiver::start().await;
    let mut app = with_a_hanging_call(&receiver, Setup::dev().setting("shutdown.drain", "10m")).await;
    app.server.signal("TERM").await;
    app.server.wait_for_log(&["going down"]).await;
    app.server.signal("TERM").await;
    let status = app.server.ended(END).await;
    assert_eq!(status.code(), Some(1), "it says that it was not in order");
    told_again(&receiver, &mut app).await;
}

#[tokio::test]
async fn the_bound_of_a_drain_ends_it_and_loses_nothing() {
    let receiver = Receiver::start().await;
    let mut app = with_a_hanging_call(&receiver, Setup::dev().setting("shutdown.drain", "500ms")).await;
    let begun = Instant::now();
    app.server.signal("TERM").await;
    assert!(app.server.ended(END).await.success());
    assert!(begun.elapsed() >= Duration::from_millis(500), "the call had its time");
    told_again(&receiver, &mut app).await;
}
