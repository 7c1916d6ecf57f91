//! Conversations, and messages that were sent: read, taken back.
//! Source: openim-callbacks fact sheet 4.2 (7 to 10), 4.8.

use ringback_model::action::{Action, ChatAction, ConversationStart, MessageRevoked, MessagesRead};
use ringback_model::conversation::ConversationId;
use ringback_model::dialect::Skip;
use ringback_model::event::EventKind;
use ringback_model::ids::GroupId;
use ringback_model::verdict::Change;

use crate::openim::callbacks::answer::{Asked, ELSEWHERE, Proposal, nothing};
use crate::openim::callbacks::call::Call;
use crate::openim::callbacks::commands::{About, Command, OLDER, row};
use crate::openim::callbacks::fields::{Fields, list};
use crate::openim::callbacks::json::Object;
use crate::openim::callbacks::members::{either, flag, is_unfilled, number, replace, set_text, text};
use crate::openim::callbacks::numbers::{self, MENTIONS, RECEIVE_OPTIONS, within};
use crate::openim::conversation_id;

const CHANGEABLE: &str = "change `recvMsgOpt`, `isPinned`, `isPrivateChat`, `burnDuration`, `groupAtType`, \
                          `attachedInfo`, `ex`, in snake_case too";

pub(super) const ROWS: &[Command] = &[
    row("afterSingleMsgRead", "callbackAfterSingleMsgReadCommand", EventKind::MessagesRead, read)
        .formerly(&[(OLDER, "callbackSingleMsgRead")])
        .block(&["callbackAfterSingleMsgRead"])
        .about(About::Actions(names_messages))
        .says(
            "message that is read",
            "a user has read messages of any conversation that he named (`/msg/mark_msgs_as_read`), or a conversation \
             with one user (`/msg/mark_conversation_as_read`)",
        )
        .differs("`contentType` is the type of the conversation, as in the original."),
    row("afterGroupMsgRead", "callbackAfterGroupMsgReadCommand", EventKind::MessagesRead, group_read)
        .formerly(&[(OLDER, "callbackGroupMsgReadCommand")])
        .block(&["callbackAfterGroupMsgRead"])
        .about(About::Actions(is_group_read))
        .says(
            "group conversation that is read",
            "a user has read the conversation of a group (`/msg/mark_conversation_as_read`)",
        )
        .differs(
            "`conversationID` and `groupID` say which. `sendID` and `receiveID` are the reader, `unreadMsgNum` is how \
             far he has read, `contentType` is the type of the conversation, as in the original.",
        ),
    row("afterRevokeMsg", "callbackBeforeAfterMsgCommand", EventKind::MessageRevoked, revoked)
        .block(&["callbackAfterRevokeMsg"])
        .says("message that is taken back", "a message was taken back (`/msg/revoke_msg`)")
        .differs("`sendID`, `clientMsgID` and `serverMsgID` say which message it was."),
    row("afterGroupMsgRevoke", "callbackAfterGroupMsgRevokeCommand", EventKind::MessageRevoked, group_revoked)
        .block(&["callbackAfterGroupMsgRevoke"])
        .about(About::Actions(is_of_group))
        .says("group message that is taken back", "a message of a group was taken back (`/msg/revoke_msg`)")
        .differs(
            "The original has the key and no command. This one has the fields of `callbackBeforeAfterMsgCommand` and \
             `groupID`; both are called.",
        ),
    row(
        "beforeCreateSingleChatConversations",
        "callbackBeforeCreateSingleChatConversationsCommand",
        EventKind::ConversationStarting,
        single_start,
    )
    .block(&["callbackBeforeCreateSingleChatConversations"])
    .about(About::Actions(is_of_two))
    .says(
        "conversation with one user that comes onto a list",
        "the first message brings a conversation with a user, or with a notification account, onto a list",
    )
    .changes(CHANGEABLE, start_answer)
    .differs("Once per side, each with its own data, and the changes are for that side."),
    row(
        "afterCreateSingleChatConversations",
        "callbackAfterCreateSingleChatConversationsCommand",
        EventKind::ConversationStarted,
        single_start,
    )
    .block(&["callbackAfterCreateSingleChatConversations"])
    .about(About::Actions(is_of_two))
    .says(
        "conversation with one user that comes onto a list",
        "a conversation with a user, or with a notification account, has come onto a list",
    )
    .differs("Only where it was stored."),
    row(
        "beforeCreateGroupChatConversations",
        "callbackBeforeCreateGroupChatConversationsCommand",
        EventKind::ConversationStarting,
        group_start,
    )
    .block(&["callbackBeforeCreateGroupChatConversations"])
    .about(About::Actions(is_of_group))
    .says(
        "group conversation that comes onto lists",
        "the first message, or entering, brings the conversation of a group onto lists",
    )
    .changes(CHANGEABLE, start_answer),
    row(
        "afterCreateGroupChatConversations",
        "callbackAfterCreateGroupChatConversationsCommand",
        EventKind::ConversationStarted,
        group_start,
    )
    .block(&["callbackAfterCreateGroupChatConversations"])
    .about(About::Actions(is_of_group))
    .says("group conversation that comes onto lists", "the conversation of a group has come onto lists")
    .differs("Only where it was stored."),
];

