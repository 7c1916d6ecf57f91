//! Bodies that can be sent as they stand. Source: easemob-rest fact sheet 3.1, 4, 6, 8, 9; document 003.

use ringback_model::dialect::Method;
use serde_json::{Value, json};

/// Examples for a resource; none where it takes no body.
pub(super) fn of(method: Method, resource: &str) -> Vec<(&'static str, Value)> {
    match resource {
        "/metadata/chatroom/{id}/user/{user}" | "/metadata/chatroom/{id}/user/{user}/forced" => {
            of_room_metadata(method)
        }
        "/token" => tokens(),
        "/users" => vec![
            ("one", json!({"username": "alice", "password": "pw-demo", "nickname": "Alice"})),
            (
                "several",
                json!([{"username": "bob", "password": "pw-demo"}, {"username": "carol", "password": "pw-demo"}]),
            ),
        ],
        "/users/{user}" => vec![("name", json!({"nickname": "Alice"}))],
        "/users/{user}/password" => vec![("password", json!({"newpassword": "pw-other"}))],
        "/users/batch/status" => vec![("two", json!({"usernames": ["alice", "bob"]}))],
        "/metadata/user/{user}" => vec![("picture", json!({"avatarurl": "https://example.test/a.png"}))],
        "/metadata/user/get" => {
            vec![("two", json!({"targets": ["alice", "bob"], "properties": ["avatarurl"]}))]
        }
        "/mutes" => {
            vec![("anHour", json!({"username": "bob", "chat": 0, "groupchat": 3600, "chatroom": -1}))]
        }
        "/user/{user}/contacts/users/{other}" => vec![("name", json!({"remark": "Bobby"}))],
        "/users/{user}/contacts/import" | "/users/{user}/blocks/users" => {
            vec![("two", json!({"usernames": ["bob", "carol"]}))]
        }
        "/messages/users" => to_users(),
        "/messages/chatgroups" => vec![("text", to_groups())],
        "/messages/chatrooms" => vec![("text", to_rooms())],
        "/messages" => vec![("text", old())],
        "/messages/msg_recall" => vec![("message", recall())],
        "/messages/batch_recall" | "/messages/recall" => vec![("messages", json!({"msgs": [recall()]}))],
        "/messages/rewrite/{msg_id}" => vec![
            (
                "text",
                json!({"user": "alice", "new_msg": {"type": "txt", "msg": "hi there"}, "new_ext": {"k": "w"},
                       "is_combine_ext": true}),
            ),
            (
                "custom",
                json!({"new_msg": {"type": "custom", "customEvent": "order", "customExts": {"id": "8"}}}),
            ),
        ],
        "/reaction/user/{user}" => {
            vec![("reaction", json!({"msgId": "1357924680135792401", "message": "thumbs_up"}))]
        }
        "/thread" => {
            let of = json!({"group_id": "270011223344556", "name": "tea", "owner": "alice", "msg_id": "1357924680135792401"});
            vec![("thread", of)]
        }
        "/thread/{id}" => vec![("name", json!({"name": "coffee"}))],
        "/thread/{id}/users" => vec![("two", json!({"usernames": ["bob", "carol"]}))],
        "/chatgroups" => vec![("group", group())],
        "/chatrooms" => vec![("room", room())],
        "/chatgroups/{id}/users" | "/chatrooms/{id}/users" => {
            vec![("two", json!({"usernames": ["bob", "carol"]}))]
        }
        "/callbacks/storage/retry" | "/callback/storage/retry" => vec![
            ("own", json!({"date": "202411071040", "retry": 0})),
            (
                "elsewhere",
                json!({"date": "202411071040", "retry": 1, "targetUrl": "https://example.test/callbacks"}),
            ),
        ],
        _ => of_settings(resource),
    }
}

/// Those about what users set, or the app for them.
fn of_settings(resource: &str) -> Vec<(&'static str, Value)> {
    match resource {
        "/push/nickname" => {
            vec![(
                "two",
                json!([{"username": "alice", "push_nickname": "Al"}, {"username": "bob", "push_nickname": "Bo"}]),
            )]
        }
        "/users/{user}/notification/{kind}/{key}" => vec![("quiet", json!({"type": "NONE"}))],
        "/users/{user}/user_channel" => {
            vec![("chat", json!({"channel": "bob", "type": "chat", "delete_roam": true}))]
        }
        _ => of_managing(resource),
    }
}

/// Two methods of one resource, each with a body of its own.
fn of_room_metadata(method: Method) -> Vec<(&'static str, Value)> {
    match method {
        Method::Delete => vec![("two", json!({"keys": ["theme", "seat-1"]}))],
        _ => {
            let attributes = json!({"theme": "dark", "seat-1": "bob"});
            vec![("two", json!({"metaData": attributes, "autoDelete": "NO_DELETE"}))]
        }
    }
}

