//! Friends and blocks.
//!
//! | file | holds |
//! |---|---|
//! | `asking.rs` | asking for friendship, and the answer |
//! | `keeping.rs` | removing friends, and what an owner keeps about them |
//! | `importing.rs` | friends that an administrator makes |
//! | `administering.rs` | what else administrators do with the lists of users who exist |
//! | `lists.rs`, `requests.rs` | what there is to read |

mod administering;
mod asking;
mod importing;
mod keeping;
mod lists;
mod requests;

use std::sync::Arc;

use ringback_model::command::{FriendCommand, Outcome};
use ringback_model::commit::{Commit, Require, Write};
use ringback_model::conversation::Target;
use ringback_model::failure::{Failure, Fault, Refusal, RefusalCode};
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::notice::{FriendNotice, Notice};
use ringback_model::page::{Page, RecordQuery};
use ringback_model::record::{Friend, FriendRequest, Record, RecordKey, RecordKind};
use ringback_model::version::{Touch, VersionLog};

use crate::Im;
use crate::caller::Caller;
use crate::notices::{Keep, Outgoing};

impl Im {
    pub(crate) async fn friend_command(
        &self,
        caller: &Caller,
        command: FriendCommand,
    ) -> Result<Outcome, Failure> {
        use FriendCommand as C;
        let actor = &caller.actor;
        match command {
            C::Ask { from, to, message, ex } => self.ask_for_friendship(caller, from, to, message, ex).await,
            C::Answer { from, to, agree, message } => {
                self.answer_friend(caller, from, to, agree, message).await
            }
            C::Remove { owner, friend } => self.remove_friend(caller, owner, friend).await,
            C::Remark { owner, friend, remark } => self.remark_friend(caller, owner, friend, remark).await,
            C::Update { owner, friends, pinned, remark, ex } => {
                self.update_friends(caller, owner, friends, keeping::Wanted { pinned, remark, ex }).await
            }
            C::Import { owner, friends } => self.import_friends(caller, owner, friends).await,
            C::Befriend { owner, friend } => self.befriend_at_once(caller, owner, friend).await,
            C::BefriendMany { owner, users } => self.befriend_many(caller, &owner, users).await,
            C::Part { owner, friend } => self.part_friends(caller, &owner, &friend).await,
            C::BlockMany { owner, users } => self.block_many(caller, &owner, &users).await,
            C::LetIn { owner, blocked } => self.unblock_and_show(caller, &owner, &blocked).await,
            C::After { owner, after, limit } => self.friends_after(actor, &owner, after, limit).await,
            C::BlocksAfter { owner, after, limit } => self.blocks_after(actor, &owner, after, limit).await,
            C::List { owner, page } => self.friend_list(actor, &owner, page).await,
            C::Among { owner, ids } => self.friends_among(actor, &owner, &ids).await,
            C::Ids { owner, hash } => self.friend_ids(actor, &owner, hash).await,
            C::Changes { owner, known } => self.friend_changes(actor, owner, known).await,
            C::Received { user, handled, page } => self.received_requests(actor, &user, handled, page).await,
            C::Asked { user, handled, page } => self.sent_requests(actor, &user, handled, page).await,
            C::RequestOf { from, to } => self.request_of(actor, &from, &to).await,
            C::Open { user, since } => self.open_requests(actor, &user, since).await,
            C::AreFriends { one, other } => self.are_friends(actor, &one, &other).await,
            C::Relations { owner, ids } => self.relations(actor, &owner, &ids).await,
            C::Blocks { owner, page } => self.block_list(actor, &owner, page).await,
            C::BlocksAmong { owner, ids } => self.blocks_among(actor, &owner, &ids).await,
        }
    }

    /// What two lists say of each other: `one`'s list of `other`, and the other way round.
    async fn friendship(
        &self,
        one: &UserId,
        other: &UserId,
    ) -> Result<(Option<Friend>, Option<Friend>), Fault> {
        let keys = [RecordKey::friend(one, other), RecordKey::friend(other, one)];
        let mut found = self.store.records(&keys).await?.into_iter().map(as_friend);
        Ok((found.next().flatten(), found.next().flatten()))
    }

    /// Whether so many more friends fit onto a list. Two who add at the same moment may both fit.
    async fn room_for_friends(&self, owner: &UserId, more: usize) -> Result<(), Failure> {
        let nothing = Page { skip: 0, limit: 0 };
        let query = RecordQuery::of_user(RecordKind::Friend, owner);
        let there = self.store.find_records(&query, nothing).await?.total;
        let most = limits::FRIENDS as u64;
        if there + more as u64 <= most {
            return Ok(());
        }
        let detail = format!("{owner} may have {most} friends at most");
        Err(Refusal::new(RefusalCode::TooManyFriends, detail).into())
    }

    /// A friend comes onto a list on which he is not, and the list's followers will know.
    fn befriend(
        &self,
        commit: Commit,
        caller: &Caller,
        owner: &UserId,
        friend: &UserId,
        source: i32,
    ) -> Commit {
        let record = Record::Friend(Friend {
            owner: owner.clone(),
            friend: friend.clone(),
            remark: String::new(),
            since: commit.at,
            source,
            operator: caller.actor.user.clone(),
            ex: String::new(),
            pinned: false,
        });
        commit.require(Require::NotKept(record.key())).write(Write::Keep(Box::new(record))).touch(
            VersionLog::Friends(owner.clone()),
            friend.as_str(),
            Touch::Inserted,
        )
    }
}

/// A notice from one user to another, for the devices of both.
pub(crate) fn told(notice: FriendNotice, from: &UserId, to: &UserId, keep: Keep) -> Outgoing {
    let both: [&UserId; 2] = [to, from];
    let recipients: Arc<[UserId]> =
        if from == to { Arc::from([to.clone()]) } else { both.into_iter().cloned().collect() };
    Outgoing {
        notice: Notice::Friend(notice),
        sender: from.clone(),
        target: Target::User(to.clone()),
        recipients,
        keep,
    }
}

fn as_friend(record: Option<Record>) -> Option<Friend> {
    match record {
        Some(Record::Friend(friend)) => Some(friend),
        _ => None,
    }
}

fn as_request(record: Option<Record>) -> Option<FriendRequest> {
    match record {
        Some(Record::FriendRequest(request)) => Some(request),
        _ => None,
    }
}

/// The requirement that a friend is still as he was read.
fn unchanged(friend: &Friend) -> Require {
    Require::Unchanged(Box::new(Record::Friend(friend.clone())))
}

fn no_friend(owner: &UserId, friend: &UserId) -> Refusal {
    Refusal::new(RefusalCode::NotFound, format!("{friend} is not a friend of {owner}"))
}
