//! `/friend`: friend lists and block lists as their owners read them. Source: REST sheet 5, 12.

use ringback_model::command::{Command, FriendCommand, FriendOutcome, FriendShown, Outcome, Relation};
use ringback_model::dialect::EdgeRequest;
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::record::Friend;
use ringback_model::user::{Block, User};
use ringback_model::version::Version;
use schemars::JsonSchema;
use serde::Serialize;

use super::body::{Reject, at_most, body, given, parse, user_id};
use super::page::{Pagination, page};
use super::reply::{Data, data};
use super::sync::{AllIds, DeltaJson};
use super::user::UserInfo;
use crate::openim::group_objects::PublicUser;

body! {
    /// A page of a list of somebody's.
    #[schemars(rename = "ListPage")]
    PageOf {
        /// Whose list.
        user: String = "userID" required,
        /// Which page.
        pagination: Option<Pagination> = "pagination" required,
    }
}

pub(super) fn list(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: PageOf = parse(&request.body)?;
    let owner = user_id("userID", &asked.user)?;
    Ok(Command::Friend(FriendCommand::List { owner, page: page(asked.pagination)? }))
}

pub(super) fn blocks(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: PageOf = parse(&request.body)?;
    let owner = user_id("userID", &asked.user)?;
    Ok(Command::Friend(FriendCommand::Blocks { owner, page: page(asked.pagination)? }))
}

body! {
    /// Friends of somebody's, if they are.
    #[schemars(rename = "FriendNames")]
    Designated {
        /// Whose list.
        owner: String = "ownerUserID" required,
        /// Who is looked for on it.
        #[schemars(length(max = 1000))]
        friends: Option<Vec<String>> = "friendUserIDs" required,
    }
}

pub(super) fn designated(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Designated = parse(&request.body)?;
    let owner = user_id("ownerUserID", &asked.owner)?;
    let ids = known_ids("friendUserIDs", asked.friends)?;
    Ok(Command::Friend(FriendCommand::Among { owner, ids }))
}

body! {
    /// Users, as somebody sees them.
    #[schemars(rename = "UsersOfOwner")]
    Specified {
        /// Who sees them.
        owner: String = "ownerUserID" required,
        /// Whom.
        #[schemars(length(max = 1000))]
        users: Option<Vec<String>> = "userIDList" required,
    }
}

pub(super) fn relations(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Specified = parse(&request.body)?;
    let owner = user_id("ownerUserID", &asked.owner)?;
    let ids = known_ids("userIDList", asked.users)?;
    Ok(Command::Friend(FriendCommand::Relations { owner, ids }))
}

pub(super) fn specified_blocks(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Specified = parse(&request.body)?;
    let owner = user_id("ownerUserID", &asked.owner)?;
    let ids = known_ids("userIDList", asked.users)?;
    Ok(Command::Friend(FriendCommand::BlocksAmong { owner, ids }))
}

/// An id that cannot exist is as unknown as any other: left out, never an error.
fn known_ids(field: &str, ids: Option<Vec<String>>) -> Result<Vec<UserId>, Reject> {
    let ids = given(field, ids)?;
    at_most(field, ids.len(), limits::LIST_ITEMS)?;
    Ok(ids.iter().filter_map(|id| UserId::parse(id).ok()).collect())
}

body! {
    /// Two users.
    Two {
        /// One.
        one: String = "userID1" required,
        /// The other.
        other: String = "userID2" required,
    }
}

pub(super) fn are_friends(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Two = parse(&request.body)?;
    let one = user_id("userID1", &asked.one)?;
    let other = user_id("userID2", &asked.other)?;
    Ok(Command::Friend(FriendCommand::AreFriends { one, other }))
}

body! {
    /// Somebody's list.
    #[schemars(rename = "ListOwner")]
    Owner {
        /// Whose.
        user: String = "userID" required,
    }
}

pub(super) fn ids(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Owner = parse(&request.body)?;
    Ok(Command::Friend(FriendCommand::Ids { owner: user_id("userID", &asked.user)?, hash: 0 }))
}

