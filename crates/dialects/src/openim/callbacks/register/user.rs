//! Profiles.
//! Source: openim-callbacks fact sheet 4.7.

use std::collections::HashMap;

use ringback_model::action::{Action, UserAction, UserEdit};
use ringback_model::dialect::Skip;
use ringback_model::event::EventKind;
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::time::UnixMs;
use ringback_model::user::{AccountLevel, Standing, User};
use ringback_model::verdict::Change;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::openim::callbacks::answer::{Asked, ELSEWHERE, Proposal, nothing};
use crate::openim::callbacks::call::Call;
use crate::openim::callbacks::commands::{About, Command, row};
use crate::openim::callbacks::fields::Fields;
use crate::openim::callbacks::json::Object;
use crate::openim::callbacks::members::{
    check_length, distinct, is_unfilled, number, objects, set_optional_text, set_text, text, user,
    wrapped_text,
};
use crate::openim::callbacks::numbers::{LEVELS, RECEIVE_OPTIONS, within};
use crate::schemas::{self, Shape};

const EX_FILLED: &str = "`ex` is what the user sets it to, not always empty.";

pub(super) const ROWS: &[Command] = &[
    row("beforeUserRegister", "callbackBeforeUserRegisterCommand", EventKind::UsersRegistering, registration)
        .block(&["callbackBeforeUserRegister"])
        .says("registration of users", "users are registered (`/user/user_register`); once per call")
        .changes(
            "replace the whole list of `users` (not empty); of a user who was sent, fields that are absent stay",
            registration_answer,
        )
        .differs(
            "A user without `userID`, who is there twice or exists already, is a failure of the call. A `createTime` that \
             is not 0 counts.",
        ),
    row("afterUserRegister", "callbackAfterUserRegisterCommand", EventKind::UsersRegistered, registration)
        .block(&["callbackAfterUserRegister"])
        .says("registration of users", "users were registered; once per call"),
    row("beforeUpdateUserInfo", "callbackBeforeUpdateUserInfoCommand", EventKind::UserEditing, before_whole)
        .block(&["callbackBeforeUpdateUserInfo"])
        .about(About::Actions(is_whole))
        .says("change of a profile on the old route", "a profile changes (`/user/update_user_info`)")
        .changes("change `nickName`, `faceURL`, `ex`", whole_answer)
        .differs(EX_FILLED),
    row("afterUpdateUserInfo", "callbackAfterUpdateUserInfoCommand", EventKind::UserEdited, after_whole)
        .block(&["callbackAfterUpdateUserInfo"])
        .about(About::Actions(is_whole))
        .says("change of a profile on the old route", "a profile has changed (`/user/update_user_info`)")
        .differs(EX_FILLED),
    row("beforeUpdateUserInfoEx", "callbackBeforeUpdateUserInfoExCommand", EventKind::UserEditing, partial)
        .block(&["callbackBeforeUpdateUserInfoEx"])
        .about(About::Actions(is_partial))
        .says("change of a profile", "a profile changes (`/user/update_user_info_ex`)")
        .changes("change those of `nickName`, `faceURL`, `ex` that the user sets", partial_answer)
        .differs(
            "`ex` is what the user sets it to, not always null. A field that the user does not set is a failure of the \
             call where the original crashed.",
        ),
    row("afterUpdateUserInfoEx", "callbackAfterUpdateUserInfoExCommand", EventKind::UserEdited, partial)
        .block(&["callbackAfterUpdateUserInfoEx"])
        .about(About::Actions(is_partial))
        .says("change of a profile", "a profile has changed (`/user/update_user_info_ex`)")
        .differs(EX_FILLED),
];

fn edit(action: &Action) -> Option<&UserEdit> {
    match action {
        Action::User(UserAction::Edit(edit)) => Some(edit),
        _ => None,
    }
}

fn is_whole(action: &Action) -> Result<usize, Skip> {
    match is_of_profile(action)?.whole {
        true => Ok(1),
        false => Err(Skip("the callback is about the old route, which names everything")),
    }
}

