//! Parked deliveries through the one door.

use ringback_model::command::{Command, Outcome};
use ringback_model::failure::RefusalCode;
use ringback_model::storage::{Resend, ResendStart, SliceScope};

use crate::world::{World, refused};

#[tokio::test]
async fn administrators_see_slices_and_have_them_sent_again() {
    let world = World::new().await;
    let Outcome::Slices(slices) =
        world.admin(Command::Slices { scope: SliceScope::Everything }).await.unwrap()
    else {
        panic!("slices")
    };
    assert_eq!((slices[0].date.as_str(), slices[0].size), ("202109092120", 3));
    let off = world.admin(Command::Slices { scope: SliceScope::Service }).await;
    assert_eq!(refused(off), RefusalCode::StorageOff);
    let order = Resend {
        date: "202109092120".to_owned(),
        target_url: Some("http://receiver.test/again".to_owned()),
        rule: None,
        scope: SliceScope::Service,
    };
    let Outcome::Resend(started) = world.admin(Command::ResendSlice(order.clone())).await.unwrap() else {
        panic!("a start")
    };
    assert_eq!(started, ResendStart::Started(3));
    assert_eq!(*world.storage.orders.lock().unwrap(), std::slice::from_ref(&order));
    assert_eq!(refused(world.by("bob", Command::ResendSlice(order)).await), RefusalCode::NoPermission);
    let by_bob = Command::Slices { scope: SliceScope::Everything };
    assert_eq!(refused(world.by("bob", by_bob).await), RefusalCode::NoPermission);
    assert_eq!(world.storage.orders.lock().unwrap().len(), 1, "what is refused does not get there");
}
