//! A whole edge over a product of a few lines: real listener, real HTTP, real sockets.

#![allow(dead_code, reason = "each test file uses its part")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ringback_model::command::{Actor, Call, Command, Outcome};
use ringback_model::conversation::Target;
use ringback_model::dialect::{
    Correlation, Edge, EdgeRequest, Frame, Hello, Incoming, Method, Opening, Rate, Reply, Route, Socket,
    TurnAway, Wire,
};
use ringback_model::failure::{Failure, Refusal, RefusalCode};
use ringback_model::ids::{GroupId, UserId};
use ringback_model::message::ContentClass;
use ringback_model::ports::{Fut, Push};
use ringback_model::presence::{PresenceWatch, Sighting, UserPresence};
use ringback_model::sample;
use ringback_model::secret::Secret;
use ringback_model::time::UnixMs;
use ringback_model::user::Platform;
use ringback_server::clock::SystemClock;
use ringback_server::http::probes::Probes;
use ringback_server::http::rates::Rates;
use ringback_server::http::{Answer, Http, HttpParts, ReplyBody, RouteLabel};
use ringback_server::listener::{self, Listening};
use ringback_server::product::{Done, Product};
use ringback_server::settings::Quota;
use ringback_server::telemetry;
use ringback_server::ws::Sockets;
use ringback_server::ws::sessions::SessionTable;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(crate) fn user(id: &str) -> UserId {
    UserId::parse(id).unwrap()
}

fn no(code: RefusalCode, detail: &str) -> Refusal {
    Refusal::new(code, detail)
}

/// Tokens are `user/platform`, with anything after another `/`.
fn platform_of(text: &str) -> Platform {
    Platform(text.split('/').next().unwrap().parse().unwrap())
}

/// Answers everything at once, except sends: these wait at a gate that the test opens.
pub(crate) struct Scripted {
    pub(crate) gate: Semaphore,
    pub(crate) log: Mutex<Vec<String>>,
    pub(crate) taken: Mutex<Vec<String>>,
}

impl Scripted {
    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }
}

impl Product for Scripted {
    fn authenticate<'a>(&'a self, token: &'a str) -> Fut<'a, Result<Actor, Failure>> {
        Box::pin(async move {
            let (name, platform) =
                token.split_once('/').ok_or_else(|| no(RefusalCode::TokenMalformed, "not a token"))?;
            if self.taken.lock().unwrap().iter().any(|taken| taken == token) {
                return Err(no(RefusalCode::TokenKicked, "taken away").into());
            }
            let platform = platform_of(platform);
            let expires_at = UnixMs(i64::MAX);
            Ok(Actor { user: user(name), platform, admin: false, token_id: token.to_owned(), expires_at })
        })
    }

    fn execute(&self, call: Call) -> Fut<'_, Result<Done, Failure>> {
        Box::pin(async move {
            match call.command {
                Command::Send(draft) => {
                    self.log.lock().unwrap().push(format!("asked {}", draft.content.raw));
                    self.gate.acquire().await.unwrap().forget();
                    self.log.lock().unwrap().push(format!("sent {}", draft.content.raw));
                }
                Command::ServerTime | Command::Members { .. } => {}
                Command::Users { .. } => panic!("on purpose"),
                _ => return Err(no(RefusalCode::BadArgument, "not in this test").into()),
            }
            Ok(Done { outcome: Outcome::Time(UnixMs(7)), answered: Box::new(()) })
        })
    }
}

/// `/time` needs a token, `/panic` panics, `/open` needs none; the answer says what happened. `/{kind}/things/{thing}`
/// takes every method, and one that is not valid counts as none.
pub(crate) struct TextEdge;

const A_DAY: Duration = Duration::from_secs(24 * 3600);