fn is_partial(action: &Action) -> Result<usize, Skip> {
    match is_of_profile(action)?.whole {
        true => Err(Skip("the callback is about the new route, which names only what changes")),
        false => Ok(1),
    }
}

/// Whether messages are received is no part of the profile here.
fn is_of_profile(action: &Action) -> Result<&UserEdit, Skip> {
    let edit = edit(action).ok_or(Skip("the callback is about changes of profiles"))?;
    let shown = edit.nickname.is_some() || edit.face_url.is_some() || edit.ex.is_some();
    if !shown && edit.receive_option.is_some() {
        return Err(Skip("whether a user receives messages is never called back"));
    }
    Ok(edit)
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Registered<'a> {
    #[serde(rename = "userID")]
    id: &'a str,
    nickname: &'a str,
    #[serde(rename = "faceURL")]
    face_url: &'a str,
    ex: &'a str,
    create_time: i64,
    #[serde(rename = "appMangerLevel")]
    level: i32,
    global_recv_msg_opt: i32,
}

impl Shape for Registered<'_> {
    fn shape() -> Value {
        schemas::written::<Self>()
    }
}

impl<'a> Registered<'a> {
    fn of(user: &'a User) -> Self {
        Self {
            id: user.id.as_str(),
            nickname: &user.nickname,
            face_url: &user.face_url,
            ex: &user.ex,
            create_time: user.created_at.0,
            level: user.level.0,
            global_recv_msg_opt: user.receive_option,
        }
    }
}

fn registration(call: &Call<'_>) -> Option<Fields> {
    let Action::User(UserAction::Register(one)) = call.action()? else { return None };
    Some(call.body().put("users", one.users.iter().map(Registered::of).collect::<Vec<_>>()))
}

/// What the user sets `ex` to; the original does not say.
fn ex<'a>(call: &Call<'_>, edit: &'a UserEdit) -> Option<&'a str> {
    edit.ex.as_deref().filter(|_| call.filled())
}

fn whole(call: &Call<'_>) -> Option<Fields> {
    let edit = edit(call.action()?)?;
    let fields = call
        .body()
        .put("userID", &edit.user)
        .put("nickName", edit.nickname.as_deref().unwrap_or_default())
        .put("faceURL", edit.face_url.as_deref().unwrap_or_default());
    Some(fields)
}

fn before_whole(call: &Call<'_>) -> Option<Fields> {
    Some(whole(call)?.put("ex", ex(call, edit(call.action()?)?)))
}

fn after_whole(call: &Call<'_>) -> Option<Fields> {
    Some(whole(call)?.put("ex", ex(call, edit(call.action()?)?).unwrap_or_default()))
}

fn partial(call: &Call<'_>) -> Option<Fields> {
    let edit = edit(call.action()?)?;
    let fields = call
        .body()
        .put("userID", &edit.user)
        .put("nickName", &edit.nickname)
        .put("faceURL", &edit.face_url)
        .put("ex", ex(call, edit));
    Some(fields)
}

struct EditAnswer {
    nickname: Option<String>,
    face_url: Option<String>,
    ex: Option<String>,
    /// Whether the user himself must set what the answer changes.
    set_only: bool,
}

impl EditAnswer {
    fn read(object: &Object, set_only: bool) -> Result<Box<dyn Proposal>, String> {
        let answer = Self {
            nickname: wrapped_text(object, "nickName")?,
            face_url: wrapped_text(object, "faceURL")?,
            ex: wrapped_text(object, "ex")?,
            set_only,
        };
        if is_unfilled(object, &["nickName", "faceURL", "ex"], &[]) {
            return nothing(object);
        }
        Ok(Box::new(answer))
    }
}

fn whole_answer(object: &Object) -> Result<Box<dyn Proposal>, String> {
    EditAnswer::read(object, false)
}

fn partial_answer(object: &Object) -> Result<Box<dyn Proposal>, String> {
    EditAnswer::read(object, true)
}

