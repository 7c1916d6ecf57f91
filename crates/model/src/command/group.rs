//! What can be asked about groups and their members.

use std::collections::BTreeMap;

use crate::action::{GroupApplication, GroupEdit, MemberEdit};
use crate::group::{Group, GroupKind, GroupPerson};
use crate::ids::{GroupId, UserId};
use crate::page::Page;
use crate::record::GroupRequest;
use crate::statistics::{Growth, Period};
use crate::time::UnixMs;
use crate::user::User;
use crate::version::{Delta, Version};

use super::managing::{Managing, ManagingOutcome, RoomsCommand};
use super::thread::ThreadCommand;

/// What can be asked.
#[derive(Debug, Clone)]
pub enum GroupCommand {
    /// Enter an open group, or ask to be let in.
    Join(GroupApplication),
    /// Let somebody in who asked, or not. Owner, admins, administrators of the app.
    Answer {
        /// The group.
        group: GroupId,
        /// Who asked.
        applicant: UserId,
        /// Yes or no.
        agree: bool,
        /// Words for him.
        message: String,
    },
    /// Leave; the owner cannot. The member or an administrator of the app.
    Quit {
        /// The group.
        group: GroupId,
        /// Who leaves; `None` = the caller.
        user: Option<UserId>,
    },
    /// Remove members. Owner, admins, administrators of the app.
    Kick {
        /// The group.
        group: GroupId,
        /// Whom.
        users: Vec<UserId>,
        /// Why.
        reason: String,
        /// Whether it is said in the chat as well.
        said: bool,
    },
    /// Dismiss a group. Its owner or an administrator of the app.
    Dismiss {
        /// The group.
        group: GroupId,
        /// Its members leave it as well; then they are not told.
        empty: bool,
        /// Whether it is said in the chat as well.
        said: bool,
    },
    /// Make another member the owner. The owner or an administrator of the app.
    Transfer {
        /// The group.
        group: GroupId,
        /// Who is the owner.
        from: UserId,
        /// Who is to be.
        to: UserId,
    },
    /// Forbid a member to speak for so many seconds; 0 = he may again. Those with a higher role, administrators of the
    /// app.
    MuteMember {
        /// The group.
        group: GroupId,
        /// Whom.
        user: UserId,
        /// For how many seconds.
        seconds: u32,
    },
    /// Let only owner and admins speak, or all again. Owner, admins, administrators of the app.
    Mute {
        /// The group.
        group: GroupId,
        /// Whether only they may.
        muted: bool,
    },
    /// Change settings. Owner, admins, administrators of the app.
    Edit(Box<GroupEdit>),
    /// Change what members show, and roles; all or none.
    EditMembers(Vec<MemberEdit>),
    /// Members by id; those who are none are left out. Members, administrators of the app.
    Named {
        /// The group.
        group: GroupId,
        /// Whom.
        users: Vec<UserId>,
    },
    /// A page of members: owner, admins, others, each as they came. Members, administrators of the app.
    Members {
        /// The group.
        group: GroupId,
        /// Which of them.
        filter: MemberFilter,
        /// Part of their id or shown name; empty = all.
        keyword: String,
        /// Which page.
        page: Page,
    },
    /// The ids of all members. Members, administrators of the app.
    MemberIds {
        /// The group.
        group: GroupId,
    },
    /// A page of the groups that a user is in. The user, administrators of the app.
    Joined {
        /// Who.
        user: UserId,
        /// Which page.
        page: Page,
    },
    /// A page of all groups whose name holds a text, or the one with an id.
    Search {
        /// Part of the name; empty = all.
        name: String,
        /// The id; empty = any.
        id: String,
        /// Which page.
        page: Page,
    },
    /// A number and a hash of the members of each group. Members, administrators of the app.
    Abstracts {
        /// Which groups.
        groups: Vec<GroupId>,
    },
    /// A page of requests to enter, newest first.
    Requests {
        /// Which.
        of: RequestsOf,
        /// Only those about these groups; empty = all.
        groups: Vec<GroupId>,
        /// Only those that ended so; empty = all.
        handled: Vec<crate::record::Handled>,
        /// Which page.
        page: Page,
    },
    /// How many requests wait for a user's answer. The user, administrators of the app.
    Waiting {
        /// Who manages the groups.
        user: UserId,
        /// Only those that were asked after this instant.
        since: UnixMs,
    },
    /// What has changed in the list of a user's groups. The user, administrators of the app.
    JoinedNews {
        /// Whose.
        user: UserId,
        /// Where the client left it.
        seen: Option<Version>,
    },
    /// What has changed in the list of a group's members. Members, administrators of the app.
    MemberNews {
        /// The group.
        group: GroupId,
        /// Where the client left it.
        seen: Option<Version>,
    },
    /// The same for many groups of a user. The user, administrators of the app.
    MemberNewsOfMany {
        /// Who.
        user: UserId,
        /// Which groups, as the client names them, and where it left them.
        lists: Vec<(String, Option<Version>)>,
    },
    /// The ids of all groups of a user, for a client that has a list. The user, administrators of the app.
    JoinedIds {
        /// Who.
        user: UserId,
        /// The hash of the client's list.
        hash: u64,
    },
    /// The ids of all members, for a client that has a list. Members, administrators of the app.
    WholeMembers {
        /// The group.
        group: GroupId,
        /// The hash of the client's list.
        hash: u64,
    },
    /// How many groups were made in a time. Administrators of the app.
    Made(Period),
    /// Something that administrators of the app do to a group or room, or see of it.
    Manage(Managing),
    /// Something about threads. Administrators of the app.
    Thread(ThreadCommand),
    /// Something that concerns all rooms. Administrators of the app.
    Rooms(RoomsCommand),
    /// Groups, or rooms, that were not dismissed, ascending by id. Administrators of the app.
    OfKind {
        /// Which of the two.
        kind: GroupKind,
        /// Those after this one.
        after: Option<GroupId>,
        /// At most so many.
        limit: usize,
    },
    /// A page of the rooms that a user is in. The user, administrators of the app.
    JoinedRooms {
        /// Who.
        user: UserId,
        /// Which page.
        page: Page,
    },
    /// In which groups how much was said in a time. Administrators of the app.
    Busy {
        /// When.
        period: Period,
        /// The busiest come last.
        ascending: bool,
        /// Which page.
        page: Page,
    },
}

