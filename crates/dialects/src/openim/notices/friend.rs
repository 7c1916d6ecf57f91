//! Notices about friends and blocks. Source: client protocol sheet 5.6, 5.7.

use ringback_model::ids::UserId;
use ringback_model::notice::{FriendNotice, RequestTold};
use ringback_model::version::Version;
use serde::Serialize;

use super::Tips;
use crate::openim::handled;

/// Two users whom a notice is about.
#[derive(Serialize)]
struct FromTo<'a> {
    #[serde(rename = "fromUserID")]
    from: &'a str,
    #[serde(rename = "toUserID")]
    to: &'a str,
}

/// A request for friendship.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    #[serde(rename = "fromUserID")]
    from: &'a str,
    from_nickname: &'a str,
    #[serde(rename = "fromFaceURL")]
    from_face_url: &'a str,
    #[serde(rename = "toUserID")]
    to: &'a str,
    to_nickname: &'a str,
    #[serde(rename = "toFaceURL")]
    to_face_url: &'a str,
    handle_result: i32,
    req_msg: &'a str,
    create_time: i64,
    #[serde(rename = "handlerUserID")]
    handler: &'a str,
    handle_msg: &'a str,
    handle_time: i64,
    ex: &'a str,
}

/// Every tips object about friends: which fields it has follows from the content type, so those of other types are
/// left out.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct FriendTips<'a> {
    #[serde(rename = "fromToUserID", skip_serializing_if = "Option::is_none")]
    from_to: Option<FromTo<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    handle_msg: Option<&'a str>,
    #[serde(rename = "friendIDs", skip_serializing_if = "Option::is_none")]
    friends: Option<Vec<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    friend_version: Option<u64>,
    #[serde(rename = "friendVersionID", skip_serializing_if = "Option::is_none")]
    friend_version_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    friend_sort_version: Option<u64>,
    /// The outer one: whether there is such a field; the inner one: whether there is a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<Option<Request<'a>>>,
    #[serde(rename = "userID", skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
}

impl<'a> FriendTips<'a> {
    fn between(from: &'a UserId, to: &'a UserId) -> Self {
        Self { from_to: Some(FromTo { from: from.as_str(), to: to.as_str() }), ..Self::default() }
    }

    fn at(self, version: Version) -> Self {
        Self { friend_version: Some(version.number), friend_version_id: Some(version.log_text()), ..self }
    }

    fn asked(told: &'a RequestTold) -> Self {
        let RequestTold { request, .. } = told;
        let shown = Request {
            from: request.from.as_str(),
            from_nickname: &told.from_nickname,
            from_face_url: &told.from_face_url,
            to: request.to.as_str(),
            to_nickname: &told.to_nickname,
            to_face_url: &told.to_face_url,
            handle_result: handled::number(request.handled),
            req_msg: &request.message,
            create_time: request.at.0,
            handler: &request.handler,
            handle_msg: &request.answer,
            handle_time: request.handled_at.0,
            ex: &request.ex,
        };
        Self { request: Some(Some(shown)), ..Self::between(&request.from, &request.to) }
    }

    fn answered(told: &'a RequestTold) -> Self {
        Self { handle_msg: Some(&told.request.answer), ..Self::asked(told) }
    }
}

pub(super) fn tips(notice: &FriendNotice) -> Tips {
    let (code, tips) = match notice {
        FriendNotice::Asked(told) => (1203, FriendTips::asked(told)),
        FriendNotice::Agreed(told) => (1201, FriendTips::answered(told).at(told.version)),
        FriendNotice::Declined(told) => (1202, FriendTips::answered(told)),
        // Told as if the owner had asked and the friend had agreed.
        FriendNotice::Joined { owner, friend, version } => {
            let tips = FriendTips::between(owner, friend).at(*version);
            (1201, FriendTips { handle_msg: Some(""), request: Some(None), ..tips })
        }
        FriendNotice::Removed { owner, friend, version } => {
            (1205, FriendTips::between(owner, friend).at(*version))
        }
        FriendNotice::Remarked { owner, friend, version } => {
            let tips = FriendTips::between(owner, friend).at(*version);
            (1206, FriendTips { friend_sort_version: Some(version.number), ..tips })
        }
        FriendNotice::Updated { owner, friends, version } => {
            let friends = friends.iter().map(UserId::as_str).collect();
            (1210, FriendTips { friends: Some(friends), ..FriendTips::between(owner, owner).at(*version) })
        }
        FriendNotice::Blocked { owner, blocked } => (1207, FriendTips::between(owner, blocked)),
        FriendNotice::Unblocked { owner, blocked } => (1208, FriendTips::between(owner, blocked)),
        FriendNotice::ProfileChanged { user } => {
            (1209, FriendTips { user: Some(user.as_str()), ..FriendTips::default() })
        }
    };
    Tips::new(code, &tips)
}

