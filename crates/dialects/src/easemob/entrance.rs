//! Ways into a group ([`ringback_model::group::Group::verification`]). There are three, and the wire has four: a public
//! group that asks who enters is the same here as a closed one that only its owner and admins invite to, and is shown as
//! such.

/// Every member may invite; who is not invited asks.
pub(super) const INVITED: i32 = 0;
/// Owner and admins invite; who is not invited asks.
pub(super) const CLOSED: i32 = 1;
/// Everybody may enter.
pub(super) const OPEN: i32 = 2;