const IN_GROUP: Skip = Skip("the callback is about conversations with one user, this one is that of a group");
const NOT_IN_GROUP: Skip = Skip("the callback is about groups, this conversation is that of two users");

/// Messages that were named, in any conversation, and whole conversations with one user.
fn names_messages(action: &Action) -> Result<usize, Skip> {
    match action {
        Action::Chat(ChatAction::Read(read)) if read.up_to && read.conversation.group().is_some() => {
            Err(Skip("whole conversations of groups have a callback of their own"))
        }
        _ => Ok(1),
    }
}

fn is_group_read(action: &Action) -> Result<usize, Skip> {
    match action {
        Action::Chat(ChatAction::Read(read)) if !read.up_to => {
            Err(Skip("the callback is about whole conversations, here single messages were named"))
        }
        action => is_of_group(action),
    }
}

fn is_of_group(action: &Action) -> Result<usize, Skip> {
    match action {
        Action::Chat(chat) if chat.conversation().group().is_some() => Ok(1),
        _ => Err(NOT_IN_GROUP),
    }
}

fn is_of_two(action: &Action) -> Result<usize, Skip> {
    if is_of_group(action).is_ok() { Err(IN_GROUP) } else { Ok(1) }
}

fn action<'a>(call: &Call<'a>) -> Option<&'a ChatAction> {
    match call.action()? {
        Action::Chat(action) => Some(action),
        _ => None,
    }
}

fn group_of(conversation: &ConversationId) -> &str {
    conversation.group().map_or("", GroupId::as_str)
}

fn read(call: &Call<'_>) -> Option<Fields> {
    let ChatAction::Read(MessagesRead { conversation, user, seqs, .. }) = action(call)? else { return None };
    let fields = call
        .body()
        .put("conversationID", conversation_id::text(conversation))
        .put("userID", user)
        .put("Seqs", list(seqs))
        .put_as("contentType", numbers::conversation(call.generation, conversation), numbers::sessions);
    Some(fields)
}

fn group_read(call: &Call<'_>) -> Option<Fields> {
    let ChatAction::Read(read) = action(call)? else { return None };
    let fields = call
        .body()
        .put("sendID", &read.user)
        .put("receiveID", &read.user)
        .put("unreadMsgNum", read.read_seq)
        .put_as("contentType", numbers::conversation(call.generation, &read.conversation), numbers::sessions);
    let fields = fields.put_if(call.filled(), "conversationID", conversation_id::text(&read.conversation));
    Some(fields.put_if(call.filled(), "groupID", group_of(&read.conversation)))
}

fn revoked(call: &Call<'_>) -> Option<Fields> {
    let ChatAction::Revoke(one) = action(call)? else { return None };
    Some(with_message(call, one, revocation(call, one)))
}

fn group_revoked(call: &Call<'_>) -> Option<Fields> {
    let ChatAction::Revoke(one) = action(call)? else { return None };
    let fields = revocation(call, one).put("groupID", group_of(&one.conversation));
    Some(with_message(call, one, fields))
}

fn revocation(call: &Call<'_>, one: &MessageRevoked) -> Fields {
    call.body()
        .put("conversationID", conversation_id::text(&one.conversation))
        .put("seq", one.seq)
        .put("userID", &one.by)
}

