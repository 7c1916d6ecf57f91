//! What devices are told about a group: notices to all its members, and to single users about requests.

use std::collections::HashMap;
use std::sync::Arc;

use ringback_model::conversation::Target;
use ringback_model::failure::Fault;
use ringback_model::group::{Group, GroupPerson, Member};
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::notice::{GroupNews, GroupNotice, Notice};
use ringback_model::time::UnixMs;
use ringback_model::user::{Standing, User};
use ringback_model::version::Version;

use super::scene::Scene;
use crate::Im;
use crate::caller::Caller;
use crate::notices::{Keep, Outgoing};

/// What all notices of one change have in common.
pub(super) struct Telling {
    pub(super) group: Group,
    pub(super) by: GroupPerson,
    pub(super) at: UnixMs,
    pub(super) recipients: Arc<[UserId]>,
}

impl Telling {
    /// A notice to all; `said` = in the chat as well.
    pub(super) fn all(&self, news: GroupNews, said: bool) -> Outgoing {
        self.part(news, said, false)
    }

    /// One that may tell only a part of the change.
    fn part(&self, news: GroupNews, said: bool, partial: bool) -> Outgoing {
        Outgoing {
            notice: self.notice(news, partial),
            sender: self.by.user.clone(),
            target: self.group.target(),
            recipients: Arc::clone(&self.recipients),
            keep: if said { Keep::Said } else { Keep::Nothing },
        }
    }

    /// Notices about members, as many as it takes to name them all.
    pub(super) fn about(
        &self,
        mut people: Vec<GroupPerson>,
        said: bool,
        news: impl Fn(Vec<GroupPerson>) -> GroupNews,
    ) -> Vec<Outgoing> {
        let partial = people.len() > limits::NOTICE_MEMBERS;
        let mut notices = Vec::new();
        while !people.is_empty() {
            let rest = people.split_off(people.len().min(limits::NOTICE_MEMBERS));
            notices.push(self.part(news(people), said, partial));
            people = rest;
        }
        notices
    }

    /// A notice about members that names the first of them only: everybody reads the list anyway.
    pub(super) fn about_first(
        &self,
        mut people: Vec<GroupPerson>,
        said: bool,
        news: impl Fn(Vec<GroupPerson>) -> GroupNews,
    ) -> Outgoing {
        let partial = people.len() > limits::NOTICE_MEMBERS;
        people.truncate(limits::NOTICE_MEMBERS);
        self.part(news(people), said, partial)
    }

    /// A notice to all about one of several changes.
    pub(super) fn one_of(&self, news: GroupNews, changes: usize) -> Outgoing {
        self.part(news, false, changes > 1)
    }

    /// A notice to one user.
    pub(super) fn to(&self, user: &UserId, sender: &UserId, news: GroupNews) -> Outgoing {
        Outgoing {
            notice: self.notice(news, false),
            sender: sender.clone(),
            target: Target::User(user.clone()),
            recipients: Arc::from([user.clone()]),
            keep: Keep::Nothing,
        }
    }

    fn notice(&self, news: GroupNews, partial: bool) -> Notice {
        Notice::Group(Box::new(GroupNotice {
            group: self.group.clone(),
            by: self.by.clone(),
            at: self.at,
            version: Version::default(),
            partial,
            news,
        }))
    }
}

impl Im {
    /// The telling of a change that the caller makes to a group; `group` = as it will be.
    pub(super) async fn telling(
        &self,
        caller: &Caller,
        scene: &Scene,
        group: Group,
        recipients: Arc<[UserId]>,
    ) -> Result<Telling, Fault> {
        let by = self.acting(caller, scene.me.as_ref()).await?;
        Ok(Telling { group, by, at: self.clock.now(), recipients })
    }

    /// The caller, as he is seen in a group.
    pub(super) async fn acting(&self, caller: &Caller, me: Option<&Member>) -> Result<GroupPerson, Fault> {
        let user = self.user(&caller.actor.user).await?;
        Ok(match (me, user) {
            (Some(me), user) => GroupPerson::member(me.clone(), user.as_ref()),
            (None, Some(user)) => GroupPerson::outside(&user),
            (None, None) => GroupPerson::outside(&unregistered(caller.actor.user.clone())),
        })
    }

    /// Members as they are seen in the group, in this order.
    pub(super) async fn people(&self, members: Vec<Member>) -> Result<Vec<GroupPerson>, Fault> {
        let ids: Vec<UserId> = members.iter().map(|member| member.user.clone()).collect();
        let users = self.store.users(&ids).await?;
        let people = members.into_iter().zip(users);
        Ok(people.map(|(member, user)| GroupPerson::member(member, user.as_ref())).collect())
    }

    /// The same for one.
    pub(super) async fn person(&self, member: Member) -> Result<GroupPerson, Fault> {
        let user = self.user(&member.user).await?;
        Ok(GroupPerson::member(member, user.as_ref()))
    }

    /// Users by folded id.
    pub(super) async fn users_by_id(&self, ids: &[UserId]) -> Result<HashMap<String, User>, Fault> {
        let users = self.store.users(ids).await?;
        Ok(users.into_iter().flatten().map(|user| (user.id.folded(), user)).collect())
    }
}

/// What is shown of somebody who acts and is not registered: an administrator whose name the settings have only.
fn unregistered(id: UserId) -> User {
    User {
        nickname: id.to_string(),
        id,
        face_url: String::new(),
        ex: String::new(),
        created_at: UnixMs(0),
        level: ringback_model::user::AccountLevel::ORDINARY,
        receive_option: 0,
        standing: Standing::default(),
    }
}
