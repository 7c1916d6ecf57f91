//! Members who want to hear nothing of a group: a receive option of its conversation that others are told of.

use ringback_model::action::{Action, GroupAction, GroupShielding};
use ringback_model::failure::Failure;
use ringback_model::group::GroupKind;
use ringback_model::record::ConversationSettings;

use crate::Im;
use crate::actions::Deed;

/// The receive option that lets nothing through. Source: [`ConversationSettings::receive_option`].
const NOTHING: i32 = 1;

/// What is to be told of changed settings; `None` where the option is about no group, or shields as before.
pub(super) fn shielding(
    before: &ConversationSettings,
    after: &ConversationSettings,
) -> Option<GroupShielding> {
    let [was, on] = [before, after].map(|settings| settings.receive_option == NOTHING);
    let group = after.conversation.group()?.clone();
    (was != on).then(|| GroupShielding { group, user: after.user.clone(), on })
}

impl Im {
    /// Tells of them; rooms have no such thing.
    pub(super) async fn tell_of_shields(
        &self,
        mut deed: Deed,
        shieldings: Vec<GroupShielding>,
    ) -> Result<Deed, Failure> {
        if shieldings.is_empty() {
            return Ok(deed);
        }
        let ids: Vec<_> = shieldings.iter().map(|one| one.group.clone()).collect();
        for (one, group) in shieldings.into_iter().zip(self.store.groups(&ids).await?) {
            if group.is_some_and(|group| group.kind == GroupKind::Group) {
                deed = deed.tell(Action::Group(GroupAction::Shield(one)));
            }
        }
        Ok(deed)
    }
}

#[cfg(test)]
mod tests {
    use ringback_model::conversation::ConversationId;
    use ringback_model::ids::{GroupId, UserId};

    use super::*;

    #[test]
    fn what_shields() {
        let user = UserId::parse("alice").unwrap();
        let group = ConversationId::Group(GroupId::parse("270011").unwrap());
        let single = ConversationId::single(&user, &UserId::parse("bob").unwrap());
        let with = |conversation: &ConversationId, receive_option: i32| ConversationSettings {
            receive_option,
            ..ConversationSettings::new(user.clone(), conversation.clone())
        };
        for (before, after, on) in [
            (0, 1, Some(true)),
            (2, 1, Some(true)),
            (1, 0, Some(false)),
            (1, 2, Some(false)),
            (0, 2, None),
            (1, 1, None),
        ] {
            let told = shielding(&with(&group, before), &with(&group, after));
            assert_eq!(told.map(|told| told.on), on, "{before} {after}");
            assert_eq!(shielding(&with(&single, before), &with(&single, after)), None);
        }
    }
}
