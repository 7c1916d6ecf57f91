//! Push tokens, badges, uploaded logs.

use ringback_model::command::{Command, DeviceCommand, DeviceOutcome, NewLog, Outcome};
use ringback_model::failure::RefusalCode;
use ringback_model::record::{LogFile, Record, RecordKey};
use ringback_model::time::UnixMs;
use ringback_model::user::Platform;

use crate::world::*;

fn log(name: &str) -> NewLog {
    NewLog {
        platform: "Android".to_owned(),
        url: format!("https://im.example.test/object/bob/{name}"),
        name: name.to_owned(),
        framework: String::new(),
        version: "1".to_owned(),
        ex: String::new(),
    }
}

fn search(keyword: &str, skip: usize, limit: usize) -> Command {
    let (from, to) = (UnixMs(0), UnixMs(0));
    Command::Device(DeviceCommand::Logs { keyword: keyword.to_owned(), from, to, skip, limit })
}

async fn logs(world: &World, command: Command) -> (usize, Vec<LogFile>) {
    match world.admin(command).await.unwrap() {
        Outcome::OfDevice(DeviceOutcome::Logs { total, logs }) => (total, logs),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_push_token_and_a_badge_are_kept_by_user() {
    let world = World::new().await;
    for text in ["first", "second"] {
        let token = text.into();
        let command = DeviceCommand::SetPushToken { platform: Platform(2), token, expires_at: UnixMs(9) };
        world.by("bob", Command::Device(command)).await.unwrap();
    }
    let badge = |who: &str| Command::Device(DeviceCommand::SetBadge { user: user(who), unread: 3 });
    world.by("bob", badge("bob")).await.unwrap();
    assert_eq!(refused(world.by("bob", badge("alice")).await), RefusalCode::NoPermission);
    let keys = [RecordKey::push_token(&user("bob"), Platform(2)), RecordKey::badge(&user("bob"))];
    let kept = world.store.records(&keys).await.unwrap();
    let Some(Record::PushToken(token)) = &kept[0] else { panic!("{kept:?}") };
    assert_eq!((token.token.as_str(), token.expires_at), ("second", UnixMs(9)));
    assert!(!format!("{token:?}").contains("second"), "tokens are not printed");
    assert!(matches!(&kept[1], Some(Record::Badge(badge)) if badge.unread == 3));
}

#[tokio::test]
async fn who_logs_out_is_not_woken_there() {
    let world = World::new().await;
    let phone = Platform(2);
    for platform in [phone, Platform::WEB] {
        let token = "where".into();
        let command = DeviceCommand::SetPushToken { platform, token, expires_at: UnixMs(9) };
        world.by("bob", Command::Device(command)).await.unwrap();
    }
    // Those who act here are on the web.
    world.by("bob", Command::Device(DeviceCommand::ForgetPushToken)).await.unwrap();
    let keys = [phone, Platform::WEB].map(|platform| RecordKey::push_token(&user("bob"), platform));
    let kept = world.store.records(&keys).await.unwrap();
    assert!(kept[0].is_some() && kept[1].is_none(), "{kept:?}");
}

#[tokio::test]
async fn uploaded_logs_are_found_newest_first_and_forgotten() {
    let world = World::new().await;
    let add = |names: &[&str]| {
        Command::Device(DeviceCommand::AddLogs { logs: names.iter().map(|name| log(name)).collect() })
    };
    world.by("bob", add(&["one", "two"])).await.unwrap();
    world.by("alice", add(&["three"])).await.unwrap();
    assert_eq!(refused(world.by("bob", search("", 0, 9)).await), RefusalCode::NoPermission);
    let (total, all) = logs(&world, search("", 0, 9)).await;
    let names: Vec<&str> = all.iter().map(|log| log.name.as_str()).collect();
    assert_eq!((total, names), (3, vec!["three", "two", "one"]));
    let (total, page) = logs(&world, search("bob", 1, 1)).await;
    assert_eq!((total, page.len(), page[0].name.as_str()), (2, 1, "one"));
    let delete =
        Command::Device(DeviceCommand::DeleteLogs { ids: vec![all[0].id.clone(), "none".to_owned()] });
    world.admin(delete).await.unwrap();
    assert_eq!(logs(&world, search("", 0, 9)).await.0, 2);
}
