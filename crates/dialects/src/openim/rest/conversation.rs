//! `/conversation`: requests. Source: REST sheet 8.

use ringback_model::command::{ChatCommand, Chosen, Command, ConversationRef, SettingsChange, Unlisting};
use ringback_model::conversation::ConversationId;
use ringback_model::dialect::EdgeRequest;
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::time::UnixMs;
use ringback_model::version::Version;

use super::body::{Reject, at_most, body, given, parse, required, short_and_distinct, user_id};
use super::page::{Pagination, page};
use crate::openim::content::{argument, seq_in};
use crate::openim::conversation_id::named;
use crate::openim::wire::session;
use ringback_model::command::Page;

/// Milliseconds of a day.
const DAY_MS: i64 = 24 * 3_600_000;

/// Names of conversations.
fn refs(field: &str, user: &UserId, texts: &[String]) -> Result<Vec<ConversationRef>, Reject> {
    at_most(field, texts.len(), limits::LIST_ITEMS)?;
    Ok(texts.iter().map(|text| named(user, text)).collect())
}

fn listed(owner: UserId, which: Chosen) -> Command {
    Command::Chat(ChatCommand::Conversations { owner, which })
}

body! {
    /// What a client has seen of its list of conversations.
    #[schemars(rename = "ConversationsSeen")]
    Seen {
        user: String = "userID" required,
        /// Empty = nothing.
        version_id: String = "versionID",
        /// 0 = nothing.
        version: u64 = "version",
    }
}

pub(super) fn incremental(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Seen = parse(&request.body)?;
    let owner = user_id("userID", &asked.user)?;
    let seen = Version::parse(&asked.version_id, asked.version);
    Ok(Command::Chat(ChatCommand::Changes { owner, seen }))
}

body! {
    /// A client that looks whether it has all ids.
    #[schemars(rename = "ConversationIdCheck")]
    IdCheck {
        user: String = "userID" required,
        /// The first eight bytes of the MD5 of its ids as a JSON list; 0 over none.
        hash: u64 = "idHash",
    }
}

pub(super) fn full_ids(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: IdCheck = parse(&request.body)?;
    Ok(Command::Chat(ChatCommand::Ids { owner: user_id("userID", &asked.user)? }))
}

body! {
    /// A page of a user's conversations.
    #[schemars(rename = "OwnConversationsPage")]
    OwnerPage {
        user: String = "userID" required,
        page: Option<Pagination> = "pagination" required,
    }
}

pub(super) fn of_owner(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: OwnerPage = parse(&request.body)?;
    let owner = user_id("userID", &asked.user)?;
    let Page { skip, limit } = page(asked.page)?;
    Ok(listed(owner, Chosen::Page { skip, limit }))
}

body! {
    /// Whose conversations are asked for.
    #[schemars(rename = "OwnConversations")]
    Owner {
        owner: String = "ownerUserID" required,
    }
}

pub(super) fn all(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Owner = parse(&request.body)?;
    Ok(listed(user_id("ownerUserID", &asked.owner)?, Chosen::All))
}

body! {
    /// Conversations that are asked for.
    #[schemars(rename = "OwnConversationsById")]
    OwnerIds {
        owner: String = "ownerUserID" required,
        /// At most 1000; those that are not on the list are left out.
        ids: Option<Vec<String>> = "conversationIDs" required,
    }
}

pub(super) fn some(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: OwnerIds = parse(&request.body)?;
    let owner = user_id("ownerUserID", &asked.owner)?;
    let ids = refs("conversationIDs", &owner, &given("conversationIDs", asked.ids)?)?;
    Ok(listed(owner, Chosen::These(ids)))
}

body! {
    /// A conversation that is asked for.
    #[schemars(rename = "OwnConversation")]
    OwnerId {
        id: String = "conversationID" required,
        owner: String = "ownerUserID" required,
    }
}

pub(super) fn one(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: OwnerId = parse(&request.body)?;
    required("conversationID", &asked.id)?;
    let owner = user_id("ownerUserID", &asked.owner)?;
    let conversation = named(&owner, &asked.id);
    Ok(Command::Chat(ChatCommand::Conversation { owner, conversation }))
}

body! {
    /// Whose conversations are asked for.
    #[schemars(rename = "ConversationsOfUser")]
    OfUser {
        user: String = "userID" required,
    }
}

pub(super) fn silent(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: OfUser = parse(&request.body)?;
    Ok(listed(user_id("userID", &asked.user)?, Chosen::Silent))
}

