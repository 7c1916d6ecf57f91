//! Notices about conversations and messages that were sent.

use ringback_model::notice::ChatNotice;

use super::Tips;

pub(super) fn tips(notice: &ChatNotice) -> Tips {
    match *notice {}
}
