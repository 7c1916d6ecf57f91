//! Friends and blocks.
//! Source: openim-callbacks fact sheet 4.5.

use ringback_model::action::{Action, Blocking, FriendAction, FriendAnswer, FriendImport, FriendRemark};
use ringback_model::event::EventKind;
use ringback_model::limits;
use ringback_model::verdict::Change;

use crate::openim::callbacks::answer::{Asked, ELSEWHERE, Proposal};
use crate::openim::callbacks::call::Call;
use crate::openim::callbacks::commands::{Command, OLDER, row};
use crate::openim::callbacks::fields::Fields;
use crate::openim::callbacks::json::Object;
use crate::openim::callbacks::members::{set_text, text, texts, users};

/// How an answer to a request says yes.
const AGREED: i32 = 1;

const BOTH_SPELLINGS: &str = "The documented spellings `toUserID`, `handleResult`, `handleMsg` are sent beside the \
                              original's.";
const EVERY_WAY: &str = "Whichever route changes the remark, the one that the SDKs use included.";

pub(super) const ROWS: &[Command] = &[
    row("beforeAddFriend", "callbackBeforeAddFriendCommand", EventKind::FriendRequesting, asking)
        .block(&["callbackBeforeAddFriend"])
        .says("request for friendship", "somebody asks for friendship (`/friend/add_friend`)"),
    row("afterAddFriend", "callbackAfterAddFriendCommand", EventKind::FriendRequested, asked)
        .block(&["callbackAfterAddFriend"])
        .says("request for friendship", "a request for friendship was stored; nobody is a friend yet"),
    row("beforeAddFriendAgree", "callbackBeforeAddFriendAgreeCommand", EventKind::FriendAgreeing, agreement)
        .block(&["callbackBeforeAddFriendAgree"])
        .says(
            "agreement to a friendship",
            "somebody agrees to a friendship (`/friend/add_friend_response` with 1); refusals call nobody",
        )
        .differs(BOTH_SPELLINGS),
    row("afterAddFriendAgree", "callbackAfterAddFriendAgreeCommand", EventKind::FriendAgreed, agreement)
        .block(&["callbackAfterAddFriendAgree"])
        .says("agreement to a friendship", "two users are friends because one agreed")
        .differs(BOTH_SPELLINGS),
    row("afterDeleteFriend", "callbackAfterDeleteFriendCommand", EventKind::FriendRemoved, removal)
        .block(&["callbackAfterDeleteFriend"])
        .says(
            "friend who is taken off a list",
            "a friend was taken off one user's list (`/friend/delete_friend`)",
        ),
    row("beforeSetFriendRemark", "callbackBeforeSetFriendRemarkCommand", EventKind::FriendRemarking, remark)
        .formerly(&[(OLDER, "callbackBeforeSetFriendRemark")])
        .block(&["callbackBeforeSetFriendRemark"])
        .says(
            "name for a friend",
            "somebody names a friend (`/friend/set_friend_remark`, `/friend/update_friends`)",
        )
        .changes("change `remark` (not empty)", remark_answer)
        .differs("Whichever route changes the remark, and after the permission was checked."),
    row("afterSetFriendRemark", "callbackAfterSetFriendRemarkCommand", EventKind::FriendRemarked, remark)
        .formerly(&[(OLDER, "callbackAfterSetFriendRemark")])
        .block(&["callbackAfterSetFriendRemark"])
        .says("name for a friend", "a friend has a name")
        .differs(EVERY_WAY),
    row("beforeImportFriends", "callbackBeforeImportFriendsCommand", EventKind::FriendsImporting, import)
        .block(&["callbackBeforeImportFriends"])
        .says("import of friends", "an administrator makes friends (`/friend/import_friend`)")
        .changes("change `friendUserIDs` (not empty)", import_answer)
        .differs("The owner himself, one friend twice, or somebody who does not exist, in an answer is a failure of the call."),
    row("afterImportFriends", "callbackAfterImportFriendsCommand", EventKind::FriendsImported, import)
        .block(&["callbackAfterImportFriends"])
        .says("import of friends", "an administrator has made friends"),
    row("beforeAddBlack", "callbackBeforeAddBlackCommand", EventKind::UserBlocking, block)
        .block(&["callbackBeforeAddBlack"])
        .says("block", "somebody is put on a block list (`/friend/add_black`)"),
    row("afterRemoveBlack", "callbackAfterRemoveBlackCommand", EventKind::UserUnblocked, block)
        .block(&["callbackAfterRemoveBlack"])
        .says("end of a block", "somebody was taken off a block list (`/friend/remove_black`)"),
];

