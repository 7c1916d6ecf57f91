//! A profile changes, and everybody who shows it learns that: friends and members of the user's groups find it by the
//! versions of their lists, friends are told at once, members a moment later (`group_news`).
//!
//! The lists of many friends are raised by several commits, each of bounded size, before the caller is answered: what
//! was acknowledged is known everywhere. Who gets no answer repeats the call, and that raises all lists again.

use std::collections::HashSet;
use std::sync::Arc;

use ringback_model::action::{Action, UserAction, UserEdit};
use ringback_model::command::Outcome;
use ringback_model::commit::{Commit, Require, Write};
use ringback_model::conversation::Target;
use ringback_model::failure::{Failure, Fault, Refusal};
use ringback_model::ids::{GroupId, UserId};
use ringback_model::limits;
use ringback_model::notice::{FriendNotice, Notice, UserNotice};
use ringback_model::record::{Record, RecordKind};
use ringback_model::user::User;
use ringback_model::version::{Touch, VersionLog};

use crate::actions::{Deed, another_subject};
use crate::caller::Caller;
use crate::notices::{Keep, Outgoing};
use crate::users::commit_failure;
use crate::{Im, bad, note, only_self};

/// Who shows a profile.
#[derive(Default)]
struct Viewers {
    /// Who has the user on his friend list.
    friends: Vec<UserId>,
    groups: Vec<GroupId>,
}

impl Im {
    pub(crate) async fn edit_profile(&self, caller: &Caller, edit: UserEdit) -> Result<Outcome, Failure> {
        only_self(&caller.actor, &edit.user)?;
        check_edit(&edit)?;
        // A rule that is about a user is so however the caller spells him.
        let edit = UserEdit { user: self.as_registered(&edit.user).await?, ..edit };
        let action = Action::User(UserAction::Edit(edit));
        let Action::User(UserAction::Edit(edit)) = self.ask_about(caller, action).await? else {
            return Err(another_subject());
        };
        self.change_profile(caller, &edit, true).await
    }

    /// Nobody is asked about it, and no rule is told (callback sheet 4.7).
    pub(super) async fn set_receive_option(
        &self,
        caller: &Caller,
        user: &UserId,
        option: i32,
    ) -> Result<Outcome, Failure> {
        only_self(&caller.actor, user)?;
        let edit = UserEdit {
            user: user.clone(),
            whole: false,
            nickname: None,
            face_url: None,
            ex: None,
            receive_option: Some(option),
        };
        check_edit(&edit)?;
        self.change_profile(caller, &edit, false).await
    }

    /// Changes it, and raises the lists of all who show it.
    pub(super) async fn change_profile(
        &self,
        caller: &Caller,
        edit: &UserEdit,
        tell: bool,
    ) -> Result<Outcome, Failure> {
        let user = self.user(&edit.user).await?.ok_or_else(|| unknown(&edit.user))?.id;
        let shows = Shows::of(edit);
        let first = self.first_viewers(&user, shows).await?;
        let committed = self.decide_and_do(caller, || self.changing(caller, edit, tell, &first)).await?;
        self.tell_groups(caller, &user, committed);
        self.raise_the_others(caller, &user, shows, first).await?;
        Ok(Outcome::Done)
    }

    async fn changing(
        &self,
        caller: &Caller,
        edit: &UserEdit,
        tell: bool,
        viewers: &Viewers,
    ) -> Result<Deed, Failure> {
        let found = self.user(&edit.user).await?.ok_or_else(|| unknown(&edit.user))?;
        let user = found.id.clone();
        let commit = Commit::at(self.clock.now())
            .write(Write::PutUser(edited(&found, edit)))
            .require(Require::SameUser(Box::new(found)));
        let mut deed = Deed::of(commit).notify(to_himself(UserNotice::Edited(user.clone()), caller));
        if tell {
            deed = deed.tell(Action::User(UserAction::Edit(UserEdit { user: user.clone(), ..edit.clone() })));
        }
        Ok(raised(deed, &user, viewers))
    }

    /// As many of those who show the profile as one commit raises lists for.
    async fn first_viewers(&self, user: &UserId, shows: Shows) -> Result<Viewers, Fault> {
        let friends = if shows.to_friends { self.friends_who_show(user, "").await?.0 } else { Vec::new() };
        let mut groups = if shows.to_groups { self.store.groups_of(user).await? } else { Vec::new() };
        groups.truncate(limits::LISTS_PER_COMMIT);
        Ok(Viewers { friends, groups })
    }

