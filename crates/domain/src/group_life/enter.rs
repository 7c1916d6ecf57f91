//! How users become members, whichever way they come: rules are asked about them and about the conversation that
//! comes onto their lists, then all of them enter in one commit.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use ringback_model::action::{
    Action, ChatAction, ConversationStart, Entrant, GroupAction, GroupEntry, GroupJoin,
};
use ringback_model::commit::{Commit, Require, Write};
use ringback_model::conversation::ConversationId;
use ringback_model::failure::Failure;
use ringback_model::group::{Group, GroupKind, GroupPerson, Member, Role};
use ringback_model::ids::{GroupId, UserId};
use ringback_model::notice::GroupNews;
use ringback_model::record::{ConversationSettings, GroupRequest, Record, RecordKey};
use ringback_model::time::UnixMs;
use ringback_model::version::{Touch, VersionLog};

use super::Tries;
use super::scene::Scene;
use crate::actions::{Deed, another_subject};
use crate::caller::Caller;
use crate::chats::starts::started;
use crate::groups::check_room_for;
use crate::{Im, bad};

/// Users on their way into a group that is there.
pub(super) struct Arrival<'a> {
    pub(super) group: &'a GroupId,
    /// As they are registered.
    pub(super) users: Vec<UserId>,
    /// See [`Member::join_source`].
    pub(super) source: i32,
    /// Who invited them; `None` = they come by themselves.
    pub(super) inviter: Option<UserId>,
    /// The words of who asked, or invited.
    pub(super) message: String,
    /// Whether it is said in the chat as well.
    pub(super) said: bool,
    /// Those who are members already are left out; else nobody enters.
    pub(super) leave_out_members: bool,
    /// The request that this agrees to.
    pub(super) agreed: Option<Agreed>,
    /// Whether they may come in without being let in by somebody: looked at again once rules were asked.
    pub(super) is_open: fn(&Scene) -> bool,
}

/// A request that was agreed to.
pub(super) struct Agreed {
    /// As it was read.
    pub(super) read: GroupRequest,
    /// As it is kept from now on.
    pub(super) answered: GroupRequest,
}

/// What new members have in common.
pub(super) struct Added<'a> {
    pub(super) group: &'a Group,
    pub(super) source: i32,
    pub(super) operator: &'a str,
    pub(super) inviter: &'a str,
    /// How the conversation comes onto their lists.
    pub(super) start: Option<&'a ConversationStart>,
    /// What they have set for the conversation before.
    pub(super) kept: &'a Kept,
    pub(super) at: UnixMs,
}

/// What users have set for a conversation that comes onto their lists again, by their ids.
pub(super) type Kept = HashMap<UserId, ConversationSettings>;

/// Adds to a commit that these become members, and what changes in lists with that.
pub(super) fn added(mut commit: Commit, how: &Added<'_>, entrants: &[Entrant]) -> (Commit, Vec<Member>) {
    let id = &how.group.id;
    let conversation = ConversationId::Group(id.clone());
    let mut members = Vec::with_capacity(entrants.len());
    for entrant in entrants {
        let member = Member {
            group: id.clone(),
            user: entrant.user.clone(),
            role: entrant.role,
            nickname: entrant.nickname.clone(),
            face_url: entrant.face_url.clone(),
            joined_at: how.at,
            join_source: how.source,
            operator: how.operator.to_owned(),
            inviter: how.inviter.to_owned(),
            muted_until: entrant.muted_until,
            ex: entrant.ex.clone(),
        };
        commit.writes.push(Write::PutMember(member.clone()));
        if let Some(start) = how.start {
            commit = started(commit, start, &member.user, how.kept.get(&member.user));
        }
        members.push(member);
    }
    if how.group.kind == GroupKind::Room {
        return (commit, members);
    }
    let key = conversation.to_string();
    for Member { user, .. } in &members {
        commit = commit
            .touch(VersionLog::Members(id.clone()), user.as_str(), Touch::Inserted)
            .touch(VersionLog::Groups(user.clone()), id.as_str(), Touch::Inserted)
            .touch(VersionLog::Conversations(user.clone()), key.as_str(), Touch::Inserted);
    }
    (commit, members)
}

/// Somebody who is to enter, as nothing was said about him yet.
pub(super) const fn entrant(user: UserId, role: Role) -> Entrant {
    Entrant {
        user,
        nickname: String::new(),
        face_url: String::new(),
        role,
        muted_until: UnixMs(0),
        ex: String::new(),
    }
}

/// Ordinary ones.
pub(super) fn ordinary(users: &[UserId]) -> Vec<Entrant> {
    users.iter().map(|user| entrant(user.clone(), Role::Member)).collect()
}