pub(super) fn pinned(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: OfUser = parse(&request.body)?;
    Ok(listed(user_id("userID", &asked.user)?, Chosen::Pinned))
}

body! {
    /// A page of conversations with their newest messages.
    #[schemars(rename = "SortedConversationsPage")]
    Sorted {
        user: String = "userID" required,
        /// At most 1000; all of them if empty.
        ids: Vec<String> = "conversationIDs",
        page: Option<Pagination> = "pagination" required,
    }
}

pub(super) fn sorted(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Sorted = parse(&request.body)?;
    let owner = user_id("userID", &asked.user)?;
    let Page { skip, limit } = page(asked.page)?;
    let ids = refs("conversationIDs", &owner, &asked.ids)?;
    let which = if ids.is_empty() { Chosen::All } else { Chosen::These(ids) };
    Ok(Command::Chat(ChatCommand::Overview {
        owner: Some(owner),
        which,
        page: Some((skip, limit)),
        only_with_messages: false,
        some: true,
    }))
}

body! {
    /// Settings of a conversation; what is absent stays as it is.
    #[schemars(rename = "ConversationSettings")]
    Settings {
        id: String = "conversationID" required,
        /// 1 single, 3 group, 4 notification.
        #[schemars(extend("enum" = [1, 3, 4]))]
        kind: i32 = "conversationType" required,
        /// The peer, in single chats.
        user: String = "userID",
        /// The group, in groups.
        group: String = "groupID",
        /// 0 receive, 1 do not receive, 2 receive without notifying.
        #[schemars(range(min = 0, max = 2))]
        receive_option: Option<i32> = "recvMsgOpt",
        pinned: Option<bool> = "isPinned",
        /// The client's own text.
        attached_info: Option<String> = "attachedInfo",
        /// Messages burn after reading; on both sides of a single chat.
        private: Option<bool> = "isPrivateChat",
        /// The app's own text.
        ex: Option<String> = "ex",
        /// Seconds after which messages burn.
        #[schemars(range(min = 0))]
        burn_s: Option<i32> = "burnDuration",
        /// The first message that the user still sees.
        #[schemars(range(min = 0))]
        min_seq: Option<i64> = "minSeq",
        /// Does not matter: who has left a group sees what he saw then.
        _max_seq: Option<i64> = "maxSeq",
        /// Who was mentioned: 0 nobody, 1 the user, 2 everybody, 3 both, 4 an announcement.
        #[schemars(range(min = 0, max = 4))]
        mention: Option<i32> = "groupAtType",
        /// Seconds after which messages go from this user's view; looked at once an hour.
        #[schemars(range(min = 0))]
        expire_s: Option<i64> = "msgDestructTime",
        /// Messages go after a while.
        expires: Option<bool> = "isMsgDestruct",
    }
}

body! {
    /// Settings of a conversation, for users who have it.
    #[schemars(rename = "ConversationConfiguration", transform = describe_kinds)]
    Configuration {
        /// For whom, each once; at most 1000. Administrators may name others.
        users: Option<Vec<String>> = "userIDs" required,
        conversation: Option<Settings> = "conversation" required,
    }
}

/// Single chats name the peer, groups the group.
fn describe_kinds(schema: &mut schemars::Schema) {
    let form = |kind: i32, needed: Option<&str>| {
        let mut properties = serde_json::json!({"conversationType": {"const": kind}});
        if let Some(needed) = needed {
            properties[needed] = serde_json::json!({"minLength": 1});
        }
        let required: Vec<&str> = needed.into_iter().collect();
        serde_json::json!({"properties": {"conversation": {"properties": properties, "required": required}}})
    };
    let forms = [
        form(session::SINGLE, Some("userID")),
        form(session::GROUP, Some("groupID")),
        form(session::NOTICE, None),
    ];
    schema.insert("anyOf".to_owned(), serde_json::Value::from(forms.to_vec()));
}

pub(super) fn configure(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Configuration = parse(&request.body)?;
    let users = given("userIDs", asked.users)?;
    short_and_distinct("userIDs", &users)?;
    let settings = given("conversation", asked.conversation)?;
    required("conversationID", &settings.id)?;
    match settings.kind {
        session::SINGLE => required("userID", &settings.user)?,
        session::GROUP => required("groupID", &settings.group)?,
        session::NOTICE => "",
        0 => return Err(Reject::Malformed("conversationType is empty".to_owned())),
        other => {
            let detail = format!("conversationType is {other}; known are 1 single, 3 group, 4 notification");
            return Err(argument(detail).into());
        }
    };
    let mut sides = Vec::with_capacity(users.len());
    for user in &users {
        let user = user_id("userIDs", user)?;
        sides.push((user.clone(), side(&user, &settings)));
    }
    let change = change(settings)?;
    Ok(Command::Chat(ChatCommand::Configure { users: sides, change }))
}