body! {
    /// Somebody's list, and the ids that the client has.
    #[schemars(rename = "IdsKnown")]
    FullIds {
        /// Whose list.
        user: String = "userID" required,
        /// First eight bytes of the MD5 of the ids as a JSON list; 0 = the client has none.
        hash: u64 = "idHash",
    }
}

pub(super) fn full_ids(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: FullIds = parse(&request.body)?;
    Ok(Command::Friend(FriendCommand::Ids { owner: user_id("userID", &asked.user)?, hash: asked.hash }))
}

body! {
    /// Somebody's list, and where the client knows it.
    #[schemars(rename = "VersionKnown")]
    Known {
        /// Whose list.
        user: String = "userID" required,
        /// As it was answered last; empty = the client knows nothing.
        version_id: String = "versionID",
        /// As it was answered last.
        version: u64 = "version",
    }
}

pub(super) fn changes(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Known = parse(&request.body)?;
    let owner = user_id("userID", &asked.user)?;
    let known = Version::parse(&asked.version_id, asked.version);
    Ok(Command::Friend(FriendCommand::Changes { owner, known }))
}

/// A friend as clients see him.
#[derive(Serialize, JsonSchema)]
pub(super) struct FriendInfo<'a> {
    #[serde(rename = "ownerUserID")]
    owner: &'a str,
    /// The owner's name for him.
    remark: &'a str,
    /// Milliseconds since 1970.
    #[serde(rename = "createTime")]
    since: i64,
    #[serde(rename = "friendUser")]
    profile: UserInfo<'a>,
    /// 1 imported by an administrator, 2 by request.
    #[serde(rename = "addSource")]
    source: i32,
    #[serde(rename = "operatorUserID")]
    operator: &'a str,
    ex: &'a str,
    #[serde(rename = "isPinned")]
    pinned: bool,
}

impl<'a> FriendInfo<'a> {
    fn new(friend: &'a Friend, profile: &'a User) -> Self {
        Self {
            owner: friend.owner.as_str(),
            remark: &friend.remark,
            since: friend.since.0,
            profile: profile.into(),
            source: friend.source,
            operator: friend.operator.as_str(),
            ex: &friend.ex,
            pinned: friend.pinned,
        }
    }
}

impl<'a> From<&'a FriendShown> for FriendInfo<'a> {
    fn from(shown: &'a FriendShown) -> Self {
        Self::new(&shown.friend, &shown.profile)
    }
}

/// An entry of a block list.
#[derive(Serialize, JsonSchema)]
pub(super) struct BlackInfo<'a> {
    #[serde(rename = "ownerUserID")]
    owner: &'a str,
    /// Milliseconds since 1970.
    #[serde(rename = "createTime")]
    at: i64,
    #[serde(rename = "blackUserInfo")]
    blocked: PublicUser<'a>,
    /// Always 0.
    #[serde(rename = "addSource")]
    source: i32,
    #[serde(rename = "operatorUserID")]
    by: &'a str,
    ex: &'a str,
}

impl<'a> BlackInfo<'a> {
    fn new(block: &'a Block, user: &'a User) -> Self {
        Self {
            owner: block.owner.as_str(),
            at: block.at.0,
            blocked: PublicUser::from(user),
            source: 0,
            by: block.by.as_str(),
            ex: &block.ex,
        }
    }
}

/// A page of friends.
#[derive(Serialize, JsonSchema)]
pub(super) struct FriendPage<'a> {
    #[serde(rename = "friendsInfo")]
    friends: Vec<FriendInfo<'a>>,
    /// Friends on all pages.
    total: u64,
}

pub(super) fn list_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfFriend(FriendOutcome::Friends(found)) = outcome else { return None };
    data(&FriendPage { friends: found.items.iter().map(FriendInfo::from).collect(), total: found.total })
}

