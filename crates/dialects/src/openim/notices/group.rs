//! Notices about groups.

use ringback_model::notice::GroupNotice;

use super::Tips;

pub(super) fn tips(notice: &GroupNotice) -> Tips {
    match *notice {}
}