    /// Those who have become friends or members while the profile changed are among the others.
    async fn raise_the_others(
        &self,
        caller: &Caller,
        user: &UserId,
        shows: Shows,
        first: Viewers,
    ) -> Result<(), Failure> {
        let friends: HashSet<UserId> = first.friends.into_iter().collect();
        let groups: HashSet<GroupId> = first.groups.into_iter().collect();
        let mut after = shows.to_friends.then(String::new);
        while let Some(start) = after {
            let (mut page, next) = self.friends_who_show(user, &start).await?;
            page.retain(|friend| !friends.contains(friend));
            self.raise(caller, user, Viewers { friends: page, groups: Vec::new() }).await?;
            after = next;
        }
        if shows.to_groups {
            let mut others = self.store.groups_of(user).await?;
            others.retain(|group| !groups.contains(group));
            for some in others.chunks(limits::LISTS_PER_COMMIT) {
                self.raise(caller, user, Viewers { friends: Vec::new(), groups: some.to_vec() }).await?;
            }
        }
        Ok(())
    }

    async fn raise(&self, caller: &Caller, user: &UserId, viewers: Viewers) -> Result<(), Failure> {
        if viewers.friends.is_empty() && viewers.groups.is_empty() {
            return Ok(());
        }
        let deed = raised(Deed::of(Commit::at(self.clock.now())), user, &viewers);
        let committed = self.carry_out_deed(caller, deed).await.map_err(commit_failure)?;
        self.tell_groups(caller, user, committed);
        Ok(())
    }

    /// Some of those who have the user on their friend list, and where the next ones begin.
    async fn friends_who_show(
        &self,
        user: &UserId,
        after: &str,
    ) -> Result<(Vec<UserId>, Option<String>), Fault> {
        let step = limits::LISTS_PER_COMMIT;
        let records = self.store.records_about(RecordKind::Friend, &user.folded(), after, step).await?;
        let next = records.last().filter(|_| records.len() == step).map(|last| last.key().owner);
        let owners = records.into_iter().filter_map(|record| match record {
            Record::Friend(friend) => Some(friend.owner),
            _ => None,
        });
        Ok((owners.collect(), next))
    }
}

/// What a user's own devices are told.
pub(super) fn to_himself(notice: UserNotice, caller: &Caller) -> Outgoing {
    let user = notice.user().clone();
    let by = caller.actor.user.clone();
    let recipients: Arc<[UserId]> =
        if by == user { Arc::from([by.clone()]) } else { Arc::from([user.clone(), by.clone()]) };
    Outgoing {
        notice: Notice::User(notice),
        sender: by,
        target: Target::User(user),
        recipients,
        keep: Keep::Nothing,
    }
}

/// Raises the lists of these viewers; friends are told.
fn raised(mut deed: Deed, user: &UserId, viewers: &Viewers) -> Deed {
    for friend in &viewers.friends {
        let list = VersionLog::Friends(friend.clone());
        deed.commit = deed.commit.touch(list, user.as_str(), Touch::Updated);
        deed = deed.notify(Outgoing {
            notice: Notice::Friend(FriendNotice::ProfileChanged { user: user.clone() }),
            sender: user.clone(),
            target: Target::User(friend.clone()),
            // The user's own devices know it already.
            recipients: Arc::from([friend.clone()]),
            keep: Keep::Nothing,
        });
    }
    for group in &viewers.groups {
        let list = VersionLog::Members(group.clone());
        deed.commit = deed.commit.touch(list, user.as_str(), Touch::Updated);
    }
    deed
}

/// Who has to learn about an edit.
#[derive(Clone, Copy)]
struct Shows {
    to_friends: bool,
    to_groups: bool,
}

impl Shows {
    /// Groups show name and picture, friends the app's text as well.
    fn of(edit: &UserEdit) -> Self {
        let named = |text: &Option<String>| text.as_ref().is_some_and(|text| !edit.whole || !text.is_empty());
        let to_groups = named(&edit.nickname) || named(&edit.face_url);
        Self { to_friends: to_groups || named(&edit.ex), to_groups }
    }
}

/// Whether the values are some that a profile can have.
pub(crate) fn check_edit(edit: &UserEdit) -> Result<(), Refusal> {
    let texts = [("the name", &edit.nickname), ("the picture", &edit.face_url), ("ex", &edit.ex)];
    for (what, text) in texts {
        note(what, text.as_deref().unwrap_or_default())?;
    }
    match edit.receive_option {
        Some(option) if !(0..=2).contains(&option) => {
            Err(bad(format!("the receive option is {option}, it can be 0, 1 or 2")))
        }
        _ => Ok(()),
    }
}

fn edited(user: &User, edit: &UserEdit) -> User {
    let text = |old: &str, new: &Option<String>| match new {
        Some(new) if !edit.whole || !new.is_empty() => new.clone(),
        _ => old.to_owned(),
    };
    User {
        nickname: text(&user.nickname, &edit.nickname),
        face_url: text(&user.face_url, &edit.face_url),
        ex: text(&user.ex, &edit.ex),
        receive_option: edit.receive_option.unwrap_or(user.receive_option),
        ..user.clone()
    }
}

fn unknown(user: &UserId) -> Refusal {
    Refusal::no_such_users(&[user.as_str()])
}
