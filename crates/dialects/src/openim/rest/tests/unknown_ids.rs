//! Ids that cannot exist, names that are left out, and numbers in the place of words: what published clients send is
//! answered, and one odd id does not cost the answer about the others.

use ringback_model::command::{
    Command, DeviceCommand, GroupCommand, GroupOutcome, MemberNews, Outcome, UserCommand, UserOutcome,
};
use ringback_model::ids::UserId;
use ringback_model::user::Platform;
use ringback_model::version::{Delta, Version};
use serde_json::{Value, json};

use super::{data_for, decode};

/// No user has such an id.
fn odd() -> String {
    "x".repeat(65)
}

fn user(text: &str) -> UserId {
    UserId::parse(text).unwrap()
}

#[test]
fn an_id_that_cannot_exist_is_as_unknown_as_any_other() {
    let named = json!(["u1", odd(), "", "u2"]);
    let some = || vec![user("u1"), user("u2")];
    let asked = json!({"checkUserIDs": named});
    let command = decode("/user/account_check", &asked).unwrap();
    assert!(matches!(command, Command::User(UserCommand::Exist { ids }) if ids == some()));
    let known = Outcome::OfUser(UserOutcome::Exist(vec![(user("u1"), false), (user("u2"), true)]));
    let states: Vec<Value> =
        data_for("/user/account_check", &asked, known)["results"].as_array().unwrap().clone();
    let states: Vec<_> = states.iter().map(|one| one["accountStatus"].as_i64().unwrap()).collect();
    assert_eq!(states, [0, 0, 0, 1]);

    let asked = json!({"userIDs": named});
    let command = decode("/user/get_users_status", &asked).unwrap();
    assert!(matches!(command, Command::User(UserCommand::Platforms { ids }) if ids == some()));
    let known = vec![(user("u1"), vec![]), (user("u2"), vec![Platform::WEB])];
    let told = data_for("/user/get_users_status", &asked, Outcome::OfUser(UserOutcome::Platforms(known)));
    assert_eq!(told["statusList"][1], json!({"userID": odd(), "status": 0, "platformIDs": []}));
    assert_eq!(told["statusList"][3], json!({"userID": "u2", "status": 1, "platformIDs": [5]}));
    for path in ["/user/get_users_online_status", "/user/get_users_online_token_detail"] {
        let command = decode(path, &asked).unwrap();
        assert!(matches!(command, Command::OnlineStatus { ids } if ids == some()));
        let told = data_for(path, &asked, Outcome::Online(vec![(user("u1"), vec![]), (user("u2"), vec![])]));
        let names: Vec<_> =
            told.as_array().unwrap().iter().map(|one| one["userID"].as_str().unwrap()).collect();
        assert_eq!(names, ["u1", odd().as_str(), "", "u2"], "{path}");
    }

    let members = json!({"groupID": "g1", "userIDs": named});
    let command = decode("/group/get_group_members_info", &members).unwrap();
    assert!(matches!(command, Command::Group(GroupCommand::Named { users, .. }) if users == some()));
}

#[test]
fn every_list_of_members_that_is_named_is_answered() {
    let lists = json!([{"groupID": "g1"}, {"groupID": ""}, {"groupID": odd()}]);
    let asked = json!({"userID": "u1", "reqList": lists});
    let command = decode("/group/get_incremental_group_members_batch", &asked).unwrap();
    let Command::Group(GroupCommand::MemberNewsOfMany { lists, .. }) = command else { panic!("{command:?}") };
    assert_eq!(lists.len(), 3);
    let empty =
        |name: String| MemberNews { name, group: None, news: Delta::empty(Version::default(), false) };
    let news = vec![empty("g1".to_owned()), empty(String::new()), empty(odd())];
    let told = data_for(
        "/group/get_incremental_group_members_batch",
        &asked,
        Outcome::OfGroup(GroupOutcome::MemberNews(news)),
    );
    let told = told["respList"].as_object().unwrap();
    assert_eq!(told.len(), 3);
    for (name, list) in told {
        let stands = (&list["version"], &list["versionID"], &list["full"]);
        assert_eq!(stands, (&json!(0), &json!(""), &json!(false)), "{name}");
    }
}

#[test]
fn who_joins_need_not_name_himself() {
    for (body, who) in [
        (json!({"groupID": "g1", "joinSource": 3}), "imAdmin"),
        (json!({"groupID": "g1", "joinSource": 3, "inviterUserID": "u1"}), "u1"),
    ] {
        let command = decode("/group/join_group", &body).unwrap();
        let Command::Group(GroupCommand::Join(application)) = command else { panic!("{command:?}") };
        assert_eq!(application.applicant, user(who));
    }
}

#[test]
fn logs_name_their_platform_by_number_or_word() {
    let files = json!([{"filename": "a", "URL": "b"}]);
    for (platform, name) in
        [(json!(2), "Android"), (json!(99), "99"), (json!("a word"), "a word"), (json!(null), "")]
    {
        let body = json!({"platform": platform, "fileURLs": files});
        let command = decode("/third/logs/upload", &body).unwrap();
        let Command::Device(DeviceCommand::AddLogs { logs }) = command else { panic!("{command:?}") };
        assert_eq!(logs[0].platform, name);
    }
    assert!(decode("/third/logs/upload", &json!({"platform": [], "fileURLs": files})).is_err());
}