impl Edge for TextEdge {
    fn routes(&self) -> &'static [Route] {
        &[
            Route { method: Method::Post, path: "/time" },
            Route { method: Method::Post, path: "/panic" },
            Route { method: Method::Post, path: "/decoder" },
            Route { method: Method::Get, path: "/open" },
            Route { method: Method::Post, path: "/rated" },
            Route { method: Method::Post, path: "/send" },
            Route { method: Method::Get, path: "/{kind}/things/{thing}" },
            Route { method: Method::Put, path: "/{kind}/things/{thing}" },
            Route { method: Method::Patch, path: "/{kind}/things/{thing}" },
            Route { method: Method::Delete, path: "/{kind}/things/{thing}" },
        ]
    }
    fn common_headers(&self) -> &'static [(&'static str, &'static str)] {
        &[("access-control-allow-origin", "*")]
    }
    fn open(&self, request: &EdgeRequest) -> Result<Opening, Refusal> {
        let token = request.header("token").map(Secret::from);
        if request.route == "/time" && token.is_none() {
            return Err(no(RefusalCode::BadArgument, "no token"));
        }
        let token_optional = request.route.starts_with("/{kind}");
        Ok(Opening { operation_id: "op".to_owned(), token, token_optional })
    }
    fn admit(&self, _: &EdgeRequest, actor: &Actor) -> Result<(), Refusal> {
        if actor.user == user("guest") {
            Err(no(RefusalCode::NoPermission, "not for guests"))
        } else {
            Ok(())
        }
    }
    fn decode(&self, request: &EdgeRequest, actor: Option<&Actor>) -> Result<Command, Refusal> {
        if actor.is_none() && request.query("for") == Some("members") {
            return Err(no(RefusalCode::TokenExpired, "there is no valid token"));
        }
        match request.route {
            "/decoder" => panic!("on purpose"),
            "/panic" => Ok(Command::Users { ids: Vec::new() }),
            "/rated" => {
                let limit = String::from_utf8_lossy(&request.body).parse().unwrap();
                Ok(Command::Members { group: GroupId::parse("1").unwrap(), skip: 0, limit })
            }
            "/send" => {
                let said = String::from_utf8_lossy(&request.body);
                Ok(Command::Send(Box::new(draft(actor.unwrap(), "bob", &said))))
            }
            _ => Ok(Command::ServerTime),
        }
    }
    fn encode(&self, request: &EdgeRequest, result: &Result<Outcome, Failure>, now: UnixMs) -> Reply {
        assert!(now >= request.at && request.at > UnixMs(0));
        let (status, text) = match result {
            Ok(_) if !request.params.is_empty() => {
                let params: Vec<_> =
                    request.params.iter().map(|(name, value)| format!("{name}={value}")).collect();
                (200, format!("{:?} {} {}", request.method, params.join(" "), request.body.len()))
            }
            Ok(_) => (200, format!("ok {} {}", request.route, request.body.len())),
            Err(Failure::Refused(Refusal { code: RefusalCode::Overloaded, detail })) => (429, detail.clone()),
            Err(Failure::Refused(Refusal { code: RefusalCode::TooManyMessages, detail })) => {
                (403, detail.clone())
            }
            Err(Failure::Refused(refusal)) => (200, format!("no: {}", refusal.detail)),
            Err(Failure::Fault(_)) => (500, "fault".to_owned()),
        };
        Reply { status, headers: vec![("content-type", "text/plain".into())], body: text.into_bytes() }
    }
    fn unknown(&self, request: &EdgeRequest) -> Reply {
        let (status, why) = if request.route.is_empty() { (404, "unknown") } else { (405, "not so") };
        Reply { status, headers: Vec::new(), body: format!("{why} {}", request.path).into_bytes() }
    }
    fn preflight(&self) -> Reply {
        Reply { status: 200, headers: Vec::new(), body: b"preflight".to_vec() }
    }
    fn rates(&self) -> &'static [Rate] {
        &[
            Rate { key: "rates.calls", count: 3, per: A_DAY, doc: "calls" },
            Rate { key: "rates.messages", count: 5, per: A_DAY, doc: "messages" },
        ]
    }
    fn request_rates(&self, _: Method, route: &str) -> &'static [&'static str] {
        if route == "/rated" { &["rates.calls"] } else { &[] }
    }
    fn message_rates(&self, route: &str, command: &Command) -> (&'static [&'static str], u32) {
        // As many messages as the request asks for.
        let Command::Members { limit, .. } = command else { return (&[], 0) };
        assert_eq!(route, "/rated");
        (&["rates.messages"], u32::try_from(*limit).unwrap())
    }
    fn openapi(&self) -> serde_json::Value {
        serde_json::Value::Null
    }
}