impl Im {
    /// Asks rules about users who are to enter, and about the conversation that comes onto their lists. A refusal
    /// of either refuses the entry: nothing was written yet.
    pub(super) async fn ask_entry(
        &self,
        caller: &Caller,
        group: &GroupId,
        about: (GroupKind, &str),
        entrants: Vec<Entrant>,
    ) -> Result<(Vec<Entrant>, ConversationStart), Failure> {
        let (kind, group_ex) = about;
        let users: Vec<UserId> = entrants.iter().map(|entrant| entrant.user.clone()).collect();
        let entry = GroupEntry { group: group.clone(), group_ex: group_ex.to_owned(), entrants };
        let asked = self.ask_about(caller, Action::Group(GroupAction::Enter(entry))).await?;
        let Action::Group(GroupAction::Enter(entry)) = asked else {
            return Err(another_subject());
        };
        let start = ConversationStart::new(ConversationId::Group(group.clone()), users);
        if kind == GroupKind::Room {
            // Rooms stand on nobody's list of conversations.
            return Ok((entry.entrants, start));
        }
        let asked = self.ask_about(caller, Action::Chat(ChatAction::Start(start))).await?;
        match asked {
            Action::Chat(ChatAction::Start(start)) => Ok((entry.entrants, start)),
            _ => Err(another_subject()),
        }
    }

    /// Lets users in. Answers who has become a member; `None` = nobody may come in any more without being let in, and
    /// nothing was done.
    pub(super) async fn enter(
        &self,
        caller: &Caller,
        arrival: Arrival<'_>,
    ) -> Result<Option<Vec<Member>>, Failure> {
        let scene = self.live_scene(caller, arrival.group).await?;
        let outside = self.outside(&scene, &arrival.users).await?;
        check_outside(&arrival, &outside)?;
        if outside.is_empty() {
            return Ok(Some(Vec::new()));
        }
        self.check_not_barred(arrival.group, &outside).await?;
        check_room_for(scene.group.max_members, scene.group.member_count, outside.len())?;
        let about = (scene.group.kind, scene.group.ex.as_str());
        let asked = self.ask_entry(caller, arrival.group, about, ordinary(&outside)).await?;
        let (mut entrants, mut start) = asked;
        let id = arrival.group;
        let mut tries = Tries::default();
        loop {
            // Places are counted and taken by one at a time; rules were asked before, with nothing held.
            let _turn = self.additions.of(arrival.group).await;
            let scene = self.live_scene(caller, arrival.group).await?;
            check_still_may(&arrival, &scene)?;
            if !(arrival.is_open)(&scene) {
                return Ok(None);
            }
            let outside = self.outside(&scene, &start.owners).await?;
            check_outside(&arrival, &outside)?;
            keep_only(&mut entrants, &mut start, &outside);
            if entrants.is_empty() {
                return Ok(Some(Vec::new()));
            }
            self.check_not_barred(id, &start.owners).await?;
            check_room_for(scene.group.max_members, scene.group.member_count, entrants.len())?;
            let (deed, members) = self.entry(caller, &scene, &arrival, &entrants, &start).await?;
            match self.carry_out_deed(caller, deed).await {
                Ok(_) => return Ok(Some(members)),
                Err(error) => tries.again(error)?,
            }
        }
    }

    /// What those onto whose lists a conversation comes have kept for it; read only where a rule has set something.
    pub(super) async fn kept_settings(&self, start: Option<&ConversationStart>) -> Result<Kept, Failure> {
        let Some(start) = start.filter(|start| start.sets_something()) else { return Ok(Kept::new()) };
        let key = |user: &UserId| RecordKey::conversation(user, &start.conversation);
        let keys: Vec<RecordKey> = start.owners.iter().map(key).collect();
        let found = self.store.records(&keys).await?;
        let kept = start.owners.iter().zip(found).filter_map(|(user, record)| match record {
            Some(Record::Conversation(settings)) => Some((user.clone(), settings)),
            _ => None,
        });
        Ok(kept.collect())
    }

    /// Those who are not in the group, in this order.
    async fn outside(&self, scene: &Scene, users: &[UserId]) -> Result<Vec<UserId>, Failure> {
        let members = self.store.members_named(&scene.group.id, users).await?;
        let outside = users.iter().zip(members).filter(|(_, member)| member.is_none());
        Ok(outside.map(|(user, _)| user.clone()).collect())
    }

