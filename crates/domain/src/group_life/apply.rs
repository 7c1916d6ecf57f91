//! Users who come by themselves: into open groups at once, into others when somebody lets them in.

use ringback_model::action::{Action, GroupAction, GroupApplication, GroupDeclined, GroupRequested};
use ringback_model::commit::{Commit, Require, Write};
use ringback_model::failure::{Failure, Refusal, RefusalCode};
use ringback_model::group::Role;
use ringback_model::ids::{GroupId, UserId};
use ringback_model::limits;
use ringback_model::notice::GroupNews;
use ringback_model::record::{GroupRequest, Handled, Record, RecordKey};
use ringback_model::time::UnixMs;

use super::Tries;
use super::enter::{Agreed, Arrival};
use super::scene::Scene;
use super::telling::Telling;
use crate::actions::{Deed, another_subject};
use crate::caller::Caller;
use crate::notices::Outgoing;
use crate::{Im, bad, only_self};

/// [`ringback_model::group::Group::verification`] of a group that everybody may enter.
const OPEN: i32 = 2;
/// Came because somebody invited him. Source: client protocol sheet, `joinSource`.
const INVITED: i32 = 2;

impl Im {
    pub(super) async fn join_group(
        &self,
        caller: &Caller,
        application: GroupApplication,
    ) -> Result<(), Failure> {
        let Some(user) = self.user(&application.applicant).await? else {
            return Err(Refusal::no_such_users(&[application.applicant.as_str()]).into());
        };
        only_self(&caller.actor, &user.id)?;
        let group = application.group.clone();
        self.live_scene(caller, &group).await?;
        let application = GroupApplication { applicant: user.id.clone(), ..application };
        // Rules are asked before anybody looks whether he is in it (callback sheet 4.6, 31).
        let asked = self.ask_about(caller, Action::Group(GroupAction::Apply(application))).await?;
        let Action::Group(GroupAction::Apply(application)) = asked else {
            return Err(another_subject());
        };
        let GroupApplication { message, source, ex, .. } = application;
        let scene = self.live_scene(caller, &group).await?;
        if self.store.member(&group, &user.id).await?.is_some() {
            return Err(bad(format!("{} is in group {group} already", user.id)).into());
        }
        self.check_not_barred(&group, std::slice::from_ref(&user.id)).await?;
        let arrival = Arrival {
            group: &group,
            users: vec![user.id.clone()],
            source,
            inviter: None,
            message: message.clone(),
            said: true,
            leave_out_members: false,
            agreed: None,
            is_open,
        };
        if is_open(&scene) && self.enter(caller, arrival).await?.is_some() {
            return Ok(());
        }
        // Not open, or closed while rules were asked.
        let scene = self.live_scene(caller, &group).await?;
        let request = GroupRequest { source, ex, ..open_request(&group, user.id, message, self.clock.now()) };
        self.keep_requests(caller, &scene, vec![request]).await
    }

    /// Asks for others, whom the caller invites, to be let in.
    pub(super) async fn apply_for(
        &self,
        caller: &Caller,
        group: &GroupId,
        users: &[UserId],
        reason: String,
    ) -> Result<(), Failure> {
        let scene = self.live_scene(caller, group).await?;
        scene.check_member()?;
        let now = self.clock.now();
        let requests = users.iter().map(|user| GroupRequest {
            source: INVITED,
            inviter: caller.actor.user.to_string(),
            ..open_request(group, user.clone(), reason.clone(), now)
        });
        self.keep_requests(caller, &scene, requests.collect()).await
    }

    /// Keeps requests and tells those who decide. A request that was there is asked anew.
    async fn keep_requests(
        &self,
        caller: &Caller,
        scene: &Scene,
        requests: Vec<GroupRequest>,
    ) -> Result<(), Failure> {
        let id = &scene.group.id;
        let mut commit = Commit::at(self.clock.now()).require(Require::LiveGroup(id.clone()));
        for request in &requests {
            commit = commit
                .require(Require::NotInGroup(id.clone(), request.user.clone()))
                .write(Write::Keep(Box::new(Record::GroupRequest(request.clone()))));
        }
        let telling = self.telling(caller, scene, scene.group.clone(), scene.members.clone()).await?;
        let deciders = self.deciders(id).await?;
        let first: Vec<UserId> =
            requests.iter().take(limits::REQUEST_NOTICES).map(|request| request.user.clone()).collect();
        let users = self.store.users(&first).await?;
        let Some(first) = requests.first() else { return Ok(()) };
        let told = GroupRequested {
            group: id.clone(),
            owner: scene.group.owner.clone(),
            users: requests.iter().map(|request| request.user.clone()).collect(),
            message: first.message.clone(),
            inviter: UserId::parse(&first.inviter).ok(),
        };
        let mut deed = Deed::of(commit).tell(Action::Group(GroupAction::Request(told)));
        for (request, applicant) in requests.into_iter().zip(users) {
            let Some(applicant) = applicant else { continue };
            for told in deciders.iter().chain([&request.user]) {
                let news = GroupNews::Asked { applicant: applicant.clone(), request: request.clone() };
                deed = deed.notify(telling.to(told, &request.user, news));
            }
        }
        self.carry_out_deed(caller, deed).await.map_err(crate::users::commit_failure)?;
        Ok(())
    }

