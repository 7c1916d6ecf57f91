//! Pieces of long lists.

use std::collections::BTreeMap;

use ringback_model::commit::Write;
use ringback_model::page::{Found, Page, RecordQuery, Shelf, UserFilter};
use ringback_model::record::{Favourite, FriendRequest, Handled, Record, RecordKind};
use ringback_model::statistics::Period;
use ringback_model::time::UnixMs;
use ringback_model::user::{AccountLevel, Block, User};

use crate::world::*;

promises!(
    users_are_found_by_parts_of_their_names,
    requests_come_newest_first_and_as_asked_for,
    other_records_come_in_the_order_of_their_keys,
    block_lists_come_in_pieces,
    registrations_are_counted_by_day,
);

const ALL: Page = Page { skip: 0, limit: 100 };

fn named(id: &str, nickname: &str, level: i32) -> User {
    User { nickname: nickname.to_owned(), level: AccountLevel(level), ..someone(id) }
}

async fn users_are_found_by_parts_of_their_names(kind: Kind) {
    let world = kind.open();
    for one in [named("Ann", "Annabel", 0), named("ben", "Ben 100%", 3), named("bot_ann", "Helper", 4)] {
        world.write(Write::PutUser(one)).await;
    }
    let find = async |filter: UserFilter, page| {
        let found = world.store.find_users(&filter, page).await.unwrap();
        (found.total, found.items.into_iter().map(|user| user.id.to_string()).collect::<Vec<_>>())
    };
    let text = |text: &str| text.to_owned();
    let by_id = UserFilter { id: text("aNN"), ..UserFilter::default() };
    let by_name = UserFilter { name: text("0%"), ..UserFilter::default() };
    let by_word = UserFilter { word: text("b"), least_level: 3, ..UserFilter::default() };
    let by_level = UserFilter { level: Some(4), ..UserFilter::default() };
    let nobody = UserFilter { id: text("_%"), ..UserFilter::default() };
    assert_eq!(find(UserFilter::default(), ALL).await, (3, vec![text("Ann"), text("ben"), text("bot_ann")]));
    assert_eq!(find(UserFilter::default(), Page { skip: 1, limit: 1 }).await, (3, vec![text("ben")]));
    assert_eq!(find(by_id.clone(), ALL).await, (2, vec![text("Ann"), text("bot_ann")]));
    assert_eq!(find(by_id, Page { skip: 1, limit: 5 }).await, (2, vec![text("bot_ann")]));
    assert_eq!(find(by_name, ALL).await, (1, vec![text("ben")]));
    assert_eq!(find(by_word, ALL).await, (2, vec![text("ben"), text("bot_ann")]));
    assert_eq!(find(by_level, ALL).await, (1, vec![text("bot_ann")]));
    assert_eq!(find(nobody, ALL).await, (0, vec![]), "nothing in a text is a wildcard");
}

fn request(from: &str, to: &str, at: i64, handled: Handled) -> Record {
    Record::FriendRequest(FriendRequest {
        from: user(from),
        to: user(to),
        message: String::new(),
        at: UnixMs(at),
        handled,
        handler: String::new(),
        answer: String::new(),
        handled_at: UnixMs(0),
        ex: String::new(),
    })
}

