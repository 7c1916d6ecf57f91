use ringback_model::group::{Group, GroupPerson, Member};
use ringback_model::ids::{GroupId, UserId};
use ringback_model::message::Handling;
use ringback_model::notice::Notice;
use ringback_model::record::Handled;
use ringback_model::sample;
use ringback_model::time::UnixMs;
use ringback_model::version::Version;
use serde_json::{Value, json};

use super::*;
use crate::openim::notices;

const AT: UnixMs = UnixMs(1_760_000_000_000);

fn user(id: &str) -> User {
    User { nickname: format!("{id}'s name"), ..sample::user(UserId::parse(id).unwrap()) }
}

fn group() -> Group {
    sample::group(GroupId::parse("g1").unwrap(), user("alice").id, AT)
}

fn person(id: &str, role: Role) -> GroupPerson {
    let member = Member {
        group: group().id,
        user: user(id).id,
        role,
        nickname: String::new(),
        face_url: String::new(),
        joined_at: AT,
        join_source: 2,
        operator: "alice".to_owned(),
        inviter: "alice".to_owned(),
        muted_until: UnixMs(0),
        ex: String::new(),
    };
    GroupPerson::member(member, Some(&user(id)))
}

fn request(handled: Handled) -> GroupRequest {
    GroupRequest {
        group: group().id,
        user: user("dave").id,
        message: "let me in".to_owned(),
        at: AT,
        handled,
        handler: String::new(),
        answer: "welcome".to_owned(),
        handled_at: AT,
        source: 3,
        inviter: String::new(),
        ex: String::new(),
    }
}

/// The content type and the tips that clients get, through the content that is stored.
fn shown(news: GroupNews) -> (i32, Value) {
    let notice = GroupNotice {
        group: group(),
        by: person("alice", Role::Owner),
        at: AT,
        version: Version { log: 0xabc, number: 9 },
        partial: false,
        news,
    };
    let content = Notice::Group(Box::new(notice)).content();
    let element: Value = serde_json::from_str(&notices::element(&content)).unwrap();
    let tips = serde_json::from_str(element["detail"].as_str().unwrap()).unwrap();
    (notices::code(&content), tips)
}

#[test]
fn every_piece_of_news_has_its_number_and_its_objects() {
    let (bob, carol) = (|| person("bob", Role::Admin), || person("carol", Role::Member));
    let edited = |member, role| GroupNews::MemberEdited { member, role };
    let asked = |handled, to_manager| GroupNews::Answered {
        applicant: user("dave"),
        request: request(handled),
        to_manager,
    };
    let all = [
        (1501, GroupNews::Created { owner: bob(), members: vec![bob(), carol()] }, "groupOwnerUser"),
        (1502, GroupNews::Edited, "opUser"),
        (1503, GroupNews::Asked { applicant: user("dave"), request: request(Handled::Open) }, "applicant"),
        (1504, GroupNews::Quit { member: carol() }, "quitUser"),
        (1505, asked(Handled::Agreed, true), "request"),
        (1506, asked(Handled::Refused, false), "request"),
        (1507, GroupNews::Transferred { from: bob(), to: carol() }, "oldGroupOwnerInfo"),
        (1508, GroupNews::Kicked { members: vec![carol()] }, "opUser"),
        (1509, GroupNews::Invited { members: vec![carol()], inviter: bob() }, "inviterUser"),
        (1510, GroupNews::Entered { member: carol() }, "entrantUser"),
        (1511, GroupNews::Dismissed, "opUser"),
        (1512, GroupNews::MemberMuted { member: carol(), seconds: 60 }, "mutedUser"),
        (1513, GroupNews::MemberUnmuted { member: carol() }, "mutedUser"),
        (1514, GroupNews::Muted, "opUser"),
        (1515, GroupNews::Unmuted, "opUser"),
        (1516, edited(carol(), false), "changedUser"),
        (1517, edited(bob(), true), "changedUser"),
        (1518, edited(carol(), true), "changedUser"),
        (1519, GroupNews::Announced, "opUser"),
        (1520, GroupNews::Renamed, "opUser"),
    ];
    for (code, news, object) in all {
        let (shown, tips) = shown(news);
        assert_eq!(shown, code);
        for object in ["group", object] {
            assert!(tips[object].is_object(), "clients stop where {object} of {code} is missing: {tips}");
        }
        assert_eq!(tips["group"]["groupID"], "g1");
        if ![1503, 1505, 1506].contains(&code) {
            let at = (&tips["groupMemberVersion"], &tips["groupMemberVersionID"], &tips["operationTime"]);
            assert_eq!(at, (&json!(9), &json!("000000000000000000000abc"), &json!(AT.0)), "{code}");
        }
    }
}

#[test]
fn members_show_their_own_name_where_they_have_none_in_the_group() {
    let (_, tips) = shown(GroupNews::Kicked { members: vec![person("carol", Role::Member)] });
    assert_eq!(
        tips["kickedUserList"],
        json!([{
            "groupID": "g1", "userID": "carol", "roleLevel": 20, "joinTime": AT.0, "nickname": "carol's name",
            "faceURL": "", "appMangerLevel": 0, "joinSource": 2, "operatorUserID": "alice", "ex": "",
            "muteEndTime": 0, "inviterUserID": "alice",
        }])
    );
}

#[test]
fn requests_say_who_asked_and_to_whom_they_are_told() {
    let answered = |to_manager| {
        let news =
            GroupNews::Answered { applicant: user("dave"), request: request(Handled::Agreed), to_manager };
        shown(news).1
    };
    let (to_dave, to_alice) = (answered(false), answered(true));
    assert_eq!((&to_dave["receiverAs"], &to_alice["receiverAs"]), (&json!(0), &json!(1)));
    assert_eq!(to_dave["uuid"], to_alice["uuid"], "who gets both shows one");
    assert_eq!(to_dave["request"]["userInfo"]["nickname"], "dave's name");
    assert_eq!((&to_dave["request"]["handleResult"], &to_dave["handleMsg"]), (&json!(1), &json!("welcome")));
}

#[test]
fn a_changed_role_says_that_the_order_changed() {
    let sort = |role| {
        let news = GroupNews::MemberEdited { member: person("bob", Role::Admin), role };
        shown(news).1["groupSortVersion"].clone()
    };
    assert_eq!((sort(true), sort(false)), (json!(9), json!(0)));
}

#[test]
fn copies_in_chats_have_the_switches_of_messages() {
    let said = Handling { aside: false, ..Handling::default() };
    assert_eq!(notices::options(said).len(), 2);
}