    async fn entry(
        &self,
        caller: &Caller,
        scene: &Scene,
        arrival: &Arrival<'_>,
        entrants: &[Entrant],
        start: &ConversationStart,
    ) -> Result<(Deed, Vec<Member>), Failure> {
        let now = self.clock.now();
        let id = arrival.group;
        let kept = self.kept_settings(Some(start)).await?;
        let how = Added {
            group: &scene.group,
            source: arrival.source,
            operator: caller.actor.user.as_str(),
            inviter: arrival.inviter.as_ref().map_or("", UserId::as_str),
            start: Some(start),
            kept: &kept,
            at: now,
        };
        // Who may come in was decided from both.
        let mut commit = Commit::at(now).require(Require::SameGroup(Box::new(scene.group.clone())));
        commit = scene.still_stands(commit);
        commit.require.extend(entrants.iter().map(|one| Require::NotInGroup(id.clone(), one.user.clone())));
        if let Some(Agreed { read, answered }) = &arrival.agreed {
            commit = commit
                .require(Require::Unchanged(Box::new(Record::GroupRequest(read.clone()))))
                .write(Write::Keep(Box::new(Record::GroupRequest(answered.clone()))));
        }
        let (commit, members) = added(commit, &how, entrants);
        let join = GroupJoin {
            group: id.clone(),
            users: start.owners.clone(),
            message: arrival.message.clone(),
            source: arrival.source,
            inviter: how.inviter.to_owned(),
            requested: arrival.agreed.is_some(),
        };
        let mut deed = Deed::of(commit).tell(Action::Group(GroupAction::Join(join)));
        if scene.is_followed() {
            deed = deed.tell(Action::Chat(ChatAction::Start(start.clone())));
            deed = self.tell_of_entry(caller, scene, arrival, &members, deed).await?;
        }
        Ok((deed, members))
    }

    async fn tell_of_entry(
        &self,
        caller: &Caller,
        scene: &Scene,
        arrival: &Arrival<'_>,
        members: &[Member],
        mut deed: Deed,
    ) -> Result<Deed, Failure> {
        let new = members.iter().map(|member| member.user.clone());
        let recipients: Arc<[UserId]> = scene.members.iter().cloned().chain(new).collect();
        let more = u32::try_from(members.len()).unwrap_or(u32::MAX);
        let group =
            Group { member_count: scene.group.member_count.saturating_add(more), ..scene.group.clone() };
        let telling = self.telling(caller, scene, group, recipients).await?;
        let people = self.people(members.to_vec()).await?;
        match &arrival.inviter {
            Some(inviter) => {
                let inviter = self.inviting(scene, inviter).await?;
                let news =
                    |members: Vec<GroupPerson>| GroupNews::Invited { members, inviter: inviter.clone() };
                for notice in telling.about(people, arrival.said, news) {
                    deed = deed.notify(notice);
                }
            }
            None => {
                let count = people.len();
                for member in people {
                    let mut notice = telling.all(GroupNews::Entered { member }, arrival.said);
                    if count == 1 {
                        notice.sender = members.first().map_or(notice.sender, |one| one.user.clone());
                    }
                    deed = deed.notify(notice);
                }
            }
        }
        if let Some(Agreed { answered, .. }) = &arrival.agreed {
            for notice in self.news_of_answer(&telling, answered).await? {
                deed = deed.notify(notice);
            }
        }
        Ok(deed)
    }

    /// Who invited, as he is seen in the group.
    async fn inviting(&self, scene: &Scene, inviter: &UserId) -> Result<GroupPerson, Failure> {
        let id = &scene.group.id;
        match (self.store.member(id, inviter).await?, self.user(inviter).await?) {
            (Some(member), user) => Ok(GroupPerson::member(member, user.as_ref())),
            (None, Some(user)) => Ok(GroupPerson::outside(&user)),
            (None, None) => Err(bad(format!("who invited, {inviter}, does not exist")).into()),
        }
    }
}

/// Who lets others in may have lost the right to while rules were asked.
fn check_still_may(arrival: &Arrival<'_>, scene: &Scene) -> Result<(), Failure> {
    if arrival.agreed.is_some() {
        scene.check_manager()?;
    } else if arrival.inviter.is_some() {
        scene.check_member()?;
    }
    Ok(())
}

/// Nobody enters twice.
fn check_outside(arrival: &Arrival<'_>, outside: &[UserId]) -> Result<(), Failure> {
    if arrival.leave_out_members || outside.len() == arrival.users.len() {
        return Ok(());
    }
    let out: HashSet<&UserId> = outside.iter().collect();
    let inside = arrival.users.iter().find(|user| !out.contains(user));
    let name = inside.map(UserId::as_str).unwrap_or_default();
    Err(bad(format!("{name} is in group {} already", arrival.group)).into())
}

/// Forgets those who have become members by another way meanwhile.
pub(super) fn keep_only(entrants: &mut Vec<Entrant>, start: &mut ConversationStart, outside: &[UserId]) {
    if outside.len() == entrants.len() {
        return;
    }
    let out: HashSet<&UserId> = outside.iter().collect();
    entrants.retain(|entrant| out.contains(&entrant.user));
    start.owners.retain(|user| out.contains(user));
}
