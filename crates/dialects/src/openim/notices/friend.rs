//! Notices about friends and blocks.

use ringback_model::notice::FriendNotice;

use super::Tips;

pub(super) fn tips(notice: &FriendNotice) -> Tips {
    match *notice {}
}
