//! What holds for every REST interface, whatever a request says.

use ringback_model::command::{Actor, Command, Outcome};
use ringback_model::dialect::{Edge, EdgeRequest, Reply};
use ringback_model::failure::{CallbackRefusal, Failure, Fault, Refusal, RefusalCode};
use ringback_model::limits;
use serde_json::Value;

use crate::render;
use crate::world::{NOW, message};

/// Words of a fault; they stay inside.
const INSIDE: &str = "words that nobody outside may read";

/// Whether a reply is the dialect's envelope for something that was not done.
pub(crate) type IsRefusal = fn(&Value) -> bool;

/// Reads the request and answers it in every way.
pub(crate) fn check(edge: &dyn Edge, request: &EdgeRequest, actor: Option<&Actor>, is_refusal: IsRefusal) {
    let refuse = |refusal: Refusal| {
        let reply = edge.encode(request, &Err(Failure::Refused(refusal.clone())), NOW);
        let body = json(&reply);
        assert!(
            reply.status < 500 || refusal.code == RefusalCode::StorageFull,
            "{refusal:?}: {}",
            reply.status
        );
        assert!(is_refusal(&body), "{refusal:?}: {body}");
    };
    match edge.open(request) {
        Ok(opening) => assert!(!opening.operation_id.is_empty(), "every call has an id"),
        Err(refusal) => refuse(refusal),
    }
    let decoded = edge.decode(request, actor);
    let again = edge.decode(request, actor);
    assert_eq!(format!("{decoded:?}"), format!("{again:?}"), "reading is pure");
    match decoded {
        Ok(command) => understood(edge, request, command),
        Err(refusal) => refuse(refusal),
    }
    refuse(Refusal::new(RefusalCode::ByCallback(said(request)), ""));
    let fault = edge.encode(request, &Err(Failure::Fault(Fault::new(INSIDE))), NOW);
    assert!(is_refusal(&json(&fault)) && !String::from_utf8_lossy(&fault.body).contains(INSIDE));
    let unknown = edge.unknown(request);
    assert!((400..500).contains(&unknown.status) && is_refusal(&json(&unknown)));
    json(&edge.preflight());
}

/// What an app's backend says when it refuses: here, what the caller sent.
fn said(request: &EdgeRequest) -> CallbackRefusal {
    let text: String = String::from_utf8_lossy(&request.body).chars().take(200).collect();
    CallbackRefusal { code: Some(5001), text, detail: String::new(), show: true }
}

fn understood(edge: &dyn Edge, request: &EdgeRequest, command: Command) {
    bounded(&command);
    let (keys, messages) = edge.message_rates(request.route, &command);
    assert!(keys.is_empty() || messages > 0, "what is counted counts");
    // Not what every route answers; then it is a fault, in the envelope.
    json(&edge.encode(request, &Ok(Outcome::Done), NOW));
    match command {
        Command::Send(draft) => render::check(&message(*draft)),
        Command::SendToMany { draft, .. } => render::check(&message(*draft)),
        _ => {}
    }
}

/// No list is longer than the limits say.
fn bounded(command: &Command) {
    let most = match command {
        Command::RegisterUsers { users } => (users.len(), limits::LIST_ITEMS),
        Command::RegisterAccounts { accounts } => (accounts.len(), limits::LIST_ITEMS),
        Command::Users { ids } | Command::OnlineStatus { ids } => (ids.len(), limits::LIST_ITEMS),
        Command::Groups { ids } => (ids.len(), limits::LIST_ITEMS),
        Command::Invite { users, .. }
        | Command::AddMembers { users, .. }
        | Command::RemoveMembers { users, .. } => (users.len(), limits::LIST_ITEMS),
        Command::SendToMany { recipients, .. } => (recipients.len(), limits::BATCH_RECEIVERS),
        Command::PullRanges { ranges, .. } => (ranges.len(), limits::LIST_ITEMS),
        Command::PullSeqs { lists, .. } => (lists.len(), limits::LIST_ITEMS),
        Command::Members { limit, .. } => (*limit, limits::LIST_ITEMS),
        _ => return,
    };
    assert!(most.0 <= most.1, "{} of at most {}", most.0, most.1);
}

/// The body of a reply, which is JSON and says so; its headers are ones that HTTP takes.
fn json(reply: &Reply) -> Value {
    assert!((200..=599).contains(&reply.status));
    let mut says = false;
    for (name, value) in &reply.headers {
        http::HeaderName::from_bytes(name.as_bytes()).expect("a header's name");
        http::HeaderValue::from_str(value).expect("a header's value");
        says |= *name == "content-type" && value.starts_with("application/json");
    }
    assert!(says, "the type of the body: {:?}", reply.headers);
    serde_json::from_slice(&reply.body).expect("the body is JSON")
}
