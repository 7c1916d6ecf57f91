//! Users who manage all rooms.

use ringback_model::action::{Action, GroupAction, RoomAdminChange};
use ringback_model::command::{GroupOutcome, ManagedUser, ManagingOutcome, RoomsCommand};
use ringback_model::commit::{Commit, Write};
use ringback_model::failure::{Failure, Refusal, RefusalCode};
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::record::{ONE_OWNER, Record, RecordKey, RecordKind, RoomAdmin};

use crate::actions::Deed;
use crate::caller::Caller;
use crate::users::commit_failure;
use crate::{Im, at_most, only_admin};

impl Im {
    pub(super) async fn rooms_command(
        &self,
        caller: &Caller,
        command: RoomsCommand,
    ) -> Result<GroupOutcome, Failure> {
        only_admin(&caller.actor)?;
        let users = match command {
            RoomsCommand::Appoint { user, appointed } => {
                vec![self.appoint_room_admin(caller, &user, appointed).await?]
            }
            RoomsCommand::Admins(page) => {
                at_most("a page", page.limit, limits::LIST_ITEMS)?;
                let all = self.store.records_of(RecordKind::RoomAdmin, ONE_OWNER, "", limits::ROOM_ADMINS);
                let admins = all.await?.into_iter().filter_map(|record| match record {
                    Record::RoomAdmin(admin) => Some(admin.user),
                    _ => None,
                });
                page.of(admins)
            }
        };
        let users = users.into_iter().map(ManagedUser::done).collect();
        Ok(GroupOutcome::Managed(ManagingOutcome::Users(users)))
    }

    async fn appoint_room_admin(
        &self,
        caller: &Caller,
        user: &UserId,
        appointed: bool,
    ) -> Result<UserId, Failure> {
        let Some(user) = self.user(user).await? else {
            return Err(Refusal::no_such_users(&[user.as_str()]).into());
        };
        let user = user.id;
        let now = self.clock.now();
        let key = RecordKey::room_admin(&user);
        let is_one =
            self.store.records(std::slice::from_ref(&key)).await?.into_iter().any(|kept| kept.is_some());
        if is_one == appointed {
            if appointed {
                return Ok(user);
            }
            let detail = format!("{user} does not manage all rooms");
            return Err(Refusal::new(RefusalCode::NoPermission, detail).into());
        }
        let mut commit = Commit::at(now);
        if appointed {
            let all =
                self.store.records_of(RecordKind::RoomAdmin, ONE_OWNER, "", limits::ROOM_ADMINS).await?;
            at_most("super admins", all.len().saturating_add(1), limits::ROOM_ADMINS)?;
            let admin = RoomAdmin { user: user.clone(), at: now };
            commit = commit.write(Write::Keep(Box::new(Record::RoomAdmin(admin))));
        } else {
            commit = commit.write(Write::Discard(key));
        }
        let told = RoomAdminChange { users: vec![user.clone()], added: appointed };
        let deed = Deed::of(commit).tell(Action::Group(GroupAction::AppointRoomAdmin(told)));
        self.carry_out_deed(caller, deed).await.map_err(commit_failure)?;
        Ok(user)
    }
}