/// Which message it was; the original does not say.
fn with_message(call: &Call<'_>, one: &MessageRevoked, fields: Fields) -> Fields {
    let filled = call.filled();
    let id = one.public_id.clone().unwrap_or_else(|| one.message.to_hex());
    let fields = fields.put_if(filled, "sendID", &one.sender).put_if(filled, "clientMsgID", &one.client_id);
    fields.put_if(filled, "serverMsgID", id)
}

fn single_start(call: &Call<'_>) -> Option<Fields> {
    let ChatAction::Start(one) = action(call)? else { return None };
    let owner = one.owners.first()?;
    let fields = start(call, one, owner.as_str());
    Some(with_settings(fields.put("userId", one.conversation.peer_of(owner)?), one))
}

fn group_start(call: &Call<'_>) -> Option<Fields> {
    let ChatAction::Start(one) = action(call)? else { return None };
    let fields = start(call, one, "");
    Some(with_settings(fields.put("groupId", group_of(&one.conversation)), one))
}

fn start(call: &Call<'_>, one: &ConversationStart, owner: &str) -> Fields {
    call.body()
        .put("ownerUserId", owner)
        .put("conversationId", conversation_id::text(&one.conversation))
        .put_as(
            "conversationType",
            numbers::conversation(call.generation, &one.conversation),
            numbers::sessions,
        )
}

fn with_settings(fields: Fields, one: &ConversationStart) -> Fields {
    fields
        .put("recvMsgOpt", one.receive_option)
        .put("isPinned", one.pinned)
        .put("isPrivateChat", one.private)
        .put("burnDuration", one.burn_s)
        .put("groupAtType", one.mention)
        .put("attachedInfo", &one.attached_info)
        .put("ex", &one.ex)
}

struct StartAnswer {
    receive_option: Option<i32>,
    pinned: Option<bool>,
    private: Option<bool>,
    burn_s: Option<i32>,
    mention: Option<i32>,
    attached_info: Option<String>,
    ex: Option<String>,
}

fn start_answer(object: &Object) -> Result<Box<dyn Proposal>, String> {
    let answer = StartAnswer {
        receive_option: either(object, ["recvMsgOpt", "recv_msg_opt"], number)?,
        pinned: either(object, ["isPinned", "is_pinned"], flag)?,
        private: either(object, ["isPrivateChat", "is_private_chat"], flag)?,
        burn_s: either(object, ["burnDuration", "burn_duration"], number)?,
        mention: either(object, ["groupAtType", "group_at_type"], number)?,
        attached_info: either(object, ["attachedInfo", "attached_info"], text)?,
        ex: text(object, "ex")?,
    };
    if UNFILLED.iter().any(|names| is_unfilled(object, names, &[])) {
        return nothing(object);
    }
    Ok(Box::new(answer))
}

/// All that an answer may change, in either spelling.
const UNFILLED: [[&str; 7]; 2] = [
    ["recvMsgOpt", "isPinned", "isPrivateChat", "burnDuration", "groupAtType", "attachedInfo", "ex"],
    ["recv_msg_opt", "is_pinned", "is_private_chat", "burn_duration", "group_at_type", "attached_info", "ex"],
];

impl Proposal for StartAnswer {
    fn changes(self: Box<Self>, asked: &Asked<'_>) -> Result<Vec<Change>, String> {
        asked.edited(|action| {
            let Action::Chat(ChatAction::Start(one)) = action else { return Err(ELSEWHERE.to_owned()) };
            for (name, given, bounds) in [
                ("recvMsgOpt", self.receive_option, RECEIVE_OPTIONS),
                ("burnDuration", self.burn_s, 0..=i32::MAX),
                ("groupAtType", self.mention, MENTIONS),
            ] {
                given.map(|given| within(name, given, bounds)).transpose()?;
            }
            replace(&mut one.receive_option, self.receive_option);
            replace(&mut one.pinned, self.pinned);
            replace(&mut one.private, self.private);
            replace(&mut one.burn_s, self.burn_s);
            replace(&mut one.mention, self.mention);
            set_text("attachedInfo", &mut one.attached_info, self.attached_info)?;
            set_text("ex", &mut one.ex, self.ex)
        })
    }
}
