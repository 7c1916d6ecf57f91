//! What the product does. One door, [`Im::execute`]; one file per subject behind it.
//!
//! | file | holds |
//! |---|---|
//! | `send.rs` | the life of one message: facts, gate, commit |
//! | `in_flight.rs` | a second send of a message that is still on its way joins the first |
//! | `handover.rs`, `pusher.rs` | answer first, then push, then after-callbacks |
//! | `tokens.rs`, `users.rs`, `groups.rs`, `blocks.rs`, `history.rs` | the other commands |
//!
//! The domain knows ports only. It never holds a lock while it waits for somebody outside.

mod blocks;
mod groups;
mod handover;
mod history;
mod in_flight;
mod pusher;
mod send;
mod send_many;
mod tokens;
mod users;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use ringback_model::command::{Actor, Call, Command, Outcome};
use ringback_model::failure::{Failure, Fault, Refusal, RefusalCode};
use ringback_model::ids::{MessageIds, UserId};
use ringback_model::ports::{Clock, Dice, Gate, Sessions, Store, TokenCodec};

pub use handover::{AnswerTicket, Handovers};

use in_flight::InFlight;

/// What [`Im`] is made of.
pub struct ImParts {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// Before-rules.
    pub gate: Arc<dyn Gate>,
    /// Live connections.
    pub sessions: Arc<dyn Sessions>,
    /// Messages between commit and push; the callback engine waits on the same one.
    pub handovers: Arc<Handovers>,
    /// Wall time.
    pub clock: Arc<dyn Clock>,
    /// Luck.
    pub dice: Arc<dyn Dice>,
    /// Text form of tokens.
    pub tokens: Arc<dyn TokenCodec>,
    /// Choices of the operator.
    pub settings: ImSettings,
}

/// Choices of the operator.
pub struct ImSettings {
    /// Signs tokens, and buys administrators' tokens.
    pub secret: String,
    /// Administrators of the app; registered at start if they are not.
    pub admins: Vec<UserId>,
    /// How long tokens last.
    pub token_validity: Duration,
}

/// The product: carries commands out.
pub struct Im {
    store: Arc<dyn Store>,
    gate: Arc<dyn Gate>,
    sessions: Arc<dyn Sessions>,
    handovers: Arc<Handovers>,
    clock: Arc<dyn Clock>,
    dice: Arc<dyn Dice>,
    tokens: Arc<dyn TokenCodec>,
    secret: String,
    admins: HashSet<UserId>,
    token_validity: Duration,
    message_ids: MessageIds,
    in_flight: InFlight,
}

/// A command that was carried out.
#[derive(Debug)]
pub struct Done {
    /// What to answer.
    pub outcome: Outcome,
    /// Drop it once the answer is on its way: pushes of the message wait for that, so that a sender
    /// sees his answer before his echo.
    pub answered: AnswerTicket,
}

impl From<Outcome> for Done {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, answered: AnswerTicket::none() }
    }
}

impl Im {
    /// Puts the product together and registers its administrators.
    ///
    /// # Errors
    /// The store's fault.
    pub async fn new(parts: ImParts) -> Result<Arc<Self>, Fault> {
        let highest = parts.store.highest_message().await?;
        let im = Arc::new(Self {
            store: parts.store,
            gate: parts.gate,
            sessions: parts.sessions,
            handovers: parts.handovers,
            clock: parts.clock,
            dice: parts.dice,
            tokens: parts.tokens,
            secret: parts.settings.secret,
            admins: parts.settings.admins.into_iter().collect(),
            token_validity: parts.settings.token_validity,
            message_ids: MessageIds::after(highest),
            in_flight: InFlight::default(),
        });
        im.register_admins().await?;
        Ok(im)
    }

