//! An administrator at work: registers users, logs them in, makes groups and invites to them, and remembers what was
//! acknowledged.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::load::{Load, USERS};
use super::report::{Violation, hold};
use crate::app::{App, platform};
use crate::client::{Client, Login};
use crate::rest::Rest;

/// Pause between two users.
const PAUSE: Duration = Duration::from_millis(40);
/// Wait after a call without an answer: the server is down.
const BREATH: Duration = Duration::from_millis(50);
/// Users or groups that are asked for at once.
const PAGE: usize = 50;

/// What was acknowledged.
#[derive(Debug, Default)]
pub(super) struct Made {
    users: Mutex<Vec<String>>,
    /// Groups, and whether the second member's invitation was acknowledged.
    groups: Mutex<Vec<(String, bool)>>,
}

impl Made {
    /// How many users and groups.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.users.lock().unwrap().len() as u64, self.groups.lock().unwrap().len() as u64)
    }
}

/// Works until the load stops. Nothing is repeated: a step without an answer may have been done or not.
pub(super) async fn work(mut load: Load, token: String, made: Arc<Made>) {
    let mut number = 0_u64;
    while !load.shared.stopped() {
        let addr = *load.addr.borrow_and_update();
        let rest = Rest::new(addr).with_token(&token);
        number += 1;
        if one(&rest, addr, number, &made).await.is_none() {
            tokio::time::sleep(BREATH).await;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// `None` where some answer did not come, or was not a good one.
async fn one(rest: &Rest, addr: std::net::SocketAddr, number: u64, made: &Made) -> Option<()> {
    let user = format!("new{number}");
    let users = json!({ "users": [{ "userID": user, "nickname": user }] });
    answered(rest, "/user/user_register", &users).await?;
    made.users.lock().unwrap().push(user.clone());
    let login = json!({ "userID": user, "platformID": platform::WEB });
    let data = answered(rest, "/auth/get_user_token", &login).await?;
    Client::connect(addr, &Login::new(&user, data["token"].as_str()?, platform::WEB)).await.ok()?;
    let group = json!({
        "ownerUserID": USERS[0], "memberUserIDs": [user], "groupInfo": { "groupName": user, "groupType": 2 },
    });
    let data = answered(rest, "/group/create_group", &group).await?;
    let group = data["groupInfo"]["groupID"].as_str()?.to_owned();
    let at = {
        let mut groups = made.groups.lock().unwrap();
        groups.push((group.clone(), false));
        groups.len() - 1
    };
    let invite = json!({ "groupID": group, "invitedUserIDs": [USERS[1]], "reason": "" });
    answered(rest, "/group/invite_user_to_group", &invite).await?;
    made.groups.lock().unwrap()[at].1 = true;
    Some(())
}

pub(super) async fn answered(rest: &Rest, path: &str, body: &Value) -> Option<Value> {
    let reply = rest.try_post(path, body).await.ok()?;
    (reply.body["errCode"] == json!(0)).then(|| reply.body["data"].clone())
}

/// Everything that was acknowledged is there.
pub(super) async fn check(app: &App, made: &Made) -> Result<(), Violation> {
    let users = made.users.lock().unwrap().clone();
    for page in users.chunks(PAGE) {
        let data = app.admin().post("/user/get_users_info", &json!({ "userIDs": page })).await.data();
        let found = data["usersInfo"].as_array().map_or(0, Vec::len);
        hold(found == page.len(), "every registered user is there", || format!("{found} of {page:?}"))?;
    }
    let groups = made.groups.lock().unwrap().clone();
    for page in groups.chunks(PAGE) {
        let ids: Vec<&str> = page.iter().map(|(id, _)| id.as_str()).collect();
        let data = app.admin().post("/group/get_groups_info", &json!({ "groupIDs": ids })).await.data();
        for (id, invited) in page {
            let infos = data["groupInfos"].as_array().into_iter().flatten();
            let members =
                infos.filter(|info| info["groupID"] == json!(id)).map(|info| info["memberCount"].as_u64());
            let members: Vec<_> = members.collect();
            // The owner, the new user, and who was invited, perhaps without an answer.
            let fits = matches!(members[..], [Some(3)]) || (!invited && members[..] == [Some(2)]);
            hold(fits, "every group is there once, with every acknowledged member", || {
                format!("{id}, invitation acknowledged: {invited}, member counts: {members:?}")
            })?;
        }
    }
    Ok(())
}
