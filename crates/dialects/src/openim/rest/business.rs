//! `/msg/send_business_notification`. Source: REST sheet 7.4.

use std::collections::BTreeMap;

use ringback_model::command::{Command, Draft};
use ringback_model::conversation::Target;
use ringback_model::dialect::EdgeRequest;
use ringback_model::message::Priority;
use ringback_model::user::Platform;
use schemars::Schema;
use serde_json::json;

use super::body::{Reject, body, group_id, parse, user_id};
use crate::openim::content::content;
use crate::openim::options::handling;

/// Content type of an event of the app's own.
const BUSINESS: i32 = 2001;
/// It is kept, with a number.
const RELIABLE: i32 = 2;

body! {
    /// An event of the app's own, for one user or one group.
    #[schemars(rename = "BusinessNotification", transform = describe_recipients)]
    Business {
        /// What it is.
        key: String = "key",
        /// What it says.
        data: String = "data",
        /// In whose name.
        sender: String = "sendUserID" required,
        /// To whom.
        user: String = "recvUserID",
        /// To which group.
        group: String = "recvGroupID",
        /// It is said in the chat, where people see it.
        shown: bool = "sendMsg",
        /// 1 only those who are online get it, 2 it is kept with a number; 1 if absent.
        #[schemars(range(min = 0, max = 2))]
        reliability: i32 = "reliabilityLevel",
    }
}

/// A user or a group, and not both.
fn describe_recipients(schema: &mut Schema) {
    let forms = json!([
        {"properties": {"recvUserID": {"minLength": 1}, "recvGroupID": {"maxLength": 0}}, "required": ["recvUserID"]},
        {"properties": {"recvGroupID": {"minLength": 1}, "recvUserID": {"maxLength": 0}}, "required": ["recvGroupID"]},
    ]);
    schema.insert("anyOf".to_owned(), forms);
}

pub(super) fn send(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Business = parse(&request.body)?;
    let sender = user_id("sendUserID", &asked.sender)?;
    let target = match (asked.user.as_str(), asked.group.as_str()) {
        (user, "") if !user.is_empty() => Target::User(user_id("recvUserID", user)?),
        ("", group) if !group.is_empty() => Target::Group(group_id("recvGroupID", group)?),
        _ => {
            let detail = "one of recvUserID and recvGroupID is needed, and not both";
            return Err(Reject::Malformed(detail.to_owned()));
        }
    };
    if !(0..=RELIABLE).contains(&asked.reliability) {
        let detail = format!("reliabilityLevel is {}; known are 1 and 2", asked.reliability);
        return Err(Reject::Malformed(detail));
    }
    let options = options(asked.shown, asked.reliability == RELIABLE);
    let detail = json!({ "key": asked.key, "data": asked.data }).to_string();
    Ok(Command::Send(Box::new(Draft {
        client_id: None,
        sender,
        target,
        platform: Platform::ADMIN,
        nickname: String::new(),
        face_url: String::new(),
        system: true,
        handling: handling(&options, BUSINESS),
        content: content(BUSINESS, json!({ "detail": detail }).to_string()),
        status: 0,
        sent_at: None,
        created_at: None,
        options,
        offline_push: None,
        mentions: Vec::new(),
        attached_info: String::new(),
        ex: String::new(),
        strangers: false,
        priority: Priority::Normal,
        hidden_from: Vec::new(),
    })))
}

/// Beside the chat, and kept there or not; or in it, where it is always kept. Source: client protocol sheet 5.5.
fn options(shown: bool, reliable: bool) -> BTreeMap<String, bool> {
    let kept = shown || reliable;
    let options = [
        ("isNotNotification", shown),
        ("isSendMsg", shown),
        ("history", kept),
        ("persistent", kept),
        ("unreadCount", shown),
        ("offlinePush", shown),
        ("conversationUpdate", shown),
        ("senderConversationUpdate", shown),
    ];
    options.into_iter().map(|(name, on)| (name.to_owned(), on)).collect()
}