/// Examples for what is done to a group or room.
fn of_managing(resource: &str) -> Vec<(&'static str, Value)> {
    match resource {
        "/chatgroups/{id}" => vec![
            ("settings", json!({"groupname": "team 2", "description": "ours", "maxusers": 300})),
            ("owner", json!({"newowner": "bob"})),
        ],
        "/chatrooms/{id}" => vec![
            ("settings", json!({"name": "hall 2", "description": "ours", "maxusers": 300})),
            ("owner", json!({"newowner": "bob"})),
        ],
        "/chatgroups/{id}/admin" | "/chatrooms/{id}/admin" => vec![("admin", json!({"newadmin": "bob"}))],
        "/chatgroups/{id}/mute" | "/chatrooms/{id}/mute" => {
            vec![("anHour", json!({"usernames": ["bob"], "mute_duration": 3_600_000}))]
        }
        "/chatgroups/{id}/announcement" | "/chatrooms/{id}/announcement" => {
            vec![("text", json!({"announcement": "Meet at ten."}))]
        }
        "/chatgroups/{id}/blocks/users"
        | "/chatrooms/{id}/blocks/users"
        | "/chatgroups/{id}/white/users"
        | "/chatrooms/{id}/white/users" => vec![("two", json!({"usernames": ["bob", "carol"]}))],
        "/chatgroups/{id}/share_files" => {
            let url = "https://example.test/plan.pdf";
            vec![("file", json!({"file_name": "plan.pdf", "file_size": 20480, "file_url": url}))]
        }
        "/metadata/chatroom/{id}" => vec![("two", json!({"keys": ["theme", "seat-1"]}))],
        "/metadata/chatgroup/{id}/user/{user}" => vec![("card", json!({"metaData": {"card": "Team Bob"}}))],
        "/metadata/chatgroup/{id}/get" => {
            vec![("card", json!({"targets": ["alice", "bob"], "properties": ["card"]}))]
        }
        "/chatrooms/super_admin" => vec![("one", json!({"superadmin": "bob"}))],
        _ => Vec::new(),
    }
}

fn tokens() -> Vec<(&'static str, Value)> {
    vec![
        (
            "app",
            json!({"grant_type": "client_credentials", "client_id": "demo", "client_secret": "demo", "ttl": 86400}),
        ),
        ("user", json!({"grant_type": "password", "username": "alice", "password": "pw-demo", "ttl": 3600})),
        (
            "inUsersName",
            json!({"grant_type": "inherit", "username": "alice", "autoCreateUser": true, "ttl": 0}),
        ),
        ("exchange", json!({"grant_type": "agora"})),
    ]
}

fn to_users() -> Vec<(&'static str, Value)> {
    let message =
        |kind: &str, body: Value| json!({"from": "alice", "to": ["bob"], "type": kind, "body": body});
    let text = json!({
        "from": "alice", "to": ["bob", "carol"], "type": "txt", "body": {"msg": "hi"}, "ext": {"k": "v"},
        "sync_device": true, "routetype": "ROUTE_ONLINE", "roam_ignore_users": ["carol"],
    });
    let url = "https://example.test/file";
    vec![
        ("text", text),
        (
            "image",
            message(
                "img",
                json!({"url": url, "filename": "p.png", "secret": "s", "size": {"width": 480, "height": 720}}),
            ),
        ),
        ("voice", message("audio", json!({"url": url, "filename": "v.amr", "secret": "s", "length": 3}))),
        (
            "video",
            message(
                "video",
                json!({"url": url, "filename": "v.mp4", "thumb": url, "length": 4, "file_length": 65536}),
            ),
        ),
        ("file", message("file", json!({"url": url, "filename": "f.pdf", "secret": "s"}))),
        ("location", message("loc", json!({"lat": 39.966, "lng": 116.322, "addr": "a street"}))),
        ("command", message("cmd", json!({"action": "refresh"}))),
        ("custom", message("custom", json!({"customEvent": "order", "customExts": {"id": "7"}}))),
    ]
}

fn to_groups() -> Value {
    json!({"from": "alice", "to": ["270011223344556"], "type": "txt", "body": {"msg": "hi"}, "ext": {},
           "need_group_ack": true})
}

fn to_rooms() -> Value {
    json!({"from": "alice", "to": ["270011223344557"], "type": "txt", "body": {"msg": "hi"},
           "chatroom_msg_level": "high"})
}

fn old() -> Value {
    json!({"target_type": "users", "target": ["bob"], "from": "alice", "msg": {"type": "txt", "msg": "hi"},
           "ext": {"k": "v"}})
}

fn recall() -> Value {
    json!({"msg_id": "1357924680135792401", "to": "bob", "chat_type": "chat", "from": "alice", "force": true,
           "recallMessageExtensionInfo": ""})
}

fn group() -> Value {
    json!({
        "groupid": "270011223344556", "groupname": "team", "description": "demo",
        "avatar": "https://example.test/team.png", "public": true, "owner": "alice", "members": ["bob"],
        "maxusers": 200, "membersonly": false, "custom": "",
    })
}

fn room() -> Value {
    json!({"name": "hall", "description": "demo", "owner": "alice", "maxusers": 1000, "members": ["bob"], "custom": ""})
}
