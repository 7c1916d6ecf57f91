//! What one dead rule does to 99 healthy ones. All of them are told of every message.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use futures_util::TryStreamExt as _;
use futures_util::stream::{self, StreamExt as _};
use serde_json::json;

use super::figures::{add_peak, add_usage, of_delivery, of_load};
use super::send::{AFTER, DELIVERY_WAIT};
use super::{Case, Figures, Lab, figure};
use crate::admin::Admin;
use crate::chat::{Conversations, Rest, To};
use crate::load::{self, Bounds, Pace};
use crate::machine::Meter;
use crate::receiver::Receiver;
use crate::server::{Rules, Server, Setup};
use crate::settings::Options;
use crate::targets::{Bound, Target};

/// Healthy rules.
const HEALTHY: u64 = 99;
/// Messages per second: 5,000 callbacks.
const RATE: u32 = 50;
const PACE: Pace = Pace::Open(RATE);
/// Messages at least. Those to all the rules are late together: with fewer, a single one that the disk has held up for
/// some milliseconds would be what p99 tells.
const MESSAGES: u32 = 400;
/// The conversations in which they are.
const CONVERSATIONS: Conversations = Conversations(100);
/// Rules that are being made at once.
const AT_ONCE: usize = 8;

/// What is wrong with the hundredth rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dead {
    /// There is none.
    None,
    /// Nobody listens where it leads.
    Refused,
    /// Its receiver takes calls and never answers.
    Silent,
    /// Its receiver answers each call with an error.
    Failing,
}

/// The ways of being dead.
const DEAD: [Dead; 3] = [Dead::Refused, Dead::Silent, Dead::Failing];

impl Dead {
    /// Its name.
    pub(crate) fn name(self) -> String {
        let other = match self {
            Self::None => "",
            Self::Refused => " and one that is refused",
            Self::Silent => " and one that is never answered",
            Self::Failing => " and one that is answered with an error",
        };
        format!("{HEALTHY} rules{other}")
    }

    pub(super) async fn run(self, lab: &Lab) -> anyhow::Result<Figures> {
        let receiver = Receiver::start(Duration::ZERO).await?;
        let dead = Receiver::start(Duration::ZERO).await?;
        match self {
            Self::None | Self::Refused => {}
            Self::Silent => dead.hold().await?,
            Self::Failing => dead.refuse().await?,
        }
        let setup = Setup {
            binary: &lab.server,
            root: &lab.root,
            rules: Rules::NONE,
            receiver_url: &receiver.url(),
            history: None,
            remembers: true,
        };
        let server = Server::start(setup).await?;
        let measured = self.measure(lab, &server, &receiver, dead).await;
        let figures = measured.with_context(|| format!("the server's log says:\n{}", server.log()));
        server.stop().await?;
        figures
    }

    async fn measure(
        self,
        lab: &Lab,
        server: &Server,
        receiver: &Receiver,
        dead: Receiver,
    ) -> anyhow::Result<Figures> {
        let rest = Rest::log_in(server.address).await?;
        rest.register(CONVERSATIONS).await?;
        let admin = Admin::of(&rest, server.address).await?;
        add_rules(&admin, receiver).await?;
        if self != Self::None {
            add_rule(&admin, "dead", &dead.url()).await?;
        }
        let dead = match self {
            Self::Silent | Self::Failing => Some(dead),
            Self::None | Self::Refused => {
                dead.fail().await?;
                None
            }
        };
        let send = async |number: u64| {
            let (from, to) = CONVERSATIONS.people(CONVERSATIONS.of_request(number));
            rest.send(&from, To::User(&to), lab.options.text).await
        };
        let warm_up = load::run(PACE, Bounds::time(lab.options.warm_up_time()), send).await?;
        receiver.wait(AFTER, warm_up.done * HEALTHY, DELIVERY_WAIT).await?;
        receiver.reset().await?;
        let meter = Meter::start(Some(server.pid()), receiver.pid())?;
        let tally = load::run(PACE, Bounds::time(measured_time(&lab.options)), send).await?;
        let seen = receiver.wait(AFTER, tally.done * HEALTHY, DELIVERY_WAIT).await?;
        let usage = meter.stop()?;
        if let Some(dead) = dead {
            ensure!(dead.seen(AFTER).await?.answered == 0, "the dead receiver has answered");
        }
        let mut figures = of_load(&tally)?;
        figures.extend(of_delivery(&seen, tally.done * HEALTHY));
        add_usage(&mut figures, &usage, tally.done);
        add_peak(&mut figures, server.pid());
        Ok(figures)
    }
}

/// Long enough for p99 to mean something, but where it is only to be seen that everything works.
fn measured_time(options: &Options) -> Duration {
    let measured = options.measured_time();
    if options.quick { measured } else { measured.max(Duration::from_secs(1) * MESSAGES / RATE) }
}

async fn add_rules(admin: &Admin, receiver: &Receiver) -> anyhow::Result<()> {
    let add = async |number: u64| {
        // A path of its own: the receiver tells the rules apart by it.
        add_rule(admin, &format!("healthy_{number}"), &format!("{}/{number}", receiver.url())).await
    };
    let adding = stream::iter(0..HEALTHY).map(add).buffer_unordered(AT_ONCE);
    adding.try_collect::<()>().await.context("making rules")
}

async fn add_rule(admin: &Admin, name: &str, url: &str) -> anyhow::Result<()> {
    let dialect = admin.own_dialect()?;
    admin.add_rule(name, dialect, "after", url, &json!({ "events": [AFTER] })).await
}

pub(super) fn cases(_: &Options) -> Vec<Case> {
    std::iter::once(Dead::None).chain(DEAD).map(Case::Lag).collect()
}

pub(super) fn targets(_: &Options) -> Vec<Target> {
    let target = |dead: Dead, what: &str, most: f64, figure: &'static str| {
        let what = format!("from a send to the callbacks of {}, {what}, by {HEALTHY} alone", dead.name());
        Target::ratio(&what, Bound::AtMost(most), (dead.name(), figure), (Dead::None.name(), figure))
    };
    DEAD.into_iter()
        .flat_map(|dead| {
            [target(dead, "p50", 1.1, figure::DELIVERY_P50), target(dead, "p99", 1.5, figure::DELIVERY_P99)]
        })
        .collect()
}
