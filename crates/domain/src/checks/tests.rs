//! Tables: who, to whom, what is known, and the answer.

use std::sync::Arc;

use ringback_model::group::{GroupKind, Member};
use ringback_model::ids::GroupId;
use ringback_model::message::Origin;
use ringback_model::sample;
use ringback_model::user::{Standing, User};

use super::*;

const NOW: UnixMs = UnixMs(1_000);

fn id(text: &str) -> UserId {
    UserId::parse(text).unwrap()
}

fn crew() -> GroupId {
    GroupId::parse("77").unwrap()
}

fn context(sender_is_admin: bool, strangers: bool) -> Context {
    let (origin, operation_id) = (Origin::Rest, Arc::from("op"));
    Context { origin, operation_id, sender_is_admin, strangers, friends_only: false, came_in: NOW }
}

fn message(target: Target, class: ContentClass) -> Message {
    sample::message(id("ann"), target, sample::content(class, 1, "x"), NOW)
}

fn person(name: &str, level: AccountLevel, receive_option: i32) -> Arc<User> {
    Arc::new(User {
        id: id(name),
        nickname: String::new(),
        face_url: String::new(),
        ex: String::new(),
        created_at: NOW,
        level,
        receive_option,
        standing: Standing::default(),
    })
}

fn group_with(status: GroupStatus) -> Arc<Group> {
    Arc::new(Group {
        id: crew(),
        name: String::new(),
        notification: String::new(),
        introduction: String::new(),
        face_url: String::new(),
        owner: id("olga"),
        creator: id("olga"),
        created_at: NOW,
        ex: String::new(),
        status,
        verification: 0,
        look_member_info: 0,
        apply_member_friend: 0,
        notification_at: UnixMs(0),
        notification_by: String::new(),
        member_count: 1,
        kind: GroupKind::Group,
        max_members: 0,
        invite_confirm: false,
        thread: None,
    })
}

fn member(role: Role, muted_until: UnixMs) -> Arc<Member> {
    Arc::new(Member {
        group: crew(),
        user: id("ann"),
        role,
        nickname: String::new(),
        face_url: String::new(),
        joined_at: NOW,
        join_source: 1,
        operator: String::new(),
        inviter: String::new(),
        muted_until,
        ex: String::new(),
    })
}

fn code<T>(result: Result<T, Refusal>) -> Option<RefusalCode> {
    result.err().map(|refusal| refusal.code)
}

#[test]
fn muted_users_say_nothing_where_they_are_muted_and_apps_speak_for_them() {
    let standing =
        Standing { muted_to_users: Standing::FOR_EVER, muted_in_rooms: NOW, ..Standing::default() };
    let muted = User { standing, ..Arc::unwrap_or_clone(person("ann", AccountLevel::ORDINARY, 0)) };
    let facts = SendFacts { sender: Some(Arc::new(muted)), ..SendFacts::default() };
    let strangers = true;
    for (origin, target, class, refused) in [
        (Origin::Client, Target::User(id("bob")), ContentClass::Text, true),
        (Origin::Rest, Target::User(id("bob")), ContentClass::Text, false),
        (Origin::Client, Target::User(id("bob")), ContentClass::Notification, false),
        (Origin::Client, Target::Group(crew()), ContentClass::Text, false),
        // Until then, not a moment longer.
        (Origin::Client, Target::Room(crew()), ContentClass::Text, false),
    ] {
        let context = Context { origin, ..context(false, strangers) };
        let told = may_send(&context, &message(target.clone(), class), &facts, NOW);
        let muted = told.is_err_and(|refusal| refusal.code == RefusalCode::Muted);
        assert_eq!(muted, refused, "{origin:?} {target:?}");
    }
}