async fn requests_come_newest_first_and_as_asked_for(kind: Kind) {
    let world = kind.open();
    let old = request("ann", "me", NOON, Handled::Open);
    let refused = request("ben", "me", NOON + 1, Handled::Refused);
    let agreed = request("cat", "me", NOON + 2, Handled::Agreed);
    let tie = request("dan", "me", NOON + 2, Handled::Open);
    let mine = request("me", "ann", NOON, Handled::Open);
    for one in [&old, &refused, &agreed, &tie, &mine] {
        world.write(Write::Keep(Box::new(one.clone()))).await;
    }
    let received = |handled: Vec<Handled>, since: i64| RecordQuery {
        handled,
        since: UnixMs(since),
        ..RecordQuery::of_user(RecordKind::FriendRequest, &user("ME"))
    };
    let find = async |query: RecordQuery, page| world.store.find_records(&query, page).await.unwrap();
    let found = |total, items: &[&Record]| Found { total, items: items.iter().copied().cloned().collect() };
    assert_eq!(find(received(vec![], 0), ALL).await, found(4, &[&agreed, &tie, &refused, &old]));
    assert_eq!(find(received(vec![], 0), Page { skip: 1, limit: 2 }).await, found(4, &[&tie, &refused]));
    let ended = vec![Handled::Agreed, Handled::Refused];
    assert_eq!(find(received(ended, 0), ALL).await, found(2, &[&agreed, &refused]));
    assert_eq!(find(received(vec![Handled::Open], NOON + 1), ALL).await, found(1, &[&tie]));
    let sent = RecordQuery::all(RecordKind::FriendRequest, Shelf::About("me".to_owned()));
    assert_eq!(find(sent, ALL).await, found(1, &[&mine]));
    let everybody = RecordQuery::all(RecordKind::FriendRequest, Shelf::All);
    assert_eq!(find(everybody, Page { skip: 4, limit: 9 }).await.items.len(), 1);
}

async fn other_records_come_in_the_order_of_their_keys(kind: Kind) {
    let world = kind.open();
    let favourite = |owner: &str, id: &str| {
        Record::Favourite(Favourite {
            user: user(owner),
            kind: 1,
            id: id.to_owned(),
            at: UnixMs(NOON),
            value: String::new(),
            ex: String::new(),
        })
    };
    let all = [favourite("ann", "a"), favourite("ann", "b"), favourite("ben", "a")];
    for one in all.iter().rev() {
        world.write(Write::Keep(Box::new(one.clone()))).await;
    }
    let of_ann = RecordQuery::of_user(RecordKind::Favourite, &user("Ann"));
    let everybody = RecordQuery::all(RecordKind::Favourite, Shelf::All);
    let find = async |query: &RecordQuery, page| world.store.find_records(query, page).await.unwrap();
    assert_eq!(find(&of_ann, ALL).await, Found { total: 2, items: all[..2].to_vec() });
    assert_eq!(
        find(&of_ann, Page { skip: 1, limit: 1 }).await,
        Found { total: 2, items: vec![all[1].clone()] }
    );
    assert_eq!(find(&everybody, ALL).await, Found { total: 3, items: all.to_vec() });
    let as_requests = RecordQuery { handled: vec![Handled::Open], ..everybody };
    assert_eq!(find(&as_requests, ALL).await.total, 0, "they are no requests");
}

async fn block_lists_come_in_pieces(kind: Kind) {
    let world = kind.open();
    for (owner, blocked) in [("me", "cat"), ("me", "Ann"), ("me", "ben"), ("ann", "me")] {
        let (owner, blocked) = (user(owner), user(blocked));
        let block = Block { by: owner.clone(), owner, blocked, at: UnixMs(NOON), ex: String::new() };
        world.write(Write::PutBlock(block)).await;
    }
    let found = world.store.find_blocks(&user("ME"), Page { skip: 1, limit: 5 }).await.unwrap();
    let names: Vec<&str> = found.items.iter().map(|block| block.blocked.as_str()).collect();
    assert_eq!((found.total, names), (3, vec!["ben", "cat"]));
}

async fn registrations_are_counted_by_day(kind: Kind) {
    let world = kind.open();
    let day = 24 * HOUR;
    let midnight = NOON - NOON % day;
    for (id, at) in [
        ("a", midnight - 1),
        ("b", midnight),
        ("c", midnight + day - 1),
        ("d", midnight + day),
        ("e", midnight + 3 * day),
    ] {
        world.write(Write::PutUser(User { created_at: UnixMs(at), ..someone(id) })).await;
    }
    let period = Period { from: UnixMs(midnight), to: UnixMs(midnight + 3 * day) };
    let counted = world.store.users_made(period).await.unwrap();
    let first = midnight / day;
    assert_eq!((counted.total, counted.before), (5, 1));
    assert_eq!(counted.days, BTreeMap::from([(first, 2), (first + 1, 1)]));
}