impl Proposal for EditAnswer {
    fn changes(self: Box<Self>, asked: &Asked<'_>) -> Result<Vec<Change>, String> {
        asked.edited(|action| {
            let Action::User(UserAction::Edit(edit)) = action else { return Err(ELSEWHERE.to_owned()) };
            for (name, place, given) in [
                ("nickName", &mut edit.nickname, self.nickname),
                ("faceURL", &mut edit.face_url, self.face_url),
                ("ex", &mut edit.ex, self.ex),
            ] {
                let Some(given) = given else { continue };
                if place.is_none() && self.set_only {
                    return Err(format!("{name} is given, but the user does not set it"));
                }
                // The old route sends what stays as an empty text: that coming back changes nothing.
                if place.is_some() || !given.is_empty() {
                    set_optional_text(name, place, Some(given))?;
                }
            }
            Ok(())
        })
    }
}

/// What an answer says about one who is registered.
struct UserAnswer {
    id: Option<String>,
    nickname: Option<String>,
    face_url: Option<String>,
    ex: Option<String>,
    created_at: Option<i64>,
    level: Option<i32>,
    receive_option: Option<i32>,
}

struct RegistrationAnswer(Vec<UserAnswer>);

fn registration_answer(object: &Object) -> Result<Box<dyn Proposal>, String> {
    let list = objects(object, "users")?.unwrap_or_default();
    Ok(Box::new(RegistrationAnswer(list.iter().map(UserAnswer::read).collect::<Result<_, _>>()?)))
}

impl UserAnswer {
    fn read(object: &Object) -> Result<Self, String> {
        Ok(Self {
            id: text(object, "userID")?,
            nickname: text(object, "nickname")?,
            face_url: text(object, "faceURL")?,
            ex: text(object, "ex")?,
            created_at: object.member("createTime", "a whole number")?,
            level: number(object, "appMangerLevel")?,
            receive_option: number(object, "globalRecvMsgOpt")?,
        })
    }

    /// The user that is registered instead: one of those who were sent, with what the answer changes, or another.
    /// `sent` has them by their ids in one letter case.
    fn user(self, sent: &HashMap<String, &User>) -> Result<User, String> {
        let id = user("userID", &self.id.ok_or("an entry of users has no userID")?)?;
        let known = sent.get(&id.folded()).map(|user| (*user).clone());
        let mut user = known.unwrap_or_else(|| unknown(id.clone()));
        user.id = id;
        set_text("nickname", &mut user.nickname, self.nickname)?;
        set_text("faceURL", &mut user.face_url, self.face_url)?;
        set_text("ex", &mut user.ex, self.ex)?;
        if let Some(at) = self.created_at {
            if at < 0 {
                return Err(format!("createTime {at} is before 1970"));
            }
            user.created_at = UnixMs(at);
        }
        if let Some(level) = self.level {
            user.level = AccountLevel(within("appMangerLevel", level, LEVELS)?);
        }
        if let Some(option) = self.receive_option {
            user.receive_option = within("globalRecvMsgOpt", option, RECEIVE_OPTIONS)?;
        }
        Ok(user)
    }
}

fn unknown(id: UserId) -> User {
    User {
        id,
        nickname: String::new(),
        face_url: String::new(),
        ex: String::new(),
        created_at: UnixMs(0),
        level: AccountLevel::ORDINARY,
        receive_option: 0,
        standing: Standing::default(),
    }
}

impl Proposal for RegistrationAnswer {
    fn changes(self: Box<Self>, asked: &Asked<'_>) -> Result<Vec<Change>, String> {
        check_length("users", self.0.len(), limits::LIST_ITEMS)?;
        asked.edited(|action| {
            let Action::User(UserAction::Register(one)) = action else { return Err(ELSEWHERE.to_owned()) };
            if self.0.is_empty() {
                return Ok(());
            }
            let sent = one.users.iter().map(|user| (user.id.folded(), user)).collect();
            let users = self.0.into_iter().map(|user| user.user(&sent)).collect::<Result<Vec<_>, _>>()?;
            distinct("users", users.iter().map(|user| &user.id))?;
            one.users = users;
            Ok(())
        })
    }
}
