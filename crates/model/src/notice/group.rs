//! What devices are told about a group.

use serde::{Deserialize, Serialize};

use crate::group::{Group, GroupPerson};
use crate::limits;
use crate::record::GroupRequest;
use crate::user::User;
use crate::version::{Version, VersionLog};

/// What is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupNotice {
    /// The group, as it is now.
    pub group: Group,
    /// Who did it.
    pub by: GroupPerson,
    /// When; milliseconds since 1970.
    pub at: crate::time::UnixMs,
    /// Where the list of members stands since; 0 = not said, as in copies that are kept.
    pub version: Version,
    /// It names only some of those whom the change is about; others are named elsewhere, or nowhere.
    #[serde(default)]
    pub partial: bool,
    /// What happened.
    pub news: GroupNews,
}

/// What happened to a group. Lists of members hold at most [`crate::limits::NOTICE_MEMBERS`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupNews {
    /// It was made.
    Created {
        /// Who owns it.
        owner: GroupPerson,
        /// Its members, the owner first.
        members: Vec<GroupPerson>,
    },
    /// Settings changed that have no news of their own.
    Edited,
    /// It has another name.
    Renamed,
    /// It has another announcement.
    Announced,
    /// Somebody is to be let in.
    Asked {
        /// Who.
        applicant: User,
        /// What was asked.
        request: GroupRequest,
    },
    /// Such a request was answered.
    Answered {
        /// Who had asked.
        applicant: User,
        /// What was asked and answered.
        request: GroupRequest,
        /// It is told to one who may answer, not to who asked.
        to_manager: bool,
    },
    /// A member has left.
    Quit {
        /// Who.
        member: GroupPerson,
    },
    /// It has another owner.
    Transferred {
        /// Who was it.
        from: GroupPerson,
        /// Who is it.
        to: GroupPerson,
    },
    /// Members were removed.
    Kicked {
        /// Who.
        members: Vec<GroupPerson>,
    },
    /// Users were invited and are members now.
    Invited {
        /// Who.
        members: Vec<GroupPerson>,
        /// Who invited them.
        inviter: GroupPerson,
    },
    /// A user has become a member.
    Entered {
        /// Who.
        member: GroupPerson,
    },
    /// It was dismissed.
    Dismissed,
    /// A member may not speak.
    MemberMuted {
        /// Who.
        member: GroupPerson,
        /// For how many seconds.
        seconds: u32,
    },
    /// A member may speak again.
    MemberUnmuted {
        /// Who.
        member: GroupPerson,
    },
    /// Only owner and admins may speak.
    Muted,
    /// All may speak again.
    Unmuted,
    /// A member shows something else, or has another role.
    MemberEdited {
        /// Who.
        member: GroupPerson,
        /// His role changed: he is an admin now, or no more.
        role: bool,
    },
}

impl GroupNews {
    fn shorten(&mut self) {
        let (people, named): (Vec<&mut GroupPerson>, Option<&mut Vec<GroupPerson>>) = match self {
            Self::Created { owner, members } => (vec![owner], Some(members)),
            Self::Kicked { members } => (Vec::new(), Some(members)),
            Self::Invited { members, inviter } => (vec![inviter], Some(members)),
            Self::Transferred { from, to } => (vec![from, to], None),
            Self::Quit { member }
            | Self::Entered { member }
            | Self::MemberMuted { member, .. }
            | Self::MemberUnmuted { member }
            | Self::MemberEdited { member, .. } => (vec![member], None),
            // One user and one request, each text of which has its bound: never too large by themselves.
            Self::Asked { .. } | Self::Answered { .. } => return,
            Self::Edited
            | Self::Renamed
            | Self::Announced
            | Self::Dismissed
            | Self::Muted
            | Self::Unmuted => {
                return;
            }
        };
        people.into_iter().for_each(GroupPerson::shorten);
        if let Some(named) = named {
            named.truncate(limits::MEMBER_NOTICES);
            named.iter_mut().for_each(GroupPerson::shorten);
        }
    }
}