#[cfg(test)]
mod tests {
    use ringback_model::record::{FriendRequest, Handled};
    use ringback_model::time::UnixMs;
    use serde_json::{Value, json};

    use super::*;

    fn user(text: &str) -> UserId {
        UserId::parse(text).unwrap()
    }

    fn told() -> Box<RequestTold> {
        Box::new(RequestTold {
            request: FriendRequest {
                from: user("ann"),
                to: user("ben"),
                message: "hello".to_owned(),
                at: UnixMs(5),
                handled: Handled::Refused,
                handler: "ben".to_owned(),
                answer: "later".to_owned(),
                handled_at: UnixMs(6),
                ex: "x".to_owned(),
            },
            from_nickname: "Ann".to_owned(),
            from_face_url: "a.png".to_owned(),
            to_nickname: "Ben".to_owned(),
            to_face_url: String::new(),
            version: Version { log: 0xff, number: 3 },
        })
    }

    #[test]
    fn every_notice_has_the_fields_of_its_type() {
        let request = json!({
            "fromUserID": "ann", "fromNickname": "Ann", "fromFaceURL": "a.png",
            "toUserID": "ben", "toNickname": "Ben", "toFaceURL": "", "handleResult": -1, "reqMsg": "hello",
            "createTime": 5, "handlerUserID": "ben", "handleMsg": "later", "handleTime": 6, "ex": "x",
        });
        let pair = json!({"fromUserID": "ann", "toUserID": "ben"});
        let id = "0000000000000000000000ff";
        let version = Version { log: 0xff, number: 3 };
        let (owner, friend) = (|| user("ann"), || user("ben"));
        let cases: Vec<(FriendNotice, i32, Value)> = vec![
            (FriendNotice::Asked(told()), 1203, json!({"fromToUserID": pair, "request": request})),
            (
                FriendNotice::Agreed(told()),
                1201,
                json!({"fromToUserID": pair, "handleMsg": "later", "friendVersion": 3,
                       "friendVersionID": id, "request": request}),
            ),
            (
                FriendNotice::Declined(told()),
                1202,
                json!({"fromToUserID": pair, "handleMsg": "later", "request": request}),
            ),
            (
                FriendNotice::Joined { owner: owner(), friend: friend(), version },
                1201,
                json!({"fromToUserID": pair, "handleMsg": "", "friendVersion": 3, "friendVersionID": id,
                       "request": null}),
            ),
            (
                FriendNotice::Removed { owner: owner(), friend: friend(), version },
                1205,
                json!({"fromToUserID": pair, "friendVersion": 3, "friendVersionID": id}),
            ),
            (
                FriendNotice::Remarked { owner: owner(), friend: friend(), version },
                1206,
                json!({"fromToUserID": pair, "friendVersion": 3, "friendVersionID": id,
                       "friendSortVersion": 3}),
            ),
            (
                FriendNotice::Updated { owner: owner(), friends: vec![friend()], version },
                1210,
                json!({"fromToUserID": {"fromUserID": "ann", "toUserID": "ann"}, "friendIDs": ["ben"],
                       "friendVersion": 3, "friendVersionID": id}),
            ),
            (
                FriendNotice::Blocked { owner: owner(), blocked: friend() },
                1207,
                json!({"fromToUserID": pair}),
            ),
            (
                FriendNotice::Unblocked { owner: owner(), blocked: friend() },
                1208,
                json!({"fromToUserID": pair}),
            ),
            (FriendNotice::ProfileChanged { user: owner() }, 1209, json!({"userID": "ann"})),
        ];
        for (notice, code, detail) in cases {
            let tips = tips(&notice);
            let printed: Value = serde_json::from_str(&tips.detail).unwrap();
            assert_eq!((tips.code, printed), (code, detail), "{notice:?}");
        }
    }
}
