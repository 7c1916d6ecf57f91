//! People who befriend each other and live in groups: each step is asked for once, and what was acknowledged must be
//! there in the end, with its callback. A step without an answer may have been done or not.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::backend::{Backend, Kind};
use super::callbacks::LAST;
use super::churn::answered;
use super::load::Load;
use super::report::{Violation, hold};
use crate::app::App;
use crate::receiver::Call;
use crate::rest::Rest;

/// Callbacks that tell of these steps: key of the file, command.
pub(super) const RULES: [(&str, &str); 6] = [
    ("afterAddFriendAgree", "callbackAfterAddFriendAgreeCommand"),
    ("afterDeleteFriend", "callbackAfterDeleteFriendCommand"),
    ("afterCreateGroup", "callbackAfterCreateGroupCommand"),
    ("afterJoinGroup", "callbackAfterJoinGroupCommand"),
    ("afterKickGroupMember", "callbackAfterKickGroupCommand"),
    ("afterQuitGroup", "callbackAfterQuitGroupCommand"),
];

/// Pause between two stories.
const PAUSE: Duration = Duration::from_millis(60);
/// Wait after a call without an answer: the server is down.
const BREATH: Duration = Duration::from_millis(50);
/// How often the callbacks that are there are looked at while the last ones come.
const LOOK: Duration = Duration::from_millis(100);

/// How sure it is that something was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sure {
    Asked,
    Acknowledged,
}

/// What was asked for and acknowledged.
#[derive(Debug, Default)]
pub(super) struct Relations {
    /// By key of the callback.
    steps: Mutex<BTreeMap<String, Sure>>,
    /// Of each story: how far it came.
    stories: Mutex<Vec<Story>>,
}

/// Two people, their friendship, and their group.
#[derive(Debug, Clone, Default)]
struct Story {
    one: String,
    other: String,
    agreed: Option<Sure>,
    parted: Option<Sure>,
    group: Option<String>,
    invited: Option<Sure>,
    kicked: Option<Sure>,
    left: Option<Sure>,
}

impl Relations {
    /// How many steps were acknowledged.
    pub(super) fn acknowledged(&self) -> u64 {
        let steps = self.steps.lock().unwrap();
        steps.values().filter(|sure| **sure == Sure::Acknowledged).count() as u64
    }
}