/// Which requests to enter.
#[derive(Debug, Clone)]
pub enum RequestsOf {
    /// Those that this user may answer. The user, administrators of the app.
    ManagedBy(UserId),
    /// Those of this user. The user, administrators of the app.
    MadeBy(UserId),
    /// Those of these users to one group. Owner, admins, administrators of the app.
    Users(GroupId, Vec<UserId>),
    /// That of a user to one group. The user, owner, admins, administrators of the app.
    One(GroupId, UserId),
}

/// Which members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberFilter {
    /// All.
    All,
    /// The owner.
    Owner,
    /// Admins.
    Admins,
    /// Those who are neither.
    Ordinary,
    /// All but the owner.
    NotOwner,
    /// Owner and admins.
    Managers,
}

/// A request to enter, with what is shown of user and group.
#[derive(Debug, Clone)]
pub struct ShownRequest {
    /// It.
    pub request: GroupRequest,
    /// Who is to enter; `None` = he is not registered any more.
    pub user: Option<User>,
    /// The group.
    pub group: Group,
}

/// The ids of a whole list, for a client that wants to check its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WholeList {
    /// Where the list stands now.
    pub now: Version,
    /// In the server's order.
    pub ids: Vec<String>,
    /// The hash of the ids that the client has, as it says.
    pub hash: u64,
}

/// What has changed in the list of a group's members.
#[derive(Debug, Clone)]
pub struct MemberNews {
    /// Whose it is, as the caller named it.
    pub name: String,
    /// The group; `None` = nothing has changed, or the caller may not see it.
    pub group: Option<Group>,
    /// What.
    pub news: Delta<GroupPerson>,
}

/// What is answered.
#[derive(Debug, Clone)]
pub enum GroupOutcome {
    /// Members of a group.
    People {
        /// The group.
        group: GroupId,
        /// How many there are on all pages.
        total: usize,
        /// Those of the page.
        people: Vec<GroupPerson>,
    },
    /// User ids.
    Ids(Vec<UserId>),
    /// Groups.
    Groups {
        /// How many there are on all pages.
        total: usize,
        /// Those of the page.
        groups: Vec<Group>,
    },
    /// Groups, and who owns them where that is known.
    Found {
        /// How many there are on all pages.
        total: usize,
        /// Those of the page, each with the shown name of its owner.
        groups: Vec<(Group, String)>,
    },
    /// Number and ids of the members of each group, in the order asked for.
    Abstracts(Vec<(GroupId, Vec<String>)>),
    /// Requests to enter.
    Requests {
        /// How many there are on all pages.
        total: usize,
        /// Those of the page.
        requests: Vec<ShownRequest>,
    },
    /// What administrators of the app have done, or see.
    Managed(ManagingOutcome),
    /// A number.
    Count(usize),
    /// What has changed in the list of a user's groups.
    JoinedNews(Delta<Group>),
    /// What has changed in the lists of groups' members, in the order asked for. Of very many changes, some lists are
    /// left out: who misses them asks again.
    MemberNews(Vec<MemberNews>),
    /// The ids of a whole list.
    WholeList(WholeList),
    /// How many groups were made.
    Made(Growth),
    /// How much was said in groups.
    Busy {
        /// Messages in that time.
        messages: u64,
        /// Groups in which there was one.
        groups: u64,
        /// Messages by day, as days since 1970.
        days: BTreeMap<i64, u64>,
        /// Those of the page, each with its number of messages.
        busiest: Vec<(Group, u64)>,
    },
}