#[test]
fn everybody_named_must_exist() {
    let ann = || Some(person("ann", AccountLevel::ORDINARY, 0));
    let bob = Target::User(id("bob"));
    let notice = Target::Notice(id("bob"));
    let (group, room) = (Target::Group(crew()), Target::Room(crew()));
    let cases = [
        (bob.clone(), None, ann(), None, Some(RefusalCode::UserNotFound)),
        (bob.clone(), ann(), None, None, Some(RefusalCode::UserNotFound)),
        (bob, ann(), ann(), None, None),
        (notice.clone(), ann(), None, None, Some(RefusalCode::UserNotFound)),
        (notice, ann(), ann(), None, None),
        (group.clone(), None, None, Some(GroupStatus::Open), Some(RefusalCode::UserNotFound)),
        (group.clone(), ann(), None, None, Some(RefusalCode::GroupNotFound)),
        (group, ann(), None, Some(GroupStatus::Open), None),
        (room.clone(), ann(), None, None, Some(RefusalCode::GroupNotFound)),
        (room, ann(), None, Some(GroupStatus::Open), None),
    ];
    for (number, (target, sender, recipient, status, answer)) in cases.into_iter().enumerate() {
        let facts = SendFacts { sender, recipient, group: status.map(group_with), ..SendFacts::default() };
        let message = message(target, ContentClass::Text);
        assert_eq!(code(existence(&message, &facts)), answer, "case {number}");
    }
}

#[test]
fn who_may_write_to_whom() {
    let plain = AccountLevel::ORDINARY;
    let (text, notification) = (ContentClass::Text, ContentClass::Notification);
    let blocked = Some(RefusalCode::BlockedByPeer);
    // sender's level, administrator of the app, what, blocked, recipient's option
    let cases = [
        (Some(plain), false, text, false, Some(0), None),
        (Some(plain), false, text, false, Some(2), None),
        (Some(plain), false, text, true, Some(0), blocked.clone()),
        (Some(plain), false, text, false, Some(1), Some(RefusalCode::NotReceiving)),
        (Some(plain), true, text, true, Some(1), None),
        (Some(AccountLevel::ADMIN), false, text, true, Some(1), None),
        (Some(plain), false, notification, true, Some(1), None),
        // Nobody has to exist: who does, still has his say.
        (None, false, text, false, None, None),
        (None, false, text, false, Some(0), None),
        (None, false, text, false, Some(1), Some(RefusalCode::NotReceiving)),
        (None, false, text, true, Some(0), blocked),
        (Some(plain), false, text, false, None, None),
    ];
    for (number, (level, admin, class, blocked, option, answer)) in cases.into_iter().enumerate() {
        let facts = SendFacts {
            sender: level.map(|level| person("ann", level, 0)),
            recipient: option.map(|option| person("bob", plain, option)),
            blocked,
            ..SendFacts::default()
        };
        let message = message(Target::User(id("bob")), class);
        let context = context(admin, level.is_none() || option.is_none());
        assert_eq!(code(may_send(&context, &message, &facts, NOW)), answer, "case {number}");
        let again = requirements(&context, &message, &facts);
        let privileged = admin || class == notification || level == Some(AccountLevel::ADMIN);
        assert_eq!(again.is_empty(), privileged, "case {number}: {again:?}");
    }
}

#[test]
fn who_may_speak_in_a_group() {
    use GroupStatus::{Banned, Dismissed, Muted, Open};
    let (later, before) = (UnixMs(NOW.0 + 1), NOW);
    let is = |role, muted_until| Some((role, muted_until));
    let dismissed = || Some(RefusalCode::GroupDismissed);
    let quiet = || Some(RefusalCode::GroupMuted);
    // group, sender in it, administrator of the app, nobody has to exist
    let cases = [
        (Some(Open), is(Role::Member, before), false, false, None),
        (Some(Open), is(Role::Member, later), false, false, Some(RefusalCode::MutedInGroup)),
        (Some(Open), is(Role::Admin, later), false, false, Some(RefusalCode::MutedInGroup)),
        (Some(Open), is(Role::Owner, later), false, false, None),
        (Some(Open), None, false, false, Some(RefusalCode::NotInGroup)),
        (Some(Open), None, true, false, None),
        (Some(Muted), is(Role::Member, before), false, false, quiet()),
        (Some(Muted), is(Role::Admin, before), false, false, None),
        (Some(Banned), is(Role::Member, before), false, false, quiet()),
        (Some(Muted), is(Role::Owner, before), false, false, None),
        (Some(Muted), None, true, false, None),
        (Some(Dismissed), is(Role::Owner, before), false, false, dismissed()),
        (Some(Dismissed), None, true, false, dismissed()),
        // Nobody has to exist, or to be a member; who is one, may do what members may.
        (None, None, false, true, None),
        (Some(Open), None, false, true, None),
        (Some(Muted), None, false, true, None),
        (Some(Open), is(Role::Member, later), false, true, Some(RefusalCode::MutedInGroup)),
        (Some(Muted), is(Role::Member, before), false, true, quiet()),
        (Some(Dismissed), None, false, true, dismissed()),
    ];
    for (number, (status, role, admin, strangers, answer)) in cases.into_iter().enumerate() {
        let facts = SendFacts {
            sender: Some(person("ann", AccountLevel::ORDINARY, 0)),
            group: status.map(group_with),
            membership: role.map(|(role, muted_until)| member(role, muted_until)),
            ..SendFacts::default()
        };
        let context = context(admin, strangers);
        for target in [Target::Group(crew()), Target::Room(crew())] {
            let message = message(target, ContentClass::Text);
            assert_eq!(code(may_send(&context, &message, &facts, NOW)), answer, "case {number}");
            let mut again = Vec::new();
            if status.is_some() {
                again.push(Require::LiveGroup(crew()));
            }
            if !admin && !strangers {
                again.push(Require::InGroup(crew(), id("ann")));
            }
            assert_eq!(requirements(&context, &message, &facts), again, "case {number}");
        }
    }
}