impl GroupPerson {
    fn shorten(&mut self) {
        for text in [&mut self.nickname, &mut self.face_url, &mut self.ex] {
            shorten(text);
        }
    }
}

fn shorten(text: &mut String) {
    if let Some((end, _)) = text.char_indices().nth(limits::NOTICE_TEXT_CHARS) {
        text.truncate(end);
    }
}

/// So far beyond the real version is that of a notice which does not tell the whole change.
const GAP: u64 = 1 << 32;

impl GroupNotice {
    /// Whether it tells users of a group that is new to them.
    #[must_use]
    pub const fn lets_in(&self) -> bool {
        matches!(self.news, GroupNews::Created { .. } | GroupNews::Invited { .. } | GroupNews::Entered { .. })
    }

    /// The same with only the first of its members, and with the beginnings of its texts. It is partial: devices fetch
    /// the rest.
    pub(super) fn slim(&self) -> Self {
        let mut slim = self.clone();
        if !slim.partial {
            slim.partial = true;
            // It may have been stamped as the whole change.
            slim.version.number += if slim.version.number > 0 { GAP } else { 0 };
        }
        let group = &mut slim.group;
        for text in [
            &mut group.name,
            &mut group.notification,
            &mut group.introduction,
            &mut group.face_url,
            &mut group.ex,
        ] {
            shorten(text);
        }
        slim.by.shorten();
        slim.news.shorten();
        slim
    }

    /// See [`super::Notice::stamp`].
    pub fn stamp(&mut self, versions: &[(VersionLog, Version)]) {
        let log = VersionLog::Members(self.group.id.clone());
        let Some((_, version)) = versions.iter().find(|(changed, _)| *changed == log) else { return };
        // Clients take what a notice tells for the whole change if its version is the one after theirs; if it is later
        // they ask what they have missed. So what is not the whole change comes with a version that is always later.
        let gap = if self.partial { GAP } else { 0 };
        self.version = Version { number: version.number + gap, ..*version };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{GroupId, UserId};
    use crate::sample;
    use crate::time::UnixMs;

    #[test]
    fn a_notice_that_is_too_large_names_some_and_says_so() {
        let (alice, id) = (UserId::parse("alice").unwrap(), GroupId::parse("g1").unwrap());
        let mut by = GroupPerson::outside(&sample::user(alice.clone()));
        by.ex = "\u{1}".repeat(limits::NOTE_BYTES / 6);
        let group = sample::group(id, alice, UnixMs(1));
        let members = vec![by.clone(); limits::NOTICE_MEMBERS];
        let news = GroupNews::Kicked { members };
        let whole =
            GroupNotice { group, by, at: UnixMs(1), version: Version::default(), partial: false, news };
        let content = super::super::Notice::Group(Box::new(whole)).content();
        assert!(content.raw.len() < limits::NOTICE_BYTES / 2, "{} bytes", content.raw.len());
        let Some(super::super::Notice::Group(told)) = super::super::Notice::read(&content) else {
            panic!("a notice of groups")
        };
        let GroupNews::Kicked { members } = &told.news else { panic!("other news") };
        assert_eq!((told.partial, members.len()), (true, limits::MEMBER_NOTICES));
    }

    #[test]
    fn a_notice_that_does_not_tell_all_leaves_a_gap() {
        let (alice, id) = (UserId::parse("alice").unwrap(), GroupId::parse("g1").unwrap());
        let by = GroupPerson::outside(&sample::user(alice.clone()));
        let now = Version { log: 5, number: 7 };
        let versions =
            [(VersionLog::Groups(alice.clone()), Version::default()), (VersionLog::Members(id.clone()), now)];
        for (partial, number) in [(false, 7), (true, 7 + GAP)] {
            let news = GroupNews::Kicked { members: vec![by.clone()] };
            let group = sample::group(id.clone(), alice.clone(), UnixMs(1));
            let mut notice = GroupNotice {
                group,
                by: by.clone(),
                at: UnixMs(1),
                version: Version::default(),
                partial,
                news,
            };
            notice.stamp(&versions);
            assert_eq!(notice.version, Version { number, ..now });
        }
    }
}