fn action<'a>(call: &Call<'a>) -> Option<&'a FriendAction> {
    match call.action()? {
        Action::Friend(action) => Some(action),
        _ => None,
    }
}

fn asked(call: &Call<'_>) -> Option<Fields> {
    let FriendAction::Ask(one) = action(call)? else { return None };
    Some(call.body().put("fromUserID", &one.from).put("toUserID", &one.to).put("reqMsg", &one.message))
}

fn asking(call: &Call<'_>) -> Option<Fields> {
    let FriendAction::Ask(one) = action(call)? else { return None };
    Some(asked(call)?.put("ex", &one.ex))
}

fn agreement(call: &Call<'_>) -> Option<Fields> {
    let FriendAction::Agree(FriendAnswer { from, to, message }) = action(call)? else { return None };
    let fields = call
        .body()
        .put("fromUserID", from)
        .put("blackUserID", to)
        .put("HandleResult", AGREED)
        .put("HandleMsg", message);
    let filled = call.filled();
    let fields = fields.put_if(filled, "toUserID", to).put_if(filled, "handleResult", AGREED);
    Some(fields.put_if(filled, "handleMsg", message))
}

fn removal(call: &Call<'_>) -> Option<Fields> {
    let FriendAction::Remove(one) = action(call)? else { return None };
    Some(call.body().put("ownerUserID", &one.owner).put("friendUserID", &one.friend))
}

fn remark(call: &Call<'_>) -> Option<Fields> {
    let FriendAction::Remark(FriendRemark { owner, friend, remark }) = action(call)? else { return None };
    Some(call.body().put("ownerUserID", owner).put("friendUserID", friend).put("remark", remark))
}

fn import(call: &Call<'_>) -> Option<Fields> {
    let FriendAction::Import(FriendImport { owner, friends }) = action(call)? else { return None };
    Some(call.body().put("ownerUserID", owner).put("friendUserIDs", friends))
}

fn block(call: &Call<'_>) -> Option<Fields> {
    let (FriendAction::Block(one) | FriendAction::Unblock(one)) = action(call)? else { return None };
    let Blocking { owner, blocked } = one;
    Some(call.body().put("ownerUserID", owner).put("blackUserID", blocked))
}

fn remark_answer(object: &Object) -> Result<Box<dyn Proposal>, String> {
    Ok(Box::new(RemarkAnswer(text(object, "remark")?)))
}

struct RemarkAnswer(Option<String>);

impl Proposal for RemarkAnswer {
    fn changes(self: Box<Self>, asked: &Asked<'_>) -> Result<Vec<Change>, String> {
        asked.edited(|action| {
            let Action::Friend(FriendAction::Remark(one)) = action else { return Err(ELSEWHERE.to_owned()) };
            if let Some(remark) = self.0.filter(|remark| !remark.is_empty()) {
                set_text("remark", &mut one.remark, Some(remark))?;
            }
            Ok(())
        })
    }
}

fn import_answer(object: &Object) -> Result<Box<dyn Proposal>, String> {
    Ok(Box::new(ImportAnswer(texts(object, "friendUserIDs")?)))
}

struct ImportAnswer(Option<Vec<String>>);

impl Proposal for ImportAnswer {
    fn changes(self: Box<Self>, asked: &Asked<'_>) -> Result<Vec<Change>, String> {
        asked.edited(|action| {
            let Action::Friend(FriendAction::Import(one)) = action else { return Err(ELSEWHERE.to_owned()) };
            let Some(given) = self.0.filter(|friends| !friends.is_empty()) else { return Ok(()) };
            let friends = users("friendUserIDs", &given, limits::LIST_ITEMS)?;
            if friends.iter().any(|friend| friend.folded() == one.owner.folded()) {
                return Err(format!("friendUserIDs names {}, whose list it is", one.owner));
            }
            one.friends = friends;
            Ok(())
        })
    }
}
