//! What members mean, in words. Types come from the code; what numbers stand for and how far answers may go is said
//! here, and tests compare it with what answers are taken.

use std::ops::RangeInclusive;

use ringback_model::event::EventKind::{self, *};
use ringback_model::limits;
use serde_json::{Value, json};

use super::super::commands::{Command, Effect};
use super::super::generation::Generation;
use super::super::numbers::{GROUP_TYPE, LEVELS, MENTIONS, RECEIVE_OPTIONS, SWITCH, VERIFICATIONS};

/// A member of bodies: its name, the moments that mean this by it (none = all others), and what it says.
type Sent = (&'static str, &'static [EventKind], &'static str);

const MESSAGES: &[EventKind] = &[MessageScreening, MessageSending, MessageRewriting, MessageSent];
const PUSHES: &[EventKind] = &[OnlinePushing, OfflinePushing];
const PRESENCE: &[EventKind] = &[UserOnline, UserOffline, UserKicked];
const AGREEMENTS: &[EventKind] = &[FriendAgreeing, FriendAgreed];
const BLOCKS: &[EventKind] = &[UserBlocking, UserUnblocked];
const CREATIONS: &[EventKind] = &[GroupCreating, GroupCreated];
const EDITS: &[EventKind] = &[GroupEditing, GroupEdited];
const MEMBER_EDITS: &[EventKind] = &[MemberEditing, MemberEdited];
const PROFILES: &[EventKind] = &[UserEditing, UserEdited, UsersRegistering, UsersRegistered];

#[rustfmt::skip]
const SENT: &[Sent] = &[
    ("callbackCommand", &[], "Which callback it is."),
    ("operationID", &[], "Id of the call that caused it, as the caller gave it."),
    ("opUserID", &[], "Who acts; absent where the server itself does."),
    ("sendID", &[MessagesRead], "Who has read."),
    ("sendID", &[], "Who sent the message."),
    ("recvID", &[], "Whom the message goes to; empty where it goes to a group."),
    ("groupID", MESSAGES, "The group that the message goes to; empty where it goes to a user."),
    ("groupID", PUSHES, "The group that the message went to; empty where it went to a user."),
    ("groupID", &[GroupCreating], "The id that the group is to have; empty = the server chooses one."),
    ("groupID", &[], "The group."),
    ("groupId", &[], "The group."),
    ("serverMsgID", &[], "The server's id of the message."),
    ("clientMsgID", &[], "The client's id of the message."),
    ("senderPlatformID", &[], "Platform of the sender's device: 1 iOS, 2 Android, 3 Windows, 4 macOS, 5 web, 6 web in an app, 7 Linux, 8 Android tablet, 9 iPad, 10 administrator, 11 HarmonyOS."),
    ("senderNickname", &[], "What the sender is called, as the client gave it."),
    ("sessionType", &[], "Kind of conversation: 1 two users, 3 (in v2: 2) a group, 4 a notification account."),
    ("msgFrom", &[], "100 a user, 200 the system."),
    ("contentType", &[MessagesRead], "Kind of conversation, as in `sessionType` of messages."),
    ("contentType", &[], "Kind of content: 101 text, 102 picture, 103 voice, 104 video, 105 file, 106 text with mentions, 110 custom, and so on; 1000 to 5000 notifications."),
    ("status", MESSAGES, "1 on its way, 2 sent; another number is the client's own."),
    ("status", CREATIONS, "0 open, 1 banned, 2 dismissed, 3 muted."),
    ("sendTime", &[], "When the server took the message, in Unix milliseconds."),
    ("createTime", MESSAGES, "When the client made the message, in Unix milliseconds."),
    ("createTime", &[GroupCreating], "Always 0: the group is not made yet."),
    ("createTime", &[], "When it was made, in Unix milliseconds; 0 = not yet, or nobody knows."),
    ("content", &[], "The message's element as JSON text; in v2 the words of a text message as they are."),
    ("seq", PRESENCE, "When it happened, in Unix milliseconds; a greater number is newer."),
    ("seq", &[MessageScreening, MessageSending, MessageRewriting], "Always 0: the message has no number yet."),
    ("seq", &[], "Number of the message in its conversation; 0 = it has none."),
    ("atUserList", &[], "Users who are mentioned; null = nobody."),
    ("atUserIDList", &[], "Users who are mentioned; null = nobody."),
    ("faceURL", MESSAGES, "Address of the sender's picture."),
    ("faceURL", MEMBER_EDITS, "Address of the picture that the member is to have in the group; null = it stays."),
    ("faceURL", EDITS, "Address of the group's picture; null, on the old route empty = it stays."),
    ("faceURL", CREATIONS, "Address of the group's picture."),
    ("faceURL", PROFILES, "Address of the user's picture; null, on the old route empty = it stays."),
    ("ex", EDITS, "The app's own text; null, on the old route empty = it stays."),
    ("ex", MEMBER_EDITS, "The app's own text; null = it stays."),
    ("ex", PROFILES, "The app's own text; null, on the old route empty = it stays."),
    ("ex", &[], "The app's own text."),
    ("userIDList", &[], "Whom the push goes to."),
    ("title", &[], "First line of what sleeping devices show; absent where the message says nothing about it."),
    ("desc", &[], "Second line; absent where the message says nothing about it."),
    ("iOSPushSound", &[], "The sound on iOS; absent where the message says nothing about it."),
    ("iOSBadgeCount", &[], "Whether the badge on iOS counts up; absent where the message says nothing about it."),
    ("signalInfo", &[], "The app's own text for calls; absent where the message says nothing about it."),
    ("platformID", PRESENCE, "Platform of the connection: 1 iOS, 2 Android, 3 Windows, 4 macOS, 5 web, 6 web in an app, 7 Linux, 8 Android tablet, 9 iPad, 10 administrator, 11 HarmonyOS."),
    ("platformID", &[], "Platform of the sender's device: 1 iOS, 2 Android, 3 Windows, 4 macOS, 5 web, 6 web in an app, 7 Linux, 8 Android tablet, 9 iPad, 10 administrator, 11 HarmonyOS."),
    ("platform", &[], "Its name; empty for numbers that nobody knows."),
    ("conversationID", &[], "The conversation."),
    ("conversationId", &[], "The conversation."),
    ("conversationType", &[], "Kind of conversation: 1 two users, 3 (in v2: 2) a group, 4 a notification account."),
    ("Seqs", &[], "Numbers of the messages that were named; null = none, the whole conversation."),
    ("receiveID", &[], "Who has read, once more."),
    ("unreadMsgNum", &[], "Number of the last message that is read."),
    ("ownerUserId", &[], "Whose list it comes onto; empty for groups: everybody's."),
    ("userId", &[], "The other user of the conversation."),
    ("recvMsgOpt", &[], "0 messages are received, 1 they are not, 2 they are, without a push."),
    ("isPinned", &[], "Whether the conversation stands on top."),
    ("isPrivateChat", &[], "Whether messages vanish after they were read."),
    ("burnDuration", &[], "Seconds after which they do."),
    ("groupAtType", &[], "Who was mentioned: 0 nobody, 1 the owner of the list, 2 all, 3 both, 4 an announcement."),
    ("attachedInfo", &[], "The client's own text."),
    ("userID", &[MessagesRead], "Who has read."),
    ("userID", &[MessageRevoked], "Who took the message back."),
    ("userID", PRESENCE, "Who comes or goes."),
    ("userID", &[GroupEntering], "Who enters."),
    ("userID", &[GroupJoined], "Who has entered."),
    ("userID", &[GroupQuit], "Who has left."),
    ("userID", MEMBER_EDITS, "The member."),
    ("userID", CREATIONS, "The member."),
    ("userID", PROFILES, "Whose profile it is."),
    ("isAppBackground", &[], "Whether the app is in the background."),
    ("connID", &[], "Id of the connection."),
    ("reason", &[UserKicked], "Why, in words."),
    ("reason", &[], "Why, as who acts gave it."),
    ("fromUserID", AGREEMENTS, "Who had asked."),
    ("fromUserID", &[], "Who asks."),
    ("toUserID", AGREEMENTS, "Who agrees."),
    ("toUserID", &[], "Who is asked."),
    ("blackUserID", AGREEMENTS, "Who agrees; the name is the original's."),
    ("blackUserID", BLOCKS, "Who is, or was, on the block list."),
    ("reqMsg", &[], "What the asking user says."),
    ("HandleResult", &[], "Always 1: yes."),
    ("HandleMsg", &[], "What the agreeing user says."),
    ("handleResult", &[], "The same as `HandleResult`."),
    ("handleMsg", &[], "The same as `HandleMsg`."),
    ("ownerUserID", CREATIONS, "The group's owner; before it is made, empty where nobody was named."),
    ("ownerUserID", &[], "Whose list it is."),
    ("friendUserID", &[], "The friend."),
    ("friendUserIDs", &[], "The friends."),
    ("remark", &[], "The name for the friend."),
    ("groupName", EDITS, "The group's name; null, on the old route empty = it stays."),
    ("groupName", &[], "The group's name."),
    ("notification", EDITS, "The group's announcement; null, on the old route empty = it stays."),
    ("notification", &[], "The group's announcement."),
    ("introduction", EDITS, "What the group says about itself; null, on the old route empty = it stays."),
    ("introduction", &[], "What the group says about itself."),
    ("memberCount", &[], "How many members it has; before it is made, 0."),
    ("creatorUserID", &[], "Who makes the group; before it is made, empty where nobody was named."),
    ("groupType", CREATIONS, "2: there are no others any more."),
    ("groupType", &[], "The character U+0002: the type of the group, as the original writes it here."),
    ("needVerification", &[], "Who may enter how: 0 who asks needs approval, who is invited does not; 1 all need it, unless owner or administrator invites; 2 nobody needs it."),
    ("lookMemberInfo", &[], "Whether members may see each other's profiles: 0 yes, 1 no."),
    ("applyMemberFriend", &[], "Whether members may become friends by way of the group: 0 yes, 1 no."),
    ("notificationUpdateTime", &[], "When the announcement was last changed, in Unix milliseconds; 0 = never."),
    ("notificationUserID", &[], "Who changed it last."),
    ("initMemberList", &[], "The first members, the owner among them where one was named."),
    ("roleLevel", MEMBER_EDITS, "20 member, 60 administrator, 100 owner; null = it stays."),
    ("roleLevel", &[], "20 member, 60 administrator, 100 owner."),
    ("groupEx", &[], "The app's own text of the group."),
    ("memberList", &[], "Who enters."),
    ("applyID", &[], "Who wants to enter."),
    ("reqMessage", &[], "What he says."),
    ("joinSource", &[], "How he came in: 1 by an administrator, 2 invited, 3 by searching, 4 by a code."),
    ("inviterUserID", &[], "Who has entered; the name is the original's."),
    ("invitedUserIDs", &[], "Who is invited."),
    ("kickedUserIDs", &[], "Who was removed."),
    ("ownerID", &[], "Who owned the group."),
    ("membersID", &[], "Who were members; null = nobody."),
    ("oldOwnerUserID", &[], "Who owned the group."),
    ("newOwnerUserID", &[], "Who owns it now."),
    ("nickName", MEMBER_EDITS, "What the member is to be called in the group; null = it stays."),
    ("nickName", &[], "What the user is to be called; null, on the old route empty = it stays."),
    ("nickname", &[], "What the user is called."),
    ("appMangerLevel", &[], "Kind of account: 0 ordinary, 2 administrator of the app, 3 and more notification accounts and robots. The name is the original's."),
    ("globalRecvMsgOpt", &[], "0 messages are received, 1 they are not, 2 they are, without a push."),
    ("users", &[], "Who is registered."),
    ("value", &[], "The value, where `openim.compat.wrappers` is `objects`."),
];

/// What a member of a command's bodies says.
pub(super) fn sent(command: &Command, name: &str) -> &'static str {
    let of_name = || SENT.iter().filter(|(known, ..)| *known == name);
    let own = of_name().find(|(_, kinds, _)| kinds.contains(&command.kind));
    own.or_else(|| of_name().find(|(_, kinds, _)| kinds.is_empty())).map_or("", |(.., says)| says)
}

