//! What raises the events of the family: calls of its REST, and what clients of OpenIM do.

use http::Method;
use ringback_e2e::app::{conversation, platform};
use ringback_e2e::family::Family;
use ringback_e2e::rest::Rest;
use serde_json::{Value, json};

const P: &str = "/demo/demo";

pub(super) struct Deeds<'a>(pub(super) &'a Family);

impl Deeds<'_> {
    async fn rest(&self, method: Method, path: &str, body: Value) -> Value {
        let body = Some(&body).filter(|body| !body.is_null());
        self.0.ok(method, &format!("{P}{path}"), body).await["data"].clone()
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.rest(Method::POST, path, body).await
    }

    async fn put(&self, path: &str, body: Value) -> Value {
        self.rest(Method::PUT, path, body).await
    }

    async fn delete(&self, path: &str) -> Value {
        self.rest(Method::DELETE, path, Value::Null).await
    }

    async fn client(&self, user: &str) -> Rest {
        self.0.app.rest_of(user).await
    }

    /// A group, or a room, of alice with bob in it.
    async fn make(&self, kind: &str) -> String {
        let body = json!({ "groupname": "team", "name": "team", "public": true, "owner": "alice", "members": ["bob"] });
        let made = self.post(&format!("/{kind}"), body).await;
        let id = if kind == "chatgroups" { &made["groupid"] } else { &made["id"] };
        id.as_str().unwrap().to_owned()
    }

    /// Messages of all types to users, groups and rooms; and one to somebody who is offline.
    pub(super) async fn messages(&self) {
        let (group, room) = (self.make("chatgroups").await, self.make("chatrooms").await);
        for (kind, body) in [
            ("txt", json!({ "msg": "hi" })),
            (
                "img",
                json!({ "url": "http://x/i.png", "filename": "i.png", "size": { "width": 4, "height": 3 } }),
            ),
            ("audio", json!({ "url": "http://x/a.amr", "filename": "a.amr", "length": 3 })),
            (
                "video",
                json!({ "url": "http://x/v.mp4", "filename": "v.mp4", "length": 3, "thumb": "http://x/t" }),
            ),
            ("file", json!({ "url": "http://x/f.zip", "filename": "f.zip" })),
            ("loc", json!({ "lat": 39.9, "lng": 116.3, "addr": "here" })),
            ("cmd", json!({ "action": "blink" })),
            ("custom", json!({ "customEvent": "gift", "customExts": { "n": "1" } })),
        ] {
            for (place, to) in
                [("users", "bob"), ("chatgroups", group.as_str()), ("chatrooms", room.as_str())]
            {
                let message = json!({ "from": "alice", "to": [to], "type": kind, "body": body });
                self.post(&format!("/messages/{place}"), message).await;
            }
        }
        let alice = self.0.app.login("alice", platform::WEB).await;
        let merged =
            json!({ "title": "Talk", "abstractList": ["alice: hi"], "multiMessage": [] }).to_string();
        for mut message in
            [alice.text_to("bob", ""), alice.text_to_group(&group, ""), alice.text_to_group(&room, "")]
        {
            message.content_type = 107;
            message.content = merged.clone().into_bytes();
            alice.send(&message).await.taken();
        }
    }

    /// A message is changed, reacted to and taken back; others are read; something is said in a thread.
    pub(super) async fn follow_ups(&self) {
        let ids = self.0.send("alice", &["bob"], "helo").await;
        let id = ids["bob"].as_str().unwrap();
        let edit = json!({ "user": "alice", "new_msg": { "type": "txt", "msg": "hello" } });
        self.put(&format!("/messages/rewrite/{id}"), edit).await;
        self.post("/reaction/user/bob", json!({ "msgId": id, "message": "smile" })).await;
        self.delete(&format!("/reaction/user/bob?msgId={id}&message=smile")).await;
        let chat = conversation("alice", "bob");
        let bob = self.client("bob").await;
        let read = json!({ "conversationID": chat, "seqs": [1], "userID": "bob" });
        bob.post("/msg/mark_msgs_as_read", &read).await.data();
        let read = json!({ "conversationID": chat, "hasReadSeq": 5, "seqs": [], "userID": "bob" });
        bob.post("/msg/mark_conversation_as_read", &read).await.data();
        let group = self.make("chatgroups").await;
        let said = self.0.send_to("chatgroups", "alice", &[&group], "tea?").await;
        let new = json!({ "group_id": group, "name": "drinks", "owner": "bob", "msg_id": said[&group] });
        let thread = self.post("/thread", new).await["thread_id"].as_str().unwrap().to_owned();
        self.0.send_to("chatgroups", "bob", &[&thread], "tea").await;
        let back = json!({ "msg_id": id, "to": "bob", "chat_type": "chat", "from": "alice", "force": true });
        self.post("/messages/msg_recall", back).await;
    }

    /// Everything that administrators of the app do to a group, or a room.
    pub(super) async fn manage(&self, kind: &str) {
        let id = self.make(kind).await;
        let at = |rest: &str| format!("/{kind}/{id}{rest}");
        self.put(&at(""), json!({ "name": "new name", "description": "d" })).await;
        self.post(&at("/users/carol"), Value::Null).await;
        self.post(&at("/admin"), json!({ "newadmin": "bob" })).await;
        self.delete(&at("/admin/bob")).await;
        self.post(&at("/mute"), json!({ "usernames": ["bob"], "mute_duration": 60_000 })).await;
        self.delete(&at("/mute/bob")).await;
        self.post(&at("/ban"), Value::Null).await;
        self.delete(&at("/ban")).await;
        self.post(&at("/white/users/bob"), Value::Null).await;
        self.delete(&at("/white/users/bob")).await;
        self.post(&at("/announcement"), json!({ "announcement": "Meet at ten." })).await;
        self.post(&at("/announcement"), json!({ "announcement": "" })).await;
        self.post(&at("/blocks/users/carol"), Value::Null).await;
        self.delete(&at("/blocks/users/carol")).await;
        self.put(&at(""), json!({ "newowner": "bob" })).await;
        self.delete(&at("/users/alice")).await;
        if kind == "chatgroups" {
            let file = json!({ "file_name": "plan.pdf", "file_size": 20480, "file_owner": "bob" });
            let file = self.post(&at("/share_files"), file).await;
            self.delete(&at(&format!("/share_files/{}", file["file_id"].as_str().unwrap()))).await;
            self.post(&at("/disable"), Value::Null).await;
            self.post(&at("/enable"), Value::Null).await;
            let texts = json!({ "metaData": { "role": "host" } });
            self.put(&format!("/metadata/chatgroup/{id}/user/bob"), texts).await;
        } else {
            let texts = json!({ "metaData": { "topic": "tea" } });
            self.put(&format!("/metadata/chatroom/{id}/user/bob"), texts).await;
            let keys = json!({ "keys": ["topic"] });
            self.rest(Method::DELETE, &format!("/metadata/chatroom/{id}/user/bob"), keys).await;
            self.post("/chatrooms/super_admin", json!({ "superadmin": "bob" })).await;
            self.delete("/chatrooms/super_admin/bob").await;
        }
        self.delete(&at("")).await;
    }

    /// What only clients do in groups: invite, ask, answer, want to hear nothing, leave.
    pub(super) async fn group_life(&self) {
        let id = self.make("chatgroups").await;
        let (alice, bob, dave) =
            (self.client("alice").await, self.client("bob").await, self.client("dave").await);
        let ask_all = json!({ "groupID": id, "needVerification": 1 });
        alice.post("/group/set_group_info_ex", &ask_all).await.data();
        let invite = json!({ "groupID": id, "invitedUserIDs": ["carol"], "reason": "new" });
        alice.post("/group/invite_user_to_group", &invite).await.data();
        let wish = json!({ "groupID": id, "reqMessage": "please", "joinSource": 3, "inviterUserID": "dave" });
        dave.post("/group/join_group", &wish).await.data();
        let yes = json!({ "groupID": id, "fromUserID": "dave", "handledMsg": "sure", "handleResult": 1 });
        alice.post("/group/group_application_response", &yes).await.data();
        for receive in [1, 0] {
            let option = json!({ "conversationID": format!("sg_{id}"), "conversationType": 3, "groupID": id,
                "recvMsgOpt": receive });
            let set = json!({ "userIDs": ["bob"], "conversation": option });
            bob.post("/conversation/set_conversations", &set).await.data();
        }
        // Whom an ordinary member invites is let in by the owner, or not.
        let erin = json!({ "groupID": id, "invitedUserIDs": ["erin"], "reason": "a friend" });
        for answer in [-1, 1] {
            bob.post("/group/invite_user_to_group", &erin).await.data();
            let said =
                json!({ "groupID": id, "fromUserID": "erin", "handledMsg": "", "handleResult": answer });
            alice.post("/group/group_application_response", &said).await.data();
        }
        bob.post("/group/quit_group", &json!({ "groupID": id, "userID": "bob" })).await.data();
    }

    /// Requests that are accepted and declined, parting, blocking.
    pub(super) async fn contacts(&self) {
        let (alice, bob, carol) =
            (self.client("alice").await, self.client("bob").await, self.client("carol").await);
        for (friend, rest, answer) in [("bob", &bob, 1), ("carol", &carol, -1)] {
            let ask = json!({ "fromUserID": "alice", "toUserID": friend, "reqMsg": "hello", "ex": "" });
            alice.post("/friend/add_friend", &ask).await.data();
            let reply =
                json!({ "fromUserID": "alice", "toUserID": friend, "handleResult": answer, "handleMsg": "" });
            rest.post("/friend/add_friend_response", &reply).await.data();
        }
        self.delete("/users/alice/contacts/users/bob").await;
        self.post("/users/alice/blocks/users", json!({ "usernames": ["bob"] })).await;
        self.delete("/users/alice/blocks/users/bob").await;
    }

    /// Comes, goes, comes again and is cut off.
    pub(super) async fn presence(&self) {
        let first = self.0.app.login("erin", platform::WEB).await;
        drop(first);
        ringback_e2e::until("erin is offline", async || {
            let status = self.rest(Method::GET, "/users/erin/status", Value::Null).await;
            (status["erin"] == "offline").then_some(())
        })
        .await;
        let second = self.0.app.login("erin", platform::IOS).await;
        self.rest(Method::GET, "/users/erin/disconnect", Value::Null).await;
        second.closed().await;
    }

    /// A word that is refused, one that is replaced, one that is reported.
    pub(super) async fn words(&self) {
        for (list, action, word) in
            [("a", "refuse", "poison"), ("b", "replace", "rude"), ("c", "report", "watch")]
        {
            let body = json!({ "action": action, "words": [word] });
            self.0.ok(Method::PUT, &format!("/admin/v1/keywords/{list}"), Some(&body)).await;
            let message = json!({ "from": "alice", "to": ["bob"], "type": "txt", "body": { "msg": word } });
            let reply = self.0.call(Method::POST, &format!("{P}/messages/users"), Some(&message)).await;
            assert_eq!(reply.status, if action == "refuse" { 403 } else { 200 }, "{}", reply.body);
        }
    }
}
