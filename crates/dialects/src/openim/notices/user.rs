//! Notices about profiles.

use ringback_model::notice::UserNotice;

use super::Tips;

pub(super) fn tips(notice: &UserNotice) -> Tips {
    match *notice {}
}