/// Works until the load stops.
pub(super) async fn work(mut load: Load, token: String, relations: Arc<Relations>) {
    let mut number = 0_u64;
    while !load.shared.stopped() {
        let addr = *load.addr.borrow_and_update();
        number += 1;
        let mut teller = Teller { rest: Rest::new(addr).with_token(&token), relations: &relations };
        let mut story =
            Story { one: format!("one{number}"), other: format!("other{number}"), ..Story::default() };
        let told = teller.tell(&mut story, number).await;
        relations.stories.lock().unwrap().push(story);
        if told.is_none() {
            tokio::time::sleep(BREATH).await;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

struct Teller<'a> {
    rest: Rest,
    relations: &'a Relations,
}

impl Teller<'_> {
    /// `None` where some answer did not come, or was not a good one.
    async fn tell(&mut self, story: &mut Story, number: u64) -> Option<()> {
        let (one, other) = (story.one.clone(), story.other.clone());
        let third = format!("third{number}");
        let users = [&one, &other, &third].map(|id| json!({ "userID": id, "nickname": id }));
        self.ask("/user/user_register", &json!({ "users": users })).await?;
        let ask = json!({ "fromUserID": one, "toUserID": other, "reqMsg": "hello", "ex": "" });
        self.ask("/friend/add_friend", &ask).await?;
        let agree = json!({ "fromUserID": one, "toUserID": other, "handleResult": 1, "handleMsg": "yes" });
        let key = format!("agree {one} {other}");
        self.step("/friend/add_friend_response", &agree, &[key], &mut story.agreed).await?;
        if number.is_multiple_of(2) {
            let part = json!({ "ownerUserID": one, "friendUserID": other });
            let key = format!("part {one} {other}");
            self.step("/friend/delete_friend", &part, &[key], &mut story.parted).await?;
        }
        let group = format!("7{number:09}");
        let new = json!({
            "ownerUserID": one, "memberUserIDs": [other],
            "groupInfo": { "groupID": group, "groupName": "story", "groupType": 2 },
        });
        story.group = Some(group.clone());
        let mut made = None;
        self.step("/group/create_group", &new, &[format!("create {group}")], &mut made).await?;
        let invite = json!({ "groupID": group, "invitedUserIDs": [third], "reason": "" });
        let key = format!("join {group}");
        self.step("/group/invite_user_to_group", &invite, &[key], &mut story.invited).await?;
        if number.is_multiple_of(3) {
            let kick = json!({ "groupID": group, "kickedUserIDs": [third], "reason": "" });
            self.step("/group/kick_group", &kick, &[format!("kick {group} {third}")], &mut story.kicked)
                .await?;
        }
        let quit = json!({ "groupID": group, "userID": other });
        self.step("/group/quit_group", &quit, &[format!("quit {group} {other}")], &mut story.left).await
    }

    async fn ask(&self, path: &str, body: &Value) -> Option<Value> {
        answered(&self.rest, path, body).await
    }

    /// Asks for something that a callback tells of.
    async fn step(&self, path: &str, body: &Value, keys: &[String], sure: &mut Option<Sure>) -> Option<()> {
        let note = |as_sure| {
            let mut steps = self.relations.steps.lock().unwrap();
            steps.extend(keys.iter().map(|key| (key.clone(), as_sure)));
        };
        note(Sure::Asked);
        *sure = Some(Sure::Asked);
        self.ask(path, body).await?;
        note(Sure::Acknowledged);
        *sure = Some(Sure::Acknowledged);
        Some(())
    }
}

/// The step that a callback tells of, as it is noted; `None` for those about others.
pub(super) fn key(call: &Call) -> Option<String> {
    let body = &call.body;
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let key = match call.command.as_str() {
        "callbackAfterAddFriendAgreeCommand" => format!("agree {} {}", text("fromUserID"), text("toUserID")),
        "callbackAfterDeleteFriendCommand" => {
            format!("part {} {}", text("ownerUserID"), text("friendUserID"))
        }
        "callbackAfterCreateGroupCommand" => format!("create {}", text("groupID")),
        "callbackAfterJoinGroupCommand" => format!("join {}", text("groupID")),
        "callbackAfterKickGroupCommand" => {
            format!("kick {} {}", text("groupID"), body["kickedUserIDs"][0].as_str().unwrap_or_default())
        }
        "callbackAfterQuitGroupCommand" => format!("quit {} {}", text("groupID"), text("userID")),
        _ => return None,
    };
    // Those of the other groups of a campaign are told of as well.
    let ours = key.contains(" one") || key.split(' ').nth(1).is_some_and(|group| group.starts_with("7000"));
    ours.then_some(key)
}

/// Everything that was acknowledged is there, and was told; nothing was told that nobody asked for.
pub(super) async fn check(app: &App, backend: &Backend, relations: &Relations) -> Result<(), Violation> {
    told(backend, relations).await?;
    let stories = relations.stories.lock().unwrap().clone();
    for story in &stories {
        friends(app, story).await?;
        members(app, story).await?;
    }
    Ok(())
}

async fn told(backend: &Backend, relations: &Relations) -> Result<(), Violation> {
    let steps = relations.steps.lock().unwrap().clone();
    let missing = || {
        let log = backend.log.lock().unwrap();
        let taken = |key: &String| log.seen.get(&(Kind::Step, key.clone())).is_some_and(|seen| seen.taken);
        let mut acknowledged = steps.iter().filter(|(_, sure)| **sure == Sure::Acknowledged);
        acknowledged.find(|(key, _)| !taken(key)).map(|(key, _)| key.clone())
    };
    let waited = tokio::time::timeout(LAST, async {
        while missing().is_some() {
            tokio::time::sleep(LOOK).await;
        }
    });
    if waited.await.is_err() {
        return Err(Violation::new("every acknowledged step is told", format!("missing: {:?}", missing())));
    }
    let log = backend.log.lock().unwrap();
    for (kind, key) in log.seen.keys().filter(|(kind, _)| *kind == Kind::Step) {
        hold(steps.contains_key(key), "steps are told that somebody has asked for", || {
            format!("{kind:?} {key}")
        })?;
    }
    Ok(())
}

/// Whether something is so, must not be so, or may be either.
fn fits(is: bool, did: Option<Sure>, undid: Option<Sure>) -> bool {
    match (did, undid) {
        (None, _) | (_, Some(Sure::Acknowledged)) => !is,
        (Some(Sure::Acknowledged), None) => is,
        (Some(Sure::Asked), _) | (_, Some(Sure::Asked)) => true,
    }
}

async fn friends(app: &App, story: &Story) -> Result<(), Violation> {
    let asked = json!({ "userID1": story.one, "userID2": story.other });
    let reply = app.admin().post("/friend/is_friend", &asked).await;
    if story.agreed.is_none() {
        return Ok(());
    }
    let data = reply.data();
    let (of_one, of_other) = (data["inUser1Friends"] == json!(true), data["inUser2Friends"] == json!(true));
    let right = fits(of_one, story.agreed, story.parted) && fits(of_other, story.agreed, None);
    hold(right, "friendships are as they were acknowledged", || format!("{story:?}: {data}"))
}

async fn members(app: &App, story: &Story) -> Result<(), Violation> {
    let Some(group) = &story.group else { return Ok(()) };
    if story.invited.is_none() {
        return Ok(());
    }
    let reply = app.admin().post("/group/get_group_member_user_id", &json!({ "groupID": group })).await;
    let data = reply.data();
    let ids: Vec<&str> = data["userIDs"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let third = story.one.replace("one", "third");
    let made = Some(Sure::Acknowledged);
    let right = ids.contains(&story.one.as_str())
        && fits(ids.contains(&story.other.as_str()), made, story.left)
        && fits(ids.contains(&third.as_str()), story.invited, story.kicked);
    hold(right, "members are as they were acknowledged", || format!("{story:?}: {ids:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_answered_may_be_either() {
        use Sure::{Acknowledged, Asked};
        for (did, undid, must) in [
            (None, None, Some(false)),
            (Some(Acknowledged), None, Some(true)),
            (Some(Acknowledged), Some(Acknowledged), Some(false)),
            (Some(Acknowledged), Some(Asked), None),
            (Some(Asked), None, None),
        ] {
            for is in [true, false] {
                assert_eq!(
                    fits(is, did, undid),
                    must.is_none_or(|must| must == is),
                    "{did:?} {undid:?} {is}"
                );
            }
        }
    }
}
