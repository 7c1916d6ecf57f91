//! `/user`: profiles and presence. Source: REST sheet 4, 12.

use ringback_model::action::UserEdit;
use ringback_model::command::{Command, Outcome, UserCommand};
use ringback_model::dialect::EdgeRequest;
use ringback_model::failure::RefusalCode;
use ringback_model::limits;
use ringback_model::time::UnixMs;
use ringback_model::user::{AccountLevel, Connection, Standing, User};
use schemars::JsonSchema;
use serde::Serialize;

use super::body::{Reject, at_most, body, distinct, given, of_each, parse, possible_ids, required, user_id};
use super::reply::{Data, data};
use crate::openim::content::argument;

body! {
    /// A user to register.
    NewUser {
        /// Letters, digits and `_`.
        id: String = "userID" required,
        /// The name that others see.
        nickname: String = "nickname" required,
        /// Address of a picture.
        face_url: String = "faceURL",
        /// The app's own text.
        ex: String = "ex",
        /// 0 and 1 ordinary, 2 administrator, 3 notification account, 4 robot.
        #[schemars(range(min = 0))]
        level: i32 = "appMangerLevel",
        /// 0 receives, 1 does not, 2 receives without being woken.
        #[schemars(range(min = 0, max = 2))]
        receive_option: i32 = "globalRecvMsgOpt",
    }
}

body! {
    /// Users to register.
    Register {
        /// Each id once.
        users: Option<Vec<NewUser>> = "users" required,
    }
}

pub(super) fn register(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Register = parse(&request.body)?;
    let users = given("users", asked.users)?;
    distinct("users", users.iter().map(|user| &user.id))?;
    let users = users.into_iter().map(new_user).collect::<Result<_, _>>()?;
    Ok(Command::RegisterUsers { users })
}

body! {
    /// A profile as its owner wants it; empty texts and zeros stay as they are.
    Profile {
        /// Whose.
        id: String = "userID" required,
        /// The name that others see.
        nickname: String = "nickname",
        /// Address of a picture.
        face_url: String = "faceURL",
        /// The app's own text.
        ex: String = "ex",
        /// 0 = as it is, 1 does not receive, 2 receives without being woken.
        #[schemars(range(min = 0, max = 2))]
        receive_option: i32 = "globalRecvMsgOpt",
    }
}

body! {
    /// A profile to be changed.
    #[schemars(rename = "ProfileUpdate")]
    Edit {
        /// All of it.
        profile: Option<Profile> = "userInfo" required,
    }
}

pub(super) fn edit(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Edit = parse(&request.body)?;
    let asked = given("userInfo", asked.profile)?;
    let text = |text: String| Some(text).filter(|text| !text.is_empty());
    Ok(Command::User(UserCommand::Edit(UserEdit {
        user: user_id("userID", &asked.id)?,
        whole: true,
        nickname: text(asked.nickname),
        face_url: text(asked.face_url),
        ex: text(asked.ex),
        receive_option: Some(asked.receive_option).filter(|option| *option != 0),
    })))
}

body! {
    /// What changes about a profile; what is absent stays.
    ProfileChange {
        /// Whose.
        id: String = "userID" required,
        /// The name that others see.
        nickname: Option<String> = "nickname",
        /// Address of a picture.
        face_url: Option<String> = "faceURL",
        /// The app's own text.
        ex: Option<String> = "ex",
        /// 0 receives, 1 does not, 2 receives without being woken.
        #[schemars(range(min = 0, max = 2))]
        receive_option: Option<i32> = "globalRecvMsgOpt",
    }
}

body! {
    /// A profile to be changed, field by field.
    #[schemars(rename = "ProfileUpdateByField")]
    EditEx {
        /// What changes.
        profile: Option<ProfileChange> = "userInfo" required,
    }
}

pub(super) fn edit_ex(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: EditEx = parse(&request.body)?;
    let asked = given("userInfo", asked.profile)?;
    Ok(Command::User(UserCommand::Edit(UserEdit {
        user: user_id("userID", &asked.id)?,
        whole: false,
        nickname: asked.nickname,
        face_url: asked.face_url,
        ex: asked.ex,
        receive_option: asked.receive_option,
    })))
}

body! {
    /// How somebody receives messages.
    #[schemars(rename = "ReceiveOption")]
    GlobalOption {
        /// Who.
        id: String = "userID" required,
        /// 0 receives, 1 does not, 2 receives without being woken.
        #[schemars(range(min = 0, max = 2))]
        option: i32 = "globalRecvMsgOpt",
    }
}