#[test]
fn who_may_send_notices() {
    let no = || Some(RefusalCode::NoPermission);
    let cases = [
        (Some(AccountLevel::ORDINARY), false, no()),
        (Some(AccountLevel::ADMIN), false, None),
        (Some(AccountLevel::NOTIFICATION), false, None),
        (None, false, no()),
        (None, true, None),
        (Some(AccountLevel::ORDINARY), true, no()),
    ];
    for (number, (level, strangers, answer)) in cases.into_iter().enumerate() {
        let sender = level.map(|level| person("ann", level, 0));
        let facts = SendFacts { sender, ..SendFacts::default() };
        let message = message(Target::Notice(id("bob")), ContentClass::Text);
        let context = context(false, strangers);
        assert_eq!(code(may_send(&context, &message, &facts, NOW)), answer, "case {number}");
    }
}

#[test]
fn what_only_administrators_send() {
    let ordinary = |class, target| (class, target, false, "ann");
    let bob = || Target::User(id("bob"));
    let cases = [
        (ordinary(ContentClass::Text, bob()), true),
        (ordinary(ContentClass::Notification, bob()), false),
        (ordinary(ContentClass::Text, Target::Notice(id("bob"))), false),
        ((ContentClass::Text, bob(), true, "ann"), false),
        ((ContentClass::Text, bob(), false, "olga"), false),
    ];
    for (number, ((class, target, strangers, sender), by_anybody)) in cases.into_iter().enumerate() {
        for admin in [false, true] {
            let draft_of = Draft { sender: id(sender), strangers, ..blank(class, target.clone()) };
            let says = code(draft(&actor(admin), &draft_of));
            let no = (!admin && !by_anybody).then_some(RefusalCode::NoPermission);
            assert_eq!(says, no, "case {number}, {admin}");
        }
    }
}

fn actor(admin: bool) -> Actor {
    let platform = ringback_model::user::Platform::WEB;
    Actor { user: id("ann"), platform, admin, token_id: String::new(), expires_at: NOW }
}

fn blank(class: ContentClass, target: Target) -> Draft {
    sample::draft(id("ann"), target, sample::content(class, 1, "x"))
}

#[test]
fn times_are_ones_that_clients_can_count() {
    for (sent_at, fits) in
        [(-1, false), (0, true), (limits::INSTANT_MAX_MS, true), (limits::INSTANT_MAX_MS + 1, false)]
    {
        let of = |sent_at, created_at| Draft {
            sent_at,
            created_at,
            ..blank(ContentClass::Text, Target::User(id("bob")))
        };
        let at = Some(UnixMs(sent_at));
        assert_eq!(draft(&actor(true), &of(at, None)).is_ok(), fits, "sent at {sent_at}");
        assert_eq!(draft(&actor(true), &of(None, at)).is_ok(), fits, "created at {sent_at}");
    }
}