/// Which of the numbers that can be read mean something.
#[derive(Clone)]
pub(super) enum Bounds {
    /// All, or it is no number.
    Free,
    /// Those from here to there.
    Within(RangeInclusive<i32>),
    /// These. A 0 among them means nothing: it may stand where an answer has every member 0 or empty.
    OneOf(&'static [i32]),
    /// Moments since 1970.
    Moment,
}

impl Bounds {
    /// Takes the other numbers out of a schema.
    pub(super) fn narrow(&self, schema: &mut Value) {
        if let Some(forms) = schema.get_mut("anyOf").and_then(Value::as_array_mut) {
            forms.iter_mut().for_each(|form| self.narrow(form));
        }
        if let Some(value) = schema.pointer_mut("/properties/value") {
            self.narrow(value);
            return;
        }
        let nullable = match &schema["type"] {
            Value::Array(kinds) => kinds.contains(&json!("integer")),
            kind if kind == "integer" => false,
            _ => return,
        };
        match self {
            Self::Free => {}
            Self::Within(bounds) => {
                schema["minimum"] = json!(bounds.start());
                schema["maximum"] = json!(bounds.end());
            }
            Self::OneOf(numbers) => {
                let null = nullable.then_some(Value::Null);
                let numbers = numbers.iter().map(|number| json!(number)).chain(null);
                *schema = json!({"type": schema["type"], "enum": numbers.collect::<Vec<_>>()});
            }
            Self::Moment => schema["minimum"] = json!(0),
        }
    }
}

/// What a member of answers means.
pub(super) struct Word {
    pub(super) says: &'static str,
    pub(super) bounds: Bounds,
    /// An entry of a list without it is no entry.
    pub(super) needed: bool,
}

/// A member of answers: its name, the moments as in [`Sent`], what it says, its bounds.
type Answered = (&'static str, &'static [EventKind], &'static str, Bounds);

const NOTHING: Bounds = Bounds::Free;

#[rustfmt::skip]
const ANSWERED: &[Answered] = &[
    ("actionCode", &[], "What is to happen; see the description of the whole.", NOTHING),
    ("nextCode", &[], "1 refuses; see the description of the whole.", NOTHING),
    ("errCode", &[], "Code that the sender sees where the answer refuses.", NOTHING),
    ("errMsg", &[], "Text that the sender sees where the answer refuses.", NOTHING),
    ("errDlt", &[], "The longer text beside it.", NOTHING),
    ("content", &[MessageScreening], "The text instead; empty = the text stays.", NOTHING),
    ("content", &[], "The content instead: JSON text of an element; in v2 the plain text of a text message.", NOTHING),
    ("recvID", &[], "Whom the message goes to instead.", NOTHING),
    ("groupID", &[MessageRewriting], "The group that the message goes to instead.", NOTHING),
    ("groupID", EDITS, "The same group as in the request, or empty: another one makes the call a failed one.", NOTHING),
    ("groupID", &[], "The id that the group is to have.", NOTHING),
    ("sessionType", &[], "Kind of conversation that the message goes to instead: 1 two users, 3 (in v2: 2) a group, 4 a notification account.", Bounds::OneOf(&[0, 1, 2, 3, 4])),
    ("clientMsgID", &[], "The client's id of the message instead: at most 128 bytes.", NOTHING),
    ("serverMsgID", &[], "The server's id of the message instead: at most 128 bytes.", NOTHING),
    ("senderPlatformID", &[], "Platform of the sender's device instead.", NOTHING),
    ("senderNickname", &[], "What the sender is called instead: at most 16 KiB.", NOTHING),
    ("senderFaceURL", &[], "Address of the sender's picture instead: at most 16 KiB.", NOTHING),
    ("msgFrom", &[], "100 from a user, 200 from the system.", Bounds::OneOf(&[0, 100, 200])),
    ("contentType", &[], "Kind of content instead, as in the request.", NOTHING),
    ("status", &[MessageRewriting], "The message's status instead.", NOTHING),
    ("status", &[], "State of the group: 0 open, 1 banned, 3 muted.", Bounds::OneOf(&[0, 1, 3])),
    ("options", &[], "All switches of the message instead, each true or false.", NOTHING),
    ("offlinePushInfo", &[OnlinePushing], "Read and not used.", NOTHING),
    ("offlinePushInfo", &[], "What sleeping devices show instead; what it does not say stays.", NOTHING),
    ("title", &[], "First line of it: at most 16 KiB.", NOTHING),
    ("desc", &[], "Second line: at most 16 KiB.", NOTHING),
    ("iOSPushSound", &[], "The sound on iOS.", NOTHING),
    ("iOSBadgeCount", &[], "Whether the badge on iOS counts up.", NOTHING),
    ("signalInfo", &[], "The app's own text for calls.", NOTHING),
    ("atUserIDList", &[], "Users who are mentioned instead.", NOTHING),
    ("attachedInfo", &[MessageRewriting], "The client's own text instead: at most 16 KiB.", NOTHING),
    ("attachedInfo", &[], "The client's own text that the conversation is to have: at most 16 KiB.", NOTHING),
    ("msgDataList", &[], "Base64; read and not used.", NOTHING),
    ("ex", &[], "The app's own text instead: at most 16 KiB.", NOTHING),
    ("userIDList", &[OnlinePushing], "Whom the push goes to instead, where it goes to a group: not empty, each once, of those who exist. Read and not used where it goes to one user.", NOTHING),
    ("userIDList", &[], "Whom the push goes to instead: not empty, each once, of those who exist.", NOTHING),
    ("recvMsgOpt", &[], "0 messages are received, 1 they are not, 2 they are, without a push.", Bounds::Within(RECEIVE_OPTIONS)),
    ("isPinned", &[], "Whether the conversation is to stand on top.", NOTHING),
    ("isPrivateChat", &[], "Whether messages are to vanish after they were read.", NOTHING),
    ("burnDuration", &[], "Seconds after which they do.", Bounds::Within(0..=i32::MAX)),
    ("groupAtType", &[], "Who was mentioned: 0 nobody, 1 the owner of the list, 2 all, 3 both, 4 an announcement.", Bounds::Within(MENTIONS)),
    ("remark", &[], "The name for the friend instead: at most 16 KiB; empty = it stays.", NOTHING),
    ("friendUserIDs", &[], "The friends instead: each once, at most 1000, not the owner himself; empty = they stay.", NOTHING),
    ("groupName", &[], "The group's name instead: at most 16 KiB, not empty.", NOTHING),
    ("notification", &[GroupCreating], "The group's announcement instead: at most 16 KiB.", NOTHING),
    ("notification", &[], "Read and not used.", NOTHING),
    ("introduction", &[], "What the group says about itself instead: at most 16 KiB.", NOTHING),
    ("faceURL", &[], "Address of the picture instead: at most 16 KiB.", NOTHING),
    ("ownerUserID", &[], "Read and not used.", NOTHING),
    ("creatorUserID", &[], "Who makes the group instead; somebody who exists.", NOTHING),
    ("groupType", &[], "2: there are no others any more.", Bounds::OneOf(&[0, GROUP_TYPE])),
    ("needVerification", &[], "Who may enter how: 0 who asks needs approval, who is invited does not; 1 all need it, unless owner or administrator invites; 2 nobody needs it.", Bounds::Within(VERIFICATIONS)),
    ("lookMemberInfo", &[], "Whether members may see each other's profiles: 0 yes, 1 no.", Bounds::Within(SWITCH)),
    ("applyMemberFriend", &[], "Whether members may become friends by way of the group: 0 yes, 1 no.", Bounds::Within(SWITCH)),
    ("memberCallbackList", &[], "What those who enter are to have instead; whoever is not named stays as he is.", NOTHING),
    ("userID", &[GroupEntering], "Who: one of those who enter.", NOTHING),
    ("userID", &[], "The user; each once.", NOTHING),
    ("nickname", &[], "What the user is called instead: at most 16 KiB.", NOTHING),
    ("nickName", &[], "What the user is called instead: at most 16 KiB.", NOTHING),
    ("roleLevel", &[GroupEntering], "20 member, 60 administrator; 100 for the owner alone.", Bounds::OneOf(&[20, 60, 100])),
    ("roleLevel", &[], "20 member, 60 administrator; 100 for the owner alone.", Bounds::OneOf(&[0, 20, 60, 100])),
    ("muteEndTime", &[], "Until when the member is muted, in Unix milliseconds; 0 = he is not.", Bounds::Moment),
    ("refusedMembersAccount", &[], "Read and not used: all are invited, or nobody.", NOTHING),
    ("users", &[], "All who are registered instead, at most 1000; of one who was sent, what is absent stays. Empty = they stay.", NOTHING),
    ("createTime", &[], "When the user was made, in Unix milliseconds; 0 = now.", Bounds::Moment),
    ("appMangerLevel", &[], "Kind of account: 0 ordinary, 2 administrator of the app, 3 and more notification accounts and robots. The name is the original's.", Bounds::Within(LEVELS)),
    ("globalRecvMsgOpt", &[], "0 messages are received, 1 they are not, 2 they are, without a push.", Bounds::Within(RECEIVE_OPTIONS)),
    ("value", &[], "The value, where one writes `{\"value\": …}` around it.", NOTHING),
];

/// What a member of answers to a command means. Names in snake case mean the same as the others.
pub(super) fn answered(command: &Command, name: &str) -> Word {
    let camel = camel(name);
    let of_name = || ANSWERED.iter().filter(|(known, ..)| *known == camel);
    let own = of_name().find(|(_, kinds, ..)| kinds.contains(&command.kind));
    let word = own.or_else(|| of_name().find(|(_, kinds, ..)| kinds.is_empty()));
    // Entries of lists are known by the user.
    let needed = name == "userID";
    match word {
        Some((_, _, says, bounds)) => Word { says, bounds: bounds.clone(), needed },
        None => Word { says: "", bounds: Bounds::Free, needed },
    }
}

/// `recv_msg_opt` -> `recvMsgOpt`.
fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut letters = part.chars();
        whole.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        whole.push_str(letters.as_str());
    }
    whole
}

/// What an answer as a whole means.
pub(super) fn answering(command: &Command, generation: Generation) -> String {
    let refusing = match generation {
        Generation::V38 => "`actionCode` 0 with `nextCode` 1 refuses; every other pair lets it happen",
        Generation::V35 => "an `actionCode` that is not 0, or `nextCode` 1, refuses",
        Generation::V30 => "an `actionCode` or `errCode` that is not 0 refuses",
        Generation::V2 => {
            "`actionCode` 1 with `errCode` 0 refuses, 0 with 0 lets it happen; other pairs make the call a failed one"
        }
    };
    let changing = match command.effect {
        Effect::Nothing | Effect::Decide { fields: "", .. } => String::new(),
        Effect::Decide { fields, .. } => format!(" It may {fields}."),
    };
    format!(
        "An answer has a status of 200 to 299 and this as its body, of at most {} KiB. {refusing}; a sender who is refused \
         without a code sees {}.{changing} What is absent or null stays as it is, and members that nobody knows are \
         ignored. Names are found in any letter case; write them as they stand here. Whole numbers have no point: `1.0` \
         is not one. What does not fit makes the call a failed one, and `failedContinue` decides.",
        limits::ANSWER_BYTES / 1024,
        generation.default_refusal_code(),
    )
}