    /// Carries a command out. The single door for every protocol.
    ///
    /// # Errors
    /// A refusal for the caller, or a fault of ours.
    pub async fn execute(self: &Arc<Self>, call: Call) -> Result<Done, Failure> {
        let Call { actor, origin, operation_id, command } = call;
        let actor = actor.as_ref();
        match command {
            Command::AdminToken { secret, user } => self.admin_token(&secret, &user).await.map(Done::from),
            Command::UserToken { user, platform } => {
                self.user_token(signed_in(actor)?, &user, platform).await.map(Done::from)
            }
            Command::ParseToken { token } => self.parse_token(&token).await.map(Done::from),
            Command::ForceLogout { user, platform } => {
                self.force_logout(signed_in(actor)?, &user, platform).await.map(Done::from)
            }
            Command::RegisterUsers { users } => {
                self.register_users(signed_in(actor)?, users).await.map(Done::from)
            }
            Command::Users { ids } => self.users(&ids).await.map(Done::from),
            Command::OnlineStatus { ids } => self.online_status(signed_in(actor)?, ids).map(Done::from),
            Command::CreateGroup(group) => self.create_group(signed_in(actor)?, group).await.map(Done::from),
            Command::Groups { ids } => self.groups(&ids).await.map(Done::from),
            Command::Invite { group, users, reason: _ } => {
                self.invite(signed_in(actor)?, &group, users).await.map(Done::from)
            }
            Command::Block { owner, blocked, ex } => {
                self.block(signed_in(actor)?, owner, blocked, ex).await.map(Done::from)
            }
            Command::Unblock { owner, blocked } => {
                self.unblock(signed_in(actor)?, owner, blocked).await.map(Done::from)
            }
            Command::Send(draft) => self.send(signed_in(actor)?, origin, operation_id, draft).await,
            Command::SendToMany { draft, recipients, everyone } => {
                self.send_to_many(signed_in(actor)?, origin, operation_id, draft, recipients, everyone).await
            }
            Command::NewestSeqs { user } => self.newest_seqs(signed_in(actor)?, &user).await.map(Done::from),
            Command::PullRanges { user, ranges, order } => {
                self.pull_ranges(signed_in(actor)?, &user, ranges, order).await.map(Done::from)
            }
            Command::PullSeqs { user, lists, order } => {
                self.pull_seqs(signed_in(actor)?, &user, lists, order).await.map(Done::from)
            }
            Command::ReadSeqs { user, conversations } => {
                self.read_seqs(signed_in(actor)?, &user, conversations).await.map(Done::from)
            }
            Command::ServerTime => Ok(Outcome::Time(self.clock.now()).into()),
        }
    }

    fn is_admin(&self, user: &UserId) -> bool {
        self.admins.contains(user)
    }

    /// 32 random hexadecimal digits.
    fn random_hex(&self) -> String {
        format!("{:016x}{:016x}", self.dice.roll(), self.dice.roll())
    }
}

fn signed_in(actor: Option<&Actor>) -> Result<&Actor, Refusal> {
    actor.ok_or_else(|| Refusal::new(RefusalCode::TokenMalformed, "this needs a token"))
}

fn only_admin(actor: &Actor) -> Result<(), Refusal> {
    if actor.admin {
        return Ok(());
    }
    Err(Refusal::new(RefusalCode::NoPermission, "only administrators of the app may do this"))
}

fn only_self(actor: &Actor, user: &UserId) -> Result<(), Refusal> {
    if actor.admin || actor.user == *user {
        return Ok(());
    }
    Err(Refusal::new(RefusalCode::NoPermission, format!("{} may not act for {user}", actor.user)))
}

fn bad(detail: impl Into<String>) -> Refusal {
    Refusal::new(RefusalCode::BadArgument, detail)
}

/// The first element that occurs twice.
fn repeated<'a, T: Eq + std::hash::Hash>(items: impl IntoIterator<Item = &'a T>) -> Option<&'a T> {
    let mut seen = HashSet::new();
    items.into_iter().find(|item| !seen.insert(*item))
}

fn at_most(what: &str, count: usize, bound: usize) -> Result<(), Refusal> {
    if count <= bound {
        return Ok(());
    }
    Err(bad(format!("{what} holds {count} entries, at most {bound} are allowed")))
}