/// Friends.
#[derive(Serialize, JsonSchema)]
pub(super) struct FriendsInfo<'a> {
    #[serde(rename = "friendsInfo")]
    friends: Vec<FriendInfo<'a>>,
}

pub(super) fn designated_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfFriend(FriendOutcome::Friends(found)) = outcome else { return None };
    data(&FriendsInfo { friends: found.items.iter().map(FriendInfo::from).collect() })
}

/// A page of a block list.
#[derive(Serialize, JsonSchema)]
pub(super) struct BlackPage<'a> {
    blacks: Vec<BlackInfo<'a>>,
    /// Entries on all pages.
    total: u64,
}

pub(super) fn blocks_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfFriend(FriendOutcome::Blocks(found)) = outcome else { return None };
    let blacks = found.items.iter().map(|(block, user)| BlackInfo::new(block, user)).collect();
    data(&BlackPage { blacks, total: found.total })
}

/// A user, and what somebody has to do with him.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SpecifiedFriendInfo")]
struct RelationJson<'a> {
    #[serde(rename = "userInfo")]
    user: UserInfo<'a>,
    /// Left out where he is no friend.
    #[serde(rename = "friendInfo", skip_serializing_if = "Option::is_none")]
    friend: Option<FriendInfo<'a>>,
    /// Left out where he is not blocked.
    #[serde(rename = "blackInfo", skip_serializing_if = "Option::is_none")]
    block: Option<BlackInfo<'a>>,
}

impl<'a> From<&'a Relation> for RelationJson<'a> {
    fn from(relation: &'a Relation) -> Self {
        let user = &relation.user;
        Self {
            user: user.into(),
            friend: relation.friend.as_ref().map(|friend| FriendInfo::new(friend, user)),
            block: relation.block.as_ref().map(|block| BlackInfo::new(block, user)),
        }
    }
}

/// Users, and what somebody has to do with them.
#[derive(Serialize, JsonSchema)]
pub(super) struct Relations<'a> {
    infos: Vec<RelationJson<'a>>,
}

pub(super) fn relations_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfFriend(FriendOutcome::Relations(relations)) = outcome else { return None };
    data(&Relations { infos: relations.iter().map(RelationJson::from).collect() })
}

/// Who is on whose list.
#[derive(Serialize, JsonSchema)]
pub(super) struct Mutual {
    /// The second is on the first one's list.
    #[serde(rename = "inUser1Friends")]
    one_has_other: bool,
    /// The first is on the second one's list.
    #[serde(rename = "inUser2Friends")]
    other_has_one: bool,
}

pub(super) fn mutual_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfFriend(FriendOutcome::Mutual { one_has_other, other_has_one }) = outcome else {
        return None;
    };
    data(&Mutual { one_has_other: *one_has_other, other_has_one: *other_has_one })
}

/// Ids of friends.
#[derive(Serialize, JsonSchema)]
pub(super) struct FriendIds<'a> {
    #[serde(rename = "friendIDs")]
    ids: Vec<&'a str>,
}

pub(super) fn ids_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfFriend(FriendOutcome::Ids { ids, .. }) = outcome else { return None };
    data(&FriendIds { ids: ids.iter().map(UserId::as_str).collect() })
}

/// All ids of a friend list.
#[derive(Serialize, JsonSchema)]
pub(super) struct FullFriendIds {
    #[serde(flatten)]
    list: AllIds,
    /// Empty where the client has the same.
    #[serde(rename = "userIDs")]
    ids: Vec<String>,
}

pub(super) fn full_ids_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfFriend(FriendOutcome::Ids { now, ids, hash }) = outcome else { return None };
    let ids = ids.iter().map(ToString::to_string).collect();
    let mut list = AllIds::new(*now, ids, *hash);
    let ids = std::mem::take(&mut list.ids);
    data(&FullFriendIds { list, ids })
}

pub(super) fn changes_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfFriend(FriendOutcome::Changes(delta)) = outcome else { return None };
    data(&DeltaJson::new(delta, FriendInfo::from))
}