/// Claims what is below `/mine/` and answers it in its own way.
pub(crate) struct ClaimingEdge;

impl Edge for ClaimingEdge {
    fn routes(&self) -> &'static [Route] {
        &[]
    }
    fn common_headers(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }
    fn open(&self, _: &EdgeRequest) -> Result<Opening, Refusal> {
        Err(no(RefusalCode::NotFound, "nothing is served"))
    }
    fn decode(&self, _: &EdgeRequest, _: Option<&Actor>) -> Result<Command, Refusal> {
        Err(no(RefusalCode::NotFound, "nothing is served"))
    }
    fn encode(&self, _: &EdgeRequest, _: &Result<Outcome, Failure>, _: UnixMs) -> Reply {
        Reply { status: 500, headers: Vec::new(), body: Vec::new() }
    }
    fn claims(&self, path: &str) -> bool {
        path.starts_with("/mine/")
    }
    fn unknown(&self, request: &EdgeRequest) -> Reply {
        Reply { status: 404, headers: Vec::new(), body: format!("mine {:?}", request.method).into_bytes() }
    }
    fn preflight(&self) -> Reply {
        Reply { status: 200, headers: Vec::new(), body: b"my preflight".to_vec() }
    }
    fn openapi(&self) -> serde_json::Value {
        serde_json::Value::Null
    }
}

/// `?token=user/platform&say=frame|reply`; frames are `send <peer> <text>`, `time`, `ping`, `bye`, `break`.
pub(crate) struct TextSocket;

impl Socket for TextSocket {
    fn hello(&self, query: &[(String, String)], _: &[(String, String)]) -> Result<Hello, Refusal> {
        let get = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let token = get("token").ok_or_else(|| no(RefusalCode::BadHandshake, "no token"))?;
        let (name, platform) = token.split_once('/').unwrap_or((token, "0"));
        let name = get("user").unwrap_or(name);
        let platform = platform_of(platform);
        Ok(Hello {
            user: user(name),
            token: token.into(),
            platform,
            operation_id: "op".to_owned(),
            background: false,
            version: String::new(),
            wire: Wire(1),
            wants_pings: platform == Platform::WEB,
        })
    }
    fn welcome(&self, _: &[(String, String)]) -> Option<Frame> {
        Some(Frame::Text("welcome".to_owned()))
    }
    fn turn_away(&self, query: &[(String, String)], refusal: &Refusal) -> TurnAway {
        let text = format!("away: {}", refusal.detail);
        if query.iter().any(|(key, value)| key == "say" && value == "frame") {
            TurnAway::Frame(Frame::Text(text))
        } else {
            TurnAway::Reply(Reply { status: 200, headers: Vec::new(), body: text.into_bytes() })
        }
    }
    fn read(&self, _: Wire, actor: &Actor, frame: &Frame) -> Incoming {
        let Frame::Text(text) = frame else { return Incoming::Close("not text".to_owned()) };
        let to = Correlation { request: 1, key: text.clone(), operation_id: Arc::from("op") };
        let words: Vec<&str> = text.split(' ').collect();
        match words.as_slice() {
            ["send", peer, said] => {
                Incoming::Request(to, Box::new(Command::Send(Box::new(draft(actor, peer, said)))))
            }
            ["time"] => Incoming::Request(to, Box::new(Command::ServerTime)),
            ["panic"] => Incoming::Request(to, Box::new(Command::Users { ids: Vec::new() })),
            ["decoder"] => panic!("on purpose"),
            ["ping"] => Incoming::Reply(Frame::Text("pong".to_owned())),
            ["bye"] => Incoming::Bye(to, Box::new(Command::ServerTime)),
            ["break"] => Incoming::Close("asked for".to_owned()),
            _ => Incoming::Malformed(to, no(RefusalCode::BadArgument, "what?")),
        }
    }
    fn answer(&self, _: Wire, to: &Correlation, result: &Result<Outcome, Failure>) -> Frame {
        let how = match result {
            Ok(_) => "ok".to_owned(),
            Err(Failure::Refused(refusal)) => format!("no: {}", refusal.detail),
            Err(Failure::Fault(_)) => "fault".to_owned(),
        };
        Frame::Text(format!("{} -> {how}", to.key))
    }
    fn push(&self, _: Wire, push: &Push) -> Frame {
        Frame::Text(format!("push {}", push.message.seq))
    }
    fn presences(&self, _: Wire, _: Option<&Correlation>, presences: &[UserPresence]) -> Frame {
        Frame::Text(format!("{presences:?}"))
    }
    fn kicked(&self, _: Wire) -> Frame {
        Frame::Text("kicked".to_owned())
    }
}