    pub(super) async fn answer_request(
        &self,
        caller: &Caller,
        group: &GroupId,
        applicant: &UserId,
        agree: bool,
        message: String,
    ) -> Result<(), Failure> {
        let (mut tries, mut outside) = (Tries::default(), false);
        loop {
            let scene = self.live_scene(caller, group).await?;
            scene.check_manager()?;
            let read = self.open_request(group, applicant).await?;
            let answered = GroupRequest {
                handled: if agree { Handled::Agreed } else { Handled::Refused },
                handler: caller.actor.user.to_string(),
                answer: message.clone(),
                handled_at: self.clock.now(),
                ..read.clone()
            };
            let is_member = self.store.member(group, &read.user).await?.is_some();
            if agree && !is_member {
                let Err(lost) = self.let_in(caller, group, Agreed { read, answered }).await else {
                    return Ok(());
                };
                // Where somebody else has answered meanwhile, that is the reason, and not what came of it.
                self.open_request(group, applicant).await?;
                if outside || self.store.member(group, applicant).await?.is_none() {
                    return Err(lost);
                }
                outside = true;
                continue;
            }
            let telling = self.telling(caller, &scene, scene.group.clone(), scene.members.clone()).await?;
            let commit = Commit::at(answered.handled_at)
                .require(Require::LiveGroup(group.clone()))
                .require(Require::Unchanged(Box::new(Record::GroupRequest(read))))
                .write(Write::Keep(Box::new(Record::GroupRequest(answered.clone()))));
            let mut deed = Deed::of(scene.still_stands(commit));
            if !agree {
                let invited = !answered.inviter.is_empty();
                let (group, user) = (group.clone(), answered.user.clone());
                let told = GroupDeclined { group, user, invited, answer: message.clone() };
                deed = deed.tell(Action::Group(GroupAction::Decline(told)));
            }
            for notice in self.news_of_answer(&telling, &answered).await? {
                deed = deed.notify(notice);
            }
            match self.carry_out_deed(caller, deed).await {
                Ok(_) => return Ok(()),
                Err(error) => tries.again(error)?,
            }
        }
    }

    async fn let_in(&self, caller: &Caller, group: &GroupId, agreed: Agreed) -> Result<(), Failure> {
        let request = &agreed.answered;
        let inviter = UserId::parse(&request.inviter).ok();
        let arrival = Arrival {
            group,
            users: vec![request.user.clone()],
            source: request.source,
            inviter,
            message: request.message.clone(),
            said: true,
            leave_out_members: false,
            agreed: Some(agreed),
            is_open: |_| true,
        };
        self.enter(caller, arrival).await?;
        Ok(())
    }

    async fn open_request(&self, group: &GroupId, user: &UserId) -> Result<GroupRequest, Failure> {
        let key = [RecordKey::group_request(group, user)];
        let kept = self.store.records(&key).await?.into_iter().next().flatten();
        let Some(Record::GroupRequest(request)) = kept else {
            let detail = format!("{user} has not asked to enter group {group}");
            return Err(Refusal::new(RefusalCode::NotFound, detail).into());
        };
        if request.handled != Handled::Open {
            let detail = format!("the request of {user} to enter group {group} was answered");
            return Err(Refusal::new(RefusalCode::GroupRequestHandled, detail).into());
        }
        Ok(request)
    }

    /// Tells who asked and all who decide how a request was answered.
    pub(super) async fn news_of_answer(
        &self,
        telling: &Telling,
        request: &GroupRequest,
    ) -> Result<Vec<Outgoing>, Failure> {
        let Some(applicant) = self.user(&request.user).await? else { return Ok(Vec::new()) };
        let news = |to_manager| GroupNews::Answered {
            applicant: applicant.clone(),
            request: request.clone(),
            to_manager,
        };
        let deciders = self.deciders(&request.group).await?;
        let to = |user: &UserId, to_manager| telling.to(user, &telling.by.user, news(to_manager));
        let mut notices: Vec<Outgoing> = deciders.iter().map(|user| to(user, true)).collect();
        notices.push(to(&request.user, false));
        Ok(notices)
    }

    /// Owner and admins of a group.
    async fn deciders(&self, group: &GroupId) -> Result<Vec<UserId>, Failure> {
        let members = self.all_members(group).await?.into_iter();
        Ok(members.filter(|member| member.role >= Role::Admin).map(|member| member.user).collect())
    }
}

/// Whether everybody may enter.
fn is_open(scene: &Scene) -> bool {
    scene.group.verification == OPEN
}

fn open_request(group: &GroupId, user: UserId, message: String, now: UnixMs) -> GroupRequest {
    GroupRequest {
        group: group.clone(),
        user,
        message,
        at: now,
        handled: Handled::Open,
        handler: String::new(),
        answer: String::new(),
        handled_at: UnixMs(0),
        source: 0,
        inviter: String::new(),
        ex: String::new(),
    }
}
