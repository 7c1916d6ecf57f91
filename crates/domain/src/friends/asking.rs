//! Asking for friendship, and the answer.

use ringback_model::action::{Action, FriendAction, FriendAnswer, FriendAsking};
use ringback_model::command::Outcome;
use ringback_model::commit::{Commit, Require, Write};
use ringback_model::failure::{Failure, Refusal, RefusalCode};
use ringback_model::ids::UserId;
use ringback_model::notice::{FriendNotice, RequestTold};
use ringback_model::record::{Friend, FriendRequest, Handled, Record, RecordKey};
use ringback_model::time::UnixMs;
use ringback_model::user::User;
use ringback_model::version::Version;

use super::{as_request, told, unchanged};
use crate::actions::{Deed, another_subject};
use crate::caller::Caller;
use crate::notices::Keep;
use crate::{Im, bad, note, only_self};

/// He came onto the list because he was asked. Source: callback sheet 5.5.
const BY_REQUEST: i32 = 2;

impl Im {
    /// Rules are asked before anybody looks whether the other exists, or is a friend already: receivers of callbacks
    /// rely on it (callback sheet 4.5).
    pub(super) async fn ask_for_friendship(
        &self,
        caller: &Caller,
        from: UserId,
        to: UserId,
        message: String,
        ex: String,
    ) -> Result<Outcome, Failure> {
        only_self(&caller.actor, &from)?;
        if from.folded() == to.folded() {
            let detail = "nobody befriends himself";
            return Err(Refusal::new(RefusalCode::CannotAddYourself, detail).into());
        }
        note("the request", &message)?;
        note("ex", &ex)?;
        let (from, to) = self.both_as_registered(&from, &to).await?;
        let asking = FriendAsking { from, to, message, ex };
        let answered = self.ask_about(caller, Action::Friend(FriendAction::Ask(asking))).await?;
        let Action::Friend(FriendAction::Ask(asking)) = answered else { return Err(another_subject()) };
        self.decide_and_do(caller, || self.asking(&asking)).await?;
        Ok(Outcome::Done)
    }

    /// A second request takes the place of the first.
    async fn asking(&self, asking: &FriendAsking) -> Result<Deed, Failure> {
        let (from, to) = self.two_users(&asking.from, &asking.to).await?;
        let now = self.clock.now();
        let mut commit = Commit::at(now);
        match self.friendship(&from.id, &to.id).await? {
            (Some(_), Some(_)) => {
                let detail = format!("{} and {} are friends", from.id, to.id);
                return Err(Refusal::new(RefusalCode::AlreadyFriends, detail).into());
            }
            (mine, his) => {
                for (owner, friend, found) in [(&from, &to, mine), (&to, &from, his)] {
                    commit = commit.require(as_it_was(&owner.id, &friend.id, found));
                }
            }
        }
        let request = FriendRequest {
            from: from.id.clone(),
            to: to.id.clone(),
            message: asking.message.clone(),
            at: now,
            handled: Handled::Open,
            handler: String::new(),
            answer: String::new(),
            handled_at: UnixMs(0),
            ex: asking.ex.clone(),
        };
        let notice = FriendNotice::Asked(Box::new(request_told(&request, &from, &to)));
        let action = FriendAsking { from: from.id.clone(), to: to.id.clone(), ..asking.clone() };
        Ok(Deed::of(commit.write(Write::Keep(Box::new(Record::FriendRequest(request)))))
            .tell(Action::Friend(FriendAction::Ask(action)))
            .notify(told(notice, &from.id, &to.id, Keep::Nothing)))
    }

    /// Only a yes is asked about (callback sheet 4.5).
    pub(super) async fn answer_friend(
        &self,
        caller: &Caller,
        from: UserId,
        to: UserId,
        agree: bool,
        message: String,
    ) -> Result<Outcome, Failure> {
        only_self(&caller.actor, &to)?;
        note("the answer", &message)?;
        let (from, to) = self.both_as_registered(&from, &to).await?;
        let mut answer = FriendAnswer { from, to, message };
        if agree {
            let action = Action::Friend(FriendAction::Agree(answer));
            let Action::Friend(FriendAction::Agree(changed)) = self.ask_about(caller, action).await? else {
                return Err(another_subject());
            };
            answer = changed;
        }
        self.decide_and_do(caller, || self.answering(caller, &answer, agree)).await?;
        Ok(Outcome::Done)
    }