/// Does not care who comes and goes.
struct Nobody;

impl PresenceWatch for Nobody {
    fn saw(&self, _: Sighting) {}
}

fn draft(actor: &Actor, peer: &str, said: &str) -> ringback_model::command::Draft {
    let content = sample::content(ContentClass::Text, 1, said);
    let draft = sample::draft(actor.user.clone(), Target::User(user(peer)), content);
    ringback_model::command::Draft { platform: actor.platform, status: 0, ..draft }
}

pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) product: Arc<Scripted>,
    pub(crate) sessions: Arc<SessionTable>,
    pub(crate) tracker: TaskTracker,
    pub(crate) stop: CancellationToken,
}

fn quotas(rates: &[Rate]) -> Vec<(&'static str, Option<Quota>)> {
    rates.iter().map(|rate| (rate.key, Some(Quota { count: rate.count, per: rate.per }))).collect()
}

/// Says what it was asked; panics where it is asked to.
async fn administer(request: http::Request<hyper::body::Incoming>) -> Answer {
    let path = request.uri().path();
    assert!(!path.ends_with("/panic"), "on purpose");
    let said = format!("admin {} {path}", request.method());
    let mut answer = Answer::new(ReplyBody::new(said.into(), None));
    if path.ends_with("/labelled") {
        answer.extensions_mut().insert(RouteLabel("/admin/v1/{label}"));
    }
    answer
}

pub(crate) async fn start() -> Running {
    start_with(Duration::from_secs(20)).await
}

pub(crate) async fn start_with(silence: Duration) -> Running {
    let (stop, tracker) = (CancellationToken::new(), TaskTracker::new());
    let product =
        Arc::new(Scripted { gate: Semaphore::new(0), log: Mutex::default(), taken: Mutex::default() });
    let sessions = SessionTable::new(4, 1, Arc::new(Nobody));
    let sockets = Arc::new(Sockets {
        dialect: Arc::new(TextSocket),
        sessions: Arc::clone(&sessions),
        product: Arc::clone(&product) as Arc<dyn Product>,
        silence,
        login_policy: ringback_model::user::LoginPolicy::default(),
        tracker: tracker.clone(),
        stop: stop.clone(),
    });
    let edge: Arc<dyn Edge> = Arc::new(TextEdge);
    let http = Http::new(HttpParts {
        exports: None,
        edges: vec![Arc::clone(&edge), Arc::new(ClaimingEdge)],
        rates: Rates::new(&quotas(edge.rates())).unwrap(),
        default_edge: edge,
        admin: Arc::new(|request| Box::pin(administer(request))),
        clock: Arc::new(SystemClock),
        secure: false,
        objects: None,
        product: Arc::clone(&product) as Arc<dyn Product>,
        sockets,
        probes: Probes {
            readiness: Arc::new(|| vec![("store", Ok(())), ("tasks", Err("one is dead".to_owned()))]),
            metrics: telemetry::metrics().unwrap(),
        },
        body_read: Duration::from_millis(300),
        tracker: tracker.clone(),
    })
    .unwrap();
    let bound = listener::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = bound.address;
    let listening = Arc::new(Listening {
        name: "test",
        tls: None,
        connections: 64,
        header_read: Duration::from_secs(5),
        handler: Arc::new(move |request| Box::pin(Arc::clone(&http).answer(request))),
        tracker: tracker.clone(),
        stop: stop.clone(),
    });
    tokio::spawn(listener::run(bound, listening));
    Running { address, product, sessions, tracker, stop }
}
