//! What can be asked about friends and blocks.

use crate::ids::UserId;
use crate::page::{Found, Page};
use crate::record::{Friend, FriendRequest, Handled};
use crate::time::UnixMs;
use crate::user::{Block, User};
use crate::version::{Delta, Version};

/// What can be asked. Where an owner or user is named, he or an administrator asks.
#[derive(Debug, Clone)]
pub enum FriendCommand {
    /// Ask for friendship.
    Ask {
        /// Who asks.
        from: UserId,
        /// Who is asked.
        to: UserId,
        /// His words.
        message: String,
        /// The app's own text.
        ex: String,
    },
    /// Answer a request for friendship.
    Answer {
        /// Who asked.
        from: UserId,
        /// Who answers.
        to: UserId,
        /// Yes or no.
        agree: bool,
        /// His words.
        message: String,
    },
    /// Take a friend off a list; the other's list stays as it is.
    Remove {
        /// Whose list.
        owner: UserId,
        /// Who goes.
        friend: UserId,
    },
    /// Give a friend a name.
    Remark {
        /// Whose list.
        owner: UserId,
        /// Who is named.
        friend: UserId,
        /// The name; empty = none.
        remark: String,
    },
    /// Change what an owner keeps about friends; `None` = stays.
    Update {
        /// Whose list.
        owner: UserId,
        /// About whom, each once.
        friends: Vec<UserId>,
        /// At the top.
        pinned: Option<bool>,
        /// The owner's name for each.
        remark: Option<String>,
        /// The app's own text.
        ex: Option<String>,
    },
    /// Make friends without anybody being asked. Administrators only.
    Import {
        /// Whose list.
        owner: UserId,
        /// Who comes onto it, and gets the owner onto his own; each once.
        friends: Vec<UserId>,
    },
    /// Make two users friends without anybody being asked, and answer the friend. Those who are friends stay it.
    /// Administrators only.
    Befriend {
        /// One.
        owner: UserId,
        /// The other.
        friend: UserId,
    },
    /// Make users friends of one user, each as [`FriendCommand::Befriend`] does; whoever cannot be one is named in the
    /// answer. Administrators only.
    BefriendMany {
        /// Whose list.
        owner: UserId,
        /// Who, each once.
        users: Vec<UserId>,
    },
    /// Take two users off each other's lists, and answer the friend; fine where they are on none. Administrators only.
    Part {
        /// One.
        owner: UserId,
        /// The other.
        friend: UserId,
    },
    /// Put users on a block list; those who are on it stay there. All of them or none. Administrators only.
    BlockMany {
        /// Whose list.
        owner: UserId,
        /// Who is blocked, each once.
        users: Vec<UserId>,
    },
    /// Take a user off a block list, and answer him; fine where he is not on it. Administrators only.
    LetIn {
        /// Whose list.
        owner: UserId,
        /// Who is unblocked.
        blocked: UserId,
    },
    /// A piece of a friend list, ascending by folded id, of a user who exists. Administrators only.
    After {
        /// Whose.
        owner: UserId,
        /// Those after this one; `None` = from the start.
        after: Option<UserId>,
        /// At most so many; `None` = all.
        limit: Option<usize>,
    },
    /// A piece of a block list, ascending by folded id, of a user who exists. Administrators only.
    BlocksAfter {
        /// Whose.
        owner: UserId,
        /// Those after this one; `None` = from the start.
        after: Option<UserId>,
        /// At most so many; `None` = all.
        limit: Option<usize>,
    },
    /// A piece of a friend list.
    List {
        /// Whose.
        owner: UserId,
        /// Which.
        page: Page,
    },
    /// Friends by id; those who are none are left out.
    Among {
        /// Whose.
        owner: UserId,
        /// Who.
        ids: Vec<UserId>,
    },
    /// Ids of all friends, in the order in which clients show them.
    Ids {
        /// Whose.
        owner: UserId,
        /// What the caller says of the ids that he has; comes back with the answer.
        hash: u64,
    },
    /// What changed in a friend list.
    Changes {
        /// Whose.
        owner: UserId,
        /// Where the client knows it; `None` = nowhere.
        known: Option<Version>,
    },
    /// Requests for friendship that a user has got, newest first.
    Received {
        /// Who.
        user: UserId,
        /// That ended like this; empty = all.
        handled: Vec<Handled>,
        /// Which piece.
        page: Page,
    },
    /// Requests for friendship that a user has sent, newest first.
    Asked {
        /// Who.
        user: UserId,
        /// That ended like this; empty = all.
        handled: Vec<Handled>,
        /// Which piece.
        page: Page,
    },
    /// The request of one user to another. Either of them.
    RequestOf {
        /// Who asked.
        from: UserId,
        /// Who was asked.
        to: UserId,
    },
    /// How many requests a user has got and not answered.
    Open {
        /// Who.
        user: UserId,
        /// Asked at this instant or later.
        since: UnixMs,
    },
    /// Whether two users are on each other's lists. Either of them.
    AreFriends {
        /// One.
        one: UserId,
        /// The other.
        other: UserId,
    },
    /// Users, and what an owner has to do with each; unknown ones are left out.
    Relations {
        /// Whose view.
        owner: UserId,
        /// Who.
        ids: Vec<UserId>,
    },
    /// A piece of a block list.
    Blocks {
        /// Whose.
        owner: UserId,
        /// Which.
        page: Page,
    },
    /// Blocks by id; those who are not blocked are left out.
    BlocksAmong {
        /// Whose.
        owner: UserId,
        /// Who.
        ids: Vec<UserId>,
    },
}

/// What is answered.
#[derive(Debug, Clone)]
pub enum FriendOutcome {
    /// Friends.
    Friends(Found<FriendShown>),
    /// What became of each.
    Befriended {
        /// Friends now.
        done: Vec<UserId>,
        /// They do not exist.
        unknown: Vec<UserId>,
        /// There was no room for them.
        no_room: Vec<UserId>,
        /// The owner himself.
        others: Vec<UserId>,
    },
    /// A piece of a list of friends, and after whom there is more; `None` = there is no more.
    After(Vec<Friend>, Option<UserId>),
    /// The same of a block list.
    BlocksAfter(Vec<Block>, Option<UserId>),
    /// Ids of friends, and where their list stands.
    Ids {
        /// The list's version.
        now: Version,
        /// In the order in which clients show them.
        ids: Vec<UserId>,
        /// As it was asked.
        hash: u64,
    },
    /// What changed in a friend list.
    Changes(Delta<FriendShown>),
    /// Requests.
    Requests(Found<RequestShown>),
    /// How many.
    Count(u64),
    /// Who is on whose list.
    Mutual {
        /// The other is on the list of the one.
        one_has_other: bool,
        /// The one is on the list of the other.
        other_has_one: bool,
    },
    /// Users, and what an owner has to do with them.
    Relations(Vec<Relation>),
    /// Blocks, each with the profile of who is blocked.
    Blocks(Found<(Block, User)>),
}

/// A friend and his profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FriendShown {
    /// What the owner keeps.
    pub friend: Friend,
    /// Who it is.
    pub profile: User,
}

/// A request and the profiles of both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestShown {
    /// The request.
    pub request: FriendRequest,
    /// Who asked.
    pub from: User,
    /// Who was asked.
    pub to: User,
}

/// What an owner has to do with a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    /// Who.
    pub user: User,
    /// As a friend of the owner's.
    pub friend: Option<Friend>,
    /// As one whom the owner blocks.
    pub block: Option<Block>,
}