    async fn answering(&self, caller: &Caller, answer: &FriendAnswer, agree: bool) -> Result<Deed, Failure> {
        let (from, to) = match self.two_users(&answer.from, &answer.to).await {
            Err(Failure::Refused(_)) => return Err(no_request(answer).into()),
            found => found?,
        };
        let keys = [RecordKey::friend_request(&from.id, &to.id), RecordKey::friend_request(&to.id, &from.id)];
        let mut found = self.store.records(&keys).await?.into_iter().map(as_request);
        let request = found.next().flatten().ok_or_else(|| no_request(answer))?;
        check_open(&request, agree)?;
        let now = self.clock.now();
        let ended = if agree { Handled::Agreed } else { Handled::Refused };
        let end = |commit: Commit, request: FriendRequest| {
            let read = Box::new(Record::FriendRequest(request.clone()));
            let ended = FriendRequest {
                handled: ended,
                handler: to.id.to_string(),
                answer: answer.message.clone(),
                handled_at: now,
                ..request
            };
            let write = Write::Keep(Box::new(Record::FriendRequest(ended.clone())));
            (commit.require(Require::Unchanged(read)).write(write), ended)
        };
        let (mut commit, request) = end(Commit::at(now), request);
        let answer = FriendAnswer { from: from.id.clone(), to: to.id.clone(), ..answer.clone() };
        let shown = Box::new(request_told(&request, &from, &to));
        if !agree {
            return Ok(Deed::of(commit).tell(Action::Friend(FriendAction::Decline(answer))).notify(told(
                FriendNotice::Declined(shown),
                &to.id,
                &from.id,
                Keep::Nothing,
            )));
        }
        // Whoever has asked back has his answer as well.
        if let Some(back) = found.next().flatten().filter(|back| back.handled == Handled::Open) {
            (commit, _) = end(commit, back);
        }
        let commit = self.make_friends(commit, caller, &from.id, &to.id, BY_REQUEST).await?;
        Ok(Deed::of(commit).tell(Action::Friend(FriendAction::Agree(answer))).notify(told(
            FriendNotice::Agreed(shown),
            &to.id,
            &from.id,
            Keep::Said,
        )))
    }

    /// Each comes onto the other's list, unless he is there.
    pub(super) async fn make_friends(
        &self,
        mut commit: Commit,
        caller: &Caller,
        one: &UserId,
        other: &UserId,
        source: i32,
    ) -> Result<Commit, Failure> {
        let (mine, his) = self.friendship(one, other).await?;
        for (owner, friend, found) in [(one, other, mine), (other, one, his)] {
            commit = match found {
                Some(found) => commit.require(unchanged(&found)),
                None => {
                    self.room_for_friends(owner, 1).await?;
                    self.befriend(commit, caller, owner, friend, source)
                }
            };
        }
        Ok(commit)
    }

    /// Two users as they are registered.
    async fn two_users(&self, one: &UserId, other: &UserId) -> Result<(User, User), Failure> {
        let ids = [one.clone(), other.clone()];
        let mut found = self.store.users(&ids).await?.into_iter();
        match (found.next().flatten(), found.next().flatten()) {
            (Some(one), Some(other)) => Ok((one, other)),
            (None, Some(_)) => Err(Refusal::no_such_users(&[one.as_str()]).into()),
            (Some(_), None) => Err(Refusal::no_such_users(&[other.as_str()]).into()),
            (None, None) => Err(Refusal::no_such_users(&[one.as_str(), other.as_str()]).into()),
        }
    }
}

/// The requirement that nobody has changed meanwhile whether somebody is on a list.
fn as_it_was(owner: &UserId, friend: &UserId, found: Option<Friend>) -> Require {
    match found {
        Some(found) => unchanged(&found),
        None => Require::NotKept(RecordKey::friend(owner, friend)),
    }
}

fn no_request(answer: &FriendAnswer) -> Refusal {
    let detail = format!("{} has not asked for the friendship of {}", answer.from, answer.to);
    Refusal::new(RefusalCode::NotFound, detail)
}

/// The two answers have two codes for it (REST sheet 5).
fn check_open(request: &FriendRequest, agree: bool) -> Result<(), Refusal> {
    match (request.handled, agree) {
        (Handled::Open, _) => Ok(()),
        (_, true) => Err(bad("the request was answered already")),
        (_, false) => {
            Err(Refusal::new(RefusalCode::FriendRequestHandled, "the request was answered already"))
        }
    }
}

fn request_told(request: &FriendRequest, from: &User, to: &User) -> RequestTold {
    RequestTold {
        request: request.clone(),
        from_nickname: from.nickname.clone(),
        from_face_url: from.face_url.clone(),
        to_nickname: to.nickname.clone(),
        to_face_url: to.face_url.clone(),
        version: Version::default(),
    }
}