pub(super) fn receive_option(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: GlobalOption = parse(&request.body)?;
    let user = user_id("userID", &asked.id)?;
    if !(0..=2).contains(&asked.option) {
        return Err(argument(format!("globalRecvMsgOpt is {}; known are 0, 1 and 2", asked.option)).into());
    }
    Ok(Command::User(UserCommand::ReceiveOption { user, option: asked.option }))
}

fn new_user(asked: NewUser) -> Result<User, Reject> {
    let id = user_id("userID", &asked.id)?;
    if !asked.id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        let detail = format!("userID {:?} holds something else than letters, digits and '_'", asked.id);
        return Err(Reject::new(RefusalCode::BadArgument, detail));
    }
    required("nickname", &asked.nickname)?;
    Ok(User {
        id,
        nickname: asked.nickname,
        face_url: asked.face_url,
        ex: asked.ex,
        created_at: UnixMs(0),
        level: AccountLevel(asked.level),
        receive_option: asked.receive_option,
        standing: Standing::default(),
    })
}

body! {
    /// Users who are asked about.
    UserIds {
        /// May be empty.
        ids: Option<Vec<String>> = "userIDs" required,
    }
}

/// An id that cannot exist is as unknown as any other: left out, never an error.
pub(super) fn infos(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: UserIds = parse(&request.body)?;
    let ids = given("userIDs", asked.ids)?;
    Ok(Command::Users { ids: possible_ids(&ids) })
}

pub(super) fn online(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: UserIds = parse(&request.body)?;
    let ids = given("userIDs", asked.ids)?;
    at_most("userIDs", ids.len(), limits::LIST_ITEMS)?;
    Ok(Command::OnlineStatus { ids: possible_ids(&ids) })
}

/// A profile as clients see it.
#[derive(Serialize, JsonSchema)]
pub(super) struct UserInfo<'a> {
    #[serde(rename = "userID")]
    id: &'a str,
    nickname: &'a str,
    #[serde(rename = "faceURL")]
    face_url: &'a str,
    ex: &'a str,
    /// Milliseconds since 1970.
    #[serde(rename = "createTime")]
    created_at: i64,
    /// 0 and 1 ordinary, 2 administrator, 3 notification account, 4 robot.
    #[serde(rename = "appMangerLevel")]
    level: i32,
    /// 0 receives, 1 does not, 2 receives without being woken.
    #[serde(rename = "globalRecvMsgOpt")]
    receive_option: i32,
}

impl<'a> From<&'a User> for UserInfo<'a> {
    fn from(user: &'a User) -> Self {
        Self {
            id: user.id.as_str(),
            nickname: &user.nickname,
            face_url: &user.face_url,
            ex: &user.ex,
            created_at: user.created_at.0,
            level: user.level.0,
            receive_option: user.receive_option,
        }
    }
}

/// Profiles of those who exist.
#[derive(Serialize, JsonSchema)]
pub(super) struct UsersInfo<'a> {
    #[serde(rename = "usersInfo")]
    users: Vec<UserInfo<'a>>,
}

pub(super) fn infos_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::Users(users) = outcome else { return None };
    data(&UsersInfo { users: users.iter().map(UserInfo::from).collect() })
}

/// A user's presence.
#[derive(Serialize, JsonSchema)]
pub(super) struct OnlineUser<'a> {
    #[serde(rename = "userID")]
    id: &'a str,
    /// 1 online, 0 offline.
    status: i32,
    #[serde(rename = "detailPlatformStatus")]
    connections: Vec<OnlinePlatform<'a>>,
}

/// One of a user's connections.
#[derive(Serialize, JsonSchema)]
struct OnlinePlatform<'a> {
    #[serde(rename = "platformID")]
    platform: i32,
    #[serde(rename = "connID")]
    id: &'a str,
    #[serde(rename = "isBackground")]
    background: bool,
    /// The token's id: tells sessions apart as well as the token itself, and opens nothing.
    token: &'a str,
}

impl<'a> From<&'a Connection> for OnlinePlatform<'a> {
    fn from(connection: &'a Connection) -> Self {
        Self {
            platform: connection.platform.0,
            id: &connection.id,
            background: connection.background,
            token: &connection.token_id,
        }
    }
}

/// `data` is the list itself.
pub(super) fn online_data(request: &EdgeRequest, outcome: &Outcome) -> Option<Data> {
    let Outcome::Online(users) = outcome else { return None };
    let asked: UserIds = parse(&request.body).ok()?;
    let asked = asked.ids?;
    let users: Vec<_> = of_each(&asked, users)
        .map(|(id, user)| {
            let connections: Vec<_> =
                user.iter().flat_map(|(_, connections)| connections).map(OnlinePlatform::from).collect();
            OnlineUser { id, status: i32::from(!connections.is_empty()), connections }
        })
        .collect();
    data(&users)
}
