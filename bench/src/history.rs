//! A store with a long history, filled through the store's own port, so that it is what a server would have written.
//! Every event is a copy of one that a server has logged, between other people, with other ids.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use futures_util::StreamExt as _;
use futures_util::stream;
use ringback_model::commit::{Commit, Committed};
use ringback_model::conversation::Target;
use ringback_model::event::{Fact, Lane, MessageSent};
use ringback_model::ids::{LogPos, MessageId, UserId};
use ringback_model::message::Message;
use ringback_model::ports::Store;
use ringback_model::time::UnixMs;
use ringback_store::StoreSettings;
use tempfile::TempDir;

use crate::chat::{Conversations, Rest, To};
use crate::machine::wall_us;
use crate::scenarios::Lab;
use crate::server::{Rules, Server, Setup};

/// Who talked: the same as in every load.
pub(crate) const CONVERSATIONS: Conversations = Conversations(1000);
/// One of so many events is a message that is kept; the others passed through, as signs of typing do.
const KEPT_ONE_OF: u64 = 10;
/// Events of one commit.
const OF_A_COMMIT: u64 = 256;
/// Commits under way at once.
const COMMITS: usize = 4;
/// Steps in which progress is shown.
const STEPS: u64 = 10;

/// Makes a folder in which a server finds so many events.
pub(crate) async fn fill(lab: &Lab) -> anyhow::Result<TempDir> {
    let events = lab.options.events;
    let folder = TempDir::with_prefix_in("history-", &lab.root).context("making a folder for a history")?;
    eprintln!("  filling a store with {events} events, a tenth of them messages that are kept");
    log_one(lab, folder.path()).await?;
    let path = folder.path().join("data");
    let store = tokio::task::spawn_blocking(move || ringback_store::open(&path, StoreSettings::default()))
        .await?
        .context("opening the store")?;
    let logged = store.read(LogPos(0), 1).await?;
    let first = logged.first().context("the server has logged nothing")?;
    let template = first.sent().context("the server's first event is no message")?;
    write(store.as_ref(), template, events).await?;
    ensure!(store.tail() >= LogPos(events), "the store holds {} of {events} events", store.tail());
    store.close().await.context("closing the store")?;
    Ok(folder)
}

/// Has a server make the folder: its users, and one message as it logs them.
async fn log_one(lab: &Lab, folder: &Path) -> anyhow::Result<()> {
    let setup = Setup {
        binary: &lab.server,
        root: &lab.root,
        rules: Rules::NONE,
        receiver_url: "http://127.0.0.1:9/callbacks",
        history: Some(folder),
        remembers: true,
    };
    let server = Server::start(setup).await?;
    let rest = Rest::log_in(server.address).await?;
    rest.register(CONVERSATIONS).await?;
    let (from, to) = CONVERSATIONS.people(0);
    rest.send(&from, To::User(&to), lab.options.text).await?;
    server.stop().await
}

async fn write(store: &dyn Store, template: &MessageSent, events: u64) -> anyhow::Result<()> {
    let commits = (1..events).step_by(usize::try_from(OF_A_COMMIT)?);
    let write = async |first: u64| -> anyhow::Result<Committed> {
        let mut commit = Commit::at(now());
        for number in first..(first + OF_A_COMMIT).min(events) {
            let sent = copy(template, number)?;
            let lane = Lane::conversation(&sent.message.conversation());
            commit = commit.event(lane, Fact::MessageSent(Box::new(sent)));
        }
        Ok(store.commit(commit).await?)
    };
    let mut written = stream::iter(commits).map(write).buffer_unordered(COMMITS);
    let mut next_step = events / STEPS;
    while let Some(committed) = written.next().await {
        let newest = committed?.events.last().map_or(0, |event| event.pos.0);
        if newest >= next_step {
            eprintln!("    {newest} of {events}");
            next_step += events / STEPS;
        }
    }
    Ok(())
}

/// The same message once more, in another conversation.
fn copy(template: &MessageSent, number: u64) -> anyhow::Result<MessageSent> {
    let (from, to) = CONVERSATIONS.people(CONVERSATIONS.of_request(number / KEPT_ONE_OF));
    let user = |name: &str| match UserId::parse(name) {
        Ok(user) => Ok(user),
        Err(_) => bail!("{name} is no user's name"),
    };
    let mut message = Message {
        id: MessageId(template.message.id.0 + number),
        client_id: format!("{number:032x}"),
        sender: user(&from)?,
        target: Target::User(user(&to)?),
        ..Message::clone(&template.message)
    };
    message.handling.store = number.is_multiple_of(KEPT_ONE_OF);
    let offline = if message.handling.store { vec![user(&to)?] } else { Vec::new() };
    Ok(MessageSent { message: Arc::new(message), offline, ..template.clone() })
}

fn now() -> UnixMs {
    UnixMs(i64::try_from(wall_us() / 1000).unwrap_or(i64::MAX))
}
