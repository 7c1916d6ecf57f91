//! Tokens where they do not belong: forged, of another app, of another kind.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::Method;
use ringback_e2e::app::platform;
use ringback_e2e::client::{Client, Login};
use ringback_e2e::family::Family;
use ringback_e2e::setup::Setup;
use ringback_e2e::token::{DEV_SECRET, claims, now_s, sign};
use serde_json::{Value, json};
use sha2::{Sha256, Sha384};

use super::siege::Siege;

/// The doors that a token may open.
#[derive(Debug, Default, PartialEq, Eq)]
struct Doors {
    /// The first dialect's REST.
    rest: bool,
    /// The second dialect's REST.
    family: bool,
    admin: bool,
    /// A WebSocket as the user `alice`, as the administrator, and as `bob`.
    sockets: [bool; 3],
}

/// Tries a token at every door. What is refused must be refused in the door's form, and must not repeat the token.
async fn doors(family: &Family, token: &str) -> Doors {
    let rest = family.app.server.rest();
    let is_header = token.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    let mut doors = Doors::default();
    if is_header {
        let headers = [("operationID", "op"), ("token", token), ("content-type", "application/json")];
        let reply = rest.send(Method::POST, "/msg/get_server_time", &headers, "{}").await;
        doors.rest = reply.code() == 0;
        assert!(doors.rest || (1500..1600).contains(&reply.code()) || reply.code() == 1001, "{}", reply.body);
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        let reply = rest.send(Method::GET, "/app-id/demo/chatgroups/1", &headers, "").await;
        doors.family = reply.status != 401;
        assert!(reply.body["error"].is_string(), "{}", reply.body);
        let told = rest.send(Method::GET, "/admin/v1/rules", &headers, "").await;
        doors.admin = told.status == 200;
        assert!([200, 401, 403].contains(&told.status), "{}", told.body);
        for reply in [reply, told] {
            let text = String::from_utf8_lossy(&reply.bytes).into_owned();
            assert!(token.len() < 16 || !text.contains(token), "the answer repeats the token: {text}");
        }
    }
    let escaped =
        percent_encoding::utf8_percent_encode(token, percent_encoding::NON_ALPHANUMERIC).to_string();
    for (number, user) in ["alice", "imAdmin", "bob"].into_iter().enumerate() {
        // An administrator's platform is his own.
        let platform = if user == "imAdmin" { 10 } else { platform::WEB };
        let login = Login::new(user, &escaped, platform);
        doors.sockets[number] = Client::connect(family.app.server.addr(), &login).await.is_ok();
    }
    doors
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// A token with this head, signed with HS256 whatever the head says.
fn with_head(head: &Value, claims: &Value, key: &[u8]) -> String {
    let body = format!("{}.{}", encoded(head), encoded(claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(body.as_bytes());
    format!("{body}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

fn hs384(claims: &Value, key: &[u8]) -> String {
    let body = format!("{}.{}", encoded(&json!({ "alg": "HS384", "typ": "JWT" })), encoded(claims));
    let mut mac = Hmac::<Sha384>::new_from_slice(key).unwrap();
    mac.update(body.as_bytes());
    format!("{body}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

/// The same token with another middle or end.
fn parts(token: &str) -> [&str; 3] {
    let mut parts = token.split('.');
    [parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap()]
}

/// Everything that is not a token, made of a good one of `alice`, a good one of the administrator, and an app's.
fn forged(user: &str, admin: &str, app: &str) -> Vec<(&'static str, String)> {
    let alice = claims("alice", platform::WEB, 3600);
    let boss = claims("imAdmin", 10, 3600);
    let hs256 = json!({ "alg": "HS256", "typ": "JWT" });
    let [head, body, signature] = parts(user);
    let [_, admin_body, admin_signature] = parts(admin);
    let mut not_yet = boss.clone();
    not_yet["nbf"] = json!(now_s() + 3000);
    let unsigned = |alg: &str, end: &str| {
        format!("{}.{}.{end}", encoded(&json!({ "alg": alg, "typ": "JWT" })), encoded(&boss))
    };
    // Its last character has bits that mean nothing; only one of the four spellings is the token.
    let last = signature.chars().last().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let at = alphabet.find(last).unwrap();
    let sibling = &alphabet[at ^ 1..][..1];
    let respelled = format!("{head}.{body}.{}{sibling}", &signature[..signature.len() - 1]);
    vec![
        ("nothing", String::new()),
        ("alg none", unsigned("none", "")),
        ("alg None", unsigned("None", "")),
        ("alg nOnE, with a signature", unsigned("nOnE", signature)),
        ("alg none, two parts", unsigned("none", "").trim_end_matches('.').to_owned()),
        ("HS384", hs384(&boss, DEV_SECRET.as_bytes())),
        ("RS256 in name", with_head(&json!({ "alg": "RS256", "typ": "JWT" }), &boss, DEV_SECRET.as_bytes())),
        ("ES256 in name", with_head(&json!({ "alg": "ES256", "typ": "JWT" }), &boss, DEV_SECRET.as_bytes())),
        (
            "a key of its own",
            with_head(&json!({ "alg": "HS256", "jwk": { "kty": "oct", "k": "AA" } }), &boss, &[0]),
        ),
        ("a key by file", with_head(&json!({ "alg": "HS256", "kid": "../../../dev/null" }), &boss, b"")),
        ("a key by URL", with_head(&json!({ "alg": "HS256", "jku": "http://127.0.0.1:9/" }), &boss, b"x")),
        ("an empty key", with_head(&hs256, &boss, b"")),
        ("another secret", sign(&boss, "another secret")),
        ("the secret and a blank", sign(&boss, &format!("{DEV_SECRET} "))),
        ("expired", sign(&claims("imAdmin", 10, -100), DEV_SECRET)),
        ("not yet valid", sign(&not_yet, DEV_SECRET)),
        ("never handed out", sign(&alice, DEV_SECRET)),
        ("no signature", format!("{head}.{body}.")),
        ("two parts", format!("{head}.{body}")),
        ("four parts", format!("{user}.{signature}")),
        ("another's signature", format!("{head}.{body}.{admin_signature}")),
        ("another's claims", format!("{head}.{admin_body}.{signature}")),
        ("half a signature", format!("{head}.{body}.{}", &signature[..20])),
        ("a padded signature", format!("{user}=")),
        ("a respelled signature", respelled),
        ("a blank inside", format!("{head}. {body}.{signature}")),
        ("claims twice", {
            let twice =
                format!(r#"{{"UserID":"alice","UserID":"imAdmin","PlatformID":10,"exp":{}}}"#, now_s() + 60);
            let unsigned = format!("{head}.{}", URL_SAFE_NO_PAD.encode(twice));
            format!("{unsigned}.{signature}")
        }),
        ("JSON instead", json!({ "payload": body, "signature": signature }).to_string()),
        ("an app's mark before it", format!("YWMt{user}")),
        ("an app's, without its mark", app.trim_start_matches("YWMt").to_owned()),
        ("an app's, cut", app[..app.len() - 4].to_owned()),
        ("AccessToken2 of nothing", "007".to_owned()),
        ("AccessToken2 of zeros", format!("007{}", "A".repeat(400))),
        ("the secret itself", DEV_SECRET.to_owned()),
        ("20,000 characters", format!("{user}{}", "A".repeat(20_000))),
        ("a NUL", format!("{user}\0")),
    ]
}

#[tokio::test]
async fn no_forged_token_opens_any_door_and_none_is_written_down() {
    let setup = Setup::dev().setting("logging.level", "debug").setting("logging.format", "json");
    let mut siege = Siege::begin("forged tokens", setup).await;
    let user = siege.app().token("alice", platform::WEB).await;
    let admin = siege.app().admin_token().to_owned();
    let app = siege.family.token().to_owned();
    let forged = forged(&user, &admin, &app);
    for (what, token) in &forged {
        assert_eq!(doors(&siege.family, token).await, Doors::default(), "{what}");
    }
    // What is genuine opens its own doors and no other.
    let of_alice = Doors { rest: true, sockets: [true, false, false], ..Doors::default() };
    assert_eq!(doors(&siege.family, &user).await, Doors { family: false, ..of_alice });
    let of_admin = doors(&siege.family, &admin).await;
    assert!(of_admin.rest && of_admin.admin && !of_admin.sockets[0] && !of_admin.sockets[2], "{of_admin:?}");
    let of_app = doors(&siege.family, &app).await;
    assert!(of_app.family && of_app.admin && !of_app.sockets[0] && !of_app.sockets[2], "{of_app:?}");
    let genuine = [user.as_str(), admin.as_str(), app.as_str()].map(|token| parts(token)[2].to_owned());
    for line in siege.app().server.log().all() {
        assert!(!line.contains(DEV_SECRET), "{line}");
        assert!(genuine.iter().all(|signature| !line.contains(signature)), "{line}");
        for (what, token) in forged.iter().filter(|(_, token)| token.len() > 16) {
            assert!(!line.contains(token.as_str()), "{what}: {line}");
        }
    }
    siege.others_are_served().await;
    let count = forged.len();
    siege.over(count).await;
}

#[tokio::test]
async fn tokens_of_one_app_are_nothing_to_another() {
    let siege = Siege::begin("tokens of another app", Setup::dev()).await;
    // The same secret, but an app of its own: what names the app must be refused for that alone.
    let sister = Setup::dev().setting("app.org", "sister").setting("app.name", "app");
    let sister = Family::start(sister, &["alice", "bob"]).await;
    let stranger = Family::start(Setup::dev().setting("secret", "a secret of its own"), &[]);
    // Its administrator cannot log in with the secret of others: the harness would panic.
    let stranger = tokio::spawn(stranger).await;
    assert!(stranger.is_err(), "the other server took this server's secret");
    for (there, token) in
        [("user", sister.app.token("alice", platform::WEB).await), ("app", sister.token().to_owned())]
    {
        let opened = doors(&siege.family, &token).await;
        assert_eq!(opened, Doors::default(), "the sister's {there} token opens something here");
    }
    for token in [siege.app().token("alice", platform::WEB).await, siege.family.token().to_owned()] {
        assert_eq!(
            doors(&sister, &token).await,
            Doors::default(),
            "this server's token opens something there"
        );
    }
    siege.over(4).await;
}
