//! Logins of users with many conversations: what all the calls of one cost the server.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::figures::add_disturbance;
use super::{Case, Figures, Lab, figure};
use crate::chat::{Rest, To};
use crate::machine::Meter;
use crate::server::{Rules, Server, Setup};
use crate::settings::Options;
use crate::targets::{Bound, Target};

/// Conversations of the user who logs in.
const MANY: usize = 2_000;
/// The same for the one beside which that is held.
const FEW: usize = 200;
/// Logins that are measured together: processor time is counted in steps of 10 ms.
const LOGINS: usize = 20;
/// Rows of a page, as the client asks for them.
const PAGE: usize = 300;
/// Conversations whose newest message is pulled in one call, as the client asks for them.
const PULLED_AT_ONCE: usize = 100;
/// Sends while conversations are made.
const CHARACTERS: u16 = 50;

/// Which client logs in. Source: client protocol sheet 4.1, 4.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Client {
    /// Keeps nothing: asks for the newest conversations alone.
    Light,
    /// Keeps everything, and has nothing yet: reads all of it.
    Full,
}

/// Logins of one kind of client.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Login {
    client: Client,
    conversations: usize,
}

impl Login {
    pub(super) fn name(self) -> String {
        let client = match self.client {
            Client::Light => "a client that keeps nothing",
            Client::Full => "a client's first",
        };
        format!("login with {} conversations, {client}", self.conversations)
    }

    pub(super) async fn run(self, lab: &Lab) -> anyhow::Result<Figures> {
        let setup = Setup {
            binary: &lab.server,
            root: &lab.root,
            rules: Rules::NONE,
            receiver_url: "http://127.0.0.1:9/callbacks",
            history: None,
            remembers: true,
        };
        let server = Server::start(setup).await?;
        let measured = self.measure(&server).await;
        let figures = measured.with_context(|| format!("the server's log says:\n{}", server.log()));
        server.stop().await?;
        figures
    }

    async fn measure(self, server: &Server) -> anyhow::Result<Figures> {
        let admin = Rest::log_in(server.address).await?;
        let me = "someone".to_owned();
        let peers: Vec<String> = (0..self.conversations).map(|number| format!("peer{number:05}")).collect();
        admin.register_users(&[std::slice::from_ref(&me), &peers].concat()).await?;
        for peer in &peers {
            admin.send(peer, To::User(&me), CHARACTERS).await?;
        }
        let mine = admin.as_user(&admin.user_token(&me).await?)?;
        // Once without being counted: statements are prepared, pages are read.
        self.log_in(&mine, &me).await?;
        let meter = Meter::start(Some(server.pid()), None)?;
        let started = Instant::now();
        for _ in 0..LOGINS {
            self.log_in(&mine, &me).await?;
        }
        let took = started.elapsed();
        let usage = meter.stop()?;
        let each = |time: Duration| time.as_secs_f64() * 1000.0 / LOGINS as f64;
        let mut figures = Figures::from([
            (figure::LOGIN_CPU, each(usage.server_cpu)),
            (figure::LOGIN_TIME, each(took)),
            (figure::CONVERSATIONS, self.conversations as f64),
        ]);
        add_disturbance(&mut figures, &usage);
        Ok(figures)
    }

    /// The calls of one login.
    async fn log_in(self, rest: &Rest, me: &str) -> anyhow::Result<()> {
        let of_me = json!({ "userID": me });
        let anew = json!({ "userID": me, "version": 0, "versionID": "" });
        let all = json!({ "userID": me, "idHash": 0 });
        for (path, body) in [
            ("/conversation/get_incremental_conversations", &anew),
            ("/friend/get_incremental_friends", &anew),
            ("/friend/get_full_friend_user_ids", &all),
            ("/group/get_incremental_join_groups", &anew),
            ("/group/get_full_join_group_ids", &all),
            ("/user/get_users_info", &json!({ "userIDs": [me] })),
        ] {
            rest.ask(path, body).await?;
        }
        let seqs = rest.ask("/msg/get_conversations_has_read_and_max_seq", &of_me).await?;
        let seqs = seqs["seqs"].as_object().context("no seqs")?;
        ensure!(seqs.len() >= self.conversations, "{} conversations are listed", seqs.len());
        match self.client {
            Client::Light => {
                rest.ask("/conversation/get_not_notify_conversation_ids", &of_me).await?;
                let newest = json!({ "ownerUserID": me, "count": 20 });
                let shown = rest.ask("/jssdk/get_active_conversations", &newest).await?;
                ensure!(shown["conversations"].as_array().is_some_and(|all| all.len() == 20), "too few");
            }
            Client::Full => self.read_everything(rest, me).await?,
        }
        Ok(())
    }

    async fn read_everything(self, rest: &Rest, me: &str) -> anyhow::Result<()> {
        let mut read = 0;
        for page in 1.. {
            let body = json!({
                "userID": me, "pagination": { "pageNumber": page, "showNumber": PAGE },
            });
            let page = rest.ask("/conversation/get_owner_conversation", &body).await?;
            let rows = page["conversations"].as_array().map_or(0, Vec::len);
            read += rows;
            if rows < PAGE {
                break;
            }
        }
        ensure!(read >= self.conversations, "{read} conversations were read");
        rest.ask("/conversation/get_full_conversation_ids", &json!({ "userID": me, "idHash": 0 })).await?;
        let newest = rest.ask("/msg/newest_seq", &json!({ "userID": me })).await?;
        let newest: Vec<(&String, &Value)> =
            newest["maxSeqs"].as_object().context("no newest seqs")?.iter().collect();
        let mut pulled = 0;
        for some in newest.chunks(PULLED_AT_ONCE) {
            let range = |(id, seq): &(&String, &Value)| json!({ "conversationID": id, "begin": 0, "end": seq, "num": 1 });
            let ranges: Vec<Value> = some.iter().map(range).collect();
            let body = json!({ "userID": me, "seqRanges": ranges, "order": 1 });
            let answer = rest.ask("/msg/pull_msg_by_seq", &body).await?;
            pulled += answer["msgs"].as_object().map_or(0, serde_json::Map::len);
        }
        ensure!(pulled >= self.conversations, "{pulled} newest messages were pulled");
        rest.ask(
            "/friend/get_black_list",
            &json!({
                "userID": me, "pagination": { "pageNumber": 1, "showNumber": 200 },
            }),
        )
        .await?;
        Ok(())
    }
}

pub(super) fn cases(_: &Options) -> Vec<Case> {
    let login = |client, conversations| Case::Login(Login { client, conversations });
    vec![
        login(Client::Light, FEW),
        login(Client::Light, MANY),
        login(Client::Full, FEW),
        login(Client::Full, MANY),
    ]
}

pub(super) fn targets(_: &Options) -> Vec<Target> {
    let name = |client, conversations| Login { client, conversations }.name();
    let mut targets = Vec::new();
    for client in [Client::Light, Client::Full] {
        let (few, many) = (name(client, FEW), name(client, MANY));
        let which = if client == Client::Full { "first" } else { "light" };
        let what = format!("processor time of a login with 2,000 conversations ({which}), ms");
        targets.push(Target::figure(&what, Bound::AtMost(200.0), many.clone(), figure::LOGIN_CPU));
        // Ten times the conversations cost at most ten times as much, with room for steps of the clock.
        let what = format!("processor time of a login with 2,000 conversations by one with 200 ({which})");
        targets.push(Target::ratio(
            &what,
            Bound::AtMost(15.0),
            (many, figure::LOGIN_CPU),
            (few, figure::LOGIN_CPU),
        ));
    }
    targets
}