/// What the conversation is to one user; `None` = none of his.
fn side(user: &UserId, settings: &Settings) -> ConversationRef {
    let mut side = named(user, &settings.id);
    let fits = |id: &ConversationId| match settings.kind {
        session::SINGLE => matches!(id, ConversationId::Single(..)) && names(id, &settings.user),
        session::GROUP => matches!(id, ConversationId::Group(group) if group.as_str() == settings.group),
        _ => {
            matches!(id, ConversationId::Notice(..))
                && (settings.user.is_empty() || names(id, &settings.user))
        }
    };
    side.id = side.id.filter(fits);
    side
}

/// Whether one of its two is this user. Users of one call have different peers, so either of the two may be named.
fn names(conversation: &ConversationId, user: &str) -> bool {
    let is_he = |side: &UserId| side.as_str().eq_ignore_ascii_case(user);
    conversation.peers().is_some_and(|(low, high)| is_he(low) || is_he(high))
}

fn change(settings: Settings) -> Result<SettingsChange, Reject> {
    within("recvMsgOpt", settings.receive_option.map(i64::from), 2)?;
    within("groupAtType", settings.mention.map(i64::from), 4)?;
    within("burnDuration", settings.burn_s.map(i64::from), i64::MAX)?;
    within("minSeq", settings.min_seq, i64::MAX)?;
    within("msgDestructTime", settings.expire_s, i64::MAX)?;
    Ok(SettingsChange {
        receive_option: settings.receive_option,
        pinned: settings.pinned,
        private: settings.private,
        burn_s: settings.burn_s,
        mention: settings.mention,
        attached_info: settings.attached_info,
        ex: settings.ex,
        expires: settings.expires,
        expire_s: settings.expire_s,
        min_seq: settings.min_seq.map(seq_in),
    })
}

fn within(field: &str, value: Option<i64>, most: i64) -> Result<(), Reject> {
    match value {
        Some(value) if !(0..=most).contains(&value) => {
            Err(argument(format!("{field} is {value}, which is out of range")).into())
        }
        _ => Ok(()),
    }
}

body! {
    /// Conversations that go off a user's list, until something is said in them: those that are named, or those in
    /// which nothing was said for so many days.
    #[schemars(rename = "ConversationDeletion", transform = describe_deletions)]
    Deletion {
        owner: String = "ownerUserID" required,
        /// Days.
        days: i64 = "needDeleteTime",
        /// At most 1000.
        ids: Vec<String> = "conversationIDs",
    }
}

fn describe_deletions(schema: &mut schemars::Schema) {
    let forms = serde_json::json!([
        {"properties": {"needDeleteTime": {"minimum": 1}, "conversationIDs": {"maxItems": 0}},
         "required": ["needDeleteTime"]},
        {"properties": {"needDeleteTime": {"const": 0}, "conversationIDs": {"minItems": 1}},
         "required": ["conversationIDs"]},
    ]);
    schema.insert("anyOf".to_owned(), forms);
}

pub(super) fn delete(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Deletion = parse(&request.body)?;
    let owner = user_id("ownerUserID", &asked.owner)?;
    let which = match (asked.days, asked.ids.is_empty()) {
        (1.., true) => {
            let age = asked.days.saturating_mul(DAY_MS);
            Unlisting::QuietSince(UnixMs(request.at.0.saturating_sub(age)))
        }
        (0, false) => Unlisting::These(refs("conversationIDs", &owner, &asked.ids)?),
        _ => return Err(argument("one of needDeleteTime and conversationIDs is needed, and not both").into()),
    };
    Ok(Command::Chat(ChatCommand::Unlist { owner, which }))
}

body! {
    /// The app's own text for all conversations of a user.
    #[schemars(rename = "ConversationsUpdate")]
    Update {
        user: String = "userID" required,
        /// Stays as it is if absent.
        ex: Option<String> = "ex",
    }
}

pub(super) fn update_all(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Update = parse(&request.body)?;
    let user = user_id("userID", &asked.user)?;
    Ok(Command::Chat(ChatCommand::ConfigureAll { user, ex: asked.ex }))
}
